"""What multipliers prove, and relaxations that are solved only as far as that takes."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.solve.highs import Live, solve_problem
from optimizer.solve.lagrange import Lagrangian, bound_of, terms_of
from optimizer.solve.scaling import factors
from tests.optimizer.solve.test_leaves import moved, small


@pytest.mark.parametrize("seed", range(20))
def test_what_is_cut_off_is_proven_and_not_more(seed: int) -> None:
    """A part would be dropped that holds the best plan, or solved to its end for nothing."""
    problem = moved(small(), seed, 0.3)
    columns = np.flatnonzero(problem.integer)
    lower, upper = problem.lower[columns], problem.upper[columns]
    rng = np.random.default_rng(seed)
    held = rng.random(len(columns)) < 0.5
    at = np.where(held, rng.integers(0, 2, len(columns)).astype(float), lower)
    low, high = np.where(held, at, lower), np.where(held, at, upper)
    exact = Live(problem).solve(low, high)
    if exact is None:
        return
    for enough in (exact.objective - abs(exact.objective) * 0.1, exact.objective + abs(exact.objective) * 0.1):
        live = Live(problem)
        root = live.solve(lower, upper)
        assert root is not None
        found = live.solve(low, high, root.basis, enough=enough)
        assert found is not None
        if found.cut:
            assert enough <= found.objective <= exact.objective + 1e-7 * abs(exact.objective)
        else:
            assert found.objective == pytest.approx(exact.objective, rel=1e-9)
        assert not found.cut or enough <= exact.objective


@pytest.mark.parametrize("seed", range(5))
def test_factors_of_another_problem_change_no_answer(seed: int) -> None:
    """Values of terms that are moved would hang on the terms that were valued before."""
    problem, other = moved(small(), seed, 0.3), moved(small(), seed + 50, 0.3)
    columns = np.flatnonzero(problem.integer)
    bounds = problem.lower[columns], problem.upper[columns]
    one, two = Live(problem).solve(*bounds), Live(problem, factors=factors(other)).solve(*bounds)
    assert (one is None) == (two is None)
    if one is not None and two is not None:
        assert one.objective == pytest.approx(two.objective, rel=1e-9)
    assert solve_problem(problem).status in ("optimal", "infeasible")


def test_a_part_that_is_dear_enough_is_cut_off() -> None:
    """Every part would be solved to its end, which takes ten times as long where it is dear."""
    cut = 0
    for seed in range(20):
        problem = moved(small(), seed, 0.3)
        columns = np.flatnonzero(problem.integer)
        live = Live(problem)
        root = live.solve(problem.lower[columns], problem.upper[columns])
        assert root is not None
        at = np.where(np.round(root.x[columns]) > 0.5, 0.0, 1.0)  # the opposite of what it wants
        found = live.solve(at, at, root.basis, enough=root.objective + 1e-6 * abs(root.objective))
        cut += found is not None and found.cut
    assert cut > 5


@pytest.mark.parametrize("seed", range(10))
def test_a_bound_is_the_sum_of_its_terms(seed: int) -> None:
    """A part would be cut off by a bound that is not one, or kept for a side or bound that is infinite and not used."""
    problem, rng = small(), np.random.default_rng(seed)
    multipliers = np.where(rng.random(len(problem.row_lower)) < 0.5, rng.normal(size=len(problem.row_lower)), 0.0)
    low, high = problem.lower.copy(), np.where(rng.random(len(problem.cost)) < 0.1, np.inf, problem.upper)
    known = float(terms_of(problem, problem.cost, multipliers, low, high).sum()) + problem.offset
    found = bound_of(problem, multipliers, low, high)
    assert found == pytest.approx(known if np.isfinite(known) else -np.inf, rel=1e-12)


def test_an_infinite_side_that_is_not_used_proves_as_much() -> None:
    """Rows with one side would make every bound worthless."""
    problem = small()
    multipliers = np.where(np.isfinite(problem.row_lower), 1.0, np.where(np.isfinite(problem.row_upper), -1.0, 0.0))
    assert np.isinf(problem.row_lower).any() or np.isinf(problem.row_upper).any()
    assert np.isfinite(bound_of(problem, multipliers, problem.lower, np.minimum(problem.upper, 1e6)))


def test_multipliers_that_are_no_numbers_prove_nothing() -> None:
    """A part would be cut off because the solver's arithmetic broke down."""
    problem = small()
    columns = np.flatnonzero(problem.integer)
    for row in range(len(problem.row_lower)):
        multipliers = np.zeros(len(problem.row_lower))
        multipliers[row] = np.nan
        found = Lagrangian(problem, columns).bound(multipliers, problem.lower[columns], problem.upper[columns])
        assert not found > -np.inf
        assert not bound_of(problem, multipliers, problem.lower, problem.upper) > -np.inf
