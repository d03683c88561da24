"""What tests let a cluster's workers run in the place of `api.batch.solve_task`, or of the engine; workers import it by name."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

from api.batch import Answer, Run, Task, solve_task
from models.options import SolveSettings
from models.plan import Plan
from models.scenario import Scenario
from optimizer.progress import OnProgress, Progress, ignore
from tests.optimizer.chunks import killed_once


def solved_by_the_second(mark: Path, task: Task, on_progress: OnProgress = ignore, stop: threading.Event | None = None) -> Answer:
    """A real solve; whoever has solved `clause-prepayment` first is killed before it could say so."""
    answer = solve_task(task, on_progress, stop)
    killed_once(mark, task.name == "clause-prepayment")
    return answer


def solved_when_told(task: Task, stop: threading.Event) -> Answer:
    """A search that goes on until it is stopped, and then has found something."""
    assert stop.wait(60), "nobody stopped it"
    return Answer(Run(task.name, status="feasible", exit_code=5, stop_reason="user"))


def the_end_of(scheduler: int, task: Task, stop: threading.Event) -> Answer:
    """Nothing to do, but scenario `b` is the end of the scheduler."""
    if task.name == "b":
        os.kill(scheduler, signal.SIGKILL)
        stop.wait(60)
    return Answer(Run(task.name, status="optimal"))


def held_once(scenario: Scenario, settings: SolveSettings, *, on_progress: OnProgress, stop: threading.Event) -> Plan:
    """The engine. But whoever is the first to solve this scenario, which names a file for the sign of it, says that it has begun and goes on for ever."""
    from optimizer import engine

    try:
        Path(scenario.description).touch(exist_ok=False)
    except FileExistsError:
        return engine.solve(scenario, settings, on_progress=on_progress, stop=stop)
    on_progress(Progress("solve", 0.0))
    threading.Event().wait()
    raise AssertionError("nobody ended it")
