"""What can be negotiated about an offer, and an offer with some of it moved.

Every clause declares its levers; price, volumes and the length of the contract belong to the offer itself:

    price          headline price per unit; the offer's other prices move in proportion
    volume         committed volume per period, fixed: nothing more, nothing less can be signed
    volume.min, volume.max   least and most that can be committed per period
    window.periods length of the contract in periods
    <clause>.<field>         a clause's own lever, for instance take_or_pay.fraction

A lever of a clause that an offer doesn't have adds the clause at its inert defaults, where it has defaults for everything.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import ValidationError

from models.clauses import CLAUSES, Tier
from models.errors import Finding, InvalidScenario
from models.negotiation import LeverLine, Levers, Package
from models.offer import Alternative, Offer
from models.scenario import Scenario
from models.uncertainty import Certain
from optimizer.clauses import clauses_of
from optimizer.clauses.base import Lever
from scenarios.files import parse_document

PRICE, VOLUME, LEAST, MOST, PERIODS = "price", "volume", "volume.min", "volume.max", "window.periods"
VOLUMES = (VOLUME, LEAST, MOST)
STEPS = 0.05  # step of price and volumes, relative to where they stand
CENT = 0.01  # step of price
DECIMALS = 9  # to which terms are read: what is finer is rounding, and no solver could tell it from nothing
HIGHEST = 1e12
MOST_TIERS = 50

_PART = re.compile(r"([a-z_]+)\[(\d+)\]")


@dataclass(frozen=True)
class Headline:
    """The price that stands for an offer's prices."""

    price: float
    currency: str
    unit: str  # of the product it is for

    @property
    def per(self) -> str:
        """`USD per km`."""
        return f"{self.currency} per {self.unit}"


TITLES = {PRICE: "price", VOLUME: "committed volume", LEAST: "least volume", MOST: "most volume", PERIODS: "length of the contract"}


@dataclass(frozen=True)
class LeverWords:
    """How a lever is spoken of."""

    title: str
    unit: str

    def value(self, value: float) -> str:
        """A value as people say it: shares in per cent."""
        share = self.unit.startswith(("share", "relative")) or self.unit == "per year"
        return f"{100 * value:,.6g} %" if share else f"{value:,.6g}"


@cache
def lever_words(lever: str) -> LeverWords:
    """How a lever is spoken of, whatever offer it belongs to; its name with blanks if no clause knows it."""
    kind, _, field = lever.partition(".")
    document = _document(kind)
    if lever in TITLES or document is None:
        return LeverWords(TITLES.get(lever, lever.replace("_", " ").replace(".", ": ")), "")
    some = document.model_construct(kind=kind, tiers=(Tier.model_construct(from_volume=0.0),) * MOST_TIERS)  # levers don't look at anything else
    found = next((x for c in clauses_of((some,)) if c.terms.kind == kind for x in c.levers() if x.name == field), None)
    return LeverWords(lever.replace("_", " ").replace(".", ": "), "") if found is None else LeverWords(found.title, found.unit)


def _document(kind: str) -> Any:
    """The document of a clause."""
    return next((c for c in CLAUSES if c.model_fields["kind"].annotation.__args__[0] == kind), None)  # type: ignore[union-attr]


def offer_named(scenario: Scenario, offer: str) -> Offer:
    """The offer with this id. Raises InvalidScenario with the ids there are."""
    for found in scenario.offers:
        if found.id == offer:
            return found
    known = ", ".join(x.id for x in scenario.offers) or "none"
    raise refused("offer", f"there is no offer '{offer}' in scenario '{scenario.name}'; its offers are: {known}")


def headline(scenario: Scenario, package: Package) -> Headline:
    """Headline price of an offer as it stands, whatever price the package names."""
    offer = offer_named(scenario, package.offer)
    unit = next(x.unit for x in scenario.products if x.id == offer.products[0])
    return Headline(_price(_alternatives(offer, package)[0], offer.products[0]), offer.currency or scenario.currency, unit)


def price_of(scenario: Scenario, package: Package) -> float:
    """The package's headline price."""
    return headline(scenario, package).price if package.price is None else package.price


def levers_of(scenario: Scenario, offer: str) -> Levers:
    """Every lever of an offer."""
    found = offer_named(scenario, offer)
    return Levers(offer=offer, supplier=found.supplier, levers=tuple(_lines(scenario, found)))


def with_package(scenario: Scenario, package: Package) -> Scenario:
    """The scenario with the package in place of its offer. Raises InvalidScenario with the path of what can't be."""
    return with_offer(scenario, packaged(scenario, package))


def as_offered(package: Package) -> bool:
    """Whether a package is its offer as it stands."""
    return package == Package(offer=package.offer)


