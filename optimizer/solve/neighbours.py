"""Which futures are near each other, part by part: a neighbour's basis is a good start, and its multipliers say much about a future nobody has solved."""

from __future__ import annotations

import numpy as np

from optimizer.solve.fan import Fan
from optimizer.solve.parts import Part, picked
from scenarios.tree import Floats, Ints

SKETCH = 32  # dimensions in which futures are compared


def sketched(fan: Fan, part: Part, seed: int) -> Floats:
    """A random projection of what differs between the futures of one part. [F, SKETCH]"""
    rows, columns = part.rows, part.columns
    sides = [np.where(np.isfinite(side), side, 0.0) for side in (fan.top[:, columns], fan.low[:, rows], fan.high[:, rows])]
    first, own = picked(fan.first, rows, part.seen)[0], picked(fan.recourse, rows, columns)[0]
    draw = np.random.default_rng(seed)
    found = np.zeros((fan.count, SKETCH))
    for data in (*sides, fan.cost2[:, columns], first.values.T, own.values.T):
        spread = data.std(axis=0)
        differs = np.flatnonzero(spread > 1e-12 * (1.0 + np.abs(data).max(axis=0, initial=0.0))) if data.size else np.zeros(0, dtype=int)
        if len(differs):
            found += (data[:, differs] / spread[differs]) @ draw.normal(size=(len(differs), SKETCH))
    return found


def nearest(sketches: Floats, among: Floats, count: int = 1) -> Ints:
    """The nearest of `among` to each future, nearest first. [F, count]"""
    away = (among**2).sum(axis=1)[None] - 2.0 * sketches @ among.T
    if count == 1:
        return np.asarray(away.argmin(axis=1)[:, None])
    count = min(count, len(among))
    some = np.argpartition(away, count - 1, axis=1)[:, :count]
    return np.take_along_axis(some, np.argsort(np.take_along_axis(away, some, axis=1), axis=1, kind="stable"), axis=1)
