"""Cuts of the futures of a fan from multipliers, part by part. They hold whatever the multipliers are.

For any multipliers y of a part's rows, feasible or not,

    cost_fp(x) >= - (T_f' y) x + sum_i min over [low, high] of y_i s_i + sum_j min over [bottom, top] of (c2_f - W_f' y)_j z_j

holds for every x, because all recourse columns are bounded: a cut never relies on the solver's tolerances. A part without a plan gives the same with
zero costs: at a feasible x its right-hand side is not above 0.
References: Van Slyke & Wets (1969), L-shaped linear programs, SIAM J. Appl. Math. 17(4); Neumaier & Shcherbina (2004), Safe bounds in linear and
mixed-integer linear programming, Mathematical Programming 99.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from optimizer.solve.fan import Fan
from optimizer.solve.parts import Part, picked
from scenarios.tree import Floats, Ints

AT_ONCE = 128  # futures whose cuts are made together: what is in between stays in the processor's cache


@dataclass(frozen=True)
class Shares:
    """Cuts part by part:  always_f x + sum_p (constant_fp + slope_fp x[seen_p]) <= cost_f(x)  for all x.

    Where a part has no plan, its cut says where it can have one:  constant_fp + slope_fp x[seen_p] <= 0.
    """

    seen: tuple[Ints, ...]  # columns of the first stage, per part
    always: Floats | None  # [F, C1] what they cost whatever is done later
    constant: Floats  # [P, F]
    slope: tuple[Floats, ...]  # per part [F, columns seen]
    possible: Any  # [P, F]


@dataclass(frozen=True)
class Pass:
    """One look at every future: cost at the point, and a cut  constant + slope x <= cost(x)  for all x. Futures without plan have infinite cost."""

    cost: Floats  # [F]
    constant: Floats  # [F]
    slope: Floats  # [F, C1]
    columns: Any = None  # recourse columns, where they were wanted
    multipliers: Any = None  # [F, R] what the cuts are made of, where it is at hand
    parts: Shares | None = None  # the same cuts part by part, where futures have parts

    @property
    def feasible(self) -> Any:
        """Which futures have a plan. [F]"""
        return np.isfinite(self.cost)

    @property
    def shares(self) -> Shares:
        """The cuts part by part; what has no parts is one."""
        if self.parts is not None:
            return self.parts
        return Shares((np.arange(self.slope.shape[1]),), None, self.constant[None], (self.slope,), self.feasible[None])


def joined(found: list[Pass]) -> Pass:
    """Looks at different futures as one; columns and multipliers stay where they are."""
    cost, constant, slope = (np.concatenate([getattr(part, name) for part in found]) for name in ("cost", "constant", "slope"))
    shares = [part.shares for part in found]
    parts = replace(
        shares[0],
        always=None if shares[0].always is None else np.concatenate([part.always for part in shares if part.always is not None]),
        constant=np.concatenate([part.constant for part in shares], axis=1),
        slope=tuple(np.concatenate(slopes) for slopes in zip(*(part.slope for part in shares), strict=True)),
        possible=np.concatenate([part.possible for part in shares], axis=1),
    )
    return Pass(cost, constant, slope, parts=parts)


@dataclass(frozen=True)
class Solved:
    """What the solver says of every future. P parts, F futures, R rows."""

    objective: Floats  # [F] scaled; infinite without a plan
    possible: Any  # [P, F] False for all parts that were solved together and have no plan
    multipliers: Floats  # [F, R]; where there is no plan, a ray that proves it


class Cutter:
    """Makes cuts of multipliers, some futures at a time: what is in between is larger than what it leads to."""

    def __init__(self, fan: Fan, parts: tuple[Part, ...], threads: int = 1) -> None:
        self.parts, self.threads = parts, threads
        first, own = fan.first.matrix, fan.recourse
        self._row, self._column = np.repeat(np.arange(first.shape[0]), np.diff(first.indptr)), first.indices
        self._by_row = _gather(self._row, first.shape[0])
        self._by_seen = []  # per part: [columns seen, entries of its rows], and which entries these are
        for part in parts:
            mine, at = picked(fan.first, part.rows, part.seen)
            self._by_seen.append((_gather(mine.matrix.indices, len(part.seen)), at))
        self._part = np.zeros(len(fan.bottom), dtype=np.int64)  # of every column
        for p, part in enumerate(parts):
            self._part[part.columns] = p
        base = own.matrix.copy()
        base.data[own.at] = 0.0
        self._same, self._differs = base.T.tocsr(), np.repeat(np.arange(base.shape[0]), np.diff(base.indptr))[own.at]
        self._by_column = _gather(base.indices[own.at], base.shape[1])

    def used(self, fan: Fan, x: Floats) -> Floats:
        """What the first stage x brings to every row. [F, R]"""
        return np.asarray((self._by_row @ (_entries(fan, slice(None)) * x[self._column][:, None])).T)

    def cuts(self, fan: Fan, x: Floats, solved: Solved) -> Pass:
        """The cuts of a look at x."""
        shares, feasible = self.shares(fan, solved.multipliers, solved.possible), solved.possible.all(axis=0)
        counts = feasible | ~solved.possible  # without a plan, only what says why counts
        constant, slope = np.where(counts, shares.constant, 0.0).sum(axis=0), np.where(feasible[:, None], fan.cost1.T, 0.0)
        for p, seen in enumerate(shares.seen):
            slope[:, seen] += np.where(counts[p][:, None], shares.slope[p], 0.0)
        cost = np.where(feasible, solved.objective * fan.money + fan.cost1.T @ x, np.inf)
        return Pass(cost, constant, slope, multipliers=sum(_sided(fan.low, fan.high, solved.multipliers)), parts=shares)

    def shares(self, fan: Fan, multipliers: Floats, possible: Any) -> Shares:
        """The cuts that these multipliers [F, R] give, part by part."""
        constant, slope = np.empty(possible.shape), tuple(np.empty((fan.count, len(part.seen))) for part in self.parts)

        def some(start: int) -> None:
            at = slice(start, start + AT_ONCE)
            self._some(fan, at, multipliers[at], possible[:, at], constant[:, at], [own[at] for own in slope])

        with ThreadPoolExecutor(self.threads) as pool:
            list(pool.map(some, range(0, fan.count, AT_ONCE)))
        return Shares(tuple(part.seen for part in self.parts), fan.cost1.T, constant, slope, possible)

    def _some(self, fan: Fan, at: slice, multipliers: Floats, possible: Any, constant: Floats, slope: list[Floats]) -> None:
        low, high = fan.low[at], fan.high[at]
        up, down = _sided(low, high, multipliers)
        sides, y = up * np.where(np.isfinite(low), low, 0.0) + down * np.where(np.isfinite(high), high, 0.0), up + down
        cost, entries = fan.cost2[at], _entries(fan, at)
        if not possible.all():
            cost = cost * possible[self._part].T
        least = _least(cost - self._priced(fan, at, y), fan.bottom, fan.top[at])
        for p, part in enumerate(self.parts):
            constant[p] = fan.money * (sides[:, part.rows].sum(axis=1) + least[:, part.columns].sum(axis=1))
            gather, mine = self._by_seen[p]
            slope[p][:] = -fan.money * (gather @ (entries[mine] * y.T[self._row[mine]])).T

    def _priced(self, fan: Fan, at: slice, y: Floats) -> Floats:
        """W_f' y_f of some futures. [f, C2]"""
        found = self._same @ y.T
        if len(fan.recourse.at):
            found += self._by_column @ (fan.recourse.values[:, at] * y.T[self._differs])
        return np.asarray(found.T)


