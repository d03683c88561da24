"""`offtake replay` and `offtake contract`: what they refuse, where they look for the scenario, and how they end."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from api import cli
from api.exit_codes import ExitCode
from tests.optimizer.replays import FILE, Edit, edited


def test_the_scenario_may_lie_beside_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that names its scenario could be read from one folder only."""
    (tmp_path / "lng.json").write_text(json.dumps(FILE["scenario"]))
    (tmp_path / "contract.json").write_text(json.dumps(edited(lambda x: x.update(scenario="lng.json"))))
    table = tmp_path / "account.csv"
    assert cli.run(["replay", str(tmp_path / "contract.json"), "--no-onward", "-o", str(table)]) == ExitCode.OPTIMAL
    rows = list(csv.DictReader(table.read_text("utf-8").splitlines()))
    assert [row["difference"] for row in rows if row["verdict"] == "differs"] == ["40.0", "5.0"]
    capsys.readouterr()
    (tmp_path / "contract.json").write_text(json.dumps(edited(lambda x: x.update(scenario="moved.json"))))
    assert cli.run(["replay", str(tmp_path / "contract.json"), "--no-onward"]) == ExitCode.INVALID
    assert "moved.json" in capsys.readouterr().err
    again = ["replay", str(tmp_path / "contract.json"), "--scenario", str(tmp_path / "lng.json"), "--no-onward"]
    assert cli.run(again) == ExitCode.OPTIMAL


@pytest.mark.parametrize(
    ("edit", "arguments", "code", "words"),
    [
        (lambda x: x["contracts"][0]["takes"].pop(), [], ExitCode.INVALID, "contracts[0].takes: says nothing of 'lng in 2028'"),
        (lambda x: x["contracts"][0]["volumes"][0].update(volume=9), [], ExitCode.INVALID, "contracts[0].volumes: do not lie within"),
        (lambda x: x.pop("scenario"), [], ExitCode.INVALID, "scenario"),
        (None, ["--report", "page.pdf"], ExitCode.USAGE, "--report"),
        (None, ["-o", "answer.pdf"], ExitCode.USAGE, "--output"),
        (None, ["--time-limit", "-1"], ExitCode.USAGE, "--time-limit"),
    ],
)
def test_replay_refuses(
    edit: Edit | None, arguments: list[str], code: ExitCode, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What can't be meant would be noticed after the work or not at all, or leave half a file behind."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "contract.json").write_text(json.dumps(edited(*([edit] if edit else []))))
    assert cli.run(["replay", "contract.json", *arguments]) == code
    assert words in " ".join(capsys.readouterr().err.split())
    assert {x.name for x in tmp_path.iterdir()} == {"contract.json"}


@pytest.mark.parametrize("content", ["[]", "{", '{"scenario": 3}', ""])
def test_what_is_no_contract_file_is_refused(content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong file would end as an internal error."""
    (tmp_path / "contract.json").write_text(content)
    assert cli.run(["replay", str(tmp_path / "contract.json")]) == ExitCode.INVALID
    assert "This contract file can't be used" in capsys.readouterr().err
    assert cli.run(["replay", str(tmp_path / "nowhere.json")]) == ExitCode.USAGE


def test_contract_refuses_what_is_no_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A contract file would be made of something else, or over what it is made of."""
    plan: Any = tmp_path / "plan.json"
    plan.write_text("{}")
    assert cli.run(["contract", "quickstart", str(plan), "-o", str(tmp_path / "kept.json")]) == ExitCode.INVALID
    assert cli.run(["contract", "quickstart", str(plan), "-o", str(plan)]) == ExitCode.USAGE
    assert cli.run(["contract", "quickstart", str(tmp_path / "no.json"), "-o", str(tmp_path / "kept.json")]) == ExitCode.USAGE
    assert not (tmp_path / "kept.json").exists()
    assert "plan" in capsys.readouterr().err
