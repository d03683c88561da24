"""Shortage probability: the verifier's cases, and violations worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.rule_verifier import Case, verify
from tests.optimizer.rules.by_hand import violations

SELDOM = {"kind": "shortage_probability", "max": 0.05}
CASES = (
    Case("over the horizon", {**SELDOM, "above": 100.0}, "max"),
    Case("more than a little of one product", {**SELDOM, "above": 20.0, "product": "ducts"}, "max"),
    Case("in the second year", {**SELDOM, "period": "2028", "above": 40.0}, "max"),
)
BY_HAND = (
    # Short in the rare future only, which has 10 %: 5 percentage points more than 5 %.
    (SELDOM, [0, 20, 0, 30], [5.0]),
    ({**SELDOM, "max": 0.1}, [0, 20, 0, 30], [0.0]),
    # 20 and 30 are 50 over the horizon, and 30 in the second year.
    ({**SELDOM, "above": 50.0}, [0, 20, 0, 30], [0.0]),
    ({**SELDOM, "above": 49.0}, [0, 20, 0, 30], [5.0]),
    ({**SELDOM, "above": 29.0, "period": "2028"}, [0, 20, 0, 30], [5.0]),
    ({**SELDOM, "above": 29.0, "period": "2027"}, [0, 20, 0, 30], [0.0]),
    ({**SELDOM, "max": 0.0}, [1, 20, 0, 30], [100.0]),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows_and_check_agree(case: Case) -> None:
    """The solver would count other futures as short than are audited and reported."""
    assert verify(case) == 9


@pytest.mark.parametrize(("rule", "unmet", "expected"), BY_HAND)
def test_violation_by_hand(rule: dict[str, object], unmet: list[float], expected: list[float]) -> None:
    """The audit would call something else a shortage, or weigh it with another probability, than the policy means."""
    assert violations(rule, unmet=unmet) == pytest.approx(expected)
