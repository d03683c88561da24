"""Indexed price: the verifier's cases, prices along random index paths, and bills worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.optimizer.tiny import FRAMES, Frame, billed, priced
from tests.optimizer.verifier import Case, verify, verify_price

COLLAR = {"kind": "indexed_price", "index": "inputs", "weight": 0.4, "floor": -0.1, "cap": 0.12}
LAGGED = {**COLLAR, "lag_periods": 1}
OPEN = {"kind": "indexed_price", "index": "inputs", "weight": 1.0, "reference": 1.25}
AROUND = {"levels": (1.0, 1.11, 1.12, 1.13, 0.89, 0.9, 0.91)}
VOLUMES = (99.0, 100.0, 1000.0, 5000.0, 5001.0)

CASES = (
    Case("collar", COLLAR, VOLUMES, lambda v, share: (0.0, share * v, 2 * share * v), terms=AROUND),
    Case("read a period earlier", LAGGED, VOLUMES, lambda v, share: (0.0, share * v), terms={"levels": AROUND["levels"][1:]}),
    Case("no collar, other reference", OPEN, VOLUMES, lambda v, share: (0.0, share * v), terms={"levels": (2.0, 0.4, 1.25)}),
)
BY_HAND = (
    # Up 30 %, capped at 12 %: 28 x (1 + 0.4 x 0.12) = 29.344.
    (COLLAR, {"take": [100], "levels": [1.3]}, [2934.4]),
    # Down 30 %, held at 10 %: 28 x (1 - 0.4 x 0.1) = 26.88.
    (COLLAR, {"take": [100, 100], "levels": [0.7, 1.0]}, [2688.0, 2800.0]),
    # Read a year earlier: the first year's price is the base, the second year's follows the first year's level.
    (LAGGED, {"take": [100, 100], "levels": [1.1, 1.3]}, [2800.0, 2912.0]),
    (OPEN, {"take": [100], "levels": [2.5]}, [5600.0]),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would pay for goods at another price than the invoice does."""
    assert verify(case, frame) > 15


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@given(
    levels=st.lists(st.floats(0.05, 20.0), min_size=7, max_size=7),
    weight=st.floats(0.0, 1.0),
    lag=st.integers(0, 3),
    floor=st.floats(-1.0, 0.0),
    cap=st.none() | st.floats(0.0, 2.0),
    reference=st.floats(0.1, 10.0),
)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_price_is_the_same_as_data_and_as_billed(
    frame: Frame, levels: list[float], weight: float, lag: int, floor: float, cap: float | None, reference: float
) -> None:
    """The model would read another level of the index, or another collar, than the invoice does."""
    clause = {"kind": "indexed_price", "index": "inputs", "weight": weight, "lag_periods": lag, "floor": floor, "cap": cap, "reference": reference}
    verify_price(clause, frame, levels=levels)


def test_worked_number() -> None:
    """The number in the clause's own text would be wrong."""
    assert priced(COLLAR, levels=[1.3]) == pytest.approx([29.344])


@pytest.mark.parametrize(("clause", "what", "bill"), BY_HAND)
def test_bill_by_hand(clause: dict[str, object], what: dict[str, list[float]], bill: list[float]) -> None:
    """The invoice for goods would be wrong, and the audit with it."""
    assert billed(clause, "purchase", **what) == pytest.approx([0.0, *bill])
