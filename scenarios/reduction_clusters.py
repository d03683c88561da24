"""Weighted k-means: points with probabilities gathered around k centres.

    minimise sum_i w_i min_j |x_i - c_j|^2

Centres start by greedy k-means++ (each next one is the best of a few points drawn with probability proportional to weight x squared distance to the
centres so far) and are moved to the mean of their members until nothing changes. In squared distance few points count for much when they are far away,
so what is rare and extreme gets clusters of its own first. Many columns are projected on fewer at random, which hardly changes distances.
References: Arthur & Vassilvitskii (2007), k-means++: the advantages of careful seeding; Johnson & Lindenstrauss (1984) on random projections.
"""

from __future__ import annotations

import numpy as np

from scenarios.tree import Floats, Ints

DRAWS = 3  # candidates for each next centre
MOST_ROUNDS = 30
MOST_COLUMNS = 64


def clusters(points: Floats, weight: Floats, count: int, rng: np.random.Generator) -> Ints:
    """Cluster of every point, at most `count` of them, numbered in the order of their first members; equal points always share one. [F]"""
    if count == 1 or len(points) == 1:
        return np.zeros(len(points), dtype=np.int64)
    if points.shape[1] > MOST_COLUMNS:
        points = points @ rng.normal(scale=MOST_COLUMNS**-0.5, size=(points.shape[1], MOST_COLUMNS))
    distinct, place = np.unique(points, axis=0, return_inverse=True)
    place = place.ravel()
    if len(distinct) > count:
        mass = mass_of(place, weight)
        place = _gathered(distinct, mass, _started(distinct, mass, count, rng))[place]
    return _in_order(place)


def mass_of(label: Ints, weight: Floats) -> Floats:
    """Weight of every cluster. [k]"""
    return np.asarray(np.bincount(label, weights=weight), dtype=np.float64)


def _in_order(label: Ints) -> Ints:
    """The same clusters, numbered in the order of their first members. [F]"""
    _, first, place = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return np.asarray(rank[place.ravel()])


def _started(points: Floats, mass: Floats, count: int, rng: np.random.Generator) -> Floats:
    """First centres. [k, K]"""
    square = (points**2).sum(axis=1)

    def distance(to: Ints) -> Floats:
        return np.asarray(np.maximum(0.0, square - 2.0 * points[to] @ points.T + square[to][:, None]))

    chosen = [int(rng.choice(len(points), p=mass / mass.sum()))]
    nearest = distance(np.array(chosen))[0]
    while len(chosen) < count:
        reach = np.cumsum(mass * nearest)
        drawn = np.minimum(np.searchsorted(reach, rng.random(DRAWS) * reach[-1], side="right"), len(points) - 1)
        after = np.minimum(nearest, distance(drawn))
        best = int(np.argmin(after @ mass))
        chosen.append(int(drawn[best]))
        nearest = after[best]
    return np.asarray(points[chosen])


def _gathered(points: Floats, mass: Floats, centres: Floats) -> Ints:
    """Cluster of every point once the centres have come to rest, or after many rounds. [F]"""
    label = np.full(len(points), -1)
    weighted = points * mass[:, None]
    for _ in range(MOST_ROUNDS):
        found = np.argmin((centres**2).sum(axis=1) - 2.0 * points @ centres.T, axis=1)
        if (found == label).all():
            break
        label = found
        taken, place = np.unique(label, return_inverse=True)
        order = np.argsort(place, kind="stable")
        starts = np.searchsorted(place[order], np.arange(len(taken)))
        centres = np.add.reduceat(weighted[order], starts, axis=0) / mass_of(place, mass)[:, None]
    return label
