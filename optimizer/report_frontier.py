"""Frontiers as tables, charts and a page of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from models.frontier import Frontier, FrontierCurve, FrontierPoint
from optimizer.report_plotly import Chart, Trace, layout_of, rounded
from optimizer.report_tables import Column, Table
from optimizer.report_text import MINUS, Names, money, money_scale, number

AGAINST = {"cvar": "CVaR", "shortage": "expected shortage"}
POINT = (
    "expected_cost", "cvar", "expected_shortage", "fill_rate", "shortage_probability", "gap", "least_cost", "price_of_risk",
)  # fmt: skip


def frontier_contents(found: Frontier | None) -> dict[str, tuple[Sequence[str], list[Sequence[Any]]]]:
    """The tables' columns and rows, as they are written to CSV."""
    cur, curves = found.currency if found else "", found.curves if found else ()
    placed = [(c, i, p) for c in curves for i, p in enumerate(c.points, 1)]
    return {
        "frontier": (
            ("risk", "point", *POINT, "mix", "given", "award", "currency", "unit"),
            [
                (c.risk, i, *(getattr(p, name) for name in POINT), p.mix is not None, c.given == i - 1, " ".join(x.offer for x in p.award), cur, c.unit)
                for c, i, p in placed
            ],
        ),
        "frontier_volumes": (
            ("risk", "point", "offer", "alternative", "volume"),
            [(c.risk, i, x.offer, x.alternative, x.volume) for c, i, p in placed for x in p.award],
        ),
        "frontier_dominated": (
            ("risk", "expected_cost", "cvar", "expected_shortage", "award", "beaten_by_cost", "beaten_by_risk", "currency"),
            [
                (c.risk, t.expected_cost, t.cvar, t.expected_shortage, " ".join(t.award), d.expected_cost, d.risk, cur)
                for c in curves
                for d in c.dominated
                for t in (c.tried[d.tried],)
            ],
        ),
    }


def frontier_tables(found: Frontier, names: Names) -> Iterator[Table]:
    """The same to read: every point with what it signs."""
    for curve in found.curves:
        yield _table(found, curve, names)


def _table(found: Frontier, curve: FrontierCurve, names: Names) -> Table:
    cur, unit = found.currency, f" ({curve.unit})" if curve.risk == "shortage" and curve.unit else ""
    columns = (
        Column("Point"), Column(f"Expected cost ({cur})", "money"), Column(f"CVaR ({cur})", "money"), Column(f"Expected shortage{unit}", "volume"),
        Column("Demand met", "share"), Column(f"No plan below ({cur})", "money"), Column("Gap", "share"), Column("Committed volume", "volume"), Column("Signs"),
    )  # fmt: skip
    rows = [
        (
            str(i), p.expected_cost, p.cvar, p.expected_shortage, p.fill_rate, p.least_cost, p.gap, sum(x.volume for x in p.award),
            _signs(p, before, names) + (" (mix)" if p.mix else ""),
        )
        for i, (p, before) in enumerate(zip(curve.points, (None, *curve.points), strict=False), 1)
    ]  # fmt: skip
    note = "Safest first. No plan with as little risk costs less than the amount under “No plan below”; none is better by more than the gap in both figures."
    return Table(f"Expected cost against {AGAINST[curve.risk]}", columns, rows, note=note)


def _signs(point: FrontierPoint, before: FrontierPoint | None, names: Names) -> str:
    """What is signed, or how that differs from the point above."""
    mine = dict.fromkeys(x.offer for x in point.award)
    if before is None:
        return "; ".join(names("offer", x) for x in mine) or "nothing"
    theirs = dict.fromkeys(x.offer for x in before.award)
    changes = [f"+ {names('offer', x)}" for x in mine if x not in theirs] + [f"{MINUS} {names('offer', x)}" for x in theirs if x not in mine]
    return "; ".join(changes) or "the same"


def frontier_charts(found: Frontier | None) -> Iterator[Chart]:
    """One chart a frontier, where there is anything to trade."""
    for curve in found.curves if found else ():
        if found is not None and len(curve.points) > 1:
            yield _chart(found, curve)


