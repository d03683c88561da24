"""What any multipliers y of a linear program's rows prove (Lagrangian relaxation with everything relaxed but the variables' bounds):

    min cost x  >=  min over the bounds of (cost - A'y) x  +  min over the rows' sides of y row

Reference: Geoffrion (1974), Lagrangean relaxation for integer programming, Mathematical Programming Study 2.
"""

from __future__ import annotations

import numpy as np

from optimizer.solve.problem import Problem
from scenarios.tree import Floats, Ints


def signed(problem: Problem, multipliers: Floats) -> Floats:
    """Multipliers of the sign that the rows' sides allow; the others are rounding."""
    return Ends(problem.row_lower, problem.row_upper).signed(multipliers)


def bound_of(problem: Problem, multipliers: Floats, low: Floats, high: Floats) -> float:
    """The bound that multipliers of the rows prove; -inf if they prove nothing."""
    reduced = problem.cost - problem.matrix.T @ multipliers
    return Ends(problem.row_lower, problem.row_upper).least(multipliers) + Ends(low, high).least(reduced) + problem.offset


class Ends:
    """Where rows or variables lie between, prepared for many weights."""

    def __init__(self, low: Floats, high: Floats) -> None:
        self._no_low, self._no_high = np.flatnonzero(np.isinf(low)), np.flatnonzero(np.isinf(high))
        (self._some_low, self._low), (self._some_high, self._high) = _not_zero(low), _not_zero(high)

    def least(self, weights: Floats) -> float:
        """min of weights x over low <= x <= high, -inf if there is none."""
        if (weights[self._no_low] > 0.0).any() or (weights[self._no_high] < 0.0).any() or not np.isfinite(weights.sum()):
            return -np.inf
        return float(np.maximum(weights[self._some_low], 0.0) @ self._low + np.minimum(weights[self._some_high], 0.0) @ self._high)

    def signed(self, weights: Floats) -> Floats:
        """The weights without those that ask for an end that there is not."""
        found = weights.copy()
        found[self._no_low] = np.minimum(found[self._no_low], 0.0)
        found[self._no_high] = np.maximum(found[self._no_high], 0.0)
        return found


def _not_zero(ends: Floats) -> tuple[Ints | slice, Floats]:
    """Where ends are finite and not 0, and which they are; all of them where that is most."""
    finite = np.where(np.isinf(ends), 0.0, ends)
    some = np.flatnonzero(finite)
    return (slice(None), finite) if 2 * len(some) > len(ends) else (some, finite[some])


class Lagrangian:
    """The bounds of many parts of a problem, which differ in the bounds of some columns (`moving`)."""

    def __init__(self, problem: Problem, moving: Ints) -> None:
        low, high = problem.lower.copy(), problem.upper.copy()
        low[moving] = high[moving] = 0.0
        self._problem, self._moving, self._across = problem, moving, problem.matrix.T
        self._rows, self._columns = Ends(problem.row_lower, problem.row_upper), Ends(low, high)

    def signed(self, multipliers: Floats) -> Floats:
        """As `signed`."""
        return self._rows.signed(multipliers)

    def bound(self, multipliers: Floats, lower: Floats, upper: Floats) -> float:
        """As `bound_of`, with these bounds of the columns that move."""
        reduced = self._across @ multipliers
        np.subtract(self._problem.cost, reduced, out=reduced)
        moving = reduced[self._moving]
        theirs = float(moving @ np.where(moving > 0.0, lower, np.where(moving < 0.0, upper, 0.0)))
        return self._rows.least(multipliers) + self._columns.least(reduced) + theirs + self._problem.offset


def terms_of(problem: Problem, cost: Floats | float, multipliers: Floats, low: Floats, high: Floats) -> Floats:
    """What every row and every column adds to the bound. [R + C]"""
    reduced = cost - problem.matrix.T @ multipliers
    with np.errstate(invalid="ignore"):
        rows = np.where(multipliers != 0, multipliers * np.where(multipliers > 0, problem.row_lower, problem.row_upper), 0.0)
        columns = np.where(reduced != 0, reduced * np.where(reduced > 0, low, high), 0.0)
    return np.concatenate([rows, columns])
