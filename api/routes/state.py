"""What routes need from the application: settings, store, its watchers, runner, checker."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends, Request

from api.access import EVERYBODY, Caller
from api.checker import Checker
from api.entrance import Entrance
from api.exporter import Exporter
from api.jobs import Runner
from api.leases import Keeper
from api.metrics import Metrics
from api.owned import OwnedStore
from api.problems import Problem
from api.pulse import Pulse
from api.settings import Settings
from api.store import Run, Store
from api.tracing import Traces


@dataclass(frozen=True)
class Services:
    """The parts one application is made of; what a route gets is made for its caller."""

    settings: Settings
    store: Store | OwnedStore
    runner: Runner
    keeper: Keeper
    pulse: Pulse
    checker: Checker
    exporter: Exporter
    metrics: Metrics
    traces: Traces
    entrance: Entrance
    caller: Caller = EVERYBODY


async def _services(request: Request) -> Services:  # async, or each request would go through a thread for it
    """The parts as the caller may use them: through the store come own runs only. Without a guard before it there is no caller, and no answer."""
    found: Services = request.app.state.services
    caller: Caller = request.state.caller
    return replace(found, store=OwnedStore(found.store, caller), caller=caller)


Parts = Annotated[Services, Depends(_services)]


def admin(parts: Parts) -> None:
    """A second lock for what only admins may see: the guard goes by the path as it was written, a route by what the framework makes of it."""
    if not parts.caller.sees_all:
        raise Problem("not-allowed", "This takes a key of scope `admin`.")


def _run(run_id: str, parts: Parts) -> Run:
    run = parts.store.get(run_id)
    if run is None:
        raise Problem("no-run")
    return run


KnownRun = Annotated[Run, Depends(_run)]
