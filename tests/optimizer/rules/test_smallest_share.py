"""Smallest share: the verifier's cases, and violations worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.optimizer.rule_verifier import Case, verify
from tests.optimizer.rules.by_hand import violations

WORTHWHILE = {"kind": "smallest_share", "min": 0.1}
CASES = (
    Case("on average", WORTHWHILE, "min"),
    Case("in every future", {**WORTHWHILE, "in": "every_future"}, "min"),
    Case("in every period of one product", {**WORTHWHILE, "in": "every_node", "product": "ducts"}, "min"),
)
TAKEN = {"take": {"home": [92, 46, 92, 46], "abroad": [8, 4, 8, 54]}, "signed": {"home": 0, "abroad": 1}}
BY_HAND = (
    # On average home has 165.6 + 9.2 of 180 + 15 volumes, abroad 14.4 + 5.8: 20.2 of 195, more than a tenth.
    (WORTHWHILE, TAKEN, [0.0, 0.0]),
    # In the usual future abroad has 16 of 200, in the rare one 58 of 150.
    ({**WORTHWHILE, "in": "every_future"}, TAKEN, [0.0, 4.0, 0.0, 0.0]),
    ({**WORTHWHILE, "in": "every_node", "period": "2028", "min": 0.5}, TAKEN, [0.0, 42.0, 4.0, 0.0]),
    # What is ordered on the spot market does not count, nor does a supplier without a contract.
    ({**WORTHWHILE, "min": 1.0}, {"take": {"home": [9, 9, 9, 9]}, "order": {"fair": [99, 99, 99, 99]}, "signed": {"home": 0}}, [0.0]),
    (WORTHWHILE, {}, [0.0]),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows_and_check_agree(case: Case) -> None:
    """The solver would award splinters that the audit finds, or forbid awards that are none."""
    assert verify(case) == 9


@pytest.mark.parametrize(("rule", "given", "expected"), BY_HAND)
def test_violation_by_hand(rule: dict[str, object], given: dict[str, Any], expected: list[float]) -> None:
    """The audit would hold suppliers to a share of something else."""
    assert violations(rule, **given) == pytest.approx(expected)
