"""What the negotiation desk finds out, as sentences, tables and a page: the same for a terminal, a file and the service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from models.bargain import Bargain, CounterOffer, EquivalentPackages, Zone, ZoneLine
from models.negotiation import Interval, LedgerLine, Levers, OfferLedger, Package, PriceVolumeCurve, TermLedger, WalkAway
from models.questions import Brief, OfferLevers
from models.replay import Replay
from models.scenario import Scenario
from models.session import Session
from models.why import Why
from optimizer.negotiation.levers import lever_words
from optimizer.report_ledger_charts import curve_chart, curve_title, span, terms_text, tornado, value_text, words, zone_chart
from optimizer.report_plotly import Chart
from optimizer.report_replay import replay_parts, replay_rows
from optimizer.report_session import session_parts
from optimizer.report_tables import Column, Table
from optimizer.report_why import why_parts, why_rows

Found = OfferLevers | TermLedger | WalkAway | PriceVolumeCurve | Zone | Bargain | CounterOffer | EquivalentPackages | Brief | Session | Why | Replay
SAID = 5  # steps of an offer that are also said in words
SOLUTIONS = {"nash": "Nash", "kalai_smorodinsky": "Kalai-Smorodinsky", "egalitarian": "Equal gains", "utilitarian": "Largest sum"}
LOOKED_AHEAD = "Money is present value, risk included, of the whole portfolio. What is said of the supplier is an estimate."
LOOKED_BACK = "What is owed is nominal, in the contract's currency; what is still to come is present value at signing."
MEANS = {"none": "as they are", "lotteries": "with lots drawn", "side payments": "with money on top"}


@dataclass(frozen=True)
class Told:
    """One part of an answer."""

    heading: str
    sentences: Sequence[str] = ()
    tables: Sequence[Table] = ()
    charts: Sequence[Chart] = ()


def told(found: Found, scenario: Scenario | None = None) -> tuple[Told, ...]:
    """An answer in parts, top to bottom."""
    currency = "" if scenario is None else scenario.currency
    match found:
        case OfferLevers() | TermLedger() if not found.offers:
            return (Told("What can be negotiated", ("The scenario has no offers, so there is nothing to negotiate.",)),)
        case OfferLevers():
            return tuple(Told(f"What can be negotiated: {x.offer}", (), (_levers(x),)) for x in found.offers)
        case TermLedger():
            return tuple(_ledger(x, found.currency) for x in found.offers)
        case WalkAway():
            return (_walk_away(found, currency or found.currency),)
        case PriceVolumeCurve():
            return (_curve(found, currency or found.currency),)
        case Zone():
            return (_zone(found),)
        case Bargain():
            return (_bargain(found),)
        case CounterOffer():
            return (_counter(found),)
        case EquivalentPackages():
            return (_packages(found),)
        case Brief():
            return tuple(_brief(found))
        case Session():
            return (Told(*session_parts(found)),)
        case Why():
            return tuple(Told(*part) for part in why_parts(found))
        case Replay():
            return tuple(Told(*part) for part in replay_parts(found))


def _term(title: str, unit: str, currency: str) -> str:
    """A term with its unit, money in the currency of the offer, which need not be the scenario's."""
    return words(title, currency + unit.removeprefix("money") if unit.startswith("money ") else unit)


def _levers(found: Levers) -> Table:
    currency = next((x.unit.partition(" per ")[0] for x in found.levers if x.lever == "price"), "money")
    columns = (Column("Term"), Column("Stands at"), Column("From"), Column("To"), Column("Step"), Column("We prefer"))
    rows = [
        (
            f"{x.title} ({x.unit})" if x.lever == "price" else _term(x.title, x.unit, currency),
            *(value_text(v, x.unit) for v in (x.value, x.low, x.high, x.step)),
            x.buyer_prefers,
        )
        for x in found.levers
    ]
    return Table(f"Terms of {found.offer}, supplier {found.supplier}", columns, rows, empty="Nothing: the offer has no term that is one number.")


def _ledger(found: OfferLedger, currency: str) -> Told:
    head = f"What terms are worth: {found.offer}"
    if found.signed is None:
        return Told(head, ("No plan that signs it as it stands keeps the hard rules, so that its terms can't be valued.",))
    columns = (Column("Step of"), Column("From"), Column("To"), Column(f"Worth, {currency}", "range"), Column(f"On the price, {found.price_unit}", "range"))
    note = "Positive: the step helps us. The price is what we could pay more for it, and cost is what it was; a dash: no price makes up for it."
    price = span(Interval(lower=found.headline_price, upper=found.headline_price))[0]
    lines = [_line(x, found.price_unit.partition(" per ")[0]) for x in found.lines]
    tables = [Table(f"Steps of {found.offer} as offered, at {price:,.6g} {found.price_unit}", columns, lines, note=note)]
    if found.pairs:
        paired = [(lever_words(x.first).title, lever_words(x.second).title, span(x.together), span(x.sum_of_each)) for x in found.pairs]
        heads = (Column("One step of"), Column("and one of"), Column(f"Together, {currency}", "range"), Column("Sum of each alone", "range"))
        tables.append(Table("Steps two by two", heads, paired))
    if found.shares:
        shares = [(lever_words(x.lever).title, x.worth) for x in found.shares]
        tables.append(Table("Shares of the package's worth", (Column("Term"), Column(f"Share, {currency}", "money")), shares))
    chart = tornado(found, currency)
    return Told(head, [x.sentence for x in found.lines[:SAID]], tables, [chart] if chart else [])


