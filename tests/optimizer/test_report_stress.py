"""Stress tests in tables, charts and the report say what the plan document says."""

from __future__ import annotations

import math

import pytest

from models.plan import Plan
from optimizer.report import html_report, tables
from optimizer.report_stress import plan_name, stress_charts, stress_tables
from optimizer.report_text import Names
from tests.optimizer.build import PAY_ALL, demands, offer, scenario, solved, spot

WHAT_IFS = [{"id": "more", "kind": "demand", "factor": 1.5}, {"id": "glut", "kind": "glut", "price_factor": 0.4, "available_factor": 2.0}]


@pytest.fixture(scope="module")
def plan() -> Plan:
    """A plan with all three parts: 100 or 150 units of demand, a firm offer, little spot volume."""
    data = scenario(0.0, offers=[offer("firm", 10, 100, PAY_ALL, low=100)], spot=[spot(15.0, available=80)], uncertainty=demands(100, 150))
    return solved(data | {"stress": {"what_ifs": WHAT_IFS, "gap": 0.0}})


def test_csv_tables_hold_every_figure(plan: Plan) -> None:
    """If this fails, a figure of the stress tests is in the plan and in no table."""
    assert plan.stress is not None
    found = tables(plan)
    assert len(found["what_ifs"]) == sum(len(x.outcomes) for x in plan.stress.what_ifs)
    assert list(found["stressed_plans"]["plan"]) == [x.plan for x in plan.stress.plans]
    assert found["stressed_plans"]["least_regret"].sum() == 1
    assert len(found["break_even"]) == 2 * len(plan.stress.break_even)
    assert len(found["break_even_values"]) == sum(len(x.values) for x in plan.stress.break_even)
    assert list(found["doubts"]["total_variation"]) == [x.total_variation for x in plan.stress.doubts]


def test_readable_tables(plan: Plan) -> None:
    """If this fails, the table of what-ifs shows another cost, or best plan, than the figures say."""
    what_if, regrets, turns, doubts = stress_tables(plan, Names())
    given = what_if.rows[0]
    assert given[0] == "Nothing is changed."
    assert given[1] == pytest.approx(1000 + 0.5 * 50 * 15)  # 100 firm, and 50 on the spot market in one of two futures
    assert given[4] == pytest.approx(given[1] - given[5])
    assert regrets.rows[0][0] == "This plan"
    assert len(turns.rows) == 2
    assert len(doubts.rows) == 3
    assert all(table.cells for table in (what_if, regrets, turns, doubts))


def test_charts_say_what_the_tables_say(plan: Plan) -> None:
    """If this fails, a bar or point is not the figure beside it."""
    what_ifs, value = stress_charts(plan)
    assert what_ifs.traces[0]["y"] == pytest.approx([row[1] / 1000 for row in what_ifs.table.rows])
    assert sum(len(trace["x"]) for trace in value.traces) == len(value.table.rows)
    assert all(math.isfinite(y) for trace in (*what_ifs.traces, *value.traces) for y in trace["y"])


def test_report_has_the_section_only_where_it_was_asked_for(plan: Plan) -> None:
    """If this fails, a stress test is run and not shown, or an empty section is."""
    assert plan.stress is not None
    page = html_report(plan)
    assert 'id="stress"' in page
    assert plan.stress.sentences[0].split(".")[0] in page
    assert 'id="stress"' not in html_report(plan.model_copy(update={"stress": None}))
    assert not list(stress_charts(plan.model_copy(update={"stress": None})))


def test_plans_have_names() -> None:
    """If this fails, a reader meets an internal word."""
    assert plan_name("best:more", {"more": "Demand rises."}) == "Best plan if: Demand rises."
    assert plan_name("best:as_given", {}) == "Best plan for the futures as given"
    assert plan_name("spot_only", {}) == "Nothing signed"
