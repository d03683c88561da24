"""Supplier default: the verifier's cases, what may not be taken after a failure, and what a guarantee pays back, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.bill import statement_of
from tests.optimizer.clauses.test_make_up import OWED
from tests.optimizer.points import Point, outcome_of
from tests.optimizer.tiny import FRAMES, Frame, billed, breached, tiny, tiny_scenario
from tests.optimizer.verifier import OPEN_BAND, Case, verify

INSOLVENT = {"kind": "supplier_default", "index": "inputs", "from_level": 2.0}
UNABLE = {"kind": "supplier_default", "deliverable_below": 0.55}
PAUSE = {"kind": "force_majeure", "deliverable_below": 0.95}
FIRM = {"kind": "volume_band", "down": 0.4, "up": 1.0}
FEE = {"kind": "reservation", "fee_per_unit": 2.0}
DEPOSIT = {"kind": "prepayment", "amount": 10000.0, "credit_per_unit": 10.0, "guarantee_share": 0.8, "guarantee_fee": 0.02}
LOCKED = {"kind": "prepayment", "share_of_first_period": 0.5, "guarantee_share": 0.5}
BUDGET = {"kind": "budget", "in": "every_node", "max": 1e9}  # never binds, but something is built on the timing of credits now
KNOWN = {"levels": (2.0, 2.0, 1.0, 1.0, 1.0, 2.0, 1.0)}  # in the first period, in which one of the frames signs; and once later
AT_ONCE, LATER = {"levels": (2.0, 1.0, 1.0)}, {"levels": (1.0, 2.0, 1.9)}
VOLUMES = (99.0, 100.0, 1000.0)
BOTH = ("supplier_default", "prepayment")


def some(v: float, share: float) -> tuple[float, ...]:
    """Takes below, within and above what a band of -40 % allows, and around what uses 10,000 up at 10 a unit."""
    return (0.0, 0.6 * share * v - 1.0, 0.6 * share * v, share * v, 500.0, 2 * share * v)


CASES = (
    Case("fee", INSOLVENT, VOLUMES, some, beside=(OPEN_BAND, FEE), charges=("supplier_default", "reservation"), terms=LATER),
    Case("obliged to take", INSOLVENT, VOLUMES[1:], some, beside=(FIRM,), terms=LATER),
    Case("owed", UNABLE, VOLUMES[1:], some, beside=(OPEN_BAND, OWED), charges=("supplier_default", "take_or_pay"), exact=False),
    Case("guaranteed", INSOLVENT, VOLUMES[1:], some, beside=(OPEN_BAND, DEPOSIT), charges=BOTH, exact=False, terms=LATER),
    Case("guaranteed, exact", INSOLVENT, VOLUMES[1:], some, beside=(OPEN_BAND, DEPOSIT), charges=BOTH, terms=LATER | {"rules": (BUDGET,)}),
    Case("fails before anything is credited", INSOLVENT, VOLUMES[1:], some, beside=(OPEN_BAND, DEPOSIT), charges=BOTH, exact=False, terms=AT_ONCE),
    Case("nothing is credited", UNABLE, VOLUMES[1:], some, beside=(OPEN_BAND, LOCKED), charges=BOTH),
    Case("fails when it is signed", INSOLVENT, VOLUMES[1:], some, beside=(OPEN_BAND, DEPOSIT), charges=BOTH, exact=False, terms=KNOWN, singles=8),
    Case("fails after a pause", INSOLVENT, VOLUMES[1:], some, beside=(OPEN_BAND, DEPOSIT, PAUSE), charges=BOTH, exact=False, terms=LATER),
)

BY_HAND = (
    (INSOLVENT, {"levels": [1.0, 2.0, 1.0], "take": [5.0, 5.0, 5.0]}, [0.0, 5.0, 5.0]),
    (INSOLVENT, {"levels": [1.0, 1.99, 3.0], "take": [5.0, 5.0, 0.0]}, [0.0, 0.0, 0.0]),
    (UNABLE, {"deliverable": [0.55, 0.5, 1.0], "take": [5.0, 5.0, 5.0]}, [0.0, 5.0, 5.0]),
)

GUARANTEE_BY_HAND = (
    # 400 of 1,000 are credited before the supplier fails: 80 % of 600 come back.
    ({"amount": 1000.0, "credit_per_unit": 4.0}, {"take": [100.0, 0.0, 0.0], "failed": [0.0, 1.0, 1.0]}, [0.0, -480.0, 0.0], 16.0),
    ({"amount": 1000.0, "credit_per_unit": 4.0}, {"take": [300.0, 0.0, 0.0], "failed": [0.0, 1.0, 1.0]}, [0.0, 0.0, 0.0], 16.0),
    ({"amount": 1000.0}, {"take": [0.0, 0.0, 0.0], "failed": [1.0, 1.0, 1.0]}, [-800.0, 0.0, 0.0], 16.0),
    ({"share_of_first_period": 0.5, "credit_per_unit": 4.0}, {"take": [100.0, 100.0, 100.0], "failed": [0.0, 0.0, 0.0]}, [0.0, 0.0, 0.0], 224.0),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would be delivered by a supplier who has failed, go on paying, or get back more than its guarantee covers."""
    assert verify(case, frame) > 20


def test_what_is_known_at_signing_is_no_later_default() -> None:
    """An offer that is signed while the event holds would be over at once, in the model or on the bill."""
    what = tiny(tiny_scenario(FRAMES[2], (INSOLVENT,), **KNOWN))
    fails = [0, 0, 0, 0, 0, 0, 1, 0]  # now, up, down, up.28, down.28, up.29, down.29a, down.29b; it is signed at up and down
    assert what.contract.interruption is not None
    assert (1.0 - what.contract.interruption.stands).tolist() == fails
    nothing = np.zeros((1, 3, 8))
    held = Point(0, nothing, nothing[:, 0], np.zeros((0, 1, 8)), np.zeros((0, 8)))
    assert statement_of(what.instance, what.contract.offer, what.contract, outcome_of(what.instance, what.contract, held)).failed.tolist() == fails


@pytest.mark.parametrize(("clause", "what", "breach"), BY_HAND)
def test_takes_by_hand(clause: dict[str, object], what: dict[str, list[float]], breach: list[float]) -> None:
    """The audit would pass volume of a supplier who has failed."""
    assert breached(clause, volume=[10.0], **what) == [0.0, *breach]


@pytest.mark.parametrize(("deposit", "what", "back", "fee"), GUARANTEE_BY_HAND)
def test_guarantee_by_hand(deposit: dict[str, float], what: dict[str, list[float]], back: list[float], fee: float) -> None:
    """What a guarantee costs and pays back would be wrong, and the audit with it."""
    clause = {"kind": "prepayment", "guarantee_share": 0.8, "guarantee_fee": 0.02} | deposit
    assert billed(clause, "guarantee", volume=[1000.0], **what) == pytest.approx([0.0, *back])
    assert billed(clause, "guarantee_fee", volume=[1000.0], **what) == pytest.approx([fee, 0.0, 0.0, 0.0])
