"""The bundled scenarios: `fibre` (the worked case), `quickstart` (one page), and a minimal one per clause and per rule, with their expected results.

`load("fibre")` gives the document, `read("fibre")` the JSON text as it stands in the package. Nothing is read before it is asked for.
"""

from __future__ import annotations

import json
from difflib import get_close_matches
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from models.errors import Finding, InvalidScenario

if TYPE_CHECKING:
    from models.scenario import Scenario

FIRST = ("fibre", "quickstart")  # what a newcomer should see first


def names() -> tuple[str, ...]:
    """Names of the bundled scenarios: the worked cases first, then by name."""
    found = {entry.name.removesuffix(".json") for entry in files(__name__).iterdir() if entry.name.endswith(".json")}
    return (*(name for name in FIRST if name in found), *sorted(found.difference(FIRST)))


def read(name: str) -> bytes:
    """The JSON of the scenario `name`. Raises InvalidScenario when there is none of that name."""
    known = names()
    if name not in known:
        raise InvalidScenario([Finding("", _unknown(name, known))], what="scenario name")
    return files(__name__).joinpath(f"{name}.json").read_bytes()


def load(name: str) -> Scenario:
    """The scenario `name`. Raises InvalidScenario when there is none of that name."""
    from scenarios.files import parse_scenario  # pydantic is needed only by those who load

    return parse_scenario(read(name))


def description(name: str) -> str:
    """What the scenario `name` shows, in a sentence or two. Raises InvalidScenario when there is none of that name."""
    return str(json.loads(read(name)).get("description", ""))


def expected(name: str) -> dict[str, Any] | None:
    """The stored result of the scenario `name` (made by `python -m benchmarks.goldens`); None when none is stored.

    Keys: status, gap, objective, expected_cost, cvar, and awards (offer, alternative, node, volumes per product and period).
    Raises InvalidScenario when there is no scenario of that name.
    """
    read(name)
    golden = files(__name__).joinpath("expected", f"{name}.json")
    return json.loads(golden.read_bytes()) if golden.is_file() else None


def _unknown(name: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(repr(x) for x in close)}?" if close else f"there are {', '.join(known)}"
    return f"there is no bundled scenario '{name[:80]}'; {hint}"
