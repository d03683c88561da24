"""The exact check: rows, bounds, integrality and objective of a solution in exact rational arithmetic.

Floating point is used only to choose which rows to look at first when there are too many: the worst ones, then an even sample.
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
    x = np.where(problem.integer, np.round(x), x)
    chosen = _rows(problem, x, most)
    values: dict[int, Fraction] = {}
    worst, where = Fraction(0), ""
    matrix = problem.matrix
    for i in chosen:
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
            worst, where = miss, problem.row_name(int(i))
    outside = np.maximum(np.maximum(problem.lower - x, x - problem.upper), 0.0) / np.maximum(1.0, np.abs(x))
    if outside.size and outside.max() > worst:
        worst, where = Fraction(float(outside.max())), f"bound of {problem.column_name(int(outside.argmax()))}"
    total = sum((Fraction(float(c)) * Fraction(float(v)) for c, v in zip(problem.cost, x, strict=True) if c and v), Fraction(problem.offset))
    difference = abs(float(total) - objective) / max(1.0, abs(objective))
    return ExactCheck(
        rows_checked=len(chosen),
        rows_total=int(matrix.shape[0]),
        largest_violation=float(worst),
        row=where,
        objective_difference=difference,
        passed=bool(float(worst) <= TOLERANCE and difference <= TOLERANCE),
    )


def _miss(activity: Fraction, lower: float, upper: float) -> Fraction:
    """By how much an activity lies outside [lower, upper]."""
    below = Fraction(lower) - activity if np.isfinite(lower) else Fraction(0)
    above = activity - Fraction(upper) if np.isfinite(upper) else Fraction(0)
    return max(below, above, Fraction(0))


def _rows(problem: Problem, x: Floats, most: int) -> list[int]:
    """Rows to check: all, or the worst by floating point and an even sample of the rest, up to `most` nonzeros."""
    sizes = np.diff(problem.matrix.indptr)
    if sizes.sum() <= most:
        return list(range(len(sizes)))
    activity = problem.matrix @ x
    miss = np.maximum(problem.row_lower - activity, activity - problem.row_upper)
    order = np.argsort(-miss, kind="stable")
    worst = order[: len(order) // 10]
    rest = np.setdiff1d(np.arange(len(sizes)), worst)
    stride = max(1, int(np.ceil(sizes[rest].sum() / max(1, most // 2))))
    chosen, spent = [], 0
    for i in (*worst.tolist(), *rest[::stride].tolist()):
        if spent + sizes[i] <= most:
            chosen.append(int(i))
            spent += int(sizes[i])
    return chosen
