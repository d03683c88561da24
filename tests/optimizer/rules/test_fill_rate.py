"""Fill rate: the verifier's cases (with backlog, and a year without new demand), and violations worked out by hand."""

from __future__ import annotations

import pytest

from tests.optimizer.rule_verifier import Case, verify
from tests.optimizer.rules.by_hand import violations

RATE = {"kind": "fill_rate", "min": 0.97}
CASES = (
    Case("on average", RATE, "min"),
    Case("in every future", {**RATE, "in": "every_future"}, "min"),
    Case("in every period", {**RATE, "in": "every_node"}, "min"),
    Case("one product at one site", {**RATE, "product": "cable", "site": "north"}, "min"),
    Case("sites of a class", {**RATE, "service_class": "core"}, "min"),
    Case("sites of no class in every period", {**RATE, "service_class": "", "in": "every_node"}, "min"),
    Case("one product in every period", {**RATE, "product": "cable", "in": "every_node"}, "min"),
    Case("second year of every future", {**RATE, "period": "2028", "in": "every_node"}, "min"),
)
BY_HAND = (
    # Demand 1,000: 30 may be unmet; 50 unmet are 2 percentage points too many.
    ({**RATE, "in": "every_node"}, [30, 50, 0, 0], [0.0, 2.0, 0.0, 0.0]),
    # 80 of 2,000 in the usual future: 96 %.
    ({**RATE, "in": "every_future"}, [40, 0, 40, 0], [1.0, 0.0]),
    # 0.9 x 40 + 0.1 x 240 = 60 of 2,000 on average.
    (RATE, [40, 240, 0, 0], [0.0]),
    ({**RATE, "period": "2027"}, [40, 240, 0, 0], [3.0]),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows_and_check_agree(case: Case) -> None:
    """The solver would keep another service level than the one that is audited and reported."""
    assert verify(case) == 9


@pytest.mark.parametrize(("rule", "unmet", "expected"), BY_HAND)
def test_violation_by_hand(rule: dict[str, object], unmet: list[float], expected: list[float]) -> None:
    """The audit would measure another service level than the policy means."""
    assert violations(rule, unmet=unmet) == pytest.approx(expected)
