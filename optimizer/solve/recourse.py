"""What a first stage costs in every future of a fan, and the cuts that prove it.

Every future is a linear program of its own (`fan`). For any multipliers y, feasible or not,

    cost_f(x) >= c1_f x - (T_f' y) x + sum_i min over [low, high] of y_i s_i + sum_j min over [bottom, top] of (c2_f - W_f' y)_j z_j

holds for every x, because all recourse columns are bounded: a cut never relies on the solver's tolerances. An infeasible future gives the same with
zero costs: at a feasible x its right-hand side is not above 0.

A future starts from the basis of the nearest future solved before it (nearest by its data), which in waves of 1, 1, 2, 4, ... leaves work for every
thread and does not depend on how many there are. Threads: HiGHS releases the interpreter lock while it solves.
References: Van Slyke & Wets (1969), L-shaped linear programs, SIAM J. Appl. Math. 17(4); Neumaier & Shcherbina (2004), Safe bounds in linear and
mixed-integer linear programming, Mathematical Programming 99.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from scipy import sparse

from optimizer.solve.fan import Fan
from optimizer.solve.highs import Dual, Interrupted, Recourse, basis_from, codes_of
from scenarios.tree import Floats, Ints

SKETCH = 32  # dimensions in which futures are compared
CANDIDATES = 2_000  # futures that may lend their basis
LIVE_BYTES = 2e9  # for models kept alive; beyond it, a few futures share one and only their bases are kept
BYTES_PER_ENTRY = 150.0  # of a live model per matrix entry, row and column, measured


class Looks(Protocol):
    """Whatever can be looked at under a first stage: futures of a fan, or subtrees of a tree."""

    seconds: float  # spent so far
    cold_seconds: float  # of the first look
    passes: int

    @property
    def floor(self) -> Pass:
        """What each costs at least: cuts before any look."""

    def look(self, x: Floats, deadline: float = ..., stop: threading.Event | None = ..., *, wanted: bool = False) -> Pass:
        """Cost of each at x, and cuts; `wanted`: its columns too. Raises Interrupted."""

    def values(self, x: Floats) -> tuple[Any, Floats]:
        """Columns of each at x in their own units, and its cost."""


@dataclass(frozen=True)
class Pass:
    """One look at every future: cost at the point, and a cut  constant + slope x <= cost(x)  for all x. Futures without plan have infinite cost."""

    cost: Floats  # [F]
    constant: Floats  # [F]
    slope: Floats  # [F, C1]
    columns: Any = None  # recourse columns, where they were wanted
    multipliers: Any = None  # [F, R] what the cuts are made of, where it is at hand

    @property
    def feasible(self) -> Any:
        """Which futures have a plan. [F]"""
        return np.isfinite(self.cost)


class FanRecourse:
    """The futures of a fan, solved again and again as the first stage changes. C1 first-stage columns, C2 recourse columns, R rows."""

    def __init__(self, fan: Fan, threads: int = 2, seed: int = 0) -> None:
        self.fan, self.threads, self.seed = fan, threads, seed
        self.seconds = 0.0
        self.passes = 0
        self.iterations = 0
        self._begun = False
        self.cold_seconds = 0.0
        bytes_each = BYTES_PER_ENTRY * (fan.recourse.matrix.nnz + sum(fan.recourse.matrix.shape))
        self._share = 1 if fan.count * bytes_each <= LIVE_BYTES else int(np.ceil(fan.count * bytes_each / LIVE_BYTES))
        self._live: list[Recourse | None] = [None] * -(-fan.count // self._share)
        self._basis: list[Any] = [None] * fan.count  # of every future, where models are shared
        self._parent = _neighbours(fan, seed)
        first = fan.first.matrix
        self._row = np.repeat(np.arange(first.shape[0]), np.diff(first.indptr))
        self._column = first.indices
        entry = np.arange(first.nnz)
        self._by_row = sparse.csr_matrix((np.ones(first.nnz), (self._row, entry)), shape=(first.shape[0], first.nnz))
        self._by_column = sparse.csr_matrix((np.ones(first.nnz), (self._column, entry)), shape=(first.shape[1], first.nnz))

    @property
    def floor(self) -> Pass:
        """What every future costs at least, whatever is done in it: cuts before any look."""
        return floor_of(self.fan)

    def begin_at(self, ends: Any) -> None:
        """Begin every future where another look ended (`ends`)."""
        self._basis = [basis_from(codes, self.fan.recourse.matrix.shape[1]) for codes in ends]

    def ends(self) -> Any:
        """Where the last look ended, as numbers that can travel. [F, C2 + R]"""
        bases = [model.basis for model in self._live if model is not None] if self._share == 1 else self._basis
        return np.array([codes_of(basis) for basis in bases], dtype=np.int8)

    def bases(self) -> list[Any]:
        """Where the last look ended in every future, for a later look near it. [F]"""
        return [model.basis for model in self._live if model is not None] if self._share == 1 else list(self._basis)

    def resume(self, bases: list[Any]) -> None:
        """Begin the next look where another one ended (`bases`)."""
        self._basis = list(bases)
        for model, basis in zip(self._live, bases, strict=True) if self._share == 1 else ():
            if model is not None:
                model.start_from(basis)

    def reprice(self, cost2: Floats) -> None:
        """Let the recourse columns cost something else from now on (scaled); models and bases stay. [F, C2]"""
        if cost2 is self.fan.cost2:
            return
        self.fan = replace(self.fan, cost2=cost2)
        for f, model in enumerate(self._live if self._share == 1 else ()):  # shared models take every future's costs anyway
            if model is not None:
                model.become(cost2[f], self.fan.top[f])

    def look(self, x: Floats, deadline: float = np.inf, stop: threading.Event | None = None, *, wanted: bool = False) -> Pass:
        """Solve every future at `x`. Raises Interrupted by the clock (`deadline` in `time.monotonic`) or the caller."""
        duals, columns = self._solve(x, deadline, stop, wanted)
        found = self._cuts(x, duals)
        return replace(found, columns=np.array(columns) * self.fan.column_scale) if wanted else found

    def values(self, x: Floats, deadline: float = np.inf, stop: threading.Event | None = None) -> tuple[Floats, Floats]:
        """Recourse columns at `x`, in their own units [F, C2], and the cost of every future [F]."""
        duals, columns = self._solve(x, deadline, stop, wanted=True)
        cost = np.array([dual.objective for dual in duals]) * self.fan.money + self.fan.cost1.T @ x
        return np.array(columns) * self.fan.column_scale, cost

    def _solve(self, x: Floats, deadline: float, stop: threading.Event | None, wanted: bool) -> tuple[list[Dual], list[Floats]]:
        fan, started = self.fan, time.perf_counter()
        used = self._by_row @ (self._entries() * x[self._column][:, None])
        low, high = np.ascontiguousarray(fan.low - used.T), np.ascontiguousarray(fan.high - used.T)
        columns: list[Floats] = [np.zeros(fan.cost2.shape[1])] * fan.count

        def some(futures: range) -> list[Dual]:
            found = []
            for f in futures:
                left = deadline - time.monotonic()
                if stop is not None and stop.is_set():
                    raise Interrupted("user")
                if left <= 0:
                    raise Interrupted("time")
                model = self._model(f)
                found.append(model.solve(low[f], high[f], left))
                if wanted and found[-1].feasible:
                    columns[f] = model.values()
                if self._share > 1:
                    self._basis[f] = model.basis
            return found

        duals: list[Dual] = []
        with ThreadPoolExecutor(self.threads) as pool:
            for wave in self._waves():
                for found in pool.map(some, self._groups(wave)):
                    duals += found
        self._begun = True
        spent = time.perf_counter() - started
        self.seconds += spent
        self.cold_seconds = self.cold_seconds or spent
        self.passes += 1
        self.iterations += sum(dual.iterations for dual in duals)
        return duals, columns

    def _waves(self) -> list[range]:
        """All futures; the first time in waves that double, because each starts from one solved before it."""
        if self._begun:
            return [range(self.fan.count)]
        edges = [0, *(2**k for k in range(64) if 2**k < self.fan.count), self.fan.count]
        return [range(a, b) for a, b in pairwise(edges)]

    def _groups(self, wave: range) -> list[range]:
        """A wave's futures, those together that share a model: one thread at a time has it, and always in the same order."""
        edges = [wave.start, *(f for f in wave[1:] if f % self._share == 0), wave.stop]
        return [range(a, b) for a, b in pairwise(edges)]

    def _model(self, f: int) -> Recourse:
        """A model that stands at future f."""
        fan, slot = self.fan, f // self._share
        model = self._live[slot]
        if model is not None and self._share == 1:
            return model
        if model is None or len(fan.recourse.at):
            model = self._live[slot] = Recourse(fan.cost2[f], fan.bottom, fan.top[f], fan.recourse.of(f), self.seed)
        else:
            model.become(fan.cost2[f], fan.top[f])
        basis, parent = self._basis[f], int(self._parent[f])
        if basis is None and parent >= 0:
            lender = self._live[parent] if self._share == 1 else None
            basis = lender.basis if lender is not None else self._basis[parent]
        if basis is not None:
            model.start_from(basis)
        return model

    def _entries(self) -> Floats:
        """Entries of T of every future. [nonzeros, F]"""
        first = self.fan.first
        found = np.repeat(first.matrix.data[:, None], self.fan.count, axis=1)
        found[first.at] = first.values
        return found

    def _cuts(self, x: Floats, duals: list[Dual]) -> Pass:
        fan = self.fan
        feasible = np.array([dual.feasible for dual in duals])
        y = np.array([dual.multipliers for dual in duals])  # [F, R]
        low, high = np.isfinite(fan.low), np.isfinite(fan.high)
        y = np.where(low, y, np.minimum(y, 0.0))  # a multiplier on a side that is not there would prove nothing
        y = np.where(high, y, np.maximum(y, 0.0))
        constant = (np.maximum(y, 0.0) * np.where(low, fan.low, 0.0) + np.minimum(y, 0.0) * np.where(high, fan.high, 0.0)).sum(axis=1)
        reduced = fan.cost2 * feasible[:, None] - self._priced(y)
        constant += least_cost(reduced, fan.bottom, fan.top)
        slope = -fan.money * (self._by_column @ (self._entries() * y.T[self._row])).T
        slope += fan.cost1.T * feasible[:, None]
        cost = np.where(feasible, np.array([dual.objective for dual in duals]) * fan.money + fan.cost1.T @ x, np.inf)
        return Pass(cost, fan.money * constant, slope, multipliers=y)

    def _priced(self, y: Floats) -> Floats:
        """W_f' y_f of every future. [F, C2]"""
        recourse = self.fan.recourse
        if not len(recourse.at):
            return np.asarray((recourse.matrix.T @ y.T).T)
        return np.stack([recourse.of(f).T @ y[f] for f in range(self.fan.count)])


