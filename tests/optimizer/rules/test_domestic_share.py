"""Domestic share: the verifier's cases, and violations worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.rule_verifier import Case, verify
from tests.optimizer.rules.by_hand import violations

SHARE = {"kind": "domestic_share", "min": 0.6}
CASES = (
    Case("on average", SHARE, "min"),
    Case("in every future", {**SHARE, "in": "every_future"}, "min"),
    Case("in every period", {**SHARE, "in": "every_node"}, "min"),
    Case("one year of one product", {**SHARE, "period": "2028", "product": "ducts"}, "min"),
    Case("in one year of every future", {**SHARE, "period": "2028", "in": "every_node"}, "min"),
)
BUYS = {"take": {"home": [40, 0, 0, 0], "abroad": [30, 0, 0, 0]}, "order": {"fair": [10, 0, 0, 0], "dock": [20, 0, 0, 0]}}
BY_HAND = (
    # 100 bought, 40 from a domestic supplier and 10 from a domestic spot market, 60 asked for.
    ({**SHARE, "in": "every_node"}, BUYS, [10.0, 0.0, 0.0, 0.0]),
    ({**SHARE, "min": 0.5, "in": "every_node"}, BUYS, [0.0, 0.0, 0.0, 0.0]),
    ({**SHARE, "in": "every_future"}, BUYS, [10.0, 0.0]),
    # The usual future weighs 90 %.
    (SHARE, BUYS, [9.0]),
    ({**SHARE, "period": "2028"}, BUYS, [0.0]),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows_and_check_agree(case: Case) -> None:
    """The solver would keep another share than the one that is audited and reported."""
    assert verify(case) == 9


@pytest.mark.parametrize(("rule", "what", "expected"), BY_HAND)
def test_violation_by_hand(rule: dict[str, object], what: dict[str, dict[str, list[float]]], expected: list[float]) -> None:
    """The audit would measure another share than the policy means."""
    assert violations(rule, **what) == pytest.approx(expected)
