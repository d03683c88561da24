"""A problem taken apart has the optimum of the whole, proves its bound, and gives what it has whenever it is stopped."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from models.errors import Cancelled, Infeasible, InvalidScenario, OfftakeError, SolverFailure, TimeLimit
from models.options import SolveSettings
from models.plan import Plan
from models.scenario import Scenario
from optimizer import engine
from optimizer.progress import Progress
from optimizer.solve import blocks, decomposition, form_fan, form_tree, recourse
from optimizer.solve.decomposition import Decomposition
from optimizer.solve.master import Master, Measure
from scenarios.files import scenario_from
from tests.optimizer import build
from tests.optimizer.build import Data, demands, futures, offer, spot
from tests.optimizer.solve.fans import can_be_taken_apart, case_of, fan_document, many, planned, tree_document

NEAR = 2e-6
TREE = 0  # seed of a tree with several subtrees


def risky(document: Data, seed: int) -> Data:
    """A document with another attitude to risk."""
    draw = np.random.default_rng(seed)
    return document | {"risk": {"weight": float(draw.choice([0.0, 0.5, 1.0])), "tail": float(draw.choice([0.05, 0.3, 0.5, 1.0]))}}


def agree(scenario: Scenario, gap: float) -> Plan | OfftakeError:
    """The plan of the problem taken apart, after comparing it with that of the whole; None of the two may claim what the other refutes."""
    apart = planned(scenario, method="decomposition", gap=gap)
    if isinstance(apart, InvalidScenario):
        return apart
    whole = planned(scenario, method="extensive")
    if isinstance(whole, Infeasible):
        assert str(apart) == str(whole)
        return apart
    assert isinstance(whole, Plan)
    assert isinstance(apart, Plan), str(apart)
    best, found = whole.summary.objective, apart.summary
    size = max(1.0, abs(best))
    assert (apart.status, apart.stop_reason) == ("optimal", "gap")
    assert "decomposition" in apart.provenance.method
    assert found.objective - found.bound <= gap * abs(found.objective) + 1e-9 * size
    assert whole.summary.bound - NEAR * size <= found.objective <= best + (gap + NEAR) * size
    assert found.bound <= best + NEAR * size
    assert not apart.audit.suspect
    return apart


@pytest.mark.parametrize("seed", range(0, 66, 3))
def test_fans_taken_apart_have_the_optimum_of_the_whole(seed: int) -> None:
    """A rule, tier, prepayment, capacity step or tail would be lost on the way between the first stage and the futures."""
    gap = (1e-7, 1e-4, 1e-2)[seed % 3 if seed % 2 else 0]
    agree(scenario_from(risky(fan_document(seed, 1 + seed % 9, apart=True), seed)), gap)


@pytest.mark.parametrize("seed", range(16))
def test_trees_taken_apart_have_the_optimum_of_the_whole(seed: int) -> None:
    """A decision on the trunk, a cost carried into a subtree or the tail's threshold would be counted wrongly."""
    agree(scenario_from(risky(tree_document(seed), seed)), (1e-7, 1e-3)[seed % 2])


def test_trees_are_taken_apart() -> None:
    """The test above would look at scenarios that refuse."""
    found = [planned(scenario_from(tree_document(seed)), method="decomposition", gap=1e-3) for seed in range(16)]
    assert sum(isinstance(x, Plan) and "subtree" in x.provenance.method for x in found) >= 8


def market(*volumes: list[float], **tables: Any) -> Data:
    """Two offers and a spot market for two years; futures differ in demand."""
    offers = [offer("maker", 10.0, 80.0, {"kind": "take_or_pay", "fraction": 0.8}, periods=2, low=10.0), offer("trader", 12.0, 100.0, periods=2)]
    document = build.scenario(50.0, 60.0, offers=offers, spot=[spot(15.0, 20.0, available=60.0)])
    return document | {"uncertainty": demands(*volumes, revealed="after_signing")} | tables


