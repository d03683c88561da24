"""Solves that stand in for the engine: each scenario is treated as its name says. Imported by the solving child process."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time

from models.errors import AuditMismatch, Conflict, Infeasible, TimeLimit
from models.options import SolveSettings
from models.plan import Plan
from models.scenario import Scenario
from optimizer.progress import OnProgress, Progress
from tests.optimizer.report_plan import report_plan

SOLVE = f"{__name__}:solve"
SECRET = "the scenario's own text"
CHATTER = "and another thing"


def solve(scenario: Scenario, settings: SolveSettings, *, on_progress: OnProgress, stop: threading.Event) -> Plan:
    """What the engine would do with a scenario of this name."""
    for phase in ("read", "build", "compile", "solve"):
        on_progress(Progress(phase, 0.0))
    _held = multiprocessing.Lock()  # as Pyomo makes one when it is imported
    name = scenario.name
    if name == "patient":
        return _until(stop, on_progress, settings)
    if name == "stubborn":
        on_progress(Progress("solve", 0.1, 120.0, 90.0, 0.25))
        while True:
            time.sleep(0.01)
    if name == "hungry":
        held = []
        while True:
            held.append(bytearray(8_000_000))
    if name == "talkative":
        print("printed")
        print("complained", file=sys.stderr)
        os.write(1, b"written past Python\n")
    if name == "chatterbox":
        for _ in range(50_000):
            print(CHATTER)
    if name == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if name in ("infeasible", "late", "mismatch", "broken", "memory"):
        raise {
            "infeasible": Infeasible(
                [Conflict("rules[0]", "at least 90 % of demand is met", 12.5, "points"), Conflict("rules[1]", "at most 100 USD are spent")]
            ),
            "late": TimeLimit(3.0, 42.0),
            "mismatch": AuditMismatch("The audit finds 12 USD more than the model."),
            "broken": ValueError(SECRET),
            "memory": MemoryError(),
        }[name]
    return plan(settings)


def _until(stop: threading.Event, on_progress: OnProgress, settings: SolveSettings) -> Plan:
    """Better plans all the time, until asked to stop."""
    seconds = 0.0
    while not stop.wait(0.05):
        seconds += 0.05
        incumbent = 100.0 + 20.0 / (1 + seconds)
        on_progress(Progress("solve", seconds, incumbent, 90.0, (incumbent - 90.0) / incumbent))
    return plan(settings, "feasible", "user")


def plan(settings: SolveSettings, status: str = "optimal", reason: str = "gap") -> Plan:
    """A plan with something in every table."""
    return report_plan(baselines="all" if settings.baselines else "none").model_copy(update={"status": status, "stop_reason": reason})
