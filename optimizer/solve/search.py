"""Branch and bound over few binaries and a large linear recourse.

A contract model has a few dozen binaries (what to sign) and hundreds of thousands of continuous columns (what happens then). HiGHS's own MIP search
spends most of its time on cuts and sub-MIPs that such a model does not reward; solving the relaxation once and re-solving it from a basis as binaries
are fixed is many times faster (`python -m benchmarks.engine --highs-mip`: 20 times at 20 futures). HiGHS still solves every linear program.

    bound of a node = objective of its relaxation;  the node with the least bound goes next;  branching on the most fractional binary
    reduced-cost fixing: a binary at its bound whose reduced cost exceeds incumbent - bound stays there in the whole subtree

Deterministic: the order of nodes depends on numbers only, never on time.
Reference: Land & Doig (1960), An automatic method of solving discrete programming problems, Econometrica 28(3).
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from optimizer.solve.handover import Handover
from optimizer.solve.highs import Answer, Distant, Interrupted, Live, OnBest, Relaxed
from optimizer.solve.leaves import INTEGRALITY, Leaf, Scales, Start
from optimizer.solve.problem import Problem
from scenarios.tree import Floats, Ints

NEAR = 1e-7  # relative: how much dearer a rounded relaxation may be and still count as what the relaxation promised
MOST_BINARIES = 80
LEAST_COLUMNS = 200
MOST_SOLVES = 3_000
STEPS = 1_500  # most steps of the simplex method for which a problem's best part counts as close
MOST_STEPS = 3_000  # and most of them for which its parts are gone through
ROUNDING = 1e-9  # relative: a part whose bound misses the incumbent by no more is not searched; the bound says by how much it misses

Guess = tuple[Ints, Floats]  # columns, and values at which they are held at first


def binary(problem: Problem) -> bool:
    """Whether all integers are binaries."""
    integer = problem.integer
    return bool((problem.lower[integer] >= 0).all() and (problem.upper[integer] <= 1).all())


def suits(problem: Problem) -> bool:
    """Whether the search pays: few binaries, much linear recourse."""
    return bool(0 < problem.integer.sum() <= MOST_BINARIES and binary(problem) and len(problem.cost) >= LEAST_COLUMNS)


@dataclass(order=True)
class _Node:
    """A part of the search space, by bound, then by age."""

    bound: float
    age: int
    lower: Floats = field(compare=False)
    upper: Floats = field(compare=False)
    at: Floats = field(compare=False)  # binaries in the relaxation
    basis: Any = field(compare=False)
    multipliers: Floats | None = field(compare=False)  # of the relaxation's rows, where they are to be remembered


class Search:
    """One search over one problem."""

    def __init__(
        self,
        problem: Problem,
        gap: float,
        seconds: float,
        seed: int,
        on_best: OnBest | None = None,
        stop: threading.Event | None = None,
        guess: Guess | None = None,
        handover: Handover | None = None,
        begin: Start | None = None,
        remember: bool = False,
        otherwise: Callable[[], Guess | None] | None = None,
        live: Live | None = None,
    ) -> None:
        self.handover = handover  # given to with a guess, taken from without
        self.problem, self.gap, self.on_best, self.stop, self.guess = problem, gap, on_best, stop, guess
        self.begin, self.remember = begin, remember  # remember: keep the parts, for others to begin with
        self.otherwise = otherwise  # the guess to start from if what it begins with turns out to be far
        self.leaves: list[Leaf] = []
        self.start: Any = None  # the relaxation's basis
        self.tried: set[bytes] = set()  # values at which the binaries were held
        self.seed = seed
        self.live = live or Live(problem, seed)  # one that somebody has already handed the problem over to
        self.columns = self.live.integers
        self.deadline = time.monotonic() + seconds
        self.incumbent: Floats | None = None
        self.value = float("inf")
        self.bound = float("-inf")
        self.least_dropped = float("inf")
        self.solves = 0
        self.open: list[_Node] = []

    @cached_property
    def scales(self) -> Scales:
        """What weighs the parts of another search."""
        return Scales(self.problem, self.columns, self.live.lagrangian)

    def run(self) -> Answer:
        """Search until the gap is closed, time is up or the caller stops."""
        reason = "gap"
        try:
            self._start()
            while self.open and not self._closed(self.open[0].bound):
                if self.solves >= MOST_SOLVES:
                    return self._hand_over()
                self._branch(heapq.heappop(self.open))
        except Interrupted as cut:
            reason = str(cut)
        self.bound = self._proven(reason == "gap")
        found, finished = self.incumbent is not None, reason == "gap"
        status = {(True, True): "optimal", (True, False): "feasible", (False, True): "infeasible", (False, False): "no_solution"}[found, finished]
        return Answer(status, reason, self.incumbent, self.value, min(self.bound, self.value), self.solves, self.live.seconds)

    def lesson(self) -> Start:
        """What a search over a problem much like this one may begin with, once this one has ended."""
        leaves = [*self.leaves, *(Leaf(node.bound, node.lower, node.upper, node.basis, node.multipliers) for node in self.open)] if self.remember else []
        leaves.sort(key=lambda leaf: leaf.objective)
        first = [replace(leaf, basis=None) if i else leaf for i, leaf in enumerate(leaves)]  # from whose basis the others are reached
        return Start(self.start, () if self.incumbent is None else (self.incumbent[self.columns],), tuple(first))

    def _proven(self, finished: bool) -> float:
        left = min((node.bound for node in self.open), default=self.value if finished else self.bound)
        return min(left, self.least_dropped)

    def _slack(self) -> float:
        """How far below the incumbent a node may lie and still be dropped."""
        return self.gap * abs(self.value) if np.isfinite(self.value) else 0.0

    def _closed(self, bound: float) -> bool:
        return bound >= self.value - self._slack()

    def _drop(self, bound: float) -> bool:
        """Whether a relaxation with this bound needs no look; what is dropped within the gap still counts in the bound."""
        if not self._closed(bound):
            return False
        self.least_dropped = min(self.least_dropped, bound)
        return True

    def _left(self) -> float:
        """Seconds left. Raises Interrupted if there are none, or the caller stops."""
        left = self.deadline - time.monotonic()
        if self.stop is not None and self.stop.is_set():
            raise Interrupted("user")
        if left <= 0:
            raise Interrupted("time")
        return left

    def _keep_found(self, found: Relaxed, lower: Floats, upper: Floats) -> None:
        if self.remember:
            self._keep(Leaf(found.objective, lower, upper, found.basis, self._multipliers(found)))

    def _multipliers(self, found: Relaxed) -> Floats | None:
        """Multipliers of the rows, if they are to be remembered."""
        if not self.remember:
            return None
        return self.live.lagrangian.signed(found.multipliers())

    def _solve(self, lower: Floats, upper: Floats, basis: Any, far: bool = False, close: int = 0) -> Relaxed | None:
        """Solve a part, as far as it takes to see that it can be dropped."""
        left = self._left()
        self.solves += 1
        whole = bool((lower == upper).all())
        enough = self.value if whole else self.value - self._slack()  # with all binaries held, any better plan counts
        return self.live.solve(lower, upper, basis, left, self.stop, far, close, enough)

    def _root(self) -> None:
        lower, upper = self.problem.lower[self.columns], self.problem.upper[self.columns]
        far = self.guess is not None or (self.handover is None if self.begin is None else self.begin.far)
        root = self._solve(lower, upper, self._begin(), far)
        if root is None:
            return
        self.start, self.bound = root.basis, root.objective
        for binaries in self.begin.tries if self.begin is not None else ():
            self._fix(np.clip(np.round(binaries), lower, upper), root.basis)
        self._look_at(root, lower, upper, try_rounding=not self._closed(root.objective))

    def _begin(self) -> Any:
        """The basis from which the relaxation begins."""
        if self.guess is None:
            known = None if self.begin is None else self.begin.basis
            return known if self.handover is None else self.handover.take(self._left())
        basis = self.live.held(*self.guess, self._left(), self.stop)
        if self.handover is not None:
            self.handover.give(basis)
        return basis

    def _start(self) -> None:
        if self.begin is None or not self.begin.leaves:
            self._root()
            return
        try:
            self._revisit(self.begin.leaves)
        except Distant:
            self.leaves, self.open, self.least_dropped = [], [], float("inf")
            if self.otherwise is not None:
                self.guess = self.otherwise()
            spent = self.live.seconds
            self.live = Live(self.problem, self.seed, factors=self.live.factors)  # where it has come to is no place to begin
            self.live.seconds = spent
            self._root()

    def _revisit(self, leaves: tuple[Leaf, ...]) -> None:
        """Go through the parts of another search's space instead of dividing it again.

        Any multipliers y bound a part from below:  min over the bounds of (cost - A'y) x  +  min over the rows' sides of y row. The other search's own
        multipliers, moved by as much as those of its best part have moved, spare most parts a solve.
        """
        least, most = self.problem.lower[self.columns], self.problem.upper[self.columns]
        parts = [replace(known, lower=np.maximum(known.lower, least), upper=np.minimum(known.upper, most)) for known in leaves]
        parts = [leaf for leaf in parts if (leaf.lower <= leaf.upper).all() and not self.scales.contradicts(leaf)]
        moves: list[Floats] = []  # of the multipliers of the parts solved so far, the last one first
        try:
            self._retry(leaves[0], least, most, moves)
            while parts:
                if self.live.steps > MOST_STEPS:
                    raise Distant
                self._revisit_one(parts[0], moves)
                parts.pop(0)
        except Interrupted:
            weighed = [self.scales.weigh(leaf, moves, self._closed) for leaf in parts]  # what was not looked at still counts in the bound
            self.least_dropped = min([self.least_dropped, *(leaf.objective for leaf in weighed)])
            for leaf in parts:  # and belongs to the space, for whoever begins with these parts
                self._keep(leaf)
            raise

    def _revisit_one(self, leaf: Leaf, moves: list[Floats]) -> None:
        """Go through one part."""
        if self.incumbent is not None:
            weighed = self.scales.weigh(leaf, moves, self._closed)
            if self._closed(weighed.objective + ROUNDING * abs(weighed.objective)):
                self.least_dropped = min(self.least_dropped, weighed.objective)
                self._keep(weighed)
                return
        found = self._again(leaf)
        if found is None:
            self._keep(replace(leaf, objective=np.inf, multipliers=self._ray()))
            return
        if self.start is None:
            self.start = found.basis
        if leaf.multipliers is not None and np.isfinite(leaf.objective) and not found.cut:
            moves.insert(0, self.live.lagrangian.signed(found.multipliers()) - leaf.multipliers)
        if self._drop(found.objective):
            self._keep_found(found, leaf.lower, leaf.upper)
        else:
            self._look_at(found, leaf.lower, leaf.upper, try_rounding=self.incumbent is None)

    def _retry(self, best: Leaf, least: Floats, most: Floats, moves: list[Floats]) -> None:
        """Hold the binaries as they were best, which gives a plan to compare with, and shows how far the multipliers of the best part have moved."""
        assert self.begin is not None
        if not self.begin.tries:
            return
        at = np.clip(np.round(self.begin.tries[0]), least, most)
        found = self._again(replace(best, lower=at, upper=at))
        self.tried.add(at.astype(bool).tobytes())
        if found is None:
            return
        self.start = found.basis
        self._take(found, at)
        if best.multipliers is not None and np.isfinite(best.objective):
            moves.append(self.live.lagrangian.signed(found.multipliers()) - best.multipliers)

    def _again(self, leaf: Leaf) -> Relaxed | None:
        """Solve a part once more: the first one from its own basis, if that is not far; the others from the basis of the first, which differs in bounds
        only, so that the dual method soon sees what is not worth looking into."""
        assert self.begin is not None
        if self.start is not None:
            return self._solve(leaf.lower, leaf.upper, self.start)
        return self._solve(leaf.lower, leaf.upper, leaf.basis or self.begin.basis, close=STEPS if self.begin.close else 0)

    def _ray(self) -> Floats | None:
        """Why the last part holds nothing, if that is to be remembered."""
        return self.live.ray() if self.remember else None

    def _keep(self, leaf: Leaf) -> None:
        if self.remember:
            self.leaves.append(leaf)

    def _look_at(self, found: Relaxed, lower: Floats, upper: Floats, try_rounding: bool) -> None:
        """Take an integral relaxation as incumbent, or queue it (after trying the nearest integral point).

        A binary within INTEGRALITY of 0 may still open the door to a large volume (its bound times 1e-7). If rounding it costs what the relaxation
        did not promise, the part is not done with: it is queued and branched on like any other.
        """
        at = found.x[self.columns]
        fraction = np.where(lower < upper, np.abs(at - np.round(at)), 0.0)
        integral = bool(fraction.max() <= INTEGRALITY)
        if fraction.max() == 0.0:
            self._take(found, np.round(at))
        elif integral or try_rounding:
            self._fix(np.round(at), found.basis)
        if self._drop(found.objective):
            self._keep_found(found, lower, upper)
            return
        kept = np.isfinite(self.value) and self.value - found.objective <= NEAR * max(1.0, abs(self.value))
        if integral and (kept or fraction.max() == 0.0):
            self.least_dropped = min(self.least_dropped, found.objective)
            self._keep_found(found, lower, upper)
            return
        lower, upper = self._tighten(found, at, lower, upper)
        multipliers = self._multipliers(found)
        heapq.heappush(self.open, _Node(found.objective, self.solves, lower, upper, at, found.basis, multipliers))
        self._tell()

    def _fix(self, at: Floats, basis: Any) -> None:
        """Solve with all binaries fixed; keep the result if it is better."""
        if (key := at.astype(bool).tobytes()) in self.tried:
            return
        found = self._solve(at, at, basis)
        self.tried.add(key)
        if found is not None:
            self._take(found, at)

    def _take(self, found: Relaxed, at: Floats) -> None:
        """Keep a solution whose binaries are whole, if it is better."""
        if found.objective < self.value and not found.cut:
            x = found.x.copy()
            x[self.columns] = at
            self.value, self.incumbent = float(self.problem.cost @ x) + self.problem.offset, x
            self._tell()

    def _tighten(self, found: Relaxed, at: Floats, lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
        if self.remember or not np.isfinite(self.value):  # what is cut off here would be nobody's part
            return lower, upper
        reduced, room = found.reduced()[self.columns], self.value - found.objective
        stay_low = (at <= INTEGRALITY) & (reduced > room)
        stay_high = (at >= 1 - INTEGRALITY) & (-reduced > room)
        return np.where(stay_high, 1.0, lower), np.where(stay_low, 0.0, upper)

    def _branch(self, node: _Node) -> None:
        self.bound = max(self.bound, node.bound)
        free = node.lower < node.upper
        fraction = np.where(free, np.abs(node.at - np.round(node.at)), -1.0)
        k = int(np.argmax(fraction))
        near = float(np.round(node.at[k]))
        pending = [near, 1.0 - near]
        while pending:
            lower, upper = node.lower.copy(), node.upper.copy()
            lower[k] = upper[k] = pending[0]
            try:
                found = self._solve(lower, upper, node.basis)
            except Interrupted:
                heapq.heappush(self.open, node)  # what was not looked at still counts in the bound
                raise
            pending.pop(0)
            if found is None:
                self._keep(Leaf(np.inf, lower, upper, node.basis, self._ray()))
            elif self._drop(found.objective):
                self._keep_found(found, lower, upper)
            else:
                try:
                    self._look_at(found, lower, upper, try_rounding=self.solves < 12 or self.solves % 8 == 0)
                except Interrupted:
                    heapq.heappush(self.open, node)
                    raise

    def _tell(self) -> None:
        if self.on_best is not None:
            self.on_best(self.value if self.incumbent is not None else None, self.bound if np.isfinite(self.bound) else None)

    def _hand_over(self) -> Answer:
        """Too many nodes for a search without cuts: HiGHS goes on from the incumbent; the better of the two bounds counts."""
        from optimizer.solve.highs import solve_problem

        proven = self._proven(False)
        left = max(self.deadline - time.monotonic(), 1.0)
        answer = solve_problem(self.problem, gap=self.gap, seconds=left, seed=self.seed, start=self.incumbent, on_best=self.on_best, stop=self.stop)
        if answer.x is not None:
            try:
                self._fix(np.round(answer.x[self.columns]), None)
            except Interrupted:  # no time to make it exact
                if answer.objective < self.value:
                    self.value, self.incumbent = answer.objective, answer.x
        bound, seconds = min(max(answer.bound, proven), self.value), self.live.seconds + answer.seconds
        closed = self.value - bound <= self._slack() + NEAR * max(1.0, abs(self.value))
        status = answer.status if self.incumbent is None else "optimal" if answer.status == "optimal" and closed else "feasible"
        return Answer(status, answer.stop_reason, self.incumbent, self.value, bound, self.solves + answer.nodes, seconds)


def search(
    problem: Problem,
    *,
    gap: float,
    seconds: float,
    seed: int = 0,
    on_best: OnBest | None = None,
    stop: threading.Event | None = None,
    guess: Guess | None = None,
    handover: Handover | None = None,
) -> Answer:
    """Solve a problem that `suits`, to a relative gap. The answer's status, bound and stop reason mean what they mean for HiGHS. With a `guess` at some
    columns, the relaxation begins where it ends with them held, and gives that basis to the `handover`; without, it begins with what that has."""
    return Search(problem, gap, seconds, seed, on_best, stop, guess, handover).run()
