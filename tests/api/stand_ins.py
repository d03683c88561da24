"""Solves that stand in for the engine: each scenario is treated as its name says. Imported by the solving child process."""

from __future__ import annotations

import os
import signal
import threading
import time

from models.errors import AuditMismatch, Conflict, Infeasible, TimeLimit
from models.options import SolveSettings
from models.plan import Audit, Numerics, Plan, Provenance, Summary
from models.scenario import Scenario
from optimizer.progress import OnProgress, Progress

SOLVE = f"{__name__}:solve"
SECRET = "the scenario's own text"


def solve(scenario: Scenario, settings: SolveSettings, *, on_progress: OnProgress, stop: threading.Event) -> Plan:
    """What the engine would do with a scenario of this name."""
    on_progress(Progress("build", 0.0))
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
    """A plan with little in it."""
    summary = dict.fromkeys(Summary.model_fields, 0.0) | {
        "objective": 100.0,
        "bound": 99.995,
        "gap": 5e-5,
        "expected_cost": 100.0,
        "cvar": 130.0,
        "fill_rate": 0.99,
        "tail": 0.1,
    }
    ranges = dict.fromkeys(("coefficient_range", "cost_range", "bound_range", "rhs_range", "scaled_coefficient_range"), (1.0, 1.0))
    return Plan(
        format="offtake-plan/1",
        scenario="stand-in",
        currency="USD",
        units={"cable": "km"},
        status=status,
        stop_reason=reason,
        decision=("Sign nothing.",),
        warnings=(),
        summary=Summary(**summary),
        awards=(),
        offers=(),
        capacity_opened=(),
        futures=(),
        fill_rates=(),
        flow_summaries=(),
        cost_summaries=(),
        rules=(),
        baselines=None,
        audit=Audit(
            passed=True,
            largest_violation=0.0,
            where="",
            objective=100.0,
            solver_objective=100.0,
            relative_difference=0.0,
            exact=None,
            sandwich=(),
            suspect=False,
        ),
        numerics=Numerics(rows=1, columns=1, integers=0, nonzeros=1, warnings=(), **ranges),
        provenance=Provenance(
            scenario_sha256="0" * 64,
            seed=settings.seed,
            gap_asked=settings.gap,
            method="none",
            foresight="none",
            versions={},
            nodes=1,
            futures=1,
            created="2026-01-01T00:00:00Z",
            phases=(),
        ),
        flows=(),
        costs=(),
    )
