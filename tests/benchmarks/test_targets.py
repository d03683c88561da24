"""The table of targets says what was measured, against what, and how to measure it again."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import target_lines, targets
from benchmarks.isolated import Run


def answered(total: float, **details: float) -> Run:
    """A run of the engine that took `total` seconds."""
    phases = {"build": 0.0, "hand-over": 0.0, "solve": total}
    return Run("", {}, total, 1.5, {"objective": 100.0, "bound": 99.95, "phases": phases, "details": details, "note": "extensive form"})


def traced(**changes: Any) -> Run:
    """A frontier of 20 points that took 5 seconds."""
    return Run("", {}, 5.0, 1.0, {"seconds": 5.0, "gap": 9e-4, "points": 20, "proven": True, "steps": 17} | changes)


def bench(monkeypatch: pytest.MonkeyPatch, cold: float = 2.0, **runs: Run) -> target_lines.Bench:
    """A bench whose runs are given by the last word of their task (`solve_pyomo` for plain Pyomo)."""

    def run(task: str, arguments: dict[str, Any], _seconds: float) -> Run:
        if task.endswith("cold_pass:measure"):
            return Run(task, arguments, 1.0, 0.1, {"yardstick": cold, "moved": cold})
        return runs["pyomo" if "plain_pyomo" in task else task.split(":")[1]]

    monkeypatch.setattr(target_lines, "isolated", run)
    return target_lines.Bench(60.0)


def test_ratios_are_to_what_the_target_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A miss would be printed as a pass."""
    engine = answered(4.0, read=0.25, build=0.25, audit=0.5, solve=3.0, **{"solve (inside HiGHS)": 2.0})
    given = bench(monkeypatch, solve=engine, pyomo=answered(100.0), parse=Run("", {}, 1.0, 0.1, {"parse": 0.5}), frontier_seconds=traced())
    found = {target.name: targets.line(target, given) for target in targets.TARGETS if target.name not in ("growth", "fibre", "help")}
    assert {name: (x["measured"], x["verdict"]) for name, x in found.items()} == {
        "overhead-20": ("2.00", "miss"), "overhead-100": ("2.00", "miss"), "surroundings": ("0.75 cold passes", "miss"),
        "certified": ("2.00 cold passes", "pass"), "memory": ("1.50 GiB", "pass"),
        "hyperscaler": ("2.00 own cold passes", "pass"), "hyperscaler-memory": ("1.50 GiB", "pass"), "pyomo": ("25.00 x", "miss"),
        "frontier": ("1.25", "pass"),
    }  # fmt: skip


@pytest.mark.parametrize(("power", "verdict"), [(1.0, "pass"), (1.1, "miss")])
def test_growth_is_over_all_sizes(power: float, verdict: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Growth that shows only at 10,000 futures would be overlooked."""

    def run(_task: str, arguments: dict[str, Any], _seconds: float) -> Run:
        return answered(0.01 * arguments["futures"] ** power)

    monkeypatch.setattr(target_lines, "isolated", run)
    target = next(x for x in targets.TARGETS if x.name == "growth")
    found = targets.line(target, target_lines.Bench(60.0))
    assert (found["measured"], found["verdict"]) == (f"{power:.2f}", verdict)
    assert "10,000 futures" in found["how"]


def test_a_run_short_of_its_gap_is_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that gives up early would meet every target."""
    short = Run("", {}, 1.0, 1.0, {**answered(1.0).value, "bound": 90.0})
    target = next(x for x in targets.TARGETS if x.name == "certified")
    found = targets.line(target, bench(monkeypatch, solve=short))
    assert (found["measured"], found["verdict"]) == ("not measured", "-")
    assert "gap of 1.0e-01" in found["how"]


def test_a_frontier_that_is_not_proven_is_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frontier of rough points would pass for a proven one."""
    target = next(x for x in targets.TARGETS if x.name == "frontier")
    found = targets.line(target, bench(monkeypatch, solve=answered(4.0), frontier_seconds=traced(proven=False, gap=0.01)))
    assert (found["measured"], found["verdict"]) == ("not measured", "-")


def test_a_failed_run_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """One failure would lose an evening of measurements."""
    target = next(x for x in targets.TARGETS if x.name == "memory")
    found = targets.line(target, bench(monkeypatch, solve=Run("", {}, 1.0, 9.0, {}, "ended with code -9: killed")))
    assert found["how"] == "ended with code -9: killed"


def test_help_is_timed_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Lines measured on other days would be lost, or the table would not be written."""
    (tmp_path / "targets.json").write_text(json.dumps({"lines": {"memory": {"measured": "7.00 GiB", "verdict": "pass", "how": "then", "machine": "there"}}}))
    monkeypatch.setattr(target_lines, "REPEATS", 1)
    monkeypatch.setattr(sys, "argv", ["targets", "--only", "help", "--out", str(tmp_path)])
    assert targets.main() == 0
    assert "`offtake --help`, whole process" in capsys.readouterr().out
    page = (tmp_path / "targets.md").read_text()
    assert "7.00 GiB" in page
    assert page.count("not yet") == len(targets.TARGETS) - 2
    assert set(json.loads((tmp_path / "targets.json").read_text())["lines"]) == {"memory", "help"}


def test_every_command_exists() -> None:
    """The page would tell people to run what is not there."""
    names = [target.name for target in targets.TARGETS]
    assert len(set(names)) == len(names)
    assert all(f"--only {name}`" in targets.page({}) for name in names)
