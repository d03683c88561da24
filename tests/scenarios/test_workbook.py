"""A scenario as a workbook and back: the same document, whatever it holds."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xlsxwriter import Workbook

from models.base import Document
from models.errors import InvalidScenario
from models.scenario import Scenario
from scenarios import library
from scenarios.files import dump_scenario, scenario_from
from scenarios.workbook import json_of, read_workbook, write_template, write_workbook
from scenarios.workbook_names import SHEETS
from scenarios.workbook_tables import Table, all_tables, tables
from scenarios.workbook_tables import settings as setting_sheets
from tests.optimizer.random_scenarios import random_scenario
from tests.scenarios.workbooks import QUICKSTART, changed, edited, opened, said

AWKWARD = (
    "=1+1",
    "+49 30",
    "-5",
    "@home",
    "'quoted",
    '"quoted"',
    '""',
    " lead and trail ",
    "2027",
    "1,5",
    "TRUE",
    "_x000D_",
    "\ufffe",
    "😀 é",
    "#REF!",
    "a; b",
    "[1]",
    "[",
)


def data_of(name: str) -> dict[str, Any]:
    """A bundled scenario as JSON has it."""
    found: dict[str, Any] = json.loads(library.load(name).model_dump_json())
    return found


@pytest.mark.parametrize("name", library.names())
def test_every_bundled_scenario_comes_back_the_same(name: str) -> None:
    """A field would be lost, or changed, by a round through Excel."""
    scenario = library.load(name)
    again = read_workbook(write_workbook(scenario))
    assert again == scenario
    assert dump_scenario(again) == dump_scenario(scenario), "the plan names its scenario by the hash of these bytes"


def test_columns_by_id_stand_in_the_order_of_their_rows() -> None:
    """The moves from one regime to the next would be a table whose columns are in another order than its rows."""
    head = [cell.value or "" for cell in next(opened(write_workbook(library.load("fibre-generated")))["regimes"].iter_rows())]
    moves = [str(name).partition("\n")[0].removeprefix("moves.") for name in head if str(name).startswith("moves.")]
    assert moves == [regime.id for regime in library.load("fibre-generated").uncertainty.regimes]  # type: ignore[union-attr]


@pytest.mark.parametrize("text", AWKWARD)
def test_text_stays_text(text: str) -> None:
    """A name would be run as a formula, read as a number, or lose a character."""
    data = data_of("quickstart")
    data["name"] = data["sites"][0]["name"] = data["offers"][0]["note"] = text
    data["products"][0]["unit"] = data["demand"][0]["unit"] = text
    scenario = scenario_from(data)
    raw = write_workbook(scenario)
    assert read_workbook(raw) == scenario
    assert not [cell for row in opened(raw)["sites"].iter_rows() for cell in row if cell.data_type == "f"]


@pytest.mark.parametrize("ids", [("2027", "2028", "2029"), ("2027-Q1", "2027-Q2", "2027-Q3"), ("1", "01", "1.0"), ("TRUE", "1e5", "May-27")])
def test_period_ids_survive(ids: tuple[str, ...]) -> None:
    """Excel would make numbers or dates of the periods' names."""
    raw = json.dumps(data_of("quickstart"))
    for old, new in zip(("2027", "2028", "2029"), ids, strict=True):
        raw = raw.replace(f'"{old}"', f'"p-{new}"')
    scenario = scenario_from(json.loads(raw.replace('"p-', '"')))
    assert read_workbook(write_workbook(scenario)) == scenario


