"""Workbooks at the command line: accepted wherever a scenario is, made of one, and the plan and the answers written as such."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest

from api import cli
from api.exit_codes import ExitCode
from models.session import Session
from optimizer import engine
from scenarios import library
from scenarios.files import read_scenario
from scenarios.workbook import read_workbook, write_workbook
from tests.api.desk import LEVER, OFFER, SCENARIO, desk, desk_file
from tests.api.plans import fake_solve
from tests.scenarios.workbooks import changed


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path


def test_template_and_conversion_lose_nothing(folder: Path) -> None:
    """Who moves between Excel and JSON would lose a field on the way."""
    assert cli.run(["template", "filled.xlsx", "--example", "quickstart"]) == 0
    assert cli.run(["convert", "filled.xlsx", "case.json"]) == 0
    assert cli.run(["convert", "case.json", "again.xlsx"]) == 0
    assert read_scenario(folder / "case.json") == read_workbook((folder / "again.xlsx").read_bytes()) == library.load("quickstart")
    assert cli.run(["example", "quickstart", "-o", "example.xlsx"]) == 0
    assert (folder / "example.xlsx").read_bytes() == (folder / "filled.xlsx").read_bytes()
    assert cli.run(["template", "empty.xlsx"]) == 0
    assert cli.run(["validate", "empty.xlsx"]) == ExitCode.INVALID


def test_a_workbook_is_validated(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Findings about a workbook would not say which cell to look at."""
    (folder / "good.xlsx").write_bytes(changed())
    (folder / "bad.xlsx").write_bytes(changed(alternatives={"C2": "abc"}))
    assert cli.run(["validate", "good.xlsx"]) == 0
    assert cli.run(["validate", "bad.xlsx"]) == ExitCode.INVALID
    assert "alternatives!C2: must be a number, and is text" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["template", "x.json"], "must end with .xlsx"),
        (["template", "x.xlsx", "--example", "nowhere"], "There is no bundled scenario 'nowhere'"),
        (["convert", "quickstart", "x.csv"], "must end with .json or .xlsx"),
        (["convert", "nowhere", "x.xlsx"], "There is no file 'nowhere'"),
        (["solve", "quickstart", "-o", "a.xlsx", "--xlsx", "a.xlsx"], "--output and --xlsx name the same file"),
        (["solve", "quickstart", "-o", "a.xlsx"], "--output writes JSON; the option --xlsx writes a workbook"),
        (["negotiate", "session", "form", "quickstart", OFFER, "x.docx"], "must end with .xlsx"),
    ],
)
def test_what_can_t_be_meant_is_refused(folder: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An hour's result would be lost to a typing error, or a file written that no program opens."""
    assert cli.run(arguments) == ExitCode.USAGE
    assert words in " ".join(capsys.readouterr().err.split())
    assert not list(folder.iterdir())


def test_the_plan_is_the_same_by_workbook(folder: Path) -> None:
    """The same question asked in Excel would get another plan than in JSON."""
    (folder / "case.xlsx").write_bytes(write_workbook(library.load("quickstart")))
    plans = []
    for source in ("case.xlsx", "quickstart"):
        assert cli.run(["solve", source, "-o", "plan.json"]) == 0
        plan = json.loads((folder / "plan.json").read_text())
        del plan["provenance"]["created"], plan["provenance"]["phases"]
        plans.append(plan)
    assert plans[0] == plans[1]


def test_batches_take_workbooks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of workbooks would be called empty, or Excel's lock files solved."""
    monkeypatch.setattr(engine, "solve", fake_solve)
    (folder / "in").mkdir()
    (folder / "in" / "one.xlsx").write_bytes(write_workbook(library.load("clause-take_or_pay")))
    (folder / "in" / "~$one.xlsx").write_bytes(b"locked")
    assert cli.run(["batch", "in", "--out", "plans"]) == 0
    assert {x.name for x in (folder / "plans").iterdir()} == {"one.plan.json", "summary.json"}


def test_plan_and_ledger_are_written_as_workbooks(folder: Path) -> None:
    """A team could not take the result into its own files."""
    assert cli.run(["solve", "quickstart", "--xlsx", "plan.xlsx"]) == 0
    assert "Awards" in openpyxl.load_workbook(folder / "plan.xlsx").sheetnames
    assert cli.run(["negotiate", "ledger", "quickstart", OFFER, "-o", "ledger.xlsx"]) == 0
    assert len(openpyxl.load_workbook(folder / "ledger.xlsx").worksheets[0]._charts) == 1


def test_a_counter_offer_comes_back_in_a_form(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A supplier's numbers would have to be typed into the session by hand."""
    assert cli.run(["negotiate", "session", "start", SCENARIO, "session.json", "--desk", desk_file(folder, desk()), "--rounds", "4"]) == 0
    assert cli.run(["negotiate", "session", "form", SCENARIO, OFFER, "form.xlsx"]) == 0
    book = openpyxl.load_workbook(folder / "form.xlsx")
    sheet = book["counter-offer"]
    places = {sheet.cell(row, 7).value: row for row in range(9, sheet.max_row + 1)}
    sheet.cell(places["price"], 6).value, sheet.cell(places[LEVER], 6).value = 27_000, 2_000
    book.save(folder / "form.xlsx")
    capsys.readouterr()
    assert cli.run(["negotiate", "session", "receive", SCENARIO, "session.json", "--workbook", "form.xlsx"]) == 0
    found = Session.model_validate_json((folder / "session.json").read_bytes())
    package = found.events[-1].event.package
    assert (package.offer, package.price, package.terms) == (OFFER, 27_000.0, {LEVER: 2_000.0})
    refused = ["negotiate", "session", "receive", SCENARIO, "session.json", "--workbook", "form.xlsx"]
    assert cli.run([*refused, "--price", "3"]) == ExitCode.USAGE
    assert cli.run([*refused, "--offer", "maker-long-term"]) == ExitCode.USAGE
    assert "the form is about the offer" in capsys.readouterr().err
