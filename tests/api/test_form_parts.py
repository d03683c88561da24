"""The form as data: every part of a scenario has its place in it, and every number of a table a unit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from api.form_parts import form_sections
from api.form_units import UNITS
from models.scenario import Scenario

BARE = {"gap", "seed", "threads", "out_of_sample", "replications", "replication_futures", "rolling", "stability", "max_nonzeros", "futures"}
"""Numbers without a unit, wherever they stand."""
SCHEMA = Scenario.model_json_schema()


def parts() -> Iterator[dict[str, Any]]:
    """All parts, also those of a kind that is chosen."""
    for section in form_sections():
        for part in section["parts"]:
            yield part
            for kind in part.get("kinds", {}).values():
                yield from kind.get("parts", ())


def test_every_table_of_a_scenario_is_in_the_form_once() -> None:
    """If this fails, a part of the scenario can't be edited but as text, or is edited in two places."""
    named = [name for section in form_sections() for name in section["names"]]
    assert sorted(named) == sorted(set(SCHEMA["properties"]) - {"format"})


def test_the_form_is_made_of_what_the_page_can_draw() -> None:
    """If this fails, a part is sent to the page that no module there knows."""
    assert {part["part"] for part in parts()} == {"fields", "grid", "cards", "union", "json"}
    kinds = {spec["kind"] for part in parts() for spec in (*part.get("columns", ()), *part.get("fields", ()))}
    assert kinds <= {"text", "number", "integer", "boolean", "choice", "series", "names", "json", "any"}
    json.dumps(form_sections(), allow_nan=False)


def test_rows_that_hold_rows_have_a_table_below() -> None:
    """If this fails, capacities, alternatives and clauses would be cells full of JSON."""
    paths = {".".join(part["path"]): part["part"] for part in parts()}
    assert paths["suppliers.*.capacity"] == paths["offers.*.alternatives"] == paths["uncertainty.futures"] == "grid"
    assert paths["uncertainty.futures.*.demand"] == paths["uncertainty.futures.*.spot_price"] == "grid"
    assert paths["offers.*.clauses"] == paths["rules"] == "cards"


def test_what_may_be_said_per_product_has_a_table_and_what_has_kinds_columns() -> None:
    """If this fails, prices and volumes per product, and the shape of a volume over a window, would have to be typed as JSON."""
    grids = {".".join(part["path"]): part for part in parts() if part["part"] == "grid"}
    for name, wanted in (("price", ["product", "price"]), ("volume_per_period", ["product", "min", "max"])):
        table = grids[f"offers.*.alternatives.*.{name}"]
        assert [spec["at"] for spec in table["columns"]] == [[field] for field in wanted]
        assert table["title"].endswith("per product")
    profile = {spec["at"][1]: spec for spec in grids["offers.*.alternatives"]["columns"] if spec["at"][0] == "profile"}
    assert {name: (spec["kind"], spec.get("of")) for name, spec in profile.items()} == {
        "kind": ("choice", None), "ramp": ("number", ["free"]), "shape": ("series", ["shaped"]),
    }  # fmt: skip


def test_every_number_of_the_main_tables_has_a_unit() -> None:
    """If this fails, someone types thousands where units are meant, because no header says so."""
    without = []
    for part in parts():
        if part["part"] == "grid" and part["path"][0] not in ("uncertainty", "shortage"):
            numbers = [spec for spec in part["columns"] if spec["kind"] in ("number", "integer", "series", "any")]
            without += [f"{part['path']} {spec['at']}" for spec in numbers if "unit" not in spec and spec["at"][-1] not in BARE]
    assert without == []


def test_units_name_fields_that_exist() -> None:
    """If this fails, a field was renamed and its column has lost its unit."""
    known = {**SCHEMA["$defs"], "Scenario": SCHEMA}
    fields = [field.split(".") for named in UNITS.values() for field in named]
    assert [field for field in fields if field[1] not in known[field[0]]["properties"]] == []
