"""Supplier count: the verifier's cases over every way to sign, and violations worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.rule_verifier import Case, verify
from tests.optimizer.rules.by_hand import violations

CASES = (
    Case("at least", {"kind": "supplier_count", "min": 2}),
    Case("at most", {"kind": "supplier_count", "max": 1}),
    Case("between, for one product", {"kind": "supplier_count", "min": 1, "max": 2, "product": "ducts"}),
    Case("exactly", {"kind": "supplier_count", "min": 2, "max": 2}),
)
BY_HAND = (
    ({"kind": "supplier_count", "min": 2}, {"home": 0}, [1.0]),
    ({"kind": "supplier_count", "min": 2}, {"home": 0, "third": 1}, [0.0]),
    ({"kind": "supplier_count", "max": 1}, {"home": 0, "third": 1, "abroad": 0}, [2.0]),
    ({"kind": "supplier_count", "min": 1, "max": 2}, {}, [1.0]),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows_and_check_agree(case: Case) -> None:
    """The solver would count suppliers otherwise than they are audited and reported."""
    assert verify(case) == 32


@pytest.mark.parametrize(("rule", "signed", "expected"), BY_HAND)
def test_violation_by_hand(rule: dict[str, object], signed: dict[str, int], expected: list[float]) -> None:
    """The audit would count suppliers otherwise than the policy means."""
    assert violations(rule, signed=signed) == expected
