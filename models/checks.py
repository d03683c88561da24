"""What must be true across the tables of a scenario. Every check adds findings; none stops the others.

`findings(scenario)` is called by `Scenario` itself, so a scenario that exists has passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import TYPE_CHECKING

from models.clauses import PRICE_FAMILY, AllUnitsTiers, IncrementalTiers, IndexedPrice, Tier
from models.errors import Finding
from models.generator_checks import check_branching, check_generator
from models.offer import Alternative, Offer, ShapedProfile
from models.rules.base import MeasuredRule
from models.stress_checks import check_stress
from models.uncertainty import Future, Futures, Generated, GivenTree, TreeNode

if TYPE_CHECKING:
    from models.scenario import Scenario

PROBABILITY_TOLERANCE = 1e-6
MOST_HINTS = 50  # spelling hints cost time; beyond this many findings nobody reads them


class Checker:
    """Collects findings about one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.found: list[Finding] = []
        self.periods = scenario.period_ids
        self.ids: dict[str, set[str]] = {}
        self.units = {x.id: x.unit for x in scenario.products}
        self.sound: set[object] = set()  # what tables of futures and nodes looked like, values left out, in which nothing was found

    def say(self, path: str, message: str) -> None:
        self.found.append(Finding(path, message))

    def register(self, what: str, table: str, ids: Iterable[str], prefix: str = "") -> None:
        """Remember the ids of a table and report those given twice."""
        seen: set[str] = set()
        for i, name in enumerate(ids):
            if name in seen:
                self.say(f"{prefix}{table}[{i}]", f"the id '{name}' is used twice; every {what} needs an id of its own")
            seen.add(name)
        if not prefix:
            self.ids[what] = seen

    def refer(self, path: str, what: str, name: str | None) -> bool:
        """Report a reference that does not resolve. None is no reference."""
        if name is None or name in self.ids[what]:
            return True
        close = _closest(name, self.ids[what]) if len(self.found) < MOST_HINTS else None
        hint = f"; did you mean '{close}'?" if close else ""
        self.say(path, f"there is no {what} '{name}'{hint}")
        return False

    def series(self, path: str, values: Sequence[float] | None) -> None:
        """A series has one value per period."""
        if values is not None and len(values) != len(self.periods):
            self.say(
                path,
                f"has {len(values)} values, but there are {len(self.periods)} periods ({self.periods[0]} to {self.periods[-1]}); give one value per period",
            )

    def unit(self, path: str, given: str | None, products: Sequence[str]) -> None:
        """A unit that is given must be that of the products it stands for."""
        for product in products:
            own = self.units.get(product, given)
            if given not in (None, own):
                self.say(f"{path}.unit", f"the volumes are given in '{given}', but '{product}' is measured in '{own}'; convert them, or correct the unit")

    def unique(self, path: str, key: object, seen: set[object], what: str) -> None:
        """A table has one row per key."""
        if key in seen:
            self.say(path, f"a second row for {what}; keep one")
        seen.add(key)


def _closest(name: str, known: set[str]) -> str | None:
    from difflib import get_close_matches

    found = get_close_matches(name, sorted(known), n=1, cutoff=0.7)
    return found[0] if found else None


def findings(scenario: Scenario) -> list[Finding]:
    """Everything wrong across the tables of `scenario`."""
    check = Checker(scenario)
    steps: tuple[Callable[[Checker], None], ...] = (_ids, _tables, _suppliers, _spot, _offers, _rules, _uncertainty, _stress)
    for step in steps:
        step(check)
    return check.found


def _ids(check: Checker) -> None:
    s = check.scenario
    check.register("period", "periods", s.period_ids)
    for t, name in enumerate(s.period_ids):
        if name == "now":
            check.say(f"periods[{t}]", "the id 'now' stands for the signing moment; call the period something else")
    check.register("site", "sites", (x.id for x in s.sites))
    check.register("product", "products", (x.id for x in s.products))
    check.register("supplier", "suppliers", (x.id for x in s.suppliers))
    check.register("spot market", "spot", (x.id for x in s.spot))
    check.register("index", "indices", (x.id for x in s.indices))
    check.register("currency", "currencies", (x.id for x in s.currencies))
    check.register("offer", "offers", (x.id for x in s.offers))
    for i, currency in enumerate(s.currencies):
        check.series(f"currencies[{i}].rate", currency.rate)
        if currency.id == s.currency:
            check.say(f"currencies[{i}].id", f"'{s.currency}' is the scenario's own currency; list foreign currencies only")
    for i, index in enumerate(s.indices):
        check.series(f"indices[{i}].level", index.level)


