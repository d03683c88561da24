"""Expedite: the verifier's cases, and premiums and limits worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.clauses.test_make_good import LAPSING as MADE_GOOD
from tests.optimizer.clauses.test_make_up import OWED
from tests.optimizer.tiny import FRAMES, Frame, billed, breached, tiny, tiny_scenario
from tests.optimizer.verifier import Case, verify

USUAL = {"kind": "expedite", "cap": 0.2, "premium": 0.3}
FREE = {"kind": "expedite", "cap": 1.5}
BAND = {"kind": "volume_band", "down": 0.4, "up": 0.1}
OPTION = {"kind": "volume_band", "down": 1.0}
INDEXED = {"kind": "indexed_price", "index": "inputs", "weight": 0.5}
VOLUMES = (99.0, 100.0, 1000.0)


def around(v: float, share: float) -> tuple[float, ...]:
    """Takes at both ends of the band, and what can be expedited beyond them."""
    return (0.0, 0.6 * share * v, share * v, 1.1 * share * v, 1.3 * share * v, 1.3 * share * v + 1.0)


CASES = (
    Case("on top of a band", USUAL, VOLUMES, around, beside=(BAND,)),
    Case("more than the commitment, at its price", FREE, VOLUMES[1:], around, beside=(OPTION,)),
    Case("with an index", USUAL, VOLUMES[1:], around, beside=(BAND, INDEXED), terms={"levels": (1.0, 1.3, 0.8)}),
    Case("beside take-or-pay", USUAL, VOLUMES[1:], around, beside=(BAND, OWED), charges=("expedite", "take_or_pay"), exact=False),
    Case("beside what is made good", USUAL, VOLUMES[1:], around, beside=(OPTION, MADE_GOOD), charges=("expedite", "make_good")),
)

BY_HAND = (
    (USUAL, {"take": [1150.0], "chosen": [150.0]}, [1260.0]),
    (USUAL, {"take": [700.0, 1200.0], "chosen": [0.0, 200.0]}, [0.0, 1680.0]),
    (FREE, {"take": [2000.0], "chosen": [1000.0]}, [0.0]),
)

BREACH_BY_HAND = (
    (USUAL, {"take": [1201.0], "chosen": [201.0]}, [1.0]),  # the cap is 200
    (USUAL, {"take": [600.0], "deliverable": [0.5], "chosen": [110.0]}, [10.0]),  # of what can be delivered
    (USUAL, {"take": [90.0], "chosen": [100.0]}, [10.0]),  # not taken
    (USUAL, {"take": [1150.0, 1000.0], "chosen": [150.0, 0.0]}, [0.0, 0.0]),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would call off more on top than the contract gives, or without its premium."""
    assert verify(case, frame) > 30


@pytest.mark.parametrize(("clause", "what", "premium"), BY_HAND)
def test_bill_by_hand(clause: dict[str, object], what: dict[str, list[float]], premium: list[float]) -> None:
    """The premium would be wrong, and the audit with it."""
    assert billed(clause, "expedite_premium", **what) == pytest.approx([0.0, *premium])


@pytest.mark.parametrize(("clause", "what", "breach"), BREACH_BY_HAND)
def test_limit_by_hand(clause: dict[str, object], what: dict[str, list[float]], breach: list[float]) -> None:
    """The audit would pass volume on top that the contract does not give."""
    assert breached(clause, **what) == pytest.approx([0.0, *breach])


def test_what_is_on_top_lies_within_what_is_taken_once() -> None:
    """Each clause about volume on top would say the same of all of it, row for row, or a clause would lean on what another declares."""
    on_top = (USUAL, MADE_GOOD, {"kind": "capacity_share", "share": 0.1})
    what = tiny(tiny_scenario(FRAMES[0], (OPTION, *on_top), capacity=5000.0))
    names = [str(row.parent_component().local_name) for row in what.problem.names[0] if row.parent_component().local_name.endswith("is_taken")]
    assert names == ["extra_is_taken"] * 2 * 3  # two alternatives, three periods
    alone = tiny(tiny_scenario(FRAMES[0], (OPTION, on_top[2]), capacity=5000.0))
    assert [row.parent_component().local_name for row in alone.problem.names[0]].count("extra_is_taken") == 2 * 3
