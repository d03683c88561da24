"""The manual of workbooks does what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from api import cli
from scenarios.workbook_archive import MAX_AREA, MAX_ENTRIES, MAX_UNPACKED
from scenarios.workbook_names import FORMAT, SETTINGS, SHEETS
from tests.api.desk import desk, desk_file

MANUAL = (Path(__file__).parents[2] / "docs" / "workbook.md").read_text("utf-8")


def test_the_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader who copies a command of the manual would get an error."""
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```\n(offtake .*?)```", MANUAL, re.DOTALL)
    for command in blocks[0].splitlines():
        assert cli.run(shlex.split(command.partition("#")[0])[1:]) == 0, command
    assert {path.name for path in tmp_path.iterdir()} == {"case.xlsx", "plan.xlsx", "case.json"}
    form, receive = blocks[1].splitlines()
    assert cli.run(shlex.split(form)[1:]) == 0
    assert cli.run(["negotiate", "session", "start", "quickstart", "talks.json", "--desk", desk_file(tmp_path, desk())]) == 0
    assert cli.run(shlex.split(receive)[1:]) == 3  # nothing is filled in yet


def test_every_sheet_is_named() -> None:
    """A sheet would be known to those only who unhide it."""
    assert not [sheet for sheet in (*SHEETS.values(), *SETTINGS) if f"`{sheet}`" not in MANUAL]
    assert FORMAT in MANUAL


def test_limits_are_those_of_the_reader() -> None:
    """The manual would promise to read what is refused."""
    assert f"more than {MAX_UNPACKED // 1024**2} MB" in MANUAL
    assert f"more than {MAX_ENTRIES:,} parts" in MANUAL
    assert f"beyond {MAX_AREA // 1_000_000} million cells" in MANUAL