def _tables(check: Checker) -> None:
    s = check.scenario
    seen: set[object] = set()
    for i, row in enumerate(s.demand):
        path = f"demand[{i}]"
        check.refer(f"{path}.site", "site", row.site)
        check.refer(f"{path}.product", "product", row.product)
        check.series(f"{path}.volume", row.volume)
        check.unit(path, row.unit, (row.product,))
        check.unique(path, (row.site, row.product), seen, f"site '{row.site}' and product '{row.product}'")
    seen = set()
    for i, shortage in enumerate(s.shortage):
        path = f"shortage[{i}]"
        check.refer(f"{path}.product", "product", shortage.product)
        check.refer(f"{path}.site", "site", shortage.site)
        check.unique(path, (shortage.product, shortage.site), seen, f"product '{shortage.product}' at {shortage.site or 'all sites'}")
    everywhere = {x.product for x in s.shortage if x.site is None}
    pairs = {(x.product, x.site) for x in s.shortage}
    for i, row in enumerate(s.demand):
        if row.product in check.ids["product"] and row.product not in everywhere and (row.product, row.site) not in pairs:
            check.say("shortage", f"no row says what a shortage of '{row.product}' costs (demanded in demand[{i}]); add one")
    seen = set()
    for i, storage in enumerate(s.storage):
        path = f"storage[{i}]"
        check.refer(f"{path}.site", "site", storage.site)
        check.refer(f"{path}.product", "product", storage.product)
        check.unique(path, (storage.site, storage.product), seen, f"site '{storage.site}' and product '{storage.product}'")
        if storage.capacity is not None and storage.initial > storage.capacity:
            check.say(f"{path}.initial", f"the initial stock {storage.initial:,g} does not fit into the capacity {storage.capacity:,g}")
    seen = set()
    for i, transfer in enumerate(s.transfers):
        path = f"transfers[{i}]"
        check.refer(f"{path}.product", "product", transfer.product)
        check.refer(f"{path}.from_site", "site", transfer.from_site)
        check.refer(f"{path}.to_site", "site", transfer.to_site)
        check.unique(path, (transfer.product, transfer.from_site, transfer.to_site), seen, "this product and pair of sites")
        if transfer.from_site == transfer.to_site:
            check.say(f"{path}.to_site", "a transfer goes from one site to another")
    seen = set()
    for i, swap in enumerate(s.substitutions):
        for site in swap.sites or tuple(x.id for x in s.sites):
            key = (swap.product, swap.substitute, site)
            check.unique(f"substitutions[{i}]", key, seen, f"using '{swap.substitute}' for '{swap.product}' at '{site}'")
        path = f"substitutions[{i}]"
        check.refer(f"{path}.product", "product", swap.product)
        check.refer(f"{path}.substitute", "product", swap.substitute)
        for k, site in enumerate(swap.sites or ()):
            check.refer(f"{path}.sites[{k}]", "site", site)
        if swap.product == swap.substitute:
            check.say(f"{path}.substitute", "a product is no substitute for itself")
        units = check.units.get(swap.product), check.units.get(swap.substitute)
        if None not in units and units[0] != units[1] and "ratio" not in swap.model_fields_set:
            said = f"'{swap.product}' is measured in '{units[0]}', '{swap.substitute}' in '{units[1]}'"
            check.say(f"{path}.ratio", f"{said}; say how much of the substitute replaces one unit")


