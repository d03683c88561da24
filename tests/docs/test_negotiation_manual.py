"""The manual of the negotiation desk does what it says."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from api import cli, negotiate
from api.question import NAMES, read_question
from models.negotiation import Negotiation
from models.suppliers import SupplierType
from scenarios.files import parse_document

MANUAL = (Path(__file__).parents[2] / "docs" / "negotiation.md").read_text("utf-8")


def block(language: str) -> str:
    """The manual's first block of a language."""
    found = re.search(rf"```{language}\n(.*?)```", MANUAL, re.DOTALL)
    assert found
    return found[1]


def test_the_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A reader who copies a command of the manual would get an error."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "desk.json").write_text(block("json"))
    lines = [line.partition("#")[0].strip() for line in block("").splitlines()]
    for command in lines:
        assert cli.run(shlex.split(command)[1:]) == 0, command
    assert {path.name for path in tmp_path.iterdir()} == {"desk.json", "meeting.html", "contract.docx"}
    assert 'data-chart="zone-importer-frame"' in (tmp_path / "meeting.html").read_text("utf-8")
    assert "Walk away from 'importer-frame'" in " ".join(capsys.readouterr().out.split())


def test_the_session_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A reader who copies the manual's session would be stopped in the middle of it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "desk.json").write_text(block("json"))
    found = re.search(r"```\n(offtake negotiate session .*?)```", MANUAL, re.DOTALL)
    assert found
    for line in found[1].splitlines():
        assert cli.run(shlex.split(line.partition("#")[0])[1:]) == 0, line
    assert "the same bytes" in capsys.readouterr().err


def test_the_desk_file_is_one_and_its_fields_are_explained() -> None:
    """A reader would write a desk file that is refused, or miss a field of it."""
    parse_document(block("json").encode(), Negotiation, "desk file")
    assert {name for name in Negotiation.model_fields if f"`{name}`" not in MANUAL} == {"format"}
    assert {name for name in SupplierType.model_fields if f"`{name}`" not in MANUAL} == {"id", "weight"}


def test_the_python_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """A reader who copies the example would get an error, or other terms."""
    exec(compile(block("python"), "negotiation.md", "exec"), {})
    assert "it stands at USD 26,000" in capsys.readouterr().out


def test_the_request_is_a_question() -> None:
    """A reader who copies the request would get an error."""
    found = re.search(r"/v1/negotiate/(\w+) .*?--data '(.*?)'", block("sh"), re.DOTALL)
    assert found
    _, question = read_question(found[2].encode(), found[1])
    assert question.desk.margin == json.loads(found[2])["desk"]["margin"]


def test_every_verb_and_field_is_explained() -> None:
    """A verb or a field of a question would be known to those only who read the source."""
    verbs = {command.callback.__name__ for command in negotiate.app.registered_commands if command.callback}
    asked = {ask: kind for ask, kind in NAMES.items() if ask not in ("why", "replay")}  # verbs of their own, with manuals of their own
    assert verbs == set(asked)
    assert not [verb for verb in verbs if f"| `{verb}" not in MANUAL]
    assert not [(ask, name) for ask, kind in asked.items() for name in kind.model_fields if name != "ask" and f"`{name}`" not in MANUAL]
