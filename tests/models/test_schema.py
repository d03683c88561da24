"""The JSON Schemas of Scenario and Plan are complete and say what every field means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from models.base import MAX_PERIODS, Document
from models.clauses import CLAUSES
from models.plan import Plan
from models.rules import RULES
from models.scenario import Scenario
from tests.models.edits import base

SCHEMAS = {"scenario": Scenario.model_json_schema(), "plan": Plan.model_json_schema()}


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Every object inside a schema."""
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from nodes(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from nodes(value)


def resolved(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """A schema with its reference followed."""
    found: dict[str, Any] = root["$defs"][schema["$ref"].removeprefix("#/$defs/")] if "$ref" in schema else schema
    return found


def fits(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    """Whether a value keeps the part of JSON Schema that our schemas use."""
    schema = resolved(schema, root)
    for several in ("anyOf", "oneOf"):
        if several in schema and not any(fits(value, part, root) for part in schema[several]):
            return False
    kinds = {"object": dict, "array": list, "string": str, "number": int | float, "integer": int, "boolean": bool, "null": type(None)}
    kind = schema.get("type")
    if kind and (not isinstance(value, kinds[kind]) or (isinstance(value, bool) and kind != "boolean")):
        return False
    if "const" in schema and value != schema["const"]:
        return False
    if isinstance(value, int | float) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        return False
    if isinstance(value, list):
        sized = schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value))
        return sized and all(fits(item, schema.get("items", {}), root) for item in value)
    if isinstance(value, dict) and "properties" in schema:
        fields = schema["properties"]
        complete = set(schema.get("required", ())) <= set(value) <= set(fields)
        return complete and all(fits(item, fields[key], root) for key, item in value.items())
    return True


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_reference_resolves_and_every_object_is_closed(name: str) -> None:
    """Editors and form generators would stumble, or accept misspelt fields."""
    schema = SCHEMAS[name]
    for node in nodes(schema):
        if "$ref" in node:
            assert resolved(node, schema)
        if "properties" in node and node.get("type") == "object":
            assert node["additionalProperties"] is False, node["title"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_table_says_what_it_is(name: str) -> None:
    """The schema would list tables without a word about what they hold."""
    schema = SCHEMAS[name]
    silent = [title for title, part in schema["$defs"].items() if part.get("type") == "object" and not part.get("description")]
    assert schema["description"]
    assert not silent


def test_fields_whose_name_does_not_say_it_are_described() -> None:
    """A user would have to read the source to learn a unit or what leaving a field out means."""
    defs = SCHEMAS["scenario"]["$defs"]
    for table, field in (
        ("Offer", "sign"), ("Offer", "currency"), ("Offer", "unit"), ("Spot", "lead_periods"), ("Storage", "holding_cost"),
        ("Alternative", "price"), ("Futures", "revealed"), ("IndexedPrice", "floor"), ("VolumeBand", "down"),
        ("Currency", "rate_now"), ("Risk", "tail"), ("SolveSettings", "gap"), ("Transfer", "capacity"),
    ):  # fmt: skip
        whole = defs[table]["description"]
        assert defs[table]["properties"][field].get("description") or field in whole, f"{table}.{field}"
    summary = SCHEMAS["plan"]["$defs"]["Summary"]["properties"]
    assert summary["gap"]["description"] == "(objective - bound) / |objective|."


def test_every_clause_and_rule_is_in_the_schema() -> None:
    """A clause or rule that is registered could not be found by whoever writes a scenario."""
    defs = SCHEMAS["scenario"]["$defs"]
    for document in (*CLAUSES, *RULES):
        assert document.__name__ in defs
        assert defs[document.__name__]["required"][0] == "kind"


def test_sound_scenario_fits_the_schema_and_a_wrong_one_does_not() -> None:
    """The published schema would contradict the reader."""
    schema = SCHEMAS["scenario"]
    data = base()
    assert fits(data, schema, schema)
    for wrong in ({"demand": 5}, {"offers": [{"id": "x"}]}, {"odd": 1}, {"discount_rate": "high"}, {"periods": []}):
        assert not fits(data | wrong, schema, schema), wrong


def test_limits_are_in_the_schema() -> None:
    """Whoever makes scenarios by program would learn the limits by being refused."""
    volume = SCHEMAS["scenario"]["$defs"]["DemandRow"]["properties"]["volume"]
    assert volume["maxItems"] == MAX_PERIODS
    assert (volume["items"]["minimum"], volume["items"]["maximum"]) == (0, 1e12)


def test_documents_are_frozen_and_strict() -> None:
    """A document could be changed after it was checked, or take a text for a number."""
    settings = Document.model_config
    assert settings["frozen"]
    assert settings["strict"]
    assert settings["extra"] == "forbid"
    assert settings["allow_inf_nan"] is False
