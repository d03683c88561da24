"""Scenarios that are sent together: one by one, or as one scenario with variations of it."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from models.base import Document, Name
from models.errors import Finding, InvalidScenario
from scenarios import library
from scenarios.files import check_json, parse_document

WHAT = "batch"  # what messages call it
MOST = 100
"""Runs of one batch."""
STEP = re.compile(r"\.?([A-Za-z_]\w*)|\[([^\[\]]{1,80})\]")
NOWHERE = "there is no such place in the scenario; name fields as findings do, and rows by their number or id: `offers[maker].alternatives[0].price`"


class Variation(Document):
    """What is different from the scenario."""

    name: Annotated[Name, Field(min_length=1)]
    """Stands behind the scenario's own name."""
    set: Annotated[dict[str, Any], Field(min_length=1, max_length=1_000)]
    """New values by their place: `risk.weight`, `offers[maker].alternatives[0].price` (rows by number or id)."""


class Batch(Document):
    """What is to be solved together: either `scenarios`, or a `scenario` with `variations`."""

    scenarios: Annotated[tuple[dict[str, Any] | str, ...], Field(min_length=1, max_length=MOST)] | None = None
    """Scenarios, or names of bundled ones."""
    scenario: dict[str, Any] | str | None = None
    """One scenario, or the name of a bundled one; it is not solved itself unless a variation leaves it as it is."""
    variations: Annotated[tuple[Variation, ...], Field(min_length=1, max_length=MOST)] | None = None
    """One run for each."""

    @model_validator(mode="after")
    def _either(self) -> Self:
        if (self.scenarios is None) == (self.scenario is None) or (self.scenario is None) != (self.variations is None):
            raise ValueError("give either `scenarios`, or a `scenario` and its `variations`")
        return self


def scenarios_in(raw: bytes) -> list[tuple[str, bytes]]:
    """Every scenario of a batch as JSON, with its place in the body. Raises InvalidScenario with every finding about the batch itself."""
    batch = parse_document(raw, Batch, WHAT)
    found: list[Finding] = []
    made: list[tuple[str, bytes]] = []
    if batch.scenarios is not None:
        for i, one in enumerate(batch.scenarios):
            _add(made, found, f"scenarios[{i}]", one, None)
    for i, variation in enumerate(batch.variations or ()):
        _add(made, found, f"variations[{i}]", batch.scenario, variation)
    if found:
        raise InvalidScenario(found, WHAT)
    return made


def _add(made: list[tuple[str, bytes]], found: list[Finding], path: str, given: Any, variation: Variation | None) -> None:
    if isinstance(given, str) and given not in library.names():
        place = "scenario" if variation else path
        if place not in {finding.path for finding in found}:
            found.append(Finding(place, "there is no bundled scenario of that name; `/v1/examples` lists them"))
        return
    raw = library.read(given) if isinstance(given, str) else json.dumps(given).encode()
    if variation is None:
        made.append((path, raw))
        return
    data = check_json(raw)  # a copy of its own
    wrong = [Finding(f"{path}.set.{place}", NOWHERE) for place, value in variation.set.items() if not _put(data, place, value)]
    found += wrong
    if not wrong:
        data["name"] = f"{data.get('name', '')}, {variation.name}".strip(", ")[:200]
        made.append((path, json.dumps(data).encode()))


def _put(data: Any, place: str, value: Any) -> bool:
    """Set what stands at a place; whether there is such a place. Fields may be new (whether a scenario has them is said when it is checked), rows may not."""
    steps = [name or row for name, row in STEP.findall(place)]
    if not steps or STEP.sub("", place):
        return False
    for step in steps[:-1]:
        data = _inside(data, step)
    if isinstance(data, dict):
        data[steps[-1]] = value
        return True
    at = _row(data, steps[-1])
    if at is None:
        return False
    data[at] = value
    return True


def _inside(data: Any, step: str) -> Any:
    if isinstance(data, dict):
        return data.setdefault(step, {})
    at = _row(data, step)
    return None if at is None else data[at]


def _row(data: Any, step: str) -> int | None:
    """Where a row stands in a list: by its id, or by its number."""
    if not isinstance(data, list):
        return None
    by_id = [i for i, row in enumerate(data) if (isinstance(row, dict) and row.get("id") == step) or row == step]
    if by_id:
        return by_id[0]
    return int(step) if step.isascii() and step.isdigit() and len(step) < 8 and int(step) < len(data) else None
