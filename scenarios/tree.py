"""Futures, or a tree given node by node, as one node-indexed tree of plain arrays.

Node 0 is *now*: contracts are signed there and nothing uncertain is known. Every other node belongs to one period; its data become known on
arrival. Parents come before children. Futures that are given one by one share a node for as long as their data are identical
(`revealed: by_data`), or have only node 0 in common (`after_signing`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from models.offer import Offer
from models.scenario import Scenario
from models.uncertainty import Future, Futures, GivenTree, TreeNode

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class States:
    """Uncertain data of a number of states (nodes, or futures x periods); the first axes are the states'."""

    demand: Floats  # [..., P, S] volume
    spot_price: Floats  # [..., M] money per unit
    spot_available: Floats  # [..., M] volume
    spot_lead: Floats  # [..., M] periods
    deliverable: Floats  # [..., O] share of the committed volume
    late_weeks: Floats  # [..., O]
    index: Floats  # [..., I] level
    fx: Floats  # [..., C] scenario currency per unit

    def at(self, *where: object) -> States:
        """The states picked by an index expression on the leading axes."""
        return States(*(getattr(self, f.name)[where] for f in fields(self)))


@dataclass(frozen=True)
class Tree:
    """The tree: N nodes, of which L are leaves."""

    ids: tuple[str, ...]  # [N], the first is "now"
    parent: Ints  # [N], -1 for node 0
    period: Ints  # [N], -1 for node 0
    probability: Floats  # [N], unconditional
    states: States  # [N, ...]; row 0 holds what is known at signing (rates of exchange), the rest of it is not used
    leaves: Ints  # [L]
    futures: tuple[str, ...]  # [L]
    foresight: str  # what the tree assumes about who knows what when, in words

    @property
    def size(self) -> int:
        """Number of nodes, node 0 included."""
        return len(self.ids)

    def path(self, node: int) -> list[int]:
        """Nodes from node 0 to `node`, both included."""
        found = [node]
        while self.parent[found[-1]] >= 0:
            found.append(int(self.parent[found[-1]]))
        return found[::-1]

    def ancestor_at(self, period: int) -> Ints:
        """For every node its ancestor (or itself) in `period` (-1 = node 0); -1 where the node lies before that period. [N]"""
        found = np.full(self.size, -1, dtype=np.int64)
        for n in range(self.size):
            if self.period[n] == period:
                found[n] = n
            elif self.period[n] > period:
                found[n] = found[self.parent[n]]
        return found

    def children_count(self) -> Ints:
        """Number of children of every node. [N]"""
        return np.bincount(self.parent[1:], minlength=self.size)


def build_tree(scenario: Scenario) -> Tree:
    """The tree of `scenario`."""
    uncertainty = scenario.uncertainty
    if isinstance(uncertainty, Futures):
        return _from_futures(scenario, uncertainty)
    if isinstance(uncertainty, GivenTree):
        return _from_nodes(scenario, uncertainty)
    return _from_futures(scenario, Futures(kind="futures", futures=(Future(id="certain", probability=1.0),)))


def average(tree: Tree) -> Tree:
    """A single chain with the mean of the data of each period: the average future."""
    periods = int(tree.period.max()) + 1
    members = [np.flatnonzero(tree.period == t) for t in range(-1, periods)]
    states = States(
        *(np.stack([np.average(getattr(tree.states, f.name)[nodes], axis=0, weights=tree.probability[nodes]) for nodes in members]) for f in fields(States))
    )
    count = periods + 1
    return Tree(
        ids=("now", *(f"average.{t}" for t in range(periods))),
        parent=np.arange(-1, periods, dtype=np.int64),
        period=np.arange(-1, periods, dtype=np.int64),
        probability=np.ones(count),
        states=states,
        leaves=np.array([periods]),
        futures=("average",),
        foresight="one future, known in advance",
    )


