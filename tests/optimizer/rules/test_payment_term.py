"""Payment term: the verifier's cases, and violations worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.optimizer.rule_verifier import Case, verify
from tests.optimizer.rules.by_hand import violations

TERM = {"kind": "payment_term", "min": 30.0}
CASES = (
    Case("on average", TERM, "min"),
    Case("in every future", {**TERM, "in": "every_future"}, "min"),
)
# Home is paid after 60 days, third after 30, abroad at once.
PAID = {("home", "purchase"): [0.0, 600.0, 400.0, 900.0, 0.0], ("third", "purchase"): [0.0, 0.0, 0.0, 300.0, 0.0]}
ABROAD = {**PAID, ("abroad", "purchase"): [0.0, 2000.0, 0.0, 0.0, 0.0], ("fair", "spot_purchase"): [9e9] * 5}
MADE_ELSEWHERE = {**PAID, ("home", "step_in_credit"): [0.0, -600.0, -400.0, -900.0, 0.0], ("abroad", "purchase"): [0.0, 200.0, 0.0, 0.0, 0.0]}
BY_HAND = (
    (TERM, {"billed": PAID}, [0.0]),
    # On average 1,390 wait 30 days longer than they have to, and 1,800 are paid 30 days too early.
    (TERM, {"billed": ABROAD}, [30.0 * (1800 - 1390) / 365]),
    ({**TERM, "in": "every_future"}, {"billed": ABROAD}, [30.0 * (2000 - 1500) / 365, 0.0]),
    ({**TERM, "supplier": "abroad"}, {"billed": ABROAD}, [30.0 * 1800 / 365]),
    # Home is paid for nothing: 180 are paid 30 days too early, and 30 on time.
    (TERM, {"billed": MADE_ELSEWHERE}, [30.0 * 180 / 365]),
    (TERM, {}, [0.0]),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows_and_check_agree(case: Case) -> None:
    """The solver would wait with other payments than are audited and reported."""
    assert verify(case) == 9


@pytest.mark.parametrize(("rule", "given", "expected"), BY_HAND)
def test_violation_by_hand(rule: dict[str, object], given: dict[str, Any], expected: list[float]) -> None:
    """The audit would weigh days by something else than what is paid, or count what is no contract."""
    assert violations(rule, **given) == pytest.approx(expected)
