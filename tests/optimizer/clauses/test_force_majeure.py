"""Force majeure: the verifier's cases, and what may not be taken while the event holds, by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.build import cost, demands, offer, scenario
from tests.optimizer.clauses.test_make_up import OWED
from tests.optimizer.tiny import FRAMES, Frame, breached
from tests.optimizer.verifier import OPEN_BAND, Case, verify

EMBARGO = {"kind": "force_majeure", "index": "inputs", "from_level": 2.0}
FAILURE = {"kind": "force_majeure", "deliverable_below": 0.6}
EITHER = {"kind": "force_majeure", "index": "inputs", "from_level": 2.0, "deliverable_below": 0.95}
FIRM = {"kind": "volume_band", "down": 0.4, "up": 1.0}
FEE = {"kind": "reservation", "fee_per_unit": 2.0}
DEPOSIT = {"kind": "prepayment", "amount": 10000.0, "credit_per_unit": 10.0}
RESTORED = {"kind": "make_good", "cap": 0.3, "price_share": 0.5}
TIERS = {"kind": "incremental_tiers", "tiers": [{"from_volume": 0, "to_volume": 500}, {"from_volume": 500, "discount": 0.1}]}
LEVELS = {"levels": (1.0, 2.0, 1.9)}
VOLUMES = (99.0, 100.0, 1000.0)


def some(v: float, share: float) -> tuple[float, ...]:
    """Takes below, within and above what a band of -40 % allows."""
    return (0.0, 0.6 * share * v - 1.0, 0.6 * share * v, share * v, 2 * share * v)


CASES = (
    Case("fee", EMBARGO, VOLUMES, some, beside=(OPEN_BAND, FEE), charges=("force_majeure", "reservation"), terms=LEVELS),
    Case("obliged to take", EMBARGO, VOLUMES, some, beside=(FIRM,), terms=LEVELS),
    Case("owed", FAILURE, VOLUMES[1:], some, beside=(OPEN_BAND, OWED), charges=("force_majeure", "take_or_pay"), exact=False),
    Case("prepaid", EITHER, VOLUMES[1:], some, beside=(OPEN_BAND, DEPOSIT), charges=("force_majeure", "prepayment"), exact=False, terms=LEVELS),
    Case("made good", EMBARGO, VOLUMES[2:], some, beside=(FIRM, RESTORED), charges=("force_majeure", "make_good"), terms=LEVELS),
    Case("with tiers", EMBARGO, VOLUMES[1:], some, beside=(OPEN_BAND, TIERS), charges=("force_majeure", "incremental_tiers"), terms=LEVELS),
)

BY_HAND = (
    (EMBARGO, {"levels": [1.0, 2.0, 1.0], "take": [5.0, 5.0, 5.0]}, [0.0, 5.0, 0.0]),
    (EMBARGO, {"levels": [1.0, 1.99, 3.0], "take": [5.0, 5.0, 0.0]}, [0.0, 0.0, 0.0]),
    (FAILURE, {"deliverable": [0.6, 0.59, 1.0], "take": [5.0, 5.0, 5.0]}, [0.0, 5.0, 0.0]),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would take, owe or pay something while the contract stands still, or nothing after it."""
    assert verify(case, frame) > 20


@pytest.mark.parametrize(("clause", "what", "breach"), BY_HAND)
def test_takes_by_hand(clause: dict[str, object], what: dict[str, list[float]], breach: list[float]) -> None:
    """The audit would pass volume that is taken while the event holds, or refuse it outside the event."""
    assert breached(clause, volume=[10.0], **what) == [0.0, *breach]


def test_the_contract_goes_on_after_the_event() -> None:
    """A year in which the supplier can't deliver would end the contract, or the minimum of the years beside it would fall away with it."""
    event = {"kind": "force_majeure", "deliverable_below": 0.5}
    own = offer("maker", 10.0, 100.0, {"kind": "volume_band", "down": 0.0}, {"kind": "reservation", "fee_per_unit": 1.0}, event, low=100.0, periods=3)
    data = scenario(100.0, 0.0, 100.0, short=50.0, offers=[own])
    future = demands([100.0, 0.0, 100.0])
    future["futures"][0]["deliverability"] = [{"supplier": "maker", "share": [1.0, 0.2, 1.0]}]
    assert cost(data | {"uncertainty": future}) == pytest.approx(2 * 1100.0)
