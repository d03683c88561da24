"""How demand moves: growth, and the factors of the generator: one common to all, one per site, one per product.

From changes c_i,t from year to year (`fitting_history.yearly_changes`) of K series i (product p at site s), with standard deviations d_i:

    l            first principal component of the correlation matrix of c (Jolliffe 2002, Principal Component Analysis, chapter 2)
    common_t     sum of w_i c_i,t,  w_i = (l_i / d_i) / sum of l / d          a common move of all series counts once
    site_s,t     mean over products of what is left;   product_p,t: mean over sites of what is left then
    unmixing     with S sites the common part holds a share of every site's own, so var(site) x S / (S - 1) belongs to the site, and the sum over sites of
                 (its weight)^2 times that is taken off the common variance; products likewise (variance components of a two-way layout);
                 not where nothing common would be left
    volatility   standard deviation of a factor's change from year to year, v = std(c) sqrt((1 + f) / 2) with persistence f
    persistence  f = 1 + 2 x correlation of one year's change with the next one's, where that is significantly negative; else 1, a random walk

Changes from year to year taken at every row overlap: for a random walk their correlation at lag k is that of the weights w = (1,...,1) * (1,...,1) (q
ones each, q rows a year), r_k = sum_j w_j w_(j+k) / sum_j w_j^2. With N changes, v = 1/N (1 + 2 sum (1 - k/N) r_k) is the variance of their mean in units
of their own; the sample variance is too small by 1 - v, and has the standard error of 1 / (1/N (1 + 2 sum (1 - k/N) r_k^2)) independent ones
(Bartlett; Priestley 1981, Spectral Analysis and Time Series, chapter 5.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from scenarios.fitting_history import Column, yearly_changes
from scenarios.fitting_parts import Estimate
from scenarios.tree import Floats

NEGLIGIBLE = 1e-3  # a volatility that moves nothing
SIGNIFICANT = 1.96
LEAST_YEARS_FOR_RETURN = 6  # yearly changes, below which a return can't be told from chance


@dataclass(frozen=True)
class FactorFit:
    """One factor of demand. `changes` are from year to year, at every row. [T], NaN where not known."""

    driver: str
    volatility: Estimate
    persistence: float
    changes: Floats

    @property
    def change(self) -> float:
        """Standard deviation of the change from year to year."""
        return self.volatility.value / sqrt((1 + self.persistence) / 2)

    def scaled(self, factor: float) -> FactorFit:
        """The same factor with another volatility."""
        return replace(self, volatility=Estimate(self.volatility.value * factor, self.volatility.error * max(factor, 1.0)))


@dataclass(frozen=True)
class DemandFit:
    """All factors, and the growth of what was recorded."""

    growth: Estimate
    """Of the total, per year (logarithm)."""
    common: FactorFit
    sites: tuple[FactorFit, ...]
    products: tuple[FactorFit, ...]
    explained: float
    """Share of the series' variance in their first principal component; 1 with one series."""
    left_over: float
    """Share of the mean series' variance that no factor stands for."""
    weighted_equally: bool
    """The principal component would have let some series count against the others."""
    years: float
    """Independent changes from year to year, roughly."""
    series: int


@dataclass(frozen=True)
class Overlap:
    """What is known of N overlapping changes from year to year: the module's v, and how many independent ones they are worth."""

    mean_variance: float
    independent: float


def overlap(count: int, per_year: int) -> Overlap:
    """The overlap of `count` changes taken at every row, with `per_year` rows a year."""
    weights = np.convolve(np.ones(per_year), np.ones(per_year))
    full = np.correlate(weights, weights, "full")[len(weights) - 1 :]
    lags = np.arange(1, min(len(full), count))
    r = full[lags] / full[0]
    taper = 1 - lags / count
    return Overlap(float((1 + 2 * (taper * r).sum()) / count), float(count / (1 + 2 * (taper * r**2).sum())))


