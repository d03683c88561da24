"""Buffer stock: the verifier's cases, and fees and draws worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.clauses.test_make_up import OWED
from tests.optimizer.tiny import FRAMES, Frame, billed, breached
from tests.optimizer.verifier import Case, verify

USUAL = {"kind": "buffer_stock", "cap": 0.3, "holding_fee": 2.0}
SLOW = {"kind": "buffer_stock", "cap": 0.5, "fill_periods": 2, "holding_fee": 1.5}
BAND = {"kind": "volume_band", "down": 0.4, "up": 0.1}
CLOSED = {"kind": "force_majeure", "index": "inputs", "from_level": 2.0}
VOLUMES = (100.0, 1000.0)


def around(v: float, share: float) -> tuple[float, ...]:
    """Takes at both ends of the band, and with what can be drawn beyond them."""
    return (0.0, 0.6 * share * v, share * v, 0.2 * v, 1.1 * share * v + 0.3 * v, 1.1 * share * v + 0.3 * v + 1.0)


CASES = (
    Case("filled at once", USUAL, VOLUMES, around, beside=(BAND,)),
    Case("filled in two periods", SLOW, VOLUMES, around, beside=(BAND,)),
    Case("beside take-or-pay", USUAL, VOLUMES[1:], around, beside=(BAND, OWED), charges=("buffer_stock", "take_or_pay"), exact=False),
    Case("interrupted", USUAL, VOLUMES[1:], around, beside=(BAND, CLOSED), terms={"levels": (1.0, 2.0, 1.0)}),
    Case("free profile", USUAL, VOLUMES[1:], around, beside=(BAND,), terms={"profile": {"kind": "free"}}),
)
PLACES = [*((CASES[0], frame) for frame in FRAMES), *((case, FRAMES[0]) for case in CASES[1:])]

HELD = {"volume": [1000.0], "take": [1000.0, 1300.0]}
BY_HAND = (
    (USUAL, HELD | {"chosen": [0.0, 300.0]}, [600.0, 600.0]),
    (USUAL, HELD | {"chosen": [0.0, 0.0], "years": [1.0, 0.5]}, [600.0, 300.0]),
    (SLOW, {"volume": [1000.0, 2000.0], "take": [0.0, 0.0], "chosen": [0.0, 0.0]}, [750.0, 1500.0]),
)

BREACH_BY_HAND = (
    (USUAL, HELD | {"chosen": [0.0, 301.0]}, [0.0, 1.0]),
    (USUAL, HELD | {"chosen": [5.0, 300.0]}, [5.0, 0.0]),  # nothing was laid in before the first period
    (USUAL, HELD | {"chosen": [0.0, 300.0], "deliverable": [0.8, 0.0]}, [0.0, 60.0]),  # 240 could be laid in
    (SLOW, HELD | {"chosen": [0.0, 251.0]}, [0.0, 1.0]),  # half of 500 is laid in a year
    (USUAL, {"volume": [1000.0], "take": [900.0, 200.0], "chosen": [0.0, 201.0]}, [0.0, 1.0]),
)


@pytest.mark.parametrize(("case", "frame"), PLACES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would draw more than was laid in, before it was, or without paying for the stock."""
    assert verify(case, frame) > 30


@pytest.mark.parametrize(("clause", "what", "fee"), BY_HAND)
def test_bill_by_hand(clause: dict[str, object], what: dict[str, list[float]], fee: list[float]) -> None:
    """The fee of the stock would be wrong, and the audit with it."""
    assert billed(clause, "buffer_fee", **what) == pytest.approx([0.0, *fee])


@pytest.mark.parametrize(("clause", "what", "breach"), BREACH_BY_HAND)
def test_draws_by_hand(clause: dict[str, object], what: dict[str, list[float]], breach: list[float]) -> None:
    """The audit would pass volume that nobody has laid in."""
    assert breached(clause, **what) == pytest.approx([0.0, *breach])
