"""What the parts of one search prove about another problem, against solving it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimizer.instance import build_instance
from optimizer.model import build_model
from optimizer.solve.highs import solve_problem
from optimizer.solve.lagrange import Lagrangian, bound_of, signed
from optimizer.solve.leaves import Leaf, Scales
from optimizer.solve.problem import Problem, compile_problem
from optimizer.solve.search import Search
from scenarios.files import scenario_from
from scenarios.tree import build_tree
from tests.optimizer.solve.fans import many


def small() -> Problem:
    """Contracts that pay, a few futures, a few yes-or-no decisions."""
    scenario = scenario_from(many(6, seed=3))
    return compile_problem(build_model(build_instance(scenario, build_tree(scenario))))


def ended(problem: Problem) -> Search:
    """A search from nothing that has ended and remembers its parts."""
    search = Search(problem, 0.0, 60.0, 1, remember=True)
    search.run()
    return search


def moved(problem: Problem, seed: int, size: float) -> Problem:
    """Much the same problem: costs and a few coefficients moved by some share."""
    draw = np.random.default_rng(seed)
    matrix = problem.matrix.copy()
    matrix.data = matrix.data * np.where(draw.random(matrix.nnz) < 0.05, 1.0 + size * draw.normal(size=matrix.nnz), 1.0)
    return replace(problem, cost=problem.cost * (1.0 + size * draw.random(len(problem.cost))), matrix=matrix)


@pytest.mark.parametrize("seed", range(6))
def test_multipliers_of_another_problem_never_prove_too_much(seed: int) -> None:
    """If this fails, a part of the search space that holds the best plan is dropped, and a walk-away price is wrong without a sign of it."""
    problem = small()
    search = ended(problem)
    other = moved(problem, seed, 0.02)
    for leaf in search.lesson().leaves:
        if leaf.multipliers is None or np.isinf(leaf.objective):
            continue
        low, high = other.lower.copy(), other.upper.copy()
        low[search.columns], high[search.columns] = leaf.lower, leaf.upper
        part = replace(other, lower=low, upper=high, integer=np.zeros_like(other.integer))
        exact = solve_problem(part, seed=1)
        least = np.inf if exact.x is None else exact.objective
        assert bound_of(other, signed(other, leaf.multipliers), low, high) <= least + 1e-6 * abs(least)


@pytest.mark.parametrize("close", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_a_search_over_known_parts_ends_where_one_from_scratch_does(seed: int, close: bool) -> None:
    """If this fails, what a search may begin with decides where it ends."""
    problem = small()
    first = ended(problem)
    other = (
        moved(problem, seed, 0.05) if close else replace(problem, lower=np.where(problem.integer & (np.arange(len(problem.cost)) % 3 == 0), 1.0, problem.lower))
    )
    again = Search(other, 0.0, 60.0, 1, begin=replace(first.lesson(), close=close), remember=True).run()
    fresh = Search(other, 0.0, 60.0, 1).run()
    assert again.status == fresh.status
    if fresh.x is not None:
        assert again.objective == pytest.approx(fresh.objective, rel=1e-8)
        assert again.bound == pytest.approx(fresh.bound, rel=1e-8)


@pytest.mark.parametrize("seed", range(6))
def test_a_part_keeps_the_multipliers_that_proved_it(seed: int) -> None:
    """If this fails, every search after this one solves parts again that were proven to be dear."""
    problem = small()
    first = ended(problem)
    other = moved(problem, seed, 0.01)
    again = Search(other, 0.0, 60.0, 1, begin=replace(first.lesson(), close=True), remember=True)
    again.run()
    for leaf in again.lesson().leaves:
        if leaf.multipliers is not None and np.isfinite(leaf.objective):
            proven = Scales(other, again.columns, again.live.lagrangian).weigh(leaf, [], lambda _: True).objective
            assert proven >= leaf.objective - 1e-6 * abs(leaf.objective)


def test_a_part_that_held_nothing_is_refuted_only_while_it_does() -> None:
    """If this fails, a part is called empty that another problem has filled."""
    problem = small()
    served = np.isfinite(problem.row_lower) & ~np.isfinite(problem.row_upper) & (problem.row_lower > 0)
    starved = replace(problem, row_lower=np.where(served, 1e9, problem.row_lower))
    search = Search(starved, 0.0, 60.0, 1, remember=True)
    live = search.live
    lower, upper = problem.lower[search.columns], problem.upper[search.columns]
    assert live.solve(lower, upper) is None
    ray = live.ray()
    assert ray is not None
    leaf = Leaf(np.inf, lower, upper, None, ray)
    assert Scales(starved, search.columns, Lagrangian(starved, search.columns)).weigh(leaf, [], lambda _: False).objective == np.inf
    assert Scales(problem, search.columns, search.live.lagrangian).weigh(leaf, [], lambda _: False).objective == -np.inf
