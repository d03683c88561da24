"""The measurement of the service under load works, and would see a miss."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from benchmarks import service_latency
from benchmarks.service_latency import Measured, described


def test_a_short_measurement(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The measurement would not run, or measure a server that does nothing."""
    monkeypatch.setattr(service_latency, "TARGET_SECONDS", 60.0)  # how fast this machine is just now says nothing
    assert service_latency.main(["--seconds", "1", "--streams", "10", "--rate", "20", "--write"], tmp_path) == 0
    page = (tmp_path / "service-latency.md").read_text()
    assert page.strip() == capsys.readouterr().out.strip()
    assert [line.split()[3] for line in page.splitlines() if line.startswith(("| health", "| status"))] == ["10", "10"]
    assert "10 event streams" in page


def test_a_miss_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A slow server, or one whose solves had ended, would pass."""
    slow = Measured({"health": [0.001] * 90 + [0.2] * 10, "status": [0.001] * 100})
    ended = Measured({"health": [0.001] * 100, "status": [0.001] * 100}, faults=["the solve x was over"])
    fine = Measured({"health": [0.001] * 100, "status": [0.001] * 100})
    for found, code in ((slow, 1), (ended, 1), (fine, 0)):
        monkeypatch.setattr(service_latency, "measured", lambda *_, found=found: found)
        assert service_latency.main(["--seconds", "1"], tmp_path) == code
    assert not list(tmp_path.iterdir()), "written only where that is wanted"


def test_faults_are_listed_once() -> None:
    """A thousand refused requests would hide the figures."""
    found = Measured({"health": [0.1], "status": [0.1]}, faults=["status: status 503"] * 1000)
    given = argparse.Namespace(futures=1, streams=1, rate=1.0, seconds=1.0)
    assert described(found, given, "here").count("503") == 1
