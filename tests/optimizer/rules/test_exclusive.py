"""Exclusive: the verifier's cases over every way to sign, and violations worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.rule_verifier import Case, verify
from tests.optimizer.rules.by_hand import violations

CASES = (
    Case("two", {"kind": "exclusive", "offers": ["home", "abroad"]}),
    Case("three, one of them later", {"kind": "exclusive", "offers": ["home", "late", "abroad"]}),
)
RULE = {"kind": "exclusive", "offers": ["home", "abroad", "third"]}
BY_HAND = (({}, [0.0]), ({"home": 0}, [0.0]), ({"home": 0, "third": 1}, [1.0]), ({"home": 0, "third": 1, "abroad": 0}, [2.0]))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows_and_check_agree(case: Case) -> None:
    """The solver would sign offers together that rule each other out, or be kept from signing one."""
    assert verify(case) == 32


@pytest.mark.parametrize(("signed", "expected"), BY_HAND)
def test_violation_by_hand(signed: dict[str, int], expected: list[float]) -> None:
    """The audit would miss offers signed together, or count them wrongly."""
    assert violations(RULE, signed=signed) == expected
