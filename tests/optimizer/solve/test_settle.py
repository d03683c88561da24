"""What follows from decisions is settled again where the search has left a gap."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benchmarks.fuzz import compiled
from models.scenario import Scenario
from optimizer.engine import solve
from optimizer.solve import extensive
from optimizer.solve.highs import Answer
from optimizer.solve.problem import Problem
from optimizer.solve.settle import tidied
from scenarios import library
from scenarios.files import scenario_from

SECONDS = 60.0


def dear() -> Scenario:
    """A contract whose waiver is too dear to be paid in the best plan."""
    document = json.loads(library.read("clause-exclusivity"))
    document["offers"][0]["clauses"][0]["waiver_fee"] = 6_000.0
    return scenario_from(document)


def wasteful(problem: Problem, answer: Answer) -> Answer:
    """The same decisions with a waiver in every period, wanted or not."""
    assert answer.x is not None
    waived = [j for j in range(len(answer.x)) if "waived" in problem.column_name(j)]
    x = answer.x.copy()
    assert x[waived].min() == 0.0
    x[waived] = 1.0
    return replace(answer, status="feasible", x=x, objective=float(problem.cost @ x) + problem.offset)


def test_a_fee_that_nobody_asks_for_is_dropped() -> None:
    """If this fails, a plan short of the optimum pays for a waiver it does not use, the bill knows no such charge, and the audit refuses the plan."""
    _, problem = compiled(dear())
    best = extensive.solve(problem, gap=0.0, seconds=SECONDS, seed=0)
    spoilt = wasteful(problem, best)
    assert spoilt.objective > best.objective + 1.0
    again = tidied(problem, spoilt, seconds=SECONDS, seed=0)
    assert again.x is not None
    assert again.objective == pytest.approx(best.objective, rel=1e-9)
    assert again.bound <= again.objective
    _, columns = problem.keys["take"]
    np.testing.assert_allclose(again.x[columns], spoilt.x[columns])  # type: ignore[index]
    assert tidied(problem, best, seconds=SECONDS, seed=0) is best


def test_a_plan_with_a_gap_passes_its_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    """If this fails, a search that ends early ends in an error, although it has found a plan."""
    found = extensive.solve

    def early(problem: Problem, **more: Any) -> Answer:
        nonlocal spoilt
        answer = found(problem, **more)
        if answer.x is None or not any("waived" in problem.column_name(j) for j in range(len(answer.x))):
            return answer
        spoilt += 1
        return wasteful(problem, answer)

    scenario, spoilt = dear(), 0
    expected = solve(scenario).summary.objective
    monkeypatch.setattr(extensive, "solve", early)
    assert solve(scenario).summary.objective == pytest.approx(expected, rel=1e-9)
    assert spoilt
