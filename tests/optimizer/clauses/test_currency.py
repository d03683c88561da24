"""Currency: the verifier's cases, prices along random rates of exchange, and bills worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.optimizer.tiny import FRAMES, Frame, priced
from tests.optimizer.verifier import OPEN_BAND, Case, verify, verify_price

HALF = {"kind": "currency", "band": 0.1, "supplier_share": 0.5}
AGREED = {"kind": "currency", "band": 0.05, "supplier_share": 0.8, "reference": 1.2}
OWED = {"kind": "take_or_pay", "fraction": 0.8}
INDEXED = {"kind": "indexed_price", "index": "inputs", "weight": 0.5}
VOLUMES = (99.0, 100.0, 1000.0, 5000.0, 5001.0)
RATES = {"currency": "EUR", "rates": (1.1, 1.21, 1.22, 0.99, 0.98, 2.0, 0.4)}  # the band ends at 1.21 and 0.99
BOUGHT = ("currency", "fixed_price", "indexed_price")

CASES = (
    Case("half shared", HALF, VOLUMES, lambda v, share: (0.0, share * v, 2 * share * v), charges=BOUGHT, terms=RATES),
    Case("an agreed rate", AGREED, VOLUMES, lambda v, share: (0.0, share * v), charges=BOUGHT, terms=RATES),
    Case("with an index", HALF, VOLUMES, lambda v, share: (0.0, share * v), beside=(OPEN_BAND, INDEXED), charges=BOUGHT, terms={**RATES, "levels": (1.0, 1.3)}),
    Case(
        "what is not taken, too", AGREED, VOLUMES, lambda v, share: (0.0, 0.5 * share * v), beside=(OPEN_BAND, OWED), charges=(*BOUGHT, "take_or_pay"),
        exact=False, terms=RATES,
    ),
)  # fmt: skip
BY_HAND = (
    # Within 10 % of 1 nothing is adjusted; at 1.5 the rate paid is 1.3, at 0.8 it is 0.85.
    (HALF, [1.1, 0.9], [28.0, 28.0]),
    (HALF, [1.5, 0.8], [28.0 * 1.3 / 1.5, 28.0 * 0.85 / 0.8]),
    # Agreed 1.2 with a band up to 1.26 and down to 1.14: at 1.46 a fifth of 0.2 is left to the buyer, at 1.04 a fifth of 0.1.
    (AGREED, [1.46, 1.04], [28.0 * 1.3 / 1.46, 28.0 * 1.12 / 1.04]),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would pay for goods at another rate than the invoice does."""
    assert verify(case, frame) > 15


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@given(
    rates=st.lists(st.floats(0.05, 20.0), min_size=7, max_size=7),
    band=st.floats(0.0, 1.0),
    share=st.floats(0.0, 1.0),
    reference=st.none() | st.floats(0.1, 10.0),
)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_price_is_the_same_as_data_and_as_billed(frame: Frame, rates: list[float], band: float, share: float, reference: float | None) -> None:
    """The model would read another rate, or another band, than the invoice does."""
    verify_price({"kind": "currency", "band": band, "supplier_share": share, "reference": reference}, frame, currency="EUR", rates=rates)


@pytest.mark.parametrize(("clause", "rates", "prices"), BY_HAND)
def test_price_by_hand(clause: dict[str, object], rates: list[float], prices: list[float]) -> None:
    """The invoice would be made out at another price than was agreed for the rate."""
    assert priced(clause, rates=rates) == pytest.approx(prices)
