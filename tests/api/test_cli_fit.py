"""`offtake fit`: from a CSV file to settings, sentences and a picture; exit codes, streams and output paths."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from api import cli, fitting
from api.exit_codes import ExitCode
from models.uncertainty import Generated
from scenarios import library
from scenarios.fitting_history import Column
from scenarios.sampling import draw
from tests.scenarios.histories import chain_path, csv_of, history, log_prices

ROOT = Path(__file__).parents[2]


@cache
def small() -> str:
    """Ten years of months for the bundled scenario 'quickstart': a spot price in two regimes, an index, two sites."""
    rng = np.random.default_rng(2)
    path = chain_path(rng, np.array([[0.95, 0.05], [0.1, 0.9]]), 120)
    walk = np.cumsum(0.03 * rng.standard_normal((2, 120)), axis=1)
    return csv_of(
        history(
            [
                Column("spot_price", "spot-us", 30_000 * np.exp(0.6 * path + log_prices(9, 120, volatility=0.2, speed=4.0))),
                Column("available", "spot-us", np.where(path == 1, 4_000.0, 8_000.0)),
                Column("index", "inputs", np.exp(log_prices(8, 120, volatility=0.15))),
                *(Column("volume", f"{site}/cable", 3_000 * np.exp(walk[i])) for i, site in enumerate(("ohio", "texas"))),
            ]
        )
    )


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder to work in that holds the history, on a terminal of 80 columns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "history.csv").write_text(small())
    return tmp_path


def test_end_to_end(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, the command that the manual shows doesn't give settings, a picture and a summary of 80 columns."""
    arguments = ["fit", "history.csv", "--scenario", "quickstart", "--out", "settings.json", "--picture", "fit.html", "--regimes", "2"]
    assert cli.run(arguments) == ExitCode.OPTIMAL
    shown = capsys.readouterr()
    settings = Generated.model_validate_json((folder / "settings.json").read_bytes())
    assert [regime.id for regime in settings.regimes] == ["normal", "tight"]
    assert settings.spot[0].spot == "spot-us"
    page = (folder / "fit.html").read_text()
    assert page.startswith("<!DOCTYPE html>")
    assert "src=" not in page.split("<script", 1)[0]
    assert sorted(path.name for path in folder.iterdir()) == ["fit.html", "history.csv", "settings.json"]
    assert max(map(len, shown.out.splitlines())) <= 80
    for words in ("2 regimes, as asked", "±", "Base values are your forecast", "The base price of 'spot-us' is 31,000"):
        assert words in " ".join(shown.out.replace("•", "").split())
    assert shown.err.splitlines() == [f"Wrote the settings {folder / 'settings.json'}", f"Wrote the picture {folder / 'fit.html'}"]


