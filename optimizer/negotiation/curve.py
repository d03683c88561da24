"""How the price of a package moves the volume, and the prices at which a concave cost bends.

With the whole cost W(p) concave and piecewise linear, with slope b(p) = expected discounted units paid, lines from both ends meet at a price; either no plan is
cheaper there (then it is a breakpoint), or the plan found there gives a new line and two smaller pieces: 2K - 1 solves for K pieces.
Reference: Eisner & Severance (1976), Mathematical techniques for efficient record segmentation in large shared databases, Journal of the ACM 23(4).
Worked number: lines 100 p (from 1) and 500 + 50 p (from 15) meet at 10.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from models.negotiation import CurvePoint, Package, PriceVolumeCurve
from optimizer.negotiation.calloff import call_off
from optimizer.negotiation.desk import Desk, Solved
from optimizer.negotiation.levers import headline
from optimizer.negotiation.walkaway import FLAT, RESOLUTION, concave, expected_units

Line = tuple[float, float]  # cost at a price, and its slope there


def kinks(line: Callable[[float], Line], low: float, high: float) -> list[float]:
    """Prices strictly between two at which a concave cost bends, in order; `line` is asked at each of them."""
    noise = FLAT * max(1.0, abs(line(high)[0]))
    pieces, found = [(low, high)], []
    while pieces:
        p, q = pieces.pop()
        (w, b), (v, c) = line(p), line(q)
        if b - c <= RESOLUTION * max(abs(b), abs(c)) or w + b * (q - p) - v <= noise:
            continue
        meet = min(max((v - w + b * p - c * q) / (b - c), p), q)
        if p + RESOLUTION * q < meet < q - RESOLUTION * q and w + b * (meet - p) - line(meet)[0] > noise:
            pieces += [(p, meet), (meet, q)]
        else:
            found.append(meet)
    ends = {low, high}
    kept: list[float] = []
    for p in sorted(set(found) - ends):
        if all(abs(p - q) > 10 * RESOLUTION * high for q in (*kept[-1:], *ends)):
            kept.append(p)
    return kept


def price_volume_curve(desk: Desk, package: Package, low: float, high: float, points: int = 11) -> PriceVolumeCurve:
    """What the buyer does with a package between two prices: every price at which it changes where cost is concave, otherwise a grid."""
    top = headline(desk.scenario, package)
    no_deal = desk.no_deal(package.offer)
    exact = concave(desk, package)

    def line(p: float) -> Line:
        here = package.model_copy(update={"price": p})
        solved = desk.signed(here)
        return solved.upper, expected_units(desk, here, solved)

    prices = [low, *kinks(line, low, high), high] if exact else np.linspace(low, high, points).tolist()
    found = [_point(desk, package.model_copy(update={"price": float(p)}), no_deal) for p in prices]
    return PriceVolumeCurve(package=package, currency=top.currency, unit=top.unit, points=tuple(x for x in found if x is not None), exact=exact)


def _point(desk: Desk, package: Package, no_deal: Solved) -> CurvePoint | None:
    solved = desk.signed(package)
    if solved.outcome is None or package.price is None:
        return None
    calls = call_off(desk.scenario, solved.instance, package, solved.outcome())
    probability = desk.tree.probability
    return CurvePoint(
        price=package.price,
        cost=solved.interval,
        signed=solved.upper < no_deal.lower,
        committed=float((calls.committed.sum(axis=0) * probability).sum()),
        expected_taken=float((calls.take.sum(axis=0) * probability).sum()),
    )
