"""Deferral: the verifier's cases, and fees and limits worked out by hand."""

from __future__ import annotations

import pytest

from models.errors import InvalidScenario
from scenarios.files import scenario_from
from tests.optimizer.build import offer, scenario
from tests.optimizer.clauses.test_early_termination import SCHEDULE
from tests.optimizer.clauses.test_make_up import OWED
from tests.optimizer.clauses.test_make_up import USUAL as MADE_UP
from tests.optimizer.tiny import FRAMES, Frame, billed, breached
from tests.optimizer.verifier import Case, verify

USUAL = {"kind": "deferral", "share": 0.2, "fee_share": 0.05}
WHOLE = {"kind": "deferral", "share": 1.0}
BAND = {"kind": "volume_band", "down": 0.4, "up": 0.1}
FEE = {"kind": "reservation", "fee_per_unit": 2.0}
GOOD = {"kind": "make_good", "cap": 0.3, "price_share": 0.9}
DEPOSIT = {"kind": "prepayment", "amount": 10000.0, "credit_per_unit": 10.0}
VOLUMES = (100.0, 1000.0)


def around(v: float, share: float) -> tuple[float, ...]:
    """Takes at both ends of the band around what is left, around what was signed, and around what comes on top."""
    v = share * v
    return (0.0, 0.48 * v, 0.6 * v, 0.8 * v, v, 1.1 * v, 1.32 * v, 1.32 * v + 1.0)


CASES = (
    Case("some of it", USUAL, VOLUMES, around, beside=(BAND,), singles=6),
    Case("all of it", WHOLE, VOLUMES[1:], around, beside=(BAND,), singles=2),
    Case("reserved", USUAL, VOLUMES[1:], around, beside=(BAND, FEE), charges=("deferral", "reservation"), singles=2),
    Case("owed", USUAL, VOLUMES[1:], around, beside=(BAND, OWED), charges=("deferral", "take_or_pay"), exact=False, singles=2),
    Case("made up", USUAL, VOLUMES[1:], around, beside=(BAND, OWED, MADE_UP), charges=("deferral", "take_or_pay", "make_up"), singles=2),
    Case("made good", USUAL, VOLUMES[1:], around, beside=(BAND, GOOD), charges=("deferral", "make_good"), singles=2),
    Case("prepaid", USUAL, VOLUMES[1:], around, beside=(BAND, DEPOSIT), charges=("deferral", "prepayment"), exact=False, singles=2),
    Case("shaped profile", USUAL, VOLUMES[1:], around, beside=(BAND,), terms={"profile": {"kind": "shaped", "shape": (0.5, 1.0, 0.0)}}, singles=2),
)

BY_HAND = (
    # A fifth of 1,000 at 5 % of 28; all of it for nothing; nothing.
    (USUAL, {"take": [800.0, 1200.0], "chosen": [200.0, 0.0]}, [280.0, 0.0]),
    (WHOLE, {"take": [0.0, 2000.0], "chosen": [1000.0, 0.0]}, [0.0, 0.0]),
    (USUAL, {"take": [1000.0], "chosen": [0.0, 0.0]}, [0.0, 0.0]),
)

BREACH_BY_HAND = (
    (USUAL, [200.0, 200.0, 0.0], [0.0, 0.0, 0.0]),
    (USUAL, [201.0, 0.0, 0.0], [1.0, 0.0, 0.0]),
    (USUAL, [0.0, 201.0, 0.0], [0.0, 1.0, 0.0]),
    (USUAL, [0.0, 0.0, 50.0], [0.0, 0.0, 50.0]),  # after the last period there is none
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would put off more than it may, lose what is put off, or owe it twice."""
    assert verify(case, frame) > 30


@pytest.mark.parametrize(("clause", "what", "fee"), BY_HAND)
def test_bill_by_hand(clause: dict[str, object], what: dict[str, list[float]], fee: list[float]) -> None:
    """The fee would be wrong, and the audit with it."""
    assert billed(clause, "deferral_fee", **what) == pytest.approx([0.0, *fee])


@pytest.mark.parametrize(("clause", "chosen", "breach"), BREACH_BY_HAND)
def test_limit_by_hand(clause: dict[str, object], chosen: list[float], breach: list[float]) -> None:
    """The audit would pass more put off than the contract allows."""
    assert breached(clause, volume=[1000.0], take=[0.0], chosen=chosen) == pytest.approx([0.0, *breach])


def test_it_stands_beside_nothing_that_counts_on_volume_as_committed() -> None:
    """A contract that is over would still owe what was put off into the time after it."""
    with pytest.raises(InvalidScenario) as refused:
        scenario_from(scenario(100.0, 100.0, offers=[offer("seller", 10.0, 100.0, USUAL, SCHEDULE, periods=2)]))
    assert "offers[0].clauses[0]" in [x.path for x in refused.value.findings]
