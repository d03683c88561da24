"""The exact check: rows, bounds, integrality and objective of a solution in exact rational arithmetic.

When there are too many rows, the worst by floating point and an even sample are checked exactly, the others in floating point only.
Reference: Cook, Koch, Steffy & Wolter (2013), A hybrid branch-and-bound approach for exact rational mixed-integer programming.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from models.plan import ExactCheck
from optimizer.solve.problem import Problem
from scenarios.tree import Floats

TOLERANCE = 1e-6
MOST_NONZEROS = 60_000


def exact_check(problem: Problem, x: Floats, objective: float, most: int = MOST_NONZEROS) -> ExactCheck:
    """Check `x` (integers rounded first) against the problem. Violations are relative to the largest term of their row, at least 1."""
    if not np.isfinite(x).all():
        where = f"{problem.column_name(int(np.argmin(np.isfinite(x))))} is not a number"
        return ExactCheck(rows_checked=0, rows_total=len(problem.row_lower), largest_violation=1.0, row=where, objective_difference=1.0, passed=False)
    x = np.where(problem.integer, np.round(x), x)
    rough = _rough(problem, x)
    chosen = _rows(problem, rough, most)
    worst, where = _exact(problem, x, chosen)
    rough[chosen] = 0.0
    if rough.max(initial=0.0) > worst:
        worst, where = float(rough.max()), problem.row_name(int(rough.argmax()))
    outside = np.maximum(np.maximum(problem.lower - x, x - problem.upper), 0.0) / np.maximum(1.0, np.abs(x))
    if outside.max(initial=0.0) > worst:
        worst, where = float(outside.max()), f"bound of {problem.column_name(int(outside.argmax()))}"
    total = sum((Fraction(float(c)) * Fraction(float(v)) for c, v in zip(problem.cost, x, strict=True) if c and v), Fraction(problem.offset))
    difference = abs(float(total) - objective) / max(1.0, abs(objective))
    return ExactCheck(
        rows_checked=len(chosen),
        rows_total=int(problem.matrix.shape[0]),
        largest_violation=worst,
        row=where,
        objective_difference=difference,
        passed=bool(worst <= TOLERANCE and difference <= TOLERANCE),
    )


def _exact(problem: Problem, x: Floats, rows: list[int]) -> tuple[float, str]:
    """Largest relative violation of some rows, and the name of the row."""
    values: dict[int, Fraction] = {}
    worst, where = Fraction(0), ""
    matrix = problem.matrix
    for i in rows:
        activity, scale = Fraction(0), 1.0
        for k in range(matrix.indptr[i], matrix.indptr[i + 1]):
            j = int(matrix.indices[k])
            value = values.get(j)
            if value is None:
                value = values[j] = Fraction(float(x[j]))
            term = Fraction(float(matrix.data[k])) * value
            activity += term
            scale = max(scale, abs(float(term)))
        miss = _miss(activity, float(problem.row_lower[i]), float(problem.row_upper[i])) / Fraction(scale)
        if miss > worst:
            worst, where = miss, problem.row_name(i)
    return float(worst), where


def _miss(activity: Fraction, lower: float, upper: float) -> Fraction:
    """By how much an activity lies outside [lower, upper]."""
    below = Fraction(lower) - activity if np.isfinite(lower) else Fraction(0)
    above = activity - Fraction(upper) if np.isfinite(upper) else Fraction(0)
    return max(below, above, Fraction(0))


def _rough(problem: Problem, x: Floats) -> Floats:
    """Relative violation of every row in floating point. [R]"""
    activity = problem.matrix @ x
    terms = problem.matrix.copy()
    terms.data = np.abs(terms.data * x[terms.indices])
    scale = np.maximum(1.0, terms.max(axis=1).toarray().ravel())
    return np.asarray(np.maximum(np.maximum(problem.row_lower - activity, activity - problem.row_upper), 0.0) / scale)


def _rows(problem: Problem, rough: Floats, most: int) -> list[int]:
    """Rows to check exactly: all, or the worst by floating point and an even sample of the rest, up to `most` nonzeros."""
    sizes = np.diff(problem.matrix.indptr)
    if sizes.sum() <= most:
        return list(range(len(sizes)))
    order = np.argsort(-rough, kind="stable")
    worst = order[: len(order) // 10]
    rest = np.setdiff1d(np.arange(len(sizes)), worst)
    stride = max(1, int(np.ceil(sizes[rest].sum() / max(1, most // 2))))
    chosen, spent = [], 0
    for i in (*worst.tolist(), *rest[::stride].tolist()):
        if spent + sizes[i] <= most:
            chosen.append(int(i))
            spent += int(sizes[i])
    return chosen
