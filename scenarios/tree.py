"""Futures, or a tree given node by node, as one node-indexed tree of plain arrays.

Node 0 is *now*: contracts are signed there and nothing uncertain is known. Every other node belongs to one period; its data become known on
arrival. Parents come before children. Futures that are given one by one share a node for as long as their data are identical
(`revealed: by_data`), or have only node 0 in common (`after_signing`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from models.scenario import Scenario
from models.uncertainty import Future, Futures, Generated, GivenTree, TreeNode

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
class Paths:
    """Futures side by side, before they become a tree: F futures over T periods."""

    ids: tuple[str, ...]  # [F]
    probability: Floats  # [F], sums to 1
    states: States  # [F, T, ...]
    regime: Ints | None = None  # [F, T] market regime of every period, where a generator made the futures
    regimes: tuple[str, ...] = ()  # names of the regimes

    @property
    def count(self) -> int:
        """Number of futures."""
        return len(self.ids)

    def pick(self, chosen: Ints) -> Paths:
        """Some of the futures, their probabilities scaled to sum to 1."""
        weights = self.probability[chosen]
        regime = None if self.regime is None else self.regime[chosen]
        return Paths(tuple(self.ids[f] for f in chosen), weights / weights.sum(), self.states.at(chosen), regime, self.regimes)


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
        found = np.where(self.period == period, np.arange(self.size), -1)
        for nodes in self.levels():
            if self.period[nodes[0]] > period:
                found[nodes] = found[self.parent[nodes]]
        return found

    def summed(self, amount: Floats) -> Floats:
        """Sum of an amount per node over the path from node 0 to each node, both included. [..., N]"""
        total = amount.copy()
        for nodes in self.levels():
            total[..., nodes] += total[..., self.parent[nodes]]
        return total

    def levels(self) -> list[Ints]:
        """Nodes of each period, first period first; the parents of each level lie in the one before (or are node 0)."""
        order = np.argsort(self.period[1:], kind="stable") + 1
        return np.split(order, np.flatnonzero(np.diff(self.period[order])) + 1) if len(order) else []

    def children_count(self) -> Ints:
        """Number of children of every node. [N]"""
        return np.bincount(self.parent[1:], minlength=self.size)


def build_tree(scenario: Scenario) -> Tree:
    """The tree of `scenario`."""
    uncertainty = scenario.uncertainty
    if isinstance(uncertainty, GivenTree):
        return _from_nodes(scenario, uncertainty)
    if isinstance(uncertainty, Futures | Generated) and uncertainty.tree is not None:
        from scenarios.reduction import reduce_paths  # it reads this module

        return reduce_paths(scenario, paths_of(scenario), uncertainty.tree.branching, getattr(uncertainty, "seed", 1))
    merged = not isinstance(uncertainty, Futures | Generated) or uncertainty.revealed == "by_data"
    return grow(scenario, paths_of(scenario), merged=merged)


def paths_of(scenario: Scenario) -> Paths:
    """The futures of `scenario` side by side; of a tree given node by node, the paths to its leaves."""
    uncertainty = scenario.uncertainty
    if isinstance(uncertainty, GivenTree):
        return leaf_paths(_from_nodes(scenario, uncertainty))
    if isinstance(uncertainty, Generated):
        from scenarios.sampling import draw  # it reads this module

        return draw(scenario, uncertainty, futures=uncertainty.futures, seed=uncertainty.seed)
    futures = uncertainty.futures if isinstance(uncertainty, Futures) else (Future(id="certain", probability=1.0),)
    base = base_states(scenario)
    states = States(*(np.repeat(getattr(base, f.name)[None], len(futures), axis=0) for f in fields(base)))
    places = _Places(scenario)
    for f, future in enumerate(futures):
        _apply(places, states.at(f), future)
    weights = np.array([future.probability for future in futures])
    return Paths(tuple(future.id for future in futures), weights / weights.sum(), states)


def leaf_paths(tree: Tree) -> Paths:
    """The paths from node 0 to the leaves of a tree, side by side."""
    nodes = np.array([tree.path(int(leaf))[1:] for leaf in tree.leaves])
    return Paths(tree.futures, tree.probability[tree.leaves], tree.states.at(nodes))


def fan_paths(tree: Tree) -> Paths | None:
    """The futures of a tree that branches once, after signing, with its nodes period by period; None of any other tree."""
    count, periods = len(tree.leaves), int(tree.period.max()) + 1
    if tree.size != 1 + count * periods:
        return None
    first = np.arange(1, tree.size)
    if not np.array_equal(tree.parent[1:], np.maximum(first - count, 0)) or not np.array_equal(tree.leaves, first[-count:]):
        return None
    states = States(*(_columns(getattr(tree.states, f.name)[1:], periods, count) for f in fields(States)))
    return Paths(tree.futures, tree.probability[tree.leaves], states)


def _columns(data: Floats, periods: int, count: int) -> Floats:
    """Rows, period by period, as [F, T, ...]."""
    return data.reshape(periods, count, *data.shape[1:]).swapaxes(0, 1)


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


def base_states(scenario: Scenario) -> States:
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


def known_now(scenario: Scenario, base: States) -> States:
    """What holds at signing: exchange rates now, indices at 1, no demand."""
    first = base.at(0)
    fx = np.array([x.rate_now or x.rate[0] for x in scenario.currencies], dtype=float)
    return replace(first, demand=np.zeros_like(first.demand), index=np.ones_like(first.index), fx=fx)


class _Places:
    """Where in the arrays the ids of a scenario are; looked up once, because there may be many futures or nodes."""

    def __init__(self, scenario: Scenario) -> None:
        names = ("products", "sites", "spot", "indices", "currencies", "offers")
        self.products, self.sites, self.spot, self.indices, self.currencies, own = ({x.id: i for i, x in enumerate(getattr(scenario, name))} for name in names)
        self.offers: dict[str | None, list[int]] = {name: [o] for name, o in own.items()}
        self.suppliers: dict[str | None, list[int]] = {}  # their offers
        for o, offer in enumerate(scenario.offers):
            self.suppliers.setdefault(offer.supplier, []).append(o)


def overwrite(scenario: Scenario, states: States, given: Future | TreeNode) -> None:
    """Overwrite `states` of some periods [T, ...] with what `given` says about them."""
    _apply(_Places(scenario), states, given)


def _apply(at: _Places, states: States, given: Future | TreeNode) -> None:
    """Overwrite `states` (leading axis T for a future, none for a node) with what `given` changes. Factors first, then full rows."""

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
        states.demand[..., at.products[demand.product], at.sites[demand.site]] = demand.volume
    for price in given.spot_price:
        states.spot_price[..., at.spot[price.spot]] = price.price
    for available in given.spot_available:
        states.spot_available[..., at.spot[available.spot]] = available.available
    for lead in given.spot_lead:
        states.spot_lead[..., at.spot[lead.spot]] = lead.lead_periods
    _apply_suppliers(at, states, given)
    for name, level in given.index.items():
        states.index[..., at.indices[name]] = level
    for name, rate in given.fx.items():
        states.fx[..., at.currencies[name]] = rate


def _apply_suppliers(at: _Places, states: States, given: Future | TreeNode) -> None:
    """Deliverability and lateness: suppliers' rows first, so that an offer's own row goes before."""
    for own in (False, True):
        for share in given.deliverability:
            for o in at.offers.get(share.offer, ()) if own else at.suppliers.get(share.supplier, ()):
                states.deliverable[..., o] = share.share
        for late in given.lateness:
            for o in at.offers.get(late.offer, ()) if own else at.suppliers.get(late.supplier, ()):
                states.late_weeks[..., o] = late.weeks


def grow(scenario: Scenario, paths: Paths, *, merged: bool = False) -> Tree:
    """The tree of some futures: they share a node for as long as their data are identical (`merged`), or have only node 0 in common."""
    return _merge(scenario, paths) if merged and paths.count > 1 else _fan(scenario, paths)


def _fan(scenario: Scenario, paths: Paths) -> Tree:
    """Nodes period by period, in each period one per future, in their order."""
    count, periods = paths.count, len(scenario.periods)
    now = known_now(scenario, base_states(scenario))
    first = np.arange(1, count * periods + 1)
    return Tree(
        ids=("now", *(f"{period}.{name}" for period in scenario.period_ids for name in paths.ids)),
        parent=np.concatenate([[-1], np.maximum(first - count, 0)]).astype(np.int64),
        period=np.concatenate([[-1], np.repeat(np.arange(periods), count)]).astype(np.int64),
        probability=np.concatenate([[1.0], np.tile(paths.probability, periods)]),
        states=States(*(np.concatenate([getattr(now, f.name)[None], _rows(getattr(paths.states, f.name))]) for f in fields(now))),
        leaves=np.arange(count * (periods - 1) + 1, count * periods + 1, dtype=np.int64),
        futures=paths.ids,
        foresight=_foresight(count, False),
    )


def side_by_side(scenario: Scenario, paths: Paths) -> Tree:
    """One chain on which the data of all futures stand side by side: every array of its states has one more axis, the futures', at the end."""
    periods = len(scenario.periods)
    now = known_now(scenario, base_states(scenario))

    def stacked(known: Floats, data: Floats) -> Floats:
        first = np.broadcast_to(known[..., None], (*known.shape, paths.count))
        return np.concatenate([first[None], np.moveaxis(data, 0, -1)])

    return Tree(
        ids=("now", *scenario.period_ids),
        parent=np.arange(-1, periods, dtype=np.int64),
        period=np.arange(-1, periods, dtype=np.int64),
        probability=np.ones(periods + 1),
        states=States(*(stacked(getattr(now, f.name), getattr(paths.states, f.name)) for f in fields(now))),
        leaves=np.array([periods]),
        futures=("every future",),
        foresight=_foresight(paths.count, False),
    )


