"""Switching cost: the verifier's cases over every way to sign, and violations worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.optimizer.build import Data, offer, scenario, solved
from tests.optimizer.rule_verifier import Case, verify
from tests.optimizer.rules.by_hand import violations

FEES = {"kind": "switching_cost", "incumbents": ["home"], "per_supplier": 100.0, "per_unit": 2.0, "volume": [50.0, 50.0]}
CASES = (
    Case("suppliers and volume", FEES),
    Case("suppliers only", {"kind": "switching_cost", "incumbents": ["abroad"], "per_supplier": 150.0}),
    Case("volume only, of one product", {**FEES, "incumbents": ["home", "third"], "per_supplier": 0.0, "product": "ducts", "volume": [0.0, 90.0]}),
)
BY_HAND = (
    # Fees of abroad and third, then what left home in both futures of each year: 10 units in the usual 2028.
    (FEES, {"signed": {"home": 0, "third": 1}, "take": {"home": [50.0, 50.0, 40.0, 60.0]}}, [0.0, 100.0, 0.0, 0.0, 20.0, 0.0]),
    (FEES, {"signed": {"abroad": 0, "third": 1}}, [100.0] * 6),
    ({**FEES, "incumbents": ["home", "third"]}, {"take": {"home": [30.0] * 4, "third": [20.0] * 4}}, [0.0] * 5),
    ({**FEES, "per_unit": 0.0}, {"signed": {"abroad": 0}}, [100.0, 0.0]),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows_and_check_agree(case: Case) -> None:
    """The solver would charge other switching than is audited and reported."""
    assert verify(case) == 32


@pytest.mark.parametrize(("rule", "given", "expected"), BY_HAND)
def test_violation_by_hand(rule: dict[str, object], given: dict[str, Any], expected: list[float]) -> None:
    """The audit would charge for incumbents, or for volume that never left."""
    assert violations(rule, **given) == pytest.approx(expected)


@pytest.mark.parametrize(("price", "cost"), [(26.0, 26.0 * 100 + 50 + 3 * 100), (26.8, 30.0 * 100)])
def test_a_rival_has_to_save_more_than_switching_costs(price: float, cost: float) -> None:
    """If this fails, a new supplier is signed although qualifying it costs more than it saves, or is not although it saves more."""
    offers = [offer("old", 30.0, 100.0), offer("rival", price, 100.0)]
    rule: Data = {"kind": "switching_cost", "incumbents": ["old"], "per_supplier": 50.0, "per_unit": 3.0, "volume": [100.0], "violation_price": 1.0}
    assert solved(scenario(100.0, offers=offers, rules=[rule])).summary.objective == pytest.approx(cost)
