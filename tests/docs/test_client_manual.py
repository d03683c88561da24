"""The manual of the client does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.client import Client
from api.settings import Settings
from tests.api.service import serving

MANUAL = (Path(__file__).parents[2] / "docs" / "client.md").read_text("utf-8")


def test_the_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """A reader who copies the example would get an error."""
    (code,) = re.findall(r"```python\n(.*?)```", MANUAL, re.DOTALL)
    with serving(Settings(port=0)) as service:
        exec(compile(code.replace("http://127.0.0.1:8000", str(service.base_url)), "client.md", "exec"), {})
    said = capsys.readouterr().out
    assert "solve" in said
    assert said.splitlines()[-1].startswith("invalid-scenario ['format', 'name'")


def test_every_method_is_in_the_manual() -> None:
    """A method would be known only to those who read the source, or the manual would promise one that is not there."""
    listed = {name for row in re.findall(r"^\| (`.*?) \|", MANUAL, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    methods = {name for name in dir(Client) if not name.startswith("_")} - {"asked", "close"}
    assert listed == methods