def _line(x: LedgerLine, currency: str) -> tuple[Any, ...]:
    if not x.possible:
        return (_term(x.title, x.unit, currency), value_text(x.value, x.unit), value_text(x.moved_to, x.unit), None, None)
    price = None if x.price_equivalent is None else span(x.price_equivalent)
    return (_term(x.title, x.unit, currency), value_text(x.value, x.unit), value_text(x.moved_to, x.unit), span(x.worth), price)


def _walk_away(found: WalkAway, currency: str) -> Told:
    per = f"{found.currency} per {found.unit}"
    rows: list[tuple[str, str, Any]] = [
        ("Price of the package", per, span(Interval(lower=found.price, upper=found.price))),
        ("Walk-away price" + (", at least" if found.at_least else ""), per, None if found.walk_away is None else span(found.walk_away)),
        ("Cost without the offer", currency, span(found.no_deal)),
        ("Cost with it signed", currency, None if found.signed is None else span(found.signed)),
        ("What signing gains", currency, None if found.gain is None else span(found.gain)),
        ("What it must gain at least", currency, span(Interval(lower=found.margin, upper=found.margin))),
    ]
    how = {
        "two solves": "two solves (payments are certain)", "breakpoints": "breakpoints (cost is concave in the price)", "bracket": "enclosing it",
        "plans held": "holding what is signed, and proving that nothing else is cheaper there,",
    }  # fmt: skip
    note = f"Found by {how[found.method]} in {found.solves:,} solves. Costs are of the whole portfolio: present value, risk included."
    return Told(
        f"When to walk away: {_named(found.package)}",
        (found.sentence,),
        (Table("In figures", (Column("Figure"), Column("Unit"), Column("Value", "range")), rows, note),),
    )


def _curve(found: PriceVolumeCurve, currency: str) -> Told:
    columns = (
        Column(f"Price, {found.currency} per {found.unit}", "money"), Column(f"Cost, {currency}", "range"), Column("Worth signing"),
        Column(f"Committed, {found.unit}", "volume"), Column("Taken on average", "volume"),
    )  # fmt: skip
    rows = [(x.price, span(x.cost), "yes" if x.signed else "no", x.committed, x.expected_taken) for x in found.points]
    exact = "These are all prices at which the decision changes; between them cost is a straight line."
    note = exact if found.exact else "Prices are tried one by one; between two of them cost and volume lie between theirs."
    title = "What we do at each price"
    chart = [curve_chart(found)] if len(found.points) > 1 else []
    return Told(f"How the price moves the volume: {_named(found.package)}", (f"{curve_title(found)}.",), (Table(title, columns, rows, note),), chart)


def _zone(found: Zone) -> Told:
    columns = (
        Column("Terms"), Column("Floor", "money"), Column("Walk-away", "money"), Column("Chance", "share"), Column(f"Room, {found.currency}", "money"),
        Column("at price", "money"),
    )  # fmt: skip
    ordered = sorted(found.lines, key=lambda x: (x.room is None, -(x.room or 0.0)))
    mark = found.lines[found.base]
    rows = [(_terms(x) + (" (at hand)" if x is mark else ""), x.floor, x.walk_away, x.chance, x.room, x.price) for x in ordered]
    ours = f", ours beyond the margin of {found.margin:,.6g}" if found.margin else ""
    note = f"Prices in {found.price_unit}. Room: the most that both can have at once{ours}; below 0, what one of them lacks."
    types = [(x.type, x.weight, x.largest_sum) for x in found.types]
    kinds = Table("Types of the supplier", (Column("Type"), Column("Weight", "share"), Column(f"Most to share, {found.currency}", "money")), types,
                  "What both could have together at the best package; below 0: no deal with this type, even with money on top.")  # fmt: skip
    chart = zone_chart(found)
    return Told(
        f"Where a deal is possible: {found.offer}",
        found.sentences,
        (Table("Sets of terms, most room first", columns, rows, note), kinds),
        [chart] if chart else [],
    )


def _bargain(found: Bargain) -> Told:
    columns = (Column("Solution"), Column("Packages"), Column("Picks"), Column(f"We gain, {found.currency}", "money"), Column("Supplier gains", "money"))
    rows = [(SOLUTIONS[x.solution], MEANS[x.means], _either(x.packages), x.gain, x.supplier_gain) for x in found.lines]
    note = f"Prices in {found.price_unit}. {found.efficient:,} packages suit both and are beaten for both sides by none."
    return Told(f"What is fair: {found.offer}", found.sentences[:1], (Table("Solutions", columns, rows, note),))


