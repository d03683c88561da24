"""The cuts of all looks at a fan, kept by the parts of its recourse that nothing connects (`solve.parts`).

    cost_f(x) = c1_f x + sum_p cost_fp(x)          cost_fp(x) >= max over looks k of (constant_kfp + slope_kfp x)

A cut of one look holds part by part as well, because the multipliers of the other parts may as well be zero. Taking the best look for each part by itself
makes of K looks at P parts what K^P looks would say if they were not taken apart, so that far fewer are needed.
Reference: Birge & Louveaux (1988), A multicut algorithm for two-stage stochastic linear programs, EJOR 34(3), here over blocks of rows instead of futures.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from optimizer.solve.cuts import Pass, least_cost
from optimizer.solve.fan import Fan
from optimizer.solve.parts import Part
from scenarios.tree import Floats, Ints

NEAR = 10  # looks that are asked when a row is made


@dataclass(frozen=True)
class Cuts:
    """One cut per future of one part:  cost of the part >= constant + slope x."""

    constant: Floats  # [F]
    slope: Floats  # [F, columns seen]

    def added(self, weights: Floats) -> tuple[float, Floats]:
        """Their sum with weights, over the columns that the part sees."""
        used = np.flatnonzero(weights > 0)
        return float(weights[used] @ self.constant[used]), np.einsum("f,fs->s", weights[used], self.slope[used])


@dataclass
class PartPool:
    """Cuts of all looks, by part; F futures."""

    fan: Fan
    parts: tuple[Part, ...]
    cuts: list[list[Cuts]] = field(default_factory=list)  # per part, per look
    points: list[Floats] = field(default_factory=list)  # of the looks

    def __post_init__(self) -> None:
        fan, parts = self.fan, self.parts
        self._rough: list[list[Any]] = [[] for _ in parts]  # slopes as they are fastest to read, to choose by [columns seen, F]
        self.cuts = [[] for _ in parts]
        for p, least in enumerate(least_of(fan, parts)):
            self._keep(p, Cuts(least, np.zeros((fan.count, len(parts[p].seen)))))
        self.points = [np.full(len(fan.cost0), np.inf)]

    @property
    def looks(self) -> int:
        """How many looks there are cuts from."""
        return len(self.points) - 1

    def add(self, found: Pass, x: Floats) -> None:
        """Keep the cuts of a look at x; where a part has no plan, they bound no cost."""
        shares = found.shares
        for p, possible in enumerate(shares.possible):
            self._keep(p, Cuts(np.where(possible, shares.constant[p], -np.inf), shares.slope[p] * possible[:, None]))
        self.points.append(x)

    def at(self, x: Floats, near: bool = False) -> tuple[Floats, list[Floats], list[Cuts]]:
        """Least cost of every future that the cuts allow at x [F], each part's share of it [P][F], and the cuts that say so; `near`: of looks nearby."""
        among = self._nearest(x) if near else np.arange(len(self.points))
        shares, active = [], []
        for p, part in enumerate(self.parts):
            rough = x[part.seen].astype(np.float32)
            best = among[np.argmax([self.cuts[p][k].constant + rough @ self._rough[p][k] for k in among], axis=0)]
            cuts = self._chosen(p, best)
            shares.append(cuts.constant + np.einsum("fs,s->f", cuts.slope, x[part.seen]))
            active.append(cuts)
        return self.fan.cost1.T @ x + sum(shares), shares, active

    def _keep(self, p: int, cuts: Cuts) -> None:
        self.cuts[p].append(cuts)
        self._rough[p].append(np.ascontiguousarray(cuts.slope.T, dtype=np.float32))

    def _chosen(self, p: int, best: Ints) -> Cuts:
        """Of every future the cut of the look chosen for it."""
        constant, slope = np.empty(self.fan.count), np.empty((self.fan.count, len(self.parts[p].seen)))
        for k in np.unique(best):
            mine = np.flatnonzero(best == k)
            constant[mine], slope[mine] = self.cuts[p][k].constant[mine], self.cuts[p][k].slope[mine]
        return Cuts(constant, slope)

    def _nearest(self, x: Floats) -> Ints:
        if len(self.points) <= NEAR:
            return np.arange(len(self.points))
        reach = np.maximum(self.fan.upper - self.fan.lower, 1e-9)
        away = [float((np.abs(point - x) / reach).sum()) for point in self.points]
        return np.append(0, np.argsort(away, kind="stable")[:NEAR])  # the first is what costs are at least


def least_of(fan: Fan, parts: tuple[Part, ...]) -> list[Floats]:
    """What each part of every future costs at least, whatever is done in it. [P][F]"""
    return [fan.money * least_cost(fan.cost2[:, part.columns], fan.bottom[part.columns], fan.top[:, part.columns]) for part in parts]
