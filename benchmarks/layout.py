"""Scenario files as people like to read them: JSON with one row of a table per line, as long as it fits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scenarios.files import parse_scenario, write_whole

WIDTH = 160


def save(data: dict[str, Any], path: Path) -> None:
    """Check `data` as a scenario and write it; whole or not at all. Raises InvalidScenario."""
    text = laid_out(data) + "\n"
    parse_scenario(text.encode())
    write_whole(path, text)


def laid_out(value: Any, depth: int = 0) -> str:
    """`value` as JSON: on one line when it fits, otherwise one entry per line. The outermost object always gets a line per field."""
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or not value or (depth > 0 and len(flat) + 2 * depth <= WIDTH):
        return flat
    if isinstance(value, dict):
        entries = [f"{json.dumps(key, ensure_ascii=False)}: {laid_out(entry, depth + 1)}" for key, entry in value.items()]
    else:
        entries = [laid_out(entry, depth + 1) for entry in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    inside = ",\n".join("  " * (depth + 1) + entry for entry in entries)
    return f"{opening}\n{inside}\n{'  ' * depth}{closing}"