def floor_of(fan: Fan) -> Pass:
    """What every future costs at least, whatever is done in it."""
    return Pass(np.zeros(fan.count), fan.money * least_cost(fan.cost2, fan.bottom, fan.top), np.ascontiguousarray(fan.cost1.T))


def least_cost(reduced: Floats, bottom: Floats, top: Floats) -> Floats:
    """sum_j min over [bottom, top] of reduced_j z_j. Columns without upper bound whose reduced cost is not negative beyond rounding cost nothing. [F]"""
    above = np.where(np.isfinite(top), top, 0.0)
    found = np.asarray((np.maximum(reduced, 0.0) * bottom + np.minimum(reduced, 0.0) * above).sum(axis=1))
    endless = (~np.isfinite(top) & (reduced < -1e-7)).any(axis=1)
    return np.where(endless, -np.inf, found)


def _neighbours(fan: Fan, seed: int) -> Ints:
    """For every future the nearest one in an earlier wave (`_waves`), by a random projection of what differs between them; -1 for the first. [F]"""
    sides = [np.where(np.isfinite(side), side, 0.0) for side in (fan.top, fan.low, fan.high)]
    parts = [*sides, fan.cost2, fan.first.values.T, fan.recourse.values.T]
    draw = np.random.default_rng(seed)
    sketch = np.zeros((fan.count, SKETCH))
    for part in parts:
        spread = part.std(axis=0)
        differs = np.flatnonzero(spread > 1e-12 * (1.0 + np.abs(part).max(axis=0, initial=0.0))) if part.size else np.zeros(0, dtype=int)
        if len(differs):
            sketch += (part[:, differs] / spread[differs]) @ draw.normal(size=(len(differs), SKETCH))
    found = np.full(fan.count, -1)
    size = (sketch**2).sum(axis=1)
    edges = [1, *(2**k for k in range(1, 64) if 2**k < fan.count), fan.count]
    for a, b in pairwise(edges):
        near = min(a, CANDIDATES)
        found[a:b] = (size[None, :near] - 2.0 * sketch[a:b] @ sketch[:near].T).argmin(axis=1)
    return found
