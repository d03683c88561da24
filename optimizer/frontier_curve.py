"""The frontier as far as plans have been tried: what lies between them, what is dominated, which points show it best.

Two plans that sign the same can be mixed, their volumes and all that follows, and costs are convex: a mix of shares 1 - s and s costs in no future more than
the same mix of both costs. So a mix is a plan as well, and its figures are upper limits:

    first <= (1 - s) first_1 + s first_2          second <= CVaR((1 - s) cost_1 + s cost_2)    or    (1 - s) second_1 + s second_2 for expected shortage

A spot is dominated when another is at least as good in both figures (to rounding, which is `same`), better in one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from scenarios.tree import Floats

MIXES = 7  # between two plans


@dataclass(frozen=True)
class Tried:
    """A plan whose figures are known. F futures."""

    first: float
    second: float
    cost: Floats  # [F]
    unmet: Floats  # [F] volume, counted in every period it stays unmet
    carried: Floats  # [F] volume asked for again because it was unmet before
    x: Floats  # decisions, as the search keeps them
    key: bytes  # integers among them; plans with the same can be mixed
    price: float = 0.0  # of the second figure, at which the look was taken


@dataclass(frozen=True)
class Spot:
    """A tried plan (share 0), or a mix of two."""

    first: float
    second: float
    one: int
    other: int
    share: float

    def of(self, pick: Callable[[Tried], Floats], tried: list[Tried]) -> Floats:
        """Any array of the plans, mixed."""
        if not self.share:
            return pick(tried[self.one])
        return (1.0 - self.share) * pick(tried[self.one]) + self.share * pick(tried[self.other])


@dataclass
class Curve:
    """Plans tried so far. `risk` makes the second figure of a mix out of the figures and costs of both; `same`: relative, below it figures are equal."""

    risk: Callable[[Tried, Tried, float], float]
    same: float

    def __post_init__(self) -> None:
        self.tried: list[Tried] = []
        self._mixes: dict[tuple[int, int], list[Spot]] = {}

    def spots(self) -> list[Spot]:
        """Plans and mixes that nothing dominates, the safest first."""
        found = [Spot(x.first, x.second, i, i, 0.0) for i, x in enumerate(self.tried)]
        alike: dict[bytes, list[int]] = {}
        for i, x in enumerate(self.tried):
            alike.setdefault(x.key, []).append(i)
        for members in alike.values():
            chain = self._undominated([Spot(self.tried[i].first, self.tried[i].second, i, i, 0.0) for i in members])
            for one, other in pairwise(chain):
                found += self._between(one.one, other.one)
        return self._undominated(found)

    def dominated(self, kept: list[Spot]) -> list[tuple[int, Spot]]:
        """Plans that were tried and are not on the curve, each with a spot that dominates it, if it is not just the same."""
        found = []
        for i, x in enumerate(self.tried):
            if any(i in (spot.one, spot.other) for spot in kept):
                continue
            by = next((spot for spot in kept if spot.first <= x.first + self._slack(x.first) and spot.second <= x.second + self._slack(x.second)), None)
            if by is not None and (by.first < x.first - self._slack(x.first) or by.second < x.second - self._slack(x.second)):
                found.append((i, by))
        return found

    def _slack(self, value: float) -> float:
        return self.same * abs(value)

    def _undominated(self, spots: list[Spot]) -> list[Spot]:
        kept: list[Spot] = []
        for spot in sorted(spots, key=lambda s: (s.second, s.first, s.share, s.one, s.other)):
            if not kept or spot.first < kept[-1].first - self._slack(spot.first):
                kept.append(spot)
        return kept

    def _between(self, i: int, j: int) -> list[Spot]:
        if (i, j) not in self._mixes:
            one, other = self.tried[i], self.tried[j]
            shares = np.arange(1, MIXES + 1) / (MIXES + 1)
            self._mixes[i, j] = [Spot((1.0 - s) * one.first + s * other.first, self.risk(one, other, float(s)), i, j, float(s)) for s in shares]
        return self._mixes[i, j]


def picked(spots: list[Spot], count: int) -> list[Spot]:
    """So many spots, spread evenly along the curve, both ends among them; a tried plan rather than a mix where one is near."""
    if len(spots) <= max(count, 1):
        return spots
    away = _along(spots)
    step, chosen = away[-1] / max(count - 1, 1), {0, len(spots) - 1} if count > 1 else {0}
    for k in range(1, count - 1):
        distance = np.abs(away - k * step) + np.array([0.25 * step if spot.share else 0.0 for spot in spots])
        distance[list(chosen)] = np.inf
        chosen.add(int(distance.argmin()))
    return [spots[k] for k in sorted(chosen)]


def jumps(spots: list[Spot], count: int) -> list[tuple[Spot, Spot]]:
    """Neighbours further apart than points should be: between them another plan may lie."""
    if len(spots) < 2:
        return []
    away = _along(spots)
    return [(one, other) for (one, other), step in zip(pairwise(spots), np.diff(away), strict=True) if step > 2.0 * away[-1] / max(count, 2)]


def slope(spots: list[Spot], level: float) -> float:
    """What one unit less of the second figure costs around a level, by the neighbours on the curve."""
    if len(spots) < 2:
        return 0.0
    k = int(np.clip(np.searchsorted([spot.second for spot in spots], level), 1, len(spots) - 1))
    safer, cheaper = spots[k - 1], spots[k]
    return (safer.first - cheaper.first) / (cheaper.second - safer.second)


def _along(spots: list[Spot]) -> Floats:
    """Length of the way to each spot, with both figures' ranges as units. [spots]"""
    figures = np.array([[spot.first, spot.second] for spot in spots])
    ranges = np.maximum(np.ptp(figures, axis=0), 1e-12 * np.abs(figures).max(axis=0) + 1e-300)
    return np.concatenate([[0.0], np.cumsum(np.hypot(*(np.diff(figures, axis=0) / ranges).T))])
