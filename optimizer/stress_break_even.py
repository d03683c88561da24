"""How likely a group of futures must become before the award, the set of offers signed now, changes.

The group A has the probability w, everything within it and outside it in proportion to what was given:

    prob_l(w) = w prob_l / prob(A) in A,  (1 - w) prob_l / (1 - prob(A)) outside      V(w) = min over first stages x of rho_w(cost of x)

The award S of w = prob(A) stays best where V_S(w), the best with S signed and nothing else, is V(w). Only where another award is found is V_S solved
as well: if they are the same within the gap, the award has not changed. Between the nearest w with and without a change, (a, b), the costs per future
of all first stages known say without a solve where those with the award and those with another cross, w'. The award is solved for a little above w'
and a little below, until (a, b) is narrower than TOLERANCE. Where the crossing does not at least halve it, the middle is taken. What the gaps leave
open is added: the part of the curves on which the best first stages known with and without the award differ by no more than the gaps.

With no risk aversion rho_w(cost of x) is linear in w and V concave: between two probabilities V lies above the chord of its bounds and V_S below both
first stages' lines. If these leave no more than the gaps, the award is best all the way between; otherwise it is solved where they leave most (the
breakpoint search of Eisner & Severance). That is what `proven` says.
Reference: Eisner & Severance (1976), Mathematical techniques for efficient record segmentation in large shared databases, JACM 23(4).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from models.rules import Force
from models.scenario import Scenario
from models.stress import BreakEven, Change, ValuePoint
from models.uncertainty import Futures
from optimizer.first_stage import award_of
from optimizer.stress_bench import Bench, Short
from optimizer.trial import Best
from scenarios.tree import Floats, Paths

ENDS = (0.001, 0.999)  # practically never, practically certain
TOLERANCE = 0.005  # width of the interval in which the award changes, gaps apart
REFINED = 4  # solves at most to prove that nothing happens in between
STEPS = 12  # of the search for one change
MOST_FUTURES = 12  # given futures that are groups of their own


@dataclass(frozen=True)
class Group:
    """Futures whose probability is varied."""

    id: str
    text: str
    members: Any  # [F] mask


@dataclass(frozen=True)
class Probe:
    """The best plan at one probability."""

    at: float
    objective: float
    bound: float
    award: tuple[str, ...]
    cost: Floats  # [F] under it
    kept: Floats | None  # [F] under the best plan with the first award, None where that is worse

    @property
    def same(self) -> bool:
        """Whether the first award is (still) a best one."""
        return self.kept is not None


def groups_of(scenario: Scenario, paths: Paths) -> tuple[list[Group], str]:
    """What can become more likely, and a word about what can't."""
    chosen = scenario.stress.groups if scenario.stress is not None else ()
    if chosen:
        return [Group(x.id, x.name or f"one of the futures {', '.join(x.futures)} comes true", np.isin(paths.ids, x.futures)) for x in chosen], ""
    if paths.regime is not None and paths.regimes:
        return _regimes(paths)
    if paths.count < 2:
        return [], "There is only one future, so no probability to vary."
    if isinstance(scenario.uncertainty, Futures) and paths.count <= MOST_FUTURES:
        return [Group(name, f"future '{name}' comes true", np.arange(paths.count) == f) for f, name in enumerate(paths.ids)], ""
    return [], f"With {paths.count:,} futures and no market regimes, name `stress.groups` to see how likely they must become."


def _regimes(paths: Paths) -> tuple[list[Group], str]:
    assert paths.regime is not None
    found, skipped = [], []
    for r, name in enumerate(paths.regimes):
        visits = (paths.regime == r).any(axis=1)
        mostly = (paths.regime == r).mean(axis=1) > 0.5
        if 0 < visits.sum() < paths.count:
            found.append(Group(name, f"the market is in regime '{name}' in at least one period", visits))
        elif 0 < mostly.sum() < paths.count:
            found.append(Group(name, f"the market is in regime '{name}' in most periods", mostly))
        else:
            skipped.append(name)
    return found, f"Every future is alike in regard to: {', '.join(skipped)}." if skipped else ""


