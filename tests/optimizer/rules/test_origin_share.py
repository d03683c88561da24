"""Origin share: the verifier's cases, and violations worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.rule_verifier import Case, verify
from tests.optimizer.rules.by_hand import violations

MOST = {"kind": "origin_share", "origin": "far", "max": 0.65}
LEAST = {"kind": "origin_share", "origin": "far", "min": 0.3}
CASES = (
    Case("at most", MOST, "max"),
    Case("at most, in every period", {**MOST, "in": "every_node"}, "max"),
    Case("at least", LEAST, "min"),
    Case("at least, of one product in every future", {**LEAST, "product": "ducts", "in": "every_future"}, "min"),
)
BUYS = {"take": {"home": [20, 0, 0, 0], "abroad": [30, 0, 0, 0], "third": [10, 0, 0, 0]}, "order": {"fair": [10, 0, 0, 0], "dock": [30, 0, 0, 0]}}
BY_HAND = (
    # Of 100 bought 40 are taken from two suppliers far away and 30 ordered at the dock.
    ({**MOST, "in": "every_node"}, BUYS, [5.0, 0.0, 0.0, 0.0]),
    ({**MOST, "max": 0.7, "in": "every_node"}, BUYS, [0.0, 0.0, 0.0, 0.0]),
    ({**LEAST, "min": 0.8, "in": "every_future"}, BUYS, [10.0, 0.0]),
    ({**LEAST, "min": 0.8}, BUYS, [9.0]),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows_and_check_agree(case: Case) -> None:
    """The solver would take more or less from a country than is audited and reported."""
    assert verify(case) == 9


@pytest.mark.parametrize(("rule", "what", "expected"), BY_HAND)
def test_violation_by_hand(rule: dict[str, object], what: dict[str, dict[str, list[float]]], expected: list[float]) -> None:
    """The audit would measure another share than the policy means."""
    assert violations(rule, **what) == pytest.approx(expected)
