"""More choice never costs more: another offer, a better one, a looser clause, a looser rule; and a clause at its inert default is no clause."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given

from models.clauses import CLAUSES, PRICE_FAMILY
from models.rules import RULES
from tests.optimizer.build import Data, at_most, but, cost, offer, same
from tests.optimizer.drawn import any_scenario, examples


def kind_of(document: type[Any]) -> str:
    return str(get_args(document.model_fields["kind"].annotation)[0])


@examples(5)
@given(any_scenario(rules=False))
def test_a_dominated_offer_changes_nothing(data: Data) -> None:
    """If this fails, an offer that nobody would sign costs or saves something."""
    useless = offer("useless", 1e4, 50.0, start=data["periods"][0])
    assert same(cost(data), cost(but(data, offers=[*data["offers"], useless], suppliers=[*data["suppliers"], {"id": "useless"}])))


@examples(5)
@given(any_scenario())
def test_another_offer_never_raises_the_cost(data: Data) -> None:
    """If this fails, an option that need not be used makes the plan dearer."""
    rival = offer("rival", 16.0, 40.0, {"kind": "take_or_pay", "fraction": 0.5}, start=data["periods"][0], signing_cost=10.0)
    assert at_most(cost(but(data, offers=[*data["offers"], rival], suppliers=[*data["suppliers"], {"id": "rival"}])), cost(data))


TIERS = [{"from_volume": 0.0, "to_volume": 20.0, "discount": 0.0}, {"from_volume": 20.0, "discount": 0.05}]
BETTER = [TIERS[0], TIERS[1] | {"discount": 0.2}]
INDEXED = {"kind": "indexed_price", "index": "inputs", "weight": 0.8, "floor": -0.1, "cap": 0.3}
REVIEWED = {"kind": "price_review", "index": "inputs", "share": 0.8, "floor": -0.1, "cap": 0.3}
LOOSER_CLAUSES: list[tuple[Data, Data]] = [
    ({"kind": "take_or_pay", "fraction": 0.9}, {"fraction": 0.6}),
    ({"kind": "take_or_pay", "fraction": 0.9}, {"price_share": 0.5}),
    ({"kind": "volume_band", "down": 0.1, "up": 0.05}, {"down": 0.5}),
    ({"kind": "volume_band", "down": 0.1, "up": 0.05}, {"up": 0.3}),
    ({"kind": "reservation", "fee_per_unit": 3.0}, {"fee_per_unit": 1.0}),
    ({"kind": "reservation", "share_of_price": 0.2}, {"share_of_price": 0.1}),
    ({"kind": "reservation", "fee_per_unit": 3.0, "deductible": 0.2}, {"deductible": 0.9}),
    ({"kind": "fixed_price"}, {}),
    ({"kind": "escalator", "rate": 0.08}, {"rate": 0.01}),
    (INDEXED | {"reference": 0.5}, {"weight": 0.2}),  # the index stands above its reference, so less weight is better
    (INDEXED, {"cap": 0.1}),
    (INDEXED, {"floor": -0.5}),
    (REVIEWED | {"reference": 0.5}, {"share": 0.1}),  # the market stands above the price, so a review that closes less of the gap is better
    (REVIEWED | {"reference": 0.5}, {"every_periods": 2}),
    (REVIEWED, {"cap": 0.05}),
    (REVIEWED, {"floor": -0.6}),
    ({"kind": "all_units_tiers", "tiers": TIERS}, {"tiers": BETTER}),
    ({"kind": "incremental_tiers", "tiers": TIERS}, {"tiers": BETTER}),
    ({"kind": "cumulative_rebate", "tiers": TIERS}, {"tiers": BETTER}),
    ({"kind": "prepayment", "amount": 300.0, "credit_per_unit": 5.0}, {"amount": 100.0}),
    ({"kind": "prepayment", "share_of_first_period": 0.6, "credit_per_unit": 5.0}, {"share_of_first_period": 0.2}),
    ({"kind": "prepayment", "share_of_contract_value": 0.6, "credit_per_unit": 5.0}, {"credit_per_unit": 8.0}),
    ({"kind": "prepayment", "amount": 300.0, "credit_per_unit": 5.0, "guarantee_share": 0.5, "guarantee_fee": 0.1}, {"guarantee_fee": 0.0}),
    ({"kind": "prepayment", "amount": 300.0, "credit_per_unit": 5.0, "guarantee_share": 0.2}, {"guarantee_share": 1.0}),
    ({"kind": "force_majeure"}, {}),  # more events help one side in one year and the other in the next
    ({"kind": "supplier_default"}, {}),
    ({"kind": "buffer_stock", "cap": 0.2}, {"cap": 0.9}),
    ({"kind": "buffer_stock", "cap": 0.5, "holding_fee": 2.0}, {"holding_fee": 0.0}),
    ({"kind": "expansion", "volume_share": 0.5, "payment_per_unit": 3.0}, {"payment_per_unit": 0.5}),
    ({"kind": "expansion", "volume_share": 0.2}, {"volume_share": 0.8, "after_periods": 0}),
    ({"kind": "expansion", "volume_share": 0.5, "payment_per_unit": 1.0}, {"priority": 0.9}),
    ({"kind": "step_in", "deliverable_below": 0.6, "cap": 0.3, "cost_per_unit": 20.0}, {"cap": 1.0}),
    ({"kind": "step_in", "deliverable_below": 0.4, "cap": 0.8, "cost_per_unit": 20.0}, {"deliverable_below": 0.9, "cost_per_unit": 5.0}),
    ({"kind": "minimum_order", "volume": 35.0}, {"volume": 10.0}),
    ({"kind": "late_delivery", "damages_per_week": 0.01, "cap": 0.05}, {"damages_per_week": 0.03}),
    ({"kind": "late_delivery", "damages_per_week": 0.01, "cap": 0.05}, {"cap": 0.3}),
    ({"kind": "currency", "reference": 0.5, "band": 0.2, "supplier_share": 0.3}, {"supplier_share": 0.7}),  # the currency stands far above it
    ({"kind": "currency", "reference": 0.5, "band": 0.2, "supplier_share": 0.3}, {"band": 0.05}),
    ({"kind": "expedite", "cap": 0.1, "premium": 0.5}, {"cap": 0.5}),
    ({"kind": "expedite", "cap": 0.3, "premium": 0.8}, {"premium": 0.1}),
    ({"kind": "growth_rebate", "discount": 0.05}, {"discount": 0.3}),
    ({"kind": "growth_rebate", "discount": 0.2, "base_volume": 30.0}, {"base_volume": 10.0}),
    ({"kind": "bundle_discount", "discount": 0.05, "min_volume": 10.0}, {"discount": 0.3}),
    ({"kind": "bundle_discount", "discount": 0.2, "min_volume": 30.0, "across": "sites"}, {"min_volume": 5.0}),
    ({"kind": "most_favoured", "spot": "spot-cable", "margin": 0.3}, {"margin": 0.0}),
    ({"kind": "payment_days", "days": 30.0}, {"days": 120.0}),
    ({"kind": "make_up", "price_share": 0.8, "expiry_periods": 1}, {"price_share": 0.1}),
    ({"kind": "make_up", "price_share": 0.2, "expiry_periods": 1}, {"expiry_periods": None}),
    ({"kind": "carry_forward", "cap": 0.1, "expiry_periods": 1}, {"cap": 0.6}),
    ({"kind": "make_good", "cap": 0.1, "price_share": 0.9}, {"cap": 0.5}),
    ({"kind": "make_good", "cap": 0.3, "price_share": 0.9, "expiry_periods": 1}, {"price_share": 0.2}),
    ({"kind": "make_good", "cap": 0.3, "price_share": 0.5, "expiry_periods": 1}, {"expiry_periods": None}),
    ({"kind": "extension", "periods": 1, "price_factor": 1.3}, {"price_factor": 1.0}),
    ({"kind": "extension", "periods": 1, "notice_periods": 1}, {"notice_periods": 0}),
    ({"kind": "early_termination", "fees": [{"after_periods": 1}]}, {"fees": [{"after_periods": 1, "share": 0.3}]}),
    ({"kind": "early_termination", "fees": [{"after_periods": 2, "share": 0.3}]}, {"fees": [{"after_periods": 1, "share": 0.3}]}),
    ({"kind": "carry_forward", "cap": 0.6, "expiry_periods": 1}, {"expiry_periods": None}),
    ({"kind": "capacity_share", "share": 0.1, "price_factor": 1.5}, {"share": 0.4}),
    ({"kind": "capacity_share", "share": 0.3, "price_factor": 1.5}, {"price_factor": 0.8}),
    ({"kind": "requirements", "share": 0.4}, {"share": 0.1}),
    ({"kind": "exclusivity", "waiver_fee": 300.0}, {"waiver_fee": 20.0}),
    ({"kind": "exclusivity", "waiver_fee": 300.0, "waivable": False}, {"waivable": True}),
    ({"kind": "deferral", "share": 0.2, "fee_share": 0.2}, {"share": 0.6}),
    ({"kind": "deferral", "share": 0.4, "fee_share": 0.2}, {"fee_share": 0.0}),
    ({"kind": "cancellation", "share": 0.2, "notices": [{"periods": 0, "fee_share": 0.3}]}, {"share": 0.7}),
    ({"kind": "cancellation", "share": 0.5, "notices": [{"periods": 0, "fee_share": 0.8}]}, {"notices": [{"periods": 0, "fee_share": 0.1}]}),
    ({"kind": "cancellation", "share": 0.5, "notices": [{"periods": 0}]}, {"notices": [{"periods": 0}, {"periods": 1, "fee_share": 0.1}]}),
    ({"kind": "rolling_forecast", "down": 0.1, "up": 0.05}, {"down": 0.5}),
    ({"kind": "rolling_forecast", "down": 0.1, "up": 0.05}, {"up": 0.4}),
]
RIGHTS: list[Data] = [
    {"kind": "late_delivery", "damages_per_week": 0.02, "cap": 0.3},
    {"kind": "payment_days", "days": 120.0},
    {"kind": "most_favoured", "spot": "spot-cable"},
    {"kind": "bundle_discount", "discount": 0.2, "min_volume": 10.0},
    {"kind": "growth_rebate", "discount": 0.2},
    {"kind": "expedite", "cap": 0.3, "premium": 0.2},
    {"kind": "make_up", "price_share": 0.2},
    {"kind": "carry_forward", "cap": 0.5},
    {"kind": "make_good", "cap": 0.4, "price_share": 0.8},
    {"kind": "capacity_share", "share": 0.2, "price_factor": 1.1},
    {"kind": "deferral", "share": 0.4, "fee_share": 0.1},
    {"kind": "cancellation", "share": 0.5, "notices": [{"periods": 0, "fee_share": 0.4}]},
    {"kind": "cumulative_rebate", "tiers": BETTER},
    {"kind": "early_termination", "fees": [{"after_periods": 1, "share": 0.4}]},
    {"kind": "extension", "periods": 1},
    {"kind": "volume_band", "up": 0.3},
    {"kind": "incremental_tiers", "tiers": BETTER},
    {"kind": "all_units_tiers", "tiers": [{"from_volume": 0.0, "discount": 0.1}]},  # one tier: two of them forbid volumes that lie in both
    {"kind": "buffer_stock", "cap": 0.5, "fill_periods": 2},
    {"kind": "expansion", "volume_share": 0.5, "priority": 0.5},
    {"kind": "step_in", "deliverable_below": 0.9, "cap": 0.8, "cost_per_unit": 12.0},
]
OBLIGATIONS: list[Data] = [
    {"kind": "take_or_pay", "fraction": 0.9},
    {"kind": "reservation", "fee_per_unit": 2.0},
    {"kind": "minimum_order", "volume": 20.0},
    {"kind": "prepayment", "amount": 200.0},
    {"kind": "volume_band", "down": 0.1},
    {"kind": "escalator", "rate": 0.06},
    {"kind": "requirements", "share": 0.3},
    {"kind": "exclusivity", "waiver_fee": 100.0},
    {"kind": "rolling_forecast", "down": 0.2, "up": 0.1},
]
NEITHER = {
    "fixed_price": "it is what an offer has without it",
    "indexed_price": "the index may rise or fall",
    "price_review": "the market may rise or fall",
    "currency": "the rate of exchange may rise or fall",
    "force_majeure": "both sides are released",
    "supplier_default": "what is owed is gone with what was to come",
}
OWED = {"kind": "take_or_pay", "fraction": 0.8}
ABOUT_OWED = {"make_up", "carry_forward"}


def with_clause(data: Data, clause: Data | None, kind: str) -> Data:
    """The scenario with its first offer under `clause` (None: without it). A clause of the same kind makes room, and for a price clause the other price
    clauses, and incremental tiers: they credit a share of the price on volume that need not be taken, so a higher price could be a gain. Clauses about
    what is owed find something owed, and are gone where that changes: volume that is paid at half its price and free later is no burden."""
    found = but(data)
    family = {kind_of(x) for x in PRICE_FAMILY}
    clashes = {kind} | (family | {"incremental_tiers"} if kind in family else set()) | (ABOUT_OWED if kind == "take_or_pay" else set())
    endings, moves = {"early_termination", "extension"}, {"deferral", "cancellation"}
    changed = endings | moves
    clashes |= endings | {"incremental_tiers"} if kind in changed else changed if kind == "incremental_tiers" else set()
    clashes |= moves | {"rolling_forecast"} if kind in endings else endings | moves if kind == "rolling_forecast" else set()
    clashes |= {"rolling_forecast"} if kind in moves else set()
    events = {"force_majeure", "supplier_default"}
    clashes |= moves | {"rolling_forecast"} if kind in events else events if kind in moves | {"rolling_forecast"} else set()
    if clause is not None and "guarantee_share" in clause:
        clashes |= endings  # what is left of a prepayment is forfeited there
    if clause is not None and "periods" in clause and found["offers"][0]["window"]["periods"] == 1:
        clause = clause | {"periods": 0}  # nothing could come before the extension
    clashes |= {"incremental_tiers"} if kind in ("currency", "most_favoured") else set()  # as above
    if kind == "currency":
        found["offers"][0]["currency"] = "EUR"
    own = [x for x in found["offers"][0]["clauses"] if x["kind"] not in clashes]
    if kind == "capacity_share":
        _limit(found)
    if kind in ABOUT_OWED and not any(x["kind"] == "take_or_pay" for x in own):
        own.append(OWED)
    found["offers"][0]["clauses"] = own + ([clause] if clause is not None else [])
    return found


def _limit(data: Data) -> None:
    """Give the first offer's supplier a capacity for everything that it sells: a share of it needs one."""
    offered = data["offers"][0]
    supplier = next(x for x in data["suppliers"] if x["id"] == offered["supplier"])
    for step in supplier.get("capacity_steps", []):
        step["product"] = "cable"
    rows = supplier.setdefault("capacity", [])
    rows += [{"product": p, "volume": [80.0] * len(data["periods"])} for p in offered["products"] if p not in {x["product"] for x in rows}]