def _counter(found: CounterOffer) -> Told:
    rows = [
        (lever_words(x.lever).title, *(f"{v:,.6g}" if x.lever == "price" else lever_words(x.lever).value(v) for v in (x.before, x.after))) for x in found.moves
    ]
    table = Table("What to move", (Column("Term"), Column("Theirs"), Column("Ours")), rows, f"Prices in {found.price_unit}.", empty="Nothing.")
    return Told(f"What to say to their package: {found.offer}", found.sentences, (table,))


def _packages(found: EquivalentPackages) -> Told:
    columns = (
        Column("Terms"),
        Column(f"Price, {found.price_unit}", "money"),
        Column(f"We gain, {found.currency}", "money"),
        Column("Taken with chance", "share"),
    )
    rows = [(terms_text(x.package.terms), x.package.price, x.gain, x.chance) for x in found.choices]
    return Told(f"Take your pick: {found.offer}", found.sentences, (Table("Packages that are the same to us", columns, rows, empty="None."),))


def _brief(found: Brief) -> Iterator[Told]:
    parts = [_walk_away(found.walk_away, found.currency), _ledger(found.ledger, found.currency), _curve(found.curve, found.currency)]
    parts += [_zone(found.zone)] if found.zone else []
    parts += [_packages(found.packages)] if found.packages else []
    yield from parts
    if found.notes:
        yield Told("To be said", found.notes)


def _named(package: Package) -> str:
    terms = f", with {terms_text(package.terms)}" if package.terms else ""
    return f"{package.offer}{f' ({package.alternative})' if package.alternative else ''}{terms}"


def _terms(line: ZoneLine) -> str:
    return terms_text(line.terms)


def _either(packages: Iterable[Package]) -> str:
    return ", or ".join(f"{x.price:,.6g}" + (f" with {terms_text(x.terms)}" if x.terms else "") for x in packages)


def content(found: Found, scenario: Scenario | None) -> dict[str, Any]:
    """What the templates speak of."""
    parts = told(found, scenario)
    name = scenario.name if scenario else getattr(found, "scenario", "")
    heading = parts[0].heading if len(parts) == 1 else "What can be negotiated" if isinstance(found, OfferLevers) else "What terms are worth"
    kind = "Explanation" if isinstance(found, Why) else "Contract file" if isinstance(found, Replay) else "Negotiation"
    if isinstance(found, Why | Replay):
        heading = "Why this plan" if isinstance(found, Why) else "Contracts so far"
    if isinstance(found, Brief):
        heading = f"The negotiation of {found.walk_away.package.offer}"
    return {
        "title": f"{heading} – {name}" if name else heading,
        "kind": " · ".join(x for x in (kind, name) if x),
        "heading": heading,
        "parts": parts if len(parts) > 1 else [replace(parts[0], heading="The answer")],
        "charts": [chart for part in parts for chart in part.charts],
        "footer": LOOKED_BACK if isinstance(found, Replay) else LOOKED_AHEAD,
    }


def rows_of(found: Found) -> list[dict[str, Any]]:
    """The answer as rows of plain values, as they are written to CSV: its longest list, with names of columns as in the document."""
    match found:
        case OfferLevers():
            return [{"offer": x.offer, "supplier": x.supplier, **_flat(line)} for x in found.offers for line in x.levers]
        case TermLedger():
            return [_flat(line) | {"currency": found.currency} for x in found.offers for line in x.lines]
        case PriceVolumeCurve():
            return [_flat(x) | {"currency": found.currency, "unit": found.unit} for x in found.points]
        case Zone() | Bargain():
            return [_flat(x) | {"offer": found.offer, "currency": found.currency, "price_unit": found.price_unit} for x in found.lines]
        case CounterOffer():
            return [_flat(x) | {"offer": found.offer, "price_unit": found.price_unit} for x in found.moves]
        case EquivalentPackages():
            return [_flat(x) | {"currency": found.currency, "price_unit": found.price_unit} for x in found.choices]
        case Why():
            return why_rows(found)
        case Replay():
            return replay_rows(found)
        case Session():
            return [_flat(x.event) for x in found.events]
        case Brief():
            return [_flat(line) | {"currency": found.currency} for line in found.ledger.lines]
    return [_flat(found)]


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    """A document as one row: `worth` with two ends becomes `worth_lower` and `worth_upper`."""
    value = value.model_dump(mode="json") if hasattr(value, "model_dump") else value
    if not isinstance(value, dict | list):
        return {name: value}
    parts = value.items() if isinstance(value, dict) else enumerate(value, 1)
    return {key: cell for part, inner in parts for key, cell in _flat(inner, f"{name}_{part}" if name else str(part)).items()}