def _rows(data: Floats) -> Floats:
    """[F, T, ...] as rows, period by period. [T F, ...]"""
    turned = data.swapaxes(0, 1)
    return turned.reshape(turned.shape[0] * turned.shape[1], *turned.shape[2:])


def _flat(data: Floats) -> Floats:
    """[F, T, ...] with one last axis. [F, T, K]"""
    return data.reshape(*data.shape[:2], int(np.prod(data.shape[2:])))


def _merge(scenario: Scenario, paths: Paths) -> Tree:
    count, periods = paths.count, len(scenario.periods)
    flat = np.concatenate([_flat(getattr(paths.states, f.name)) for f in fields(States)], axis=2)
    ids, parent, period, probability = ["now"], [-1], [-1], [1.0]
    at: list[tuple[int, int]] = []  # (future, period) that lends its data to each node but the first
    where = np.zeros(count, dtype=np.int64)  # the node each future is at
    for t in range(periods):
        nodes: dict[object, int] = {}
        arrived = where.copy()
        for f, name in enumerate(paths.ids):
            key = (int(where[f]), flat[f, t].tobytes())
            node = nodes.get(key)
            if node is None:
                node = nodes[key] = len(ids)
                ids.append(f"{scenario.period_ids[t]}.{name}")
                parent.append(int(where[f]))
                period.append(t)
                probability.append(0.0)
                at.append((f, t))
            probability[node] += paths.probability[f]
            arrived[f] = node
        where = arrived
    leaves = np.unique(where)
    names = [[name for f, name in enumerate(paths.ids) if where[f] == leaf] for leaf in leaves]
    picked = tuple(np.array(x) for x in zip(*at, strict=True))
    now = known_now(scenario, base_states(scenario))
    states = States(*(np.concatenate([getattr(now, f.name)[None], getattr(paths.states, f.name)[picked]]) for f in fields(now)))
    return Tree(
        ids=tuple(ids),
        parent=np.array(parent, dtype=np.int64),
        period=np.array(period, dtype=np.int64),
        probability=np.array(probability),
        states=states,
        leaves=leaves.astype(np.int64),
        futures=tuple(group[0] if len(group) == 1 else f"{group[0]} and {len(group) - 1} alike" for group in names),
        foresight=_foresight(count, True),
    )


