"""Take-or-pay: the verifier's cases, and bills worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.clauses.levels import near
from tests.optimizer.tiny import FRAMES, Frame, billed
from tests.optimizer.verifier import OPEN_BAND, Case, verify

USUAL = {"kind": "take_or_pay", "fraction": 0.8, "price_share": 0.9}
ALL = {"kind": "take_or_pay", "fraction": 1.0, "price_share": 1.25}
INDEXED = {"kind": "indexed_price", "index": "inputs", "weight": 0.5}
TIERS = {"kind": "all_units_tiers", "tiers": [{"from_volume": 0, "to_volume": 2000}, {"from_volume": 2000, "discount": 0.1}]}
VOLUMES = (99.0, 100.0, 1000.0, 5000.0, 5001.0)

CASES = (
    Case("usual", USUAL, VOLUMES, lambda v, share: (0.0, *near(0.8 * share * v), share * v, 2 * share * v), exact=False),
    Case("all", ALL, VOLUMES, lambda v, share: (0.0, *near(share * v)), exact=False),
    Case("with an index", USUAL, VOLUMES, lambda v, share: near(0.8 * share * v), beside=(OPEN_BAND, INDEXED), exact=False, terms={"levels": (1.0, 1.3, 0.8)}),
    Case("with tiers", USUAL, near(2000), lambda v, share: near(0.8 * share * v), beside=(OPEN_BAND, TIERS), exact=False),
    Case("free profile", USUAL, VOLUMES[1:4], lambda v, share: near(0.8 * share * v), exact=False, terms={"profile": {"kind": "free"}}),
)

BY_HAND = (
    # 80 % of 1,000 are owed; 100 are missing, at 28.
    ({**USUAL, "price_share": 1.0}, {"volume": [1000], "take": [700]}, [2800.0]),
    ({**USUAL, "price_share": 1.0}, {"volume": [1000], "take": [800]}, [0.0]),
    # Half can be delivered, so 400 are owed; 300 taken in the first year, none in the second; 90 % of 28.
    (USUAL, {"volume": [1000], "take": [300, 0], "deliverable": [0.5]}, [2520.0, 10080.0]),
    (ALL, {"volume": [1000, 500], "take": [700, 700]}, [10500.0, 0.0]),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would count on a payment for unused volume other than the invoice's."""
    assert verify(case, frame) > 20


@pytest.mark.parametrize(("clause", "what", "bill"), BY_HAND)
def test_bill_by_hand(clause: dict[str, object], what: dict[str, list[float]], bill: list[float]) -> None:
    """The invoice for unused volume would be wrong, and the audit with it."""
    assert billed(clause, "take_or_pay", **what) == pytest.approx([0.0, *bill])
