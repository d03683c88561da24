"""What moves together: rank correlations of the drivers' shocks, as the correlations of a Gaussian copula, made consistent.

    rho = 2 sin(pi rho_s / 6)     for normal variables with Spearman's rank correlation rho_s (Kruskal 1958, Ordinal measures of association, JASA 53)

Ranks don't care for jumps and heavy tails. Of many pairs some look tied by chance: those stay that are significant with at most FALSE_SHARE of false ones
among them (Benjamini & Hochberg 1995, Controlling the false discovery rate, JRSS B 57; p-values by Fisher's z with variance 1.06 / (n - 3)). They need not fit
together, pair by pair from data of different spans: the nearest correlation matrix (Higham 2002, Computing the nearest correlation matrix, IMA Journal of
Numerical Analysis 22: alternating projections with Dykstra's correction), with smallest eigenvalue LEAST_EIGENVALUE, is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atanh, erfc, pi, sin, sqrt

import numpy as np

from scenarios.fitting_demand import overlap
from scenarios.tree import Floats

FALSE_SHARE = 0.05
MOST_DRIVERS = 63  # more would make more pairs than a document takes
LEAST_PAIRS = 6  # independent observations of a pair, below which nothing is said
LEAST_EIGENVALUE = 1e-3
DIGITS = 4
STEPS, CLOSE = 200, 1e-10


@dataclass(frozen=True)
class Tie:
    """The correlation of two drivers' shocks in the same period."""

    drivers: tuple[str, str]
    rank: float
    """Spearman's; NaN where the pair was not seen together for long enough."""
    value: float
    """Of the copula, after all were made consistent."""
    observations: float
    """Independent ones, roughly."""
    significant: bool


@dataclass(frozen=True)
class Moves:
    """What a driver did: shocks at every row (a price), or changes from year to year only (demand). [T], NaN where not known."""

    driver: str
    shocks: Floats | None
    yearly: Floats


def ties_of(drivers: list[Moves], per_year: int) -> tuple[Tie, ...]:
    """All pairs that were seen together for long enough, and those that must be tied for the others to fit together."""
    found: dict[tuple[int, int], tuple[float, float]] = {}
    for i, one in enumerate(drivers):
        for k, other in enumerate(drivers[:i]):
            if not (_of_demand(one.driver) and _of_demand(other.driver)) and (seen := _pair(one, other, per_year)):
                found[k, i] = seen
    kept = significant([p_value(*seen) for seen in found.values()])
    matrix = np.eye(len(drivers))
    for ((k, i), (rank, _)), stays in zip(found.items(), kept, strict=True):
        matrix[i, k] = matrix[k, i] = copula(rank) if stays else 0.0
    nearest = np.round(nearest_correlation(matrix), DIGITS)
    significance = dict(zip(found, kept, strict=True))
    ties = []
    for i, one in enumerate(drivers):
        for k, other in enumerate(drivers[:i]):  # pairs that were not seen together may be needed for the others to fit together
            if (k, i) in found or nearest[k, i]:
                rank, count = found.get((k, i), (float("nan"), 0.0))
                ties.append(Tie((other.driver, one.driver), rank, float(nearest[k, i]), count, significance.get((k, i), False)))
    return tuple(ties)


def _of_demand(driver: str) -> bool:
    """Factors of demand are independent of each other by construction."""
    return driver.partition(":")[0] in ("demand", "site", "product")


def _pair(one: Moves, other: Moves, per_year: int) -> tuple[float, float] | None:
    """Rank correlation and independent observations."""
    every_row = one.shocks is not None and other.shocks is not None
    a, b = (one.shocks, other.shocks) if every_row else (one.yearly, other.yearly)
    assert a is not None
    assert b is not None
    both = ~(np.isnan(a) | np.isnan(b))
    count = int(both.sum())
    if count < 3:
        return None
    observations = float(count) if every_row else overlap(count, per_year).independent
    if observations < LEAST_PAIRS or np.ptp(a[both]) <= 0 or np.ptp(b[both]) <= 0:
        return None
    return spearman(a[both], b[both]), observations


def p_value(rank: float, observations: float) -> float:
    """Probability of a rank correlation as far from 0 by chance."""
    return erfc(abs(atanh(float(np.clip(rank, -0.999999, 0.999999)))) * sqrt((observations - 3) / 1.06) / sqrt(2))


def significant(values: list[float]) -> list[bool]:
    """Which p-values stand out of their number."""
    order = np.argsort(values, kind="stable")
    passed = [place for place, k in enumerate(order) if values[k] <= FALSE_SHARE * (place + 1) / len(values)]
    kept = set(order[: passed[-1] + 1].tolist()) if passed else set()
    return [k in kept for k in range(len(values))]


def spearman(a: Floats, b: Floats) -> float:
    """Spearman's rank correlation; ties share the mean of their ranks."""
    from scipy.stats import rankdata

    return float(np.corrcoef(rankdata(a), rankdata(b))[0, 1])


def copula(rank: float) -> float:
    """The correlation of normal variables that have this rank correlation."""
    return 2 * sin(pi * rank / 6)


def nearest_correlation(matrix: Floats) -> Floats:
    """The correlation matrix closest to `matrix` (symmetric, ones on its diagonal) whose eigenvalues are at least LEAST_EIGENVALUE. [K, K]"""
    if len(matrix) == 0 or np.linalg.eigvalsh(matrix)[0] >= LEAST_EIGENVALUE:
        return matrix
    y, correction = matrix.copy(), np.zeros_like(matrix)
    for _ in range(STEPS):
        raised = y - correction
        values, vectors = np.linalg.eigh(raised)
        projected = (vectors * np.maximum(values, LEAST_EIGENVALUE)) @ vectors.T
        correction = projected - raised
        before, y = y, projected.copy()
        np.fill_diagonal(y, 1.0)
        if np.abs(y - before).max() < CLOSE:
            break
    least = float(np.linalg.eigvalsh(y)[0])
    if least < LEAST_EIGENVALUE:  # what the steps have left: a little of the identity
        share = (LEAST_EIGENVALUE - least) / (1 - least)
        y = (1 - share) * y + share * np.eye(len(y))
    return np.asarray((y + y.T) / 2)
