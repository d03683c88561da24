"""Budget: the verifier's cases (with take-or-pay, a prepayment and a currency in the cash), and violations worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.rule_verifier import Case, verify
from tests.optimizer.rules.by_hand import violations

BUDGET = {"kind": "budget", "max": 1000.0}
CASES = (
    Case("on average", BUDGET, "max"),
    Case("in every future", {**BUDGET, "in": "every_future"}, "max"),
    Case("in every period", {**BUDGET, "in": "every_node"}, "max"),
    Case("first year", {**BUDGET, "period": "2027"}, "max"),
    Case("second year", {**BUDGET, "period": "2028"}, "max"),
    Case("second year of every future", {**BUDGET, "period": "2028", "in": "every_node"}, "max"),
)
SPENT = [600.0, 500.0, 300.0, 200.0, 700.0]  # at signing, then in 2027 and 2028 of both futures
BY_HAND = (
    # 600 now and 500 in 2027 against 1,000; the second year stands alone.
    ({**BUDGET, "in": "every_node"}, SPENT, [100.0, 0.0, 0.0, 0.0]),
    ({**BUDGET, "in": "every_future"}, SPENT, [300.0, 600.0]),
    # 600 + 0.9 x (500 + 200) + 0.1 x (300 + 700) = 1,330 on average.
    (BUDGET, SPENT, [330.0]),
    ({**BUDGET, "period": "2027"}, SPENT, [80.0]),
    ({**BUDGET, "period": "2028", "max": 200.0}, SPENT, [50.0]),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows_and_check_agree(case: Case) -> None:
    """The solver would spend by another sum than the one that is audited and reported."""
    assert verify(case) == 9


@pytest.mark.parametrize(("rule", "cash", "expected"), BY_HAND)
def test_violation_by_hand(rule: dict[str, object], cash: list[float], expected: list[float]) -> None:
    """The audit would hold another sum of cash against the budget than the treasurer does."""
    assert violations(rule, cash=cash) == pytest.approx(expected)
