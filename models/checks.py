"""What must be true across the tables of a scenario. Every check adds findings; none stops the others.

`findings(scenario)` is called by `Scenario` itself, so a scenario that exists has passed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from models.checker import PROBABILITY_TOLERANCE, Checker, check_site_costs, listed
from models.errors import Finding
from models.offer_checks import check_offers
from models.rules.base import MeasuredRule
from models.rules.switching_cost import SwitchingCost
from models.stress_checks import check_stress
from models.uncertainty_checks import check_uncertainty

if TYPE_CHECKING:
    from models.scenario import Scenario


def findings(scenario: Scenario) -> list[Finding]:
    """Everything wrong across the tables of `scenario`."""
    check = Checker(scenario)
    steps: tuple[Callable[[Checker], None], ...] = (_ids, _tables, _suppliers, _spot, check_offers, _rules, check_uncertainty, _stress)
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
    seen: set[object] = set()
    for i, tariff in enumerate(s.tariffs):
        check.series(f"tariffs[{i}].rate", tariff.rate)
        check.unique(f"tariffs[{i}]", tariff.origin, seen, f"origin '{tariff.origin}'")
        _origin(check, f"tariffs[{i}].origin", tariff.origin)


def _origin(check: Checker, path: str, origin: str) -> None:
    """An origin that some supplier or spot market has."""
    known = sorted(({x.origin for x in check.scenario.suppliers} | {x.origin for x in check.scenario.spot}) - {""})
    if origin not in known:
        check.say(path, f"no supplier and no spot market has the origin '{origin}' ({listed(known) or 'none has one'})")


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
        check_site_costs(check, f"{path}.delivery_cost", spot.delivery_cost, (spot.product,))


ADDS_VOLUMES = (
    "domestic_share",
    "origin_share",
    "supplier_share",
    "spot_share",
    "fill_rate",
    "shortage_cvar",
    "shortage_probability",
    "smallest_share",
    "switching_cost",
)
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
            check.say(f"{path}.product", f"without a `product` the rule would add up volumes in different units ({listed(units)}); give a rule per product")
        if rule.kind == "fill_rate" and rule.service_class not in (None, *(x.service_class for x in check.scenario.sites)):
            known = listed(sorted({x.service_class for x in check.scenario.sites} - {""})) or "none has a class"
            check.say(f"{path}.service_class", f"no site is of class '{rule.service_class}' ({known})")
        if rule.kind == "origin_share":
            _origin(check, f"{path}.origin", rule.origin)
        if isinstance(rule, SwitchingCost):
            _switching(check, path, rule)
        named: tuple[str, ...] = getattr(rule, "offers", ())
        for k, name in enumerate(named):
            check.refer(f"{path}.offers[{k}]", "offer", name)
        if len(set(named)) != len(named):
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


def _switching(check: Checker, path: str, rule: SwitchingCost) -> None:
    for k, name in enumerate(rule.incumbents):
        check.refer(f"{path}.incumbents[{k}]", "supplier", name)
    if len(set(rule.incumbents)) != len(rule.incumbents):
        check.say(f"{path}.incumbents", "a supplier is listed twice")
    if rule.volume:
        check.series(f"{path}.volume", rule.volume)


def _stress(check: Checker) -> None:
    if check.scenario.stress is not None:
        check_stress(check, check.scenario.stress)
