"""Expansion: the verifier's cases, and payments and added volumes worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.clauses.test_make_up import OWED
from tests.optimizer.tiny import FRAMES, Frame, billed, breached
from tests.optimizer.verifier import Case, verify

USUAL = {"kind": "expansion", "volume_share": 0.3, "payment_per_unit": 5.0, "after_periods": 1, "priority": 0.8}
AT_ONCE = {"kind": "expansion", "volume_share": 1.5, "payment_per_unit": 2.0, "after_periods": 0}
BAND = {"kind": "volume_band", "down": 0.4, "up": 0.1}
GOODWILL = {"kind": "cumulative_rebate", "tiers": [{"from_volume": 0, "to_volume": 1500}, {"from_volume": 1500, "discount": 0.1}]}
FAILED = {"kind": "supplier_default", "index": "inputs", "from_level": 2.0}
VOLUMES = (100.0, 1000.0)


def around(v: float, share: float) -> tuple[float, ...]:
    """Takes at both ends of the band, and with what is added beyond them."""
    return (0.0, 0.6 * share * v, share * v, 0.2 * v, 1.1 * share * v + 0.3 * v, 1.1 * share * v + 0.24 * v + 1.0)


CASES = (
    Case("with priority", USUAL, VOLUMES, around, beside=(BAND,)),
    Case("at once", AT_ONCE, VOLUMES, around, beside=(BAND,)),
    Case("beside take-or-pay", USUAL, VOLUMES[1:], around, beside=(BAND, OWED), charges=("expansion", "take_or_pay"), exact=False),
    Case("beside a rebate", USUAL, VOLUMES[1:], around, beside=(BAND, GOODWILL), charges=("expansion", "cumulative_rebate")),
    Case("supplier fails", USUAL, VOLUMES[1:], around, beside=(BAND, FAILED), terms={"levels": (1.0, 2.0, 1.0)}),
    Case("free profile", USUAL, VOLUMES[1:], around, beside=(BAND,), terms={"profile": {"kind": "free"}}),
)
PLACES = [*((CASES[0], frame) for frame in FRAMES), *((case, FRAMES[0]) for case in CASES[1:])]

BY_HAND = (
    (USUAL, {"volume": [1000.0], "take": [1000.0, 1300.0, 1300.0]}, [3000.0, 0.0, 0.0, 0.0]),
    (USUAL, {"volume": [1000.0, 500.0], "take": [0.0, 0.0]}, [750.0, 0.0, 0.0]),
    (AT_ONCE, {"volume": [1000.0], "take": [0.0, 0.0]}, [6000.0, 0.0, 0.0]),
)

BREACH_BY_HAND = (
    (USUAL, {"volume": [1000.0], "take": [1300.0, 1300.0], "chosen": [0.0, 301.0]}, [0.0, 1.0]),
    (USUAL, {"volume": [1000.0], "take": [1300.0, 1300.0], "chosen": [5.0, 300.0]}, [5.0, 0.0]),  # it is not built yet
    (USUAL, {"volume": [1000.0], "take": [0.0, 740.0], "chosen": [0.0, 241.0], "deliverable": [1.0, 0.5]}, [0.0, 1.0]),
    (AT_ONCE, {"volume": [1000.0], "take": [1000.0], "chosen": [1001.0]}, [1.0]),
)


@pytest.mark.parametrize(("case", "frame"), PLACES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would take more than was built, before it was, or pay for another expansion than it gets."""
    assert verify(case, frame) > 30


@pytest.mark.parametrize(("clause", "what", "payment"), BY_HAND)
def test_bill_by_hand(clause: dict[str, object], what: dict[str, list[float]], payment: list[float]) -> None:
    """The payment for the expansion would be wrong, and the audit with it."""
    assert billed(clause, "expansion", **what) == pytest.approx(payment)


@pytest.mark.parametrize(("clause", "what", "breach"), BREACH_BY_HAND)
def test_added_volume_by_hand(clause: dict[str, object], what: dict[str, list[float]], breach: list[float]) -> None:
    """The audit would pass volume that the new line does not make."""
    assert breached(clause, **what) == pytest.approx([0.0, *breach])
