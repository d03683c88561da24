"""The frontier of a fan of futures, by cutting planes: looks at all futures, one tree for all levels, every cut used for all of them.

1. Start from the plan for a sample of the futures, halfway between cheap and safe; close in on both ends of the relaxed frontier (in-out, as in
   `solve.decomposition`), so that what follows starts from good cuts.
2. Plans are proposed by the tree and looked at; a look tells what the plan costs in every future, hence both its figures, and makes the cuts tight there.
Nothing random and nothing that depends on time or threads, unless the clock or the caller cuts it short.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optimizer.frontier_curve import Curve, Tried
from optimizer.frontier_master import CvarKnowledge, Master, ShortageKnowledge
from optimizer.frontier_parts import separate
from optimizer.frontier_program import Aim, Unit
from optimizer.frontier_tree import CHEAPEST, Tree
from optimizer.solve.decomposition import Decomposition
from optimizer.solve.fan import Fan, part_of
from optimizer.solve.highs import Interrupted
from optimizer.solve.master import Measure
from optimizer.solve.recourse import FanRecourse
from optimizer.solve.template import Template, parts_of
from optimizer.tail import tail_mean
from scenarios.tree import Floats

HALF = 0.5
SAMPLE = 40  # futures in the sample that the search starts from, or one in GROWTH of them
GROWTH = 8
LOOSE = 2.0  # times the gap: how well the relaxed ends are known before plans are proposed
MOST_LOOKS = 2_000
ROWS_KEPT = 1e-7  # relative; the solver's tolerance
DEAREST = 100.0  # times the highest penalty: what a unit of shortage costs at the safe end


@dataclass(frozen=True)
class Shortfall:
    """Volumes of unmet demand among the recourse columns. [C2]"""

    unmet: Floats
    carried: Floats  # what of it is asked for again

    @classmethod
    def of(cls, template: Template) -> Shortfall:
        """The columns of a template that hold unmet demand."""
        instance, recourse = template.instance, parts_of(template).recourse
        place = np.full(len(template.problem.cost), -1)
        place[recourse] = np.arange(len(recourse))
        unmet, carried, last = np.zeros(len(recourse)), np.zeros(len(recourse)), instance.tree.size - 1
        for (p, s, _, n), j in zip(*(x.tolist() for x in template.problem.keys["unmet"]), strict=True):
            if place[j] >= 0:
                unmet[place[j]] = 1.0
                carried[place[j]] = 0.0 if n == last else 1.0 - instance.shortage[p, s].lost
        return cls(unmet, carried)


@dataclass(frozen=True)
class Risk:
    """The second figure. `price`: per unit of it, at the safe end; 0 for the CVaR, whose safe end counts nothing else."""

    fan: Fan
    tail: float
    shortfall: Shortfall
    weights: Floats | None = None  # of the recourse columns in the figure, in their own units [C2]; None: the CVaR
    price: float = 0.0

    @property
    def safest(self) -> Aim:
        """What is minimised at the safe end."""
        return (0.0, 1.0) if self.weights is None else (1.0, self.price)

    @property
    def most(self) -> float:
        """Largest expected shortage; 0 for the CVaR."""
        return 0.0 if self.weights is None else float(self.fan.probability @ (self.fan.top @ (self.weights * self.fan.column_scale)))

    def priced(self, price: float) -> Fan:
        """The fan in which a unit of the figure costs so much more."""
        if self.weights is None or not price:
            return self.fan
        return replace(self.fan, cost2=self.fan.cost2 + price * self.weights * self.fan.column_scale / self.fan.money)

    def figure(self, cost: Floats, columns: Floats) -> float:
        """Of a plan with these costs and recourse columns."""
        if self.weights is None:
            return tail_mean(cost, self.fan.probability, self.tail)
        return float(self.fan.probability @ (columns @ self.weights))

    def mixed(self, one: Tried, other: Tried, share: float) -> float:
        """Of a mix of two plans."""
        if self.weights is not None:
            return (1.0 - share) * one.second + share * other.second
        return tail_mean((1.0 - share) * one.cost + share * other.cost, self.fan.probability, self.tail)


class FanSearch:
    """A search for `frontier_search.trace`. `gap` is what the trace will prove."""

    def __init__(self, risk: Risk, gap: float, *, threads: int, seed: int, deadline: float = np.inf, stop: threading.Event | None = None) -> None:
        self.risk, self.fan, self.gap, self.threads, self.seed = risk, risk.fan, gap, threads, seed
        self.deadline, self.stop = deadline, stop
        parts = separate(self.fan)
        knowledge = CvarKnowledge(self.fan, parts, risk.tail) if risk.weights is None else ShortageKnowledge(parts, risk.priced)
        self.master = Master(self.fan, parts, knowledge, 0.1 * gap, self._check, seed)
        self.tree = Tree(self.master, risk.safest)
        self.recourse = FanRecourse(self.fan, threads, seed)
        self._curve = Curve(risk.mixed, 0.02 * gap)
        self._seen: list[tuple[Floats, tuple[float, float]]] = []  # points looked at and their figures
        self._bases: list[list[Any]] = []  # where those looks ended

    @property
    def curve(self) -> Curve:
        return self._curve

    @property
    def steps(self) -> int:
        """Looks so far."""
        return self.recourse.passes

    def begin(self) -> None:
        middle: Aim = (HALF, HALF) if self.risk.weights is None else (1.0, self.risk.price / DEAREST)
        self._look(self._start(), self._price(middle))
        for aim in (middle, CHEAPEST, self.risk.safest):
            if not self._close_in(aim):
                return
        self._reach(CHEAPEST, lambda goal, enough: self.tree.cheapest(np.inf, goal, enough))
        self._reach(self.risk.safest, self.tree.other_end)

    def bound(self, level: float) -> float:
        return self.tree.bound(level)

    def explore(self, level: float, goal: float, enough: float, price: float) -> None:
        found = self.tree.cheapest(level, goal, enough)
        if found is not None:
            self._look(found, min(price, self.risk.price))

    def _reach(self, aim: Aim, propose: Callable[[float, float], Floats | None]) -> None:
        """Try plans until one is proven to be best for an aim."""
        for _ in range(MOST_LOOKS):
            best = min((aim[0] * x.first + aim[1] * x.second for x in self._curve.tried), default=np.inf)
            scale = abs(best) if np.isfinite(best) else abs(self._value(aim, self._seen[-1][1]))
            found = propose(best - self.gap * scale, 0.2 * self.gap * scale)
            if found is None:
                return
            self._look(found, self._price(aim))

    def _close_in(self, aim: Aim) -> bool:
        """Cuts around the best fractional first stage for an aim. False if there is none."""
        price = self._price(aim)
        feasible = [(self._value(aim, figures), k) for k, (x, figures) in enumerate(self._seen) if self._keeps_rows(x)]
        value, k = min(feasible, default=(np.inf, 0))
        best = self._seen[k][0]
        for _ in range(MOST_LOOKS):
            found = self.master.settle(self.fan.lower, self.fan.upper, aim)
            if found is None:
                return False
            if np.isfinite(value) and value - found.bound <= LOOSE * self.gap * abs(value):
                break
            point = best + HALF * (found.x - best) if np.isfinite(value) else found.x
            here = self._value(aim, self._look(point, price))
            if here < value:
                best, value = point, here
        return True

    def _look(self, x: Floats, price: float) -> tuple[float, float]:
        """Look at every future at x, with the second figure at a price; the plan's figures, infinite where some future has no plan."""
        fan = self.risk.priced(price)
        self.recourse.reprice(fan.cost2)
        self._near(x)
        found = self.recourse.look(x, self.deadline, self.stop, wanted=True)
        figures = (np.inf, np.inf)
        if found.feasible.all():
            dearer = 0.0 if self.risk.weights is None else price * (found.columns @ self.risk.weights)
            cost = found.cost - dearer + float(self.fan.cost0 @ x)
            figures = (float(self.fan.probability @ cost), self.risk.figure(cost, found.columns))
            if self._is_plan(x):
                shortfall = self.risk.shortfall
                key = np.round(x[self.master.integers]).astype(np.int64).tobytes()
                self._curve.tried.append(Tried(*figures, cost, found.columns @ shortfall.unmet, found.columns @ shortfall.carried, x, key, price))
        self._seen.append((x, figures))
        self._bases.append(self.recourse.bases())
        known = float(np.abs(found.cost[found.feasible]).max(initial=1.0))
        self.master.learn(found, x, price, Unit.fitting(known, self.risk.most or known))
        return figures

    def _near(self, x: Floats) -> None:
        """Start where the look nearest to x ended, which spares most of the way."""
        reach = np.maximum(self.fan.upper - self.fan.lower, 1e-9)
        away = [float((np.abs(point - x) / reach).sum()) for point, _ in self._seen]
        if away and (nearest := int(np.argmin(away))) < len(away) - 1:
            self.recourse.resume(self._bases[nearest])

    def _price(self, aim: Aim) -> float:
        return 0.0 if self.risk.weights is None else aim[1] / aim[0]

    def _value(self, aim: Aim, figures: tuple[float, float]) -> float:
        return sum(weight * figure for weight, figure in zip(aim, figures, strict=True) if weight)

    def _start(self) -> Floats:
        """A first stage that is good for some of the futures; for few futures, something in the middle."""
        fan = self.fan
        if fan.count < 3 * SAMPLE:
            return np.asarray(fan.lower + np.where(fan.integer, 1.0, 0.6) * (fan.upper - fan.lower))
        size = max(SAMPLE, fan.count // GROWTH)
        some = part_of(fan, np.linspace(0, fan.count - 1, size).round().astype(np.int64))
        weight = HALF if self.risk.weights is None else 0.0
        run = Decomposition(some, Measure(some.probability, weight, self.risk.tail), gap=max(10.0 * self.gap, 5e-3), threads=self.threads, seed=self.seed,
                            deadline=self.deadline, stop=self.stop)  # fmt: skip
        found = run.run()
        return found.x if found.x is not None else fan.lower

    def _is_plan(self, x: Floats) -> bool:
        """Whether x is integral and keeps the rows of the first stage."""
        whole = x[self.master.integers]
        return bool(np.abs(whole - np.round(whole)).max(initial=0.0) == 0.0) and self._keeps_rows(x)

    def _keeps_rows(self, x: Floats) -> bool:
        fan = self.fan
        activity, slack = fan.master @ x, ROWS_KEPT * np.maximum(1.0, abs(fan.master) @ np.abs(x))
        rows = (activity >= fan.master_low - slack).all() and (activity <= fan.master_high + slack).all()
        return bool(rows and (x >= fan.lower).all() and (x <= fan.upper).all())

    def _check(self) -> None:
        if self.stop is not None and self.stop.is_set():
            raise Interrupted("user")
        if time.monotonic() > self.deadline:
            raise Interrupted("time")


def cvar_risk(template: Template, fan: Fan) -> Risk:
    """The CVaR as second figure."""
    return Risk(fan, template.instance.risk_tail, Shortfall.of(template))


def shortage_risk(template: Template, fan: Fan) -> Risk:
    """Expected unmet volume as second figure, counted in every period it stays unmet."""
    shortfall = Shortfall.of(template)
    unmet = np.flatnonzero(shortfall.unmet)
    each = np.abs(fan.cost2[:, unmet]) * fan.money / fan.column_scale[unmet]
    dearest = float(each.max(initial=0.0)) or float(np.abs(fan.cost2 / fan.column_scale).max(initial=1.0)) * fan.money
    return Risk(fan, template.instance.risk_tail, shortfall, shortfall.unmet, DEAREST * dearest)
