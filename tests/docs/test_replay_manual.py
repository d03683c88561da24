"""The manual of contract files does what it says."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from api import cli
from models.contract import ContractFile, Observed, SignedContract
from models.replay import Replay
from tests.optimizer.replays import FILE, MANUAL


def test_the_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A reader who copies a command of the manual would get an error, a page wider than a terminal, or files that disagree."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenario.json").write_text(json.dumps(FILE["scenario"]))
    (tmp_path / "contract.json").write_text(json.dumps(FILE))
    block = re.findall(r"```\n(.*?)```", MANUAL, re.DOTALL)[0]
    commands = [line.partition("#")[0].strip() for line in block.splitlines()]
    assert len(commands) == 6
    for command in commands:
        assert cli.run(shlex.split(command)[1:]) == 0, command
        shown = capsys.readouterr().out
        if command == "offtake replay contract.json":
            assert max(map(len, shown.splitlines())) <= 80
            assert "lapsed at the end of 2028, unused" in " ".join(shown.split())
    found = Replay.model_validate_json((tmp_path / "answer.json").read_bytes())
    assert found.onward is not None
    assert "Contracts so far" in (tmp_path / "answer.html").read_text("utf-8")
    assert json.loads((tmp_path / "rehearsed.json").read_text())["today"] == "2028"
    assert cli.run(["replay", "rehearsed.json", "--no-onward", "--json"]) == 0
    assert [x.verdict for x in Replay.model_validate_json(capsys.readouterr().out).contracts[0].lines].count("differs") == 0


def test_every_field_is_explained() -> None:
    """What can be written into a file would be known to those only who read the source."""
    names = {*ContractFile.model_fields, *SignedContract.model_fields, *Observed.model_fields} - {"format"}
    assert not [name for name in names if f"`{name}`" not in MANUAL and f"[].{name}`" not in MANUAL]
