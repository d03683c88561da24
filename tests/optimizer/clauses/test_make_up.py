"""Make-up: the verifier's cases, credits and banks worked out by hand, and five years of an LNG contract."""

from __future__ import annotations

import pytest

from models.errors import InvalidScenario
from scenarios.files import scenario_from
from tests.optimizer.build import offer, scenario, solved
from tests.optimizer.tiny import FRAMES, Frame, billed, breached
from tests.optimizer.verifier import OPEN_BAND, Case, verify

OWED = {"kind": "take_or_pay", "fraction": 0.8, "price_share": 0.9}
USUAL = {"kind": "make_up", "price_share": 0.2}
SHORT = {"kind": "make_up", "price_share": 0.0, "expiry_periods": 1}
CARRY = {"kind": "carry_forward", "cap": 0.3}
INDEXED = {"kind": "indexed_price", "index": "inputs", "weight": 0.5}
TIERS = {"kind": "all_units_tiers", "tiers": [{"from_volume": 0, "to_volume": 2000}, {"from_volume": 2000, "discount": 0.1}]}
VOLUMES = (99.0, 100.0, 1000.0)
LNG = {"kind": "make_up", "price_share": 0.1, "expiry_periods": 2}
YEARS = {"volume": [100.0], "take": [60.0, 95.0, 80.0, 110.0, 110.0], "price": 10.0, "owed_share": 0.9}  # 30 and 10 short, then 5, 20 and 20 beyond


def around(v: float, share: float) -> tuple[float, ...]:
    """Takes below, at and above what is owed, by more and by less."""
    owed = 0.8 * share * v
    return (0.0, owed - 40.0, owed - 1.0, owed, owed + 1.0, owed + 40.0, 2 * share * v)


BOTH = ("take_or_pay", "make_up")
CASES = (
    Case("until the end", USUAL, VOLUMES, around, beside=(OPEN_BAND, OWED), charges=BOTH),
    Case("lapses after a period", SHORT, VOLUMES, around, beside=(OPEN_BAND, OWED), charges=BOTH),
    Case("beside carry-forward", SHORT, VOLUMES[1:], around, beside=(OPEN_BAND, OWED, CARRY), charges=BOTH),
    Case("with an index", USUAL, VOLUMES[1:], around, beside=(OPEN_BAND, OWED, INDEXED), charges=BOTH, terms={"levels": (1.0, 1.3, 0.8)}),
    Case("with tiers", USUAL, (1000.0, 1999.0, 2001.0), around, beside=(OPEN_BAND, OWED, TIERS), charges=BOTH),
    Case("free profile", SHORT, VOLUMES[1:], around, beside=(OPEN_BAND, OWED), charges=BOTH, terms={"profile": {"kind": "free"}}),
)

BY_HAND = (
    # 90 are owed and 60 taken; of the 95 a year later 5 are make-up, at 10 % of 10.
    (LNG, {**YEARS, "take": [60.0, 95.0], "chosen": [0.0, 5.0]}, [0.0, -45.0]),
    (LNG, {**YEARS, "chosen": [0.0, 5.0, 0.0, 10.0, 0.0]}, [0.0, -45.0, 0.0, -90.0, 0.0]),
    # 80 % of 28 is saved on 100 units.
    (USUAL, {"volume": [1000.0], "take": [700.0, 900.0], "owed_share": 0.8, "chosen": [0.0, 100.0]}, [0.0, -2240.0]),
)

BANKED_BY_HAND = (
    ([0.0, 5.0, 0.0, 10.0, 0.0], [0.0] * 5),
    ([1.0, 0.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0, 0.0]),  # nothing is banked yet
    ([0.0, 6.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0, 0.0]),  # only 5 are taken beyond the 90
    ([0.0, 5.0, 0.0, 11.0, 0.0], [0.0, 0.0, 0.0, 1.0, 0.0]),  # the 25 that are left of the first year have lapsed
    ([0.0, 5.0, 0.0, 4.0, 6.0], [0.0] * 5),
    ([0.0, 5.0, 0.0, 4.0, 7.0], [0.0, 0.0, 0.0, 0.0, 1.0]),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would make up volume that was never paid for, has lapsed, or is part of what is owed; or pay for volume that was taken."""
    assert verify(case, frame) > 40


@pytest.mark.parametrize(("clause", "what", "credit"), BY_HAND)
def test_bill_by_hand(clause: dict[str, object], what: dict[str, list[float]], credit: list[float]) -> None:
    """The credit for make-up volume would be wrong, and the audit with it."""
    assert billed(clause, "make_up_credit", **what) == pytest.approx([0.0, *credit])


@pytest.mark.parametrize(("chosen", "breach"), BANKED_BY_HAND)
def test_bank_by_hand(chosen: list[float], breach: list[float]) -> None:
    """The audit would pass make-up volume that the contract does not give."""
    assert breached(LNG, **{**YEARS, "chosen": chosen}) == pytest.approx([0.0, *breach])


def test_five_years_of_an_lng_contract() -> None:
    """The plan of a contract as the LNG trade writes it would differ from the one worked out by hand.

    Annual contract quantity 100, 90 % take or pay, make-up within two years at 10 % of the price of 10. Demand leaves 30 untaken in year 1 and 10 in
    year 3; years 2, 4 and 5 take 5, 20 and 20 beyond the 90. So 300 and 100 are paid for nothing, 5 are made up in year 2, the other 25 lapse after
    year 3, and 10 are made up in year 4 or 5.
    """
    band, owed = {"kind": "volume_band", "up": 0.1}, {"kind": "take_or_pay", "fraction": 0.9}
    demand = YEARS["take"]
    assert isinstance(demand, list)
    shipping = [{"site": "site", "cost": 0.5}]  # taking what nobody needs costs more than paying for it
    plan = solved(scenario(*demand, short=1000.0, offers=[offer("seller", 10.0, 100.0, band, owed, LNG, low=100.0, periods=5, delivery_cost=shipping)]))
    amounts = {category: [0.0] * 5 for category in ("take_or_pay", "make_up_credit", "purchase")}
    for line in plan.costs:
        if line.category in amounts:
            amounts[line.category][int(line.period) - 1] += line.amount
    assert amounts["take_or_pay"] == pytest.approx([300.0, 0.0, 100.0, 0.0, 0.0])
    assert amounts["purchase"] == pytest.approx([600.0, 950.0, 800.0, 1100.0, 1100.0])
    assert amounts["make_up_credit"][:3] == pytest.approx([0.0, -45.0, 0.0])
    assert sum(amounts["make_up_credit"][3:]) == pytest.approx(-90.0)
    assert plan.summary.objective == pytest.approx(4550.0 + 400.0 - 135.0 + 0.5 * 455.0)
    made_up = {line.period: line.volume for line in plan.flows if line.kind == "make_up"}
    assert made_up["2"] == pytest.approx(5.0)
    assert sum(made_up.values()) == pytest.approx(15.0)


def test_it_needs_something_owed() -> None:
    """A right that can never be used would be taken for a term of the contract."""
    with pytest.raises(InvalidScenario) as refused:
        scenario_from(scenario(100.0, offers=[offer("seller", 10.0, 100.0, USUAL)]))
    assert [(x.path, "take_or_pay" in x.message) for x in refused.value.findings] == [("offers[0].clauses[0]", True)]
