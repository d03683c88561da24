"""The leaves of a frontier's tree where all futures stand in one problem: its linear relaxation, kept alive.

minimise  alpha first + beta S      subject to  the problem's rows,  S = second,  S <= level,  integers between the leaf's bounds
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from optimizer.frontier_master import Settled
from optimizer.frontier_program import Aim
from optimizer.solve.highs import Live, Relaxed
from optimizer.solve.problem import Problem
from scenarios.tree import Floats

WHOLE = 1e-9  # a number so near a whole one opens no door


class Leaves:
    """What `frontier_tree` asks. Points are the integers of the problem [I]; `left` says how many seconds there are, and raises Interrupted."""

    looks = 0  # nothing is learnt between questions: a relaxation is exact

    def __init__(self, problem: Problem, first: Floats, second: Floats, left: Callable[[], float], stop: threading.Event | None, seed: int) -> None:
        self.integers = np.flatnonzero(problem.integer)
        self.lower, self.upper = problem.lower[self.integers], problem.upper[self.integers]
        self._left, self._stop = left, stop
        self._first, self._second = first, second
        self._problem, self._live, self._seed = self._extended(problem), dict[Aim, Live](), seed
        self._ends: dict[Aim, Any] = {}  # the basis in which the last solve for an aim ended
        self.solves = 0

    def settle(self, lower: Floats, upper: Floats, aim: Aim, level: float = np.inf, goal: float = np.inf) -> Settled | None:  # noqa: ARG002
        """The relaxation between bounds; None if it has no point."""
        found = self._solve(lower, upper, aim, level)
        if found is None:
            return None
        price = max(0.0, -float(found.reduced()[-1])) / aim[0] if np.isfinite(level) and aim[0] > 0 else 0.0
        return Settled(np.clip(found.x[self.integers], lower, upper), found.objective, found.objective, price)

    def plan(self, x: Floats, aim: Aim, level: float) -> Floats | None:
        """The best answer with these integers: all columns of the problem. [C]"""
        found = self._solve(*self.box(x), aim, level)
        if found is None:
            return None
        whole = found.x[:-1].copy()
        whole[self.integers] = np.round(x)
        return whole

    def box(self, x: Floats) -> tuple[Floats, Floats]:
        """Bounds that hold integers."""
        return np.round(x), np.round(x)

    def exact(self, x: Floats) -> Floats:
        """Integers rounded."""
        return np.round(x)

    def fractional(self, x: Floats) -> int:
        """The most fractional integer, -1 if there is none."""
        away = np.abs(x - np.round(x))
        return int(away.argmax()) if away.max(initial=0.0) > WHOLE else -1

    def _solve(self, lower: Floats, upper: Floats, aim: Aim, level: float) -> Relaxed | None:
        if aim not in self._live:  # an optimum for one aim is a bad place to begin for another
            cost = np.append(aim[0] * self._first + aim[1] * self._second, 0.0)
            self._live[aim] = Live(replace(self._problem, cost=cost), self._seed, np.array([len(cost) - 1]))
        self.solves += 1
        basis = self._ends.get(aim)
        found = self._live[aim].solve(np.append(lower, -np.inf), np.append(upper, level), basis, self._left(), self._stop, far=basis is None)
        if found is not None:
            self._ends[aim] = found.basis
        return found

    def _extended(self, p: Problem) -> Problem:
        """The problem with a column S for the second figure."""
        rows = p.matrix.shape[0]
        tie = sparse.csr_matrix(np.append(self._second, -1.0)[None])
        return replace(
            p,
            matrix=sparse.csr_matrix(sparse.vstack([sparse.hstack([p.matrix, sparse.csr_matrix((rows, 1))]), tie])),
            row_lower=np.append(p.row_lower, 0.0), row_upper=np.append(p.row_upper, 0.0), cost=np.append(self._first, 0.0), offset=0.0,
            lower=np.append(p.lower, -np.inf), upper=np.append(p.upper, np.inf), integer=np.append(p.integer, False),
            column_node=np.append(p.column_node, -1), row_node=np.append(p.row_node, -1), row_rule=np.append(p.row_rule, -1),
            cash=sparse.csr_matrix(sparse.hstack([p.cash, sparse.csr_matrix((p.cash.shape[0], 1))])),
        )  # fmt: skip
