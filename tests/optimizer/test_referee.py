"""The engine against others: SCIP on random scenarios, and brute force over all binaries."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import linprog

from benchmarks import fuzz
from benchmarks.fuzz import compiled, judge, referee
from models.clauses import CLAUSES
from models.errors import Infeasible
from models.rules import RULES
from models.scenario import Scenario
from models.uncertainty import Futures, GivenTree
from optimizer.engine import solve
from optimizer.solve.problem import Problem
from scenarios.tree import Floats
from tests.optimizer.random_scenarios import random_document, random_scenario

CASES, CHUNK = 160, 10  # more by hand: python -m benchmarks.fuzz --cases 2000
BRUTE_CASES, MOST_BINARIES = 60, 8


@pytest.mark.parametrize("first", range(0, CASES, CHUNK))
def test_engine_agrees_with_scip(first: int) -> None:
    """The engine would call a plan optimal that is not, a scenario infeasible that is not, or bill a plan otherwise than the model does."""
    verdicts = [judge(seed) for seed in range(first, first + CHUNK)]
    assert [verdict for verdict in verdicts if verdict.kind not in ("agree", "both_infeasible")] == []


def brute_force(problem: Problem) -> float:
    """Least objective over every choice of the free binaries, each choice a linear program; infinite when none is feasible."""
    free = np.flatnonzero(problem.integer & (problem.lower < problem.upper))
    equal = problem.row_lower == problem.row_upper
    above, below = np.isfinite(problem.row_upper) & ~equal, np.isfinite(problem.row_lower) & ~equal
    rows = np.vstack([problem.matrix[above].toarray(), -problem.matrix[below].toarray()])
    sides = np.concatenate([problem.row_upper[above], -problem.row_lower[below]])
    balances, balanced = problem.matrix[equal].toarray(), problem.row_lower[equal]
    best = np.inf
    for choice in product((0.0, 1.0), repeat=len(free)):
        lower, upper = problem.lower.copy(), problem.upper.copy()
        lower[free] = upper[free] = choice
        bounds: Floats = np.stack([lower, upper], axis=1)
        found = linprog(problem.cost, A_ub=rows, b_ub=sides, A_eq=balances, b_eq=balanced, bounds=bounds)
        if found.status == 0:
            best = min(best, float(found.fun) + problem.offset)
    return best


def few_binaries() -> Iterator[tuple[int, Scenario, Problem]]:
    """Scenarios small enough to try every choice: seed, scenario, matrices."""
    found, seed = 0, 10_000
    while found < BRUTE_CASES:
        scenario = random_scenario(seed)
        _, problem = compiled(scenario)
        if 0 < int((problem.integer & (problem.lower < problem.upper)).sum()) <= MOST_BINARIES and problem.matrix.shape[1] <= 150:
            found += 1
            yield seed, scenario, problem
        seed += 1


def test_engine_agrees_with_brute_force() -> None:
    """A choice of contracts that is cheaper, or feasible at all, would be missed."""
    wrong = []
    for seed, scenario, problem in few_binaries():
        least = brute_force(problem)
        try:
            objective = solve(scenario).summary.objective
        except Infeasible:
            objective = np.inf
        if objective != pytest.approx(least, rel=1e-6, abs=1e-6):
            wrong.append((seed, objective, least))
    assert wrong == []


def test_random_scenarios_use_everything() -> None:
    """A clause, a rule or a table would never be compared with anybody."""
    scenarios = [random_scenario(seed) for seed in range(CASES)]
    assert {clause.kind for x in scenarios for offer in x.offers for clause in offer.clauses} == {
        kind.model_fields["kind"].annotation.__args__[0] for kind in CLAUSES
    }
    for hard in (True, False):
        used = {rule.kind for x in scenarios for rule in x.rules if (rule.violation_price is None) is hard}
        assert used == {kind.model_fields["kind"].annotation.__args__[0] for kind in RULES}
    for table in ("storage", "transfers", "substitutions", "spot", "indices", "currencies"):
        assert any(getattr(x, table) for x in scenarios), table
    assert any(supplier.capacity_steps for x in scenarios for supplier in x.suppliers)
    assert {row.kind for x in scenarios for row in x.shortage} == {"lost", "delayed", "split"}
    assert any(offer.sign != "now" for x in scenarios for offer in x.offers)
    assert {alternative.profile.kind for x in scenarios for offer in x.offers for alternative in offer.alternatives} == {"flat", "shaped", "free"}
    assert {type(x.uncertainty) for x in scenarios} >= {Futures, GivenTree}
    signed = [bool(solve(x).awards) for x in scenarios[:30] if not any(rule.violation_price is None for rule in x.rules)]
    assert sum(signed) > len(signed) / 2


def test_same_seed_same_scenario() -> None:
    """A disagreement could not be looked at again."""
    assert random_document(7) == random_document(7)
    assert random_document(7) != random_document(8)


def test_referee_sees_a_better_solution(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison would agree with anything: plans that are 0.01 % too dear must be found out."""

    def dearer(scenario: Scenario) -> SimpleNamespace:
        return SimpleNamespace(summary=SimpleNamespace(objective=1.0001 * solve(scenario).summary.objective))

    monkeypatch.setattr(fuzz, "solve", dearer)
    assert {judge(seed).kind for seed in range(4)} == {"wrong"}


def test_referee_calls_the_impossible_infeasible() -> None:
    """SCIP's answer would be read wrongly."""
    _, problem = compiled(random_scenario(9))
    assert referee(problem) == ("infeasible", None)
