"""The scenario as frozen arrays: ids become indices here, once; the calendar and currencies end here.

Index letters everywhere: o offer, j alternative, p product, s site, k supplier, m spot market, b price block, n node, t period, e capacity
step, r transfer lane, u substitution. Money and volumes stay in the scenario's units (the solver's scaling is the adapter's business).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import floor

import numpy as np

from models.clauses import Clause
from models.offer import Offer, Profile, ShapedProfile
from models.rules import Rule
from models.scenario import Scenario
from optimizer.varying import Number, anywhere, by_node, settled
from scenarios.tree import Floats, Tree

WEEKS_PER_YEAR = 52.0
QUANTITY_TOLERANCE = 1e-6  # the one tolerance with which volumes are compared with thresholds, relative to the threshold above 1


DAYS_PER_YEAR = 365.0  # of payment terms


def slack(threshold: float) -> float:
    """How far a volume may miss `threshold` and still count as reaching it."""
    return QUANTITY_TOLERANCE * max(1.0, abs(threshold))


@dataclass(frozen=True)
class AlternativeData:
    """One alternative of an offer (after tiers: one tier of it). Arrays run over the offer's own products."""

    id: str
    price: Floats  # [Po] money per unit taken, offer's currency; [Po, K] where a contract is declared at K prices at once
    low: Floats  # [Po] committed volume per period, if signed
    high: Floats  # [Po]
    profile: Profile


@dataclass(frozen=True)
class OfferData:
    """One offer, resolved."""

    index: int
    id: str
    supplier: int
    products: tuple[int, ...]
    start: int  # first period of the window
    end: int  # first period after it
    sign: int  # period of signing, -1 = now
    alternatives: tuple[AlternativeData, ...]
    clauses: tuple[Clause, ...]
    sites: tuple[int, ...]
    delivery: Floats  # [Po, S] per unit, offer's currency
    signing_cost: float
    currency: int  # -1 = the scenario's
    capacity: Floats  # [Po, T] its supplier's capacity, without steps; infinite where unlimited


@dataclass(frozen=True)
class SpotData:
    """One spot market. Price and availability are in the tree's states."""

    index: int
    id: str
    product: int
    share: Floats  # [B]
    factor: Floats  # [B]
    delivery: Floats  # [S]
    domestic: bool


@dataclass(frozen=True)
class StepData:
    """A capacity step of a supplier."""

    index: int
    id: str
    supplier: int
    product: int
    volume: float
    build: int
    committed: float
    prepaid: float
    cost: float


@dataclass(frozen=True)
class ShortageData:
    """Cost of unmet demand of one product at one site: blocks of rising cost, each up to `width` x the site's largest demand so far."""

    lost: float  # share of unmet volume that is lost; the rest is carried
    cost_lost: float
    cost_year: float
    terminal: float
    width: Floats  # [blocks], the last is infinite
    factor: Floats  # [blocks]

    def rate(self, years: float) -> float:
        """Cost of a unit unmet for a period of `years`, before the block's factor."""
        return self.lost * self.cost_lost + (1.0 - self.lost) * self.cost_year * years


@dataclass(frozen=True)
class Lane:
    """A transfer between two sites."""

    product: int
    origin: int
    target: int
    cost: float
    capacity: float


@dataclass(frozen=True)
class Swap:
    """A substitute used for a product at a site."""

    product: int
    substitute: int
    sites: tuple[int, ...]
    ratio: float
    cost: float
    max_share: float


@dataclass(frozen=True)
class Stock:
    """Storage of a product at a site."""

    product: int
    site: int
    capacity: float
    holding: float
    initial: float
    spoilage: float


