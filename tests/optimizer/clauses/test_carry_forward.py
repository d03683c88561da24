"""Carry-forward: the verifier's cases, and credits worked out by hand."""

from __future__ import annotations

import pytest

from models.errors import InvalidScenario
from scenarios.files import scenario_from
from tests.optimizer.build import offer, scenario, solved
from tests.optimizer.clauses.test_make_up import OWED, SHORT, TIERS, VOLUMES, around
from tests.optimizer.tiny import FRAMES, Frame, breached
from tests.optimizer.verifier import OPEN_BAND, Case, verify

USUAL = {"kind": "carry_forward", "cap": 0.3}
LAPSING = {"kind": "carry_forward", "cap": 1.0, "expiry_periods": 1}
PAID = ("take_or_pay",)

CASES = (
    Case("capped", USUAL, VOLUMES, around, beside=(OPEN_BAND, OWED), charges=PAID),
    Case("lapses after a period", LAPSING, VOLUMES, around, beside=(OPEN_BAND, OWED), charges=PAID),
    Case("beside make-up", LAPSING, VOLUMES[1:], around, beside=(OPEN_BAND, OWED, SHORT), charges=(*PAID, "make_up")),
    Case("with tiers", USUAL, (1000.0, 1999.0, 2001.0), around, beside=(OPEN_BAND, OWED, TIERS), charges=PAID),
    Case(
        "shaped profile",
        USUAL,
        (150.0, 1000.0),
        around,
        beside=(OPEN_BAND, OWED),
        charges=PAID,
        terms={"profile": {"kind": "shaped", "shape": [1.0, 2.0, 0.5]}},
    ),
)

WHAT = {"volume": [100.0], "owed_share": 0.8}
BY_HAND = (
    # 20 beyond the 80 are a credit; 30 are short a year later, 20 % of 80 can be met.
    ({**USUAL, "cap": 0.2}, {**WHAT, "take": [100.0, 50.0], "chosen": [0.0, 16.0]}, [0.0, 0.0]),
    ({**USUAL, "cap": 0.2}, {**WHAT, "take": [100.0, 50.0], "chosen": [0.0, 17.0]}, [0.0, 1.0]),
    # The credit is 20 whatever the cap allows.
    (USUAL, {**WHAT, "take": [100.0, 50.0], "chosen": [0.0, 21.0]}, [0.0, 1.0]),
    # Not more than is short.
    (USUAL, {**WHAT, "take": [100.0, 70.0], "chosen": [0.0, 12.0]}, [0.0, 2.0]),
    # A weak year in between: the credit of the first year has lapsed in the third.
    (LAPSING, {**WHAT, "take": [100.0, 80.0, 50.0], "chosen": [0.0, 0.0, 1.0]}, [0.0, 0.0, 1.0]),
    (LAPSING, {**WHAT, "take": [100.0, 90.0, 50.0], "chosen": [0.0, 0.0, 10.0]}, [0.0, 0.0, 0.0]),
    # The oldest is used first: of 5 and 10, the 5 and 3 of the 10, so that 7 are left.
    ({**LAPSING, "expiry_periods": 2}, {**WHAT, "take": [85.0, 90.0, 72.0, 50.0], "chosen": [0.0, 0.0, 8.0, 7.0]}, [0.0, 0.0, 0.0, 0.0]),
    ({**LAPSING, "expiry_periods": 2}, {**WHAT, "take": [85.0, 90.0, 72.0, 50.0], "chosen": [0.0, 0.0, 8.0, 8.0]}, [0.0, 0.0, 0.0, 1.0]),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would meet a shortfall from volume that was never taken, that has lapsed, or beyond the cap."""
    assert verify(case, frame) > 40


@pytest.mark.parametrize(("clause", "what", "breach"), BY_HAND)
def test_credit_by_hand(clause: dict[str, object], what: dict[str, list[float]], breach: list[float]) -> None:
    """The audit would pass a credit that the contract does not give."""
    assert breached(clause, **what) == pytest.approx([0.0, *breach])


def test_a_strong_year_pays_for_a_weak_one() -> None:
    """Take-or-pay would charge what the credit has met: 30 of 80 are short, 16 are met, 14 are paid at 10."""
    clauses = ({"kind": "take_or_pay", "fraction": 0.8}, {"kind": "carry_forward", "cap": 0.2})
    shipping = [{"site": "site", "cost": 0.5}]
    plan = solved(scenario(100.0, 50.0, short=1000.0, offers=[offer("seller", 10.0, 100.0, *clauses, low=100.0, periods=2, delivery_cost=shipping)]))
    assert [(x.period, x.amount) for x in plan.costs if x.category == "take_or_pay"] == [("2", pytest.approx(140.0))]
    assert [(x.period, x.volume) for x in plan.flows if x.kind == "carry_forward"] == [("2", pytest.approx(16.0))]


def test_it_needs_something_owed() -> None:
    """A right that can never be used would be taken for a term of the contract."""
    with pytest.raises(InvalidScenario) as refused:
        scenario_from(scenario(100.0, offers=[offer("seller", 10.0, 100.0, USUAL)]))
    assert [(x.path, "take_or_pay" in x.message) for x in refused.value.findings] == [("offers[0].clauses[0]", True)]
