"""What one contract came to in one future, read from the scenario's document and the plan's tables: ids, dates and plain numbers.

Nothing of the optimizer is in here, so that what is computed from it is a second opinion. Dates are positions of periods, 0 the first; NOW is signing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from models.offer import Offer
from models.plan import Award, Plan
from models.scenario import Scenario
from models.uncertainty import Future, Futures, GivenTree, TreeNode
from scenarios.tree import build_tree

NOW = -1
ON_TOP = (
    "make_good",
    "expedite",
    "capacity_share",
    "buffer_stock",
    "expansion",
    "step_in",
)  # kinds of volume that is taken on top of what a period's own terms allow


@dataclass(frozen=True)
class World:
    """One future: the nodes it goes through, and what it changes of the base values at each date."""

    scenario: Scenario
    probability: float
    nodes: tuple[str, ...]  # by date
    changes: tuple[Future | TreeNode | None, ...]  # by date

    @property
    def dates(self) -> range:
        return range(len(self.nodes))

    def node(self, t: int) -> str:
        """Id of the node at a date."""
        return "now" if t == NOW else self.nodes[t]

    def years(self, t: int) -> float:
        return self.scenario.period_years[t]

    def _own(self, t: int, field_name: str) -> Any:
        return getattr(self.changes[t], field_name, None)

    def _at(self, value: Any, t: int) -> float:
        """A value of a date: futures have series, nodes have numbers."""
        return float(value[t] if isinstance(value, tuple | list) else value)

    def _row(self, t: int, table: str, value: str, **who: str) -> float | None:
        """The value of the last row of a table that is about `who`."""
        rows = [x for x in self._own(t, table) or () if all(getattr(x, name) == wanted for name, wanted in who.items())]
        return self._at(getattr(rows[-1], value), t) if rows else None

    def _factor(self, t: int, name: str) -> float:
        factor = self._own(t, name)
        return 1.0 if factor is None else self._at(factor, t)

    def demand(self, site: str, product: str, t: int) -> float:
        row = self._row(t, "demand", "volume", site=site, product=product)
        base = next((x.volume[t] for x in self.scenario.demand if (x.site, x.product) == (site, product)), 0.0)
        return base * self._factor(t, "demand_factor") if row is None else row

    def spot_price(self, spot: str, t: int) -> float:
        row = self._row(t, "spot_price", "price", spot=spot)
        base = next(x.price for x in self.scenario.spot if x.id == spot)
        return (base[t] if base else 0.0) * self._factor(t, "spot_price_factor") if row is None else row

    def spot_available(self, spot: str, t: int) -> float:
        row = self._row(t, "spot_available", "available", spot=spot)
        base = next(x.available for x in self.scenario.spot if x.id == spot)
        return base[t] * self._factor(t, "spot_available_factor") if row is None else row

    def of_supplier(self, table: str, value: str, offer: Offer, t: int, otherwise: float) -> float:
        """Deliverable share or weeks of delay: the offer's own row goes before its supplier's."""
        own = self._row(t, table, value, offer=offer.id)
        if own is None:
            own = self._row(t, table, value, supplier=offer.supplier)
        return otherwise if own is None else own

    def level(self, index: str, t: int) -> float:
        given = (self._own(t, "index") or {}).get(index)
        base = next(x.level for x in self.scenario.indices if x.id == index)
        return self._at(given, t) if given is not None else (base[t] if base else 1.0)

    def fx(self, currency: str | None, t: int) -> float:
        """Scenario currency per unit of a currency."""
        if currency in (None, self.scenario.currency):
            return 1.0
        row = next(x for x in self.scenario.currencies if x.id == currency)
        if t == NOW:
            return row.rate_now or row.rate[0]
        given = (self._own(t, "fx") or {}).get(currency)
        return row.rate[t] if given is None else self._at(given, t)


def worlds(scenario: Scenario) -> Iterator[World]:
    """The futures of a scenario that gives them one by one, or as a tree node by node. The tree says which of them share a node."""
    tree, given = build_tree(scenario), scenario.uncertainty
    rows: dict[str, Any] = {}
    if isinstance(given, Futures):
        rows = {x.id: x for x in given.futures}
    elif isinstance(given, GivenTree):
        rows = {x.id: x for x in given.nodes}
    for leaf in tree.leaves:
        path = [tree.ids[n] for n in tree.path(int(leaf))[1:]]
        names = path if isinstance(given, GivenTree) else [node.removeprefix(f"{period}.") for node, period in zip(path, scenario.period_ids, strict=True)]
        yield World(scenario, float(tree.probability[leaf]), tuple(path), tuple(rows.get(name) for name in names))


@dataclass(frozen=True)
class Volumes:
    """The plan's volumes by kind, source, product, site and node."""

    lines: Mapping[tuple[str, str, str, str, str], float]

    def of(self, kind: str, source: str, product: str, site: str, node: str) -> float:
        return self.lines.get((kind, source, product, site, node), 0.0)


def volumes_of(plan: Plan) -> Volumes:
    """The plan's volumes."""
    return Volumes({(x.kind, x.source, x.product, x.site, x.node): x.volume for x in plan.flows})


