"""All or none: the verifier's cases over every way to sign, and violations worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.rule_verifier import Case, verify
from tests.optimizer.rules.by_hand import violations

CASES = (
    Case("two", {"kind": "all_or_none", "offers": ["home", "abroad"]}),
    Case("four, one of them later", {"kind": "all_or_none", "offers": ["home", "late", "abroad", "home.ducts"]}),
)
RULE = {"kind": "all_or_none", "offers": ["home", "abroad", "third"]}
BY_HAND = (({}, [0.0]), ({"home": 0, "third": 0}, [1.0]), ({"abroad": 1}, [2.0]), ({"home": 0, "third": 1, "abroad": 0}, [0.0]))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows_and_check_agree(case: Case) -> None:
    """The solver would sign a part of the bundle, or a priced bundle would cost otherwise than by its missing offers."""
    assert verify(case) == 32


@pytest.mark.parametrize(("signed", "expected"), BY_HAND)
def test_violation_by_hand(signed: dict[str, int], expected: list[float]) -> None:
    """The audit would miss a broken bundle, or count its missing offers wrongly."""
    assert violations(RULE, signed=signed) == expected
