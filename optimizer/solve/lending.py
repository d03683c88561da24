"""What a few futures that were solved prove for all the others.

A cut holds whatever its multipliers are (`cuts`). So the multipliers that a sample's futures ended with, at points on the way to the sample's best first
stage, make cuts for every other future too, from its own data and without solving anything: weaker than its own would be, but a hundred times cheaper.
Each future borrows, part by part, from the neighbours that are most like it, and keeps what says most at each of these points.
Reference: Gassmann & Wallace (1996), Solving linear programs with multiple right-hand sides, INFORMS J. on Computing 8 (bunching).
"""

from __future__ import annotations

import numpy as np

from optimizer.solve.cuts import Cutter, Pass, Shares
from optimizer.solve.fan import Fan
from optimizer.solve.neighbours import nearest, sketched
from optimizer.solve.parts import separate
from scenarios.tree import Floats, Ints

LENT = 5  # looks of the sample whose multipliers are lent
POINTS = 14  # looks of the sample at which the best of what is offered is kept
LENDERS = 8  # neighbours from which each future borrows


def lent(fan: Fan, chosen: Ints, looks: list[tuple[Floats, Floats]], seed: int = 0, threads: int = 1) -> list[Pass]:
    """Cuts for every future of the fan from looks at the futures `chosen`: (first stage, multipliers [chosen, R])."""
    parts = separate(fan)
    cutter = Cutter(fan, parts, threads)
    lenders = []
    for part in parts:
        sketches = sketched(fan, part, seed)
        lenders.append(nearest(sketches, sketches[chosen], LENDERS))
    points = np.array([looks[k][0] for k in spread(len(looks), POINTS)])
    possible = np.ones((len(parts), fan.count), dtype=bool)
    best: list[Shares] = []
    values = np.full((len(points), *possible.shape), -np.inf)
    for k in spread(len(looks), LENT):
        for rank in range(lenders[0].shape[1]):
            y = np.empty(fan.low.shape)
            for part, lender in zip(parts, lenders, strict=True):
                y[:, part.rows] = looks[k][1][np.ix_(lender[:, rank], part.rows)]
            offer = cutter.shares(fan, y, possible)
            if not best:
                best = [Shares(offer.seen, offer.always, offer.constant.copy(), tuple(s.copy() for s in offer.slope), possible) for _ in points]
            _keep(best, values, offer, points)
    return [Pass(np.zeros(fan.count), own.constant.sum(axis=0), np.zeros((fan.count, len(fan.cost0))), parts=own) for own in best]


def spread(count: int, wanted: int) -> list[int]:
    """So many of `count` looks, spread over all of them but the first, which is far from everything; the last is among them."""
    return sorted({int(k) for k in np.linspace(0, count - 1, wanted + 1).round()[1:]}) if count else []


def _keep(best: list[Shares], values: Floats, offer: Shares, points: Floats) -> None:
    """Replace what says less at a point."""
    for p, seen in enumerate(offer.seen):
        here = offer.constant[p] + points[:, seen] @ offer.slope[p].T  # [points, F]
        for own, value, new in zip(best, values, here, strict=True):
            better = np.flatnonzero(new > value[p])
            value[p, better] = new[better]
            own.constant[p, better] = offer.constant[p, better]
            own.slope[p][better] = offer.slope[p][better]
