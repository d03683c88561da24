"""Escalator: the verifier's cases, prices at random rates, and bills worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.optimizer.tiny import FRAMES, Frame, billed, priced
from tests.optimizer.verifier import Case, verify, verify_price

RISING = {"kind": "escalator", "rate": 0.03}
FALLING = {"kind": "escalator", "rate": -0.05}
VOLUMES = (99.0, 100.0, 1000.0, 5000.0, 5001.0)

CASES = (
    Case("rising", RISING, VOLUMES, lambda v, share: (0.0, 1.0, share * v, 2 * share * v)),
    Case("falling", FALLING, VOLUMES, lambda v, share: (0.0, 1.0, share * v, 2 * share * v)),
)
BY_HAND = (
    # 28 x 1.03 ** 2 = 29.7052 in the third year.
    (RISING, {"take": [0, 0, 700]}, [0.0, 0.0, 20793.64]),
    # Periods of two years: the second starts two years after the first.
    (RISING, {"take": [100, 100], "years": [2.0, 2.0]}, [2800.0, 2970.52]),
    (FALLING, {"take": [100, 100]}, [2800.0, 2660.0]),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would pay for goods at another year's price than the invoice does."""
    assert verify(case, frame) > 20


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@given(rate=st.floats(-0.5, 1.0))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_price_is_the_same_as_data_and_as_billed(frame: Frame, rate: float) -> None:
    """The model would compound the rate over other years than the invoice does, for instance from signing and not from the window's start."""
    verify_price({"kind": "escalator", "rate": rate}, frame)


def test_worked_number() -> None:
    """The number in the clause's own text would be wrong."""
    assert priced(RISING, take=[1, 1, 1]) == pytest.approx([28.0, 28.84, 29.7052])


@pytest.mark.parametrize(("clause", "what", "bill"), BY_HAND)
def test_bill_by_hand(clause: dict[str, object], what: dict[str, list[float]], bill: list[float]) -> None:
    """The invoice for goods would be wrong, and the audit with it."""
    assert billed(clause, "purchase", **what) == pytest.approx([0.0, *bill])
