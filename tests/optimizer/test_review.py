"""Cases that a review found the engine wrong on, each as small as it gets, with its answer worked out by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from models.errors import Infeasible, InvalidScenario
from models.plan import Plan
from optimizer.engine import solve
from scenarios import library
from scenarios.files import scenario_from


def plan_of(**tables: Any) -> Plan:
    """The plan of a one-product scenario given by its tables, solved to proven optimality without baselines."""
    document = {
        "format": "offtake/1",
        "name": "review",
        "periods": ["a"],
        "sites": [{"id": "A"}],
        "products": [{"id": "P", "unit": "t"}],
        "demand": [],
        "shortage": [{"product": "P", "kind": "lost", "cost_per_unit": 100.0}],
        "solve": {"gap": 0.0, "time_limit_seconds": 60, "baselines": False},
    }
    return solve(scenario_from({**document, **tables}))


def test_shortage_in_steps_supplies_nobody() -> None:
    """A site whose cheap shortage has steps would be short of more than it needs, and send what nobody supplied to a site where shortage is dear."""
    plan = plan_of(
        sites=[{"id": "A"}, {"id": "B"}],
        demand=[{"site": "A", "product": "P", "volume": [100.0]}, {"site": "B", "product": "P", "volume": [100.0]}],
        shortage=[
            {"product": "P", "site": "A", "kind": "lost", "cost_per_unit": 1.0, "steps": [{"above_share": 0.5, "cost_factor": 2.0}]},
            {"product": "P", "site": "B", "kind": "lost", "cost_per_unit": 1000.0},
        ],
        transfers=[{"product": "P", "from_site": "A", "to_site": "B"}],
    )
    assert plan.summary.objective == pytest.approx(50 * 1 + 50 * 2 + 100 * 1000)


def test_backlog_that_was_served_supplies_nobody() -> None:
    """Demand served in time would count as backlog a period later, and that backlog would be sent to another site as if it were goods."""
    plan = plan_of(
        periods=["a", "b"],
        sites=[{"id": "A"}, {"id": "B"}],
        demand=[{"site": "A", "product": "P", "volume": [100.0, 0.0]}, {"site": "B", "product": "P", "volume": [0.0, 100.0]}],
        shortage=[
            {"product": "P", "site": "A", "kind": "delayed", "cost_per_unit_year": 1.0, "terminal_cost_per_unit": 1.0},
            {"product": "P", "site": "B", "kind": "lost", "cost_per_unit": 1000.0},
        ],
        spot=[{"id": "m", "product": "P", "price": [0.5, 0.5], "available": [100.0, 0.0]}],
        transfers=[{"product": "P", "from_site": "A", "to_site": "B"}],
    )
    assert plan.summary.objective == pytest.approx(100 * 0.5 + 100 * 1000)


def test_stock_may_be_large_enough_to_outlast_spoilage() -> None:
    """A bound on stock that forgets spoilage would cut off the best plan: 400 bought to have 100 left after half is lost twice."""
    plan = plan_of(
        periods=["a", "b", "c"],
        demand=[{"site": "A", "product": "P", "volume": [0.0, 0.0, 100.0]}],
        storage=[{"site": "A", "product": "P", "spoilage": 0.5}],
        spot=[{"id": "m", "product": "P", "price": [1.0, 1.0, 1.0], "available": [1000.0, 0.0, 0.0]}],
    )
    assert plan.summary.objective == pytest.approx(400.0)


def test_volume_at_a_threshold_is_not_billed_by_another_tier_than_it_was_signed_in() -> None:
    """A plan that signs the dearer tier for its larger prepayment would stop at the threshold, where the invoice has the better price, and fail its audit."""
    window = {"start": "a", "periods": 1}
    plan = plan_of(
        suppliers=[
            {
                "id": "K",
                "capacity": [{"product": "P", "volume": [90.0]}],
                "capacity_steps": [{"id": "line", "volume": 100.0, "opens_when": {"prepaid": 170.0}}],
            }
        ],
        demand=[{"site": "A", "product": "P", "volume": [200.0]}],
        offers=[
            {
                "id": "tiered",
                "supplier": "K",
                "products": ["P"],
                "window": window,
                "alternatives": [{"id": "x", "price": 10.0, "volume_per_period": {"min": 0.0, "max": 100.0}}],
                "clauses": [
                    {"kind": "all_units_tiers", "tiers": [{"from_volume": 0.0, "to_volume": 90.0}, {"from_volume": 90.0, "discount": 0.5}]},
                    {"kind": "prepayment", "share_of_contract_value": 0.2, "credit_per_unit": 5.0},
                ],
            },
            {
                "id": "plain",
                "supplier": "K",
                "products": ["P"],
                "window": window,
                "alternatives": [{"id": "x", "price": 1.0, "volume_per_period": {"min": 0.0, "max": 100.0}}],
            },
        ],
    )
    assert plan.summary.objective == pytest.approx(90 * 10 + 100 * 1 + 10 * 100, rel=1e-4)


NO_TIER_HOLDS_BOTH = {
    "id": "o",
    "supplier": "K",
    "products": ["P", "R"],
    "window": {"start": "a", "periods": 1},
    "alternatives": [
        {"id": "x", "price": 10.0, "volume_per_period": [{"product": "P", "min": 10.0, "max": 10.0}, {"product": "R", "min": 100.0, "max": 100.0}]}
    ],
    "clauses": [
        {"kind": "minimum_order", "volume": 5.0},
        {"kind": "all_units_tiers", "tiers": [{"from_volume": 0.0, "to_volume": 50.0}, {"from_volume": 50.0, "discount": 0.1}]},
    ],
}


@pytest.mark.parametrize(
    ("offers", "rule"), [([NO_TIER_HOLDS_BOTH], {"kind": "force", "offer": "o"}), ([], {"kind": "supplier_count", "min": 1})], ids=["force", "supplier_count"]
)
def test_rule_that_nothing_can_keep_is_named(offers: list[Any], rule: dict[str, Any]) -> None:
    """A rule without a single variable in it would end in an exception of the modelling language, not in a message that names the rule."""
    products = [{"id": "P", "unit": "t"}, {"id": "R", "unit": "t"}]
    demand = [{"site": "A", "product": "P", "volume": [10.0]}]
    with pytest.raises(Infeasible, match=rule["kind"]):
        plan_of(products=products, demand=demand, suppliers=[{"id": "K"}], offers=offers, rules=[rule])


def test_offer_that_fits_no_tier_is_not_signed() -> None:
    """An offer without any alternative left would crash the minimum order."""
    products = [{"id": "P", "unit": "t"}, {"id": "R", "unit": "t"}]
    demand = [{"site": "A", "product": "P", "volume": [10.0]}]
    assert plan_of(products=products, demand=demand, suppliers=[{"id": "K"}], offers=[NO_TIER_HOLDS_BOTH]).summary.objective == pytest.approx(1000.0)


@pytest.mark.parametrize("periods", [1, 60], ids=["solver", "search"])
def test_signature_is_paid_for_however_large_the_offer(periods: int) -> None:
    """An offer with a maximum that means "no limit" would be used through a binary of 0.0000005, unsigned and unpaid, or be missed altogether."""
    names = [f"t{t}" for t in range(periods)]
    plan = plan_of(
        periods=names,
        suppliers=[{"id": "K"}],
        demand=[{"site": "A", "product": "P", "volume": [500.0] * periods}],
        offers=[
            {
                "id": "o",
                "supplier": "K",
                "products": ["P"],
                "window": {"start": "t0", "periods": periods},
                "signing_cost": 1000.0,
                "alternatives": [{"id": "x", "price": 10.0, "volume_per_period": {"min": 0.0, "max": 1e9}}],
            }
        ],
    )
    assert plan.summary.objective == pytest.approx(1000.0 + 5000.0 * periods)


def test_a_rule_s_penalty_does_not_depend_on_an_offer_it_does_not_name() -> None:
    """If this fails, an unrelated offer that may be signed later moves the penalty of a rule on today's offers into the future, where it counts less."""

    def offer(name: str, **more: object) -> dict[str, object]:
        volume = {"min": 100, "max": 100}
        base = {"id": name, "supplier": "maker", "products": ["cable"], "window": {"start": "2", "periods": 1}}
        return {**base, "alternatives": [{"id": "base", "price": 1, "volume_per_period": volume}], **more}

    def penalty(*offers: dict[str, object]) -> float:
        plan = solve(
            scenario_from(
                {
                    "format": "offtake/1",
                    "name": "penalty",
                    "discount_rate": 0.5,
                    "periods": ["1", "2"],
                    "sites": [{"id": "here"}],
                    "products": [{"id": "cable", "unit": "km"}],
                    "suppliers": [{"id": "maker"}],
                    "demand": [{"site": "here", "product": "cable", "volume": [0, 300]}],
                    "shortage": [{"product": "cable", "kind": "lost", "cost_per_unit": 100}],
                    "offers": list(offers),
                    "rules": [{"kind": "exclusive", "offers": ["first", "second"], "violation_price": 40}],
                }
            )
        )
        return plan.rules[0].penalty

    assert penalty(offer("first"), offer("second")) == pytest.approx(40)
    assert penalty(offer("first"), offer("second"), offer("later", sign="2")) == pytest.approx(40)


def test_a_maximum_that_means_no_limit_is_refused() -> None:
    """If this fails, a commitment of up to 1e12 units gets an answer that no tolerance can hold."""
    document = json.loads(library.read("clause-take_or_pay"))
    document["offers"][0]["alternatives"][0]["volume_per_period"]["max"] = 1e12
    with pytest.raises(InvalidScenario, match=r"offers\[0\].alternatives\[0\].volume_per_period: `max` is 1e\+12"):
        solve(scenario_from(document))


def test_a_discount_on_a_commitment_that_binds_nobody_is_warned_of() -> None:
    """If this fails, a plan that earns discounts by committing without taking stands there without a word."""
    document = json.loads(library.read("clause-incremental_tiers"))
    offer = document["offers"][0]
    offer["clauses"] = [clause for clause in offer["clauses"] if clause["kind"] == "incremental_tiers"]
    assert any("nothing obliges to take or pay" in warning for warning in solve(scenario_from(document)).warnings)
    offer["clauses"].append({"kind": "take_or_pay", "fraction": 1.0})
    assert not solve(scenario_from(document)).warnings