def fit_demand(columns: Sequence[Column], per_year: int) -> DemandFit:
    """The factors of some volumes (`volume:SITE/PRODUCT`, `demand:PRODUCT`), which have `per_year` rows a year and overlap."""
    changes = np.stack([yearly_changes(column.values, per_year) for column in columns])  # [K, T]
    shared = np.asarray(~np.isnan(changes).any(axis=0), dtype=bool)
    c = changes[:, shared]
    weights, explained, equally = _weights(c)
    common = weights @ c
    left = c - c.mean(axis=1, keepdims=True) - (common - common.mean())
    where = [(column.id.partition("/")[0] if column.kind == "volume" else "", column.id.rpartition("/")[2]) for column in columns]
    raw = _factor("demand", common, shared, per_year)
    by_site, by_product = (_besides(kind, [pair[k] for pair in where], left, weights, shared, per_year) for k, kind in enumerate(("site", "product")))
    own = raw.change
    pure = own**2 - sum(weight**2 * row.change**2 * unmixed**2 for row, weight, unmixed in (*by_site, *by_product))
    unmixes = not equally and pure > 0
    shared_factor = raw.scaled(sqrt(pure) / own) if unmixes and own > 0 else raw
    total = yearly_changes(np.sum([column.values for column in columns], axis=0), per_year)[shared]
    seen = overlap(len(total), per_year)
    spread = _spread(total, per_year)
    return DemandFit(
        growth=Estimate(float(total.mean()), spread.value * sqrt(seen.mean_variance)),
        common=shared_factor,
        sites=_moving(by_site, unmixes),
        products=_moving(by_product, unmixes),
        explained=explained,
        left_over=float(left.var(axis=1).mean() / max(c.var(axis=1).mean(), 1e-18)),
        weighted_equally=equally,
        years=seen.independent,
        series=len(columns),
    )


def _weights(c: Floats) -> tuple[Floats, float, bool]:
    """How much every series counts for the common factor, the share of variance it explains, and whether the weights had to be equal ones. [K]"""
    size = len(c)
    spread = np.maximum(c.std(axis=1), 1e-12)
    if size == 1 or c.shape[1] < 2:
        return np.full(size, 1 / size), 1.0, False
    standard = (c - c.mean(axis=1, keepdims=True)) / spread[:, None]
    values, vectors = np.linalg.eigh(standard @ standard.T / c.shape[1])
    loading = vectors[:, -1] * (1.0 if vectors[:, -1].sum() >= 0 else -1.0)
    explained = float(values[-1] / max(values.sum(), 1e-18))
    if loading.min() < 0:
        return np.full(size, 1 / size), explained, True
    weights = loading / spread
    return np.asarray(weights / weights.sum()), explained, False


def _besides(kind: str, names: list[str], left: Floats, weights: Floats, shared: NDArray[np.bool_], per_year: int) -> list[tuple[FactorFit, float, float]]:
    """The factor of every site (or product), its weight in the common one, and what unmixing scales it by; each is taken off `left` [K, N].

    None where there is one only.
    """
    several = [name for name in dict.fromkeys(names) if name]
    found = []
    for name in several if len(several) > 1 else ():
        rows = [k for k, other in enumerate(names) if other == name]
        moved = left[rows].mean(axis=0)
        left[rows] -= moved
        factor = _factor(f"{kind}:{name}", moved, shared, per_year)
        found.append((factor, float(weights[rows].sum()), sqrt(len(several) / (len(several) - 1))))
    return found


def _moving(rows: list[tuple[FactorFit, float, float]], unmixes: bool) -> tuple[FactorFit, ...]:
    scaled = (row.scaled(unmixed) if unmixes else row for row, _, unmixed in rows)
    return tuple(row for row in scaled if row.volatility.value >= NEGLIGIBLE)


def _factor(driver: str, moved: Floats, shared: NDArray[np.bool_], per_year: int) -> FactorFit:
    persistence = _persistence(moved, per_year)
    spread = _spread(moved, per_year)
    scale = sqrt((1 + persistence) / 2)
    changes = np.full(len(shared), np.nan)
    changes[shared] = moved
    return FactorFit(driver, Estimate(spread.value * scale, spread.error * scale), persistence, changes)


def _spread(moved: Floats, per_year: int) -> Estimate:
    """Standard deviation of changes from year to year."""
    seen = overlap(len(moved), per_year)
    spread = sqrt(float(moved.var()) / max(1 - seen.mean_variance, 1e-3))
    return Estimate(spread, spread / sqrt(2 * max(seen.independent - 1, 0.5)))


def _persistence(moved: Floats, per_year: int) -> float:
    """Share of a deviation that is left after a year."""
    years = len(moved) / per_year
    if years < LEAST_YEARS_FOR_RETURN:
        return 1.0
    centred = moved - moved.mean()
    follows = float(centred[per_year:] @ centred[:-per_year]) / max(float(centred @ centred), 1e-18)
    return float(np.clip(1 + 2 * follows, 0.0, 1.0)) if follows < -SIGNIFICANT / sqrt(years) else 1.0