@pytest.mark.usefixtures("folder")
def test_settings_can_be_pasted_and_drawn_from(capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, what was written is not a scenario's `uncertainty` table."""
    from scenarios.files import scenario_from

    assert cli.run(["fit", "history.csv", "--regimes", "0", "--json", "--futures", "50", "--seed", "3"]) == 0
    settings = json.loads(capsys.readouterr().out)["settings"]
    assert (settings["futures"], settings["seed"]) == (50, 3)
    data = json.loads(library.read("quickstart")) | {"uncertainty": settings}
    scenario = scenario_from(data)
    assert isinstance(scenario.uncertainty, Generated)
    assert len(draw(scenario, scenario.uncertainty, futures=50, seed=3).ids) == 50


def test_json_is_one_document(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a script can't read what was found, or an error."""
    assert cli.run(["fit", "history.csv", "--json", "--regimes", "0"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"settings", "sections"}
    assert {"title", "sentences", "warnings"} == set(document["sections"][0])
    (folder / "bad.csv").write_text(small().replace("2003-05", "2003-06"))
    assert cli.run(["fit", "bad.csv", "--json"]) == ExitCode.INVALID
    shown = capsys.readouterr()
    findings = json.loads(shown.out)["error"]["findings"]
    assert {finding["path"] for finding in findings} == {"row 43, column date", "column date"}
    assert "This history can't be used: 2 findings." in shown.err


def test_standard_input(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a history can't be piped in."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((folder / "history.csv").read_bytes())))
    assert cli.run(["fit", "-", "--regimes", "0"]) == 0
    assert "120 monthly rows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.csv"], "There is no file 'missing.csv'"),
        (["."], "is a folder"),
        (["history.csv", "--scenario", "missing.json"], "no file 'missing.json'"),
        (["history.csv", "--regimes", "5"], "--regimes must be 0 (none) to 4"),
        (["history.csv", "--regimes", "few"], "valid integer"),
        (["history.csv", "--period-years", "0"], "--period-years must be between"),
        (["history.csv", "--period-years", "nan"], "--period-years must be between"),
        (["history.csv", "--futures", "0"], "--futures must be between 1 and 20,000"),
        (["history.csv", "--seed", "-1"], "--seed must be between"),
        (["history.csv", "--out", "history.csv"], "is the input itself"),
        (["history.csv", "--out", "nowhere/settings.json"], "does not exist"),
        (["history.csv", "--out", "x", "--picture", "x"], "the same file"),
        (["history.csv", "--picture", "."], "is a folder"),
    ],
)
def test_usage(arguments: list[str], said: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a mistyped command ends with something else than code 2, or leaves something behind."""
    assert cli.run(["fit", *arguments]) == ExitCode.USAGE
    assert said in capsys.readouterr().err
    assert [path.name for path in folder.iterdir()] == ["history.csv"]
    assert (folder / "history.csv").read_text() == small()


@pytest.mark.parametrize(("old", "new", "path", "said"), [
    ("spot_price:spot-us", "spot_price:spot-eu", "column spot_price:spot-eu", "no spot market 'spot-eu'; did you mean 'spot-us'?"),
    ("volume:ohio/cable", "volume:utah/cable", "column volume:utah/cable", "no site 'utah'; known are ohio, texas"),
    ("volume:ohio/cable", "volume:ohio/wire", "column volume:ohio/wire", "no product 'wire'"),
    ("index:inputs", "fx:EUR", "column fx:EUR", "no currency 'EUR'; remove the column"),
])  # fmt: skip
@pytest.mark.usefixtures("folder")
def test_columns_that_the_scenario_does_not_know(old: str, new: str, path: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, settings name things that the scenario doesn't have."""
    Path("other.csv").write_text(small().replace(old, new))
    assert cli.run(["fit", "other.csv", "--scenario", "quickstart", "--out", "settings.json"]) == ExitCode.INVALID
    assert f"  - {path}: the scenario has {said}" in capsys.readouterr().err
    assert not Path("settings.json").exists()


def test_scenario_says_how_long_periods_are(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, moves between regimes are those of years in a scenario of half years, or `--period-years` is ignored."""
    data = json.loads(library.read("quickstart"))
    data["periods"] = [{"id": name, "years": years} for name, years in zip(data["periods"], (0.5, 0.5, 1.0), strict=True)]
    (folder / "scenario.json").write_text(json.dumps(data))
    stays = []
    for more in (["--scenario", "scenario.json"], ["--period-years", "0.5"], []):
        assert cli.run(["fit", "history.csv", "--regimes", "2", "--json", *more]) == 0
        document = json.loads(capsys.readouterr().out)
        stays.append(document["settings"]["regimes"][0]["moves"]["normal"])
        warned = any("Periods last 0.5 to 1 years" in warning for section in document["sections"] for warning in section["warnings"])
        assert warned == (len(stays) == 1)
    assert stays[0] == stays[1] > stays[2]


def test_base_values_beside_the_history(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a base price of twice what the market ever cost goes unnoticed."""
    data: dict[str, Any] = json.loads(library.read("quickstart"))
    data["spot"][0]["price"] = [70_000, 70_000, 70_000]
    (folder / "scenario.json").write_text(json.dumps(data))
    assert cli.run(["fit", "history.csv", "--scenario", "scenario.json", "--regimes", "2", "--json"]) == 0
    sections = {section["title"]: section for section in json.loads(capsys.readouterr().out)["sections"]}
    assert any(
        "base price of 'spot-us' is 7e+04" in text or "base price of 'spot-us' is 70,000" in text for text in sections["Beside the scenario"]["warnings"]
    )
    assert any("Base demand grows by" in text for text in sections["Beside the scenario"]["warnings"] + sections["Beside the scenario"]["sentences"])


@pytest.mark.usefixtures("folder")
def test_without_statsmodels(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a lean installation ends in a traceback, or can't even fit what needs no statsmodels."""
    monkeypatch.setattr(fitting, "find_spec", lambda _: None)
    assert cli.run(["fit", "history.csv"]) == ExitCode.USAGE
    assert "pip install 'offtake[fit]'" in capsys.readouterr().err
    assert cli.run(["fit", "history.csv", "--regimes", "0"]) == 0


def test_disk_full(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, settings that could not be written go unnoticed, or cost the picture and the summary."""
    from scenarios import files

    whole = files.write_whole

    def full(path: Path, content: bytes | str) -> None:
        if path.name == "settings.json":
            raise OSError(28, "No space left on device")
        whole(path, content)

    monkeypatch.setattr(files, "write_whole", full)
    arguments = ["fit", "history.csv", "--regimes", "0", "--out", "settings.json", "--picture", "fit.html"]
    assert cli.run(arguments) == ExitCode.NOT_WRITTEN
    shown = capsys.readouterr()
    assert "No space left" in shown.err
    assert "Prices" in shown.out
    assert (folder / "fit.html").exists()


def test_a_fault_in_the_picture_keeps_the_settings(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a chart that can't be drawn costs the settings."""
    from optimizer import report

    monkeypatch.setattr(report, "html_fit", lambda _: 1 / 0)
    assert cli.run(["fit", "history.csv", "--regimes", "0", "--out", "settings.json", "--picture", "fit.html"]) == ExitCode.INTERNAL
    assert "our fault" in capsys.readouterr().err
    assert (folder / "settings.json").exists()
    assert not (folder / "fit.html").exists()


def test_help_is_light() -> None:
    """If this fails, the help of `offtake fit` takes as long as a fit."""
    heavy = {"numpy", "scipy", "statsmodels", "pandas"}
    code = f"import sys\nfrom api.cli import run\nassert run(['fit', '--help']) == 0\nassert not set(sys.modules) & {heavy!r}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "offtake fit" in done.stdout
