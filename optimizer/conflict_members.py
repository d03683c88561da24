"""What can take part in a contradiction: hard rules and limits in the data, each with a name, a value, and the value at which it restricts nothing.

    value(theta) = value + way x scale x theta,   0 <= theta <= most      price of a change: theta

A share has scale 1, a limit the scale of its own size, so that prices compare. A decision (force, requires, exclusive, all_or_none) can only be dropped,
for a price of 1. Demand is no member: what is asked for is given, and how much of it must be met is said by rules.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from models.offer import VolumeRange
from models.rules import (
    Budget,
    DomesticShare,
    FillRate,
    PrepaidExposure,
    Rule,
    ShortageCvar,
    ShortageProbability,
    SpotShare,
    SupplierCount,
    SupplierShare,
    SupplierSpend,
)  # fmt: skip
from models.scenario import Scenario
from optimizer.instance import Instance
from optimizer.rules import rule_of
from optimizer.wording import number
from scenarios.files import dump_scenario, scenario_from

ROOM = 10.0  # times what is needed or stands there: a limit lifted so far restricts nothing
FLOOR = 0.01  # of all that is needed: the scale of a limit that is smaller
FAR = 1e9  # times its own size: no limit of a rule need be raised farther
MOST_MONEY, MOST_VOLUME, MOST_SUPPLIERS = 1e15, 1e12, 1_000  # what documents may hold

Owner = tuple[str | int, ...]  # to whom a row or column of the model belongs
Pointer = tuple[str | int, ...]
Document = dict[str, Any]


@dataclass(frozen=True)
class Member:
    """A rule's demand or a limit in the data."""

    owner: Owner
    pointer: Pointer  # of the number, or of the rule that a decision is
    label: str  # what the number is called: the 2028 budget
    text: str
    unit: str
    value: float = 0.0
    way: int = 0  # +1: relaxed by raising the value, -1: by lowering it, 0: by dropping the whole
    scale: float = 1.0
    most: float = 1.0  # largest theta
    whole: bool = False  # moves in whole steps of the value
    share: bool = False

    @property
    def path(self) -> str:
        """Where it stands, as findings write it."""
        return "".join(f"[{x}]" if isinstance(x, int) else f".{x}" for x in self.pointer).lstrip(".")

    @property
    def is_rule(self) -> bool:
        return self.pointer[0] == "rules"

    def at(self, theta: float) -> float:
        """The value after a change of price theta."""
        return self.value + self.way * self.scale * theta


def members_of(instance: Instance) -> list[Member]:
    """Every member of a scenario: hard rules first, then the data's limits."""
    need = max(float(instance.remaining.max(initial=0.0)), 1.0)
    return [*_rules(instance, need), *_data(instance, need)]


# --- Rules --------------------------------------------------------------------------------------------------------------------------------------


def _rules(instance: Instance, need: float) -> Iterator[Member]:
    for i, rule in enumerate(instance.rules):
        if rule.violation_price is None:
            yield from _rule(instance, need, i, rule)


