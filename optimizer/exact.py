"""The exact check: rows, bounds, integrality and objective of a solution in exact arithmetic.

Two floats have a product that is the sum of two floats without any error (Dekker), and such parts are added up without any error and rounded once
(Shewchuk; `math.fsum`). So what is compared here is what rational arithmetic would give, rounded to the nearest float, at the speed of floating point.
When there are too many rows, the worst by floating point and an even sample are checked exactly, the others in floating point only.

References: Dekker (1971), A floating-point technique for extending the available precision, Numerische Mathematik 18; Shewchuk (1997), Adaptive
precision floating-point arithmetic, Discrete & Computational Geometry 18; Cook, Koch, Steffy & Wolter (2013), A hybrid branch-and-bound approach for
exact rational mixed-integer programming.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, islice, pairwise
from math import fsum

import numpy as np

from models.plan import ExactCheck
from optimizer.solve.problem import Problem
from scenarios.tree import Floats, Ints

TOLERANCE = 1e-6
MOST_NONZEROS = 1_000_000
MOST_OF_PART = 1_000  # of an answer in many parts
MOST_SIZE = 1e150  # of a value: products stay far from overflow, so that their parts are exact


def exact_check(problem: Problem, x: Floats, objective: float, most: int = MOST_NONZEROS) -> ExactCheck:
    """Check `x` (integers rounded first) against the problem. Violations are relative to the largest term of their row, at least 1."""
    sound = np.abs(x) <= MOST_SIZE
    if not sound.all():
        wrong = int(np.argmin(sound))
        where = f"{problem.column_name(wrong)} is {'beyond all size' if np.isfinite(x[wrong]) else 'not a number'}"
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
    parts = _products(problem.cost, x).ravel()
    total = fsum([*parts[parts != 0].tolist(), problem.offset])
    difference = abs(total - objective) / max(1.0, abs(objective))
    return ExactCheck(
        rows_checked=len(chosen),
        rows_total=int(problem.matrix.shape[0]),
        largest_violation=worst,
        row=where,
        objective_difference=difference,
        passed=bool(worst <= TOLERANCE and difference <= TOLERANCE),
    )


def exact_check_all(parts: Iterable[tuple[Problem, Floats]], objective: float) -> ExactCheck:
    """Check an answer part by part, one part in memory at a time: together they hold every row. With more than one part each has the same number of exact
    rows, and the objective, which none of them knows, is left to the audit."""
    stream = iter(parts)
    begin = list(islice(stream, 2))
    if len(begin) == 1:
        return exact_check(begin[0][0], begin[0][1], objective)
    found = [exact_check(problem, x, float(problem.cost @ x) + problem.offset, most=MOST_OF_PART) for problem, x in chain(begin, stream)]
    worst = max(found, key=lambda check: check.largest_violation)
    return ExactCheck(
        rows_checked=sum(check.rows_checked for check in found),
        rows_total=sum(check.rows_total for check in found),
        largest_violation=worst.largest_violation,
        row=worst.row,
        objective_difference=max(check.objective_difference for check in found),
        passed=all(check.passed for check in found),
    )


def _products(a: Floats, x: Floats) -> Floats:
    """a x without error: each product is the sum of the two numbers of its row. [n, 2]"""
    high = a * x
    (a_high, a_low), (x_high, x_low) = _halves(a), _halves(x)
    low = a_low * x_low - (((high - a_high * x_high) - a_low * x_high) - a_high * x_low)
    return np.stack([high, low], axis=1)


def _halves(a: Floats) -> tuple[Floats, Floats]:
    """a as a sum of two numbers of half its digits, whose products with others of their kind are exact (Veltkamp)."""
    wide = 134_217_729.0 * a  # 2^27 + 1
    high = wide - (wide - a)
    return high, a - high


def _exact(problem: Problem, x: Floats, rows: Ints) -> tuple[float, str]:
    """Largest relative violation of some rows, and the name of the row."""
    if not len(rows):
        return 0.0, ""
    matrix, sizes = problem.matrix, np.diff(problem.matrix.indptr)[rows]
    ends = np.concatenate([[0], np.cumsum(sizes)])
    entries = np.arange(ends[-1]) + np.repeat(matrix.indptr[rows] - ends[:-1], sizes)
    parts = _products(matrix.data[entries], x[matrix.indices[entries]])
    scale = np.maximum(1.0, _largest(np.abs(parts[:, 0]), ends))
    lower, upper = problem.row_lower[rows], problem.row_upper[rows]
    below, above = np.isfinite(lower), np.isfinite(upper)
    over = _beyond(parts, ends, np.where(below, lower, np.where(above, upper, 0.0)))
    miss = np.where(lower == upper, np.abs(over), np.where(below, -over, np.where(above, over, 0.0)))
    if (both := below & above & (lower != upper)).any():
        miss = np.where(both, np.maximum(miss, _beyond(parts, ends, np.where(both, upper, 0.0))), miss)
    miss = np.maximum(miss, 0.0) / scale
    worst = int(np.argmax(miss))
    return float(miss[worst]), problem.row_name(int(rows[worst])) if miss[worst] > 0 else ""


def _beyond(parts: Floats, ends: Ints, bound: Floats) -> Floats:
    """By how much the sum of each row's products exceeds its bound, rounded once. [R]"""
    flat = np.insert(parts.ravel(), 2 * ends[1:], -bound).tolist()
    return np.array([fsum(flat[begin:end]) for begin, end in pairwise((2 * ends + np.arange(len(ends))).tolist())])


def _largest(values: Floats, ends: Ints) -> Floats:
    """Largest value of each row of a matrix, from its values that are stored; 0 for rows without any. [R]"""
    found = np.zeros(len(ends) - 1)
    filled = np.flatnonzero(np.diff(ends))
    if len(filled):
        found[filled] = np.maximum.reduceat(values, ends[filled])
    return found


def _rough(problem: Problem, x: Floats) -> Floats:
    """Relative violation of every row in floating point. [R]"""
    activity = problem.matrix @ x
    scale = np.maximum(1.0, _largest(np.abs(problem.matrix.data * x[problem.matrix.indices]), problem.matrix.indptr))
    return np.asarray(np.maximum(np.maximum(problem.row_lower - activity, activity - problem.row_upper), 0.0) / scale)


def _rows(problem: Problem, rough: Floats, most: int) -> Ints:
    """Rows to check exactly: all, or the worst by floating point and an even sample of the rest, up to `most` nonzeros."""
    sizes = np.diff(problem.matrix.indptr)
    if sizes.sum() <= most:
        return np.arange(len(sizes))

    def within(rows: Ints, share: int) -> Ints:
        rows = rows[sizes[rows] <= share]
        return rows[np.cumsum(sizes[rows]) <= share]

    worst = within(np.argsort(-rough, kind="stable"), most // 2)
    left = np.ones(len(sizes), dtype=bool)
    left[worst] = False
    rest = np.flatnonzero(left)
    stride = max(1, int(np.ceil(sizes[rest].sum() / max(1, most // 2))))
    return np.concatenate([worst, within(rest[::stride], most - int(sizes[worst].sum()))])
