"""The cheapest repair: how far which members must move so that a plan keeps them all.

    minimise sum_g theta_g   subject to   (A + sum_g theta_g dA_g) x <= b + sum_g theta_g db_g,   0 <= theta_g <= most_g,   x as before

Where a member moves a row's side only, theta_g is a column like any other. Where it moves coefficients (a share of what is bought), theta_g times
D(x) = db - dA x stands in the row: t replaces it, with t <= high D + D_min (theta - high) and t <= low D + D_max (theta - low) on a box
low <= theta <= high (McCormick). The box is split where t claims more than theta_g D(x), until the claim is true to within a tolerance: a spatial branch and
bound, exact for D that is binary.
References: McCormick (1976), Mathematical Programming 10; Chinneck (2008), Feasibility and Infeasibility in Optimization, chapter 6 (elastic programs).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count

import numpy as np

from models.errors import SolverFailure
from optimizer.conflict_elastic import Elastic
from optimizer.conflict_minimal import OutOfTime
from optimizer.conflict_program import FAR, Program, rows_of, widened
from optimizer.solve.extensive import solve
from optimizer.solve.highs import Answer, solve_problem
from optimizer.solve.problem import Problem
from scenarios.tree import Floats

CLOSE, ROUGH = 2e-3, 1e-2  # relative: how close to the cheapest the first repair is proven to be, and those beside it
LEAST = 1e-7  # a change below is none
BOXES = 150
MOST_SPANS = 12  # rows whose D(x) is bounded
MUCH = 0.8  # of the price: from there on it is worth bounding them again
SHORT = 0.995  # of the best known


@dataclass(frozen=True)
class Found:
    """The cheapest changes: theta by member, their price, and a bound that no changes of the same members can be below."""

    theta: dict[int, float]
    price: float
    bound: float

    @property
    def gap(self) -> float:
        """By how much, relative, a cheaper one could be cheaper."""
        return max(0.0, self.price - self.bound) / max(self.price, 1e-9)


@dataclass
class Repairer:
    """Finds the cheapest changes of some members."""

    elastic: Elastic
    left: Callable[[], float]
    seed: int
    solves: int = 0
    spans: dict[tuple[int, int], tuple[float, float]] = field(default_factory=dict)  # least and largest D(x) of a member's row

    def __post_init__(self) -> None:
        wide = widened(self.elastic)
        self.rows = [rows_of(self.elastic, wide, g) for g in range(len(self.elastic.members))]
        self.moving = {g for g, rows in enumerate(self.rows) if any(len(row.columns) for row in rows)}  # coefficients, not only sides

    def cheapest(self, allowed: frozenset[int], tolerance: float = CLOSE) -> Found | None:
        """The cheapest changes of `allowed` members; None where none is enough. Raises OutOfTime if there is not even a first look."""
        order, ticket = sorted(allowed), count()
        self.spans = {}
        best: Found | None = None
        heap = [(0.0, next(ticket), dict.fromkeys(order, 0.0), {g: self._most(g) for g in order})]
        try:
            for _ in range(BOXES):
                if not heap or (best is not None and heap[0][0] >= best.price * (1.0 - tolerance)):
                    break
                _, _, low, high = heapq.heappop(heap)
                high = high if best is None else {g: min(top, best.price) if g in self.moving else top for g, top in high.items()}  # nobody pays more
                look = self._look(order, low, high)
                if look is None:
                    continue
                claimed, true, bound = look
                before, best = best, _better(best, true)
                doubtful = [g for g in order if g in self.moving and true[g] - claimed[g] > LEAST and high[g] - low[g] > 1e-9]
                if not doubtful or (best is not None and bound >= best.price * (1.0 - tolerance)):
                    continue
                corner = self._look(order, {g: high[g] if g in self.moving else x for g, x in low.items()}, high)
                best = best if corner is None else _better(best, corner[1])
                if best is not None and (before is None or best.price < MUCH * before.price):
                    self._span(order, best.price)
                g = max(doubtful, key=lambda g: min(true[g], high[g]) - claimed[g])
                at = _between(claimed[g], min(true[g], high[g]), low[g], high[g], 0.0 if best is None else best.theta.get(g, 0.0))
                heapq.heappush(heap, (bound, next(ticket), low, {**high, g: at}))
                heapq.heappush(heap, (bound, next(ticket), {**low, g: at}, high))
        except OutOfTime:
            if best is None:
                raise
            return replace(best, bound=min([0.0, *(x[0] for x in heap)]))
        return None if best is None else replace(best, bound=min([best.price, *(x[0] for x in heap)]))

    def _most(self, g: int) -> float:
        """How far a member may move; where coefficients move with it, no farther than its products can be bounded well."""
        return min(self.elastic.members[g].most, FAR) if g in self.moving else self.elastic.members[g].most

    def _span(self, order: list[int], price: float) -> None:
        """Bound D(x) of every row whose coefficients move over all changes that cost at most `price`, integers taken as numbers."""
        high = {g: min(self._most(g), price) if g in self.moving else self._most(g) for g in order}
        rows = [(g, row) for g in order if g in self.moving for row in self.rows[g] if len(row.columns) > 1][:MOST_SPANS]
        for g, row in rows:
            ends = []
            for sign in (1.0, -1.0):
                if self.left() <= 0:
                    raise OutOfTime
                self.solves += 1
                program, column, unit = self._program(order, dict.fromkeys(order, 0.0), high)
                program.row([(column[h], unit[h]) for h in order], price)
                whole = program.problem()
                cost = np.zeros(len(whole.cost))
                cost[row.columns] = sign * row.terms
                answer = solve_problem(replace(whole, cost=cost, integer=np.zeros_like(whole.integer)), seconds=self.left(), seed=self.seed)
                if answer.x is None:
                    return
                ends.append(row.constant - sign * answer.bound)
            slack = 1e-6 * max(1.0, abs(ends[0]))
            self.spans[g, row.index] = max(ends[1] - slack, 0.0), ends[0] + slack

    def _look(self, order: list[int], low: dict[int, float], high: dict[int, float]) -> tuple[dict[int, float], dict[int, float], float] | None:
        """The cheapest changes in a box as the relaxation claims them, as they truly are for its volumes, and the relaxation's bound."""
        if self.left() <= 0:
            raise OutOfTime
        self.solves += 1
        program, column, unit = self._program(order, low, high)
        answer = self._answer(program.problem())
        if answer.x is None:
            if answer.status != "infeasible":
                raise OutOfTime
            return None
        x = answer.x[: len(self.elastic.problem.cost)]
        claimed = {g: float(answer.x[column[g]]) * unit[g] for g in order}
        true = {g: self._true(g, x, claimed[g]) for g in order}
        return claimed, true, float(min(answer.bound, answer.objective))

    def _answer(self, problem: Problem) -> Answer:
        """The cheapest as the solver says, asked once more in another way where its bound is convicted of being wrong. Raises OutOfTime if it is again."""
        for seed in (self.seed, self.seed + 1):
            try:
                return solve(problem, gap=1e-6, seconds=max(self.left(), 0.01), seed=seed)
            except SolverFailure:
                continue
        raise OutOfTime

    def _program(self, order: list[int], low: dict[int, float], high: dict[int, float]) -> tuple[Program, dict[int, int], dict[int, float]]:
        program = Program(self.elastic.problem)
        column: dict[int, int] = {}
        unit: dict[int, float] = {}
        bounds = program.base.upper.copy()
        for g in order:
            member, move = self.elastic.members[g], self.elastic.moves[g]
            unit[g] = 1.0 / member.scale if member.whole else 1.0
            whole = member.whole or not member.way
            column[g] = program.column(unit[g], low[g] / unit[g], round(high[g] / unit[g]) if whole else high[g], whole)
            for row in self.rows[g]:
                if not len(row.columns):
                    program.triplets.append((row.index, column[g], -row.sign * row.constant * unit[g]))
                    continue
                least, most = self.spans.get((g, row.index), (0.0, row.most))
                t = program.column(0.0, 0.0, max(high[g] * most, 0.0))
                program.triplets.append((row.index, t, -row.sign))
                terms = list(zip(row.columns.tolist(), row.terms.tolist(), strict=True))
                for end, theta in ((least, high[g]), (most, low[g])):  # t <= theta D + end (theta_g - theta)
                    program.row([(t, 1.0), *((j, theta * c) for j, c in terms), (column[g], -end)], theta * (row.constant - end))
            for j in np.flatnonzero(move.bound).tolist():
                program.row([(j, 1.0), (column[g], -move.bound[j])], float(self.elastic.problem.upper[j]))
                bounds[j] += move.bound[j] * high[g]
        program.base = replace(program.base, upper=bounds)
        return program, column, unit

    def _true(self, g: int, x: Floats, claimed: float) -> float:
        """The theta that these volumes need."""
        if g not in self.moving:
            return claimed
        problem, needed = self.elastic.problem, 0.0
        for row in self.rows[g]:
            side = problem.row_upper[row.index] if row.sign > 0 else problem.row_lower[row.index]
            matrix_row = problem.matrix[row.index]
            over = row.sign * (float(matrix_row.data @ x[matrix_row.indices]) - side)
            scale = max(1.0, abs(side), float(np.abs(matrix_row.data * x[matrix_row.indices]).max(initial=0.0)))
            if over > 1e-7 * scale:
                relief = row.relief(x)
                needed = max(needed, float(over / relief)) if relief > 1e-9 * scale else np.inf
        return needed if needed <= self.elastic.members[g].most + LEAST else np.inf


def _better(best: Found | None, true: dict[int, float]) -> Found | None:
    """The cheaper of what is known and what was just found."""
    price = sum(true.values())
    if not np.isfinite(price) or (best is not None and price >= best.price):
        return best
    return Found({g: theta for g, theta in true.items() if theta > LEAST}, price, 0.0)


def _between(claimed: float, true: float, low: float, high: float, best: float) -> float:
    """Where to split a box: little short of the best known, because mostly nothing less is enough, or halfway to what is true; never at its edge."""
    width = high - low
    if low + 0.02 * width < SHORT * best < high - 1e-3 * width:
        return SHORT * best
    return min(max(0.5 * (claimed + true), low + 0.1 * width), high - 0.1 * width)