def _rule(instance: Instance, need: float, i: int, rule: Rule) -> Iterator[Member]:
    said = rule_of(rule).explain()
    text = f"{rule.name}: {said}" if rule.name else said

    def limit(field: str, way: int, most: float, scale: float, unit: str, label: str, *, whole: bool = False, share: bool = False) -> Member:
        parts = ((word, getattr(rule, field, None)) for word, field in (("for", "product"), ("at", "site"), ("for class", "service_class"), ("in", "period")))
        called = " ".join([f"the {label}", *(f"{word} {part}" for word, part in parts if part)]) + (f" ({rule.name})" if rule.name else "")
        value = float(getattr(rule, field))
        return Member(("rule", i, field), ("rules", i, field), called, text, unit, value, way, scale, most, whole, share)

    match rule:
        case DomesticShare():
            yield limit("min", -1, rule.min, 1.0, "%", "domestic share", share=True)
        case FillRate():
            yield limit("min", -1, rule.min, 1.0, "%", "fill rate", share=True)
        case SpotShare():
            yield limit("max", +1, 1.0 - rule.max, 1.0, "%", "most that may be bought on the spot market", share=True)
        case SupplierShare():
            if rule.min > 0:
                yield limit("min", -1, rule.min, 1.0, "%", f"least share of {rule.supplier}", share=True)
            if rule.max < 1:
                yield limit("max", +1, 1.0 - rule.max, 1.0, "%", f"largest share of {rule.supplier}", share=True)
        case ShortageProbability():
            yield limit("max", +1, 1.0 - rule.max, 1.0, "%", "probability of a shortage that is borne", share=True)
        case Budget() | PrepaidExposure() | SupplierSpend():
            who = "" if isinstance(rule, Budget) else rule.supplier or "a supplier"
            label = {"budget": "budget", "prepaid_exposure": f"most that may lie prepaid with {who}"}.get(rule.kind, f"most that may be paid to {who}")
            scale = rule.max or 1.0
            yield limit("max", +1, min(FAR, (MOST_MONEY - rule.max) / scale), scale, instance.scenario.currency, label)
        case ShortageCvar():
            scale = max(rule.max, FLOOR * need)
            yield limit("max", +1, min(FAR, (MOST_VOLUME - rule.max) / scale), scale, "units", "ceiling on the worst shortage")
        case SupplierCount():
            if rule.min > 0:
                yield limit("min", -1, 1.0, float(rule.min), "suppliers", "number of suppliers needed", whole=True)
            if rule.max is not None:
                scale = float(max(rule.max, 1))
                yield limit("max", +1, (MOST_SUPPLIERS - rule.max) / scale, scale, "suppliers", "most suppliers allowed", whole=True)
        case _:
            yield Member(("rule", i, ""), ("rules", i), f"the rule {rule.name or rule.kind}", text, "")


# --- Data ---------------------------------------------------------------------------------------------------------------------------------------


def _data(instance: Instance, need: float) -> Iterator[Member]:
    scenario = instance.scenario
    periods, units = scenario.period_ids, {x.id: x.unit for x in scenario.products}

    def limit(owner: Owner, pointer: Pointer, value: float, label: str, text: str, product: str) -> Member:
        scale = max(value, FLOOR * need)
        most = min(max(ROOM * value, ROOM * need), MOST_VOLUME - value) / scale
        return Member(owner, pointer, label, text, units[product], value, +1, scale, most)

    index = {x.id: p for p, x in enumerate(scenario.products)}
    places = {x.id: s for s, x in enumerate(scenario.sites)}
    for k, supplier in enumerate(scenario.suppliers):
        for r, row in enumerate(supplier.capacity):
            for t, volume in enumerate(row.volume):
                label = f"the capacity of {supplier.name or supplier.id} for {row.product} in {periods[t]}"
                text = f"{supplier.name or supplier.id} can deliver at most {number(volume)} {units[row.product]} of {row.product} in {periods[t]}."
                yield limit(("capacity", k, index[row.product], t), ("suppliers", k, "capacity", r, "volume", t), volume, label, text, row.product)
    for m, spot in enumerate(scenario.spot):
        for t, volume in enumerate(spot.available):
            if volume > 0:  # where nothing is on offer there is no column to relax
                label = f"what {spot.name or spot.id} has on offer in {periods[t]}"
                text = f"{spot.name or spot.id} has {number(volume)} {units[spot.product]} on offer in {periods[t]}."
                yield limit(("spot", m, t), ("spot", m, "available", t), volume, label, text, spot.product)
    for i, x in enumerate(scenario.storage):
        where = f"{x.product} at {x.site}"
        if x.capacity is not None:
            text = f"At most {number(x.capacity)} {units[x.product]} of {where} can be stored."
            yield limit(("storage", index[x.product], places[x.site]), ("storage", i, "capacity"), x.capacity, f"the storage of {where}", text, x.product)
        if x.capacity is not None and x.initial >= x.capacity:
            continue
        text = f"The opening stock of {where} is {number(x.initial)} {units[x.product]}."
        stock = limit(("initial", index[x.product], places[x.site]), ("storage", i, "initial"), x.initial, f"the opening stock of {where}", text, x.product)
        yield stock if x.capacity is None else replace(stock, most=(x.capacity - x.initial) / stock.scale)
    for r, lane in enumerate(scenario.transfers):
        if lane.capacity is not None:
            what = f"{lane.product} can be moved from {lane.from_site} to {lane.to_site} in a period"
            text = f"At most {number(lane.capacity)} {units[lane.product]} of {what}."
            yield limit(("lane", r), ("transfers", r, "capacity"), lane.capacity, f"how much {what}", text, lane.product)
    for o, offer in enumerate(scenario.offers):
        yield from _offer(o, offer, units, limit)