def numbers_in(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where the numbers of a document are."""
    if isinstance(data, dict | list):
        return [x for key, value in (data.items() if isinstance(data, dict) else enumerate(data)) for x in numbers_in(value, (*path, key))]
    return [path] if isinstance(data, float) else []


FIBRE = data_of("fibre-generated")
PLACES = {name: numbers_in(data) for name, data in (("quickstart", data_of("quickstart")), ("fibre-generated", FIBRE))}
NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(list(PLACES)), st.data())
def test_any_numbers_and_names_come_back_the_same(name: str, draw: st.DataObject) -> None:
    """A number would lose digits, or a name a character, on the way through a cell."""
    data = data_of(name)
    for path in draw.draw(st.lists(st.sampled_from(PLACES[name]), max_size=8)):
        inside = data
        for key in path[:-1]:
            inside = inside[key]
        inside[path[-1]] = draw.draw(st.floats(min_value=0, max_value=1e12))
    data["name"], data["sites"][0]["name"], data["description"] = draw.draw(NAMES), draw.draw(NAMES), draw.draw(NAMES)
    try:
        scenario = scenario_from(data)
    except InvalidScenario:
        return
    assert read_workbook(write_workbook(scenario)) == scenario


FUTURE = {
    "id": "only", "probability": 1.0, "demand_factor": [1.0, 1.1, 1.2], "spot_price_factor": [1, 1, 1], "spot_available_factor": [1, 0.5, 0],
    "demand": [{"site": "ohio", "product": "cable", "volume": [1, 2, 3], "unit": "thousand fibre-km"}],
    "spot_price": [{"spot": "spot-us", "price": [1, 2, 3]}], "spot_available": [{"spot": "spot-us", "available": [1, 2, 3]}],
    "spot_lead": [{"spot": "spot-us", "lead_periods": [0, 0.4, 1]}], "index": {"inputs": [1, 1.1, 1.2]}, "fx": {"EUR": [1.1, 1.2, 1.3]},
}  # fmt: skip
NODES = [
    {"id": "a", "parent": None, "period": "2027", "probability": 1, "name": "first", "demand_factor": 1.5, "index": {"inputs": 1.2}, "fx": {"EUR": 1.3}},
    {"id": "b", "parent": "a", "period": "2028", "probability": 1, "demand": [{"site": "ohio", "product": "cable", "volume": 5}]},
    {
        "id": "c", "parent": "b", "period": "2029", "probability": 1, "spot_price": [{"spot": "spot-us", "price": 3}],
        "spot_lead": [{"spot": "spot-us", "lead_periods": 1}], "spot_available": [{"spot": "spot-us", "available": 3}],
        "lateness": [{"supplier": "maker", "weeks": 2}], "deliverability": [{"offer": "importer-frame", "share": 0.5}],
    },
]  # fmt: skip
CURRENCIES = [{"id": "EUR", "rate": [1.1, 1.2, 1.3], "rate_now": 1.05}]
RARE: dict[str, dict[str, Any]] = {
    "lengths of periods": {"periods": [{"id": "2027", "years": 0.5}, "2028", {"id": "2029", "years": 1.0}]},
    "everything a future has": {
        "uncertainty": {"kind": "futures", "futures": [FUTURE], "revealed": "after_signing", "tree": {"branching": [1, 1]}},
        "currencies": CURRENCIES,
    },
    "a tree": {"uncertainty": {"kind": "tree", "nodes": NODES}, "currencies": CURRENCIES},
    "stress": {
        "stress": {
            "parts": ["what_ifs"], "radii": [], "groups": [{"id": "g", "futures": ["normal", "glut"]}],
            "what_ifs": [{"kind": "demand", "id": "w", "factor": 1.5, "site": "ohio", "from_period": "2028", "periods": 1}, {"kind": "glut", "id": "x"}],
        }
    },
    "a frontier as it comes": {"frontier": {}},
    "stress as it comes": {"stress": {}},
    "ambiguity": {"risk": {"weight": 0.5, "ambiguity": {"radius": 0.1}}},
    "split shortage with steps": {
        "shortage": [
            {
                "product": "cable", "kind": "split", "cost_per_unit": 1, "cost_per_unit_year": 2, "lost_share": 0.5,
                "steps": [{"above_share": 0.1, "cost_factor": 2}],
            },
            {"product": "cable", "site": "ohio", "kind": "lost", "cost_per_unit": 7},
        ]
    },
}  # fmt: skip


@pytest.mark.parametrize("name", RARE)
def test_what_no_bundled_scenario_has_comes_back_the_same(name: str) -> None:
    """A table or setting that few use would be lost by a round through Excel."""
    scenario = scenario_from({**data_of("quickstart"), **RARE[name]})
    assert read_workbook(write_workbook(scenario)) == scenario


def test_prices_and_volumes_per_product_come_back_the_same() -> None:
    """An offer of two products would lose its price list."""
    data = data_of("quickstart")
    data["products"].append({"id": "other", "unit": "km"})
    data["rules"] = []
    data["offers"][1] |= {
        "products": ["cable", "other"],
        "clauses": [{"kind": "all_units_tiers", "tiers": [{"from_volume": 0, "to_volume": 5}, {"from_volume": 5}]}],
    }
    data["offers"][1]["alternatives"] = [
        {"id": "list", "price": [{"product": "other", "price": 2}, {"product": "cable", "price": 1}], "profile": {"kind": "free", "ramp": 0.5},
         "volume_per_period": [{"product": "cable", "min": 0, "max": 5}, {"product": "other", "min": 1, "max": 2}]},
    ]  # fmt: skip
    scenario = scenario_from(data)
    assert read_workbook(write_workbook(scenario)) == scenario


def test_the_same_scenario_gives_the_same_bytes() -> None:
    """A batch would solve again what it has solved, and two exports could not be compared."""
    assert write_workbook(library.load("quickstart")) == QUICKSTART
    assert json_of(QUICKSTART) == json_of(write_workbook(read_workbook(QUICKSTART)))


def lists_of(clauses: Table, child: Table) -> set[str]:
    """The kinds of clauses that hold the list of a table."""
    return {str(get_args(document.model_fields["kind"].annotation)[0]) for document in clauses.documents if child.path[0] in document.model_fields}


def documents_below(found: type[Document]) -> set[type[Document]]:
    """Every document that stands somewhere in a scenario, by the schema."""
    names = set(found.model_json_schema()["$defs"])
    known: set[type[Document]] = set()
    waiting = [Document]
    while waiting:
        for child in waiting.pop().__subclasses__():
            waiting.append(child)
            if child.__name__ in names and child not in known:
                known.add(child)
    return known


def test_every_field_of_every_document_has_a_place() -> None:
    """A field that is added to a document could be lost in a workbook without anybody noticing."""
    columns = [column for sheet in (*setting_sheets().values(), *(table.columns for table in all_tables())) for column in sheet]
    placed = {(document.__name__, column.path[-1]) for column in columns for document in column.documents}
    tables = {table.path[-1] for table in all_tables()}
    inside = {part for column in columns for part in column.path[:-1]} | {part for table in all_tables() for part in table.path}
    missing = [
        (document.__name__, name)
        for document in documents_below(Scenario)
        for name, field in document.model_fields.items()
        if not any((kind.__name__, field.alias or name) in placed for kind in (document, *document.__subclasses__())) and name not in tables | inside
    ]
    assert not missing
    assert {table.sheet for table in all_tables()} == set(SHEETS.values())


LISTED = sorted({document for table in all_tables() if table.path[-1] == "clauses" for child in table.tables for document in lists_of(table, child)})
"""Kinds of clauses that hold lists of documents."""


@pytest.fixture
def without_places() -> Iterator[None]:
    """Nobody has said what the sheets of the clauses' lists are called. Afterwards the names stand in their order again, which is that of the sheets."""
    before = dict(SHEETS)
    for name in [name for name in SHEETS if name.startswith("offers.clauses.")]:
        del SHEETS[name]
    tables.cache_clear()
    yield
    SHEETS.clear()
    SHEETS.update(before)
    tables.cache_clear()


@pytest.mark.usefixtures("without_places")
@pytest.mark.parametrize("kind", LISTED)
def test_a_list_in_a_clause_that_has_no_place_yet_is_written_all_the_same(kind: str) -> None:
    """A clause with a new list of steps or fees would lose them in a workbook without a word."""
    scenario = library.load(f"clause-{kind}")
    held = json.loads(scenario.model_dump_json())
    assert any(isinstance(value, list) and value for offer in held["offers"] for clause in offer["clauses"] for value in clause.values())
    assert read_workbook(write_workbook(scenario)) == scenario


def test_rows_that_hold_rows_can_be_named() -> None:
    """A list inside a list would be written without saying to which row it belongs, and come back under another one, or not at all."""
    nameless = [table.sheet for table in all_tables() if table.tables and not set(table.own) <= {column.path[0] for column in table.columns}]
    assert nameless == []
    sheets = [table.sheet for table in all_tables()]
    assert len(sheets) == len(set(sheets)), "of two tables on one sheet one would be lost"


def test_a_formula_is_read_by_its_value() -> None:
    """A sheet that works its numbers out would come back empty, or would have to be typed again."""
    held, source = io.BytesIO(), opened()
    with Workbook(held, {"in_memory": True}) as book:
        for name in source.sheetnames:
            sheet = book.add_worksheet(name)
            for row in source[name].iter_rows():
                for cell in row:
                    if isinstance(cell.value, int | float) and not isinstance(cell.value, bool):
                        sheet.write_formula(cell.row - 1, cell.column - 1, f"={cell.value}", None, cell.value)
                    elif cell.value is not None:
                        sheet.write(cell.row - 1, cell.column - 1, cell.value)
    assert read_workbook(held.getvalue()) == library.load("quickstart")


def test_numbers_are_taken_as_ids_and_empty_rows_skipped() -> None:
    """Periods typed as numbers, and a gap between two rows, would have to be repaired by hand."""
    raw = edited(lambda book: book["sites"].insert_rows(3), changed(periods={"A2": 2027, "A3": 2028, "A4": 2029}, offers={"F2": 2027}))
    assert read_workbook(raw) == library.load("quickstart")


def test_own_sheets_and_columns_are_left_alone() -> None:
    """A team could not keep its notes and sums in the workbook."""
    raw = edited(lambda book: book.create_sheet("#notes"), changed(sites={"D1": "# our remark", "D2": "large"}, scenario={"A30": "# x", "B30": 5}))
    assert read_workbook(raw) == library.load("quickstart")


def test_the_template_lacks_only_what_is_to_be_filled_in() -> None:
    """Who fills the template would get findings about what it came with."""
    assert set(said(write_template())) == {"scenario!B2", "sites!A1", "products!A1"}


def test_headers_notes_lists_and_panes_are_there() -> None:
    """The workbook would say neither units nor meanings, and offer nothing to choose from."""
    book = opened()
    heads = {" ".join(str(cell.value).split()): cell for cell in next(book["alternatives"].iter_rows(max_row=1))}
    assert "price [USD/unit]" in heads
    assert "Per unit taken" in heads["price [USD/unit]"].comment.text
    lists = {str(x.sqref).partition(":")[0]: str(x.formula1) for x in book["rules"].data_validations.dataValidation}
    assert "domestic_share" in lists["A2"]
    assert any(x == "products!$A$2:$A$3001" for x in lists.values())
    assert book["offers"].freeze_panes == "B2"
    assert book["About"]["B2"].value == "offtake-workbook/1"
    assert book["nodes"].sheet_state == "hidden"
    assert book["futures"].sheet_state == "visible"


@pytest.mark.parametrize("seed", range(0, 60, 4))
def test_random_scenarios_come_back_the_same(seed: int) -> None:
    """A combination of tables that nobody thought of would lose something in Excel."""
    scenario = random_scenario(seed)
    assert read_workbook(write_workbook(scenario)) == scenario


def test_what_excel_can_not_hold_is_said() -> None:
    """A scenario that is too large for Excel would end in a file that opens with a part of it missing."""
    data = data_of("quickstart")
    futures = [{"id": f"f{'x' * 60}{i}", "probability": 1 / 600} for i in range(600)]
    data |= {"uncertainty": {"kind": "futures", "futures": futures}, "stress": {"groups": [{"id": "g", "futures": [x["id"] for x in futures[1:]]}]}}
    with pytest.raises(InvalidScenario, match=r"sheet 'future_groups' would have a cell with .* Excel allows 32,767"):
        write_workbook(scenario_from(data))
