"""Make-good: the verifier's cases, and credits and claims worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.clauses.test_make_up import OWED
from tests.optimizer.clauses.test_make_up import USUAL as MADE_UP
from tests.optimizer.tiny import FRAMES, Frame, billed, breached
from tests.optimizer.verifier import Case, verify

USUAL = {"kind": "make_good", "cap": 0.3, "price_share": 0.9}
LAPSING = {"kind": "make_good", "cap": 0.5, "price_share": 0.5, "expiry_periods": 1}
BAND = {"kind": "volume_band", "down": 0.4, "up": 0.1}
INDEXED = {"kind": "indexed_price", "index": "inputs", "weight": 0.5}
VOLUMES = (99.0, 100.0, 1000.0)


def around(v: float, share: float) -> tuple[float, ...]:
    """Takes at both ends of the band and what can be made good beyond them."""
    return (0.0, 0.6 * share * v, share * v, 1.1 * share * v, 1.1 * share * v + 20.0, 1.4 * share * v, 1.4 * share * v + 1.0)


CASES = (
    Case("capped", USUAL, VOLUMES, around, beside=(BAND,)),
    Case("lapses after a period", LAPSING, VOLUMES, around, beside=(BAND,)),
    Case("with an index", USUAL, VOLUMES[1:], around, beside=(BAND, INDEXED), terms={"levels": (1.0, 1.3, 0.8)}),
    Case("beside take-or-pay", USUAL, VOLUMES[1:], around, beside=(BAND, OWED), charges=("make_good", "take_or_pay"), exact=False),
    Case("beside make-up", LAPSING, VOLUMES[1:], around, beside=(BAND, OWED, MADE_UP), charges=("make_good", "take_or_pay", "make_up")),
    Case("free profile", USUAL, VOLUMES[1:], around, beside=(BAND,), terms={"profile": {"kind": "free"}}),
)

FAILED = {"volume": [1000.0], "deliverable": [0.6, 1.0]}
BY_HAND = (
    (USUAL, {**FAILED, "take": [600.0, 1300.0], "chosen": [0.0, 300.0]}, [0.0, -840.0]),
    (LAPSING, {**FAILED, "take": [600.0, 1300.0], "chosen": [0.0, 300.0]}, [0.0, -4200.0]),
    (USUAL, {**FAILED, "take": [600.0, 1000.0], "chosen": [0.0, 0.0]}, [0.0, 0.0]),
)

BREACH_BY_HAND = (
    (USUAL, {**FAILED, "take": [600.0, 1300.0], "chosen": [0.0, 301.0]}, [0.0, 1.0]),  # the cap is 300
    (LAPSING, {**FAILED, "take": [600.0, 1400.0], "chosen": [0.0, 401.0]}, [0.0, 1.0]),  # 400 are outstanding
    (USUAL, {**FAILED, "take": [600.0, 200.0], "chosen": [0.0, 201.0]}, [0.0, 1.0]),
    (USUAL, {**FAILED, "take": [600.0, 1300.0], "chosen": [10.0, 300.0]}, [10.0, 0.0]),  # nothing was outstanding in the first period
    (LAPSING, {"volume": [1000.0], "deliverable": [0.6, 1.0, 1.0], "take": [600.0, 1000.0, 1300.0], "chosen": [0.0, 0.0, 5.0]}, [0.0, 0.0, 5.0]),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would call off more on top than the supplier has failed to deliver, too late, or at another price."""
    assert verify(case, frame) > 30


@pytest.mark.parametrize(("clause", "what", "credit"), BY_HAND)
def test_bill_by_hand(clause: dict[str, object], what: dict[str, list[float]], credit: list[float]) -> None:
    """The credit on volume made good would be wrong, and the audit with it."""
    assert billed(clause, "make_good_credit", **what) == pytest.approx([0.0, *credit])


@pytest.mark.parametrize(("clause", "what", "breach"), BREACH_BY_HAND)
def test_claim_by_hand(clause: dict[str, object], what: dict[str, list[float]], breach: list[float]) -> None:
    """The audit would pass volume on top that the contract does not give."""
    assert breached(clause, **what) == pytest.approx([0.0, *breach])