DEMANDS = [10.0, 20.0], [50.0, 60.0], [100.0, 150.0]
FULL = {"kind": "fill_rate", "min": 0.95, "in": "every_node"}
ODD = {
    "nothing to decide now": market(*DEMANDS, offers=[], suppliers=[]),
    "nothing to decide at all": market(*DEMANDS, offers=[], suppliers=[], spot=[]),
    "no demand": market([0.0, 0.0], [0.0, 0.0]),
    "no demand in some futures": market([0.0, 0.0], [80.0, 90.0]),
    "one future": market(DEMANDS[0], risk={"weight": 1.0, "tail": 1e-6}),
    "twins": market(*DEMANDS * 4, risk={"weight": 0.7, "tail": 0.3}),
    "a tail that ends within a future": market(*DEMANDS, risk={"weight": 0.7, "tail": 0.45}),
    "a tail within one future": market(*DEMANDS, risk={"weight": 1.0, "tail": 1e-6}),
    "goods for nothing": market(*DEMANDS, offers=[offer("maker", 0.0, 80.0, periods=2)], suppliers=[{"id": "maker"}]),
    "cheap": market(*DEMANDS, shortage=[{"product": "cable", "kind": "lost", "cost_per_unit": 1e-4}], spot=[spot(3e-5, 2e-5, available=60.0)]),
    "a rule that some first stages break": market(*DEMANDS, rules=[FULL]),
    "a rule that no first stage keeps": market(*DEMANDS, [300.0, 300.0], rules=[FULL]),
    "rules that contradict each other in the futures": market(*DEMANDS, rules=[{"kind": "budget", "max": 100.0, "in": "every_future"}, FULL]),
    "rules that contradict each other now": market(*DEMANDS, rules=[{"kind": "force", "offer": "maker", "signed": x} for x in (True, False)]),
    "nothing deliverable": market(
        uncertainty=futures(
            ({"demand": [{"site": "site", "product": "cable", "volume": v}], "deliverability": [{"supplier": "maker", "share": s}]} for v, s in
             zip(DEMANDS, ([0.0, 0.0], [1.0, 0.0], [1.0, 1.0]), strict=True)), revealed="after_signing"
        )
    ),
    "a rare disaster": market(
        shortage=[{"product": "cable", "kind": "lost", "cost_per_unit": 1e7}],
        uncertainty=futures(
            ({"probability": p, "demand": [{"site": "site", "product": "cable", "volume": v}]} for p, v in ((1 - 1e-9, [10.0, 20.0]), (1e-9, [1e4, 1e4]))),
            revealed="after_signing",
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_cases_have_the_optimum_of_the_whole(name: str) -> None:
    """A fan without columns, rows or a plan somewhere, or with costs far from each other, would break the method or its bound."""
    agree(scenario_from(ODD[name]), 1e-6)


def test_conflicting_rules_are_named() -> None:
    """Infeasible futures would be reported without the rules that cause them."""
    with pytest.raises(Infeasible) as caught:
        engine.solve(scenario_from(ODD["a rule that no first stage keeps"]), SolveSettings(method="decomposition", baselines=False))
    assert [conflict.path for conflict in caught.value.conflicts] == ["rules[0] (fill_rate)"]


# ------------------------------------------------------------------------------------------------------------------ the same again


def contents(plan: Plan) -> Data:
    """A plan without times."""
    found = plan.model_dump(mode="json")
    for name in ("created", "phases"):
        del found["provenance"][name]
    return found


def larger() -> Scenario:
    """Enough futures for a sample to start from."""
    return scenario_from(many(150))


def test_threads_and_repetition_change_nothing() -> None:
    """A plan would depend on the machine, on chance or on what was solved before it."""
    scenario = larger()
    runs = []
    for threads in (1, 2, 4):
        runs.append(contents(engine.solve(scenario, SolveSettings(method="decomposition", gap=1e-4, baselines=False, threads=threads))))
        engine.solve(scenario_from(market(*DEMANDS)), SolveSettings(method="decomposition", baselines=False))
    assert runs[0] == runs[1] == runs[2]


def test_another_objective_takes_over_what_is_known() -> None:
    """The points of a frontier would each cost a whole solve, or cuts of one objective prove wrong bounds for another."""
    case = next(c for s in range(50) if can_be_taken_apart(c := case_of(fan_document(s, 12, apart=True))) and c.fan.integer.sum() > 3)
    first = Decomposition(case.fan, Measure(case.fan.probability, 0.0, 0.3), gap=1e-6)
    first.run()
    for weight in (0.3, 1.0):
        measure = Measure(case.fan.probability, weight, 0.3)
        alone, passes = Decomposition(case.fan, measure, gap=1e-6).run(), first.recourse.passes
        again = Decomposition(case.fan, measure, gap=1e-6, earlier=first).run(first.x)
        assert again.status == alone.status == "optimal"
        assert again.objective == pytest.approx(alone.objective, rel=NEAR)
        assert again.bound <= alone.objective * (1 + NEAR)
        assert again.passes - passes <= alone.passes


# ------------------------------------------------------------------------------------------------------------------ cut short


@pytest.fixture(scope="module")
def small() -> Scenario:
    return scenario_from(many(30))


@pytest.fixture(scope="module")
def best(small: Scenario) -> float:
    plan = planned(small, method="extensive", gap=1e-7)
    assert isinstance(plan, Plan)
    return plan.summary.objective


def honest(plan: Plan, best: float) -> None:
    """A plan is audited, and its bound and objective lie around the optimum."""
    assert plan.audit.passed
    assert plan.summary.bound <= best * (1 + NEAR)
    assert plan.summary.objective >= best * (1 - NEAR)
    assert plan.status == "optimal" or plan.stop_reason in ("time", "user")


@pytest.mark.parametrize("event", [0, 2, 3, 4, 6, 9, 13, 20])
def test_stopping_at_any_event_gives_what_is_known(small: Scenario, best: float, event: int) -> None:
    """A stopped decomposition would lose its plan, claim too much for it, or go on."""
    stop, heard = threading.Event(), []

    def hear(progress: Progress) -> None:
        heard.append(progress)
        if len(heard) > event:
            stop.set()

    settings = SolveSettings(method="decomposition", gap=1e-7, baselines=False)
    try:
        plan = engine.solve(small, settings, on_progress=hear, stop=stop)
    except Cancelled:
        assert not any(progress.incumbent is not None for progress in heard)
        return
    honest(plan, best)
    assert plan.stop_reason == "user" or (plan.status == "optimal" and event > 6)
    told = [progress for progress in heard if progress.bound is not None]
    assert all(progress.bound <= best * (1 + NEAR) for progress in told if progress.bound is not None)
    assert all(b.bound >= a.bound for a, b in pairwise(told) if a.bound is not None and b.bound is not None)


def seconds_per_look_at_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second passes whenever the decomposition looks at the clock."""
    ticks = iter(range(10**9))
    clock = SimpleNamespace(monotonic=lambda: float(next(ticks)), perf_counter=time.perf_counter)
    for module in (form_fan, form_tree, decomposition, recourse, blocks):
        monkeypatch.setattr(module, "time", clock)


@pytest.mark.parametrize("limit", [5, 40, 100, 160, 300, 600, 2_000])
def test_time_may_run_out_anywhere(small: Scenario, best: float, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A decomposition out of time would lose its plan, or prove what it has not seen."""
    seconds_per_look_at_the_clock(monkeypatch)
    try:
        plan = engine.solve(small, SolveSettings(method="decomposition", gap=1e-7, baselines=False, time_limit_seconds=limit))
    except TimeLimit:
        assert limit < 100
        return
    honest(plan, best)
    assert limit > 30


def test_the_sample_leaves_time_to_look_at_all_futures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half the time could go by without a plan, because the sample was still being searched."""
    seconds_per_look_at_the_clock(monkeypatch)
    monkeypatch.setattr(decomposition, "SAMPLE_TIME", 0.1)
    plan = engine.solve(larger(), SolveSettings(method="decomposition", gap=1e-6, baselines=False, time_limit_seconds=1_000))
    assert (plan.status, plan.stop_reason) == ("feasible", "time")
    assert plan.summary.bound <= plan.summary.objective


def test_time_of_trees_may_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """As above, for subtrees."""
    scenario = next(s for seed in range(30) if isinstance(planned(s := scenario_from(tree_document(seed)), method="decomposition", gap=1e-6), Plan)
                    and len(s.uncertainty.nodes) > 6)  # fmt: skip
    whole = planned(scenario)
    assert isinstance(whole, Plan)
    seconds_per_look_at_the_clock(monkeypatch)
    for limit in (3, 10, 20, 60):
        plan = planned(scenario, method="decomposition", gap=1e-7, time_limit_seconds=limit)
        if isinstance(plan, Plan):
            honest(plan, whole.summary.objective)
        else:
            assert isinstance(plan, TimeLimit)


# ------------------------------------------------------------------------------------------------------------------ stalled


def nothing(*_: Any, **__: Any) -> None:
    """What a small program says that takes its own rounding for a proof."""


STALLS: dict[str, tuple[Any, str, Any]] = {
    "no more passes": (decomposition, "MOST_PASSES", 1),
    "a relaxation that finds nothing": (Master, "relaxed", nothing),
    "a search that finds nothing": (Master, "integral", nothing),
}


@pytest.mark.parametrize("name", STALLS)
@pytest.mark.parametrize("document", [market(*DEMANDS), tree_document(TREE)], ids=["fan", "tree"])
def test_what_stalls_is_finished_in_one_problem(name: str, document: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan would be called optimal although its gap is open, or be lost, where rounding keeps cuts from closing it."""
    whole = planned(scenario_from(document))
    monkeypatch.setattr(*STALLS[name])
    found = planned(scenario_from(document), method="decomposition", gap=1e-6)
    assert isinstance(whole, Plan)
    if isinstance(found, SolverFailure):  # nothing was known that would have refuted the proof, but the search for the conflict does
        assert "a plan exists" in str(found)
        assert document["uncertainty"]["kind"] == "tree"
        return
    assert isinstance(found, Plan)
    assert found.status == "optimal"
    assert found.summary.gap <= 1e-6 + 1e-9
    assert found.summary.objective == pytest.approx(whole.summary.objective, rel=NEAR)


def test_a_decomposition_that_stalls_claims_nothing() -> None:
    """A gap left open would pass for proven, or no plan for a proof that there is none."""
    case = case_of(market(*DEMANDS))
    run = Decomposition(case.fan, case.measure, gap=1e-9)
    run.master.integral = nothing  # type: ignore[method-assign,assignment]
    run.master.relaxed = lambda: replace(Master.relaxed(run.master), bound=-1.0)  # type: ignore[method-assign,type-var]
    found = run.run()
    assert (found.status, found.stop_reason) == ("feasible", "stalled")
    assert found.bound == -1.0
