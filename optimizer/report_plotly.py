"""Parts of charts: plain Plotly dictionaries.

Colours are named (`@c0`, `@spot`, `@short`, `@ink`) and resolved by the page, so that light, dark and print share one specification. Plotly's own
Python objects are not used: importing them takes longer than the rest of the report together.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap
from typing import Any

from optimizer.report_tables import Table

SPOT = "Spot market"
OTHER = "Transport, storage and other"
REST = "All others"
MAX_SERIES = 7
Trace = dict[str, Any]
Series = Mapping[str, Mapping[str, float]]  # name -> period -> value


@dataclass(frozen=True)
class Chart:
    """A chart, how to read it, and the same data as a table."""

    id: str
    title: str
    note: str
    traces: list[Trace]
    layout: dict[str, Any]
    table: Table
    height: int = 380


def bars(series: Series, periods: Sequence[str], hues: Mapping[str, str]) -> Iterator[Trace]:
    fixed = {SPOT: "@spot", OTHER: "@other", REST: "@total"}
    for name, values in series.items():
        yield bar(name, periods, (values[t] for t in periods), fixed.get(name) or hues.get(name, "@total"))


def bar(name: str, x: Sequence[Any], y: Iterable[float], color: str) -> Trace:
    return {"type": "bar", "name": wrapped(name), "x": list(x), "y": rounded(y), "marker": {"color": color}, "hovertemplate": "%{y:,.4~f}"}


def largest(series: Series) -> dict[str, Mapping[str, float]]:
    """Series by size, largest first, spot and other costs last; beyond MAX_SERIES they are added up."""
    sizes = {name: sum(map(abs, values.values())) for name, values in series.items()}
    ordered = sorted((name for name in series if sizes[name]), key=lambda name: (name == OTHER, name == SPOT, -sizes[name]))
    ends = [name for name in ordered if name in (SPOT, OTHER)]
    body = ordered[: len(ordered) - len(ends)]
    kept, dropped = (body, []) if len(body) <= MAX_SERIES else (body[: MAX_SERIES - 1], body[MAX_SERIES - 1 :])
    found = {name: series[name] for name in kept}
    if dropped:
        found[REST] = {t: sum(series[name][t] for name in dropped) for t in series[dropped[0]]}
    return found | {name: series[name] for name in ends}


def whiskers(x: Sequence[Any], spread: Sequence[tuple[float, float]]) -> Trace:
    """Lines from P5 to P95. Error bars of the mean would not do: the P95 of a rare shortage lies below its mean."""
    low, high = (rounded(values) for values in zip(*spread, strict=True))
    lengths = [b - a for a, b in zip(low, high, strict=True)]
    ends = {"symbol": "line-ew", "size": 9, "line": {"width": 1.5, "color": "@ink"}}
    span = {"type": "data", "symmetric": False, "array": [0] * len(low), "arrayminus": lengths, "color": "@ink", "thickness": 1.5, "width": 4}
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "P95",
        "x": list(x),
        "y": high,
        "marker": ends,
        "error_y": span,
        "hovertemplate": "%{y:,.4~f}",
    }


def layout_of(y: str = "", x: str = "") -> dict[str, Any]:
    axis = {
        "gridcolor": "@grid",
        "zerolinecolor": "@grid",
        "linecolor": "@grid",
        "automargin": True,
        "fixedrange": True,
        "separatethousands": True,
        "exponentformat": "none",
    }
    return {
        "xaxis": axis | {"type": "linear" if x else "category", "title": {"text": safe(x)}, "showgrid": bool(x)},
        "yaxis": axis | {"title": {"text": safe(y)}},
        "hovermode": "closest" if x else "x unified",
    }


def round_steps(low: float, high: float) -> list[float]:
    """Three to eight round numbers between `low` and `high` for an axis."""
    raw = (high - low) / 7
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw * (1 - 1e-9))
    return [float(f"{step * i:.10g}") for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def rounded(values: Iterable[float]) -> list[float]:
    return [float(f"{v:.7g}") for v in values]


def safe(text: str) -> str:
    """Plotly reads a subset of HTML in texts; names must not be read as such."""
    return escape(text, quote=False)


def wrapped(text: str) -> str:
    """Broken into lines that fit beside a legend's mark on a narrow screen."""
    return "<br>".join(safe(line) for line in wrap(text, 34)) or "–"


def short(text: str) -> str:
    return safe(text if len(text) <= 24 else text[:23] + "…")


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
