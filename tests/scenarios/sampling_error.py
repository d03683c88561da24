"""How far a sample may be from what it was drawn from.

SIGMAS standard errors: a sound sampler would miss by more once in about 150,000 tries, and seeds are fixed, so a test that passes keeps passing. The
standard error is the one of independent draws (weights included); Sobol points and strata only make it smaller.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenarios.tree import Floats

SIGMAS = 4.5


def agrees(data: Floats, expected: float | Floats, weights: Floats | None = None) -> bool:
    """Whether the (weighted) mean of `data` over its first axis is `expected` within sampling error, everywhere."""
    count = len(data)
    w = np.full(count, 1.0 / count) if weights is None else weights
    mean = np.tensordot(w, data, 1)
    error = np.sqrt(np.tensordot(w**2, (data - mean) ** 2, 1))
    return bool((np.abs(mean - expected) <= SIGMAS * error + 1e-12).all())


def frequency_agrees(hits: NDArray[np.bool_], expected: float) -> bool:
    """The same for the frequency of an event, with the standard error of the expected one and three hits to spare, because few hits are not normal."""
    count = len(hits)
    return bool(abs(hits.mean() - expected) <= SIGMAS * np.sqrt(max(expected * (1 - expected), 0.0) / count) + 3 / count)


def variance_agrees(data: Floats, expected: float | Floats) -> bool:
    """The same for the variance of equally likely `data`."""
    return agrees((data - data.mean(axis=0)) ** 2, expected)


def correlation_agrees(one: Floats, other: Floats, expected: float) -> bool:
    """The same for a correlation of equally likely normal data, on Fisher's scale, where its standard error is 1 / sqrt(n - 3)."""
    if abs(expected) == 1:
        return bool(np.allclose(one, expected * other))
    found = np.corrcoef(one.ravel(), other.ravel())[0, 1]
    return bool(abs(np.arctanh(found) - np.arctanh(expected)) <= SIGMAS / np.sqrt(one.size - 3))


def means_agree(one: Floats, one_weights: Floats, other: Floats, other_weights: Floats) -> bool:
    """Whether two independent samples have the same (weighted) mean over the first axis within both their sampling errors, everywhere."""
    means, variances = [], []
    for data, w in ((one, one_weights), (other, other_weights)):
        means.append(np.tensordot(w, data, 1))
        variances.append(np.tensordot(w**2, (data - means[-1]) ** 2, 1))
    return bool((np.abs(means[0] - means[1]) <= SIGMAS * np.sqrt(variances[0] + variances[1]) + 1e-9 * np.abs(means[0])).all())
