"""The parts that a search was done with, and what they prove about a problem much like the one they were found in.

Any multipliers y of the rows bound a part from below (Lagrangian relaxation with everything relaxed but the variables' bounds):

    min cost x  >=  min over the bounds of (cost - A'y) x  +  min over the rows' sides of y row

so that a part whose old multipliers still prove enough needs no solve; a part without any solution is refuted again by the ray that refuted it (Farkas).
Multipliers are tried as they are, and moved by a share of how those of other parts have moved since. Reference: Geoffrion & Nauss (1977), Parametric and
postoptimality analysis in integer linear programming, Management Science 23(5).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from optimizer.solve.lagrange import Lagrangian, signed, terms_of
from optimizer.solve.problem import Problem
from scenarios.tree import Floats

INTEGRALITY = 1e-6
CERTAIN = 1e-6  # relative: by how much a sum of rows must miss its sides to prove that they can't be kept
SHARES, MOST_MOVES = (1.0, 0.6, 0.3, 0.1, 0.03), 3  # of the way that multipliers have moved, and how many ways are tried


@dataclass(frozen=True)
class Leaf:
    """A part of the search space that a search was done with."""

    objective: float  # of its relaxation, infinite where there is none
    lower: Floats  # of the binaries
    upper: Floats
    basis: Any
    multipliers: Floats | None  # [R] of the rows, which prove the objective; where that is infinite, the ray that refuted the part


@dataclass(frozen=True)
class Start:
    """What a search over a problem much like this one has found out."""

    basis: Any  # of its relaxation, or of its first part
    tries: tuple[Floats, ...] = ()  # values of the binaries that were good there
    leaves: tuple[Leaf, ...] = ()  # parts that together are the whole space, the one of the optimum first; none: begin with the relaxation
    close: bool = False  # whether the problems differ in coefficients, and little; otherwise in bounds and sides only
    far: bool = False  # whether the relaxation is far from the basis


def _hopeful(seen: list[tuple[float, float]], share: float, enough: Callable[[float], bool]) -> bool:
    """Whether a bound from this share on may be enough: along a line bounds are concave, so that they lie below the line through the last two seen."""
    if len(seen) < 2:
        return True
    (a, first), (b, last) = seen[-2:]
    rise = (last - first) / (a - b)  # for every bit that the share is smaller
    return any(enough(last + rise * (b - least)) for least in (share, SHARES[-1]))


@dataclass(frozen=True)
class Scales:
    """Weighs the parts of another search in a problem."""

    problem: Problem
    columns: Any  # [B] of the binaries
    lagrangian: Lagrangian

    def contradicts(self, leaf: Leaf) -> bool:
        """Whether a part breaks a row of binaries only, which takes no program to see."""
        above, below, lower, upper = self._logic
        most, least = above @ leaf.upper + below @ leaf.lower, above @ leaf.lower + below @ leaf.upper
        return bool((most < lower - INTEGRALITY).any() or (least > upper + INTEGRALITY).any())

    @cached_property
    def _logic(self) -> tuple[Any, Any, Floats, Floats]:
        """Rows of binaries only: their coefficients above and below 0, and their sides."""
        problem = self.problem
        binary = np.zeros(len(problem.cost), dtype=bool)
        binary[self.columns] = True
        inside = np.diff(np.append(0, np.cumsum(binary[problem.matrix.indices]))[problem.matrix.indptr])
        rows = np.flatnonzero((inside > 0) & (inside == np.diff(problem.matrix.indptr)))
        matrix = problem.matrix[rows][:, self.columns]
        return matrix.maximum(0), matrix.minimum(0), problem.row_lower[rows], problem.row_upper[rows]

    def weigh(self, leaf: Leaf, moves: list[Floats], enough: Callable[[float], bool]) -> Leaf:
        """The part with the best bound that its multipliers prove, moved by a share of how those of other parts have moved; the first that is `enough`. What
        proves the bound is kept with it, for whoever weighs the part next."""
        own = leaf.multipliers
        if own is None:
            return replace(leaf, objective=-np.inf)
        if np.isinf(leaf.objective):
            return replace(leaf, objective=self._refuted(leaf, own))
        lagrangian = self.lagrangian
        proof = lagrangian.signed(own)
        best = lagrangian.bound(proof, leaf.lower, leaf.upper)
        for moved in moves[:MOST_MOVES]:
            seen: list[tuple[float, float]] = []
            for share in SHARES:
                if enough(best) or not _hopeful(seen, share, enough):
                    break
                tried = lagrangian.signed(own + share * moved)
                seen.append((share, lagrangian.bound(tried, leaf.lower, leaf.upper)))
                if seen[-1][1] > best:
                    best, proof = seen[-1][1], tried
        return replace(leaf, objective=best, multipliers=proof)

    def _refuted(self, leaf: Leaf, ray: Floats) -> float:
        """Infinite if the multipliers still prove that a part holds nothing: some sum of its rows can't reach its sides (Farkas)."""
        low, high = self.problem.lower.copy(), self.problem.upper.copy()
        low[self.columns], high[self.columns] = leaf.lower, leaf.upper
        for sign in (1.0, -1.0):
            terms = terms_of(self.problem, 0.0, signed(self.problem, sign * ray), low, high)
            if np.isfinite(terms).all() and terms.sum() > CERTAIN * np.abs(terms).sum():
                return np.inf
        return -np.inf
