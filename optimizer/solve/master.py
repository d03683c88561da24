"""The first stage of a decomposition: a small program whose cuts stand for all futures at once, searched by branch and bound.

Every pass leaves one cut per future, kept as plain arrays (the pool). Together they underestimate each future's cost, and with the weights q_f that the
objective gives to futures (expectation and CVaR), the objective:

    model(x) = sum_f q_f max_k (constant_kf + slope_kf x),     q = (1 - weight) prob + weight prob share / tail, share = part of f in the worst futures

The small program never sees the pool. It gets single rows from it, on demand: at a point, the cuts that are active and the weights that belong to them
add up to one row  theta >= sum_f q_f (constant_f + slope_f x),  which holds everywhere because q is one of the CVaR's weights (its dual
representation). So the program has as many columns as there are decisions now, a few hundred rows whatever the number of futures, and yet all the
strength of one cut per future and pass; what is slack is dropped, because the pool can make it again. The same goes for rows that forbid a first stage
which some future can't live with.
References: Rockafellar & Uryasev (2002), proposition 8; Birge & Louveaux (1988), A multicut algorithm for two-stage stochastic linear programs;
Wolf & Koberstein (2013), Dynamic sequencing and cut consolidation for the parallel hybrid-cut nested L-shaped method, EJOR 230(1).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from scipy import sparse

from optimizer.solve.cuts import Pass
from optimizer.solve.highs import CutProgram, LinearProgram
from optimizer.solve.pool import FEASIBILITY_ROWS, Measure, Pool
from scenarios.tree import Floats, Ints

__all__ = ["Master", "Measure", "Pool", "Proposal", "tidied"]

INTEGRALITY = 1e-6
MOST_CUTS = 150  # rows of the small program beyond which slack ones are dropped
MOST_INNER = 300  # rows from the pool at one point of the search
MOST_NODES = 20_000
FORBIDDEN = 1e-6  # by how much a row (largest entry 1) may be missed; more than the solver's tolerance
NOISE = 1e-13  # of what the first stage can move costs by: differences below it are rounding
FAINT = 1e-6  # of the same: costs are not measured on a finer scale
RESIZED = 64.0  # times as large or as small as thought may costs be


class Stage(Protocol):
    """The first stage: columns, their bounds and rows."""

    @property
    def cost0(self) -> Floats:
        """What the first stage costs whatever happens. [C1]"""

    @property
    def lower(self) -> Floats: ...

    @property
    def upper(self) -> Floats: ...

    @property
    def integer(self) -> Any: ...

    @property
    def master(self) -> Any:
        """Rows of the first stage. [R1, C1] csr"""

    @property
    def master_low(self) -> Floats: ...

    @property
    def master_high(self) -> Floats: ...


@dataclass(order=True)
class _Node:
    bound: float
    age: int
    lower: Floats = field(compare=False)
    upper: Floats = field(compare=False)
    x: Floats = field(compare=False)


@dataclass(frozen=True)
class Proposal:
    """What the first stage should look like, as far as the cuts know."""

    x: Floats
    value: float  # what the cuts say it costs
    bound: float  # no first stage costs less


def tidied(stage: Stage, x: Floats, free: Ints, cost: Floats) -> Floats:
    """A first stage whose columns `free`, which move nothing else but its own cost (violations of its rules, say), are as cheap as the rest allows.

    A point between two others can pay for violations that it does not need.
    """
    part = stage.master[:, free]
    rows = np.flatnonzero(np.diff(part.indptr))
    if not len(rows):
        return x
    rest = x.copy()
    rest[free] = 0.0
    used = stage.master[rows] @ rest
    low, high = stage.master_low[rows] - used, stage.master_high[rows] - used
    found = CutProgram(LinearProgram(cost[free], stage.lower[free], stage.upper[free], part[rows], low, high)).solve()
    if found is None:  # the rest lies beyond the rows by rounding
        return x
    rest[free] = np.clip(found[0], stage.lower[free], stage.upper[free])
    return rest


def _less(value: float, gap: float) -> float:
    """A value less its gap."""
    return value - gap * abs(value) if np.isfinite(value) else value


class Master:
    """See the module's text. `tolerance` is relative: how well the small program must know the pool."""

    def __init__(self, fan: Stage, measure: Measure, tolerance: float, floor: Pass, seed: int = 0, pool: Pool | None = None) -> None:
        self.fan, self.measure, self.tolerance = fan, measure, tolerance
        self.pool = Pool() if pool is None else pool
        if pool is None:
            self.pool.add(floor)
        reach = np.where(np.isfinite(fan.upper), np.maximum(np.abs(fan.upper), np.abs(fan.lower)), 1.0)
        self.scale = np.where(fan.integer, 1.0, np.exp2(np.round(np.log2(np.maximum(reach, 1e-6)))))
        self.money, self.reach, self.seed = 1.0, 0.0, seed
        self.program: CutProgram | None = None
        self.integers = np.flatnonzero(fan.integer)
        self.nodes = 0
        self.proposed: Floats | None = None  # by the last search; its integers are likely to be good still

    @property
    def noise(self) -> float:
        """Differences of costs below this are rounding."""
        return NOISE * self.reach

    def learn(self, found: Pass, x: Floats) -> None:
        """Take in the cuts of a pass at x."""
        self.pool.add(found)
        self.pool.forbid(found, x)
        size = self._size(found)
        if self.program is None or (size > 0 and not self.money / RESIZED <= size <= self.money * RESIZED):
            self.money = float(np.exp2(np.round(np.log2(size)))) if size > 0 else 1.0
            self.program = self._declared()
        constant, slope, _ = self.pool.row(x, self.measure)
        self._add(constant, slope)

    def _size(self, found: Pass) -> float:
        """Size of the costs that a pass has seen; 0 if it has seen none. The mean, because the objective is one: it counts what is rare for little."""
        known = found.feasible
        weights = self.measure.probability[known]
        if not weights.sum() > 0:
            return 0.0
        mean = float(weights @ np.abs(found.cost[known]) / weights.sum())
        self.reach = max(self.reach, float(weights @ (np.abs(found.slope[known]) @ self.scale) / weights.sum()))
        return max(mean, abs(self.measure.of(found.cost)) if known.all() else 0.0, FAINT * self.reach)

    def relaxed(self) -> Proposal | None:
        """The best fractional first stage; None if there is none."""
        found = self._settle(self.fan.lower, self.fan.upper, np.inf)
        if found is None:
            return None
        return Proposal(found[0], found[2], found[1])

    def integral(self, cutoff: float, gap: float, interrupted: Callable[[], bool]) -> Proposal | None:
        """The best first stage that is cheaper than `cutoff`, by best-first branch and bound to a relative gap; None if there is none.

        The bound is proven even when the search is interrupted.
        """
        fan, best = self.fan, Proposal(np.zeros(0), cutoff, -np.inf)
        root = self._settle(fan.lower, fan.upper, np.inf)
        if root is None:
            return None
        queue = [_Node(root[1], 0, fan.lower, fan.upper, root[0])]
        dropped, age = np.inf, 0
        best = self._rounded(root[0], best, fan.lower, fan.upper)
        if self.proposed is not None:
            best = self._rounded(self.proposed, best, fan.lower, fan.upper)
        while queue and queue[0].bound < _less(best.value, gap) and not interrupted() and age < MOST_NODES:
            node = heapq.heappop(queue)
            k = self._fractional(node.x)
            if k < 0:
                if (value := self._value(node.x)) < best.value:
                    best = Proposal(node.x, value, -np.inf)
                dropped = min(dropped, node.bound)
                continue
            for side in (round(node.x[k]), 1 - round(node.x[k])):
                lower, upper = node.lower.copy(), node.upper.copy()
                lower[k] = upper[k] = float(side)
                age += 1
                found = self._settle(lower, upper, _less(best.value, gap))
                if found is None:
                    continue
                x, bound, _ = found
                if bound >= _less(best.value, gap):
                    dropped = min(dropped, bound)
                    continue
                heapq.heappush(queue, _Node(max(bound, node.bound), age, lower, upper, x))
                if age < 12 or age % 16 == 0:
                    best = self._rounded(x, best, lower, upper)
        self.nodes += age
        if len(best.x):
            self.proposed = best.x
        bound = min([node.bound for node in queue] + [dropped, best.value])
        return Proposal(best.x, best.value, bound)

    def fixed(self, x: Floats) -> Proposal | None:
        """The best first stage with the integers of x."""
        lower, upper = self.fan.lower.copy(), self.fan.upper.copy()
        lower[self.integers] = upper[self.integers] = np.round(x[self.integers])
        found = self._settle(lower, upper, np.inf)
        return None if found is None else Proposal(self._exact(found[0]), found[2], found[1])

    def _rounded(self, x: Floats, best: Proposal, lower: Floats, upper: Floats) -> Proposal:
        """The best of what is known and the point with its integers rounded."""
        low, high = lower.copy(), upper.copy()
        low[self.integers] = high[self.integers] = np.round(x[self.integers])
        found = self._settle(low, high, best.value)
        if found is None or found[2] >= best.value:
            return best
        return Proposal(self._exact(found[0]), found[2], -np.inf)

    def _exact(self, x: Floats) -> Floats:
        """Integers rounded (they lie within the solver's tolerance of whole numbers), everything within its bounds."""
        x = np.clip(x, self.fan.lower, self.fan.upper)
        x[self.integers] = np.round(x[self.integers])
        return x

    def _fractional(self, x: Floats) -> int:
        """The most fractional integer column, -1 if there is none."""
        if not len(self.integers):
            return -1
        away = np.abs(x[self.integers] - np.round(x[self.integers]))
        return int(self.integers[away.argmax()]) if away.max() > INTEGRALITY else -1

    def _value(self, x: Floats) -> float:
        return float(self.fan.cost0 @ x) + self.pool.row(x, self.measure)[2]

    def _settle(self, lower: Floats, upper: Floats, cutoff: float) -> tuple[Floats, float, float] | None:
        """Solve between bounds, with rows from the pool until the small program knows it: (x, bound, value by the pool). None if infeasible.

        Ends as soon as the bound reaches `cutoff`.
        """
        assert self.program is not None
        self._prune()
        if self._impossible(lower, upper):
            return None
        low, high = (np.append(side / self.scale, end) for side, end in ((lower, -np.inf), (upper, np.inf)))
        for _ in range(MOST_INNER):
            solved = self.program.solve(low, high)
            if solved is None:
                return None
            x, bound = np.clip(solved[0][:-1] * self.scale, lower, upper), solved[1] * self.money
            constant, slope, value = self.pool.row(x, self.measure)
            value += float(self.fan.cost0 @ x)
            forbidden = self._forbidden(x)
            if bound >= cutoff or (not len(forbidden) and value - bound <= max(self.tolerance * abs(value), self.noise)):
                break
            for row, least in forbidden:
                self.program.add(np.append(row, 0.0), least)
            self._add(constant, slope)
        return x, bound, value

    def _add(self, constant: float, slope: Floats) -> None:
        assert self.program is not None
        self.program.add(np.append(-slope * self.scale / self.money, 1.0), constant / self.money)

    def _forbidden(self, x: Floats) -> list[tuple[Floats, float]]:
        """Rows of the pool that forbid x, worst first: row x >= least in the small program's units."""
        found: list[tuple[float, Floats, float]] = []
        for constants, slopes in self.pool.forbidding:
            rows = -slopes * self.scale
            size = np.abs(rows).max(axis=1, initial=0.0)
            missed = np.divide(constants + slopes @ x, size, out=np.zeros_like(size), where=size > 0)
            found += [(float(missed[k]), rows[k] / size[k], float(constants[k] / size[k])) for k in np.flatnonzero(missed > FORBIDDEN)]
        found.sort(key=lambda item: -item[0])
        return [(row, least) for _, row, least in found[:FEASIBILITY_ROWS]]

    def _impossible(self, lower: Floats, upper: Floats) -> bool:
        """Whether some future has no plan anywhere between bounds. Rows without entries, which a linear program can't hold, say so too."""
        for constants, slopes in self.pool.forbidding:
            low, high = slopes * lower, slopes * upper
            least, size = constants + np.minimum(low, high).sum(axis=1), np.abs(constants) + np.maximum(np.abs(low), np.abs(high)).sum(axis=1)
            if (least > FORBIDDEN * size).any():
                return True
        return False

    def _prune(self) -> None:
        assert self.program is not None
        if self.program.cuts > MOST_CUTS:
            self.program.drop(self.program.slack_cuts())

    def _declared(self) -> CutProgram:
        fan = self.fan
        rows = np.asarray((fan.master @ sparse.diags(self.scale)).todense()).reshape(len(fan.master_low), len(fan.cost0))
        size = np.maximum(np.abs(rows).max(axis=1, initial=0.0), 1e-12)
        return CutProgram(
            LinearProgram(
                cost=np.append(fan.cost0 * self.scale / self.money, 1.0),
                lower=np.append(fan.lower / self.scale, -np.inf),
                upper=np.append(fan.upper / self.scale, np.inf),
                matrix=sparse.csr_matrix(np.hstack([rows / size[:, None], np.zeros((len(size), 1))])),
                row_lower=fan.master_low / size,
                row_upper=fan.master_high / size,
            ),
            self.seed,
        )
