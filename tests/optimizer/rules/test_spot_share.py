"""Spot share: the verifier's cases, and violations worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.rule_verifier import Case, verify
from tests.optimizer.rules.by_hand import violations

SHARE = {"kind": "spot_share", "max": 0.2}
CASES = (
    Case("on average", SHARE, "max"),
    Case("in every future", {**SHARE, "in": "every_future"}, "max"),
    Case("in every period", {**SHARE, "in": "every_node"}, "max"),
    Case("one year of one product", {**SHARE, "period": "2028", "product": "ducts"}, "max"),
    Case("in one year of every future", {**SHARE, "period": "2027", "in": "every_node"}, "max"),
)
BUYS = {"take": {"home": [70, 0, 0, 0]}, "order": {"fair": [10, 0, 0, 0], "dock": [20, 0, 0, 0]}}
BY_HAND = (
    # 30 of 100 on spot markets, 20 allowed.
    ({**SHARE, "in": "every_node"}, BUYS, [10.0, 0.0, 0.0, 0.0]),
    ({**SHARE, "max": 0.3, "in": "every_node"}, BUYS, [0.0, 0.0, 0.0, 0.0]),
    ({**SHARE, "in": "every_future"}, BUYS, [10.0, 0.0]),
    (SHARE, BUYS, [9.0]),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows_and_check_agree(case: Case) -> None:
    """The solver would leave more or less to the spot market than is audited and reported."""
    assert verify(case) == 9


@pytest.mark.parametrize(("rule", "what", "expected"), BY_HAND)
def test_violation_by_hand(rule: dict[str, object], what: dict[str, dict[str, list[float]]], expected: list[float]) -> None:
    """The audit would measure another exposure than the policy means."""
    assert violations(rule, **what) == pytest.approx(expected)
