"""Why the plan is what it is, as sentences, tables and charts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.negotiation import Interval
from models.why import DriverFlip, DriverWhy, OfferWhy, RuleWhy, Why
from optimizer.report_ledger_charts import span
from optimizer.report_tables import Column, Table

Part = tuple[str, Sequence[str], Sequence[Table]]
MOST_SAID = 8  # sentences of a part; the table has the rest


def why_parts(found: Why) -> list[Part]:
    """The answer in parts: heading, sentences, tables."""
    plan = found.plan
    signs = ", ".join(found.award) or "nothing"
    head = f"The best plan signs {signs} and costs {found.currency} {plan.objective:,.0f}, risk included. Everything below is that plan beside another one."
    parts: list[Part] = [("In short", (head, *found.notes), ())]
    if found.offers:
        parts.append(("Why each offer is signed or not", [x.sentence for x in found.offers][:MOST_SAID], (_offers(found), _categories(found))))
    if found.rules:
        parts.append(("What each rule costs", [x.sentence for x in found.rules][:MOST_SAID], (_prices("Rules", found.rules, found.currency),)))
    if found.limits:
        parts.append(("What limits in the data cost", [x.sentence for x in found.limits][:MOST_SAID], (_prices("Limits", found.limits, found.currency),)))
    if found.drivers:
        parts.append(("When another award is best", [x.sentence for x in found.drivers], (_drivers(found),)))
    return parts


def _offers(found: Why) -> Table:
    columns = (
        Column("Offer"), Column("Signed"), Column(f"The other way costs more, {found.currency}", "range"), Column("on average", "money"),
        Column("in the worst futures", "money"), Column("short, volume", "volume"), Column("Turns at a price of", "range"), Column("times the offer", "range"),
    )  # fmt: skip
    note = "The best plan that decides otherwise, minus the best plan. A dash: no plan decides otherwise, or no price turns it."
    return Table("The decision the other way round", columns, [_offer(x) for x in found.offers], note)


def _offer(x: OfferWhy) -> tuple[Any, ...]:
    other, flip = x.otherwise, x.flip
    figures = (None,) * 4 if other is None else (span(other.objective), *map(_clean, (other.expected_cost, other.cvar, other.expected_shortage)))
    turn = (None, None) if flip is None else (span(Interval(lower=flip.price, upper=flip.price * flip.high / flip.low if flip.low else flip.price)),
                                              span(Interval(lower=flip.low, upper=flip.high)))  # fmt: skip
    return (x.offer, "yes" if x.signed else "no", *figures, *turn)


def _categories(found: Why) -> Table:
    """Where each difference in expected cost comes from."""
    columns = (Column("The other way round"), Column("Category"), Column(f"More, {found.currency}", "money"))
    rows: list[tuple[str, str, float]] = []
    for x in found.offers:
        for part in x.otherwise.categories if x.otherwise else ():
            rows.append((x.offer, part.category.replace("_", " "), _clean(part.amount)))
        if x.otherwise:
            rows.append((x.offer, "all of it", _clean(x.otherwise.expected_cost)))
    return Table("What the difference is made of, on average", columns, rows)


def _clean(amount: float) -> float:
    """An amount without the dust of two solves, and without a minus before nothing."""
    return round(amount, 6) + 0.0


def _prices(title: str, rows: Sequence[RuleWhy], currency: str) -> Table:
    columns = (
        Column("Where"), Column("What"), Column(f"Costs, {currency}", "range"), Column("on average", "money"), Column("in the worst futures", "money"),
        Column("short, volume", "volume"), Column("A little more room saves", "money"), Column("per"),
    )  # fmt: skip
    lines = []
    for x in rows:
        saved = [_clean(-amount) for amount in (x.without.expected_cost, x.without.cvar, x.without.expected_shortage)]
        lines.append((x.path, x.text, span(x.price), *saved, x.slope, x.unit if x.slope is not None else ""))
    return Table(title, columns, lines, "The best plan minus the best one without it. Room: one unit more of the limit, what is signed held.")


def _drivers(found: Why) -> Table:
    columns = (
        Column("Driver"), Column("Stands at"), Column("Changes below"), Column("then signs"), Column("Changes above"), Column("then signs"),
    )  # fmt: skip
    note = (
        "Both ends of each interval are solved: at the nearer one the award is still best, at the farther one it is beaten. Empty: not within the span tried."
    )
    return Table("How far each may move", columns, [_driver(x) for x in found.drivers], note)


def _driver(x: DriverWhy) -> tuple[Any, ...]:
    def turn(flip: DriverFlip | None) -> tuple[str, str]:
        return ("", "") if flip is None else (f"{flip.from_value:.4g} … {flip.to_value:.4g}", ", ".join(flip.award) or "nothing")

    return (x.text, f"{x.value:g}", *turn(x.falls), *turn(x.rises))


def why_rows(found: Why) -> list[dict[str, Any]]:
    """The answer as rows of plain values: one per offer, rule, limit and turning point of a driver."""
    rows: list[dict[str, Any]] = []
    for x in found.offers:
        other, flip = x.otherwise, x.flip
        rows.append(
            {
                "part": "offer",
                "what": x.offer,
                "signed": x.signed,
                **_figures(other),
                "turns_at_price": None if flip is None else flip.price,
                "sentence": x.sentence,
            }
        )
    for part, listed in (("rule", found.rules), ("limit", found.limits)):
        rows += [{"part": part, "what": x.path, **_figures(x.without), "slope": x.slope, "unit": x.unit, "sentence": x.sentence} for x in listed]
    for driver in found.drivers:
        ends = {"falls_to": driver.falls, "rises_to": driver.rises}
        rows.append({"part": "driver", "what": driver.driver, **{k: None if v is None else v.to_value for k, v in ends.items()}, "sentence": driver.sentence})
    return [{**row, "currency": found.currency} for row in rows]


def _figures(found: Any) -> dict[str, Any]:
    if found is None:
        return {}
    ends = {"objective_lower": found.objective.lower, "objective_upper": found.objective.upper}
    return {**ends, "expected_cost": found.expected_cost, "cvar": found.cvar, "expected_shortage": found.expected_shortage}
