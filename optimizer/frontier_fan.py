"""The frontier of a fan of futures: looks at all futures, one tree and one pool of cuts for all levels, plans blended from all that has been found.

1. Trace the frontier of a sample of the futures first, roughly; look at its plans with all futures, in order along the curve.
2. The tree proposes a plan, which is as good as any according to the cuts. The blend of what looks have found with the same integers is what is certain.
   Where both nearly agree, the blend is the plan; otherwise the next look is taken between them, which makes cuts and blends better at once (in-out, as in
   `solve.decomposition`).
Nothing random and nothing that depends on time or threads, unless the clock or the caller cuts it short.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from optimizer.frontier_blend import EXACT, Blender
from optimizer.frontier_curve import Curve, Tried, picked
from optimizer.frontier_master import CvarKnowledge, Master, Settled, ShortageKnowledge
from optimizer.frontier_program import Aim, Unit
from optimizer.frontier_risk import DEAREST, Risk
from optimizer.frontier_risk import cvar_risk as cvar_risk
from optimizer.frontier_risk import shortage_risk as shortage_risk
from optimizer.frontier_search import trace
from optimizer.frontier_tree import CHEAPEST, ROUNDING, Tree
from optimizer.solve.highs import Interrupted
from optimizer.solve.lending import POINTS, lent, spread
from optimizer.solve.parts import separate
from optimizer.solve.recourse import FanRecourse, Pass
from scenarios.tree import Floats, Ints

HALF = 0.5
STEP = 0.6  # of the way from the blend to the proposal
SAMPLE = 40  # futures in the sample that the search starts from, or one in SAMPLED of them
SAMPLED = 12
SAMPLE_GAP = 5e-3
SAMPLE_POINTS = 5
LOOSE = 3.0  # times the gap: how well the relaxed frontier is known before plans are proposed
AGREED = 0.95  # of the gap: a blend so near what can be hoped for is a plan without a look
BETTER = 0.02  # of the gap: a plan that is not better by more is none
MOST_LOOKS = 2_000
PATIENCE = 5  # looks that change nothing
ROWS_KEPT = 1e-7  # relative; the solver's tolerance


class FanSearch:
    """A search for `frontier_search.trace`. `gap` is what the trace will prove."""

    def __init__(self, risk: Risk, gap: float, *, threads: int, seed: int, deadline: float = np.inf, stop: threading.Event | None = None) -> None:
        self.risk, self.fan, self.gap, self.threads, self.seed = risk, risk.fan, gap, threads, seed
        self.deadline, self.stop = deadline, stop
        self.parts = separate(self.fan)
        knowledge = CvarKnowledge(self.fan, self.parts, risk.tail) if risk.weights is None else ShortageKnowledge(self.parts, risk.priced)
        self.master = Master(self.fan, self.parts, knowledge, 0.1 * gap, self._check, seed)
        self.tree = Tree(self.master, risk.safest)
        self.blender = Blender(self.fan, self.parts, risk.tail if risk.weights is None else None)
        self.recourse = FanRecourse(self.fan, threads, seed)
        self._curve = Curve(risk.mixed, 0.02 * gap)
        self._seen: list[tuple[Floats, tuple[float, float]]] = []  # points looked at and their figures
        self._moved: dict[tuple[Aim, float, bool], tuple[float, float]] = {}  # best blend and bound of a question when it was last looked into
        self._wanted: set[bytes] = set()  # integers of proposals that nothing could be blended for
        self._bases: list[list[Any]] = []  # where those looks ended
        self._lendable: list[tuple[Floats, Floats]] = []  # points looked at, and the multipliers of all futures there

    @property
    def curve(self) -> Curve:
        return self._curve

    @property
    def shortage(self) -> bool:
        """Whether the second figure is expected shortage."""
        return self.risk.weights is not None

    @property
    def steps(self) -> int:
        """Looks so far."""
        return self.recourse.passes

    def begin(self) -> None:
        middle: Aim = (HALF, HALF) if self.risk.weights is None else (1.0, self.risk.price / DEAREST)
        if self.fan.count >= 3 * SAMPLE:
            self._look_at_sample()
        else:
            self._look(self.fan.lower + np.where(self.fan.integer, 1.0, 0.6) * (self.fan.upper - self.fan.lower), self._price(middle))
        for aim in (middle, CHEAPEST, self.risk.safest):
            if not self._close_in(aim, np.inf):
                return
        self._reach(CHEAPEST, lambda goal, enough: self.tree.cheapest(np.inf, goal, enough))
        self._reach(self.risk.safest, self.tree.other_end)

    def bound(self, level: float) -> float:
        return self.tree.bound(level)

    def explore(self, level: float, goal: float, enough: float, price: float) -> None:  # noqa: ARG002
        self._close_in(CHEAPEST, level)
        found = self.tree.cheapest(level, goal, enough)
        if found is not None:
            reach = level + 10.0 * EXACT * abs(level)  # a blend knows its level to rounding, and must not be taken for better than itself
            known = min((spot.first for spot in self._curve.spots() if spot.second <= reach), default=np.inf)
            self._try(found, CHEAPEST, level, known)

    def answer(self, plan: Tried) -> Floats:
        """First stage and recourse of a tried plan, as `FanForm` keeps an answer."""
        self.recourse.reprice(self.risk.priced(plan.price).cost2)
        self._near(plan.x)
        columns, _ = self.recourse.values(plan.x)  # one look, however late it is
        return np.concatenate([plan.x, columns.ravel()])

    def _reach(self, aim: Aim, propose: Callable[[float, float], Settled | None]) -> None:
        """Try plans until one is proven to be best for an aim."""
        known: list[tuple[float, float]] = []
        for _ in range(MOST_LOOKS):
            best = min((self._value(aim, (x.first, x.second)) for x in self._curve.tried), default=np.inf)
            scale = abs(best) if np.isfinite(best) else abs(self._value(aim, self._seen[-1][1]))
            found = propose(best - self.gap * scale, 0.2 * self.gap * scale)
            known.append((best, np.inf if found is None else found.bound))
            if found is None or (self._curve.tried and _stalled(known)):
                return
            self._try(found, aim, np.inf, best)

    def _try(self, found: Settled, aim: Aim, level: float, known: float) -> None:
        """Try the best blend with the integers of a proposal, or look between them. `known`: value of the aim reached so far."""
        blend = self.blender.best(*self.master.box(found.x), aim, level)
        price = self._price(aim) if level == np.inf else min((blend or found).price, self.risk.price)
        if blend is None:
            self._look(self._towards(found.x, aim) if level == np.inf else found.x, price)
            return
        value, room = self._value(aim, (blend.first, blend.second)), self._room(found, level)
        if value - found.bound <= AGREED * room and value < known - BETTER * room and self._is_plan(blend.x):
            self._keep(blend.x, (blend.first, blend.second), blend.figures[0], blend.figures[2], blend.figures[3], price)
        else:
            self._look(blend.x + self._step((aim, level, True), value, found.bound, room) * (found.x - blend.x), price)

    def _towards(self, x: Floats, aim: Aim) -> Floats:
        """What to look at of a proposal that nothing can be blended for: half way from the best plan the first time, as it may be far off."""
        best = min(self._curve.tried, key=lambda plan: self._value(aim, (plan.first, plan.second)), default=None)
        integers = x[self.master.integers].tobytes()
        if best is None or integers in self._wanted:
            return x
        self._wanted.add(integers)
        return best.x + HALF * (x - best.x)

    def _room(self, found: Settled, level: float) -> float:
        """How far above its bound a plan may be and still be proven: by the gap, and by what a second figure less by the gap costs."""
        return self.gap * (abs(found.bound) + (found.price * abs(level) if np.isfinite(level) else 0.0))

    def _step(self, question: tuple[Aim, float, bool], value: float, bound: float, room: float) -> float:
        """How far to go to a proposal: all the way where the last look for the same question has moved neither the best blend nor the bound."""
        before, below = self._moved.get(question, (np.inf, -np.inf))
        self._moved[question] = value, bound
        return STEP if value < before - BETTER * room or bound > below + BETTER * room else 1.0

    def _close_in(self, aim: Aim, level: float) -> bool:
        """Cuts around the best fractional first stage for an aim, before plans are asked for. False if there is none."""
        known: list[tuple[float, float]] = []
        for _ in range(MOST_LOOKS):
            found = self.master.settle(self.fan.lower, self.fan.upper, aim, level)
            if found is None:
                return False
            blend = self.blender.best(self.fan.lower, self.fan.upper, aim, level)
            known.append((np.inf if blend is None else self._value(aim, (blend.first, blend.second)), found.bound))
            if known[-1][0] - found.bound <= LOOSE * self._room(found, level) or _stalled(known):
                break
            price = self._price(aim) if level == np.inf else min((blend or found).price, self.risk.price)
            step = self._step((aim, level, False), *known[-1], self._room(found, level))
            self._look(found.x if blend is None else blend.x + step * (found.x - blend.x), price)
        return True

    def _look(self, x: Floats, price: float) -> tuple[float, float]:
        """Look at every future at x, with the second figure at a price; the plan's figures, infinite where some future has no plan."""
        fan = self.risk.priced(price)
        self.recourse.reprice(fan.cost2)
        self._near(x)
        found = self.recourse.look(x, self.deadline, self.stop, wanted=True)
        known = float(np.abs(found.cost[found.feasible]).max(initial=1.0))
        unit = self._unit = Unit.fitting(known, self.risk.most or known)
        figures = (np.inf, np.inf)
        if found.feasible.all():
            parts = self._figures(found)
            cost, volume, unmet, carried = np.sum(parts, axis=0)
            cost = cost + float(self.fan.cost0 @ x) + self.fan.cost1.T @ x
            figures = (float(self.fan.probability @ cost), self.risk.figure(cost, volume))
            self.blender.add(x, parts, unit)
            if self._is_plan(x):
                self._keep(x, figures, cost, unmet, carried, price)
        if not price and found.feasible.all():
            self._lendable.append((x, found.multipliers))
        self._seen.append((x, figures))
        self._bases.append(self.recourse.bases())
        self.master.learn(found, x, price, unit)
        return figures

    def _figures(self, found: Pass) -> list[Floats]:
        """Cost, volume of the second figure, unmet and carried volume of each part. [P][4, F]"""
        fan, shortfall, weights = self.fan, self.risk.shortfall, self.risk.weights
        parts = []
        for p in range(len(self.parts)):
            mine = self.parts[p].columns
            z = found.columns[:, mine]
            cost = fan.money * (fan.cost2[:, mine] / fan.column_scale[mine] * z).sum(axis=1)
            volumes = [z @ (w[mine] if w is not None else np.zeros(len(mine))) for w in (weights, shortfall.unmet, shortfall.carried)]
            parts.append(np.array([cost, *volumes]))
        return parts

    def _keep(self, x: Floats, figures: tuple[float, float], cost: Floats, unmet: Floats, carried: Floats, price: float) -> None:
        key = np.round(x[self.master.integers]).astype(np.int64).tobytes()
        self._curve.tried.append(Tried(*figures, cost, unmet, carried, x, key, price))

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

    def _look_at_sample(self) -> None:
        """Look at the plans on the frontier of some of the futures, in order along the curve."""
        size = max(SAMPLE, self.fan.count // SAMPLED)
        chosen = np.linspace(0, self.fan.count - 1, size).round().astype(np.int64)
        some = self.risk.among(chosen)
        gap = max(SAMPLE_GAP, self.gap)
        smaller = FanSearch(some, gap, threads=self.threads, seed=self.seed, deadline=self.deadline, stop=self.stop)
        trace(smaller, SAMPLE_POINTS, gap, lambda *_: None)
        tried = smaller.curve.tried
        for spot in picked(smaller.curve.spots(), SAMPLE_POINTS):
            self._look(self.master.exact(spot.of(lambda plan: plan.x, tried)), tried[spot.one].price)
            self._borrow(smaller, chosen)
        if not self._seen:
            self._look(self.fan.lower, 0.0)

    def _borrow(self, smaller: FanSearch, chosen: Ints) -> None:
        """Once: cuts for all futures from the multipliers that the sample's looks ended with. Looks that priced the second figure lend none."""
        looks, smaller._lendable = smaller._lendable, []
        points = [looks[k][0] for k in spread(len(looks), POINTS)] if looks else []
        for x, found in zip(points, lent(self.fan, chosen, looks, self.seed, self.threads) if looks else (), strict=True):
            self.master.learn(found, x, 0.0, self._unit)

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


def _stalled(known: list[tuple[float, float]]) -> bool:
    """Whether neither the best value nor the bound has moved in several looks: rounding hides what is between them."""
    if len(known) <= PATIENCE:
        return False
    (value, bound), (before, below) = known[-1], known[-1 - PATIENCE]
    return not (value < before - ROUNDING * abs(before) if np.isfinite(before) else np.isfinite(value)) and bound <= below + ROUNDING * abs(below)
