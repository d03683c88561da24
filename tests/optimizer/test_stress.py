"""What-ifs and regret on problems small enough to be worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from models.stress import PlanOutcome, StressTest, WhatIfOutcome
from optimizer.stress import stress_test
from optimizer.stress_bench import loosened
from scenarios.files import scenario_from
from tests.optimizer.build import PAY_ALL, Data, but, demands, offer, scenario, solved, spot

# 100 units of demand. A firm offer at 10, paid whether taken or not; the spot market at 15 has 80 units; a missing unit costs 100.
FIRM = scenario(100.0, offers=[offer("firm", 10, 300, PAY_ALL)], spot=[spot(15.0, available=80)])
WHAT_IFS = [
    {"id": "more", "kind": "demand", "factor": 1.5},
    {"id": "spike", "kind": "price_spike", "factor": 2.0},
    {"id": "out", "kind": "supplier_out", "supplier": "firm"},
    {"id": "glut", "kind": "glut", "price_factor": 0.4, "available_factor": 2.0},
]


def stressed(data: Data, **stress: Any) -> StressTest:
    """The plan of `data`, proven optimal, under exact stress tests."""
    found = scenario_from(but(data, stress={"gap": 0.0} | stress))
    return stress_test(found, solved(data), found.solve)


def what_if(found: StressTest, name: str) -> tuple[WhatIfOutcome, dict[str, PlanOutcome]]:
    """A what-if, and its outcomes by plan."""
    outcome = next(x for x in found.what_ifs if x.id == name)
    return outcome, {x.plan: x for x in outcome.outcomes}


# What the plan (100 firm), nothing signed, and the best plan had one known cost, each worked out by hand.
BY_HAND = {
    "as_given": (1000.0, 80 * 15 + 20 * 100, 1000.0),
    "more": (1000 + 50 * 15, 80 * 15 + 70 * 100, 1500.0),
    "spike": (1000.0, 80 * 30 + 20 * 100, 1000.0),
    "out": (80 * 15 + 20 * 100, 80 * 15 + 20 * 100, 80 * 15 + 20 * 100),
    "glut": (1000.0, 600.0, 600.0),
}


@pytest.fixture(scope="module")
def firm() -> StressTest:
    return stressed(FIRM, parts=["what_ifs"], what_ifs=WHAT_IFS)


@pytest.mark.parametrize("name", BY_HAND)
def test_costs_and_regrets_by_hand(firm: StressTest, name: str) -> None:
    """If this fails, a what-if shows a wrong cost, or a regret against something else than the best plan had one known."""
    outcome, plans = what_if(firm, name)
    plan, nothing, best = BY_HAND[name]
    assert plans["plan"].objective == pytest.approx(plan)
    assert plans["plan"].expected_cost == pytest.approx(plan)
    assert plans["spot_only"].objective == pytest.approx(nothing)
    assert plans["plan"].regret == pytest.approx(plan - best, abs=1e-6)
    assert plans["plan"].regret_high == pytest.approx(plan - best, abs=1e-3)
    assert plans["spot_only"].regret == pytest.approx(nothing - best, abs=1e-6)
    assert outcome.best_award == (() if name in ("glut", "out") else ("firm",))


def test_fill_rates_and_unmet_volumes_by_hand(firm: StressTest) -> None:
    """If this fails, what stays unmet under a what-if is not what the plan leaves unmet."""
    _, plans = what_if(firm, "more")
    assert plans["spot_only"].expected_shortage == pytest.approx(70.0)
    assert plans["spot_only"].fill_rate == pytest.approx(1 - 70 / 150)
    assert plans["plan"].fill_rate == pytest.approx(1.0)


def test_minimax_regret_by_hand(firm: StressTest) -> None:
    """If this fails, another plan is called the least regretted. The plan regrets at most 400 (glut); 150 firm at most 900 (glut); nothing 6,700 (more)."""
    largest = {x.plan: (x.largest_regret, x.largest_in) for x in firm.plans}
    assert largest["plan"] == (pytest.approx(400.0), "glut")
    assert largest["spot_only"] == (pytest.approx(6700.0), "more")
    assert largest["best:more"] == (pytest.approx(900.0), "glut")
    assert firm.minimax_regret == "plan"
    assert any("least regret at worst: at most USD 400" in x for x in firm.sentences)
    assert any("USD 750 more than otherwise" in x for x in firm.sentences)


def test_the_average_future_is_a_candidate_and_ties_go_to_the_plan() -> None:
    """If this fails, the average future's plan is not tried, or is preferred to an equal one. Demand 50 or 150 in two futures: the average signs 100."""
    data = but(FIRM, uncertainty=demands(50, 150))
    found = stressed(data, parts=["what_ifs"], what_ifs=[WHAT_IFS[1]])
    _, plans = what_if(found, "as_given")
    assert plans["average_future"].objective == pytest.approx(0.5 * 1000 + 0.5 * (1000 + 50 * 15))
    assert plans["plan"].regret == pytest.approx(0.0, abs=1e-6)


