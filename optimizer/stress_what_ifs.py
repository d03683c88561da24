"""Named what-ifs: what each does to the plan, to plans one might have had instead, and to the best plan had one known.

    regret of a first stage x in what-if w:   r(x, w) = rho(cost of x in w) - min over x' of rho(cost of x' in w)  >= 0
    minimax regret:                           the x, of those tried, with the least  max over w of r(x, w)

Tried are this plan, nothing signed, the average future's plan and every what-if's best plan, in every what-if and in the futures as given.
Reference: Savage (1951), The theory of statistical decision, JASA 46; Kouvelis & Yu (1997), Robust Discrete Optimization and Its Applications.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.scenario import Scenario
from models.stress import PlanOutcome, StressedPlan, WhatIfOutcome
from optimizer.first_stage import average_path, award_of, nothing_signed
from optimizer.stress_bench import Bench, Short, fill_rate, loosened, lost_shares
from optimizer.tail import tail_mean
from optimizer.trial import Best, FirstStage, Trial
from scenarios.tree import Floats, Paths

AS_GIVEN = "as_given"
TIE = 1e-9  # relative; regrets that differ by less are the same
LOOSENED = "the plan can't keep a hard rule in it, so hard rules about what happens after signing are left out"


@dataclass(frozen=True)
class Case:
    """A what-if, applied."""

    id: str
    text: str
    paths: Paths


@dataclass(frozen=True)
class Known:
    """A case with the best plan had one known it, under the rules that are used in it."""

    case: Case
    scenario: Scenario
    best: Best | None
    plan: Trial  # this plan in it
    note: str


@dataclass(frozen=True)
class WhatIfs:
    """What came out."""

    plans: tuple[StressedPlan, ...]
    outcomes: tuple[WhatIfOutcome, ...]
    minimax_regret: str | None
    left_out: tuple[str, ...]  # cases there was no time for


def try_what_ifs(bench: Bench, first: FirstStage, cases: list[Case]) -> WhatIfs:
    """Every candidate in every case; the first case is the futures as given."""
    tried: dict[str, FirstStage] = {"plan": first, "spot_only": nothing_signed(bench.scenario)}
    known: list[Known] = []
    outcomes: list[WhatIfOutcome] = []
    try:
        if (average := bench.best(average_path(bench.paths))) is not None:
            tried["average_future"] = average.first
        for case in cases:
            known.append(_know(bench, first, case))
    except Short:
        pass
    for x in known:
        if x.best is not None and not any(_same(x.best.first, other) for other in tried.values()):
            tried[f"best:{x.case.id}"] = x.best.first
    try:
        for x in known:
            outcomes.append(_outcome(bench, tried, x))
    except Short:
        pass
    plans = tuple(_plan(bench, name, stage, outcomes) for name, stage in tried.items())
    return WhatIfs(plans, tuple(outcomes), _minimax(plans), tuple(case.id for case in cases[len(outcomes) :]))


def _know(bench: Bench, first: FirstStage, case: Case) -> Known:
    scenario, note = bench.scenario, ""
    trial = bench.tried(first, case.paths)
    if not _kept(trial.cost, case.paths.probability):
        scenario, note = loosened(scenario), LOOSENED
        trial = bench.tried(first, case.paths, scenario)
    return Known(case, scenario, bench.best(case.paths, scenario), trial, note)


def _kept(cost: Floats, probability: Floats) -> bool:
    """Whether the hard rules can be kept in every future that may come."""
    return bool(np.isfinite(cost[probability > 0]).all())


def _outcome(bench: Bench, tried: dict[str, FirstStage], x: Known) -> WhatIfOutcome:
    probability, lost = x.case.paths.probability, lost_shares(bench.scenario)
    trials = {name: x.plan if name == "plan" else bench.tried(stage, x.case.paths, x.scenario) for name, stage in tried.items()}
    worth = {name: bench.worth(trial.cost, probability) for name, trial in trials.items() if _kept(trial.cost, probability)}
    least = min([*worth.values(), *([] if x.best is None else [bench.worth(x.best.cost, probability)])], default=None)
    bound = None if x.best is None or least is None else min(x.best.bound, least)
    return WhatIfOutcome(
        id=x.case.id,
        text=x.case.text,
        outcomes=tuple(_line(bench, name, trial, worth.get(name), least, bound, probability, lost) for name, trial in trials.items()),
        best_award=() if x.best is None else award_of(bench.scenario, x.best.first),
        note=x.note,
    )


def _line(
    bench: Bench, name: str, trial: Trial, worth: float | None, least: float | None, bound: float | None, probability: Floats, lost: Floats | None
) -> PlanOutcome:
    if worth is None or least is None:
        broken = float(probability[~np.isfinite(trial.cost)].sum())
        return PlanOutcome(
            plan=name, objective=None, expected_cost=None, cvar=None, expected_shortage=None, fill_rate=None, regret=None, regret_high=None, not_kept=broken
        )
    return PlanOutcome(
        plan=name,
        objective=worth,
        expected_cost=float(trial.cost @ probability),
        cvar=tail_mean(trial.cost, probability, bench.scenario.risk.tail),
        expected_shortage=float(probability @ trial.unmet.sum(axis=(1, 2))),
        fill_rate=fill_rate(trial, probability, lost),
        regret=worth - least,
        regret_high=None if bound is None else worth - bound,
        not_kept=0.0,
    )


def _plan(bench: Bench, name: str, stage: FirstStage, outcomes: list[WhatIfOutcome]) -> StressedPlan:
    regrets = [(line.regret, x.id) for x in outcomes for line in x.outcomes if line.plan == name]
    known = [(regret, case) for regret, case in regrets if regret is not None]
    largest, where = max(known, default=(None, "")) if len(known) == len(regrets) else (None, "")
    return StressedPlan(plan=name, award=award_of(bench.scenario, stage), largest_regret=largest, largest_in=where)


def _minimax(plans: tuple[StressedPlan, ...]) -> str | None:
    """The plan with the least largest regret; of equal ones the first."""
    known = [(x.largest_regret, x.plan) for x in plans if x.largest_regret is not None]
    if not known:
        return None
    least = min(regret for regret, _ in known)
    return next(name for regret, name in known if regret <= least + TIE * max(1.0, abs(least)))


def _same(one: FirstStage, other: FirstStage) -> bool:
    """Whether two first stages sign, commit and open the same."""
    return all(abs(value - other[name].get(key, 0.0)) <= 1e-6 * max(1.0, abs(value)) for name, amounts in one.items() for key, value in amounts.items())