@dataclass(frozen=True)
class Contract:
    """One signed contract in one future."""

    world: World
    offer: Offer
    volumes: Volumes
    signed: int  # date of signing
    list_price: Mapping[str, float]  # by product, of the alternative that was signed
    committed: Mapping[tuple[str, int], float]  # product and date
    terms: Mapping[str, Any] = field(default_factory=dict)  # clauses by kind

    @property
    def window(self) -> range:
        first = self.world.scenario.period_ids.index(self.offer.window.start)
        return range(first, first + self.offer.window.periods)

    @property
    def decided(self) -> int | None:
        """When the buyer ends the contract; none = never. Some volume is given up then."""
        return next((t for t in self.window if any(self.chosen("given_up", p, t) for p in self.offer.products)), None)

    def holds(self, kind: str, t: int) -> bool:
        """Whether the event that a clause is about holds."""
        event = self.terms.get(kind)
        if event is None:
            return False
        told = event.index is not None and self.world.level(event.index, t) >= event.from_level
        return told or self.share(t) < event.deliverable_below

    @property
    def failed(self) -> int | None:
        """The first period of the window that finds the supplier failed; none = it does not fail."""
        bad = [t for t in self.world.dates if t > self.signed and self.holds("supplier_default", t)]
        return max(bad[0], self.window.start) if bad and bad[0] < self.window.stop else None

    @property
    def dates(self) -> range:
        """Periods of the window until the contract is over. Where nothing is committed any more, an end that gives nothing up is in no table: idle periods at
        the end of a contract that can be ended are taken to come after it."""
        stop = self.window.stop if self.failed is None else self.failed
        notice = [self.terms[kind].notice_periods for kind in ("early_termination", "extension") if kind in self.terms]
        if self.decided is not None:
            stop = min(stop, self.decided + notice[0])
        while notice and stop > self.window.start and not any(self.committed[p, stop - 1] + self.taken(p, stop - 1) > 0 for p in self.offer.products):
            stop -= 1
        return range(self.window.start, stop)

    def each(self) -> Iterator[tuple[str, int]]:
        """Every product in every period in which the contract is carried out, period by period."""
        for t in self.dates:
            for product in self.offer.products:
                if not self.holds("force_majeure", t):
                    yield product, t

    def chosen(self, kind: str, product: str, t: int) -> float:
        """Volume that the buyer chose under a clause."""
        return self.volumes.of(kind, self.offer.id, product, "", self.world.node(t))

    def taken(self, product: str, t: int) -> float:
        return self.chosen("take", product, t)

    def made(self, product: str, t: int) -> float:
        """Volume taken that the supplier made itself."""
        return self.taken(product, t) - self.chosen("step_in", product, t)

    def on_its_own(self, product: str, t: int) -> float:
        """Volume taken under the period's own terms, without what clauses allow on top of them."""
        return self.taken(product, t) - sum(self.chosen(kind, product, t) for kind in ON_TOP)

    def share(self, t: int) -> float:
        """Share of the committed volume that can be delivered."""
        return self.world.of_supplier("deliverability", "share", self.offer, t, 1.0)

    def late(self, t: int) -> float:
        """Weeks of delay."""
        return self.world.of_supplier("lateness", "weeks", self.offer, t, 0.0)

    def ready(self, product: str, t: int) -> float:
        """What can be delivered of the committed volume."""
        return self.share(t) * self.standing(product, t)

    def standing(self, product: str, t: int) -> float:
        """The committed volume, of which nothing stands while an event suspends the contract."""
        if self.holds("force_majeure", t):
            return 0.0
        came = self.chosen("deferral", product, t - 1) if t > self.window.start else 0.0
        return self.committed[product, t] + came - self.chosen("deferral", product, t) - self.cancelled(product, t)

    def cancelled(self, product: str, t: int) -> float:
        """What was cancelled of a period's volume, by all notices."""
        rule = self.terms.get("cancellation")
        notices = [] if rule is None else [x.periods for x in rule.notices if t - x.periods >= self.window.start]
        return sum(self.chosen(f"cancellation_{k}", product, t - k) for k in notices)

    def elsewhere(self, product: str, t: int) -> float:
        """What is bought of a product under other offers and on spot markets."""
        scenario, node = self.world.scenario, self.world.node(t)
        ordered = sum(self.volumes.of("order", x.id, product, "", node) for x in scenario.spot if x.product == product)
        return ordered + sum(self.volumes.of("take", x.id, product, "", node) for x in scenario.offers if x.id != self.offer.id)

    def needed(self, product: str, t: int) -> float:
        """New demand at the sites of the offer."""
        sites = [x.id for x in self.world.scenario.sites] if self.offer.sites is None else self.offer.sites
        return sum(self.world.demand(site, product, t) for site in sites)

    def owed(self, product: str, t: int) -> float:
        """What take-or-pay makes owed."""
        rule = self.terms.get("take_or_pay")
        return 0.0 if rule is None else rule.fraction * self.ready(product, t)


def contracts_of(world: World, plan: Plan, volumes: Volumes) -> Iterator[Contract]:
    """The contracts that are signed in one future."""
    periods = world.scenario.period_ids
    for offer in world.scenario.offers:
        for award in (x for x in plan.awards if x.offer == offer.id and x.node in ("now", *world.nodes)):
            signed = NOW if award.node == "now" else world.nodes.index(award.node)
            committed = {(x.product, periods.index(x.period)): x.volume for x in award.volumes}
            yield Contract(world, offer, volumes, signed, _list_price(offer, award), committed, {x.kind: x for x in offer.clauses})


def _list_price(offer: Offer, award: Award) -> dict[str, float]:
    """Price by product of the alternative that an award names; a tier is named behind a slash."""
    chosen = next(x for x in offer.alternatives if award.alternative == x.id or award.alternative.startswith(f"{x.id}/"))
    if isinstance(chosen.price, tuple):
        return {x.product: x.price for x in chosen.price}
    return dict.fromkeys(offer.products, chosen.price)