def weighted(paths: Paths, members: Any, share: float) -> Paths:
    """The futures with the probability `share` on `members`, all else in proportion."""
    p = paths.probability
    inside = float(p[members].sum())
    return replace(paths, probability=np.where(members, p * share / inside, p * (1.0 - share) / (1.0 - inside)))


def break_even(bench: Bench, group: Group, start: Probe) -> BreakEven:
    """Where the award changes as `group` becomes more or less likely; `start` is the best plan for the probabilities as given."""
    given = float(bench.paths.probability[group.members].sum())
    search = _Search(bench, group, replace(start, at=given))
    proven = False
    try:
        for end in ENDS:
            search.probe(end)
        search.look_between()
    except Short:
        search.cut = True
    changes = [search.change(up=up) for up in (True, False)]
    try:
        proven = not search.cut and search.look_between()
    except Short:
        search.cut = True
    return BreakEven(
        group=group.id,
        text=group.text,
        probability=given,
        rises_to=changes[0],
        falls_to=changes[1],
        values=tuple(ValuePoint(probability=x.at, objective=x.objective, bound=x.bound, award=x.award) for x in search.points),
        proven=proven,
        complete=not search.cut,
    )


def first_probe(bench: Bench) -> Probe | None:
    """The best plan for the probabilities as given; None where no plan keeps the hard rules."""
    best = bench.best(bench.paths)
    return None if best is None else Probe(0.0, best.objective, best.bound, award_of(bench.scenario, best.first), best.cost, best.cost)