def _suppliers(check: Checker) -> None:
    for i, supplier in enumerate(check.scenario.suppliers):
        path = f"suppliers[{i}]"
        seen: set[object] = set()
        products = {row.product for row in supplier.capacity}
        for k, row in enumerate(supplier.capacity):
            check.refer(f"{path}.capacity[{k}].product", "product", row.product)
            check.series(f"{path}.capacity[{k}].volume", row.volume)
            check.unique(f"{path}.capacity[{k}]", row.product, seen, f"product '{row.product}'")
        check.register("capacity step", "capacity_steps", (x.id for x in supplier.capacity_steps), prefix=f"{path}.")
        for k, step in enumerate(supplier.capacity_steps):
            where = f"{path}.capacity_steps[{k}].product"
            check.refer(where, "product", step.product)
            if step.product is None and len(products) != 1:
                check.say(where, f"name the product: '{supplier.id}' has {len(products)} capacity rows")
            if step.product is not None and step.product not in products:
                check.say(where, f"'{supplier.id}' has no capacity row for '{step.product}', so it is unlimited already; add one or drop the step")


def _spot(check: Checker) -> None:
    for i, spot in enumerate(check.scenario.spot):
        path = f"spot[{i}]"
        check.refer(f"{path}.product", "product", spot.product)
        check.series(f"{path}.price", spot.price)
        check.series(f"{path}.available", spot.available)
        check.unit(path, spot.unit, (spot.product,))
        total = sum(block.share for block in spot.blocks)
        if abs(total - 1) > PROBABILITY_TOLERANCE:
            check.say(f"{path}.blocks", f"the shares sum to {total:.6g}; they must sum to 1")
        for earlier, later in zip(spot.blocks, spot.blocks[1:], strict=False):
            if later.price_factor < earlier.price_factor:
                check.say(f"{path}.blocks", "a supply ladder rises: `price_factor` must not fall from block to block")
        _site_costs(check, f"{path}.delivery_cost", spot.delivery_cost, (spot.product,))


def _site_costs(check: Checker, path: str, rows: Sequence[object], products: Sequence[str]) -> None:
    seen: set[object] = set()
    for k, row in enumerate(rows):
        check.refer(f"{path}[{k}].site", "site", row.site)  # type: ignore[attr-defined]
        product = row.product  # type: ignore[attr-defined]
        check.refer(f"{path}[{k}].product", "product", product)
        if product is not None and product not in products:
            check.say(f"{path}[{k}].product", f"'{product}' is not delivered here; expected {_listed(products)}")
        check.unique(f"{path}[{k}]", (row.site, product), seen, "this site and product")  # type: ignore[attr-defined]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in list(names)[:8]) + (" ..." if len(names) > 8 else "")


def _offers(check: Checker) -> None:
    s = check.scenario
    order = {name: t for t, name in enumerate(check.periods)}
    for i, offer in enumerate(s.offers):
        path = f"offers[{i}]"
        check.refer(f"{path}.supplier", "supplier", offer.supplier)
        for k, product in enumerate(offer.products):
            check.refer(f"{path}.products[{k}]", "product", product)
        if len(set(offer.products)) != len(offer.products):
            check.say(f"{path}.products", "a product is listed twice")
        for k, site in enumerate(offer.sites or ()):
            check.refer(f"{path}.sites[{k}]", "site", site)
        if offer.sites is not None and not offer.sites:
            check.say(f"{path}.sites", "the offer delivers nowhere; list sites, or leave `sites` out for all")
        if offer.currency != s.currency:
            check.refer(f"{path}.currency", "currency", offer.currency)
        check.unit(path, offer.unit, offer.products)
        _window(check, path, offer, order)
        check.register("alternative", "alternatives", (x.id for x in offer.alternatives), prefix=f"{path}.")
        for k, alternative in enumerate(offer.alternatives):
            _alternative(check, f"{path}.alternatives[{k}]", offer, alternative)
        _site_costs(check, f"{path}.delivery_cost", offer.delivery_cost, offer.products)
        _clauses(check, path, offer)


def _window(check: Checker, path: str, offer: Offer, order: dict[str, int]) -> None:
    start = order.get(offer.window.start)
    if start is None:
        check.refer(f"{path}.window.start", "period", offer.window.start)
    elif start + offer.window.periods > len(order):
        check.say(
            f"{path}.window.periods",
            f"{offer.window.periods} periods from '{offer.window.start}' end after the last period '{check.periods[-1]}'; at most {len(order) - start}",
        )
    if offer.sign != "now":
        if offer.sign not in order:
            check.refer(f"{path}.sign", "period", offer.sign)
        elif start is not None and order[offer.sign] > start:
            check.say(f"{path}.sign", f"it would be signed in '{offer.sign}', after its window has started in '{offer.window.start}'")


