"""Charts of the negotiation desk: what terms are worth, where a deal is possible, how the price moves the volume. Titles say what was found."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap
from typing import Any

from models.bargain import Zone, ZoneLine
from models.negotiation import Interval, LedgerLine, OfferLedger, PriceVolumeCurve
from optimizer.report_plotly import Chart, Trace, layout_of, rounded, safe
from optimizer.report_tables import Column, Table
from optimizer.report_text import money, money_scale, number
from optimizer.wording import SPACE, percent
from optimizer.wording import number as in_full

MOST_BARS = 16
MOST_LINES = 16
ROW = 34  # height of a bar
LABEL = 22  # characters on a line of a label
SHARES = ("share", "per year", "relative")  # units of terms that people say in per cent
CLOSE = 50.0  # amounts from here on may be rounded to whole ones


def words(lever: str, unit: str = "") -> str:
    """A lever's name as words, with its unit where that says something."""
    name = lever.replace("_", " ").replace(".", ": ")
    plain = not unit or lever == "price" or unit.startswith(SHARES)
    return name if plain else f"{name} ({unit})"


def value_text(value: float, unit: str) -> str:
    """Where a lever stands, as people say it: shares in per cent, and nothing for a limit that is none."""
    if abs(value) >= 1e12:
        return "any"
    return percent(value) if unit.startswith(SHARES) else in_full(float(f"{value:.6g}"))


def terms_text(terms: Mapping[str, float]) -> str:
    """Terms in a row."""
    return ", ".join(f"{words(name)} {in_full(float(f'{value:.6g}'))}" for name, value in terms.items()) or "as offered"


def span(found: Interval) -> tuple[float, float]:
    """Both ends; one value where they agree in all digits that are worth showing."""
    for digits in (2, 1, 0):
        low, high = round(found.lower, digits), round(found.upper, digits)
        if low == high and (digits or abs(low) >= CLOSE or found.lower == found.upper):
            return low, high
    return found.lower, found.upper


def middle(found: Interval) -> float:
    """The middle of an interval."""
    return 0.5 * (found.lower + found.upper)


def tornado(found: OfferLedger, currency: str) -> Chart | None:
    """Worth of a step of each term, largest on top. None where nothing is worth anything."""
    lines = sorted((x for x in found.lines if x.possible and middle(x.worth)), key=lambda x: -abs(middle(x.worth)))
    if not lines:
        return None
    levers = list(dict.fromkeys(x.title for x in lines))[:MOST_BARS][::-1]
    scale, unit = money_scale(max(abs(middle(x.worth)) for x in lines), currency)
    traces = []
    for toward, name, colour in (("buyer", "a step toward us", "@c0"), ("supplier", "a step toward the supplier", "@spot")):
        some = [x for x in lines if x.toward == toward and x.title in levers]
        if some:
            traces.append(_bars(name, some, scale, colour))
    layout = layout_of(x=f"worth to us, {unit}")
    layout["yaxis"] |= {"type": "category", "categoryorder": "array", "categoryarray": [_label(words(x)) for x in levers]}
    layout |= {"hovermode": "closest", "barmode": "relative"}
    table = Table(
        "Worth of a step",
        (Column("Step of"), Column("Toward"), Column(f"Worth, {currency}", "range")),
        [(words(x.title), x.toward, span(x.worth)) for x in lines],
    )
    note = "What a step of the term saves us, everything else re-optimised: present value, risk included. The largest on top."
    return Chart(f"ledger-{found.offer}", _most(found, currency), note, traces, layout, table, 110 + ROW * len(levers))


def _label(text: str) -> str:
    """A label broken into lines, so that it leaves room for the bars on a narrow screen."""
    return "<br>".join(safe(line) for line in wrap(text, LABEL))


def _bars(name: str, lines: list[LedgerLine], scale: float, colour: str) -> Trace:
    steps = [f"{value_text(x.value, x.unit)} to {value_text(x.moved_to, x.unit)}" for x in lines]
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "y": [_label(words(x.title)) for x in lines],
        "x": rounded(middle(x.worth) / scale for x in lines),
        "customdata": steps,
        "marker": {"color": colour},
        "hovertemplate": "%{y}: %{x:,.4~f} (%{customdata})<extra></extra>",
    }


def _most(found: OfferLedger, currency: str) -> str:
    """The finding of a ledger: the term, price apart, whose step is worth most."""
    lines = [x for x in found.lines if x.possible and x.lever != "price" and middle(x.worth)]
    best = max(lines, key=lambda x: abs(middle(x.worth)), default=None)
    if best is None:
        return f"Nothing but the price of {safe(found.offer)} is worth anything to us"
    step = f"from {value_text(best.value, best.unit)} to {value_text(best.moved_to, best.unit)}"
    verb = "is worth" if middle(best.worth) > 0 else "costs us"
    return f"Price apart, {words(best.title)} matters most: {step} {verb} {money(abs(middle(best.worth)), currency)}"


