"""Problems scaled by powers of two, which is exact and undone exactly, so that tolerances mean the same whatever units a scenario uses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from optimizer.solve.problem import Problem
from scenarios.tree import Floats, Ints

SWEEPS = 20  # of scaling, at most
BALANCES = 6  # of equilibration
FARTHEST = 20.0  # largest factor of equilibration, as a power of two

Factors = tuple[Floats, Floats]  # [R] of rows, [C] of columns with x = factor x'


def scale(problem: Problem, known: Factors | None = None) -> tuple[Problem, Floats, Floats, float]:
    """The problem scaled by powers of two: (scaled problem, row factors, column factors, objective factor). `known`: factors of much the same problem.

    Geometric-mean scaling over rows and continuous columns (Curtis & Reid 1972 in its plain form), in as many sweeps as it takes to carry the size of money
    from the charges over the cost of a path to the threshold and excess of the CVaR: after two, their costs could lie below the solver's tolerance, and the
    tail was overlooked. Costs are divided so that the median is near 1.
    """
    matrix = problem.matrix.tocsr()
    row, column = known or factors(problem)
    scaled = sparse_scaled(matrix, row, column)
    cost = problem.cost * column
    objective = objective_factor(cost)
    return (
        replace(
            problem, matrix=scaled, row_lower=problem.row_lower * row, row_upper=problem.row_upper * row, cost=cost / objective,
            lower=problem.lower / column, upper=problem.upper / column,
        ),
        row,
        column,
        objective,
    )  # fmt: skip


def objective_factor(cost: Floats) -> float:
    """What costs are divided by, so that the median is near 1."""
    used = np.abs(cost[cost != 0])
    return float(np.exp2(np.round(np.log2(np.median(used))))) if used.size else 1.0


def divides(factor: float, cost: Floats) -> bool:
    """Whether `factor` is the `objective_factor` of costs, mostly without putting them in order: it is where both costs in the middle are near it."""
    used = np.abs(cost[cost != 0])
    below, within = np.count_nonzero(used < factor * 2**-0.49), np.count_nonzero(used <= factor * 2**0.49)
    near = used.size > 0 and below <= (used.size - 1) // 2 and within > used.size // 2
    return bool(near) or objective_factor(cost) == factor


def factors(problem: Problem) -> Factors:
    """Factors that bring coefficients near 1."""
    matrix = problem.matrix.tocsr()
    rows, columns = matrix.shape
    size = np.abs(matrix.data)
    row_of = np.repeat(np.arange(rows), np.diff(matrix.indptr))
    logs = np.log2(np.where(size > 0, size, 1.0))
    row_log, column_log = np.zeros(rows), np.zeros(columns)
    per_row, per_column = np.maximum(np.bincount(row_of, minlength=rows), 1), np.maximum(np.bincount(matrix.indices, minlength=columns), 1)
    for _ in range(SWEEPS):
        before = column_log
        row_log = -np.bincount(row_of, weights=logs + column_log[matrix.indices], minlength=rows) / per_row
        column_log = -np.bincount(matrix.indices, weights=logs + row_log[row_of], minlength=columns) / per_column
        column_log[problem.integer] = 0.0
        if np.abs(column_log - before).max(initial=0.0) < 0.5:  # rounding hides what is still to come
            break
    return np.exp2(np.round(row_log)), np.exp2(np.round(column_log))


def equilibrated(problem: Problem) -> Factors:
    """Factors for a relaxation that is solved many times, so that the solver need not scale it each time: `factors`, and then in every column, the cost with
    it, and in every row

        largest |coefficient| = 1 / least |coefficient|

    by turns (equilibration in the geometric mean). Columns of integers are scaled like the others. For the simplex method that is worth most of its steps.
    """
    matrix = problem.matrix.tocsr()
    row, column = factors(problem)
    cost = np.abs(problem.cost * column)
    used = cost[cost > 0]
    size = np.abs(sparse_scaled(matrix, row, column).data)
    logs = np.log2(np.where(size > 0, size, 1.0))
    dear = np.where(cost > 0, np.log2(np.where(cost > 0, cost, 1.0)) - (np.round(np.log2(np.median(used))) if used.size else 0.0), np.nan)
    row_of, column_of = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)), matrix.indices
    by_column = np.argsort(column_of, kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(column_of, minlength=matrix.shape[1]))])
    rows = np.zeros(matrix.shape[0])
    for _ in range(BALANCES):
        least, most = _ends(logs[by_column] + rows[row_of[by_column]], ends)
        columns = _balanced(np.fmin(least, dear), np.fmax(most, dear))
        rows = _balanced(*_ends(logs + columns[column_of], matrix.indptr))
    return row * np.exp2(np.round(rows)), column * np.exp2(np.round(columns))


def fitted(problem: Problem, known: Factors) -> Factors:
    """Factors of which some are not known (NaN): first those of columns are fitted to the rows that are known, then those of rows to the columns."""
    row, column = known
    if not (np.isnan(row).any() or np.isnan(column).any()):
        return known
    matrix = problem.matrix.tocsr()
    size = np.abs(matrix.data)
    logs, row_of, column_of = np.log2(np.where(size > 0, size, 1.0)), np.repeat(np.arange(len(row)), np.diff(matrix.indptr)), matrix.indices
    with_rows = logs + np.log2(row)[row_of]
    seen = np.flatnonzero(np.isnan(column)[column_of] & ~np.isnan(with_rows))
    order = seen[np.argsort(column_of[seen], kind="stable")]
    ends = np.concatenate([[0], np.cumsum(np.bincount(column_of[order], minlength=len(column)))])
    column = np.where(np.isnan(column), np.exp2(np.round(_balanced(*_ends(with_rows[order], ends)))), column)
    rows = _balanced(*_ends(logs + np.log2(column)[column_of], matrix.indptr))
    return np.where(np.isnan(row), np.exp2(np.round(rows)), row), column


def _ends(values: Floats, ends: Ints) -> tuple[Floats, Floats]:
    """The least and the largest of the values between one end and the next; infinite where there is none. [len(ends) - 1]"""
    some = np.diff(ends) > 0
    least, most = np.full(len(some), np.inf), np.full(len(some), -np.inf)
    least[some], most[some] = np.minimum.reduceat(values, ends[:-1][some]), np.maximum.reduceat(values, ends[:-1][some])
    return least, most


def _balanced(least: Floats, most: Floats) -> Floats:
    """Logarithms of the factors that bring the middle between two to 0, within FARTHEST; 0 where there is none."""
    known = np.isfinite(least) & np.isfinite(most)
    return np.where(known, np.clip(-0.5 * (np.where(known, least, 0.0) + np.where(known, most, 0.0)), -FARTHEST, FARTHEST), 0.0)


def sparse_scaled(matrix: Any, row: Floats, column: Floats) -> Any:
    """diag(row) matrix diag(column), same sparsity."""
    found = matrix.copy()
    found.data = found.data * np.repeat(row, np.diff(matrix.indptr)) * column[matrix.indices]
    return found
