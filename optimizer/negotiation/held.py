"""What a package costs at other prices while what is signed stays as it is, and the price at which that cost meets a target.

With the binaries held at those of a plan, cost is a linear program W_h(p), at least the cost W(p) over all plans, with d W_h / d p at hand from its
multipliers (envelope theorem). Newton's rule on W_h takes a few linear programs; where W_h meets the target, either no plan is cheaper, and W meets it too,
or a cheaper plan is held next. Every plan is held at most once, so that the price is found after finitely many searches, mostly one or two:

    p <- the price at which W_h(p) = target;   W(p) = target: p is it;   W(p) < target: hold the plan found there, and go on upward

Reference: Dinkelbach (1967), On nonlinear fractional programming, Management Science 13(7), whose steps these are with W linear in p.
Worked number: a plan that costs 500 + 50 p, target 1,000: p = 10.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.negotiation import Package
from optimizer.negotiation.desk import Desk, Solved
from optimizer.negotiation.levers import price_of

MOST_STEPS = 30
FARTHEST = 8.0  # times the price that is known, in one step: further away nothing is known of the slope
CLOSEST = 1e-10  # relative: prices that are one
ALMOST = 1e-3  # relative: prices between which a plan's cost is a straight line, mostly
TINY = 1e-9


@dataclass(frozen=True)
class Point:
    """Cost with a plan held, and how fast it rises with the price."""

    price: float
    cost: float  # infinite where the plan is not possible
    slope: float
    basis: Any = None  # where the linear program ended

    def aims_at(self, target: float) -> float:
        """The price at which the line through the point meets a target; infinite where it never does."""
        return self.price + (target - self.cost) / self.slope if self.slope > 0.0 and np.isfinite(self.cost) else np.inf


class Held:
    """A package with what a plan signs held, at any price."""

    def __init__(self, desk: Desk, package: Package, solved: Solved, first: Point) -> None:
        self.desk, self.package, self.solved, self.first = desk, package, solved, first

    def at(self, price: float, near: Point) -> Point | None:
        """Cost at a price."""
        found = self.desk.held(self.package.model_copy(update={"price": price}), self.solved, near.basis)
        return None if found is None else Point(price, *found)

    def meets(self, target: float, noise: float, *, roughly: bool = False) -> Point | None:
        """The point at which cost is the target, to within `noise` and not above it; `roughly`: where it should be, one program after the price is known
        that closely, for somebody who looks there in any case. None where the steps lead to none: cost is above the target at every price, or below it
        however high the price."""
        below: Point | None = None
        above: Point | None = None
        here: Point | None = self.first
        for _ in range(MOST_STEPS):
            if here is None:
                return None
            if here.cost > target:
                above = here
            elif target - here.cost <= noise:
                return here
            else:
                below = here
            to = _newton(here, target - 0.5 * noise)
            if below is not None and above is not None and not below.price < to < above.price:
                to = 0.5 * (below.price + above.price)
            elif below is not None and above is None and not here.price < to < np.inf:
                return None
            to = min(max(to, 0.0), FARTHEST * max(here.price, TINY))
            if roughly and here is not self.first and abs(to - here.price) <= ALMOST * here.price:
                return Point(to, target, here.slope, here.basis)
            if to == here.price or (below is not None and above is not None and above.price - below.price <= CLOSEST * above.price):
                return below
            here = self.at(to, here)
        return below if above is not None else None


def _newton(here: Point, target: float) -> float:
    """Where the line through a point meets a target."""
    if not np.isfinite(here.cost) or (here.slope <= 0.0 and here.cost > target):
        return 0.5 * here.price
    return here.aims_at(target)


def hold(desk: Desk, package: Package, solved: Solved) -> Held | None:
    """The best plan of a package held; None where plans can't be."""
    first = point_of(desk, package, solved)
    return None if first is None else Held(desk, package, solved, first)


def point_of(desk: Desk, package: Package, solved: Solved) -> Point | None:
    """What a package costs at its price; None where plans can't be held."""
    slope = desk.slope(package, solved) if solved.possible else None
    return None if slope is None else Point(price_of(desk.scenario, package), solved.upper, slope)
