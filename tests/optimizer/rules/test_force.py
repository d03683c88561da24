"""Force: the verifier's cases over every way to sign, and violations worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.rule_verifier import Case, verify
from tests.optimizer.rules.by_hand import violations

CASES = (
    Case("signed later", {"kind": "force", "offer": "late"}),
    Case("kept away from", {"kind": "force", "offer": "abroad", "signed": False}),
    Case("an alternative that became tiers", {"kind": "force", "offer": "abroad", "alternative": "base"}),
    Case("one of two alternatives", {"kind": "force", "offer": "home", "alternative": "long"}),
)
BY_HAND = (
    ({"kind": "force", "offer": "home"}, {}, [1.0]),
    ({"kind": "force", "offer": "home"}, {"home": 1}, [0.0]),
    ({"kind": "force", "offer": "home", "alternative": "base"}, {"home": 1}, [1.0]),
    ({"kind": "force", "offer": "home", "signed": False}, {"home": 1}, [1.0]),
    ({"kind": "force", "offer": "home", "signed": False}, {"abroad": 0}, [0.0]),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows_and_check_agree(case: Case) -> None:
    """The solver would not keep to a decision already taken, or keep to it for the wrong alternative."""
    assert verify(case) == 32


@pytest.mark.parametrize(("rule", "signed", "expected"), BY_HAND)
def test_violation_by_hand(rule: dict[str, object], signed: dict[str, int], expected: list[float]) -> None:
    """The audit would miss a decision that was not kept."""
    assert violations(rule, signed=signed) == expected
