"""Futures looked at elsewhere: the same plan on threads, processes and a real Dask cluster that loses a worker in the middle."""

from __future__ import annotations

import os
import signal
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from benchmarks.reference import scenario as reference
from models.errors import WorkerLost
from models.options import SolveSettings
from models.scenario import Scenario
from optimizer.engine import solve
from optimizer.executor import executor_for
from optimizer.progress import Progress
from optimizer.solve import elsewhere
from tests.optimizer.cluster_here import cluster_here

SETTINGS = SolveSettings(gap=1e-3, baselines=False, method="decomposition", out_of_sample=0)


def small() -> Scenario:
    """Forty futures of a small reference problem."""
    return reference(40, periods=3, sites=2, products=2, offers=4)


def contents(plan: Any) -> dict[str, Any]:
    """A plan without who made it and when."""
    return dict(plan.model_dump(exclude={"provenance"}))


def test_a_worker_killed_in_the_middle_of_a_decomposition_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine lost on the way would cost futures, or the plan would depend on who looked at them."""
    monkeypatch.setattr(elsewhere, "FUTURES", 10)  # four chunks
    scenario = small()
    with executor_for(workers=2) as threads:
        here = solve(scenario, SETTINGS, executor=threads)
    with cluster_here(tmp_path, [["--no-nanny"], ["--no-nanny"]]) as running, executor_for(running.address) as executor:
        victims = [running.workers[0]]

        def kill(event: Progress) -> None:
            if event.phase == "solve" and event.incumbent is not None and victims:
                os.kill(victims.pop().pid, signal.SIGKILL)

        there = solve(scenario, SETTINGS, executor=executor, on_progress=kill)
    assert not victims
    assert contents(there) == contents(here)


class Lost(Executor):
    """An executor that is lost after some calls."""

    def __init__(self, calls: int) -> None:
        self.left = calls

    def submit(self, function: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.left -= 1
        if self.left < 0:
            future.set_exception(WorkerLost("Nobody there."))
        else:
            future.set_result(function(*arguments, **named))
        return future


@pytest.mark.parametrize("calls", [0, 1, 3])
def test_when_all_workers_are_lost_the_looks_go_on_at_home(calls: int) -> None:
    """A search of hours would be lost with its cluster."""
    plan = solve(small(), SETTINGS, executor=Lost(calls))
    home = solve(small(), SETTINGS)
    assert plan.status == "optimal"
    assert abs(plan.summary.objective - home.summary.objective) <= 1e-3 * home.summary.objective


def test_looked_at_elsewhere_the_plan_is_as_good_as_at_home() -> None:
    """Chunks would lose what binds them: a future's data, the first stage or the basis."""
    scenario = small()
    home = solve(scenario, SETTINGS)
    with executor_for(workers=2) as threads:
        away = solve(scenario, SETTINGS, executor=threads)
    assert away.summary.bound <= home.summary.objective * (1 + 1e-9)
    assert home.summary.bound <= away.summary.objective * (1 + 1e-9)
    assert abs(away.summary.objective - home.summary.objective) <= 1e-3 * home.summary.objective