def zone_chart(found: Zone) -> Chart | None:
    """Floor against walk-away price at every set of terms. None where neither is known anywhere."""
    known = [x for x in found.lines if x.floor is not None or x.walk_away is not None]
    if not known:
        return None
    lines = sorted(known, key=lambda x: (x.room is None, -(x.room or 0.0)))[:MOST_LINES][::-1]
    name = {id(x): _label(terms_text(x.terms)) for x in lines}
    traces: list[Trace] = []
    for open_, label, colour in ((True, "room for a deal", "@c1"), (False, "what is missing", "@short")):
        some = [x for x in lines if x.floor is not None and x.walk_away is not None and _open(x) is open_]
        if some:
            ends: list[Any] = [v for x in some for v in (x.floor, x.walk_away, None)]
            y: list[Any] = [v for x in some for v in (name[id(x)], name[id(x)], None)]
            traces.append({"type": "scatter", "mode": "lines", "name": label, "x": ends, "y": y, "line": {"color": colour, "width": 8}, "hoverinfo": "skip"})
    for label, values, symbol in (
        ("supplier's floor", [(x.floor, name[id(x)]) for x in lines if x.floor is not None], "triangle-right"),
        ("our walk-away price", [(x.walk_away, name[id(x)]) for x in lines if x.walk_away is not None], "triangle-left"),
    ):
        marker = {"color": "@ink", "symbol": symbol, "size": 10}
        points = {"x": [v for v, _ in values], "y": [y for _, y in values]}
        traces.append({"type": "scatter", "mode": "markers", "name": label, **points, "marker": marker, "hovertemplate": "%{y}: %{x:,.6~r}<extra></extra>"})
    layout = layout_of(x=found.price_unit)
    layout["yaxis"] |= {"type": "category", "categoryorder": "array", "categoryarray": [name[id(x)] for x in lines]}
    rows = [(terms_text(x.terms), x.floor, x.walk_away) for x in reversed(lines)]
    table = Table("Floor and walk-away price", (Column("Terms"), Column("Floor", "money"), Column("Walk-away price", "money")), rows)
    left = f" The {len(lines)} sets of terms with most room of {len(found.lines)}." if len(lines) < len(found.lines) else ""
    note = f"A deal is possible where the supplier's floor lies below our walk-away price. Prices that are not on the table are not looked at.{left}"
    return Chart(f"zone-{found.offer}", _zone_title(found), note, traces, layout, table, 140 + 2 * ROW * len(lines))


def _open(line: ZoneLine) -> bool:
    return line.floor is not None and line.walk_away is not None and line.floor <= line.walk_away + 1e-9


def _zone_title(found: Zone) -> str:
    open_ = sum(map(_open, found.lines))
    if not open_:
        return f"No set of terms leaves room for a deal: the floor is above our walk-away price at all {len(found.lines)}"
    best = max((x for x in found.lines if _open(x)), key=lambda x: x.room or 0.0)
    most = "" if best.room is None or best.room <= 0 else f"; both can gain {money(best.room, found.currency)} at once"
    return f"{'All' if open_ == len(found.lines) else open_} of {len(found.lines)} sets of terms leave room for a deal{most}"


def curve_chart(found: PriceVolumeCurve) -> Chart:
    """What is committed and taken at every price."""
    prices = [x.price for x in found.points]
    shape = "vh" if found.exact else "linear"

    def line(name: str, values: list[float], colour: str, dash: str) -> Trace:
        return {
            "type": "scatter", "mode": "lines+markers", "name": name, "x": rounded(prices), "y": rounded(values),
            "line": {"color": colour, "width": 2, "dash": dash, "shape": shape}, "marker": {"color": colour, "size": 6},
            "hovertemplate": "%{y:,.5~r} at %{x:,.6~r}<extra></extra>",
        }  # fmt: skip

    traces = [
        line("committed", [x.committed for x in found.points], "@c0", "solid"),
        line("taken on average", [x.expected_taken for x in found.points], "@spot", "dash"),
    ]
    layout = layout_of(found.unit, f"{found.currency} per {found.unit}")
    layout["yaxis"]["rangemode"] = "tozero"
    columns = (Column("Price", "money"), Column("Committed", "volume"), Column("Taken on average", "volume"))
    table = Table("Volume at each price", columns, [(x.price, x.committed, x.expected_taken) for x in found.points])
    note = "Volumes over the whole window, if the package is signed at that price."
    return Chart(f"curve-{found.package.offer}", curve_title(found), note, traces, layout, table)


def curve_title(found: PriceVolumeCurve) -> str:
    """The finding of a curve."""
    if not found.points:
        return "At none of these prices does a plan that signs the package keep the hard rules"
    first, last = found.points[0], found.points[-1]
    per = f"{found.currency}{SPACE}{{}} per {found.unit}"
    drop = next((x for x in found.points if x.committed < first.committed * (1 - 1e-6) - 1e-9), None)
    if drop is None:
        between = f"from {number(first.price)} to {per.format(number(last.price))}"
        return f"No price {between} changes what we commit: {number(first.committed)} {found.unit}"
    return f"We commit {number(first.committed)} {found.unit} at {per.format(number(first.price))} and {number(last.committed)} at {number(last.price)}"