@pytest.mark.parametrize(("tight", "change"), LOOSER_CLAUSES, ids=lambda x: x.get("kind") or "-".join(x))
@examples(3)
@given(data=any_scenario())
def test_a_looser_clause_never_raises_the_cost(tight: Data, change: Data, data: Data) -> None:
    """If this fails, a clause's bound or charge points the wrong way."""
    assert at_most(cost(with_clause(data, tight | change, tight["kind"])), cost(with_clause(data, tight, tight["kind"])))


@pytest.mark.parametrize("right", RIGHTS, ids=lambda x: x["kind"])
@examples(6)
@given(data=any_scenario())
def test_a_right_never_raises_the_cost(right: Data, data: Data) -> None:
    """If this fails, something that the buyer may do and need not do makes the plan dearer."""
    kind = right["kind"]
    assert at_most(cost(with_clause(data, right, kind)), cost(with_clause(data, None, kind)))


@pytest.mark.parametrize("obligation", OBLIGATIONS, ids=lambda x: x["kind"])
@examples(4)
@given(data=any_scenario())
def test_an_obligation_never_lowers_the_cost(obligation: Data, data: Data) -> None:
    """If this fails, something that the buyer must do or pay makes the plan cheaper."""
    kind = obligation["kind"]
    assert at_most(cost(with_clause(data, None, kind)), cost(with_clause(data, obligation, kind)))