def with_offer(scenario: Scenario, offer: Offer) -> Scenario:
    """The scenario with an offer in place of the one with its id."""
    return scenario.model_copy(update={"offers": tuple(offer if x.id == offer.id else x for x in scenario.offers)})


def allowed(scenario: Scenario, package: Package) -> bool:
    """Whether an offer can have a package's terms."""
    try:
        packaged(scenario, package)
    except InvalidScenario:
        return False
    return True


def packaged(scenario: Scenario, package: Package) -> Offer:
    """The offer with the package's terms. Raises InvalidScenario with the path of what can't be."""
    offer = packaged_among_others(scenario, package)
    chosen = {a.id for a in _alternatives(offer, package)}
    return offer.model_copy(update={"alternatives": tuple(a for a in offer.alternatives if a.id in chosen)})


def packaged_among_others(scenario: Scenario, package: Package) -> Offer:
    """The same with the alternatives that are not negotiated left in it, as offered."""
    offer = offer_named(scenario, package.offer)
    data = offer.model_dump(mode="json")
    chosen = {a.id for a in _alternatives(offer, package)}
    moved = [x for x in data["alternatives"] if x["id"] in chosen]
    now = headline(scenario, package)
    if package.price is not None:
        if now.price == 0.0 and package.price != 0.0:
            raise refused("price", f"the headline price of '{offer.id}' is 0, so that its prices can't move in proportion")
        _scale(moved, package.price / now.price if now.price else 1.0)
    for name, given in package.terms.items():
        value = round(given, DECIMALS)
        if name in VOLUMES:
            _move_volume(moved, name, value, offer)
        elif name == PERIODS:
            _move_periods(data, value)
        else:
            _move_clause(data, name, value, offer)
    return _checked(scenario, data, package)


def value_of(offer: Offer, lever: str) -> float | None:
    """Where a lever of an offer stands; None where the offer has no single value for it."""
    if lever in VOLUMES:
        ranges = [r for a in offer.alternatives for r in (a.volume_per_period if isinstance(a.volume_per_period, tuple) else (a.volume_per_period,))]
        found = {(r.min, r.max) for r in ranges}
        if len(found) != 1:
            return None
        low, high = found.pop()
        return {LEAST: low, MOST: high, VOLUME: high if low == high else None}[lever]
    if lever == PERIODS:
        return float(offer.window.periods)
    kind, _, field = lever.partition(".")
    clause = next((c for c in offer.clauses if c.kind == kind), None)
    at: Any = None if clause is None else clause.model_dump(mode="json")
    for part in field.split(".") if at is not None else ():
        match = _PART.fullmatch(part)
        at = at.get(match[1] if match else part) if isinstance(at, dict) else None
        if match:
            at = at[int(match[2])] if isinstance(at, list) and int(match[2]) < len(at) else None
    return float(at) if isinstance(at, int | float) else None


def _lines(scenario: Scenario, offer: Offer) -> list[LeverLine]:
    package = Package(offer=offer.id)
    top = headline(scenario, package)
    lines = [_line(PRICE, top.per, top.price, 0.0, HIGHEST, CENT * top.price, "lower")] if top.price else []
    unit = f"{top.unit} per period"
    low, high = value_of(offer, LEAST), value_of(offer, MOST)
    if low is not None and high is not None and high > 0:
        step = STEPS * high
        lines += [_line(LEAST, unit, low, 0.0, high, step, "lower"), _line(MOST, unit, high, low, HIGHEST, step, "higher")]
    for clause in clauses_of(offer.clauses):
        for lever in clause.levers():
            name = f"{clause.terms.kind}.{lever.name}"
            value = value_of(offer, name)
            if value is not None:
                lines.append(_line(name, lever.unit, value, lever.low, lever.high, _step(lever, value), lever.buyer_prefers))
    return lines


def _step(lever: Lever, value: float) -> float:
    """A step that is felt: of money and volumes STEPS of where they stand, to two digits, because nobody knows in which currency they are."""
    if lever.high <= 1.0 or value == 0.0:
        return lever.step
    return float(f"{STEPS * abs(value):.2g}")


def _line(lever: str, unit: str, value: float, low: float, high: float, step: float, prefers: str) -> LeverLine:
    return LeverLine.model_validate(
        {
            "lever": lever,
            "title": lever_words(lever).title,
            "unit": unit,
            "value": value,
            "low": min(low, value),
            "high": max(high, value),
            "step": step,
            "buyer_prefers": prefers,
        }
    )


