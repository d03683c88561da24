"""Capex smoothing: the verifier's cases, and violations worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.optimizer.rule_verifier import Case, verify
from tests.optimizer.rules.by_hand import violations

SMOOTH = {"kind": "capex_smoothing", "max": 500.0}
CASES = (
    Case("on average", SMOOTH, "max"),
    Case("in every future", {**SMOOTH, "in": "every_node"}, "max"),
)
BOUGHT = {"billed": {("home", "purchase"): [0.0, 600.0, 400.0, 900.0, 0.0], ("fair", "spot_purchase"): [0.0, 400.0, 600.0, 800.0, 300.0]}}
BY_HAND = (
    # 1,000 to 1,700 in the usual future, 1,000 to 300 in the rare one: 0.9 x 700 - 0.1 x 700 = 560 on average.
    (SMOOTH, BOUGHT, [60.0]),
    ({**SMOOTH, "in": "every_node"}, BOUGHT, [200.0, 200.0]),
    ({**SMOOTH, "max": 700.0, "in": "every_node"}, BOUGHT, [0.0, 0.0]),
    # Signing, deposits and penalties are nothing that is bought.
    (SMOOTH, {"billed": {("home", "signing"): [9e9] * 5, ("home", "prepayment"): [9e9, 0, 0, 0, 0]}}, [0.0]),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows_and_check_agree(case: Case) -> None:
    """The solver would level other spending than is audited and reported."""
    assert verify(case) == 9


@pytest.mark.parametrize(("rule", "given", "expected"), BY_HAND)
def test_violation_by_hand(rule: dict[str, object], given: dict[str, Any], expected: list[float]) -> None:
    """The audit would measure another change, or count what is no purchase."""
    assert violations(rule, **given) == pytest.approx(expected)
