"""Costs of compared runs as one chart under a title that says where they differ most."""

from __future__ import annotations

from typing import Any

from api.comparison import Comparison

MOST = 8
LETTERS = "ABCD"


def cost_chart(found: Comparison) -> dict[str, Any] | None:
    """Title, note and what the report's script draws; none where there is nothing to compare, or money of different kinds."""
    from optimizer.report import report_text

    shown = [i for i, run in enumerate(found.runs) if any(row.values[i] is not None for row in found.costs)]
    currencies = {found.runs[i].currency for i in shown}
    if len(shown) < 2 or len(currencies) != 1:
        return None
    currency = currencies.pop()
    rows = found.costs[:MOST]
    scale, unit = report_text.money_scale(max(abs(value or 0.0) for row in rows for value in row.values), currency)
    axis = {"gridcolor": "@grid", "zerolinecolor": "@grid", "linecolor": "@grid", "automargin": True, "fixedrange": True, "separatethousands": True}
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": LETTERS[i],
            "y": [row.label for row in rows],
            "x": [float(f"{(row.values[i] or 0.0) / scale:.7g}") for row in rows],
            "marker": {"color": f"@c{i}"},
            "hovertemplate": f"{LETTERS[i]}, %{{y}}: %{{x:,.4~f}}<extra></extra>",
        }
        for i in shown
    ]
    layout = {"barmode": "group", "xaxis": axis | {"title": {"text": unit}}, "yaxis": axis | {"autorange": "reversed"}}
    return {
        "title": _title(found, currency),
        "note": f"Expected present value in {unit}, by category" + (f"; the {MOST} largest of {len(found.costs)}." if len(found.costs) > MOST else "."),
        "specs": {"costs": {"data": traces, "layout": layout, "height": 120 + (16 * len(shown) + 14) * len(rows)}},
    }


def _title(found: Comparison, currency: str) -> str:
    """Where the costs differ most."""
    from optimizer.report import report_text

    most = max(found.costs, key=lambda row: max((abs(x) for x in row.differences if x is not None), default=0.0))
    told = [f"{LETTERS[i]} {report_text.money(abs(x), currency)} {'more' if x > 0 else 'less'}" for i, x in enumerate(most.differences) if i and x]
    return f"{most.label} differs most from A: {', '.join(told)}" if told else "The costs are the same in every category"