class _Search:
    """Probabilities tried so far, in order."""

    def __init__(self, bench: Bench, group: Group, start: Probe) -> None:
        self.bench, self.group, self.start, self.points = bench, group, start, [start]
        self.held = _held(bench.scenario, start.award)
        self.cut = False  # there was no time for all
        self.linear = bench.scenario.risk.weight == 0.0 and bench.scenario.risk.radius == 0.0

    def probe(self, at: float) -> Probe:
        """Solve at one probability."""
        paths = weighted(self.bench.paths, self.group.members, at)
        best = self.bench.best(paths)
        if best is None:  # a hard rule on average can't be kept with these probabilities: there is nothing to compare
            raise Short
        award = award_of(self.bench.scenario, best.first)
        kept = best if award == self.start.award else self.bench.best(paths, self.held)
        if kept is not None and not self._as_good(kept, best):
            kept = None
        found = Probe(at, best.objective, best.bound, award, best.cost, None if kept is None else kept.cost)
        self.points = sorted([*self.points, found], key=lambda x: x.at)
        return found

    def _as_good(self, kept: Best, best: Best) -> bool:
        """Whether a plan has the first award, volumes included, and costs no more than the best."""
        return award_of(self.bench.scenario, kept.first) == self.start.award and kept.objective - best.objective <= self._gap(best.objective)

    def look_between(self) -> bool:
        """Look for changes between probabilities at which nothing has changed; True if what there may be is within the gaps."""
        if not self.linear:
            middles = [0.5 * (one.at + other.at) for one, other in pairwise(self.points) if one.same and other.same]
            for at in middles if len(self.points) <= len(ENDS) + 1 else ():
                self.probe(at)
            return False
        for _ in range(REFINED):
            most, at = max((self._doubt(one, other) for one, other in pairwise(self.points) if one.same and other.same), default=(0.0, 0.0))
            if most <= 2.0 * self._gap(self.start.objective):
                return True
            self.probe(at)
        return False

    def _doubt(self, one: Probe, other: Probe) -> tuple[float, float]:
        """By how much the first award may at most be worse than the best between two probabilities, and where that is."""
        plans = [x.kept for x in (one, other) if x.kept is not None]
        lines = np.array([[self._value(cost, at) for at in (one.at, other.at)] for cost in plans])  # [plan, end]
        apart = lines[0] - lines[1]
        share = float(np.clip(apart[0] / (apart[0] - apart[1]), 0.0, 1.0)) if apart[0] != apart[1] else 0.5
        upper = float((lines[:, 0] + share * (lines[:, 1] - lines[:, 0])).min())
        return upper - (one.bound + share * (other.bound - one.bound)), one.at + share * (other.at - one.at)

    def change(self, *, up: bool) -> Change | None:
        """The nearest change above (or below) the given probability."""
        found = self._nearest(up)
        if found is None:
            return None
        try:
            found = self._narrowed(*found)
        except Short:  # the interval found so far has to do
            self.cut = True
            found = self._nearest(up) or found
        inside, outside = found
        return self._between(inside, outside, ENDS[1] if up else ENDS[0])

    def _nearest(self, up: bool) -> tuple[Probe, Probe] | None:
        """The last probability without a change and the first with one, above or below the given one; None where there is no change."""
        side = [x for x in self.points if (x.at >= self.start.at if up else x.at <= self.start.at)]
        side = side if up else side[::-1]
        first = next((i for i, x in enumerate(side) if not x.same), None)
        return None if first is None else (side[first - 1], side[first])

    def _narrowed(self, inside: Probe, outside: Probe) -> tuple[Probe, Probe]:
        """Two probabilities as near as TOLERANCE, without and with a change. Raises Short."""
        for _ in range(STEPS):
            width = abs(outside.at - inside.at)
            if width <= TOLERANCE:
                break
            cross = self._crossing(0.0, inside.at, outside.at)
            step = float(np.sign(outside.at - inside.at)) * 0.4 * TOLERANCE
            for at in (cross + step, cross - step, None):
                middle = 0.5 * (inside.at + outside.at)
                at = middle if at is None and abs(outside.at - inside.at) > max(0.5 * width, TOLERANCE) else at
                if at is not None and min(inside.at, outside.at) < at < max(inside.at, outside.at):
                    x = self.probe(at)
                    inside, outside = (x, outside) if x.same else (inside, x)
        return inside, outside

    def _between(self, inside: Probe, outside: Probe, end: float) -> Change:
        """The change between two probabilities, with what the gaps leave open on both sides."""
        cross = self._crossing(0.0, self.start.at, outside.at)
        open_ = (inside.objective - inside.bound) + (outside.objective - outside.bound)
        near, far = self._crossing(-open_, self.start.at, cross), self._crossing(open_, cross, end)
        ends = sorted((inside.at, outside.at, near, far))
        return Change(probability=cross, low=ends[0], high=ends[-1], award=outside.award)

    def _crossing(self, level: float, start: float, end: float) -> float:
        """Where the best plan known with the first award begins to cost `level` more than the best known with another, from `start` to `end`."""
        kept = [x.kept for x in self.points if x.kept is not None]
        others = [x.cost for x in self.points if x.award != self.start.award]
        for _ in range(50):
            middle = 0.5 * (start + end)
            above = min(self._value(x, middle) for x in kept) - min(self._value(x, middle) for x in others) > level
            start, end = (start, middle) if above else (middle, end)
        return end

    def _value(self, cost: Floats, at: float) -> float:
        """The objective of costs per future at a probability of the group."""
        return self.bench.worth(cost, weighted(self.bench.paths, self.group.members, at).probability)

    def _gap(self, objective: float) -> float:
        """What two objectives may differ by and still be the same for the solver."""
        return self.bench.settings.gap * abs(objective) + 1e-9 * max(1.0, abs(objective))


def _held(scenario: Scenario, award: tuple[str, ...]) -> Scenario:
    """The scenario with this award and no other."""
    forced = tuple(Force(kind="force", offer=x.id, signed=x.id in award) for x in scenario.offers if x.sign == "now")
    return scenario.model_copy(update={"rules": (*scenario.rules, *forced)})
