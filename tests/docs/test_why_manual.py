"""The manual of explanations does what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from api import cli
from models.questions import AskWhy
from tests.optimizer.test_conflict import DOMESTIC, FILL, scenario

MANUAL = (Path(__file__).parents[2] / "docs" / "why.md").read_text("utf-8")


def test_the_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader who copies a command of the manual would get an error."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenario.json").write_text(scenario(DOMESTIC, FILL).model_dump_json())
    lines = [line.partition("#")[0].strip() for block in re.findall(r"```\n(.*?)```", MANUAL, re.DOTALL) for line in block.splitlines()]
    assert len(lines) == 5
    for command in lines:
        if command != "offtake why quickstart":  # everything about it takes a minute, and parts of it are asked below, of smaller scenarios
            quick = command.replace("quickstart --offer importer-frame", "rule-budget").replace("quickstart", "rule-force")
            assert cli.run(shlex.split(quick)[1:]) == 0, quick
    assert {path.name for path in tmp_path.iterdir()} == {"scenario.json", "mended.json", "why.html"}


def test_every_field_of_the_question_is_explained() -> None:
    """What can be asked would be known to those only who read the source."""
    assert not [name for name in AskWhy.model_fields if name not in ("ask", "desk") and f'"{name}"' not in MANUAL]
    assert not [f"--{name}" for name in ("offer", "rule", "part") if f"--{name} " not in MANUAL]
