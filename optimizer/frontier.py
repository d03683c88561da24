"""The frontier of a scenario: expected cost against the CVaR, and against expected shortage, each point proven.

frontier_search    which questions are asked, until every point shown is proven
frontier_fan       answers for a fan of futures taken apart: one pool of cuts and one tree for all points
frontier_whole     answers where all futures stand in one problem
frontier_curve     what the plans tried so far show, mixes of them included
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.errors import AuditMismatch, Cancelled, Infeasible, InvalidScenario, TimeLimit
from models.frontier import Dominated, Frontier, FrontierCurve, FrontierPoint, FrontierSettings, FrontierVolume, RiskFigure
from models.frontier import Tried as TriedPlan
from models.options import SolveSettings
from models.scenario import Scenario
from optimizer.audit import TOLERANCE, audit
from optimizer.clauses.deal import Contract
from optimizer.contracts import build_contracts
from optimizer.first_stage import SOME, award_of
from optimizer.frontier_curve import Spot, Tried, picked
from optimizer.frontier_fan import FanSearch, cvar_risk, shortage_risk
from optimizer.frontier_search import Search, proven_gap, trace
from optimizer.frontier_whole import WholeSearch, one_tree, whole_search
from optimizer.frontier_words import notes_of, sentences_of
from optimizer.instance import Instance, build_instance
from optimizer.outcome import read_outcome
from optimizer.progress import OnProgress, Progress, ignore
from optimizer.size import boundless
from optimizer.solve.choice import choose
from optimizer.solve.conflict import find_conflict
from optimizer.solve.form_fan import FanForm
from optimizer.solve.form_tree import TreeForm
from optimizer.solve.forms import FirstStage, Form
from optimizer.solve.highs import Interrupted
from optimizer.tail import tail_mean, weighed
from scenarios.tree import Floats, build_tree

WEIGHT = 0.5  # any risk weight between 0 and 1 brings both figures into the model
AUDITED = 10_000_000  # columns of audited plans, all together, from which only some plans are audited
LEAST_AUDITED = 2


def frontier(
    scenario: Scenario,
    settings: SolveSettings | None = None,
    wanted: FrontierSettings | None = None,
    *,
    on_progress: OnProgress = ignore,
    left: Callable[[], float] | None = None,
    stop: threading.Event | None = None,
) -> Frontier:
    """Trace the frontiers that `wanted` (by default the scenario's `frontier` table) names.

    `settings` replaces the scenario's `solve` table; its time limit holds for all frontiers together (`left` says how much of it there is). What is cut
    short is a partial frontier, whose points stand with what is proven of them. A guard against wrong probabilities is left out: figures are under the
    probabilities as given. Raises Infeasible, TimeLimit, Cancelled, AuditMismatch, InvalidScenario or SolverFailure (`models.errors`).
    """
    started = time.monotonic()
    settings, wanted = settings or scenario.solve, wanted or scenario.frontier or FrontierSettings()
    limit = settings.time_limit_seconds
    left = left or (lambda: limit - (time.monotonic() - started))
    risk = scenario.risk.model_copy(update={"weight": WEIGHT, "ambiguity": None})
    balanced = scenario.model_copy(update={"risk": risk})
    instance = build_instance(balanced, build_tree(balanced))
    if endless := boundless(instance):
        raise InvalidScenario(endless)
    form = choose(balanced, instance, settings.model_copy(update={"gap": wanted.gap}))
    form = form.form if isinstance(form, TreeForm) else form
    table = _Table(scenario, instance, build_contracts(instance), form, settings, wanted)
    curves = []
    for k, figure in enumerate(wanted.risks):
        deadline = time.monotonic() + left() / (len(wanted.risks) - k)

        def tell(gap: float, figure: RiskFigure = figure) -> None:
            on_progress(Progress(f"frontier ({figure})", time.monotonic() - started, gap=gap))

        curves.append(table.curve(figure, deadline, stop, tell))
    found = Frontier(
        scenario=scenario.name, currency=scenario.currency, tail=scenario.risk.tail, risk_weight=scenario.risk.weight,
        futures=len(instance.tree.futures), method=_method(form), gap_asked=wanted.gap, sentences=(), notes=(), curves=tuple(curves),
        seconds=round(time.monotonic() - started, 6),
    )  # fmt: skip
    return found.model_copy(update={"sentences": tuple(sentences_of(scenario, found)), "notes": tuple(notes_of(scenario, found))})


def _method(form: Form) -> str:
    if isinstance(form, FanForm):
        return f"cutting planes over {form.fan.count:,} futures on HiGHS simplex, one pool of cuts and one search tree for all points"
    if one_tree(form.whole()):
        return "all futures in one problem, its linear relaxation (HiGHS simplex) under one search tree for all points"
    return "all futures in one problem, a mixed-integer program (HiGHS) for each question"


@dataclass(frozen=True)
class _Table:
    """Everything that all frontiers of a scenario share. `scenario` as given, `instance` with both figures in the objective."""

    scenario: Scenario
    instance: Instance
    contracts: tuple[Contract, ...]
    form: Form
    settings: SolveSettings
    wanted: FrontierSettings

    def curve(self, figure: RiskFigure, deadline: float, stop: threading.Event | None, tell: Callable[[float], None]) -> FrontierCurve:
        """One frontier."""
        started = time.monotonic()
        search, reason = self._search(figure, deadline, stop), "gap"
        try:
            shown = trace(search, self.wanted.points, self.wanted.gap, lambda _, gap: tell(gap))
        except Interrupted as cut:
            reason, shown = str(cut), picked(search.curve.spots(), self.wanted.points)
        if not shown:
            self._refuse(reason, deadline - time.monotonic())
        gaps = [min(proven_gap(search, spot), 1.0) for spot in shown]
        if reason == "gap" and max(gaps) > self.wanted.gap * (1 + 1e-6):
            reason = "stalled"
        place = self._places(search, shown)
        points = tuple(self._point(search, shown, k, gaps[k], place) for k in range(len(shown)))
        audited, violation, difference = self._audited(search, shown)
        return FrontierCurve(
            risk=figure, unit=self.scenario.currency if figure == "cvar" else _unit(self.scenario), status="proven" if reason == "gap" else "partial",
            stop_reason=reason,  # type: ignore[arg-type]
            gap=max(gaps), points=points, tried=tuple(self._tried(search.curve.tried[i]) for i in place),
            dominated=tuple(
                Dominated(tried=place[i], expected_cost=float(by.first), risk=float(by.second))
                for i, by in search.curve.dominated(search.curve.spots())
                if i in place
            ),
            given=self._given(points) if figure == "cvar" else None, audited=audited, largest_violation=violation, relative_difference=difference,
            steps=search.steps, seconds=round(time.monotonic() - started, 6),
        )  # fmt: skip

    def _search(self, figure: RiskFigure, deadline: float, stop: threading.Event | None) -> FanSearch | WholeSearch:
        form, gap, seed = self.form, self.wanted.gap, self.settings.seed
        if isinstance(form, FanForm):
            risk = cvar_risk(form.template, form.fan) if figure == "cvar" else shortage_risk(form.template, form.fan)
            return FanSearch(risk, gap, threads=self.settings.threads, seed=seed, deadline=deadline, stop=stop)
        return whole_search(self.instance, form.whole(), gap, shortage=figure == "shortage", seed=seed, deadline=deadline, stop=stop)

    def _refuse(self, reason: str, seconds: float) -> None:
        """Raise what says best why there is no point at all."""
        if reason == "user":
            raise Cancelled
        if reason == "time":
            raise TimeLimit(self.settings.time_limit_seconds, None)
        raise Infeasible(find_conflict(self.form.whole(), self.instance, max(seconds, 5.0), self.settings.seed))

    def _places(self, search: Search, shown: list[Spot]) -> dict[int, int]:
        """Which tried plans the document holds, and where: those behind the points and those dominated."""
        behind = {i for spot in shown for i in (spot.one, spot.other)} | {i for i, _ in search.curve.dominated(search.curve.spots())}
        return {i: k for k, i in enumerate(sorted(behind))}

    def _point(self, search: Search, shown: list[Spot], k: int, gap: float, place: dict[int, int]) -> FrontierPoint:
        spot, tried = shown[k], search.curve.tried
        tree = self.instance.tree
        probability = tree.probability[tree.leaves]
        cost, unmet, carried = (spot.of(pick, tried) for pick in (lambda x: x.cost, lambda x: x.unmet, lambda x: x.carried))
        demand = tree.summed(np.where(tree.period >= 0, tree.states.demand.sum(axis=(1, 2)), 0.0))[tree.leaves]
        missed, asked = weighed(unmet, probability), weighed(demand + carried, probability)
        bound = search.bound(spot.second)
        cheaper = (shown[k - 1].first - spot.first) / (spot.second - shown[k - 1].second) if k else None
        return FrontierPoint(
            expected_cost=float(spot.first), cvar=tail_mean(cost, probability, self.instance.risk_tail), expected_shortage=missed,
            fill_rate=1.0 - missed / asked if asked > 0 else 1.0,
            shortage_probability=float(probability[unmet > 1e-6 * max(1.0, float(demand.max(initial=0.0)))].sum()),
            gap=gap, least_cost=None if bound == -np.inf else float(min(bound, spot.first)), price_of_risk=None if cheaper is None else float(cheaper),
            mix=(place[spot.one], place[spot.other]) if spot.share else None, award=self._award(self.form.first_stage(self._whole(spot, tried))),
        )  # fmt: skip

    def _whole(self, spot: Spot, tried: list[Tried]) -> Floats:
        return spot.of(lambda x: x.x, tried)

    def _award(self, first: FirstStage) -> tuple[FrontierVolume, ...]:
        """Committed volumes, offer by offer."""
        volumes: dict[tuple[int, int], float] = {}
        for (o, j, *_), value in first["volume"].items():
            volumes[o, j] = volumes.get((o, j), 0.0) + value
        return tuple(
            FrontierVolume(offer=self.scenario.offers[o].id, alternative=self.contracts[o].alternatives[j].id, volume=volume)
            for (o, j), volume in sorted(volumes.items())
            if volume > SOME
        )

    def _tried(self, plan: Tried) -> TriedPlan:
        tree = self.instance.tree
        probability = tree.probability[tree.leaves]
        return TriedPlan(
            expected_cost=float(plan.first), cvar=tail_mean(plan.cost, probability, self.instance.risk_tail),
            expected_shortage=weighed(plan.unmet, probability), award=award_of(self.scenario, self.form.first_stage(plan.x)),
        )  # fmt: skip

    def _given(self, points: tuple[FrontierPoint, ...]) -> int:
        weight = self.scenario.risk.weight
        return int(np.argmin([(1.0 - weight) * x.expected_cost + weight * x.cvar for x in points]))

    def _audited(self, search: FanSearch | WholeSearch, shown: list[Spot]) -> tuple[int, float, float]:
        """Recompute plans behind the points. A plan's figures are upper limits, since what it is made of may be re-planned: the audit must not find
        more (of shortage: not more of cost plus shortage at the price for which the plan was made). Raises AuditMismatch."""
        behind = list(dict.fromkeys(i for spot in shown for i in ((spot.one, spot.other) if spot.share else (spot.one,))))
        count = min(len(behind), max(LEAST_AUDITED, AUDITED // self.form.columns))
        chosen = [behind[k] for k in np.unique(np.linspace(0, len(behind) - 1, count).round().astype(int))]
        violation = difference = 0.0
        for i in chosen:
            plan = search.curve.tried[i]
            outcome = read_outcome(self.instance, self.contracts, self.form.values(search.answer(plan)))
            found = audit(self.instance, self.contracts, outcome)
            missed = weighed(outcome.unmet.sum(axis=(0, 1)), self.instance.tree.probability)
            violation = max(violation, found.violation)
            pairs = [(found.expected + plan.price * missed, plan.first + plan.price * plan.second)] if search.shortage else []
            pairs += [] if search.shortage else [(found.expected, plan.first), (found.cvar, plan.second)]
            difference = max(difference, *((a - b) / max(1.0, abs(a), abs(b)) for a, b in pairs))
            if violation > TOLERANCE or difference > TOLERANCE:
                raise AuditMismatch(
                    f"The audit disagrees with a point of the frontier, so none is shown: largest violation {violation:.2e} ({found.where or 'none'}; "
                    f"allowed {TOLERANCE:.0e}), figures too low by {difference:.2e}. This is our fault; please report the scenario."
                )
        return len(chosen), violation, difference


def _unit(scenario: Scenario) -> str:
    """The products' unit; empty where they differ."""
    units = {x.unit for x in scenario.products}
    return units.pop() if len(units) == 1 else ""
