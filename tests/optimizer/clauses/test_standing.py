"""What stands to the buyer's credit under each clause that keeps something, worked out by hand."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from models import clauses as documents
from optimizer.clauses import CLAUSES, clause_of
from optimizer.clauses.standing import Keeps
from tests.optimizer.clauses.test_make_up import LNG, YEARS
from tests.optimizer.tiny import document, statement_of_one_future

CARRY = {"kind": "carry_forward", "cap": 0.3, "expiry_periods": 1}
GOOD = {"kind": "make_good", "cap": 0.3, "price_share": 0.9, "expiry_periods": 2}
PREPAID = {"kind": "prepayment", "amount": 1000.0, "credit_per_unit": 2.0}
REBATE = {"kind": "cumulative_rebate", "tiers": [{"from_volume": 0, "to_volume": 150}, {"from_volume": 150, "discount": 0.1}]}
STOCK = {"kind": "buffer_stock", "cap": 0.2}
FAILED = {"volume": [100.0], "take": [60.0, 120.0], "deliverable": [0.6, 1.0], "price": 10.0, "chosen": [0.0, 30.0]}

BY_HAND = (
    # 30 and, two years later, 10 are short; 5 of the 30 are made up at once, and the rest can be for two years at 10 % of 10.
    (LNG, {**YEARS, "chosen": [0.0, 5.0, 0.0, 0.0, 0.0]}, 1, [(30.0, 0, 2, 270.0)]),
    (LNG, {**YEARS, "chosen": [0.0, 5.0, 0.0, 0.0, 0.0]}, 3, [(25.0, 0, 2, 225.0), (10.0, 2, 4, 90.0)]),
    (LNG, {**YEARS, "chosen": [0.0, 5.0, 0.0, 0.0, 0.0]}, 4, [(10.0, 2, 4, 90.0)]),
    # 95 and 110 are taken of 90 owed; nothing is used, and each counts for a year.
    (CARRY, {**YEARS}, 2, [(5.0, 1, 2, None)]),
    (CARRY, {**YEARS}, 4, [(20.0, 3, 4, None)]),
    # 40 could not be delivered, 30 are made good a year later; the other 10 save 10 % of 10 each.
    (GOOD, FAILED, 1, [(40.0, 0, 1, 40.0)]),
    (GOOD, FAILED, 2, [(10.0, 0, 1, 10.0)]),
    # 1,000 are prepaid, 2 are credited per unit.
    (PREPAID, {"take": [100.0, 300.0, 200.0], "price": 10.0}, 0, [(1000.0, None, 2, 1000.0)]),
    (PREPAID, {"take": [100.0, 300.0, 200.0], "price": 10.0}, 2, [(200.0, None, 2, 200.0)]),
    (PREPAID, {"take": [100.0, 300.0, 200.0], "price": 10.0}, 3, []),
    (REBATE, {"take": [100.0, 100.0], "price": 10.0}, 1, [(100.0, None, 1, None)]),
    # 20 % of 100 committed are laid in in the first period, and 5 of them drawn in the second, the last in which they can be.
    (STOCK, {"volume": [100.0, 100.0], "take": [100.0, 105.0], "chosen": [0.0, 5.0]}, 1, [(20.0, 0, 1, None)]),
    (STOCK, {"volume": [100.0, 100.0], "take": [100.0, 105.0], "chosen": [0.0, 5.0]}, 2, [(15.0, 0, 1, None)]),
    (REBATE, {"take": [100.0, 100.0], "price": 10.0}, 2, [(200.0, None, 1, None)]),
)


@pytest.mark.parametrize(("clause", "what", "n", "expected"), BY_HAND)
def test_credit_by_hand(clause: dict[str, Any], what: dict[str, Any], n: int, expected: list[tuple[float, Any, int, Any]]) -> None:
    """A buyer would be told of volume or money that is not there any more, or not be told of what is about to lapse."""
    meaning = clause_of(document(clause))
    assert isinstance(meaning, Keeps)
    found = [(x.amount, x.since, x.last, x.worth) for x in meaning.standing(statement_of_one_future(clause, **what), n)]
    assert found == [(pytest.approx(a), since, last, None if worth is None else pytest.approx(worth)) for a, since, last, worth in expected]


def test_every_clause_with_a_bank_says_what_is_in_it() -> None:
    """A clause that lets volume pile up would have no say in what lapses."""
    keeping = {terms for terms, meaning in CLAUSES if hasattr(meaning, "standing")}
    banks = {terms for terms, meaning in CLAUSES if hasattr(sys.modules[meaning.__module__], "build_bank")}
    assert banks == {documents.MakeUp, documents.CarryForward, documents.MakeGood, documents.BufferStock}
    assert keeping == banks | {documents.Prepayment, documents.CumulativeRebate}
    assert {clause["kind"] for clause, *_ in BY_HAND} == {terms.model_fields["kind"].annotation.__args__[0] for terms in keeping}
