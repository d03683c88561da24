"""`offtake why` and `offtake repair`: what they print and write, what they refuse, and how they end."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from api import cli
from api.exit_codes import ExitCode
from models.infeasibility import Infeasibility
from models.why import Why
from scenarios.files import read_scenario
from tests.optimizer.clashing import possible
from tests.optimizer.test_conflict import DOMESTIC, FILL, scenario


@pytest.fixture
def clash(tmp_path: Path) -> Path:
    """A scenario whose rules can't hold together."""
    path = tmp_path / "clash.json"
    path.write_text(scenario(DOMESTIC, FILL).model_dump_json())
    return path


def test_why_prints_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, an explanation is worked out and then lost, or the files disagree."""
    for name in ("why.json", "why.html", "why.csv", "why.xlsx"):
        parts = ["--part", "offers", "--part", "rules"]
        assert cli.run(["why", "rule-budget", *parts, "-o", str(tmp_path / name)]) == ExitCode.OPTIMAL
    shown = capsys.readouterr().out
    assert "What each rule costs" in shown
    assert max(map(len, shown.splitlines())) <= 80
    found = Why.model_validate_json((tmp_path / "why.json").read_bytes())
    assert found.rules
    html = (tmp_path / "why.html").read_text("utf-8")
    assert "Why this plan" in html
    assert found.offers[0].sentence.split(":")[0] in html
    rows = list(csv.DictReader((tmp_path / "why.csv").read_text("utf-8").splitlines()))
    assert {row["part"] for row in rows} == {"offer", "rule"}


def test_why_about_one_rule_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a script can't ask about one thing, or finds something else than one document on standard output."""
    assert cli.run(["why", "rule-budget", "--rule", "budget", "--json"]) == ExitCode.OPTIMAL
    found = Why.model_validate_json(capsys.readouterr().out)
    assert [x.path for x in found.rules] == ["rules[0]"]
    assert found.offers == found.drivers == ()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--offer", "nobody"], ExitCode.INVALID, "nobody"),
        (["--rule", "rules[7]"], ExitCode.INVALID, "the scenario has: rules[0] (budget)"),
        (["--part", "luck"], ExitCode.USAGE, "--part"),
        (["-o", "why.pdf"], ExitCode.USAGE, "--output"),
    ],
)
def test_why_refuses(
    arguments: list[str], code: ExitCode, words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """If this fails, something that can't be meant is noticed after the work, or not at all."""
    monkeypatch.chdir(tmp_path)
    assert cli.run(["why", "rule-budget", *arguments]) == code
    assert words in " ".join(capsys.readouterr().err.split())


def test_repair_writes_a_scenario_that_has_a_plan(clash: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, the repaired scenario is no better than the one that was sent, or another repair is written than was chosen."""
    assert cli.run(["repair", str(clash), "-o", str(tmp_path / "mended.json"), "--choice", "2"]) == ExitCode.OPTIMAL
    shown = capsys.readouterr()
    assert "These can't hold together" in " ".join(shown.out.split())
    assert "maker can deliver at most 60 km" in " ".join(shown.out.split())
    mended = read_scenario(tmp_path / "mended.json")
    assert mended != read_scenario(clash)
    assert possible(mended.model_dump(mode="json", by_alias=True))


def test_solve_names_repairs(clash: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, whoever solves learns that there is no plan, and not what would give one."""
    assert cli.run(["solve", str(clash), "--json"]) == ExitCode.INFEASIBLE
    shown = capsys.readouterr()
    assert "1. Lower the domestic share from 70 % to 60 %" in shown.err.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
    found = Infeasibility.model_validate(json.loads(shown.out)["error"]["infeasibility"], strict=False)
    assert found.repairs[0].patch


def test_nothing_to_repair(capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a sound scenario looks broken."""
    assert cli.run(["repair", "rule-budget"]) == ExitCode.OPTIMAL
    assert "there is nothing to repair" in capsys.readouterr().out


def test_a_choice_that_is_not_there_is_refused(clash: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, another repair than the one chosen is written."""
    assert cli.run(["repair", str(clash), "-o", str(tmp_path / "x.json"), "--choice", "50"]) == ExitCode.USAGE
    assert "--choice" in capsys.readouterr().err
    assert not (tmp_path / "x.json").exists()
