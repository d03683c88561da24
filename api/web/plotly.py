"""Plotly's script from the installed wheel, found without importing plotly (which takes seconds)."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path


def script() -> Path:
    """The file `plotly.min.js`. Raises FileNotFoundError."""
    spec = find_spec("plotly")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("the package plotly is not installed; charts need its plotly.min.js")
    return Path(spec.submodule_search_locations[0]) / "package_data" / "plotly.min.js"


@cache
def inline_style_ids() -> tuple[str, ...]:
    """Ids of inline styles (for maps) that the script adds unless an element of that id exists. We draw no maps, and our policy forbids inline
    styles, so the page has empty elements with these ids."""
    return tuple(re.findall(r'getElementById\("([0-9a-f]{32,})"\)', script().read_text("utf-8")))