def test_every_clause_is_loosened_above() -> None:
    """If this fails, a new clause is missing from the table of looser clauses."""
    assert {tight["kind"] for tight, _ in LOOSER_CLAUSES} == {kind_of(x) for x in CLAUSES}


def test_every_clause_is_a_right_or_an_obligation() -> None:
    """If this fails, nobody has said whether a new clause can make a plan dearer or cheaper."""
    sided = {x["kind"] for x in (*RIGHTS, *OBLIGATIONS)}
    assert sided | NEITHER.keys() == {kind_of(x) for x in CLAUSES}
    assert not sided & NEITHER.keys()


@pytest.mark.parametrize("document", CLAUSES, ids=kind_of)
@examples(3)
@given(data=any_scenario())
def test_a_clause_at_its_inert_default_changes_nothing(document: type[Any], data: Data) -> None:
    """If this fails, a clause whose fields are all at their defaults still does something."""
    kind = kind_of(document)
    one_tier = {"tiers": [{"from_volume": 0.0}]}
    needed: Data = {"indexed_price": {"index": "inputs"}, "all_units_tiers": one_tier, "incremental_tiers": one_tier, "cumulative_rebate": one_tier}
    needed |= {"price_review": {"index": "inputs"}}
    assert same(cost(with_clause(data, None, kind)), cost(with_clause(data, {"kind": kind} | needed.get(kind, {}), kind)))


