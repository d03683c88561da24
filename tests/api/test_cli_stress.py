"""`offtake stress`: what it prints and writes, with a solve and without, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api import cli
from api.exit_codes import ExitCode
from models.plan import Plan
from optimizer import engine
from tests.api.plans import fake_solve, named, synthetic_plan
from tests.optimizer.build import PAY_ALL, Data, demands, offer, scenario, spot

DATA = scenario(0.0, offers=[offer("firm", 10, 100, PAY_ALL, low=100)], spot=[spot(15.0, available=80)], uncertainty=demands(100, 150))


def written(folder: Path, data: Data, name: str = "scenario.json") -> str:
    """A file with the scenario."""
    path = folder / name
    path.write_text(json.dumps(data))
    return str(path)


def test_solves_tests_prints_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, `offtake stress` on a scenario without a stress table does not test its plan, or loses the outcome."""
    plan, report = tmp_path / "plan.json", tmp_path / "report.html"
    code = cli.run(["stress", written(tmp_path, DATA), "-o", str(plan), "--report", str(report), "--csv", str(tmp_path / "tables"), "--no-baselines"])
    assert code == ExitCode.OPTIMAL
    page = capsys.readouterr().out
    for words in ("When the world is not what was said", "Demand is 1.5 times", "How likely before the award changes", "If the probabilities are wrong"):
        assert words in page
    stored = Plan.model_validate_json(plan.read_bytes())
    assert stored.stress is not None
    assert len(stored.stress.what_ifs) == 5
    assert 'id="stress"' in report.read_text()
    assert (tmp_path / "tables" / "what_ifs.csv").read_text().count("\n") > 5


def test_a_stored_plan_is_tested_on_a_changed_scenario(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a plan that was signed last year can't be put to this year's test. It signs 100, which cost 1,000 in any case."""
    plan = tmp_path / "plan.json"
    assert cli.run(["solve", written(tmp_path, DATA), "-o", str(plan), "--no-baselines"]) == ExitCode.OPTIMAL
    capsys.readouterr()
    changed = DATA | {"uncertainty": demands(50, 50), "stress": {"parts": ["what_ifs"], "what_ifs": [{"id": "x", "kind": "price_spike", "factor": 2.0}]}}
    assert cli.run(["stress", written(tmp_path, changed, "new.json"), "--plan", str(plan), "--json"]) == ExitCode.OPTIMAL
    found = Plan.model_validate_json(capsys.readouterr().out)
    assert found.stress is not None
    own = next(x for x in found.stress.what_ifs[1].outcomes if x.plan == "plan")
    assert own.objective == pytest.approx(1000.0)
    assert found.awards[0].volumes[0].volume == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "can't be read"),
        ("{}", "no plan of this version"),
        (synthetic_plan().model_dump_json(), "the scenario does not have"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, words: str) -> None:
    """If this fails, another scenario's plan is put to the test, or a typing error ends in a traceback."""
    plan = tmp_path / "plan.json"
    if content is not None:
        plan.write_text(content)
    assert cli.run(["stress", written(tmp_path, DATA), "--plan", str(plan)]) == ExitCode.USAGE
    assert words in capsys.readouterr().err


def test_a_plan_without_tests_is_printed_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a search that was stopped before the tests began ends in a traceback."""
    monkeypatch.setattr(engine, "solve", fake_solve)
    path = tmp_path / "plain.json"
    path.write_bytes(named("plain"))
    assert cli.run(["stress", str(path)]) == ExitCode.OPTIMAL
    assert "no stress test" in capsys.readouterr().out


def test_solve_prints_the_tests_that_the_document_asks_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a scenario with a stress table is tested in silence."""
    data = DATA | {"stress": {"parts": ["break_even"]}}
    assert cli.run(["solve", written(tmp_path, data), "--no-baselines"]) == ExitCode.OPTIMAL
    page = capsys.readouterr().out
    assert "How likely before the award changes" in page
    assert "What if," not in page
