"""Supplier spend: the verifier's cases, and violations worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.optimizer.rule_verifier import Case, verify
from tests.optimizer.rules.by_hand import violations

SPEND = {"kind": "supplier_spend", "supplier": "abroad", "max": 900.0}
CASES = (
    Case("on average", SPEND, "max"),
    Case("in every future, whoever it is", {**SPEND, "supplier": None, "in": "every_future"}, "max"),
    Case("in a period", {**SPEND, "supplier": "home", "in": "every_node", "period": "2028"}, "max"),
)
HOME = {"kind": "supplier_spend", "supplier": "home", "max": 500.0}
PAID = {("home", "purchase"): [0.0, 600.0, 400.0, 900.0, 0.0], ("home", "signing"): [50.0, 0.0, 0.0, 0.0, 0.0]}
BY_HAND = (
    # 50 + 0.9 x (600 + 900) + 0.1 x 400 = 1,440 on average.
    (HOME, {"billed": PAID}, [940.0]),
    ({**HOME, "in": "every_node"}, {"billed": PAID}, [150.0, 0.0, 400.0, 0.0]),
    # Credits count, and so does a step of capacity; duties, a bank's guarantee and what others are paid do not.
    (HOME, {"billed": {**PAID, ("home", "prepayment_credit"): [0.0, -600.0, 0.0, -300.0, 0.0]}}, [130.0]),
    (HOME, {"billed": {("home", "capacity_step"): [700.0, 0.0, 0.0, 0.0, 0.0], ("home", "tariff"): [9e9] * 5, ("home", "guarantee_fee"): [9e9] * 5}}, [200.0]),
    ({**HOME, "supplier": None}, {"billed": {("abroad", "purchase"): [700.0, 0, 0, 0, 0], ("fair", "spot_purchase"): [9e9] * 5}}, [0.0, 200.0, 0.0]),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows_and_check_agree(case: Case) -> None:
    """The solver would limit other payments than are audited and reported."""
    assert verify(case) == 9


@pytest.mark.parametrize(("rule", "given", "expected"), BY_HAND)
def test_violation_by_hand(rule: dict[str, object], given: dict[str, Any], expected: list[float]) -> None:
    """The audit would count what others are paid, or leave out what the supplier is."""
    assert violations(rule, **given) == pytest.approx(expected)
