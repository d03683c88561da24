"""Late delivery: the verifier's cases, and bills worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.tiny import FRAMES, Frame, billed
from tests.optimizer.verifier import OPEN_BAND, Case, verify

CAPPED = {"kind": "late_delivery", "damages_per_week": 0.01, "cap": 0.15}
UNCAPPED = {"kind": "late_delivery", "damages_per_week": 0.002}
RISING = {"kind": "escalator", "rate": 0.03}
WEEKS = {"weeks": (0.0, 14.0, 15.0, 16.0, 6.0, 20.0, 60.0)}  # the cap holds from the 15th week on
VOLUMES = (99.0, 100.0, 1000.0, 5000.0, 5001.0)

CASES = (
    Case("capped", CAPPED, VOLUMES, lambda v, share: (0.0, 1.0, share * v, 2 * share * v), terms=WEEKS),
    Case("later still", CAPPED, VOLUMES, lambda v, share: (0.0, share * v), terms={"weeks": WEEKS["weeks"][::-1]}),
    Case("uncapped", UNCAPPED, VOLUMES, lambda v, share: (0.0, share * v), terms=WEEKS),
    Case("rising price", CAPPED, VOLUMES, lambda v, share: (0.0, share * v), beside=(OPEN_BAND, RISING), terms=WEEKS),
)
BY_HAND = (
    (CAPPED, {"take": [700], "weeks": [6]}, [-1176.0]),
    (CAPPED, {"take": [700], "weeks": [20]}, [-2940.0]),
    (CAPPED, {"take": [700, 0], "weeks": [0, 20]}, [0.0, 0.0]),
    (UNCAPPED, {"take": [700], "weeks": [60]}, [-2352.0]),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would count on more or less damages than the contract pays."""
    assert verify(case, frame) > 15


@pytest.mark.parametrize(("clause", "what", "bill"), BY_HAND)
def test_bill_by_hand(clause: dict[str, object], what: dict[str, list[float]], bill: list[float]) -> None:
    """The damages on the invoice would be wrong, and the audit with them."""
    assert billed(clause, "damages", **what) == pytest.approx([0.0, *bill])
