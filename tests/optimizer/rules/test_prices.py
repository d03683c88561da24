"""Every rule, hard, priced and left out, on its minimal scenario."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from models.rules import RULES
from optimizer.solve.highs import solve_problem
from scenarios import library
from scenarios.files import scenario_from
from tests.optimizer.tiny import tiny

KINDS = [get_args(rule.model_fields["kind"].annotation)[0] for rule in RULES]
FREE, CHEAP, DEAR = 0.0, 0.01, 1e5


def objective(data: dict[str, Any], rules: list[dict[str, Any]]) -> float:
    """The least cost of the scenario with these rules."""
    answer = solve_problem(tiny(scenario_from({**data, "rules": rules})).problem)
    assert answer.x is not None
    return answer.objective


@pytest.mark.parametrize("kind", KINDS)
def test_the_price_of_a_rule_lies_between_nothing_and_the_hard_rule(kind: str) -> None:
    """A priced rule would cost more than keeping it, or be charged although it is kept."""
    data = json.loads(library.read(f"rule-{kind}"))
    others = [rule for rule in data["rules"] if rule["kind"] != kind]
    own = [rule for rule in data["rules"] if rule["kind"] == kind]

    def at(price: float) -> float:
        return objective(data, others + [{**rule, "violation_price": price} for rule in own])

    without, free, cheap, dear, hard = objective(data, others), at(FREE), at(CHEAP), at(DEAR), objective(data, others + own)
    assert without == pytest.approx(free, rel=1e-7)
    assert without < cheap < hard
    assert dear == pytest.approx(hard, rel=1e-7)
