"""The whole journey of a scenario, in one screen."""

from __future__ import annotations

import threading

from models.options import SolveSettings
from models.plan import Plan
from models.scenario import Scenario
from optimizer.progress import OnProgress, ignore


def solve(scenario: Scenario, settings: SolveSettings | None = None, *, on_progress: OnProgress = ignore, stop: threading.Event | None = None) -> Plan:
    """The audited plan of `scenario`.

    `settings` replaces the scenario's `solve` table. `on_progress` is called from the solving thread. Setting `stop` from any thread ends the
    search; the best plan found so far is returned with status "feasible" and stop_reason "user".
    Raises Infeasible, TimeLimit, Cancelled, NumericallyDoubtful, SolverFailure or AuditMismatch (`models.errors`).
    """
    raise NotImplementedError
