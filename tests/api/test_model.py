"""The model of a run over HTTP, and at the command line."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from pathlib import Path

import pytest

from api import cli
from api.exit_codes import ExitCode
from api.exporter import Exporter
from api.settings import Settings
from scenarios import library
from tests.api.desk import OFFER, SCENARIO
from tests.api.service import Client, serving, until
from tests.api.test_http import JSON, problem


def solved(client: Client) -> str:
    """A run of a bundled scenario."""
    return str(client.post("/v1/runs", content=library.read("quickstart"), headers=JSON | {"Prefer": "wait=60"}).json()["links"]["model"])


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files are made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_run_hands_out_its_model_and_keeps_none(room: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Other solvers could not be tried on a run, or every asking would leave a file on the server's disk."""
    with serving() as client:
        answer = client.get(solved(client))
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "application/x-mps"
        assert answer.headers["Content-Disposition"].endswith('.mps"')
        assert answer.text.startswith("NAME")
        assert answer.text.rstrip().endswith("ENDATA")
        assert f"take[{OFFER}," in answer.text
        question = client.post("/v1/negotiate/levers", json={"scenario": SCENARIO}, headers={"Prefer": "wait=60"}).json()
        assert client.get(f"/v1/runs/{question['id']}/model.mps").text == answer.text
        problem(client.get("/v1/runs/nowhere/model.mps"), 404, "no-run")
    assert list(room.rglob("*.mps")) == []
    here = tmp_path_factory.mktemp("here") / "model.mps"
    assert cli.run(["model", "quickstart", str(here)]) == 0
    assert here.read_text() == answer.text


def test_a_model_that_is_too_large_is_refused(room: Path) -> None:
    """One request could fill the disk of the server, or take it down."""
    with serving(model_nonzeros=10) as client:
        said = problem(client.get(solved(client)), 422, "no-model")
        assert "at most 10 are written" in said["detail"]
    with serving(export_seconds=0.05) as client:
        said = problem(client.get(solved(client)), 422, "no-model")
        assert "takes more than" in said["detail"]
    assert list(room.rglob("*.mps")) == []


def test_the_command_writes_a_model_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake in the scenario or in the name of the file would leave half a model, or overwrite the one of before."""
    monkeypatch.chdir(tmp_path)
    assert cli.run(["model", "quickstart", "case.lp"]) == 0
    assert "to be minimised" in capsys.readouterr().err
    before = Path("case.lp").read_bytes()
    Path("broken.json").write_text(json.dumps(json.loads(library.read("quickstart")) | {"offers": 3}))
    assert cli.run(["model", "broken.json", "case.lp"]) == ExitCode.INVALID
    assert cli.run(["model", "quickstart", "case.txt"]) == ExitCode.USAGE
    assert "must end with .mps or .lp" in capsys.readouterr().err
    assert Path("case.lp").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.json", "case.lp"]


def test_the_process_that_writes_models_stays_for_the_next_one_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every model would wait for the optimizer to be loaded, one after another, or a server that once wrote a model would keep that memory."""
    exporter, raw, seen = Exporter(Settings()), library.read("quickstart"), []
    for last in (False, False, True):
        if last:
            os.kill(seen[-1], signal.SIGKILL)
            until(lambda: exporter.process is None)
            monkeypatch.setattr("api.exporter.IDLE_SECONDS", 0.01)
        path = exporter.export(raw)
        assert path.read_text().startswith("NAME")
        path.unlink()
        seen += [] if last else [exporter.process]
    assert seen[0] == seen[1]
    until(lambda: exporter.process is None)
    exporter.close()
