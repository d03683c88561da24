"""Other prices of terms that have been spliced at two: every coefficient, side and bound of a contract is affine in its prices.

    problem(p) = problem(p0) + (p - p0) / (p1 - p0) (problem(p1) - problem(p0))

A clause whose charges are not would fail `tests/optimizer/negotiation/test_affine.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from optimizer.negotiation.splice import Spliced, risk_bounded
from scenarios.tree import Floats


@dataclass(frozen=True)
class Ray:
    """One package's terms at all prices."""

    price: float
    one: Spliced
    other_price: float
    other: Spliced

    def at(self, price: float) -> Spliced | None:
        """The problem at a price; None where the two have other entries, so that nothing lies between them."""
        here, there = self.one.problem, self.other.problem
        share = (price - self.price) / (self.other_price - self.price)
        matrix, cash = _between(here.matrix, there.matrix, share), _between(here.cash, there.cash, share)
        if matrix is None or cash is None or len(here.names[0]) != len(there.names[0]):
            return None
        found = replace(
            here,
            matrix=matrix,
            cash=cash,
            cost=here.cost + share * (there.cost - here.cost),
            row_lower=_mixed(here.row_lower, there.row_lower, share),
            row_upper=_mixed(here.row_upper, there.row_upper, share),
            lower=_mixed(here.lower, there.lower, share),
            upper=_mixed(here.upper, there.upper, share),
        )
        return replace(self.one, problem=risk_bounded(self.one, found))

    def slope(self, x: Floats, multipliers: Floats) -> float:
        """d cost / d price of a linear program at its solution: by the envelope theorem, that of its Lagrangian with solution and multipliers held."""
        here, there = self.one.problem, self.other.problem
        sides = [np.where(multipliers > 0, problem.row_lower, problem.row_upper) for problem in (here, there)]
        with np.errstate(invalid="ignore"):
            moved = np.where((multipliers == 0) | (sides[0] == sides[1]), 0.0, multipliers * (sides[1] - sides[0]))
        change = (there.cost - here.cost) @ x - multipliers @ (there.matrix @ x - here.matrix @ x) + moved.sum()
        return float(change) / (self.other_price - self.price)


def _between(here: Any, there: Any, share: float) -> Any:
    if here.nnz != there.nnz or not (np.array_equal(here.indptr, there.indptr) and np.array_equal(here.indices, there.indices)):
        return None
    return sparse.csr_matrix((here.data + share * (there.data - here.data), here.indices, here.indptr), shape=here.shape)


def _mixed(here: Floats, there: Floats, share: float) -> Floats:
    """Sides and bounds, some of which are infinite."""
    same = here == there
    with np.errstate(invalid="ignore"):
        return np.where(same, here, here + share * (there - here))