def test_regret_counts_risk_as_the_plan_does() -> None:
    """If this fails, the regret of a risk-averse buyer is that of a neutral one. All weight on the worst future (demand 150): committing 150 costs 1,500."""
    data = but(FIRM, uncertainty=demands(50, 150), risk={"weight": 1.0, "tail": 0.5})
    found = stressed(data, parts=["what_ifs"], what_ifs=[WHAT_IFS[3]])
    _, plans = what_if(found, "as_given")
    assert plans["plan"].objective == pytest.approx(1500.0)
    assert plans["plan"].expected_cost == pytest.approx(1500.0)
    _, plans = what_if(found, "glut")
    assert plans["plan"].regret == pytest.approx(1500 - 150 * 6)


def test_hard_rules_that_can_t_be_kept_are_left_out_and_it_is_said() -> None:
    """If this fails, a fill rate that nobody can keep when the supplier is out hides what the outage costs."""
    rules = [{"kind": "fill_rate", "min": 1.0, "in": "every_future"}, {"kind": "force", "offer": "firm", "signed": True}]
    data = but(FIRM, rules=rules)
    found = stressed(data, parts=["what_ifs"], what_ifs=[WHAT_IFS[2]])
    given, plans = what_if(found, "as_given")
    assert given.note == ""
    assert plans["spot_only"].objective is None
    assert plans["spot_only"].not_kept == pytest.approx(1.0)
    out, plans = what_if(found, "out")
    assert "left out" in out.note
    assert plans["plan"].objective == pytest.approx(3200.0)
    assert next(x for x in found.plans if x.plan == "spot_only").largest_regret is None
    assert [x.kind for x in loosened(scenario_from(data)).rules] == ["force"]


def test_delayed_demand_counts_as_asked_for_again() -> None:
    """If this fails, the fill rate of stress tests is another one than the plan's. 20 of 100 units stay open in both of two periods: 40 of 220."""
    shortage = [{"product": "cable", "kind": "delayed", "cost_per_unit_year": 1.0, "terminal_cost_per_unit": 1.0}]
    data = scenario(100.0, 100.0, spot=[{"id": "spot", "product": "cable", "price": [0.5, 0.5], "available": [80.0, 100.0]}]) | {"shortage": shortage}
    found = stressed(data, parts=["what_ifs"], what_ifs=[{"id": "none", "kind": "price_spike", "factor": 1.0}])
    _, plans = what_if(found, "none")
    assert plans["plan"].fill_rate == pytest.approx(solved(data).summary.fill_rate)
    assert plans["plan"].fill_rate == pytest.approx(1 - 40 / 220)


def test_no_time_leaves_out_and_says_so() -> None:
    """If this fails, a stress test without time fails with the plan, or shows half of a table as if it were whole."""
    found = scenario_from(but(FIRM, uncertainty=demands(50, 150)))
    result = stress_test(found, solved(but(FIRM, uncertainty=demands(50, 150))), left=lambda: 0.0)
    assert not result.what_ifs
    assert not result.break_even
    assert not result.doubts
    assert sum("no time" in x for x in result.notes) == 3


def test_a_scenario_with_a_stress_table_gets_the_results_with_its_plan() -> None:
    """If this fails, what `offtake solve` and the service are asked for in the document is not done."""
    plan = solved(but(FIRM, stress={"what_ifs": WHAT_IFS, "parts": ["what_ifs"]}))
    assert plan.stress is not None
    assert [x.id for x in plan.stress.what_ifs] == ["as_given", "more", "spike", "out", "glut"]
    assert solved(FIRM).stress is None


def test_defaults_are_tried_where_nothing_is_said() -> None:
    """If this fails, `offtake stress` on a scenario without a stress table does nothing."""
    found = stress_test(scenario_from(but(FIRM, uncertainty=demands(50, 150))), solved(but(FIRM, uncertainty=demands(50, 150))))
    assert [x.id for x in found.what_ifs] == ["as_given", "supplier-out", "more-demand", "no-spot", "glut"]
    assert len(found.break_even) == 2
    assert [x.radius for x in found.doubts] == [0.05, 0.1, 0.2]
    assert found.sentences