def _chart(found: Frontier, curve: FrontierCurve) -> Chart:
    cvar = curve.risk == "cvar"
    scale, words = money_scale(max(abs(p.expected_cost) for p in curve.points), found.currency)
    across = scale if cvar else 1.0

    def risk(x: Any) -> float:
        return float(x.cvar if cvar else x.expected_shortage) / across

    plans, mixes = ([p for p in curve.points if (p.mix is not None) is mixed] for mixed in (False, True))
    ceiling = 1.5 * max(p.expected_cost for p in curve.points) - 0.5 * min(p.expected_cost for p in curve.points)  # far ones would flatten the curve
    beaten = [t for t in (curve.tried[d.tried] for d in curve.dominated) if t.expected_cost <= ceiling]
    risks, known = [risk(p) for p in curve.points], [(risk(p), p.least_cost / scale) for p in curve.points if p.least_cost is not None]
    traces = [
        _line(
            "no plan below",
            [x for x, _ in known],
            [y for _, y in known],
            {"color": "@total", "width": 1, "dash": "dot", "shape": "vh"},
        ),
        _line("frontier", risks, [p.expected_cost / scale for p in curve.points], {"color": "@c0", "width": 2}),
        _dots("plans", [risk(p) for p in plans], [p.expected_cost / scale for p in plans], "@c0", "circle"),
        _dots("mixes of two plans", [risk(p) for p in mixes], [p.expected_cost / scale for p in mixes], "@c0", "circle-open"),
        _dots("tried and beaten", [risk(t) for t in beaten], [t.expected_cost / scale for t in beaten], "@other", "x"),
    ]
    if curve.given is not None:
        given = curve.points[curve.given]
        weight = f"risk weight {found.risk_weight:g}"
        traces.append(_dots(weight, [risk(given)], [given.expected_cost / scale], "@short", "diamond", 11))
    unit = words if cvar else f"expected shortage{f', {curve.unit}' if curve.unit else ''}"
    layout = layout_of(f"expected cost, {words}", f"CVaR (worst {100 * found.tail:g} %), {unit}" if cvar else unit)
    heads = ((f"CVaR ({found.currency})", "money"), (f"Expected cost ({found.currency})", "money"), (f"No plan below ({found.currency})", "money"))
    columns = [Column("Point"), *(Column(*head) for head in (heads if cvar else (("Expected shortage", "volume"), *heads[1:])))]
    rows = [(str(i), p.cvar if cvar else p.expected_shortage, p.expected_cost, p.least_cost) for i, p in enumerate(curve.points, 1)]
    note = "Lower left is better. Every point is proven: no plan lies below the dotted line at the same risk."
    return Chart(f"frontier-{curve.risk}", _title(found, curve), note, [t for t in traces if t["x"]], layout, Table("Points of the frontier", columns, rows))


def _title(found: Frontier, curve: FrontierCurve) -> str:
    safest, cheapest = curve.points[0], curve.points[-1]
    dearer = money(safest.expected_cost - cheapest.expected_cost, found.currency)
    if curve.risk == "cvar":
        return f"{dearer} more on average takes {money(cheapest.cvar - safest.cvar, found.currency)} off the worst {100 * found.tail:g} % of futures"
    less = cheapest.expected_shortage - safest.expected_shortage
    return f"{dearer} more on average takes {number(less)}{f' {curve.unit}' if curve.unit else ''} off the expected shortage"


def _line(name: str, x: Sequence[float], y: Sequence[float], line: Trace) -> Trace:
    return {"type": "scatter", "mode": "lines", "name": name, "x": rounded(x), "y": rounded(y), "line": line, "hoverinfo": "skip"}


def _dots(name: str, x: Sequence[float], y: Sequence[float], color: str, symbol: str, size: int = 7) -> Trace:
    marker = {"color": color, "symbol": symbol, "size": size}
    hover = "%{y:,.5~r} at %{x:,.5~r}<extra></extra>"
    return {"type": "scatter", "mode": "markers", "name": name, "x": rounded(x), "y": rounded(y), "marker": marker, "hovertemplate": hover}


def content(found: Frontier, names: Names) -> dict[str, Any]:
    """What the template `charts.html` speaks of."""
    return {
        "title": f"Frontier of {found.scenario or 'a scenario'}",
        "kind": "Cost and risk",
        "heading": found.scenario or "Cost and risk",
        "pictures": "What less risk costs",
        "warnings": [],
        "charts": list(frontier_charts(found)),
        "left_out": "",
        "sections": [{"title": "In words", "sentences": (*found.sentences, *found.notes)}],
        "tables": list(frontier_tables(found, names)),
        "footer": f"{found.futures:,} futures; {found.method}.",
    }
