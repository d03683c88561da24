"""`offtake frontier`: what it prints and writes, what it refuses, and how it ends."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from api import cli
from api.exit_codes import ExitCode
from models.frontier import Frontier

NAME = "rule-shortage_cvar"


def test_prints_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a frontier is traced and then lost, or the files disagree."""
    stored, page, tables = tmp_path / "frontier.json", tmp_path / "page.html", tmp_path / "tables"
    arguments = ["frontier", NAME, "--points", "5", "-o", str(stored), "--report", str(page), "--csv", str(tables)]
    assert cli.run(arguments) == ExitCode.OPTIMAL
    shown = capsys.readouterr()
    assert "Expected cost against the worst 10 %; USD" in shown.out
    assert "Expected cost against expected shortage, km; USD" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80
    assert [line.split()[2] for line in shown.err.splitlines() if line.startswith("Wrote")] == ["frontier", "report", "tables"]
    found = Frontier.model_validate_json(stored.read_bytes())
    assert [len(curve.points) for curve in found.curves] == [5, 5]
    rows = list(csv.DictReader((tables / "frontier.csv").read_text(encoding="utf-8").splitlines()))
    assert [float(row["expected_cost"]) for row in rows] == [p.expected_cost for curve in found.curves for p in curve.points]
    html = page.read_text(encoding="utf-8")
    assert 'data-chart="frontier-cvar"' in html
    assert all(sentence.replace("'", "&#39;") in html for sentence in found.sentences)


def test_one_risk_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a script can't choose a frontier, or finds something else than one document on standard output."""
    assert cli.run(["frontier", NAME, "--risk", "shortage", "--points", "3", "--gap", "0.01", "--json"]) == ExitCode.OPTIMAL
    found = Frontier.model_validate_json(capsys.readouterr().out)
    assert [curve.risk for curve in found.curves] == ["shortage"]
    assert found.gap_asked == 0.01


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--points", "1"], ExitCode.USAGE, "--points"),
        (["--gap", "0"], ExitCode.USAGE, "--gap"),
        (["--risk", "luck"], ExitCode.USAGE, "--risk"),
        (["--time-limit", "-3"], ExitCode.USAGE, "--time-limit"),
        (["-o", "no/such/folder/x.json"], ExitCode.USAGE, "--output"),
        (["-o", "same", "--report", "same"], ExitCode.USAGE, "same file"),
    ],
)
def test_refuses(arguments: list[str], code: ExitCode, words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """If this fails, an option that can't be meant is noticed after the work, or not at all."""
    monkeypatch.chdir(tmp_path)
    assert cli.run(["frontier", NAME, *arguments]) == code
    assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_bad_table_is_a_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a mistyped `frontier` table of a scenario is passed over."""
    path = tmp_path / "scenario.json"
    cli.run(["example", NAME, "-o", str(path)])
    path.write_text(json.dumps(json.loads(path.read_text()) | {"frontier": {"points": 1, "risk": "cvar"}}))
    assert cli.run(["frontier", str(path)]) == ExitCode.INVALID
    said = capsys.readouterr().err
    assert "frontier.points" in said
    assert "frontier.risk" in said