def _offer(o: int, offer: Any, units: dict[str, str], limit: Callable[..., Member]) -> Iterator[Member]:
    """Limits of one offer. Tiers cut its range into alternatives of their own, which can't be widened row by row."""
    called = offer.name or offer.id
    tiered = any(clause.kind in ("all_units_tiers", "incremental_tiers") for clause in offer.clauses)
    for j, alternative in enumerate(() if tiered else offer.alternatives):
        volume = alternative.volume_per_period
        which = f" ({alternative.id})" if len(offer.alternatives) > 1 else ""
        ranges: Iterable[tuple[Pointer, str, VolumeRange]] = (
            [(("volume_per_period", i), x.product, x) for i, x in enumerate(volume)]
            if isinstance(volume, tuple)
            else [(("volume_per_period",), offer.products[0], volume)]
        )
        for at, product, span in ranges:
            local = -1 if len(at) == 1 else offer.products.index(product)
            base: Pointer = ("offers", o, "alternatives", j, *at)
            unit = units[product]
            text = f"{called}{which} offers at most {number(span.max)} {unit} per period."
            yield limit(("high", o, j, local), (*base, "max"), span.max, f"the most that {called}{which} offers per period", text, product)
            if span.min > 0:
                text = f"{called}{which}, if signed, commits at least {number(span.min)} {unit} per period."
                yield Member(("low", o, j, local), (*base, "min"), f"the least commitment of {called}{which}", text, unit, span.min, -1, span.min)
    for c, clause in enumerate(offer.clauses):
        place: Pointer = ("offers", o, "clauses", c)
        unit = units[offer.products[0]]
        if clause.kind == "minimum_order" and clause.volume > 0:
            text = f"{called} delivers nothing in a period, or at least {number(clause.volume)} {unit}."
            yield Member(("least", o), (*place, "volume"), f"the minimum order of {called}", text, unit, clause.volume, -1, clause.volume)
        if clause.kind == "requirements" and clause.share > 0:
            text = f"{called}, if signed, must cover at least {100 * clause.share:g} % of what is needed."
            label = f"the share of the need that {called} must cover"
            yield Member(("need", o), (*place, "share"), label, text, "%", clause.share, -1, 1.0, clause.share, share=True)
        if clause.kind == "volume_band" and clause.down < 1:
            text = f"{called}, if signed, must be taken to at least {100 * (1 - clause.down):g} % of the committed volume."
            yield Member(
                ("band", o),
                (*place, "down"),
                f"how far takes from {called} may fall below the commitment",
                text,
                "%",
                clause.down,
                +1,
                1.0,
                1.0 - clause.down,
                share=True,
            )


# --- The scenario with members changed ----------------------------------------------------------------------------------------------------------


def changed(scenario: Scenario, values: Iterable[tuple[Member, float | None]]) -> Scenario:
    """The scenario with members at other values; None drops a decision, and a rule as a whole."""
    return patched(scenario, patch_of(values))


def patched(scenario: Scenario, patch: Iterable[Document]) -> Scenario:
    """The scenario with a JSON Patch made here applied: `add`, `replace` and `remove`."""
    data = json.loads(dump_scenario(scenario))
    for operation in patch:
        _applied(data, operation)
    return scenario_from(data)


def patch_of(values: Iterable[tuple[Member, float | None]]) -> list[Document]:
    """The same as a JSON Patch: numbers first, then what is removed, from the end so that places stay what they are."""
    replaced: list[Document] = []
    removed: set[Pointer] = set()
    for member, value in values:
        if value is None:
            removed.add(member.pointer[:2])
        else:
            inside = isinstance(member.pointer[-1], int)  # of a list; a field of an object is added, because it may be left out where it stands at its default
            path = _pointed(member.pointer)
            replaced.append({"op": "replace" if inside else "add", "path": path, "value": round(value) if member.whole else value})
    return replaced + [{"op": "remove", "path": _pointed(x)} for x in sorted(removed, key=lambda x: int(x[1]), reverse=True)]


def _pointed(pointer: Pointer) -> str:
    return "".join(f"/{x}" for x in pointer)


def _applied(data: Any, operation: Document) -> None:
    *way, last = [int(x) if x.isdigit() else x for x in operation["path"].split("/")[1:]]
    for step in way:
        data = data[step]
    if operation["op"] == "remove":
        del data[last]
    else:
        data[last] = operation["value"]
