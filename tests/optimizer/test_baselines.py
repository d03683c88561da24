"""Baselines are the same whether they are computed beside the plan or after it, and end when the plan fails."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from benchmarks import reference
from models.errors import TimeLimit
from models.options import override
from models.plan import Plan
from models.scenario import Scenario
from optimizer import baselines
from optimizer.baselines import BaselineResult
from optimizer.engine import solve
from optimizer.solve import guess
from optimizer.solve.form_whole import ExtensiveForm
from optimizer.solve.highs import Answer
from scenarios import library


def _figures(plan: Plan) -> object:
    return plan.baselines, plan.summary, plan.awards


def _solved(scenario: Scenario, threads: int) -> Plan:
    return solve(scenario, override(scenario.solve, threads=threads, time_limit_seconds=300.0))


@pytest.mark.parametrize("name", ["quickstart", "reference"])
def test_figures_do_not_depend_on_threads(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """VSS and EVPI would change with the number of threads."""
    monkeypatch.setattr(guess, "LARGE", 0)  # so that a basis is handed over here as well
    scenario = library.load("quickstart") if name == "quickstart" else reference.scenario(futures=6)
    assert _figures(_solved(scenario, 1)) == _figures(_solved(scenario, 2)) == _figures(_solved(scenario, 4))


def test_a_plan_that_fails_stops_its_baselines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Why there is no plan would be said only when three other problems are solved."""
    seen: list[bool] = []

    def endless(asked: baselines._Asked) -> BaselineResult:
        deadline = time.monotonic() + 60.0
        while not asked.stopped and time.monotonic() < deadline:
            threading.Event().wait(0.01)
        seen.append(asked.stopped)
        return BaselineResult("spot_only")

    monkeypatch.setattr(baselines, "_spot_only", endless)
    monkeypatch.setattr(ExtensiveForm, "solve", lambda *_, **__: Answer("no_solution", "time", None, np.inf, -np.inf, 0, 0.0))
    with pytest.raises(TimeLimit):
        _solved(library.load("quickstart"), 2)
    assert seen == [True]
