"""The frontier where all futures stand in one problem: trees that branch late, yes-or-no decisions after signing, rules that tie futures together.

    first  = expected cost = sum_n prob_n cash_n x          second = the CVaR's columns of the objective, or expected unmet volume
    each question is one program:   minimise first   subject to   second <= level

Its bound holds at every lower level as well. Reference: Haimes, Lasdon & Wismer (1971), On a bicriterion formulation, IEEE Trans. SMC 1.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
from scipy import sparse

from optimizer.frontier_curve import Curve, Tried
from optimizer.instance import Instance
from optimizer.solve.extensive import solve
from optimizer.solve.highs import Answer, Interrupted
from optimizer.solve.problem import Problem
from optimizer.tail import tail_mean
from scenarios.tree import Floats

FINE = 0.1  # of the gap: how well each question is answered
AT_LEAST = 1.0  # seconds for a question, however little is left


class WholeSearch:
    """A search for `frontier_search.trace`. `problem` holds the CVaR's columns (a risk weight between 0 and 1); `shortage` chooses the second figure."""

    def __init__(self, instance: Instance, problem: Problem, gap: float, *, shortage: bool, seed: int, deadline: float = np.inf,
                 stop: threading.Event | None = None) -> None:  # fmt: skip
        self.instance, self.problem, self.gap = instance, problem, gap
        self.seed, self.deadline, self.stop = seed, deadline, stop
        tree = instance.tree
        self.first: Floats = np.asarray(problem.cash.T @ tree.probability)
        self.unmet, self.carried = _unmet(instance, problem)
        self.second = np.asarray(self.unmet.T @ tree.probability) if shortage else _cvar(instance, problem, self.first)
        self.shortage = shortage
        self.integers = np.flatnonzero(problem.integer)
        self.steps = 0
        self._bounds: list[tuple[float, float]] = []  # level, least first figure up to it
        self._floor = -np.inf  # no plan has a smaller second figure
        self._curve = Curve(self._mixed, 0.02 * gap)

    @property
    def curve(self) -> Curve:
        return self._curve

    def begin(self) -> None:
        if self._ask(self.first, np.inf) is None:
            self._floor = np.inf
            return
        safest = self._ask(self.second, np.inf)
        if safest is None or safest.x is None:
            return
        self._floor = safest.bound
        self._ask(self.first, float(self.second @ safest.x))

    def bound(self, level: float) -> float:
        if level < self._floor:
            return np.inf
        return max((bound for at, bound in self._bounds if at >= level), default=-np.inf)

    def explore(self, level: float, goal: float, enough: float, price: float) -> None:  # noqa: ARG002
        self._ask(self.first, level)

    def answer(self, plan: Tried) -> Floats:
        """The columns of a tried plan."""
        return plan.x

    def _ask(self, cost: Floats, level: float) -> Answer | None:
        """Minimise one figure with the second at most `level`; None if no plan keeps it. Raises Interrupted."""
        left = self.deadline - time.monotonic()
        if left <= 0 or (self.stop is not None and self.stop.is_set()):
            raise Interrupted("time" if left <= 0 else "user")
        problem = replace(self.problem if level == np.inf else self._limited(level), cost=cost, offset=0.0)
        self.steps += 1
        answer = solve(problem, gap=FINE * self.gap, seconds=min(max(left, AT_LEAST), 1e6), seed=self.seed, stop=self.stop)
        if answer.status == "infeasible":
            self._floor = max(self._floor, float(np.nextafter(level, np.inf)))
            return None
        if cost is self.first and np.isfinite(answer.bound):
            self._bounds.append((level, answer.bound))
        if answer.x is not None:
            self._curve.tried.append(self._tried(answer.x))
        if answer.stop_reason != "gap":
            raise Interrupted(answer.stop_reason)
        return answer

    def _limited(self, level: float) -> Problem:
        """The problem with the second figure at most `level`; the row ties all futures together."""
        p = self.problem
        size = max(float(np.abs(self.second).max(initial=0.0)), 1e-300)
        return replace(
            p,
            matrix=sparse.csr_matrix(sparse.vstack([p.matrix, sparse.csr_matrix(self.second / size)])),
            row_lower=np.append(p.row_lower, -np.inf),
            row_upper=np.append(p.row_upper, level / size),
            row_node=np.append(p.row_node, -1),
            row_rule=np.append(p.row_rule, -1),
        )

    def _tried(self, x: Floats) -> Tried:
        tree = self.instance.tree
        cost, unmet, carried = (tree.summed(np.asarray(part @ x))[tree.leaves] for part in (self.problem.cash, self.unmet, self.carried))
        second = float(self.second @ x) if self.shortage else self._tail(cost)
        key = np.round(x[self.integers]).astype(np.int64).tobytes()
        return Tried(float(self.first @ x), second, cost, unmet, carried, x, key)

    def _tail(self, cost: Floats) -> float:
        tree = self.instance.tree
        return tail_mean(cost, tree.probability[tree.leaves], self.instance.risk_tail)

    def _mixed(self, one: Tried, other: Tried, share: float) -> float:
        if self.shortage:
            return (1.0 - share) * one.second + share * other.second
        return self._tail((1.0 - share) * one.cost + share * other.cost)


def _cvar(instance: Instance, problem: Problem, first: Floats) -> Floats:
    """The CVaR's columns in the objective, which is (1 - weight) first + weight CVaR; the mean where there is none (one future)."""
    weight = instance.risk_weight
    beyond = problem.cost - (1.0 - weight) * first
    beyond[np.abs(beyond) <= 1e-9 * np.abs(problem.cost)] = 0.0
    return np.asarray(beyond / weight) if beyond.any() else first


def _unmet(instance: Instance, problem: Problem) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Which columns are unmet volume at each node, and how much of it is asked for again at the next. [N, C] each"""
    keys, columns = problem.keys["unmet"]
    again = np.array([1.0 - instance.shortage[p, s].lost for p, s in keys[:, :2].tolist()]) if len(keys) else np.zeros(0)
    shape, nodes = (instance.tree.size, len(problem.cost)), keys[:, 3]
    again[np.isin(nodes, instance.tree.leaves)] = 0.0
    return (sparse.csr_matrix((data, (nodes, columns)), shape=shape) for data in (np.ones(len(columns)), again))  # type: ignore[return-value]
