"""Factors by which problems are scaled before they are solved many times, and problems that take each other's place in a solver."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from optimizer.solve.highs import Distant, Live
from optimizer.solve.lagrange import Lagrangian, bound_of, signed
from optimizer.solve.scaling import divides, equilibrated, fitted, objective_factor, sparse_scaled
from tests.optimizer.solve.test_leaves import moved, small


def extremes(matrix: sparse.csr_matrix) -> list[float]:
    """How far the middle of each row's coefficients lies from 1, as powers of two."""
    rows = [np.abs(matrix.data[a:b]) for a, b in zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True) if b > a]
    return [abs(float(np.log2(row.max()) + np.log2(row.min()))) / 2 for row in rows]


def test_rows_reach_as_far_above_1_as_below() -> None:
    """Relaxations that are solved without the solver's own scaling would take several times the steps."""
    problem = small()
    assert max(extremes(problem.matrix)) > 4
    assert max(extremes(sparse_scaled(problem.matrix, *equilibrated(problem)))) <= 1.0 + 1e-9  # what rounding to powers of two leaves


def test_factors_are_powers_of_two() -> None:
    """Scaling would round what it scales, and a plan's cost differ from its bill."""
    for factors in equilibrated(small()):
        exponents = np.log2(factors)
        assert (exponents == np.round(exponents)).all()


@pytest.mark.parametrize("seed", range(5))
def test_factors_that_are_not_known_are_fitted(seed: int) -> None:
    """A contract with a row more than the others would be scaled as if its coefficients were near 1."""
    problem, draw = small(), np.random.default_rng(seed)
    row, column = equilibrated(problem)
    some = np.where(draw.random(len(row)) < 0.1, np.nan, row), np.where(draw.random(len(column)) < 0.1, np.nan, column)
    found = fitted(problem, some)
    for known, whole in zip(some, found, strict=True):
        assert np.isfinite(whole).all()
        np.testing.assert_array_equal(whole[~np.isnan(known)], known[~np.isnan(known)])
    fresh = sparse_scaled(problem.matrix, *found)[np.isnan(some[0])]
    assert max(extremes(fresh), default=0.0) <= 1.0 + 1e-9
    assert all(a is b for a, b in zip(fitted(problem, (row, column)), (row, column), strict=True))


@pytest.mark.parametrize("close", [0, 1])
@pytest.mark.parametrize("seed", range(8))
def test_a_problem_that_takes_anothers_place_is_solved_as_if_it_were_alone(seed: int, close: int) -> None:
    """A price equivalent would be that of another problem, or of one that is part the one and part the other."""
    first, second = moved(small(), seed, 0.3), moved(small(), seed + 50, 0.3)
    second = replace(second, upper=second.upper * 1.5, row_upper=second.row_upper * 1.1)
    factors = equilibrated(first)
    columns = np.flatnonzero(second.integer)
    lower, upper = second.lower[columns], second.upper[columns]

    def solved(live: Live) -> list[object]:
        found: list[object] = [live.held(columns, np.zeros(len(columns)), 60.0, None) is None]
        root = live.solve(lower, upper)
        for at in (None, np.zeros(len(columns)), np.ones(len(columns))):
            part = live.solve(lower if at is None else at, upper if at is None else at, None if root is None else root.basis)
            found.append(None if part is None else (part.objective, part.x.tobytes(), part.multipliers().tobytes()))
        return [*found, live.steps]

    fresh, used = Live(second, factors=factors), Live(first, factors=factors)
    used.solve(first.lower[columns], first.upper[columns])
    with suppress(Distant):
        used.solve(np.ones(len(columns)), np.ones(len(columns)), close=close)
    if not used.become(second, factors):
        pytest.skip("costs of another size")
    assert solved(used) == solved(fresh)


def test_only_a_problem_with_the_same_entries_takes_anothers_place() -> None:
    """A row that the solver does not know would not bind."""
    problem = small()
    factors, live = equilibrated(problem), Live(problem, factors=equilibrated(problem))
    other = problem.matrix.tolil()
    other[0, int(np.flatnonzero(problem.matrix[0].toarray()[0] == 0)[0])] = 1.0
    less = problem.matrix.copy()
    less.data[0] = 0.0
    assert live.become(problem, factors)
    assert not live.become(replace(problem, matrix=other.tocsr()), factors)
    assert not live.become(replace(problem, matrix=less), factors)
    assert not live.become(replace(problem, integer=~problem.integer), factors)
    assert not live.become(problem, (factors[0] * 2.0, factors[1]))
    assert not live.become(problem, None)


@pytest.mark.parametrize("seed", range(10))
def test_bounds_of_many_parts_are_those_of_each(seed: int) -> None:
    """A part would be dropped that holds the best plan."""
    problem, draw = small(), np.random.default_rng(seed)
    columns = np.flatnonzero(problem.integer)
    problem = replace(problem, upper=np.where(draw.random(len(problem.upper)) < 0.05, np.inf, problem.upper))
    problem.upper[columns] = 1.0
    lagrangian = Lagrangian(problem, columns)
    for _ in range(5):
        multipliers = np.where(draw.random(len(problem.row_lower)) < 0.5, draw.normal(size=len(problem.row_lower)), 0.0) * draw.choice([1e-12, 1.0])
        low, high = problem.lower.copy(), problem.upper.copy()
        held = draw.random(len(columns)) < 0.5
        low[columns] = np.where(held, draw.integers(0, 2, len(columns)), 0.0)
        high[columns] = np.where(held, low[columns], 1.0)
        np.testing.assert_array_equal(lagrangian.signed(multipliers), signed(problem, multipliers))
        known = bound_of(problem, lagrangian.signed(multipliers), low, high)
        assert lagrangian.bound(lagrangian.signed(multipliers), low[columns], high[columns]) == pytest.approx(known, rel=1e-12)


@given(st.lists(st.floats(-1e6, 1e6), max_size=9), st.integers(-12, 20))
def test_a_factor_is_known_without_putting_costs_in_order(costs: list[float], power: int) -> None:
    """A problem would take another's place in the solver with costs that are divided by something else."""
    cost = np.array(costs, dtype=float)
    for factor in (2.0**power, objective_factor(cost)):
        assert divides(factor, cost) == (objective_factor(cost) == factor)
