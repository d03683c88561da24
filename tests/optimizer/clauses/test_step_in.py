"""Step-in: the verifier's cases, and costs and volumes worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.clauses.test_make_up import OWED
from tests.optimizer.tiny import FRAMES, Frame, billed, breached
from tests.optimizer.verifier import Case, verify

USUAL = {"kind": "step_in", "deliverable_below": 0.95, "cap": 0.5, "cost_per_unit": 35.0}
TOLD = {"kind": "step_in", "index": "inputs", "from_level": 2.0, "cap": 1.0, "cost_per_unit": 20.0}
BAND = {"kind": "volume_band", "down": 0.4, "up": 0.1}
RISING = {"kind": "escalator", "rate": 0.1}
RESTORED = {"kind": "make_good", "cap": 0.3, "price_share": 0.5}
VOLUMES = (100.0, 1000.0)


def around(v: float, share: float) -> tuple[float, ...]:
    """Takes at both ends of the band, and with what can be made elsewhere beyond them."""
    missing = (1.0 - share) * v
    return (0.0, 0.6 * share * v, share * v, 0.2 * v, 1.1 * share * v + 0.5 * missing, 1.1 * share * v + missing + 1.0)


CASES = (
    Case("fails to deliver", USUAL, VOLUMES, around, beside=(BAND,)),
    Case("told by an index", TOLD, VOLUMES, around, beside=(BAND, RISING), terms={"levels": (1.0, 2.0, 1.0, 2.0)}),
    Case("beside take-or-pay", USUAL, VOLUMES[1:], around, beside=(BAND, OWED), charges=("step_in", "take_or_pay"), exact=False),
    Case("beside make-good", USUAL, VOLUMES[1:], around, beside=(BAND, RESTORED), charges=("step_in", "make_good")),
)
PLACES = [*((CASES[0], frame) for frame in FRAMES), *((case, FRAMES[0]) for case in CASES[1:])]

FAILED = {"volume": [1000.0], "deliverable": [0.6]}
BY_HAND = (
    (USUAL, FAILED | {"take": [800.0], "chosen": [200.0]}, [1400.0]),
    (USUAL, FAILED | {"take": [800.0], "chosen": [0.0]}, [0.0]),
    (TOLD, FAILED | {"take": [1000.0], "chosen": [400.0], "levels": [2.0]}, [-3200.0]),
)

BREACH_BY_HAND = (
    (USUAL, FAILED | {"take": [900.0], "chosen": [201.0]}, [1.0]),
    (USUAL, FAILED | {"take": [100.0], "chosen": [101.0]}, [1.0]),
    (USUAL, {"volume": [1000.0], "deliverable": [0.95], "take": [900.0], "chosen": [5.0]}, [5.0]),  # that is no failure
    (TOLD, FAILED | {"take": [900.0], "chosen": [5.0], "levels": [1.9]}, [5.0]),
)


@pytest.mark.parametrize(("case", "frame"), PLACES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would have volume made elsewhere without a failure, more than is missing, or at another cost."""
    assert verify(case, frame) > 30


@pytest.mark.parametrize(("clause", "what", "cost"), BY_HAND)
def test_bill_by_hand(clause: dict[str, object], what: dict[str, list[float]], cost: list[float]) -> None:
    """What volume made elsewhere costs more would be wrong, and the audit with it."""
    both = zip(billed(clause, "third_party", **what), billed(clause, "step_in_credit", **what), strict=True)
    assert [made + saved for made, saved in both] == pytest.approx([0.0, *cost])


@pytest.mark.parametrize(("clause", "what", "breach"), BREACH_BY_HAND)
def test_volume_by_hand(clause: dict[str, object], what: dict[str, list[float]], breach: list[float]) -> None:
    """The audit would pass volume that nobody is entitled to have made elsewhere."""
    assert breached(clause, **what) == pytest.approx([0.0, *breach])