def _base(scenario: Scenario) -> States:
    """Base values of every period. Leading axis: T."""
    periods, products, sites = len(scenario.periods), len(scenario.products), len(scenario.sites)
    p_of = {x.id: i for i, x in enumerate(scenario.products)}
    s_of = {x.id: i for i, x in enumerate(scenario.sites)}
    demand = np.zeros((periods, products, sites))
    for row in scenario.demand:
        demand[:, p_of[row.product], s_of[row.site]] = row.volume
    ones = np.ones(periods)

    def columns(series: list[object]) -> Floats:
        return np.array(series, dtype=float).reshape(len(series), periods).T.copy()

    return States(
        demand=demand,
        spot_price=columns([np.zeros(periods) if x.price is None else x.price for x in scenario.spot]),
        spot_available=columns([x.available for x in scenario.spot]),
        spot_lead=columns([ones * x.lead_periods for x in scenario.spot]),
        deliverable=np.ones((periods, len(scenario.offers))),
        late_weeks=np.zeros((periods, len(scenario.offers))),
        index=columns([ones if x.level is None else x.level for x in scenario.indices]),
        fx=columns([x.rate for x in scenario.currencies]),
    )


def _now(scenario: Scenario, base: States) -> States:
    """What holds at signing: exchange rates now, indices at 1, no demand."""
    first = base.at(0)
    fx = np.array([x.rate_now or x.rate[0] for x in scenario.currencies], dtype=float)
    return replace(first, demand=np.zeros_like(first.demand), index=np.ones_like(first.index), fx=fx)


def _apply(scenario: Scenario, states: States, given: Future | TreeNode) -> None:
    """Overwrite `states` (leading axis T for a future, none for a node) with what `given` changes. Factors first, then full rows."""
    p_of = {x.id: i for i, x in enumerate(scenario.products)}
    s_of = {x.id: i for i, x in enumerate(scenario.sites)}
    m_of = {x.id: i for i, x in enumerate(scenario.spot)}

    def by_axes(factor: object, axes: int) -> Floats:
        array = np.asarray(factor, dtype=float)
        return array.reshape(array.shape + (1,) * axes)

    if given.demand_factor is not None:
        states.demand[...] *= by_axes(given.demand_factor, 2)
    if given.spot_price_factor is not None:
        states.spot_price[...] *= by_axes(given.spot_price_factor, 1)
    if given.spot_available_factor is not None:
        states.spot_available[...] *= by_axes(given.spot_available_factor, 1)
    for demand in given.demand:
        states.demand[..., p_of[demand.product], s_of[demand.site]] = demand.volume
    for price in given.spot_price:
        states.spot_price[..., m_of[price.spot]] = price.price
    for available in given.spot_available:
        states.spot_available[..., m_of[available.spot]] = available.available
    for lead in given.spot_lead:
        states.spot_lead[..., m_of[lead.spot]] = lead.lead_periods
    _apply_suppliers(scenario.offers, states, given)
    for name, level in given.index.items():
        states.index[..., [x.id for x in scenario.indices].index(name)] = level
    for name, rate in given.fx.items():
        states.fx[..., [x.id for x in scenario.currencies].index(name)] = rate


def _apply_suppliers(offers: tuple[Offer, ...], states: States, given: Future | TreeNode) -> None:
    """Deliverability and lateness: suppliers' rows first, so that an offer's own row goes before."""
    for own in (False, True):
        for share in given.deliverability:
            for o, offer in enumerate(offers):
                if (share.offer == offer.id) if own else (share.supplier == offer.supplier):
                    states.deliverable[..., o] = share.share
        for late in given.lateness:
            for o, offer in enumerate(offers):
                if (late.offer == offer.id) if own else (late.supplier == offer.supplier):
                    states.late_weeks[..., o] = late.weeks


