"""Shortage CVaR: the verifier's cases, and violations worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.rule_verifier import Case, verify
from tests.optimizer.rules.by_hand import violations

CVAR = {"kind": "shortage_cvar", "max": 10.0, "tail": 0.2}
CASES = (
    Case("thin tail", CVAR, "max"),
    Case("thick tail of one product", {**CVAR, "tail": 0.7, "product": "ducts"}, "max"),
    Case("all futures", {**CVAR, "tail": 1.0}, "max"),
)
BY_HAND = (
    # Shortages 0 (90 %) and 50 (10 %): the worst 20 % are 50 and 0 in equal parts, 25 on average.
    (CVAR, [0, 20, 0, 30], [15.0]),
    ({**CVAR, "max": 25.0}, [0, 20, 0, 30], [0.0]),
    ({**CVAR, "tail": 0.1}, [0, 20, 0, 30], [40.0]),
    ({**CVAR, "tail": 1.0, "max": 2.0}, [0, 20, 0, 30], [3.0]),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows_and_check_agree(case: Case) -> None:
    """The solver would hold the worst futures' shortage against another number than is audited and reported."""
    assert verify(case) == 9


@pytest.mark.parametrize(("rule", "unmet", "expected"), BY_HAND)
def test_violation_by_hand(rule: dict[str, object], unmet: list[float], expected: list[float]) -> None:
    """The audit would average over other futures than the policy means."""
    assert violations(rule, unmet=unmet) == pytest.approx(expected)
