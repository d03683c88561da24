"""The recourse of a fan in parts that nothing connects (products that never meet, say), and the cuts of all looks, kept part by part.

    cost_f(x) = c1_f x + sum_p cost_fp(x)          cost_fp(x) >= max over looks k of (constant_kfp + slope_kfp x)

A cut of one look holds part by part as well, because the multipliers of the other parts may as well be zero. Taking the best look for each part by itself
makes of K looks at P parts what K^P looks would say if they were not taken apart, so that far fewer are needed.
Reference: Birge & Louveaux (1988), A multicut algorithm for two-stage stochastic linear programs, EJOR 34(3), here over blocks of rows instead of futures.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from optimizer.solve.fan import Fan
from optimizer.solve.recourse import Pass, least_cost
from scenarios.tree import Floats, Ints

MOST_PARTS = 8  # beyond it, small parts are kept together
NEAR = 10  # looks that are asked when a row is made


@dataclass(frozen=True)
class Parts:
    """Which part each row and column of the recourse belongs to, and the first-stage columns that each part sees."""

    rows: Ints  # [R]
    columns: Ints  # [C2]
    seen: tuple[Ints, ...]

    @property
    def count(self) -> int:
        """Number of parts."""
        return len(self.seen)


def separate(fan: Fan) -> Parts:
    """The parts of a fan's recourse: its connected components, small ones together."""
    pattern = fan.recourse.matrix
    rows = pattern.shape[0]
    links = sparse.csr_matrix((np.ones(pattern.nnz), pattern.indices, pattern.indptr), shape=pattern.shape)
    both = sparse.vstack([sparse.hstack([sparse.csr_matrix((rows, rows)), links]), sparse.hstack([links.T, sparse.csr_matrix((links.shape[1],) * 2)])])
    _, label = connected_components(sparse.csr_matrix(both), directed=False)
    order = np.argsort(-np.bincount(label), kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.minimum(np.arange(len(order)), MOST_PARTS - 1)
    part = place[label]
    first = fan.first.matrix
    seen = tuple(np.unique(first[np.flatnonzero(part[:rows] == p)].indices).astype(np.int64) for p in range(int(part.max(initial=-1)) + 1))
    return Parts(part[:rows], part[rows:], seen)


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
    parts: Parts
    cuts: list[list[Cuts]] = field(default_factory=list)  # per part, per look
    points: list[Floats] = field(default_factory=list)  # of the looks

    def __post_init__(self) -> None:
        fan, parts = self.fan, self.parts
        self._rough: list[list[Any]] = [[] for _ in parts.seen]  # slopes as they are fastest to read, to choose by [columns seen, F]
        self.cuts = [[] for _ in parts.seen]
        for p, least in enumerate(least_of(fan, parts)):
            self._keep(p, Cuts(least, np.zeros((fan.count, len(parts.seen[p])))))
        self.points = [np.full(len(fan.cost0), np.inf)]

    @property
    def looks(self) -> int:
        """How many looks there are cuts from."""
        return len(self.points) - 1

    def add(self, found: Pass, x: Floats) -> None:
        """Keep the cuts of a look at x; those of futures without a plan bound no cost."""
        fan, y = self.fan, found.multipliers
        low, high = (np.where(np.isfinite(side), side, 0.0) for side in (fan.low, fan.high))
        rows = np.maximum(y, 0.0) * low + np.minimum(y, 0.0) * high
        reduced = fan.cost2 - _priced(fan, y)
        for p, seen in enumerate(self.parts.seen):
            mine = self.parts.rows == p
            constant = fan.money * (rows[:, mine].sum(axis=1) + _least(fan, reduced, self.parts.columns == p))
            slope = _slope(fan, np.flatnonzero(mine), seen, y) * found.feasible[:, None]
            self._keep(p, Cuts(np.where(found.feasible, constant, -np.inf), slope))
        self.points.append(x)

    def at(self, x: Floats, near: bool = False) -> tuple[Floats, list[Floats], list[Cuts]]:
        """Least cost of every future that the cuts allow at x [F], each part's share of it [P][F], and the cuts that say so; `near`: of looks nearby."""
        among = self._nearest(x) if near else np.arange(len(self.points))
        shares, active = [], []
        for p, seen in enumerate(self.parts.seen):
            rough = x[seen].astype(np.float32)
            best = among[np.argmax([self.cuts[p][k].constant + rough @ self._rough[p][k] for k in among], axis=0)]
            cuts = self._chosen(p, best)
            shares.append(cuts.constant + np.einsum("fs,s->f", cuts.slope, x[seen]))
            active.append(cuts)
        return self.fan.cost1.T @ x + sum(shares), shares, active

    def _keep(self, p: int, cuts: Cuts) -> None:
        self.cuts[p].append(cuts)
        self._rough[p].append(np.ascontiguousarray(cuts.slope.T, dtype=np.float32))

    def _chosen(self, p: int, best: Ints) -> Cuts:
        """Of every future the cut of the look chosen for it."""
        constant, slope = np.empty(self.fan.count), np.empty((self.fan.count, len(self.parts.seen[p])))
        for k in np.unique(best):
            mine = np.flatnonzero(best == k)
            constant[mine], slope[mine] = self.cuts[p][k].constant[mine], self.cuts[p][k].slope[mine]
        return Cuts(constant, slope)

    def _nearest(self, x: Floats) -> Ints:
        if len(self.points) <= NEAR:
            return np.arange(len(self.points))
        reach = np.maximum(self.fan.upper - self.fan.lower, 1e-9)
        away = [float((np.abs(point - x) / reach).sum()) for point in self.points]
        return np.argsort(away, kind="stable")[:NEAR]


def least_of(fan: Fan, parts: Parts) -> list[Floats]:
    """What each part of every future costs at least, whatever is done in it. [P][F]"""
    return [fan.money * _least(fan, fan.cost2, parts.columns == p) for p in range(parts.count)]


def _least(fan: Fan, reduced: Floats, columns: Any) -> Floats:
    return least_cost(reduced[:, columns], fan.bottom[columns], fan.top[:, columns])


def _priced(fan: Fan, y: Floats) -> Floats:
    """W_f' y_f of every future. [F, C2]"""
    if not len(fan.recourse.at):
        return np.asarray((fan.recourse.matrix.T @ y.T).T)
    return np.stack([fan.recourse.of(f).T @ y[f] for f in range(fan.count)])


def _slope(fan: Fan, rows: Ints, seen: Ints, y: Floats) -> Floats:
    """-T_f' y_f over some rows, in money. [F, columns seen]"""
    first = fan.first
    place = np.full(first.matrix.shape[1], -1)
    place[seen] = np.arange(len(seen))
    at = np.flatnonzero(np.isin(np.repeat(np.arange(first.matrix.shape[0]), np.diff(first.matrix.indptr)), rows))
    row = np.repeat(np.arange(first.matrix.shape[0]), np.diff(first.matrix.indptr))[at]
    values = np.repeat(first.matrix.data[at][:, None], fan.count, axis=1)
    slot = np.full(first.matrix.nnz, -1)
    slot[first.at] = np.arange(len(first.at))
    differs = slot[at] >= 0
    values[differs] = first.values[slot[at][differs]]
    gather = sparse.csr_matrix((np.ones(len(at)), (place[first.matrix.indices[at]], np.arange(len(at)))), shape=(len(seen), len(at)))
    return np.ascontiguousarray(-fan.money * np.asarray(gather @ (values * y.T[row])).T)
