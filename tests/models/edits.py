"""A sound scenario as a dictionary, and ways to spoil it: what the tests of documents have in common.

`base.json` is a copy of an early quickstart scenario, so that the bundled one may change.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from models.errors import InvalidScenario
from scenarios.files import scenario_from

Edit = tuple[str, Any]  # a path (`offers[0].window.periods`) and the value it gets; REMOVED takes the field away
REMOVED = object()


def base() -> dict[str, Any]:
    """A fresh copy of the sound scenario."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name("base.json").read_bytes())
    return found


def edited(*edits: Edit, of: dict[str, Any] | None = None) -> dict[str, Any]:
    """The base scenario (or `of`) with values set, appended (`offers[+]`) or removed."""
    data = base() if of is None else copy.deepcopy(of)
    for path, given in edits:
        value = given if given is REMOVED else copy.deepcopy(given)
        *way, last = steps(path)
        here: Any = data
        for step in way:
            here = here[step]
        if value is REMOVED:
            del here[last]
        elif last == "+":
            here.append(value)
        else:
            here[last] = value
    return data


def steps(path: str) -> list[str | int]:
    """`a.b[0].c` as ["a", "b", 0, "c"]; `[+]` stays "+"."""
    found: list[str | int] = []
    for part in path.replace("[", ".[").split("."):
        inside = part[1:-1] if part.startswith("[") else None
        found.append(part if inside is None else int(inside) if inside.isdigit() else inside)
    return found


def findings(data: dict[str, Any]) -> list[str]:
    """What is wrong with a scenario, one text per finding; empty when it is sound."""
    try:
        scenario_from(data)
    except InvalidScenario as error:
        return [str(finding) for finding in error.findings]
    return []