def _alternative(check: Checker, path: str, offer: Offer, alternative: Alternative) -> None:
    for field, rows in (("price", alternative.price), ("volume_per_period", alternative.volume_per_period)):
        if not isinstance(rows, tuple):
            continue
        given = [row.product for row in rows]
        for k, product in enumerate(given):
            if product not in offer.products:
                check.say(f"{path}.{field}[{k}].product", f"'{product}' is not among the offer's products ({_listed(offer.products)})")
        if len(set(given)) != len(given):
            check.say(f"{path}.{field}", "a product is listed twice")
        missing = [product for product in offer.products if product not in given]
        if missing:
            check.say(f"{path}.{field}", f"nothing is given for {_listed(missing)}; every product of the offer needs a row")
    if isinstance(alternative.profile, ShapedProfile) and len(alternative.profile.shape) != offer.window.periods:
        check.say(f"{path}.profile.shape", f"has {len(alternative.profile.shape)} values, but the window has {offer.window.periods} periods")
    if isinstance(alternative.profile, ShapedProfile) and not any(alternative.profile.shape):
        check.say(f"{path}.profile.shape", "is 0 in every period, so nothing could be committed; give some period a share")


def _clauses(check: Checker, path: str, offer: Offer) -> None:
    kinds: set[object] = set()
    family = [c.kind for c in offer.clauses if isinstance(c, PRICE_FAMILY)]
    if len(set(family)) > 1:
        check.say(f"{path}.clauses", f"an offer has one price clause; found {_listed(family)}")
    for k, clause in enumerate(offer.clauses):
        where = f"{path}.clauses[{k}]"
        check.unique(where, clause.kind, kinds, f"the clause '{clause.kind}'")
        if isinstance(clause, IndexedPrice):
            check.refer(f"{where}.index", "index", clause.index)
        if isinstance(clause, AllUnitsTiers | IncrementalTiers):
            _tiers(check, f"{where}.tiers", clause.tiers, rising=isinstance(clause, AllUnitsTiers))
        if isinstance(clause, AllUnitsTiers) and any(isinstance(a.profile, ShapedProfile) for a in offer.alternatives):
            check.say(where, "all-units tiers need a flat or a free profile; with a shaped one no single volume sets the tier")


def _tiers(check: Checker, path: str, tiers: Sequence[Tier], rising: bool) -> None:
    if tiers[0].from_volume != 0:
        check.say(f"{path}[0].from_volume", f"the first tier starts at {tiers[0].from_volume:,g}; it must start at 0 (use discount 0 for a tier at full price)")
    for k, tier in enumerate(tiers):
        if tier.to_volume is not None and tier.to_volume <= tier.from_volume:
            check.say(f"{path}[{k}].to_volume", f"the tier ends at {tier.to_volume:,g}, not above its start {tier.from_volume:,g}")
    for k, (low, high) in enumerate(pairwise(tiers)):
        if low.to_volume is None or low.to_volume > high.from_volume:
            end = "has no upper end" if low.to_volume is None else f"ends at {low.to_volume:,g}"
            check.say(
                f"{path}[{k + 1}].from_volume",
                f"overlaps with the tier before it, which {end}, while this one starts at {high.from_volume:,g}; let each tier start where the one before ends",
            )
        elif low.to_volume < high.from_volume:
            check.say(f"{path}[{k + 1}].from_volume", f"leaves a gap: the tier before it ends at {low.to_volume:,g}, this one starts at {high.from_volume:,g}")
        if rising and high.discount < low.discount:
            check.say(
                f"{path}[{k + 1}].discount",
                f"the discount falls from {low.discount:g} to {high.discount:g}; with all-units tiers it must not fall as volume rises",
            )
    if tiers[-1].to_volume is not None:
        check.say(f"{path}[{len(tiers) - 1}].to_volume", "the last tier has no upper end; leave `to_volume` out (the alternative's max limits the volume)")


