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

WEB = Path(__file__).parent


def page(name: str, status: int = 200, **context: Any) -> HTMLResponse:
    """The template `name` as a page. Pages show what is so now, so they are not kept."""
    return HTMLResponse(_environment().get_template(name).render(**context), status, headers={"Cache-Control": "no-store"})


@cache
def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(WEB / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["data"] = _data
    environment.filters["prose"] = _prose
    return environment


def _prose(text: str) -> Markup:
    """A sentence in which `names` in backticks are code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _data(value: object) -> Markup:
    """JSON that can stand inside a script element: no character of it can end the element."""
    text = json.dumps(value, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
