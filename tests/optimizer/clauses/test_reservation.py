"""Reservation fee: the verifier's cases, and bills worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimizer.clauses import clause_of
from optimizer.clauses.obligation import Election
from tests.optimizer.clauses.levels import near
from tests.optimizer.tiny import FRAMES, Frame, billed, document, statement_of_one_future
from tests.optimizer.verifier import OPEN_BAND, Case, verify

FEE = {"kind": "reservation", "fee_per_unit": 2.0}
SHARE = {"kind": "reservation", "share_of_price": 0.1}
CREDITED = FEE | {"deductible": 0.5}
WHOLE = SHARE | {"deductible": 1.0}
TIERS = {"kind": "all_units_tiers", "tiers": [{"from_volume": 0, "to_volume": 2000}, {"from_volume": 2000, "discount": 0.1}]}
RUSHED = {"kind": "expedite", "cap": 0.5, "premium": 0.3}
RESTORED = {"kind": "make_good", "cap": 0.5, "price_share": 0.5}
OPTION = {"kind": "volume_band", "down": 1.0}
VOLUMES = (99.0, 100.0, 101.0, 1000.0, 5000.0, 5001.0)


def on_top(v: float, share: float) -> tuple[float, ...]:
    """Takes within what can be delivered of the commitment, and beyond it."""
    return (0.0, 0.5 * share * v, share * v, 1.2 * share * v, 1.5 * share * v)


CASES = (
    Case("fee", FEE, VOLUMES, lambda v, share: (0.0, share * v, 2 * share * v)),
    Case("share of the price", SHARE, VOLUMES, lambda v, share: (0.0, share * v)),
    Case("share of the price in a tier", SHARE, (1999.0, 2001.0, 100.0), lambda v, share: (0.0, share * v), beside=(OPEN_BAND, TIERS)),
    Case("share of the price at a threshold", SHARE, near(2000), lambda v, share: (0.0, share * v), beside=(OPEN_BAND, TIERS), exact=False),
    Case("half is deductible", CREDITED, VOLUMES, lambda v, share: (0.0, share * v, v - 1.0, v, v + 1.0, 2 * share * v), exact=False),
    Case("all is deductible", WHOLE, VOLUMES[1:4], lambda v, share: (0.0, 0.5 * share * v, share * v, 2 * share * v), exact=False),
    Case("beside what is expedited", CREDITED, VOLUMES[1:4:2], on_top, beside=(OPTION, RUSHED), exact=False, singles=12),
    Case("beside what is made good", CREDITED, VOLUMES[1:4:2], on_top, beside=(OPTION, RESTORED), exact=False, singles=12),
    Case("shaped profile", FEE, (150.0, 1000.0, 2500.0), lambda v, share: (0.0, share * v), terms={"profile": {"kind": "shaped", "shape": [1.0, 2.0, 0.5]}}),
)

BY_HAND = (
    (FEE, {"volume": [1000], "take": [0]}, [2000.0]),
    (FEE, {"volume": [1000, 500], "take": [700]}, [2000.0, 1000.0]),
    # 10 % of 28, whatever can be delivered and whatever is taken.
    (SHARE, {"volume": [1000], "take": [100], "deliverable": [0.3]}, [2800.0]),
)


CREDIT_BY_HAND = (
    # Half of 2 on 700, on the 1,000 that were committed and not on 1,200, and on nothing; all of 10 % of 28 on 300.
    (CREDITED, {"volume": [1000], "take": [700, 1200, 0]}, [-700.0, -1000.0, 0.0]),
    (WHOLE, {"volume": [1000], "take": [300], "deliverable": [0.3]}, [-840.0]),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would hold capacity at a fee other than the invoice's."""
    assert verify(case, frame) > 15


@pytest.mark.parametrize(("clause", "what", "bill"), BY_HAND)
def test_bill_by_hand(clause: dict[str, object], what: dict[str, list[float]], bill: list[float]) -> None:
    """The invoice for held capacity would be wrong, and the audit with it."""
    assert billed(clause, "reservation", **what) == pytest.approx([0.0, *bill])


@pytest.mark.parametrize(("clause", "what", "bill"), CREDIT_BY_HAND)
def test_credit_by_hand(clause: dict[str, object], what: dict[str, list[float]], bill: list[float]) -> None:
    """The fee would be credited on what was not taken, or not reserved."""
    assert billed(clause, "reservation_credit", **what) == pytest.approx([0.0, *bill])


@pytest.mark.parametrize(("take", "rushed", "credit"), [(900.0, 200.0, 700.0), (1200.0, 200.0, 1000.0), (1200.0, 300.0, 900.0)])
def test_nothing_was_reserved_for_what_is_on_top(take: float, rushed: float, credit: float) -> None:
    """A fee would be credited on volume that another clause adds, and that no fee was paid for."""
    statement = statement_of_one_future(CREDITED, volume=[1000.0], take=[take])
    statement = replace(statement, elected={Election("expedite", "extra"): np.array([[0.0, rushed]])})
    assert clause_of(document(CREDITED)).bill(statement)["reservation_credit"] == pytest.approx([0.0, -credit])