ADDS_VOLUMES = ("domestic_share", "supplier_share", "spot_share", "fill_rate", "shortage_cvar")
REFERENCES = (("supplier", "supplier"), ("product", "product"), ("site", "site"), ("offer", "offer"), ("needs", "offer"))


def _rules(check: Checker) -> None:
    offers = {offer.id: offer for offer in check.scenario.offers}
    units = sorted(set(check.units.values()))
    for i, rule in enumerate(check.scenario.rules):
        path = f"rules[{i}]"
        for field, what in REFERENCES:
            if hasattr(rule, field):
                check.refer(f"{path}.{field}", what, getattr(rule, field))
        if rule.kind in ADDS_VOLUMES and getattr(rule, "product", None) is None and len(units) > 1:
            check.say(f"{path}.product", f"without a `product` the rule would add up volumes in different units ({_listed(units)}); give a rule per product")
        listed: tuple[str, ...] = getattr(rule, "offers", ())
        for k, name in enumerate(listed):
            check.refer(f"{path}.offers[{k}]", "offer", name)
        if len(set(listed)) != len(listed):
            check.say(f"{path}.offers", "an offer is listed twice")
        if isinstance(rule, MeasuredRule):
            check.refer(f"{path}.period", "period", rule.period)
            if rule.in_ == "every_future" and rule.period is not None:
                check.say(f"{path}.in", 'with `period`, use "every_node"; "every_future" measures whole horizons')
        low, high = getattr(rule, "min", None), getattr(rule, "max", None)
        if low is not None and high is not None and low > high:
            check.say(f"{path}.min", f"`min` {low:g} is above `max` {high:g}")
        if rule.kind == "force" and rule.alternative is not None:
            offer = offers.get(rule.offer)
            if offer and rule.alternative not in {a.id for a in offer.alternatives}:
                check.say(f"{path}.alternative", f"offer '{rule.offer}' has no alternative '{rule.alternative}'")
            if not rule.signed:
                check.say(f"{path}.alternative", "with `signed: false` no alternative can be named")
        if rule.kind == "requires" and rule.offer == rule.needs:
            check.say(f"{path}.needs", "an offer can't require itself")


def _uncertainty(check: Checker) -> None:
    uncertainty = check.scenario.uncertainty
    if isinstance(uncertainty, Futures):
        _futures(check, uncertainty)
    elif isinstance(uncertainty, GivenTree):
        _tree(check, uncertainty)
    elif isinstance(uncertainty, Generated):
        check_generator(check, uncertainty)
    else:
        for i, spot in enumerate(check.scenario.spot):
            if spot.price is None:
                check.say(f"spot[{i}].price", f"nothing gives a price for '{spot.id}'; add `price`")


def _stress(check: Checker) -> None:
    if check.scenario.stress is not None:
        check_stress(check, check.scenario.stress)


def _futures(check: Checker, uncertainty: Futures) -> None:
    path = "uncertainty.futures"
    check.register("future", "uncertainty.futures", (f.id for f in uncertainty.futures))
    total = sum(f.probability for f in uncertainty.futures)
    if abs(total - 1) > PROBABILITY_TOLERANCE:
        check.say(path, f"the probabilities sum to {total:.6g}; they must sum to 1")
    costed = {(x.product, x.site) for x in check.scenario.shortage}
    for i, future in enumerate(uncertainty.futures):
        _overrides(check, f"{path}[{i}]", future, costed)
    check_branching(check, uncertainty.tree, len(uncertainty.futures))


