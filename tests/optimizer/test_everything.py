"""Every clause and every rule in one scenario. What its phases take: `python -m benchmarks.everything`."""

from __future__ import annotations

from scenarios.files import scenario_from
from tests.optimizer.build import solved
from tests.optimizer.cash_simulator import disagreements
from tests.optimizer.everything import everything
from tests.test_completeness import CLAUSE_KINDS, RULE_KINDS


def test_everything_is_in_it() -> None:
    """If this fails, a new clause or rule is missing, or stands with nothing it is offered beside."""
    made = scenario_from(everything())
    assert {clause.kind for offer in made.offers for clause in offer.clauses} == set(CLAUSE_KINDS)
    assert {rule.kind for rule in made.rules} == set(RULE_KINDS)


def test_everything_at_once_has_a_plan_that_agrees() -> None:
    """If this fails, clauses or rules that are right one by one are wrong together: no plan, no audit, or another bill than the simulator's."""
    data = everything()
    plan = solved(data, gap=0.05)  # short of the optimum, where what only a minimum makes right is put right afterwards
    assert plan.summary.gap <= 0.05
    assert len(plan.rules) == len(data["rules"])
    assert not disagreements(scenario_from(data), plan)
