"""Plan, audit and an independent simulator of cash agree on random contracts. The thousand of them: `python -m benchmarks.random_contracts`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.files import scenario_from
from tests.optimizer.build import offer, scenario, solved, spot
from tests.optimizer.cash_breaches import FORBIDDEN
from tests.optimizer.cash_clauses import INVOICES
from tests.optimizer.cash_prices import PRICES
from tests.optimizer.cash_simulator import disagreements
from tests.optimizer.drawn import examples
from tests.optimizer.random_contracts import TERMS, contracts
from tests.test_completeness import CLAUSE_KINDS


@pytest.mark.parametrize("kind", sorted(TERMS))
@examples(1)
@given(draw=st.data())
def test_plan_audit_and_simulator_agree(kind: str, draw: Any) -> None:
    """If this fails, a clause is billed otherwise than its plain words say."""
    data = draw.draw(contracts(kind))
    found = disagreements(scenario_from(data), solved(data))
    assert not found, "\n".join(found)


def test_the_simulator_can_disagree() -> None:
    """If this fails, nothing that a bill or a buyer did wrong would be noticed."""
    data = scenario(50.0, 40.0, offers=[offer("deal", 10.0, 50.0, {"kind": "volume_band", "down": 0.5}, periods=2)], spot=[spot(30.0, 5.0)])
    plan, document = solved(data), scenario_from(data)
    assert not disagreements(document, plan)
    dearer = [x.model_copy(update={"amount": 1.001 * x.amount}) for x in plan.costs]
    assert len(disagreements(document, plan.model_copy(update={"costs": tuple(dearer)}))) == len(plan.costs)
    less = [x.model_copy(update={"volume": 0.4 * x.volume}) if (x.kind, x.period) == ("take", "2") else x for x in plan.flows]
    assert any("outside the band" in x for x in disagreements(document, plan.model_copy(update={"flows": tuple(less)})))


def test_every_clause_is_simulated_and_drawn() -> None:
    """If this fails, a new clause lacks its entry in the simulator, or its terms among the random contracts."""
    missing = [kind for kind in CLAUSE_KINDS if kind not in {*PRICES, *INVOICES, *FORBIDDEN}]
    assert not missing, f"tests/optimizer/cash_prices.py, cash_clauses.py and cash_breaches.py say nothing about {', '.join(missing)}"
    missing = [kind for kind in CLAUSE_KINDS if kind not in TERMS]
    assert not missing, f"tests/optimizer/random_contracts.py has no terms for {', '.join(missing)}"
