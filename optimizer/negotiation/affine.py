"""Prices between two at which terms have been spliced: every coefficient and side of a contract is affine in its prices.

    problem(p) = problem(p0) + (p - p0) / (p1 - p0) (problem(p1) - problem(p0))

A clause whose charges are not would fail `tests/optimizer/negotiation/test_affine.py`. Bounds may bend (a credit is at most what is prepaid, and at most what
can be earned), so the wider of the two ends holds between them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
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
    ahead: Callable[[], Spliced]

    @cached_property
    def other(self) -> Spliced:
        """At the other price, put together when somebody asks."""
        return self.ahead()

    def at(self, price: float) -> Spliced | None:
        """The problem at a price; None beyond the two, or where they have other entries."""
        if not self.holds(price):
            return None
        if price in (self.price, self.other_price):
            return self.one if price == self.price else self.other
        here, there = self.one.problem, self.other.problem
        share = (price - self.price) / (self.other_price - self.price)
        matrix, cash = _between(here.matrix, there.matrix, share), _between(here.cash, there.cash, share)
        if matrix is None or cash is None or here.names != there.names:
            return None
        found = replace(
            here,
            matrix=matrix,
            cash=cash,
            cost=here.cost + share * (there.cost - here.cost),
            row_lower=_mixed(here.row_lower, there.row_lower, share),
            row_upper=_mixed(here.row_upper, there.row_upper, share),
            lower=np.minimum(here.lower, there.lower),
            upper=np.maximum(here.upper, there.upper),
        )
        return replace(self.one, problem=risk_bounded(self.one, found))

    def holds(self, price: float) -> bool:
        """Whether a price lies between the two."""
        return min(self.price, self.other_price) <= price <= max(self.price, self.other_price)

    def reaching(self, price: float, spliced: Spliced) -> Ray:
        """The same as far as another price, which lies beyond."""
        if abs(price - self.price) >= abs(price - self.other_price):
            return Ray(self.price, self.one, price, lambda: spliced)
        return Ray(price, spliced, self.other_price, self.ahead)

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
    """Sides of rows, some of which are infinite."""
    same = here == there
    with np.errstate(invalid="ignore"):
        return np.where(same, here, here + share * (there - here))
