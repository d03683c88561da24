"""Minimum order: the verifier's cases, and breaches worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.clauses.levels import near
from tests.optimizer.tiny import FRAMES, Frame, breached
from tests.optimizer.verifier import Case, verify

LOT = {"kind": "minimum_order", "volume": 500.0}
ANY = {"kind": "minimum_order"}

CASES = (
    Case("lot", LOT, (99.0, 100.0, *near(500), 5000.0), lambda v, share: (0.0, 1.0, *near(500), share * v)),
    Case("lot within the option", LOT, (100.0, *near(500), 1000.0), lambda v, share: (0.0, 250.0, *near(500), share * v), beside=()),
    Case("no lot", ANY, (100.0, 1000.0, 5000.0), lambda v, share: (0.0, 1.0, *near(share * v))),
)
BY_HAND = (([0.0], 0.0), ([500.0], 0.0), ([499.0], 1.0), ([1.0], 1.0), ([200.0], 200.0))


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_forbids_what_the_contract_forbids(case: Case, frame: Frame) -> None:
    """The solver would call off less than a lot, or would be kept from a lot that the contract grants."""
    assert verify(case, frame) > 20


@pytest.mark.parametrize(("take", "breach"), BY_HAND)
def test_breach_by_hand(take: list[float], breach: float) -> None:
    """The audit would wave a small call-off through, or see one where there is none."""
    assert breached(LOT, take=take) == pytest.approx([0.0, breach])
