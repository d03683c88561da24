"""Price review: the verifier's cases, prices along random index paths, and prices worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.optimizer.tiny import FRAMES, Frame, billed, priced
from tests.optimizer.verifier import Case, verify, verify_price

COLLAR = {"kind": "price_review", "index": "inputs", "share": 0.5, "floor": -0.1, "cap": 0.1}
WHOLE = {"kind": "price_review", "index": "inputs", "share": 1.0, "reference": 1.25}
RARE = {**COLLAR, "every_periods": 2, "share": 1.0}
AROUND = {"levels": (1.0, 1.19, 1.2, 1.21, 0.79, 0.8, 0.81)}
VOLUMES = (99.0, 100.0, 1000.0, 5000.0, 5001.0)

CASES = (
    Case("collar", COLLAR, VOLUMES, lambda v, share: (0.0, share * v, 2 * share * v), terms=AROUND),
    Case("all of the gap, other reference", WHOLE, VOLUMES, lambda v, share: (0.0, share * v), terms={"levels": (2.0, 0.4, 1.25, 5.0)}),
    Case("every other period", RARE, VOLUMES, lambda v, share: (0.0, share * v), terms={"levels": AROUND["levels"][::-1]}),
)
BY_HAND = (
    # Levels of the first period move nothing. 1.10: half of 10 % up, 29.40; 1.50: held at 10 %, 30.80.
    (COLLAR, [1.5, 1.1], [28.0, 29.4]),
    (COLLAR, [1.5, 1.5], [28.0, 30.8]),
    # 30.80, then the market at 28: half of the way back is 29.40, within 10 % of 30.80.
    (COLLAR, [1.0, 1.5, 1.0], [28.0, 30.8, 29.4]),
    # The market at 14: held at 10 % down, 25.20, and a year later at 22.68.
    (COLLAR, [1.0, 0.5, 0.5], [28.0, 25.2, 22.68]),
    (RARE, [1.0, 1.5, 1.05, 3.0, 0.9], [28.0, 28.0, 29.4, 29.4, 26.46]),
    (WHOLE, [1.0, 2.5], [28.0, 56.0]),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would pay for goods at another price than the invoice does."""
    assert verify(case, frame) > 15


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@given(
    levels=st.lists(st.floats(0.05, 20.0), min_size=7, max_size=7),
    every=st.integers(1, 3),
    share=st.floats(0.0, 1.0),
    floor=st.floats(-1.0, 0.0),
    cap=st.none() | st.floats(0.0, 2.0),
    reference=st.floats(0.1, 10.0),
)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_price_is_the_same_as_data_and_as_billed(
    frame: Frame, levels: list[float], every: int, share: float, floor: float, cap: float | None, reference: float
) -> None:
    """The model would review at another time, against another level or within another collar than the invoice does."""
    clause = {"kind": "price_review", "index": "inputs", "every_periods": every, "share": share, "floor": floor, "cap": cap, "reference": reference}
    verify_price(clause, frame, levels=levels)


@pytest.mark.parametrize(("clause", "levels", "prices"), BY_HAND)
def test_price_by_hand(clause: dict[str, object], levels: list[float], prices: list[float]) -> None:
    """The price after a review would be another than the parties reckon."""
    assert priced(clause, levels=levels) == pytest.approx(prices)


def test_bill_by_hand() -> None:
    """The goods would be invoiced at the price before the review."""
    assert billed(COLLAR, "purchase", take=[100.0, 100.0], levels=[1.0, 1.1]) == pytest.approx([0.0, 2800.0, 2940.0])
