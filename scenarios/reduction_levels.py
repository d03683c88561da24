"""The nodes of one period before they are a tree: means of clusters of futures, stretched to spread as the futures do.

    mean        x_n = sum_{f in F_n} w_f x_f / sum_{f in F_n} w_f
    stretched   x'_n = m + (1 + theta (s - 1)) (x_n - m),   s = sd of the futures / sd of the nodes, around the mean m of the period

Means of clusters keep the mean of every period, but spread less than the futures do: extremes are averaged away. Stretching keeps the mean and the
correlations of the nodes, and gives the spread back as far as no value leaves the range of the futures (so a share stays a share). Demand is stretched per
product by the spread of all sites together: what sites have of their own cancels in their sum, and site by site it would be made common to all.
Lead times and weeks late are averaged as well: half of the futures with a lead of 0 and half with 1 become 0.5, by which half of an order arrives at once.
Reference: Hoyland & Wallace (2001), Generating scenario trees for multistage decision problems (a tree that matches moments).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from scenarios.reduction_clusters import mass_of
from scenarios.tree import Floats, Ints, Paths, States

ROUNDING = 1e-9  # relative differences below it are none


@dataclass(frozen=True)
class Level:
    """The n nodes of one period."""

    label: Ints  # [F] node of every future
    first: Ints  # [n] first future of every node
    probability: Floats  # [n]
    nodes: States  # [n, ...] means of the nodes' futures
    mean: States  # [...] mean of all futures
    low: States  # [...] least and largest values of the futures
    high: States
    factor: States  # [...] by which distances from the mean may be stretched, at least 1

    def stretched(self, strength: float) -> States:
        """Data of the nodes with the share `strength` of the lost spread given back; untouched where nothing was lost. [n, ...]"""

        def stretch(nodes: Floats, mean: Floats, low: Floats, high: Floats, factor: Floats) -> Floats:
            return np.where(factor > 1.0, np.clip(mean + (1.0 + strength * (factor - 1.0)) * (nodes - mean), low, high), nodes)

        return each(stretch, self.nodes, self.mean, self.low, self.high, self.factor) if strength > 0 else self.nodes


def level_of(paths: Paths, t: int, label: Ints) -> Level:
    """The level of period `t` in which future f is at node `label[f]`."""
    data, weight = paths.states.at(slice(None), t), paths.probability
    mass = mass_of(label, weight)
    nodes = each(lambda x: means(x, weight, label), data)
    return Level(
        label=label,
        first=np.unique(label, return_index=True)[1],
        probability=mass,
        nodes=nodes,
        mean=each(lambda x: np.tensordot(weight, x, 1), data),
        low=each(lambda x: x.min(axis=0), data),
        high=each(lambda x: x.max(axis=0), data),
        factor=each(lambda x, y: _factor(x, weight, y, mass), data, nodes),
    )


def each(function: Callable[..., Floats], *states: States) -> States:
    """A function of every kind of data."""
    return States(*(function(*(getattr(x, field.name) for x in states)) for field in fields(States)))


def means(data: Floats, weight: Floats, label: Ints) -> Floats:
    """Weighted means of groups of `data` [F, ...]; exactly their members' value where that is the same. [n, ...]"""
    order = np.argsort(label, kind="stable")
    starts = np.searchsorted(label[order], np.arange(label.max() + 1))
    first, ones = data[order[starts]], (1,) * (data.ndim - 1)
    away = (data - first[label]) * weight.reshape(-1, *ones)
    return np.asarray(first + np.add.reduceat(away[order], starts, axis=0) / mass_of(label, weight).reshape(-1, *ones))


def _factor(data: Floats, weight: Floats, nodes: Floats, mass: Floats) -> Floats:
    """What distances of `nodes` [n, ...] from the mean are multiplied by to spread as `data` [F, ...] do, as far as the range of the data allows.

    Where two axes follow the first (demand by product and site), the spread is that of the sum over the last. [...]
    """
    shape = data.shape[1:] if data.ndim > 2 else (*data.shape[1:], 1)
    there, here = data.reshape(len(data), *shape), nodes.reshape(len(nodes), *shape)
    mean = np.tensordot(weight, there, 1)
    away = here - mean
    wanted, found = (np.sqrt(np.tensordot(w, x.sum(axis=2) ** 2, 1)) for w, x in ((weight, there - mean), (mass, away)))
    factor = _ratio(wanted, found, ROUNDING * np.abs(mean).sum(axis=1), 1.0)
    for room, most in ((there.max(axis=0) - mean, away.max(axis=0)), (mean - there.min(axis=0), -away.min(axis=0))):
        factor = np.minimum(factor, _ratio(room, most, ROUNDING * np.abs(mean), np.inf).min(axis=1, initial=np.inf))
    factor = np.where(factor > 1.0 + ROUNDING, factor, 1.0)
    return np.asarray(np.broadcast_to(factor[:, None], shape).reshape(data.shape[1:]))


def _ratio(over: Floats, under: Floats, least: Floats, otherwise: float) -> Floats:
    """`over` / `under`, and `otherwise` where `under` is not above `least`."""
    there = under > least
    return np.where(there, over / np.where(there, under, 1.0), otherwise)
