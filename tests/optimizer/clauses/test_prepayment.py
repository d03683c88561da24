"""Prepayment: the verifier's cases, with credits exact at a minimum and with credits exact always, and bills worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.clauses.levels import near
from tests.optimizer.tiny import FRAMES, Frame, billed
from tests.optimizer.verifier import Case, verify

AMOUNT = {"kind": "prepayment", "amount": 10000.0, "credit_per_unit": 10.0}
FIRST = {"kind": "prepayment", "share_of_first_period": 0.2, "credit_per_unit": 15.0}
WHOLE = {"kind": "prepayment", "share_of_contract_value": 0.1, "credit_per_unit": 6.0}
FORFEIT = {"kind": "prepayment", "amount": 10000.0}
BUDGET = {"rules": ({"kind": "budget", "in": "every_node", "max": 1e9},)}  # never binds, but something is built on the timing of credits now
SHAPED = {"profile": {"kind": "shaped", "shape": [0.5, 1.0, 2.0]}}
VOLUMES = (99.0, 100.0, 600.0, 5000.0, 5001.0)


def around_amount(v: float, share: float) -> tuple[float, ...]:
    """Takes that use 10,000 up at 10 per unit at once, in two or in three steps, and miss that by a unit."""
    return (0.0, 300.0, 400.0, *near(500, 1000), 2 * share * v)


def around_share(v: float, share: float) -> tuple[float, ...]:
    """Takes around what a year's 20 % of 28 or 33.5 buys back at 15 a unit, and around half of it."""
    return (0.0, *near(0.2 * 28 * v / 15, 0.1 * 28 * v / 15, 0.2 * 33.5 * v / 15), 2 * share * v)


CASES = (
    Case("amount", AMOUNT, VOLUMES, around_amount, exact=False),
    Case("share of the first period", FIRST, VOLUMES, around_share, exact=False),
    Case("share of the contract's value", WHOLE, VOLUMES, around_share, exact=False, terms=SHAPED),
    Case("nothing is credited", FORFEIT, VOLUMES, lambda v, share: (0.0, share * v)),
    Case("amount, exact", AMOUNT, VOLUMES, around_amount, terms=BUDGET),
    Case("share of the first period, exact", FIRST, VOLUMES, around_share, terms=BUDGET),
    Case("share of the contract's value, exact", WHOLE, VOLUMES, around_share, terms=BUDGET | SHAPED),
)
MILLION = {"kind": "prepayment", "amount": 1e6, "credit_per_unit": 150.0}
BY_HAND = (
    # 4,000 units a year bring 600,000, then what is left, then nothing.
    (MILLION, {"volume": [4000], "take": [4000, 4000, 4000]}, [1e6, 0.0, 0.0, 0.0], [0.0, -600000.0, -400000.0, 0.0]),
    (FIRST, {"volume": [1000, 2000], "take": [100, 1000]}, [5600.0, 0.0, 0.0], [0.0, -1500.0, -4100.0]),
    (WHOLE, {"volume": [1000, 2000], "take": [0, 700]}, [8400.0, 0.0, 0.0], [0.0, 0.0, -4200.0]),
    (FORFEIT, {"volume": [1000], "take": [1000]}, [10000.0, 0.0], [0.0, 0.0]),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would be credited more than was prepaid, later than the contract says where that pays, or for units not taken."""
    assert verify(case, frame) > 20


@pytest.mark.parametrize(("clause", "what", "prepaid", "credit"), BY_HAND)
def test_bill_by_hand(clause: dict[str, object], what: dict[str, list[float]], prepaid: list[float], credit: list[float]) -> None:
    """The deposit or its credits would be wrong, and the audit with them."""
    assert billed(clause, "prepayment", **what) == pytest.approx(prepaid)
    assert billed(clause, "prepayment_credit", **what) == pytest.approx(credit)
