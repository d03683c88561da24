"""The frontier where all futures stand in one problem: trees that branch late, yes-or-no decisions after signing, rules that tie futures together.

first  = expected cost = sum_n prob_n cash_n x          second = the CVaR's columns of the objective, or expected unmet volume

Few yes-or-no decisions: one linear relaxation kept alive and one search tree (`frontier_tree`) for all points. Otherwise one mixed-integer program for each
question, minimise first subject to second <= level, whose bound holds at every lower level as well.
Reference: Haimes, Lasdon & Wismer (1971), On a bicriterion formulation, IEEE Trans. SMC 1.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from optimizer.frontier_curve import Curve, Tried
from optimizer.frontier_leaves import Leaves
from optimizer.frontier_program import Aim
from optimizer.frontier_tree import CHEAPEST, ROUNDING, Tree
from optimizer.instance import Instance
from optimizer.solve.extensive import solve
from optimizer.solve.highs import Answer, Interrupted
from optimizer.solve.problem import Problem
from optimizer.solve.search import suits
from optimizer.tail import tail_mean
from scenarios.tree import Floats

FINE = 0.1  # of the gap: how well each question is answered
AT_LEAST = 1.0  # seconds for a question, however little is left
SAFEST: Aim = (0.0, 1.0)
MOST_TRIES = 1_000


@dataclass(frozen=True)
class Figures:
    """Both figures of an answer. `problem` holds the CVaR's columns (a risk weight between 0 and 1); `shortage` chooses the second figure."""

    instance: Instance
    problem: Problem
    shortage: bool

    @cached_property
    def first(self) -> Floats:
        """Expected cost. [C]"""
        return np.asarray(self.problem.cash.T @ self.instance.tree.probability)

    @cached_property
    def second(self) -> Floats:
        """The CVaR's columns in the objective, which is (1 - weight) first + weight CVaR (the mean where there is none), or expected unmet volume. [C]"""
        if self.shortage:
            return np.asarray(self._unmet[0].T @ self.instance.tree.probability)
        cost, weight = self.problem.cost, self.instance.risk_weight
        beyond = cost - (1.0 - weight) * self.first
        beyond[np.abs(beyond) <= 1e-9 * np.abs(cost)] = 0.0
        return np.asarray(beyond / weight) if beyond.any() else self.first

    def tried(self, x: Floats) -> Tried:
        """The plan that an answer is."""
        tree, whole = self.instance.tree, np.flatnonzero(self.problem.integer)
        cost, unmet, carried = (tree.summed(np.asarray(part @ x))[tree.leaves] for part in (self.problem.cash, *self._unmet))
        second = float(self.second @ x) if self.shortage else self._tail(cost)
        return Tried(float(self.first @ x), second, cost, unmet, carried, x, np.round(x[whole]).astype(np.int64).tobytes())

    def mixed(self, one: Tried, other: Tried, share: float) -> float:
        """The second figure of a mix."""
        if self.shortage:
            return (1.0 - share) * one.second + share * other.second
        return self._tail((1.0 - share) * one.cost + share * other.cost)

    def _tail(self, cost: Floats) -> float:
        tree = self.instance.tree
        return tail_mean(cost, tree.probability[tree.leaves], self.instance.risk_tail)

    @cached_property
    def _unmet(self) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
        """Which columns are unmet volume at each node, and how much of it is asked for again at the next. [N, C] each"""
        keys, columns = self.problem.keys["unmet"]
        again = np.array([1.0 - self.instance.shortage[p, s].lost for p, s in keys[:, :2].tolist()]) if len(keys) else np.zeros(0)
        shape, nodes = (self.instance.tree.size, len(self.problem.cost)), keys[:, 3]
        again[np.isin(nodes, self.instance.tree.leaves)] = 0.0
        return sparse.csr_matrix((np.ones(len(columns)), (nodes, columns)), shape=shape), sparse.csr_matrix((again, (nodes, columns)), shape=shape)


class _Whole:
    """What both searches share."""

    def __init__(self, figures: Figures, gap: float, seed: int, deadline: float, stop: threading.Event | None) -> None:
        self.figures, self.gap, self.seed, self.deadline, self.stop = figures, gap, seed, deadline, stop
        self.shortage = figures.shortage
        self.steps = 0
        self.curve = Curve(figures.mixed, 0.02 * gap)

    def answer(self, plan: Tried) -> Floats:
        """The columns of a tried plan."""
        return plan.x

    def _pressed(self, safest: Tried) -> None:
        """Forget the safest plan, whose cost nothing has pressed down, where the last plan tried is as safe to rounding and costs less."""
        last = self.curve.tried[-1]
        if last.second <= safest.second + 2.0 * ROUNDING * abs(safest.second) and last.first <= safest.first:
            self.curve.tried = [plan for plan in self.curve.tried if plan is not safest or plan is last]

    def _left(self) -> float:
        """Seconds left. Raises Interrupted."""
        left = self.deadline - time.monotonic()
        if left <= 0 or (self.stop is not None and self.stop.is_set()):
            raise Interrupted("time" if left <= 0 else "user")
        return min(max(left, AT_LEAST), 1e6)


