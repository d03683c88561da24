"""The largest mean over probabilities that are near the given ones, for four meanings of near. p given, q any probabilities on the same futures.

    total variation     (1/2) sum |q - p| <= r                     closed form, see `tail.worst_expectation`
    Kullback-Leibler    sum q log(q / p) <= r                      q ~ p exp(v / a): the a > 0 at which the divergence is r
    chi-square          sum (q - p)^2 / p <= r                     q ~ p max(v - n, 0): the n at which the divergence is r
    1-Wasserstein       min sum d_ij m_ij over moves m of p to q   min over l >= 0 of  l r + sum_i p_i max_j (v_j - l d_ij)
                        of at most r

The first two curves are the optimality conditions of the convex duals (one multiplier each), whose divergence rises along the curve, so that bisection
finds r. The balls are nested: Kullback-Leibler of 2 r^2 (Pinsker) and chi-square of 4 r^2 within total variation r, and that within Wasserstein r
where no two futures are more than 1 apart.
Reference: Ben-Tal et al. (2013), Robust solutions of optimization problems affected by uncertain probabilities, Management Science 59(2);
Mohajerin Esfahani & Kuhn (2018), Data-driven distributionally robust optimization using the Wasserstein metric, Mathematical Programming 171.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import numpy as np

from scenarios.tree import Floats, Paths, States

STEPS = 200  # of bisection: enough for every bit of a float


def kullback_leibler(values: Floats, probability: Floats, radius: float) -> float:
    """Largest mean of `values` within a Kullback-Leibler divergence (in nats) of `radius`."""
    some = probability > 0
    v, p = values[some], probability[some] / probability[some].sum()
    span = float(v.max() - v.min())

    def tilted(a: float) -> Floats:
        weights = p * np.exp((v - v.max()) / a)
        return np.asarray(weights / weights.sum())

    def divergence(q: Floats) -> float:
        used = q > 0
        return float((q[used] * np.log(q[used] / p[used])).sum())

    return _along(v, p, radius, span, tilted, divergence, span * 1e-9, span * 1e9)


def chi_square(values: Floats, probability: Floats, radius: float) -> float:
    """Largest mean of `values` within a chi-square divergence of `radius`."""
    some = probability > 0
    v, p = values[some], probability[some] / probability[some].sum()
    span = float(v.max() - v.min())

    def cut(a: float) -> Floats:  # a = max v - n
        weights = p * np.maximum(v - v.max() + a, 0.0)
        return np.asarray(weights / weights.sum())

    return _along(v, p, radius, span, cut, lambda q: float(((q - p) ** 2 / p).sum()), span * 1e-9, span * 1e9)


def _along(
    v: Floats, p: Floats, radius: float, span: float, member: Callable[[float], Floats], divergence: Callable[[Floats], float], low: float, high: float
) -> float:
    """Mean under the member of a family whose divergence is `radius`; it falls as the parameter rises from `low` (all on the dearest) to `high` (p)."""
    if radius <= 0 or span <= 0:
        return float(v @ p)
    if divergence(member(low)) <= radius:
        return float(v.max())
    for _ in range(STEPS):
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if divergence(member(middle)) <= radius else (middle, high)
    return float(v @ member(high))


def wasserstein(values: Floats, probability: Floats, radius: float, distance: Floats) -> float:
    """Largest mean of `values` when probability moves over a mean distance of at most `radius`; `distance` [F, F] with zeros on the diagonal."""
    if radius <= 0:
        return float(values @ probability)
    apart = distance > 0
    rise = np.maximum(values[None, :] - values[:, None], 0.0)
    low, high = 0.0, float(np.max(rise[apart] / distance[apart], initial=0.0))
    rows = np.arange(len(values))
    for _ in range(STEPS):
        multiplier = 0.5 * (low + high)
        moved = (values[None, :] - multiplier * distance).argmax(axis=1)
        too_far = float(probability @ distance[rows, moved]) > radius
        low, high = (multiplier, high) if too_far else (low, multiplier)
    return min(float(m * radius + probability @ (values[None, :] - m * distance).max(axis=1)) for m in (0.0, low, high))


def distances(paths: Paths) -> Floats:
    """How different futures are: 0 for equal data, 1 for the two most different ones. [F, F]

    Each figure is measured by its range over the futures; figures of a kind (demand, spot prices, ...) are averaged, then the kinds that vary.
    """
    total = np.zeros((paths.count, paths.count))
    for f in fields(States):
        data = getattr(paths.states, f.name).reshape(paths.count, -1)
        spread = np.ptp(data, axis=0)
        data = data[:, spread > 0] / spread[spread > 0]
        if data.shape[1]:
            total += np.stack([np.abs(data - row).mean(axis=1) for row in data])
    return total / total.max() if total.max() > 0 else total