def _tree(check: Checker, uncertainty: GivenTree) -> None:
    order = {name: t for t, name in enumerate(check.periods)}
    check.register("node", "uncertainty.nodes", (n.id for n in uncertainty.nodes))
    period: dict[str, int] = {}
    children: dict[str | None, float] = {}
    costed = {(x.product, x.site) for x in check.scenario.shortage}
    for i, node in enumerate(uncertainty.nodes):
        path = f"uncertainty.nodes[{i}]"
        known = check.refer(f"{path}.period", "period", node.period)
        if node.id == "now":
            check.say(f"{path}.id", "the id 'now' stands for the signing moment; call the node something else")
        if node.parent is not None and node.parent not in period:
            said = "comes later in the list; put parents before children" if node.parent in check.ids["node"] else "does not exist"
            check.say(f"{path}.parent", f"the parent '{node.parent}' {said}")
            continue
        expected = 0 if node.parent is None else period[node.parent] + 1
        if known and order[node.period] != expected:
            want = f"'{check.periods[expected]}'" if expected < len(order) else "none (the parent is in the last period)"
            check.say(f"{path}.period", f"is '{node.period}', but it follows {'signing' if node.parent is None else repr(node.parent)}; expected {want}")
        period[node.id] = expected
        children[node.parent] = children.get(node.parent, 0.0) + node.probability
        _overrides(check, path, node, costed)
    for parent, total in children.items():
        if abs(total - 1) > PROBABILITY_TOLERANCE:
            check.say(
                "uncertainty.nodes", f"the children of {repr(parent) if parent else 'signing'} have probabilities that sum to {total:.6g}; they must sum to 1"
            )
    for i, node in enumerate(uncertainty.nodes):
        if node.id in period and node.id not in children and period[node.id] < len(order) - 1:
            check.say(f"uncertainty.nodes[{i}]", f"'{node.id}' ends in '{node.period}', but every path must reach the last period '{check.periods[-1]}'")


OVERRIDES = {  # tables of futures and nodes: the field that is given, and what names a row
    "demand": ("volume", attrgetter("site", "product", "unit")),
    "spot_price": ("price", attrgetter("spot")),
    "spot_available": ("available", attrgetter("spot")),
    "spot_lead": ("lead_periods", attrgetter("spot")),
    "deliverability": ("share", attrgetter("offer", "supplier")),
    "lateness": ("weeks", attrgetter("offer", "supplier")),
}


def _overrides(check: Checker, path: str, given: Future | TreeNode, costed: set[tuple[str, str | None]]) -> None:
    """References, lengths and completeness of what a future or a node changes; `costed` are the (product, site or None) of the shortage table."""
    future = isinstance(given, Future)

    def series(where: str, values: object) -> None:
        if future and values is not None:
            check.series(where, values)  # type: ignore[arg-type]

    for field in ("demand_factor", "spot_price_factor", "spot_available_factor"):
        series(f"{path}.{field}", getattr(given, field))
    for table, (value, names) in OVERRIDES.items():
        rows, found = getattr(given, table), len(check.found)
        like = (table, *map(names, rows), *(len(getattr(row, value)) for row in rows if future))
        if like in check.sound:  # the tables of futures mostly differ in their values only, which these checks don't look at
            continue
        seen: set[object] = set()
        for k, row in enumerate(rows):
            where = f"{path}.{table}[{k}]"
            series(f"{where}.{value}", getattr(row, value))
            if table == "demand":
                known = check.refer(f"{where}.site", "site", row.site) and check.refer(f"{where}.product", "product", row.product)
                check.unit(where, row.unit, (row.product,))
                if known and not costed & {(row.product, row.site), (row.product, None)}:
                    check.say(where, f"no row in `shortage` says what a shortage of '{row.product}' at '{row.site}' costs; add one")
                key: object = (row.site, row.product)
            elif table.startswith("spot"):
                check.refer(f"{where}.spot", "spot market", row.spot)
                key = row.spot
            else:
                check.refer(f"{where}.offer", "offer", row.offer)
                check.refer(f"{where}.supplier", "supplier", row.supplier)
                if (row.offer is None) == (row.supplier is None):
                    check.say(where, "name an `offer` or a `supplier`, one of them")
                key = (row.offer, row.supplier)
            check.unique(where, key, seen, "the same thing")
        if len(check.found) == found:
            check.sound.add(like)
    for field, what in (("index", "index"), ("fx", "currency")):
        for name, values in getattr(given, field).items():
            check.refer(f"{path}.{field}.{name}", what, name)
            series(f"{path}.{field}.{name}", values)
    priced = {row.spot for row in given.spot_price}
    for spot in check.scenario.spot:
        if spot.price is None and spot.id not in priced:
            check.say(f"{path}.spot_price", f"no price for spot market '{spot.id}', which has no base price; add a row here or a base price there")