@dataclass(frozen=True)
class Instance:
    """Everything the model, the rules and the audit's frame need to know, resolved to indices."""

    scenario: Scenario
    tree: Tree
    years: Floats  # [T]
    begin: Floats  # [T] years from signing to the start of the period
    discount: Floats  # [N]
    peak: Floats  # [N, P, S] largest demand on the path so far
    remaining: Floats  # [N] most volume (all products and sites) that any path from n on can still use, backlog and spoilage included
    offers: tuple[OfferData, ...]
    spots: tuple[SpotData, ...]
    steps: tuple[StepData, ...]
    capacity: Floats  # [K, P, T], infinite where unlimited
    shortage: dict[tuple[int, int], ShortageData]  # (p, s) with demand anywhere in the tree
    stocks: dict[tuple[int, int], Stock]
    lanes: tuple[Lane, ...]
    swaps: tuple[Swap, ...]
    rules: tuple[Rule, ...]
    risk_weight: float
    risk_tail: float

    @property
    def nodes(self) -> range:
        """Nodes that belong to a period (all but node 0)."""
        return range(1, self.tree.size)

    def rate(self, offer: OfferData, n: int) -> Number:
        """Scenario currency per unit of the offer's currency at node n."""
        return 1.0 if offer.currency < 0 else settled(self.tree.states.fx[n, offer.currency])

    def arrivals(self, lead: Floats) -> list[list[tuple[int, Number]]]:
        """For every node the (ordering node, share) pairs that arrive at it; `lead` [N] is in periods at the ordering node.

        A lead of whole + part periods brings the share 1 - part after `whole` periods and the share part one period later.
        """
        found: list[list[tuple[int, Number]]] = [[] for _ in range(self.tree.size)]
        for d in self.nodes:
            n, age = d, 0
            while n > 0:
                share = self._share(settled(lead[n]), age)
                if anywhere(share > 0):
                    found[d].append((n, share))
                n, age = int(self.tree.parent[n]), age + 1
        return found

    @staticmethod
    def _share(lead: Number, age: int) -> Number:
        """Share of an order that arrives `age` periods after it."""
        if lead.__class__ is float:
            below = floor(lead + 1e-12)
            rest = max(0.0, lead - below)
            return (1.0 - rest) * (age == below) + rest * (age == below + 1)
        whole = np.floor(lead + 1e-12)
        part = np.maximum(0.0, lead - whole)
        return settled((1.0 - part) * (age == whole) + part * (age == whole + 1))

    def late_share(self, o: int) -> Floats:
        """Share of a period's deliveries that slips into the next period (or beyond), as a lead time in periods. [N]"""
        years = self.years[np.maximum(self.tree.period, 0)]
        return np.asarray(by_node(1.0 / (WEEKS_PER_YEAR * years), self.tree.states.late_weeks[:, o]))


def with_terms(instance: Instance, scenario: Scenario, o: int) -> Instance:
    """What `build_instance` gives for a scenario that differs in the terms of offer `o` only."""
    moved = _offer(o, scenario.offers[o], *_places(scenario), scenario, instance.capacity)
    return replace(instance, scenario=scenario, offers=(*instance.offers[:o], moved, *instance.offers[o + 1 :]))


def _places(scenario: Scenario) -> tuple[dict[str, dict[str, int]], dict[str, int]]:
    """Place of everything that is named among its like, and of every period."""
    index = {name: {x.id: i for i, x in enumerate(getattr(scenario, name))} for name in ("sites", "products", "suppliers", "currencies")}
    return index, {name: t for t, name in enumerate(scenario.period_ids)}


def build_instance(scenario: Scenario, tree: Tree) -> Instance:
    """`scenario` and its tree as arrays."""
    index, order = _places(scenario)
    years = np.array(scenario.period_years)
    begin = np.concatenate([[0.0], np.cumsum(years)[:-1]])
    at = np.concatenate([[0.0], begin])[tree.period + 1]
    shortage = _shortage(scenario, tree)
    steps: list[StepData] = []
    for k, supplier in enumerate(scenario.suppliers):
        for step in supplier.capacity_steps:
            product = step.product or supplier.capacity[0].product
            steps.append(
                StepData(
                    len(steps), step.id, k, index["products"][product], step.volume, step.build_periods,
                    step.opens_when.committed_volume_per_period, step.opens_when.prepaid, step.cost,
                )
            )  # fmt: skip
    sites, capacity = tuple(range(len(scenario.sites))), _capacity(scenario, index["products"])
    return Instance(
        scenario=scenario,
        tree=tree,
        years=years,
        begin=begin,
        discount=(1.0 + scenario.discount_rate) ** -at,
        peak=_peak(tree),
        remaining=_remaining(tree, shortage, scenario),
        offers=tuple(_offer(o, offer, index, order, scenario, capacity) for o, offer in enumerate(scenario.offers)),
        spots=tuple(
            SpotData(
                m, x.id, index["products"][x.product], np.array([b.share for b in x.blocks]), np.array([b.price_factor for b in x.blocks]),
                _delivery(x.delivery_cost, (x.product,), index["sites"])[0], x.domestic,
            )
            for m, x in enumerate(scenario.spot)
        ),
        steps=tuple(steps),
        capacity=capacity,
        shortage=shortage,
        stocks={
            (index["products"][x.product], index["sites"][x.site]): Stock(
                index["products"][x.product], index["sites"][x.site], np.inf if x.capacity is None else x.capacity, x.holding_cost, x.initial, x.spoilage
            )
            for x in scenario.storage
        },
        lanes=tuple(
            Lane(index["products"][x.product], index["sites"][x.from_site], index["sites"][x.to_site], x.cost, np.inf if x.capacity is None else x.capacity)
            for x in scenario.transfers
        ),
        swaps=tuple(
            Swap(
                index["products"][x.product], index["products"][x.substitute],
                sites if x.sites is None else tuple(index["sites"][s] for s in x.sites), x.ratio, x.cost, x.max_share,
            )
            for x in scenario.substitutions
        ),
        rules=scenario.rules,
        risk_weight=scenario.risk.weight,
        risk_tail=scenario.risk.tail,
    )  # fmt: skip


