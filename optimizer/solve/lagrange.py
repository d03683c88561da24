"""What any multipliers y of a linear program's rows prove (Lagrangian relaxation with everything relaxed but the variables' bounds):

    min cost x  >=  min over the bounds of (cost - A'y) x  +  min over the rows' sides of y row

Reference: Geoffrion (1974), Lagrangean relaxation for integer programming, Mathematical Programming Study 2.
"""

from __future__ import annotations

import numpy as np

from optimizer.solve.problem import Problem
from scenarios.tree import Floats


def signed(problem: Problem, multipliers: Floats) -> Floats:
    """Multipliers of the sign that the rows' sides allow; the others are rounding."""
    endless = ((multipliers > 0) & np.isneginf(problem.row_lower)) | ((multipliers < 0) & np.isposinf(problem.row_upper))
    return np.where(endless, 0.0, multipliers)


def bound_of(problem: Problem, multipliers: Floats, low: Floats, high: Floats) -> float:
    """The bound that multipliers of the rows prove; -inf if they prove nothing."""
    reduced = problem.cost - problem.matrix.T @ multipliers
    total = _least(multipliers, problem.row_lower, problem.row_upper) + _least(reduced, low, high) + problem.offset
    return total if np.isfinite(total) else -np.inf


def _least(weights: Floats, low: Floats, high: Floats) -> float:
    """min of weights x over low <= x <= high, -inf if there is none."""
    found = 0.0
    for some, bound in ((np.maximum(weights, 0.0), low), (np.minimum(weights, 0.0), high)):
        finite = np.isfinite(bound)
        if finite.all():
            found += float(some @ bound)
        elif some[~finite].any():
            return -np.inf
        else:
            found += float(some[finite] @ bound[finite])
    return found


def terms_of(problem: Problem, cost: Floats | float, multipliers: Floats, low: Floats, high: Floats) -> Floats:
    """What every row and every column adds to the bound. [R + C]"""
    reduced = cost - problem.matrix.T @ multipliers
    with np.errstate(invalid="ignore"):
        rows = np.where(multipliers != 0, multipliers * np.where(multipliers > 0, problem.row_lower, problem.row_upper), 0.0)
        columns = np.where(reduced != 0, reduced * np.where(reduced > 0, low, high), 0.0)
    return np.concatenate([rows, columns])
