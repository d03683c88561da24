"""Pages rendered on the server: Jinja2 templates, own styles and small ES modules, nothing from elsewhere but Plotly's script from its wheel."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from api.access import Caller

WEB = Path(__file__).parent


def page(name: str, status: int = 200, *, caller: Caller, **context: Any) -> HTMLResponse:
    """The template `name` as a page for `caller`. Pages show what is so now, so they are not kept."""
    return HTMLResponse(_environment().get_template(name).render(caller=caller, **context), status, headers={"Cache-Control": "no-store"})


@cache
def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(WEB / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["data"] = _data
    environment.filters["prose"] = _prose
    environment.filters |= {"money": _money, "percent": _percent, "figure": _figure, "change": _change, "said": _said, "relative": _relative}
    return environment


def _prose(text: str) -> Markup:
    """A sentence in which `names` in backticks are code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _money(value: float, currency: str) -> str:
    from optimizer.report import report_text

    return report_text.money(value, currency)


def _percent(share: float) -> str:
    from optimizer.report import report_text

    return report_text.percent(share)


def _figure(value: float | None) -> str:
    """A plain number with thousands separators; a dash where there is none."""
    from optimizer.report import report_text

    return "–" if value is None else report_text.number(value)


def _change(value: float | None) -> str:
    """A difference with its sign."""
    return "–" if value is None else f"+{_figure(value)}" if value > 0 else _figure(value) if value else "±0"


def _said(value: Any) -> str:
    """A value of a document as people read it."""
    if value is None or value == []:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:,.12g}".replace("-", "−")
    if isinstance(value, list):
        return "; ".join(_said(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')}: {_said(item)}" for name, item in value.items() if item not in (None, ""))
    return str(value)


def _relative(value: Any, first: Any) -> str:
    """By how much a number differs from the first one; empty where that says nothing."""
    if isinstance(value, bool) or isinstance(first, bool) or not (isinstance(value, int | float) and isinstance(first, int | float)):
        return ""
    return "" if not first or value == first else f"{100 * (value - first) / abs(first):+,.3g} %".replace("-", "−")


def _data(value: object) -> Markup:
    """JSON that can stand inside a script element: no character of it can end the element."""
    text = json.dumps(value, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
