"""Prepaid exposure: the verifier's cases, and violations worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.optimizer.rule_verifier import Case, verify
from tests.optimizer.rules.by_hand import violations

EXPOSED = {"kind": "prepaid_exposure", "max": 100.0}
CASES = (
    Case("each supplier", EXPOSED, "max"),
    Case("one supplier", {**EXPOSED, "supplier": "abroad"}, "max"),
)
LENT = {"billed": {("home", "prepayment"): [1000.0, 0, 0, 0, 0], ("home", "prepayment_credit"): [0, -300.0, -100.0, -700.0, -200.0]}}
HOME = {**EXPOSED, "supplier": "home", "max": 600.0}
BY_HAND = (
    # 1,000 at signing; 700 and 900 after the first year, 0 and 700 after the second.
    (HOME, LENT, [400.0, 100.0, 300.0, 0.0, 100.0]),
    ({**HOME, "max": 1000.0}, LENT, [0.0] * 5),
    ({**HOME, "supplier": "abroad"}, LENT, [0.0] * 5),
    ({**EXPOSED, "max": 900.0}, LENT, [100.0, *[0.0] * 14]),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows_and_check_agree(case: Case) -> None:
    """The solver would let more money lie with a supplier than is audited and reported."""
    assert verify(case) == 9


@pytest.mark.parametrize(("rule", "given", "expected"), BY_HAND)
def test_violation_by_hand(rule: dict[str, object], given: dict[str, Any], expected: list[float]) -> None:
    """The audit would add up other deposits than those that a supplier still holds."""
    assert violations(rule, **given) == pytest.approx(expected)