class ProgramSearch(_Whole):
    """One mixed-integer program for each question."""

    def __init__(self, figures: Figures, gap: float, seed: int, deadline: float, stop: threading.Event | None) -> None:
        super().__init__(figures, gap, seed, deadline, stop)
        self._bounds: list[tuple[float, float]] = []  # level, least first figure up to it
        self._floor = -np.inf  # no plan has a smaller second figure

    def begin(self) -> None:
        if self._ask(self.figures.first, np.inf) is None:
            self._floor = np.inf
            return
        safest = self._ask(self.figures.second, np.inf)
        if safest is not None and safest.x is not None:
            self._floor = safest.bound - ROUNDING * abs(safest.bound)
            plan = self.curve.tried[-1]
            self._ask(self.figures.first, plan.second + ROUNDING * abs(plan.second))
            self._pressed(plan)

    def bound(self, level: float) -> float:
        if level < self._floor:
            return np.inf
        return max((bound for at, bound in self._bounds if at >= level), default=-np.inf)

    def explore(self, level: float, goal: float, enough: float, price: float) -> None:  # noqa: ARG002
        self._ask(self.figures.first, level)

    def _ask(self, cost: Floats, level: float) -> Answer | None:
        """Minimise one figure with the second at most `level`; None if no plan keeps it. Raises Interrupted."""
        seconds = self._left()
        problem = replace(self.figures.problem if level == np.inf else self._limited(level), cost=cost, offset=0.0)
        self.steps += 1
        answer = solve(problem, gap=FINE * self.gap, seconds=seconds, seed=self.seed, stop=self.stop)
        if answer.status == "infeasible":
            known = min((plan.second for plan in self.curve.tried), default=np.inf)  # a solver may deny a level that is just possible
            self._floor = max(self._floor, min(level - ROUNDING * abs(level), known))
            return None
        if cost is self.figures.first and np.isfinite(answer.bound):
            self._bounds.append((level, answer.bound))
        if answer.x is not None:
            self.curve.tried.append(self.figures.tried(answer.x))
        if answer.stop_reason != "gap":
            raise Interrupted(answer.stop_reason)
        return answer

    def _limited(self, level: float) -> Problem:
        """The problem with the second figure at most `level`; the row ties all futures together."""
        p, second = self.figures.problem, self.figures.second
        size = max(float(np.abs(second).max(initial=0.0)), 1e-300)
        return replace(
            p,
            matrix=sparse.csr_matrix(sparse.vstack([p.matrix, sparse.csr_matrix(second / size)])),
            row_lower=np.append(p.row_lower, -np.inf),
            row_upper=np.append(p.row_upper, level / size),
            row_node=np.append(p.row_node, -1),
            row_rule=np.append(p.row_rule, -1),
        )


class TreeSearch(_Whole):
    """One relaxation and one tree for all questions."""

    def __init__(self, figures: Figures, gap: float, seed: int, deadline: float, stop: threading.Event | None) -> None:
        super().__init__(figures, gap, seed, deadline, stop)
        self.leaves = Leaves(figures.problem, figures.first, figures.second, self._left, stop, seed)
        self.tree = Tree(self.leaves, SAFEST)

    def begin(self) -> None:
        self._reach(CHEAPEST)
        self._reach(SAFEST)
        if self.curve.tried:
            safest = min(self.curve.tried, key=lambda plan: plan.second)
            self._propose(CHEAPEST, safest.second + ROUNDING * abs(safest.second), np.inf, FINE * self.gap * abs(safest.first))
            self._pressed(safest)

    def bound(self, level: float) -> float:
        return self.tree.bound(level)

    def explore(self, level: float, goal: float, enough: float, price: float) -> None:  # noqa: ARG002
        self._propose(CHEAPEST, level, goal, enough)

    def _reach(self, aim: Aim) -> None:
        """Try plans until one is proven to be best for an aim."""
        for _ in range(MOST_TRIES):
            best = min((aim[0] * plan.first + aim[1] * plan.second for plan in self.curve.tried), default=np.inf)
            largest = max((aim[0] * abs(plan.first) + aim[1] * abs(plan.second) for plan in self.curve.tried), default=0.0)
            slack = self.gap * max(abs(best) if np.isfinite(best) else 0.0, 1e-6 * largest)
            if not self._propose(aim, np.inf, best - slack, 0.2 * slack):
                return

    def _propose(self, aim: Aim, level: float, goal: float, enough: float) -> bool:
        """Try the tree's proposal; False if there is none."""
        ask = self.tree.other_end(goal, enough) if aim == SAFEST else self.tree.cheapest(level, goal, enough)
        self.steps = self.leaves.solves
        if ask is None:
            return False
        plan = self.leaves.plan(ask.x, aim, level)
        if plan is None:
            return False
        self.curve.tried.append(self.figures.tried(plan))
        return True


WholeSearch = ProgramSearch | TreeSearch


def one_tree(problem: Problem) -> bool:
    """Whether one tree serves all points: few yes-or-no decisions, or none."""
    return suits(problem) or not problem.integer.any()


def whole_search(
    instance: Instance, problem: Problem, gap: float, *, shortage: bool, seed: int, deadline: float = np.inf, stop: threading.Event | None = None
) -> WholeSearch:
    """The search that suits a problem, for `frontier_search.trace`."""
    figures = Figures(instance, problem, shortage)
    return (TreeSearch if one_tree(problem) else ProgramSearch)(figures, gap, seed, deadline, stop)
