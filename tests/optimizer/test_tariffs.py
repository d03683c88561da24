"""Tariffs by origin: what is paid, and that the bill and the model say the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from optimizer.engine import solve
from scenarios import library
from scenarios.files import scenario_from
from tests.optimizer.build import but, offer, scenario

NAME = "rule-origin_share"


def solved(**changes: Any) -> Any:
    """The plan of the bundled scenario, changed."""
    return solve(scenario_from(but(json.loads(library.read(NAME)), **changes)))


def test_duty_is_a_line_of_its_own_for_contract_and_spot() -> None:
    """A buyer would not see what of the cost is duty, or duty would be paid on one kind of purchase only."""
    plan = solve(library.load(NAME))
    paid = {(row.source_kind, row.source): row.amount for row in plan.costs if row.category == "tariff"}
    assert paid == {("offer", "abroad"): pytest.approx(40 * 25 * 0.1), ("spot", "dock"): pytest.approx(25 * 24 * 0.1)}


def test_duty_decides_where_goods_come_from() -> None:
    """The plan would go by prices before duty."""
    free, heavy = solved(rules=[], tariffs=[]), solved(rules=[], tariffs=[{"origin": "far", "rate": [0.5]}])
    assert free.summary.objective == pytest.approx(25 * 24 + 75 * 25)
    assert heavy.summary.objective == pytest.approx(100 * 30)


def test_what_a_third_party_makes_is_free_of_the_suppliers_duty() -> None:
    """What a unit costs in all would not be all: duty would be paid on a price that nobody pays, for goods that the supplier did not make."""
    clauses = [{"kind": "volume_band", "down": 1.0}, {"kind": "step_in", "deliverable_below": 0.6, "cap": 1.0, "cost_per_unit": 9.0}]
    data = scenario(50.0, offers=[offer("maker", 10.0, 20.0, *clauses)], spot=[])
    data["suppliers"] = [{"id": "maker", "origin": "far"}]
    data["tariffs"] = [{"origin": "far", "rate": [0.5]}]
    data["uncertainty"] = {"kind": "futures", "futures": [{"id": "f", "probability": 1.0, "deliverability": [{"supplier": "maker", "share": [0.5]}]}]}
    plan = solve(scenario_from(data))
    assert [row.amount for row in plan.costs if row.category == "tariff"] == [pytest.approx(10 * 10 * 0.5)]
    assert sum(row.amount for row in plan.costs if row.category == "third_party") == pytest.approx(10 * 9)


def test_what_comes_from_elsewhere_is_free_of_duty() -> None:
    """Goods without a tariff for their origin would bear somebody else's."""
    plan = solved(rules=[{"kind": "force", "offer": "home"}], tariffs=[{"origin": "far", "rate": [10.0]}])
    assert not [row for row in plan.costs if row.category == "tariff"]
