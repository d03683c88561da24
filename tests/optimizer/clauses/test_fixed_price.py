"""Fixed price: the verifier's cases, and bills worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.tiny import FRAMES, Frame, billed
from tests.optimizer.verifier import Case, verify, verify_price

FIXED = {"kind": "fixed_price"}
CASES = (Case("fixed", FIXED, (99.0, 100.0, 1000.0, 5000.0, 5001.0), lambda v, share: (0.0, 1.0, share * v, 2 * share * v)),)
BY_HAND = (
    ({"take": [700]}, [19600.0]),
    ({"take": [0]}, [0.0]),
    ({"take": [700, 100], "price": 14.5}, [10150.0, 1450.0]),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would pay for other units, or at another alternative's price, than the invoice does."""
    assert verify(case, frame) > 20


@pytest.mark.parametrize("frame", FRAMES, ids=str)
def test_price_is_the_same_as_data_and_as_billed(frame: Frame) -> None:
    """The model would see another price than the one on the invoice."""
    verify_price(FIXED, frame)


@pytest.mark.parametrize(("what", "bill"), BY_HAND)
def test_bill_by_hand(what: dict[str, list[float]], bill: list[float]) -> None:
    """The invoice for goods would be wrong, and the audit with it."""
    assert billed(FIXED, "purchase", **what) == pytest.approx([0.0, *bill])