def _foresight(count: int, merged: bool) -> str:
    """What a tree assumes about who knows what when, in words."""
    if count == 1:
        return "one future, known in advance"
    if merged:
        return "futures are told apart only once their data differ"
    return "which future has come true is known right after signing"


def _from_nodes(scenario: Scenario, uncertainty: GivenTree) -> Tree:
    base = base_states(scenario)
    index = {node.id: i + 1 for i, node in enumerate(uncertainty.nodes)}
    order = {name: t for t, name in enumerate(scenario.period_ids)}
    parent = np.array([-1] + [0 if node.parent is None else index[node.parent] for node in uncertainty.nodes], dtype=np.int64)
    period = np.array([-1] + [order[node.period] for node in uncertainty.nodes], dtype=np.int64)
    siblings = np.bincount(parent[1:], weights=[node.probability for node in uncertainty.nodes], minlength=len(parent))
    probability = np.ones(len(parent))
    for n, node in enumerate(uncertainty.nodes, start=1):
        probability[n] = probability[parent[n]] * node.probability / siblings[parent[n]]
    now = known_now(scenario, base)
    states = States(*(np.concatenate([getattr(now, f.name)[None], getattr(base, f.name)[period[1:]]]) for f in fields(base)))
    places = _Places(scenario)
    for n, node in enumerate(uncertainty.nodes, start=1):
        _apply(places, states.at(n), node)
    leaves = np.setdiff1d(np.arange(1, len(parent)), parent)
    ids = ("now", *(node.id for node in uncertainty.nodes))
    return Tree(ids, parent, period, probability, states, leaves, tuple(ids[n] for n in leaves), "the tree as given: a node's data are known on arrival")
