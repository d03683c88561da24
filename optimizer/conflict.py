"""Why a scenario has no plan, and what would have to change.

Contradictions are looked for in one model with its members lifted or kept (`conflict_minimal`), repairs in the same model with members moved
(`conflict_repair`). Nothing of that is told before scenarios of its own say so: a contradiction is kept alone and then without each of its members, a repair
is made and solved.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from models.errors import Infeasible, OfftakeError
from models.infeasibility import Infeasibility, MinimalConflict, Repair
from models.options import SolveSettings, override
from models.scenario import Scenario
from optimizer.conflict_elastic import Elastic, make_elastic
from optimizer.conflict_members import Member, changed, members_of, patch_of
from optimizer.conflict_members import patched as _patched
from optimizer.conflict_minimal import Oracle, OutOfTime, conflicts_of
from optimizer.conflict_repair import CLOSE, ROUGH, Found, Repairer
from optimizer.conflict_words import change_of, conflict_sentence, member_of, repair_sentence, rounded
from optimizer.instance import build_instance
from optimizer.size import estimate_nonzeros
from optimizer.solve.choice import choose
from optimizer.solve.highs import Answer
from scenarios.tree import build_tree

WAIT, LARGE = 20.0, 200_000  # seconds, and nonzeros up to which a scenario without a plan is looked at in passing
MOST_CONFLICTS, MOST_REPAIRS = 5, 5
MOST_LOOKS = 40  # sets of members that repairs are looked for without
LAST_DIGIT = 3  # how often a repair is rounded further where rounding was not far enough


def analyse(
    scenario: Scenario, settings: SolveSettings, left: Callable[[], float], *, conflicts: int = MOST_CONFLICTS, repairs: int = MOST_REPAIRS
) -> Infeasibility:
    """Contradictions and repairs of a scenario without a plan, as many as are asked for and `left` (seconds) allows; notes say what is missing. A scenario
    with a plan has none of either."""
    began = time.monotonic()
    bench = Bench(scenario, settings, left, make_elastic(scenario, build_tree(scenario)))
    found = bench.conflicts(conflicts)
    mended = bench.repairs(repairs) if found else []
    return Infeasibility(
        scenario=scenario.name,
        currency=scenario.currency,
        conflicts=tuple(found),
        repairs=tuple(mended),
        notes=tuple(bench.notes),
        solves=bench.solves,
        seconds=round(time.monotonic() - began, 6),
    )


def told_more(error: Infeasible, scenario: Scenario, settings: SolveSettings, stop: threading.Event | None = None) -> Infeasible:
    """The error with what there is to find out while somebody waits; unchanged where the model is large, or nothing is found. Never raises."""
    began = time.monotonic()
    seconds = min(WAIT, settings.time_limit_seconds)
    if estimate_nonzeros(build_instance(scenario, build_tree(scenario))) > LARGE:
        return error
    try:
        left = lambda: 0.0 if stop is not None and stop.is_set() else seconds - (time.monotonic() - began)  # noqa: E731
        found = analyse(scenario, settings, left, conflicts=3, repairs=3)
    except OfftakeError:  # what the engine has found out stands, whatever happens here
        return error
    return Infeasible(error.conflicts, found) if found.conflicts else error


@dataclass
class Bench:
    """One scenario without a plan, under examination."""

    scenario: Scenario
    settings: SolveSettings
    left: Callable[[], float]
    elastic: Elastic
    notes: list[str] = field(default_factory=list)
    solves: int = 0

    @property
    def members(self) -> tuple[Member, ...]:
        return self.elastic.members

    def conflicts(self, most: int) -> list[MinimalConflict]:
        """Different contradictions that stand the test."""
        oracle = Oracle(self.elastic, self.left, self.settings.seed)
        sets, complete = conflicts_of(oracle, most)
        self.solves += oracle.solves
        found = []
        try:
            for conflict in sets:
                if self._stands(conflict):
                    found.append(MinimalConflict(members=tuple(member_of(self.members[g]) for g in conflict), sentence=self._said(conflict)))
                else:
                    complete = False
        except OutOfTime:
            complete = False
        if not complete:
            self.notes.append("There may be other contradictions: there was no time to look for them all.")
        return found

    def _said(self, conflict: list[int]) -> str:
        return conflict_sentence([self.members[g] for g in conflict])

    def _stands(self, conflict: list[int]) -> bool:
        """Whether scenarios that keep nothing else say that it can't hold together, and that it could without any one of its members."""
        everyone = set(range(len(self.members)))
        if self._possible(everyone - set(conflict)):
            return False
        return all(self._possible(everyone - set(conflict) | {g}) for g in conflict)

    def _possible(self, dropped: set[int]) -> bool:
        """Whether the scenario without some members has a plan."""
        answer = self._answer(without(self.scenario, [self.members[g] for g in sorted(dropped)]), gap=0.5)
        if answer.x is None and answer.status != "infeasible":
            raise OutOfTime
        return answer.x is not None

    def _answer(self, scenario: Scenario, **settings: float) -> Answer:
        if self.left() <= 0:
            raise OutOfTime
        self.solves += 1
        chosen = override(self.settings, **settings)
        form = choose(scenario, build_instance(scenario, build_tree(scenario)), chosen)
        return form.solve(chosen, seconds=self.left())

    def repairs(self, most: int) -> list[Repair]:
        """The cheapest repair, and the cheapest ones that do without some of what those before it change."""
        repairer = Repairer(self.elastic, self.left, self.settings.seed)
        everyone = frozenset(range(len(self.members)))
        data = frozenset(g for g in everyone if not self.members[g].is_rule)
        queue, asked, found, complete = [frozenset[int](), data], set[frozenset[int]](), dict[frozenset[int], Found](), True
        try:
            while queue and len(found) < 2 * most and len(asked) < MOST_LOOKS:
                banned = queue.pop(0)
                if banned in asked:
                    continue
                asked.add(banned)
                cheapest = repairer.cheapest(everyone - banned, ROUGH if found else CLOSE)
                if cheapest is None or not cheapest.theta:
                    continue
                found.setdefault(frozenset(cheapest.theta), cheapest)
                more = [banned | {g} for g in sorted(cheapest.theta)]
                queue = [*more, *queue] if data and data <= banned else [*queue, *more]  # what rules alone can do comes first: they are the buyer's
        except OutOfTime:
            complete = False
        self.solves += repairer.solves
        mended: list[Repair] = []
        try:
            for cheapest in self._chosen(list(found.values()), most):
                repair = self._checked(cheapest)
                mended += [] if repair is None else [repair]
        except OutOfTime:
            complete = False
        if not complete:
            self.notes.append("There may be other repairs: there was no time to look for them all.")
        return mended

    def _chosen(self, found: list[Found], most: int) -> list[Found]:
        """The cheapest repair, then those of rules alone, then others: as many as are wanted, cheapest first."""
        first = min(found, key=lambda x: x.price, default=None)
        order = sorted(found, key=lambda x: (x is not first, not all(self.members[g].is_rule for g in x.theta), x.price))
        return sorted(order[:most], key=lambda x: x.price)

    def _checked(self, found: Found) -> Repair | None:
        """A repair in figures that people say, if the repaired scenario has a plan."""
        theta = dict(found.theta)
        for _ in range(LAST_DIGIT):
            values = [(self.members[g], rounded(self.members[g], theta[g])) for g in sorted(theta)]
            answer = self._answer(changed(self.scenario, values))
            if answer.x is not None:
                break
            theta = {g: min(amount * (1.0 + 1e-4) + 1e-6, self.members[g].most) for g, amount in theta.items()}
        else:
            return None
        objective = float(answer.objective) if answer.status == "optimal" else None
        changes = [change_of(member, found.theta[g], after, self.scenario.currency) for g, (member, after) in zip(sorted(theta), values, strict=True)]
        return Repair(
            sentence=repair_sentence(changes, objective, self.scenario.currency),
            changes=tuple(changes),
            price=found.price,
            gap=found.gap,
            objective=objective,
            patch=tuple(patch_of(values)),
        )


def without(scenario: Scenario, members: list[Member]) -> Scenario:
    """The scenario with limits of the data lifted and rules dropped; of a rule whose other limit stays, only the one is lifted."""
    of_rule = Counter(m.pointer[1] for m in members_of(build_instance(scenario, build_tree(scenario))) if m.is_rule)
    dropped = Counter(m.pointer[1] for m in members if m.is_rule)
    whole = {i for i, count in dropped.items() if count == of_rule[i]}
    return changed(scenario, [(m, None if m.is_rule and m.pointer[1] in whole else m.at(m.most)) for m in members])


def patched(scenario: Scenario, repair: Repair) -> Scenario:
    """The scenario with a repair made."""
    return _patched(scenario, repair.patch)
