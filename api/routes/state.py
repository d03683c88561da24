"""What routes need from the application: settings, store, its watchers, runner, checker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.checker import Checker
from api.exporter import Exporter
from api.jobs import Runner
from api.leases import Keeper
from api.metrics import Metrics
from api.problems import Problem
from api.pulse import Pulse
from api.settings import Settings
from api.store import Run, Store
from api.tracing import Traces


@dataclass(frozen=True)
class Services:
    """The parts one application is made of."""

    settings: Settings
    store: Store
    runner: Runner
    keeper: Keeper
    pulse: Pulse
    checker: Checker
    exporter: Exporter
    metrics: Metrics
    traces: Traces


async def _services(request: Request) -> Services:  # async, or each request would go through a thread for it
    found: Services = request.app.state.services
    return found


Parts = Annotated[Services, Depends(_services)]


def _run(run_id: str, parts: Parts) -> Run:
    run = parts.store.get(run_id)
    if run is None:
        raise Problem("no-run")
    return run


KnownRun = Annotated[Run, Depends(_run)]
