"""Points of the unit cube that futures are made from, and the Gaussian copula that ties their coordinates together.

Scrambled Sobol points (Owen 1997, "Scrambled net variance for integrals of smooth functions") are each uniform on the cube, so that every estimate
is unbiased, and together fill it evenly: the error of a mean of smooth data falls faster than the 1/sqrt(F) of independent draws. The first
coordinates are the best spread, so the drivers that matter most come first; beyond MOST_SOBOL coordinates the rest is independent.

    Z = L E,  L L' = C:  normal shocks with correlation matrix C from independent ones (L by Cholesky, C may be singular)
Reference: Glasserman (2003), Monte Carlo Methods in Financial Engineering, chapters 2.3, 4.2 and 5.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from scenarios.tree import Floats

MOST_SOBOL = 1_000  # coordinates; beyond, Sobol points are no better than independent ones, and their tables end at 21,201
SINGULAR = 1e-9  # a squared pivot below this is zero
NEVER = 1e-12  # uniform numbers keep this distance from 0 and 1, so that normal ones stay within 7.1

Sampling = Literal["sobol", "monte_carlo", "antithetic"]


def stream(seed: int, *key: object) -> np.random.Generator:
    """A random stream of its own for every key: what is drawn from one never moves another."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *"/".join(map(str, key)).encode()])))


def points(count: int, width: int, sampling: Sampling, rng: np.random.Generator) -> Floats:
    """`count` points of the open unit cube with `width` coordinates. [count, width]"""
    if sampling == "monte_carlo" or width == 0:
        found = rng.random((count, width))
    elif sampling == "antithetic":
        half = rng.random(((count + 1) // 2, width))
        found = np.stack([half, 1.0 - half], axis=1).reshape(-1, width)[:count]
    else:
        from scipy.stats import qmc  # takes a while to import

        even = min(width, MOST_SOBOL)
        engine = qmc.Sobol(even, scramble=True, seed=rng)
        sobol = engine.random_base2(max(count - 1, 0).bit_length())[:count]
        found = np.concatenate([sobol, rng.random((count, width - even))], axis=1)
    return np.clip(found, NEVER, 1.0 - NEVER)


def normal(uniform: Floats) -> Floats:
    """Standard normal numbers from uniform ones, by the inverse distribution function."""
    from scipy.special import ndtri

    return np.asarray(ndtri(np.clip(uniform, NEVER, 1.0 - NEVER)), dtype=np.float64)


def cholesky(correlation: Floats) -> Floats:
    """The lower triangular L with L L' = `correlation`, which may be singular. [K, K]"""
    size = len(correlation)
    lower = np.zeros((size, size))
    for k in range(size):
        pivot = correlation[k, k] - lower[k, :k] @ lower[k, :k]
        if pivot > SINGULAR:
            lower[k, k] = np.sqrt(pivot)
            lower[k + 1 :, k] = (correlation[k + 1 :, k] - lower[k + 1 :, :k] @ lower[k, :k]) / lower[k, k]
    return lower


def correlate(shocks: dict[str, Floats], correlation: Floats, names: list[str]) -> None:
    """Give the independent normal `shocks` ([F, T] by driver) of `names` their correlation, in place; the first name keeps its shocks.

    Sums run in a fixed order, so that the result is the same bit for bit whatever the number of threads.
    """
    lower = cholesky(correlation)
    before = [shocks[name] for name in names]
    for j, name in enumerate(names):
        shocks[name] = sum((lower[j, k] * before[k] for k in range(j + 1) if lower[j, k]), np.zeros_like(before[j]))
