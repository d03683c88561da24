"""The manual of keys, owners and the audit log does what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from api import cli
from api.authentication import REMEMBERED_SECONDS
from api.database.shares import MOST_LINKS
from api.guard import OPEN
from api.problems import KINDS
from api.routes.shares import LONGEST, USUAL
from api.settings import Settings

MANUAL = (Path(__file__).parents[2] / "docs" / "security.md").read_text("utf-8")


def test_the_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A reader who copies a command of the manual would get an error."""
    monkeypatch.setenv("OFFTAKE_STORE", str(tmp_path / "runs.db"))
    commands = [line for block in re.findall(r"```\n(offtake .*?)```", MANUAL, re.DOTALL) for line in block.splitlines() if line.startswith("offtake")]
    assert len(commands) >= 5
    for command in commands:
        assert cli.run(shlex.split(command, comments=True)[1:]) == 0, command
    assert capsys.readouterr().out.count("offtake_") == 3


def test_every_refusal_is_explained_with_its_status() -> None:
    """Somebody who is refused would look in vain for what to do."""
    for kind in ("no-key", "not-allowed", "no-run", "too-many-requests", "too-many-runs"):
        assert f"| {KINDS[kind][0]} `{kind}` |" in MANUAL


def test_figures_are_those_of_the_code() -> None:
    """The manual would promise another limit than the service keeps."""
    known = Settings()
    for name in ("requests_per_minute", "refusals_per_minute", "runs_per_owner", "session_hours"):
        assert f"`{name.upper()}` ({getattr(known, name):,.0f})" in MANUAL
    assert REMEMBERED_SECONDS == 2
    assert "remember a key\nfor two seconds" in MANUAL
    assert f"1 to {LONGEST} days" in MANUAL
    assert f"days={USUAL}" in MANUAL
    assert f"up to {MOST_LINKS} for a run" in MANUAL
    assert all(f"`{address}`" in MANUAL for address in OPEN)
