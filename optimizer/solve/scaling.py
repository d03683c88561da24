"""Problems scaled by powers of two, which is exact and undone exactly, so that tolerances mean the same whatever units a scenario uses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from optimizer.solve.problem import Problem
from scenarios.tree import Floats

SWEEPS = 20  # of scaling, at most


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
    used = np.abs(cost[cost != 0])
    objective = float(np.exp2(np.round(np.log2(np.median(used))))) if used.size else 1.0
    return (
        replace(
            problem, matrix=scaled, row_lower=problem.row_lower * row, row_upper=problem.row_upper * row, cost=cost / objective,
            lower=problem.lower / column, upper=problem.upper / column,
        ),
        row,
        column,
        objective,
    )  # fmt: skip


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


def sparse_scaled(matrix: Any, row: Floats, column: Floats) -> Any:
    """diag(row) matrix diag(column), same sparsity."""
    found = matrix.copy()
    found.data = found.data * np.repeat(row, np.diff(matrix.indptr)) * column[matrix.indices]
    return found
