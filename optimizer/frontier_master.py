"""What looks at the futures have taught about both figures of a plan, and the small program that is taught only what it needs of it.

    CVaR        first >= E of the cuts, part by part; second >= sum_f q_f cut_f, with q the weights of the worst futures at some point: one of the
                CVaR's own weights, so that the cut holds everywhere (its dual representation)
    shortage    looks at which shortage costs `price` more a unit; each such look proves  a_p + price b_p >= E of its cuts

References: Rockafellar & Uryasev (2002), proposition 8; Wolf & Koberstein (2013), Dynamic sequencing and cut consolidation, EJOR 230(1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from optimizer.frontier_parts import Cuts, PartPool
from optimizer.frontier_program import Aim, Point, Program, Unit
from optimizer.solve.fan import Fan
from optimizer.solve.parts import Part
from optimizer.solve.recourse import Pass
from optimizer.tail import tail_shares
from scenarios.tree import Floats

MOST_INNER = 60  # rounds of cuts at one point of the search
FEASIBILITY_ROWS = 40  # of one look
INTEGRALITY = 1e-6


class Knowledge(Protocol):
    """What looks have taught."""

    @property
    def split(self) -> bool:
        """Whether the second figure is a sum over parts."""

    def learn(self, found: Pass, x: Floats, price: float) -> None:
        """Take in a look at x, at which the second figure costs `price` a unit."""

    def sharpen(self, program: Program, point: Point, slack: tuple[float, float], most: float, near: bool) -> tuple[float, float]:
        """Give the program the cuts that a point breaks by more than the slack, `most` for the second figure; by how much it breaks them."""


class CvarKnowledge:
    """Of expected cost and CVaR."""

    split = False

    def __init__(self, fan: Fan, parts: tuple[Part, ...], tail: float) -> None:
        self.fan, self.tail, self.pool = fan, tail, PartPool(fan, parts)

    def learn(self, found: Pass, x: Floats, price: float) -> None:  # noqa: ARG002
        self.pool.add(found, x)

    def sharpen(self, program: Program, point: Point, slack: tuple[float, float], most: float, near: bool) -> tuple[float, float]:
        fan, parts = self.fan, self.pool.parts
        cost, shares, best = self.pool.at(point.x, near)
        weights = tail_shares(cost, fan.probability, self.tail) * fan.probability
        weights /= weights.sum()
        now = float(fan.cost0 @ point.x)
        over = (now + float(fan.probability @ cost) - point.first, now + float(weights @ cost) - most)
        for p in range(len(parts)) if over[0] > slack[0] else ():
            if float(fan.probability @ shares[p]) - point.shares[p] > 0.25 * slack[0] / len(parts):
                program.cut_first(p, *best[p].added(fan.probability))
        if over[1] > slack[1]:
            program.cut_second(*self._tail_row(weights, best))
        return max(over[0], 0.0), max(over[1], 0.0)

    def _tail_row(self, weights: Floats, best: list[Cuts]) -> tuple[float, Floats]:
        constant, slope = 0.0, self.fan.cost0 + self.fan.cost1 @ weights
        for p, seen in enumerate(part.seen for part in self.pool.parts):
            part = best[p].added(weights)
            constant += part[0]
            slope[seen] += part[1]
        return constant, slope


class ShortageKnowledge:
    """Of expected cost and expected shortage, by price of shortage. `priced` makes the fan at which shortage costs so much more."""

    split = True

    def __init__(self, parts: tuple[Part, ...], priced: Callable[[float], Fan]) -> None:
        self.parts, self.priced, self.pools = parts, priced, dict[float, PartPool]()

    def learn(self, found: Pass, x: Floats, price: float) -> None:
        if price not in self.pools:
            self.pools[price] = PartPool(self.priced(price), self.parts)
        self.pools[price].add(found, x)

    def sharpen(self, program: Program, point: Point, slack: tuple[float, float], most: float, near: bool) -> tuple[float, float]:  # noqa: ARG002
        over = np.zeros(len(self.parts))
        for price, pool in self.pools.items():
            probability = pool.fan.probability
            _, shares, best = pool.at(point.x, near)
            for p in range(len(self.parts)):
                missing = float(probability @ shares[p]) - point.shares[p] - price * point.risks[p]
                over[p] = max(over[p], missing)
                if missing > slack[0] / len(self.parts):
                    program.cut_first(p, *best[p].added(probability), price)
        return float(over.sum()), 0.0


@dataclass(frozen=True)
class Settled:
    """A point of the search that the small program knows as well as the looks do."""

    x: Floats
    bound: float  # of the aim, proven
    value: float  # of the aim, as far as the looks know
    price: float


class Master:
    """The small program and what it is taught. `tolerance` is relative: how well it must know the looks."""

    def __init__(self, fan: Fan, parts: tuple[Part, ...], knowledge: Knowledge, tolerance: float, check: Callable[[], None], seed: int = 0) -> None:
        self.fan, self.parts, self.knowledge, self.tolerance, self.check, self.seed = fan, parts, knowledge, tolerance, check, seed
        self.integers = np.flatnonzero(fan.integer)
        self.lower, self.upper = fan.lower, fan.upper
        self.program: Program | None = None
        self.looks = 0

    def learn(self, found: Pass, x: Floats, price: float, unit: Unit) -> None:
        """Take in a look. Units are fixed by the first."""
        self.looks += 1
        self.knowledge.learn(found, x, price)
        if self.program is None:
            self.program = Program(self.fan, self.parts, unit, split=self.knowledge.split, seed=self.seed)
        missing = np.flatnonzero(~found.feasible)
        at = found.constant[missing] + found.slope[missing] @ x
        for f in missing[np.argsort(-at, kind="stable")[:FEASIBILITY_ROWS]]:
            self.program.forbid(float(found.constant[f]), found.slope[f])

    def settle(self, lower: Floats, upper: Floats, aim: Aim, level: float = np.inf, goal: float = np.inf) -> Settled | None:
        """Solve between bounds, with cuts until the program knows the looks or its bound reaches `goal`. None if there is no point."""
        assert self.program is not None
        near, found = True, None
        for _ in range(MOST_INNER):
            self.check()
            point = self.program.solve(lower, upper, aim, level)
            if point is None:
                return None
            found = Settled(point.x, point.bound, point.bound, point.price)
            if point.bound >= goal:
                break
            risk = level if np.isfinite(level) else point.second
            slack = (self.tolerance * abs(point.first), self.tolerance * abs(risk))
            most = point.second if aim[1] > 0 else max(level, point.second)
            over = self.knowledge.sharpen(self.program, point, slack, most, near)
            found = replace(found, value=point.bound + aim[0] * over[0] + aim[1] * over[1])
            if over[0] <= slack[0] and over[1] <= slack[1]:
                if not near:
                    break
                near = False
        return found

    def box(self, x: Floats) -> tuple[Floats, Floats]:
        """Bounds with the integers of x, rounded."""
        lower, upper = self.fan.lower.copy(), self.fan.upper.copy()
        lower[self.integers] = upper[self.integers] = np.round(x[self.integers])
        return lower, upper

    def exact(self, x: Floats) -> Floats:
        """Integers rounded (they lie within the solver's tolerance of whole numbers), everything within its bounds."""
        x = np.clip(x, self.fan.lower, self.fan.upper)
        x[self.integers] = np.round(x[self.integers])
        return x

    def fractional(self, x: Floats) -> int:
        """The most fractional integer column, -1 if there is none."""
        if not len(self.integers):
            return -1
        away = np.abs(x[self.integers] - np.round(x[self.integers]))
        return int(self.integers[away.argmax()]) if away.max() > INTEGRALITY else -1
