"""The exact check: rows, bounds, integrality and objective in rational arithmetic, whatever floating point makes of them."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from benchmarks.fuzz import compiled
from models.plan import ExactCheck
from optimizer.exact import TOLERANCE, exact_check, exact_check_all
from optimizer.solve.problem import Problem
from scenarios.files import scenario_from
from tests.models.edits import base
from tests.optimizer.sabotage import mutations, solved


@cache
def shell() -> Problem:
    """A compiled problem of which everything will be replaced."""
    return compiled(scenario_from(base()))[1]


def problem_of(rows: list[list[float]], lower: list[float], upper: list[float], cost: list[float], integer: list[bool] | None = None) -> Problem:
    """A problem of plain numbers; columns lie between 0 and 1e17."""
    columns = len(cost)
    return replace(
        shell(),
        matrix=sparse.csr_matrix(np.array(rows, dtype=float)),
        row_lower=np.array(lower),
        row_upper=np.array(upper),
        cost=np.array(cost, dtype=float),
        offset=0.0,
        lower=np.zeros(columns),
        upper=np.full(columns, 1e17),
        integer=np.array(integer or [False] * columns),
        names=(tuple(f"row {i}" for i in range(len(rows))), tuple(f"column {j}" for j in range(columns))),
        naming=SimpleNamespace(of=str),  # type: ignore[arg-type]
    )


def check(problem: Problem, x: list[float], objective: float, **options: Any) -> ExactCheck:
    return exact_check(problem, np.array(x), objective, **options)


def test_sound_solution_passes_whole() -> None:
    """Sound plans would be withheld."""
    what = solved(scenario_from(base()))
    assert what is not None
    found = exact_check(what.problem, what.x, what.objective)
    assert found.passed
    assert found.rows_checked == found.rows_total == what.problem.matrix.shape[0]
    assert found.largest_violation <= 1e-9
    assert found.objective_difference <= 1e-12


def test_cancellation_does_not_hide_a_violation() -> None:
    """In floating point 1e16 + 1 - 1e16 is 0, and a row that is broken looks kept."""
    problem = problem_of([[1.0, 1.0, -1.0]], [2.0], [np.inf], [0.0, 0.0, 0.0])
    x = [1e16, 1.0, 1e16]
    assert float(np.dot([1.0, 1.0, -1.0], x)) != 1.0
    assert check(problem, x, 0.0).largest_violation == pytest.approx(1e-16)
    small = problem_of([[1.0, 1.0, -1.0]], [1.0], [np.inf], [0.0, 0.0, 0.0])
    assert check(small, x, 0.0).largest_violation == 0.0


@pytest.mark.parametrize(("x", "passed"), [(10.0, True), (10.0 + 9e-6, True), (10.0 + 2e-5, False), (10.0 - 2e-5, False)])
def test_violations_are_relative_to_the_rows_largest_term(x: float, passed: bool) -> None:
    """The tolerance would depend on the unit."""
    assert check(problem_of([[1.0]], [10.0], [10.0], [0.0]), [x], 0.0).passed is passed


def test_integers_are_rounded_first() -> None:
    """A contract signed by 0.9999999 would open its whole volume."""
    problem = problem_of([[1.0, -100.0]], [-np.inf], [0.0], [1.0, 0.0], [False, True])
    assert check(problem, [100.0, 1.0 - 1e-9], 100.0).passed
    half = check(problem, [40.0, 0.4], 40.0)
    assert half.largest_violation == pytest.approx(1.0)
    assert not half.passed


def test_bounds_count() -> None:
    """A volume below zero or above its limit would pass when no row says so."""
    problem = replace(problem_of([[1.0, 1.0]], [-np.inf], [1e9], [0.0, 0.0]), upper=np.array([5.0, 5.0]))
    assert check(problem, [5.0, 0.0], 0.0).passed
    for x in ([5.1, 0.0], [0.0, -0.1]):
        found = check(problem, x, 0.0)
        assert not found.passed
        assert found.row == f"bound of column {0 if x[0] > 5 else 1}"


@pytest.mark.parametrize(("claimed", "passed"), [(3e6, True), (3e6 + 2.0, True), (3e6 + 4.0, False), (2.9e6, False)])
def test_objective_is_recomputed(claimed: float, passed: bool) -> None:
    """The solver could claim another objective than its solution has."""
    problem = replace(problem_of([[1.0]], [0.0], [1e9], [3.0]), offset=0.0)
    assert check(problem, [1e6], claimed).passed is passed


def test_row_is_named() -> None:
    """We would not know where to look."""
    what = solved(scenario_from(base()))
    assert what is not None
    name, x = next(mutations(what, 1, seed=5))
    found = exact_check(what.problem, x, what.objective)
    assert name
    assert found.row
    assert found.row in {what.problem.row_name(i) for i in range(what.problem.matrix.shape[0])}


def test_large_problems_are_sampled_and_say_so() -> None:
    """The check would take longer than the solve, or claim more than it did; the worst row must be found even so."""
    count = 2_000
    problem = problem_of(np.eye(count).tolist(), [0.0] * count, [1.0] * count, [0.0] * count)
    x = np.ones(count)
    found = exact_check(problem, x, 0.0, most=400)
    assert found.passed
    assert 200 <= found.rows_checked <= 400
    assert found.rows_total == count
    for wrong in range(0, count, 97):
        bad = x.copy()
        bad[wrong] = 1.5
        found = exact_check(problem, bad, 0.0, most=400)
        assert not found.passed
        assert found.row == problem.row_name(wrong)


def test_row_too_long_to_be_checked_exactly_is_checked_all_the_same() -> None:
    """A rule over all futures, which is the longest row of all, would never be checked."""
    problem = problem_of([[1.0] * 50, [1.0] + [0.0] * 49], [0.0, 0.0], [10.0, 10.0], [0.0] * 50)
    found = exact_check(problem, np.ones(50), 0.0, most=20)
    assert found.rows_checked == 1  # the short one
    assert found.largest_violation == pytest.approx(40.0)
    assert found.row == "row 0"
    assert not found.passed


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_a_number_does_not_pass(value: float) -> None:
    """Rational arithmetic would crash on it."""
    found = check(problem_of([[1.0]], [0.0], [1.0], [1.0]), [value], 0.0)
    assert not found.passed
    assert found.row.endswith("is not a number")


@pytest.mark.parametrize("sides", ["lower", "upper", "equal", "both", "none"])
def test_agrees_with_rational_arithmetic_done_by_hand(sides: str) -> None:
    """The check could be wrong where rows mix sizes, or look at one side of a row only."""
    r = np.random.default_rng(3)
    for _ in range(30):
        coefficients, x = r.normal(size=4) * 10.0 ** r.integers(-3, 4, 4), np.abs(r.normal(size=4)) * 10.0 ** r.integers(-2, 5, 4)
        side = float(coefficients @ x) + float(r.choice([0.0, 1e-9, -1e-9, 1e-3, -1e-3, 1.0, -1.0]))
        lower = side if sides in ("lower", "equal") else side - 0.5 if sides == "both" else -np.inf
        upper = side if sides in ("upper", "equal") else side + 0.5 if sides == "both" else np.inf
        terms = [Fraction(float(c)) * Fraction(float(v)) for c, v in zip(coefficients, x, strict=True)]
        below = Fraction(lower) - sum(terms) if np.isfinite(lower) else Fraction(0)
        above = sum(terms) - Fraction(upper) if np.isfinite(upper) else Fraction(0)
        miss = max(Fraction(0), below, above) / Fraction(max(1.0, *(abs(float(term)) for term in terms)))
        found = check(problem_of([coefficients.tolist()], [lower], [upper], [0.0] * 4), x.tolist(), 0.0)
        assert found.largest_violation == pytest.approx(float(miss), rel=1e-12, abs=1e-300)
        assert found.passed is bool(float(miss) <= TOLERANCE)


def test_answer_in_parts_is_checked_part_by_part() -> None:
    """A violation in one future of many would pass, or all futures would have to fit into memory at once."""
    alive: list[int] = []

    def parts(values: list[float]) -> Iterator[tuple[Problem, Any]]:
        for k, value in enumerate(values):
            problem = replace(problem_of([[1.0]], [0.0], [1.0], [1.0]), names=((f"row of {k}",), ("column",)))
            alive.append(k)
            weakref.finalize(problem, alive.remove, k)
            assert len(alive) <= 4
            yield problem, np.array([value])

    assert exact_check_all(parts([1.0] * 50), 50.0).passed
    found = exact_check_all(parts([1.0] * 30 + [1.5] + [1.0] * 19), 50.5)
    assert not found.passed
    assert found.row == "row of 30"
    assert found.rows_total == found.rows_checked == 50
