"""Most favoured customer: the verifier's cases, prices along random markets, and prices worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.optimizer.tiny import FRAMES, Frame, priced
from tests.optimizer.verifier import OPEN_BAND, Case, verify, verify_price

MARKET = {"kind": "most_favoured", "spot": "spot-cable"}
MARGIN = {"kind": "most_favoured", "spot": "spot-cable", "margin": 0.05}
OWED = {"kind": "take_or_pay", "fraction": 0.8}
INDEXED = {"kind": "indexed_price", "index": "inputs", "weight": 0.5}
VOLUMES = (99.0, 100.0, 1000.0, 5000.0, 5001.0)
AROUND = {"asked": (40.0, 28.0, 27.0, 29.0, 0.0, 20.0, 33.0)}
BOUGHT = ("most_favoured", "fixed_price", "indexed_price")

CASES = (
    Case("the market", MARKET, VOLUMES, lambda v, share: (0.0, share * v, 2 * share * v), charges=BOUGHT, terms=AROUND),
    Case("a margin, in euros", MARGIN, VOLUMES, lambda v, share: (0.0, share * v), charges=BOUGHT, terms={**AROUND, "currency": "EUR"}),
    Case(
        "with an index", MARGIN, VOLUMES, lambda v, share: (0.0, share * v), beside=(OPEN_BAND, INDEXED), charges=BOUGHT, terms={**AROUND, "levels": (1.3, 0.8)}
    ),
    Case(
        "what is not taken, too", MARKET, VOLUMES, lambda v, share: (0.0, 0.5 * share * v), beside=(OPEN_BAND, OWED), charges=(*BOUGHT, "take_or_pay"),
        exact=False, terms=AROUND,
    ),
)  # fmt: skip
BY_HAND = (
    (MARKET, {"market": [26.0, 28.0, 30.0]}, [26.0, 28.0, 28.0]),
    (MARGIN, {"market": [26.0, 27.0]}, [27.3, 28.0]),
    # In a currency worth 1.3, 26 are 20.
    (MARKET, {"market": [26.0, 0.0], "rates": [1.3, 1.3]}, [20.0, 28.0]),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would pay for goods at another price than the invoice does."""
    assert verify(case, frame) > 15


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@given(market=st.lists(st.floats(0.0, 100.0), min_size=7, max_size=7), margin=st.floats(0.0, 2.0))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_price_is_the_same_as_data_and_as_billed(frame: Frame, market: list[float], margin: float) -> None:
    """The model would compare with another market, or in another currency, than the invoice does."""
    verify_price({"kind": "most_favoured", "spot": "spot-cable", "margin": margin}, frame, asked=market)


@pytest.mark.parametrize(("clause", "what", "prices"), BY_HAND)
def test_price_by_hand(clause: dict[str, object], what: dict[str, list[float]], prices: list[float]) -> None:
    """The invoice would be made out at more than the market asks."""
    assert priced(clause, **what) == pytest.approx(prices)
