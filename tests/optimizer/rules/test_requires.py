"""Requires: the verifier's cases over every way to sign, and violations worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.rule_verifier import Case, verify
from tests.optimizer.rules.by_hand import violations

CASES = (
    Case("needs one that is signed later", {"kind": "requires", "offer": "home", "needs": "late"}),
    Case("signed later than its need", {"kind": "requires", "offer": "late", "needs": "abroad"}),
)
RULE = {"kind": "requires", "offer": "home", "needs": "abroad"}
BY_HAND = (({}, [0.0]), ({"home": 0}, [1.0]), ({"abroad": 1}, [0.0]), ({"home": 1, "abroad": 0}, [0.0]))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows_and_check_agree(case: Case) -> None:
    """The solver would sign an offer without the one it needs, or tie the need to the offer."""
    assert verify(case) == 32


@pytest.mark.parametrize(("signed", "expected"), BY_HAND)
def test_violation_by_hand(signed: dict[str, int], expected: list[float]) -> None:
    """The audit would miss an offer without the one it needs, or read the rule backwards."""
    assert violations(RULE, signed=signed) == expected