def floor_of(fan: Fan, parts: tuple[Part, ...]) -> Pass:
    """What every future costs at least, whatever is done in it."""
    constant = np.array([fan.money * least_cost(fan.cost2[:, part.columns], fan.bottom[part.columns], fan.top[:, part.columns]) for part in parts])
    none = tuple(np.zeros((fan.count, len(part.seen))) for part in parts)
    shares = Shares(tuple(part.seen for part in parts), fan.cost1.T, constant, none, np.ones(constant.shape, dtype=bool))
    return Pass(np.zeros(fan.count), constant.sum(axis=0), np.ascontiguousarray(fan.cost1.T), parts=shares)


def least_cost(reduced: Floats, bottom: Floats, top: Floats) -> Floats:
    """sum_j min over [bottom, top] of reduced_j z_j. Columns without upper bound whose reduced cost is not negative beyond rounding cost nothing. [F]"""
    return np.asarray(_least(reduced, bottom, top).sum(axis=1))


def _least(reduced: Floats, bottom: Floats, top: Floats) -> Floats:
    """The terms of `least_cost`. [F, C2]"""
    endless = np.isinf(top)
    down = np.minimum(reduced, 0.0)
    if not endless.any():
        down *= top
    else:
        down = np.where(endless, np.where(down < -1e-7, -np.inf, 0.0), down * np.where(endless, 0.0, top))
    return down + np.maximum(reduced, 0.0) * bottom if bottom.any() else down


def _sided(low: Floats, high: Floats, multipliers: Floats) -> tuple[Floats, Floats]:
    """Multipliers of the lower and of the upper sides; one on a side that is not there would prove nothing."""
    return np.where(np.isfinite(low), np.maximum(multipliers, 0.0), 0.0), np.where(np.isfinite(high), np.minimum(multipliers, 0.0), 0.0)


def _entries(fan: Fan, at: slice) -> Floats:
    """Entries of T of some futures. [nonzeros, f]"""
    found = np.repeat(fan.first.matrix.data[:, None], len(range(*at.indices(fan.count))), axis=1)
    found[fan.first.at] = fan.first.values[:, at]
    return found


def _gather(into: Ints, size: int) -> Any:
    """Adds up entries: the matrix with a 1 where entry k goes into row into[k]."""
    return sparse.csr_matrix((np.ones(len(into)), (into, np.arange(len(into)))), shape=(size, len(into)))
