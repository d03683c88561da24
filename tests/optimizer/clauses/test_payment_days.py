"""Payment days: the verifier's cases, and values of a delay worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.tiny import FRAMES, Frame, billed
from tests.optimizer.verifier import OPEN_BAND, Case, verify

USUAL = {"kind": "payment_days", "days": 90.0}
YEAR = {"kind": "payment_days", "days": 365.0}
RISING = {"kind": "escalator", "rate": 0.03}
OWED = {"kind": "take_or_pay", "fraction": 0.8}
VOLUMES = (99.0, 100.0, 1000.0, 5000.0, 5001.0)

CASES = (
    Case("a quarter", USUAL, VOLUMES, lambda v, share: (0.0, 1.0, share * v, 2 * share * v)),
    Case("a year on a rising price", YEAR, VOLUMES, lambda v, share: (0.0, share * v), beside=(OPEN_BAND, RISING)),
    Case("what is not taken is paid at once", YEAR, VOLUMES, lambda v, share: (0.0, 0.5 * share * v), beside=(OPEN_BAND, OWED)),
)
BY_HAND = (
    # 100 units at 28 a year later at 8 %: 2,800 / 1.08 = 2,592.59.
    (YEAR, {"take": [100, 0]}, [-207.4074074, 0.0]),
    # Half a year at 21 %: 2,800 / 1.1 = 2,545.45.
    ({"kind": "payment_days", "days": 182.5}, {"take": [100], "discount_rate": 0.21}, [-254.5454545]),
    (USUAL, {"take": [1000]}, [-526.3376]),
    (YEAR, {"take": [100], "discount_rate": 0.0}, [0.0]),
    # Where money is worth more later, a delay is a burden: 2,800 / 0.8 = 3,500.
    (YEAR, {"take": [100], "discount_rate": -0.2}, [700.0]),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would gain more or less from paying later than that is worth."""
    assert verify(case, frame) > 15


@pytest.mark.parametrize(("clause", "what", "value"), BY_HAND)
def test_bill_by_hand(clause: dict[str, object], what: dict[str, list[float]], value: list[float]) -> None:
    """The value of the delay would be wrong, and the audit with it."""
    assert billed(clause, "payment_delay", **what) == pytest.approx([0.0, *value], rel=1e-6)