@pytest.mark.parametrize("change", ["price", "min", "max", "capacity", "signing_cost", "sites"])
@examples(3)
@given(data=any_scenario())
def test_a_better_offer_never_raises_the_cost(change: str, data: Data) -> None:
    """If this fails, a lower price, a wider range, more capacity or more places to deliver to make the plan dearer."""
    better = but(data)
    own = better["offers"][0]
    match change:
        case "price":
            own["alternatives"][0]["price"] *= 0.8
        case "min" | "max":
            own["alternatives"][0]["volume_per_period"] |= {"min": 0.0} if change == "min" else {"max": 80.0}
            data["offers"][0]["alternatives"][0]["profile"] = own["alternatives"][0]["profile"] = {"kind": "flat"}  # a ramp is a share of the max
        case "capacity":
            better["suppliers"][1]["capacity"][0]["volume"] = [90.0] * len(data["periods"])
        case "signing_cost":
            own["signing_cost"] = 0.0
        case "sites":
            own["sites"] = None
    assert at_most(cost(better), cost(data))


FIRM = {"kind": "volume_band", "down": 0.2}
LOOSER_RULES: list[tuple[Data, Data]] = [
    ({"kind": "domestic_share", "min": 0.6}, {"min": 0.3}),
    ({"kind": "supplier_share", "supplier": "home", "min": 0.3, "max": 0.4}, {"min": 0.1}),
    ({"kind": "supplier_share", "supplier": "home", "max": 0.4, "in": "every_future"}, {"max": 0.7}),
    ({"kind": "origin_share", "origin": "far", "max": 0.2}, {"max": 0.6}),
    ({"kind": "supplier_count", "min": 2}, {"min": 1}),
    ({"kind": "supplier_count", "max": 0}, {"max": 1}),
    ({"kind": "spot_share", "max": 0.1, "in": "every_node"}, {"max": 0.5}),
    ({"kind": "budget", "max": 700.0}, {"max": 1500.0}),
    ({"kind": "fill_rate", "min": 0.95}, {"min": 0.7}),
    ({"kind": "shortage_cvar", "max": 3.0, "tail": 0.3}, {"max": 30.0}),
    ({"kind": "shortage_cvar", "max": 3.0, "tail": 0.3}, {"tail": 0.8}),
    ({"kind": "shortage_probability", "max": 0.1}, {"max": 0.6}),
    ({"kind": "shortage_probability", "max": 0.1}, {"above": 20.0}),
    ({"kind": "smallest_share", "min": 0.6}, {"min": 0.2}),
    ({"kind": "smallest_share", "min": 0.6, "in": "every_node"}, {"min": 0.2}),
    ({"kind": "prepaid_exposure", "max": 10.0}, {"max": 500.0}),
    ({"kind": "capex_smoothing", "max": 100.0}, {"max": 400.0}),
    ({"kind": "supplier_spend", "max": 100.0, "in": "every_node"}, {"max": 400.0}),
    ({"kind": "switching_cost", "incumbents": ["home", "abroad"], "per_supplier": 50.0}, {"per_supplier": 20.0, "incumbents": ["home", "abroad", "other"]}),
    ({"kind": "payment_term", "min": 20.0}, {"min": 5.0}),
    ({"kind": "exclusive", "offers": ["offer-1", "other"]}, {}),
    ({"kind": "requires", "offer": "offer-1", "needs": "other"}, {}),
    ({"kind": "all_or_none", "offers": ["offer-1", "other"]}, {}),
    ({"kind": "force", "offer": "other"}, {}),
]


@pytest.mark.parametrize(("tight", "change"), LOOSER_RULES, ids=lambda x: x.get("kind") or "-".join(x))
@examples(2)
@given(data=any_scenario(rules=False))
def test_a_looser_rule_never_raises_the_cost(tight: Data, change: Data, data: Data) -> None:
    """If this fails, a rule points the wrong way, or pricing its violation is not a relaxation of it."""
    other = offer("other", 17.0, 40.0, FIRM, low=5.0, start=data["periods"][0])
    data = but(data, offers=[*data["offers"], other], suppliers=[*data["suppliers"], {"id": "other", "origin": "far"}])
    hard = cost(but(data, rules=[tight]))
    dear, cheap = (cost(but(data, rules=[tight | {"violation_price": price}])) for price in (200.0, 5.0))
    assert at_most(cost(but(data, rules=[tight | change])), hard)
    assert at_most(dear, hard)
    assert at_most(cheap, dear)
    assert at_most(cost(but(data, rules=[])), cheap)


def test_every_rule_is_loosened_above() -> None:
    """If this fails, a new rule is missing from the table of looser rules."""
    assert {tight["kind"] for tight, _ in LOOSER_RULES} == {kind_of(x) for x in RULES}