def _offer(o: int, offer: Offer, index: dict[str, dict[str, int]], order: dict[str, int], scenario: Scenario, capacity: Floats) -> OfferData:
    start = order[offer.window.start]
    alternatives = []
    for alternative in offer.alternatives:
        price = (
            dict.fromkeys(offer.products, alternative.price) if not isinstance(alternative.price, tuple) else {x.product: x.price for x in alternative.price}
        )
        ranges = alternative.volume_per_period
        volume = {x.product: (x.min, x.max) for x in ranges} if isinstance(ranges, tuple) else dict.fromkeys(offer.products, (ranges.min, ranges.max))
        alternatives.append(
            AlternativeData(
                alternative.id,
                np.array([price[p] for p in offer.products], dtype=float),
                np.array([volume[p][0] for p in offer.products], dtype=float),
                np.array([volume[p][1] for p in offer.products], dtype=float),
                alternative.profile,
            )
        )
    return OfferData(
        index=o,
        id=offer.id,
        supplier=index["suppliers"][offer.supplier],
        products=tuple(index["products"][p] for p in offer.products),
        start=start,
        end=start + offer.window.periods,
        sign=-1 if offer.sign == "now" else order[offer.sign],
        alternatives=tuple(alternatives),
        clauses=offer.clauses,
        sites=tuple(range(len(scenario.sites))) if offer.sites is None else tuple(sorted({index["sites"][s] for s in offer.sites})),
        delivery=_delivery(offer.delivery_cost, offer.products, index["sites"]),
        signing_cost=offer.signing_cost,
        currency=-1 if offer.currency in (None, scenario.currency) else index["currencies"][str(offer.currency)],
        capacity=capacity[index["suppliers"][offer.supplier], [index["products"][p] for p in offer.products]],
    )


def shape_of(profile: Profile, window: int) -> Floats:
    """Volume of each period of the window relative to the committed volume; ones for flat and free profiles. [W]"""
    return np.array(profile.shape, dtype=float) if isinstance(profile, ShapedProfile) else np.ones(window)


def _delivery(rows: tuple[object, ...], products: tuple[str, ...], sites: dict[str, int]) -> Floats:
    """Delivery cost per unit; a row for one product goes before a row for all. [P, S]"""
    cost = np.zeros((len(products), len(sites)))
    for own in (False, True):
        for row in rows:
            if (row.product is not None) is own:  # type: ignore[attr-defined]
                which = slice(None) if row.product is None else products.index(row.product)  # type: ignore[attr-defined]
                cost[which, sites[row.site]] = row.cost  # type: ignore[attr-defined]
    return cost


def _capacity(scenario: Scenario, products: dict[str, int]) -> Floats:
    found = np.full((len(scenario.suppliers), len(scenario.products), len(scenario.periods)), np.inf)
    for k, supplier in enumerate(scenario.suppliers):
        for row in supplier.capacity:
            found[k, products[row.product]] = row.volume
    return found


def _shortage(scenario: Scenario, tree: Tree) -> dict[tuple[int, int], ShortageData]:
    """Shortage data of every product and site that has demand somewhere; a site's own row goes before the row for all sites."""
    rows = {(x.product, x.site): x for x in scenario.shortage}
    found = {}
    for p, s in np.argwhere((tree.states.demand > 0).any(axis=(0, *range(3, tree.states.demand.ndim)))):
        product, site = scenario.products[p].id, scenario.sites[s].id
        x = rows.get((product, site)) or rows[(product, None)]
        edges = np.array([0.0, *(step.above_share for step in x.steps), np.inf])
        found[int(p), int(s)] = ShortageData(
            x.lost, x.cost_per_unit or 0.0, x.cost_per_unit_year or 0.0, x.terminal, np.diff(edges), np.array([1.0, *(step.cost_factor for step in x.steps)])
        )
    return found


def _peak(tree: Tree) -> Floats:
    peak = tree.states.demand.copy()
    for nodes in tree.levels():
        peak[nodes] = np.maximum(peak[nodes], peak[tree.parent[nodes]])
    return peak


def _remaining(tree: Tree, shortage: dict[tuple[int, int], ShortageData], scenario: Scenario) -> Floats:
    """Upper bound on useful volume from node n on: all demand of the dearest path from the root through n (backlog may wait), times the largest
    substitution ratio and what spoils until the last period. Stock above it can never be used. [N]"""
    total = tree.states.demand.sum(axis=(1, 2))
    before = total.copy()
    for nodes in tree.levels():
        before[nodes] += before[tree.parent[nodes]]
    after = before.copy()
    for nodes in reversed(tree.levels()):
        np.maximum.at(after, tree.parent[nodes], after[nodes])
    ratio = max([1.0, *(x.ratio for x in scenario.substitutions)])
    carried = any(x.lost < 1 for x in shortage.values())
    kept = min([1.0, *(1.0 - x.spoilage for x in scenario.storage if x.spoilage < 1)])
    waste = kept ** (np.maximum(tree.period, 0) - (len(scenario.periods) - 1.0))
    return np.asarray(by_node(ratio * waste, after if carried else np.maximum(after - before + total, 0.0)))
