"""What a first stage costs in every future of a fan, looked at again and again, and the cuts that prove it (`cuts`).

Every part (`parts`) of every future is a linear program of its own, kept alive. It starts from the basis of the nearest future solved before it (nearest
by its data), which in waves of 1, 1, 2, 4, ... leaves work for every thread and does not depend on how many there are. Threads: HiGHS releases the
interpreter lock while it solves.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from optimizer.solve.cuts import Cutter, Pass, Solved, floor_of, least_cost
from optimizer.solve.fan import Fan
from optimizer.solve.highs import Interrupted, basis_from, codes_of
from optimizer.solve.parts import separate, together, union
from optimizer.solve.programs import Models, waves
from scenarios.tree import Floats

__all__ = ["FanRecourse", "Looks", "Pass", "floor_of", "least_cost"]

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
        self.parts = separate(fan)
        self._groups = together(self.parts)
        self._models = [Models(fan, union([self.parts[p] for p in group]), self._share, seed) for group in self._groups]
        self._cutter = Cutter(fan, self.parts, threads)

    @property
    def floor(self) -> Pass:
        """What every future costs at least, whatever is done in it: cuts before any look."""
        return floor_of(self.fan, self.parts)

    def begin_at(self, ends: Any) -> None:
        """Begin every future where another look ended (`ends`)."""
        columns = self.fan.recourse.matrix.shape[1]
        for models in self._models:
            part = models.part
            codes = np.hstack([ends[:, part.columns], ends[:, columns + part.rows]])
            models.basis = [basis_from(own, len(part.columns)) for own in codes]

    def ends(self) -> Any:
        """Where the last look ended, as numbers that can travel. [F, C2 + R]"""
        rows, columns = self.fan.recourse.matrix.shape
        found = np.zeros((self.fan.count, columns + rows), dtype=np.int8)
        for models in self._models:
            found[:, np.concatenate([models.part.columns, columns + models.part.rows])] = [codes_of(models.end(f)) for f in range(self.fan.count)]
        return found

    def bases(self) -> list[Any]:
        """Where the last look ended in every future, for a later look near it. [F]"""
        return [tuple(models.end(f) for models in self._models) for f in range(self.fan.count)]

    def resume(self, bases: list[Any]) -> None:
        """Begin the next look where another one ended (`bases`)."""
        for models, own in zip(self._models, zip(*bases, strict=True), strict=True):
            models.resume(list(own))

    def reprice(self, cost2: Floats) -> None:
        """Let the recourse columns cost something else from now on (scaled); models and bases stay. [F, C2]"""
        if cost2 is not self.fan.cost2:
            self.fan = replace(self.fan, cost2=cost2)
            for models in self._models:
                models.reprice(self.fan)

    def look(self, x: Floats, deadline: float = np.inf, stop: threading.Event | None = None, *, wanted: bool = False) -> Pass:
        """Solve every future at `x`. Raises Interrupted by the clock (`deadline` in `time.monotonic`) or the caller."""
        solved, columns = self._solve(x, deadline, stop, wanted)
        found = self._cutter.cuts(self.fan, x, solved)
        return replace(found, columns=columns) if wanted else found

    def values(self, x: Floats, deadline: float = np.inf, stop: threading.Event | None = None) -> tuple[Floats, Floats]:
        """Recourse columns at `x`, in their own units [F, C2], and the cost of every future [F]."""
        solved, columns = self._solve(x, deadline, stop, wanted=True)
        return columns, solved.objective * self.fan.money + self.fan.cost1.T @ x

    def _solve(self, x: Floats, deadline: float, stop: threading.Event | None, wanted: bool) -> tuple[Solved, Floats]:
        fan, started = self.fan, time.perf_counter()
        used = self._cutter.used(fan, x)
        multipliers, columns = np.zeros(fan.low.shape), np.zeros(fan.cost2.shape if wanted else (0, 0))
        objective = np.full((len(self._models), fan.count), np.inf)

        def some(task: tuple[int, range]) -> int:
            g, futures = task
            models, iterations = self._models[g], 0
            rows, own = models.part.rows, models.part.columns
            for f in futures:
                left = deadline - time.monotonic()
                if stop is not None and stop.is_set():
                    raise Interrupted("user")
                if left <= 0:
                    raise Interrupted("time")
                there = used[f, rows]
                dual = models.solve(f, fan.low[f, rows] - there, fan.high[f, rows] - there, left)
                objective[g, f], multipliers[f, rows] = dual.objective, dual.multipliers
                iterations += dual.iterations
                if wanted and dual.feasible:
                    columns[f, own] = models.values(f) * fan.column_scale[own]
            return iterations

        with ThreadPoolExecutor(self.threads) as pool:
            for wave in self._waves():
                self.iterations += sum(pool.map(some, [(g, futures) for futures in self._shared(wave) for g in range(len(self._models))]))
        self._begun = True
        spent = time.perf_counter() - started
        self.seconds += spent
        self.cold_seconds = self.cold_seconds or spent
        self.passes += 1
        possible = np.empty((len(self.parts), fan.count), dtype=bool)
        for group, value in zip(self._groups, objective, strict=True):
            possible[list(group)] = np.isfinite(value)
        return Solved(objective.sum(axis=0), possible, multipliers), columns

    def _waves(self) -> list[range]:
        """All futures; the first time in waves that double, because each starts from one solved before it."""
        if self._begun:
            return [range(self.fan.count)]
        return [range(a, b) for a, b in pairwise([0, *waves(self.fan.count)])]

    def _shared(self, wave: range) -> list[range]:
        """A wave's futures, those together that share a model: one thread at a time has it, and always in the same order."""
        edges = [wave.start, *(f for f in wave[1:] if f % self._share == 0), wave.stop]
        return [range(a, b) for a, b in pairwise(edges)]