def _from_futures(scenario: Scenario, uncertainty: Futures) -> Tree:
    base = _base(scenario)
    count, periods = len(uncertainty.futures), len(scenario.periods)
    paths = States(*(np.repeat(getattr(base, f.name)[None], count, axis=0) for f in fields(base)))
    for f, future in enumerate(uncertainty.futures):
        _apply(scenario, paths.at(f), future)
    weights = np.array([future.probability for future in uncertainty.futures])
    weights = weights / weights.sum()
    merged = uncertainty.revealed == "by_data"
    flat = np.concatenate([getattr(paths, f.name).reshape(count, periods, -1) for f in fields(paths)], axis=2) if merged else None

    ids, parent, period, probability = ["now"], [-1], [-1], [1.0]
    at = [(0, t) for t in range(0)]  # (future, period) that lends its data to each node but the first
    where = np.zeros(count, dtype=np.int64)  # the node each future is at
    for t in range(periods):
        nodes: dict[object, int] = {}
        arrived = where.copy()
        for f, future in enumerate(uncertainty.futures):
            key: object = (int(where[f]), flat[f, t].tobytes()) if flat is not None else f
            node = nodes.get(key)
            if node is None:
                node = nodes[key] = len(ids)
                ids.append(f"{scenario.period_ids[t]}.{future.id}")
                parent.append(int(where[f]))
                period.append(t)
                probability.append(0.0)
                at.append((f, t))
            probability[node] += weights[f]
            arrived[f] = node
        where = arrived
    leaves = np.unique(where)
    names = (
        [[future.id for f, future in enumerate(uncertainty.futures) if where[f] == leaf] for leaf in leaves]
        if merged
        else [[x.id] for x in uncertainty.futures]
    )
    picked = tuple(np.array(x) for x in zip(*at, strict=True))
    now = _now(scenario, base)
    states = States(*(np.concatenate([getattr(now, f.name)[None], getattr(paths, f.name)[picked]]) for f in fields(base)))
    return Tree(
        ids=tuple(ids),
        parent=np.array(parent, dtype=np.int64),
        period=np.array(period, dtype=np.int64),
        probability=np.array(probability),
        states=states,
        leaves=leaves.astype(np.int64),
        futures=tuple(group[0] if len(group) == 1 else f"{group[0]} and {len(group) - 1} alike" for group in names),
        foresight=_foresight(count, merged),
    )


def _foresight(count: int, merged: bool) -> str:
    if count == 1:
        return "one future, known in advance"
    if merged:
        return "futures are told apart only once their data differ"
    return "which future has come true is known right after signing"


def _from_nodes(scenario: Scenario, uncertainty: GivenTree) -> Tree:
    base = _base(scenario)
    index = {node.id: i + 1 for i, node in enumerate(uncertainty.nodes)}
    order = {name: t for t, name in enumerate(scenario.period_ids)}
    parent = np.array([-1] + [0 if node.parent is None else index[node.parent] for node in uncertainty.nodes], dtype=np.int64)
    period = np.array([-1] + [order[node.period] for node in uncertainty.nodes], dtype=np.int64)
    siblings = np.bincount(parent[1:], weights=[node.probability for node in uncertainty.nodes], minlength=len(parent))
    probability = np.ones(len(parent))
    for n, node in enumerate(uncertainty.nodes, start=1):
        probability[n] = probability[parent[n]] * node.probability / siblings[parent[n]]
    now = _now(scenario, base)
    states = States(*(np.concatenate([getattr(now, f.name)[None], getattr(base, f.name)[period[1:]]]) for f in fields(base)))
    for n, node in enumerate(uncertainty.nodes, start=1):
        _apply(scenario, states.at(n), node)
    leaves = np.setdiff1d(np.arange(1, len(parent)), parent)
    ids = ("now", *(node.id for node in uncertainty.nodes))
    return Tree(ids, parent, period, probability, states, leaves, tuple(ids[n] for n in leaves), "the tree as given: a node's data are known on arrival")