def _alternatives(offer: Offer, package: Package) -> tuple[Alternative, ...]:
    if package.alternative is None:
        return offer.alternatives
    found = tuple(a for a in offer.alternatives if a.id == package.alternative)
    if not found:
        known = ", ".join(a.id for a in offer.alternatives)
        raise refused("alternative", f"offer '{offer.id}' has no alternative '{package.alternative}'; it has: {known}")
    return found


def _price(alternative: Alternative, product: str) -> float:
    if isinstance(alternative.price, tuple):
        return next(x.price for x in alternative.price if x.product == product)
    return alternative.price


def _scale(alternatives: list[dict[str, Any]], factor: float) -> None:
    for alternative in alternatives:
        if isinstance(alternative["price"], list):
            for row in alternative["price"]:
                row["price"] *= factor
        else:
            alternative["price"] *= factor


def _move_volume(alternatives: list[dict[str, Any]], name: str, value: float, offer: Offer) -> None:
    ranges = [r for a in alternatives for r in (a["volume_per_period"] if isinstance(a["volume_per_period"], list) else [a["volume_per_period"]])]
    if len({(r["min"], r["max"]) for r in ranges}) > 1:
        raise refused(f"terms.{name}", f"offer '{offer.id}' has several volume ranges; name one `alternative`, or negotiate a clause instead")
    for row in ranges:
        row.update({LEAST: {"min": value}, MOST: {"max": value}}.get(name, {"min": value, "max": value}))


def _move_periods(data: dict[str, Any], value: float) -> None:
    if value != int(value) or value < 1:
        raise refused(f"terms.{PERIODS}", f"{value:g} is not a whole number of periods")
    data["window"]["periods"] = int(value)
    for alternative in data["alternatives"]:
        if alternative["profile"]["kind"] == "shaped":
            shape = alternative["profile"]["shape"]
            alternative["profile"]["shape"] = [*shape, *[shape[-1]] * int(value)][: int(value)]


def _move_clause(data: dict[str, Any], name: str, value: float, offer: Offer) -> None:
    kind, _, field = name.partition(".")
    document = _document(kind)
    if document is None or not field:
        raise refused(f"terms.{name}", f"there is no such lever; `levers` lists those of offer '{offer.id}'")
    clause = next((c for c in data["clauses"] if c["kind"] == kind), None)
    if clause is None:
        clause = {"kind": kind}
        data["clauses"].append(clause)
    try:
        at = next((c for c in offer.clauses if c.kind == kind), None) or document.model_validate({"kind": kind})
    except ValidationError:
        raise refused(f"terms.{name}", f"offer '{offer.id}' has no clause {kind}, and it can't be added by one number") from None
    lever = next((x for x in _clause_levers(at) if x.name == field), None)
    if lever is None:
        known = ", ".join(f"{kind}.{x.name}" for x in _clause_levers(at))
        raise refused(f"terms.{name}", f"clause {kind} has no lever '{field}'; it has: {known}")
    stands = value_of(offer, name)
    low, high = (min(lever.low, lever.low if stands is None else stands), max(lever.high, lever.high if stands is None else stands))
    if not low <= value <= high:
        raise refused(f"terms.{name}", f"{value:g} is outside the lever's range, {low:g} to {high:g}")
    parts = field.split(".")
    target: Any = clause
    for part in parts[:-1]:
        match = _PART.fullmatch(part)
        target = target[match[1]][int(match[2])] if match else target[part]
    target[parts[-1]] = value


def _clause_levers(clause: Any) -> tuple[Lever, ...]:
    """Levers of one clause that are fields of its document."""
    found = next(c for c in clauses_of((clause,)) if c.terms.kind == clause.kind)
    return tuple(x for x in found.levers() if x.name.split("[")[0].split(".")[0] in type(clause).model_fields)


def _checked(scenario: Scenario, data: dict[str, Any], package: Package) -> Offer:
    """The offer from its data, with everything that a scenario checks about an offer."""
    shell = scenario.model_copy(update={"offers": (), "rules": (), "uncertainty": Certain(), "stress": None, "frontier": None})
    raw = json.dumps({**shell.model_dump(mode="json"), "offers": [data]}).encode()
    with suppress(ValidationError):  # nobody has to look for fields that appear twice
        return Scenario.model_validate_json(raw).offers[0]
    try:
        return parse_document(raw, Scenario, "scenario").offers[0]
    except InvalidScenario as error:
        moved = ", ".join(f"{k} = {v:g}" for k, v in package.terms.items()) or "its price"
        said = dict.fromkeys(f"{x.message} (with {moved})" for x in error.findings)
        raise InvalidScenario([Finding("terms", message) for message in said], "package") from None


def refused(path: str, message: str) -> InvalidScenario:
    """A package that can't be used, with the reason."""
    return InvalidScenario([Finding(path, message)], "package")
