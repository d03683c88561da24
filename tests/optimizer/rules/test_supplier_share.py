"""Supplier share: the verifier's cases, and violations worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.rule_verifier import Case, verify
from tests.optimizer.rules.by_hand import violations

MOST = {"kind": "supplier_share", "supplier": "home", "max": 0.7}
LEAST = {"kind": "supplier_share", "supplier": "abroad", "min": 0.3}
CASES = (
    Case("at most", MOST, "max"),
    Case("at most, in every future", {**MOST, "in": "every_future"}, "max"),
    Case("at most, in every period", {**MOST, "in": "every_node"}, "max"),
    Case("at least", LEAST, "min"),
    Case("at least, of one product in one year", {**LEAST, "product": "cable", "period": "2028"}, "min"),
    Case("at least, in every period", {**LEAST, "in": "every_node"}, "min"),
    Case("between, upper end moved", {**MOST, "min": 0.05}, "max"),
    Case("between, lower end moved", {**LEAST, "max": 0.95}, "min"),
)
BUYS = {"take": {"home": [80, 0, 0, 0], "abroad": [10, 0, 0, 0]}, "order": {"dock": [10, 0, 0, 0]}}
BY_HAND = (
    # 80 of 100, 70 allowed; 10 of 100, 30 asked for.
    ({**MOST, "in": "every_node"}, BUYS, [10.0, 0.0, 0.0, 0.0]),
    ({**LEAST, "in": "every_node"}, BUYS, [20.0, 0.0, 0.0, 0.0]),
    ({**MOST, "max": 0.8, "in": "every_node"}, BUYS, [0.0, 0.0, 0.0, 0.0]),
    (LEAST, BUYS, [18.0]),
    ({**LEAST, "max": 0.5, "in": "every_future"}, BUYS, [20.0, 0.0]),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows_and_check_agree(case: Case) -> None:
    """The solver would give a supplier more or less of the volume than is audited and reported."""
    assert verify(case) == 9


@pytest.mark.parametrize(("rule", "what", "expected"), BY_HAND)
def test_violation_by_hand(rule: dict[str, object], what: dict[str, dict[str, list[float]]], expected: list[float]) -> None:
    """The audit would measure another share than the policy means."""
    assert violations(rule, **what) == pytest.approx(expected)
