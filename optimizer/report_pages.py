"""How the report's pages are made: templates, whole pages with style, scripts and the data of their charts."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Template

    from optimizer.report_plotly import Chart

ASSETS = Path(__file__).parent / "templates"


def page(name: str, content: dict[str, Any]) -> str:
    """A whole page with style, scripts and the data of its charts."""
    from markupsafe import Markup

    scripts = [_plotly_js(), (ASSETS / "report.js").read_text("utf-8")] if content["charts"] else []
    style = Markup((ASSETS / "report.css").read_text("utf-8"))
    data = Markup(_json(specs(content["charts"])))
    hashes = [_digest(script) for script in scripts]
    return template(name).render(**content, data=data, style=style, scripts=[Markup(script) for script in scripts], hashes=hashes)


def template(name: str) -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(ASSETS), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    return environment.get_template(name)


def specs(charts: Iterable[Chart]) -> dict[str, Any]:
    """What the script draws, by chart."""
    return {chart.id: {"data": chart.traces, "layout": chart.layout, "height": chart.height} for chart in charts}


def _plotly_js() -> str:
    """The script of the installed plotly wheel, found without importing plotly."""
    spec = find_spec("plotly")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("the package plotly is not installed; charts need its plotly.min.js")
    return (Path(spec.submodule_search_locations[0]) / "package_data" / "plotly.min.js").read_text("utf-8").replace("</script", "<\\/script")


def _digest(script: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() + "'"


def _json(data: object) -> str:
    """JSON that can stand inside a script element: no character of it can end the element."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
