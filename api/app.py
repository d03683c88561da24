"""The HTTP service: `create_app(settings)`; `server(settings)` to run it; `api.app:app` for those who bring their own server."""

from __future__ import annotations

import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import anyio
from anyio.to_thread import run_sync
from fastapi import FastAPI

from api import openapi, problems
from api.checker import Checker
from api.cluster_runner import ClusterRunner
from api.database.opening import open_store
from api.database.runs import DatabaseStore
from api.entrance import entrance
from api.exporter import Exporter
from api.guard import Guard
from api.jobs import LocalRunner, Runner
from api.leases import Keeper
from api.metrics import Metrics
from api.observer import Observer
from api.pulse import Pulse
from api.routes import (
    audit,
    batch_pages,
    batches,
    compare,
    documents,
    events,
    form,
    health,
    inside,
    metrics,
    negotiate,
    negotiate_form,
    pages,
    results,
    runs,
    shares,
    sign_in,
    why,
)  # fmt: skip
from api.routes.state import Services
from api.settings import Settings, settings_from
from api.tracing import Traces, traces_for

if TYPE_CHECKING:
    import uvicorn

log = logging.getLogger("offtake.server")
NATIVE = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""FastAPI's own telemetry tells whole addresses, which can hold what nobody else may know."""
PARTS = (
    runs, batches, inside, shares, negotiate, events, results, compare, documents, audit, health, metrics, sign_in, form, negotiate_form, why, batch_pages,
    pages,
)  # fmt: skip


def create_app(settings: Settings | None = None, *, store: DatabaseStore | None = None, runner: Runner | None = None, traces: Traces | None = None) -> FastAPI:
    """The application. `store`, `runner` and `traces` take the place of the store in the settings, of local processes, and of what the settings say
    about traces. Raises StoreUnusable, ExtraMissing, and UnusableSettings where keys are asked for and there are none."""
    settings, release = settings or settings_from(), version("offtake")
    traces = traces or traces_for(settings.tracing, release)
    meters = Metrics(release)
    store = store or open_store(settings)
    try:
        doors = entrance(store.database, settings)
    except BaseException:
        store.close()
        raise
    runner = runner or (ClusterRunner if settings.cluster else LocalRunner)(store, settings, meters.ended, traces)
    meters.watch(store, runner)
    keeper = Keeper(store, runner, settings.lease_seconds)
    services = Services(settings, store, runner, keeper, Pulse(store), Checker(settings), Exporter(settings), meters, traces, doors)
    app = FastAPI(title="Offtake", version=release, lifespan=_lifespan, docs_url=None, redoc_url=None, redirect_slashes=False, telemetry=NATIVE)
    app.state.services = services
    app.add_middleware(Guard, settings=settings, authentication=doors.authentication, trail=doors.trail)
    app.add_middleware(Observer, metrics=meters, traces=traces)  # the last one added stands outermost
    problems.install(app)
    for part in PARTS:
        app.include_router(part.router)
    pages.mount(app)

    def openapi_document() -> dict[str, object]:
        app.openapi_schema = app.openapi_schema or openapi.document(app)
        return app.openapi_schema

    app.openapi = openapi_document  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    services.runner.start()
    await run_sync(services.keeper.start)
    await run_sync(services.checker.start)
    log.info("server started", extra={"version": app.version, "workers": services.settings.workers})
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(services.pulse.beat)
        yield
        await run_sync(close, app)
        tasks.cancel_scope.cancel()
    services.store.close()
    await run_sync(services.traces.close)
    log.info("server stopped")


def close(app: FastAPI) -> None:
    """End every child process. Runs under way go back into the queue; the event streams that follow them end, and may be resumed elsewhere."""
    services: Services = app.state.services
    services.keeper.close()
    services.runner.close()
    services.pulse.ended = True
    services.checker.close()
    services.exporter.close()


def server(settings: Settings, log_level: str = "warning", **parts: Any) -> uvicorn.Server:
    """A server that ends the runs before it waits for open connections: event streams last as long as their runs. `parts` go to `create_app`. Where
    its log goes is for the program to say (`api.logs.set_up`)."""
    import uvicorn

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            await run_sync(close, app)
            await super().shutdown(sockets)

    app = create_app(settings, **parts)
    quiet: dict[str, Any] = {"log_config": None, "log_level": log_level, "access_log": False, "server_header": False}  # the Observer logs requests
    return Server(uvicorn.Config(app, settings.host, settings.port, timeout_graceful_shutdown=5, **quiet))


def __getattr__(name: str) -> object:
    """`api.app:app`, made from the environment when a server asks for it."""
    if name == "app":
        return create_app()
    raise AttributeError(name)
