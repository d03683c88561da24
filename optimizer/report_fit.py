"""The picture of a fit: each price with the fan of its simulated paths, its unforeseen changes and what is left between them, regimes over time, demand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from optimizer.report_fit_changes import UNITS, changes_chart, echo_chart, name_of
from optimizer.report_plotly import Chart, Trace, layout_of, rounded, safe, wrapped
from optimizer.report_tables import Column, Table

if TYPE_CHECKING:
    from scenarios.fitting import Fit
    from scenarios.fitting_demand import FactorFit
    from scenarios.fitting_prices import PriceFit
    from scenarios.fitting_regimes import RegimeFit
    from scenarios.tree import Floats

MOST_PRICES = 6
MOST_FACTORS = 6
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SHOWN_PATHS = 3
HISTORY_SHOWN = 4  # times as long as the fan, at most
HUES = {"glut": "@c1", "normal": "@c0", "tight": "@spot", "crisis": "@short"}


def content(fit: Fit) -> dict[str, Any]:
    """What the template `charts.html` speaks of."""
    from scenarios.fitting_words import sections_of

    sections = sections_of(fit)
    dates = fit.history.dates
    span, more = f"{dates[0]} to {dates[-1]}", max(0, len(fit.prices) - MOST_PRICES)
    return {
        "title": f"Fit of a history, {span}",
        "kind": "Generator settings from a history",
        "heading": f"History of {span}, and what was found in it",
        "pictures": "Fit against data",
        "sections": sections,
        "warnings": [warning for section in sections for warning in section.warnings],
        "charts": list(charts(fit)),
        "left_out": f"{more} more prices are fitted, but not drawn." if more else "",
        "tables": [],
        "footer": "A picture of what was fitted; the settings file holds the numbers.",
    }


def charts(fit: Fit) -> Iterator[Chart]:
    """Every chart the fit has data for."""
    if fit.regimes is not None:
        yield _regimes(fit, fit.regimes)
    for i, price in enumerate(fit.prices[:MOST_PRICES]):
        yield _fan(fit, price, f"fan-{i}")
        yield changes_chart(price, f"changes-{i}")
        yield echo_chart(price, f"echo-{i}", fit.history.step)
    if fit.demand is not None:
        yield _demand(fit, [fit.demand.common, *fit.demand.sites, *fit.demand.products])


def _dated(y: str = "") -> dict[str, Any]:
    """A layout over dates: few of them are written below."""
    layout = layout_of(y)
    layout["xaxis"] |= {"nticks": 6, "tickangle": 0}
    return layout


def _regimes(fit: Fit, found: RegimeFit) -> Chart:
    """Probability of each regime at every row, stacked."""
    dates = fit.history.dates[slice(*found.rows)]
    unit, count = UNITS[fit.history.step], len(found.path)
    traces: list[Trace] = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": safe(name),
            "x": list(dates),
            "y": rounded(np.clip(found.probabilities[:, r], 0, 1)),
            "stackgroup": "regimes",
            "line": {"width": 0.5, "color": HUES.get(name, "@total")},
            "hovertemplate": "%{y:.0%}",
        }
        for r, name in enumerate(found.names)
    ]
    layout = _dated()
    layout["yaxis"] |= {"range": [0, 1], "tickformat": ".0%"}
    usual = found.names[found.normal]
    out = ", ".join(f"{name} in {seen.steps}" for name, seen in zip(found.names, found.visits, strict=True) if name != usual)
    numbers = ("Price factor", unit.capitalize(), "Spells")
    columns = (Column("Regime"), *(Column(head, "volume") for head in numbers), Column("Stays for another step", "share"))
    rows = [(name, found.factors[r].value, found.visits[r].steps, found.visits[r].spells, float(found.moves[r, r])) for r, name in enumerate(found.names)]
    return Chart(
        "regimes",
        f"Market regimes in {count} {unit}: {out}, otherwise {usual}",
        "Probability of each regime, given the whole history. Where no colour fills the height, the history does not tell which it was.",
        traces,
        layout,
        Table("Regimes", columns, rows),
        320,
    )


def _fan(fit: Fit, price: PriceFit, name: str) -> Chart:
    """The history of a price, and where the fitted process may take it."""
    from scenarios.fitting_parts import number

    paths = fit.fan(price)
    steps = paths.shape[1]
    bands = np.quantile(paths, QUANTILES, axis=0)
    known = np.flatnonzero(~np.isnan(price.values))
    first, last = max(int(known[0]), int(known[-1]) + 1 - HISTORY_SHOWN * steps), int(known[-1])
    past, ahead = list(fit.history.dates[first : last + 1]), _ahead(fit, last, steps)
    here = np.full((len(QUANTILES), 1), price.values[last])
    bands = np.hstack([here, bands])
    x = [past[-1], *ahead]
    line = {"type": "scatter", "mode": "lines", "hovertemplate": "%{y:,.4~r}"}
    traces: list[Trace] = [
        line | {"name": "History", "x": past, "y": rounded(price.values[first : last + 1]), "line": {"color": "@ink", "width": 1.5}},
        *_band(x, bands[0], bands[4], "9 of 10 paths", "@grid"),
        *_band(x, bands[1], bands[3], "half of the paths", "@other"),
        line | {"name": "Median", "x": x, "y": rounded(bands[2]), "line": {"color": "@c0", "width": 2}},
    ]
    for k in range(SHOWN_PATHS):
        look = {"name": "Single paths", "line": {"color": "@spot", "width": 1}, "showlegend": k == 0, "hoverinfo": "skip"}
        traces.append({"type": "scatter", "mode": "lines", "x": x, "y": rounded([here[0, 0], *paths[k]]), **look})
    layout = _dated()
    layout["yaxis"] |= {"rangemode": "tozero"}
    years = steps * fit.history.step_years
    at = range(fit.history.per_year, steps + 1, fit.history.per_year)
    columns = (Column("After"), *(Column(f"P{100 * q:.0f}", "volume") for q in QUANTILES))
    rows = [(f"{t * fit.history.step_years:g} years", *map(float, bands[:, t])) for t in at]
    return Chart(
        name,
        f"{name_of(price.driver)}: in {years:g} years between {number(bands[0, -1], 3)} and {number(bands[4, -1], 3)} on 9 of 10 paths",
        f"The history and {len(paths):,} simulated paths of what was fitted to it, drift included. Do the single paths look like the past?",
        traces,
        layout,
        Table("Simulated paths", columns, rows),
    )


def _ahead(fit: Fit, last: int, steps: int) -> list[str]:
    """Dates after row `last`."""
    from scenarios.fitting_cells import date_text

    return [date_text(fit.history.months[last] + fit.history.step * t, fit.history.step) for t in range(1, steps + 1)]


def _band(x: Sequence[str], low: Floats, high: Floats, name: str, color: str) -> list[Trace]:
    edge = {"type": "scatter", "mode": "lines", "x": list(x), "line": {"width": 0, "color": color}, "hoverinfo": "skip"}
    return [edge | {"y": rounded(low), "showlegend": False, "name": name}, edge | {"y": rounded(high), "name": name, "fill": "tonexty", "fillcolor": color}]


def _demand(fit: Fit, factors: Sequence[FactorFit]) -> Chart:
    """Changes of demand from year to year, by factor."""
    dates = fit.history.dates
    known = np.flatnonzero(~np.isnan(factors[0].changes))
    traces: list[Trace] = []
    for i, row in enumerate(factors[:MOST_FACTORS]):
        color = "@ink" if i == 0 else f"@c{i - 1}"
        what = {"name": "all of it" if i == 0 else wrapped(row.driver), "line": {"color": color, "width": 2.5 if i == 0 else 1.2}}
        y = rounded(100 * np.expm1(row.changes[known]))
        traces.append({"type": "scatter", "mode": "lines", "x": [dates[k] for k in known], "y": y, "hovertemplate": "%{y:+.1f} %"} | what)
    columns = (Column("Factor"), Column("Volatility per year", "share"), Column("Left after a year", "share"))
    rows = [(row.driver, row.volatility.value, row.persistence) for row in factors]
    volatility = factors[0].volatility.value
    return Chart(
        "demand",
        f"Demand moves together by {100 * volatility:.1f} % from year to year",
        "Change of a year's volume on the year before, growth included: what all series share, and what sites and products have besides.",
        traces,
        _dated("% on the year before"),
        Table("Factors of demand", columns, rows),
    )
