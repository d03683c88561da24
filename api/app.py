"""The HTTP service: `create_app(settings)`; `server(settings)` to run it; `api.app:app` for those who bring their own server."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

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
from api.pulse import Pulse
from api.routes import audit, batches, compare, documents, events, form, health, inside, negotiate, negotiate_form, pages, results, runs, shares, sign_in
from api.routes.state import Services
from api.settings import Settings, settings_from

if TYPE_CHECKING:
    import uvicorn

PARTS = (runs, batches, inside, shares, negotiate, events, results, compare, documents, audit, health, sign_in, form, negotiate_form, pages)


def create_app(settings: Settings | None = None, *, store: DatabaseStore | None = None, runner: Runner | None = None) -> FastAPI:
    """The application. `store` and `runner` take the place of the store in the settings and of local processes.
    Raises StoreUnusable, and UnusableSettings where keys are asked for and there are none."""
    settings = settings or settings_from()
    store = store or open_store(settings)
    try:
        doors = entrance(store.database, settings)
    except BaseException:
        store.close()
        raise
    runner = runner or (ClusterRunner if settings.cluster else LocalRunner)(store, settings)
    keeper = Keeper(store, runner, settings.lease_seconds)
    services = Services(settings, store, runner, keeper, Pulse(store), Checker(settings), Exporter(settings), doors)
    app = FastAPI(title="Offtake", version=version("offtake"), lifespan=_lifespan, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.services = services
    app.add_middleware(Guard, settings=settings, authentication=doors.authentication, trail=doors.trail)
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
    yield
    await run_sync(close, app)
    services.store.close()


def close(app: FastAPI) -> None:
    """End every child process. Runs under way go back into the queue; the event streams that follow them end, and may be resumed elsewhere."""
    services: Services = app.state.services
    services.keeper.close()
    services.runner.close()
    services.pulse.ended = True
    services.checker.close()
    services.exporter.close()


def server(settings: Settings, log_level: str = "info") -> uvicorn.Server:
    """A server that ends the runs before it waits for open connections: event streams last as long as their runs."""
    import uvicorn

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            await run_sync(close, app)
            await super().shutdown(sockets)

    app = create_app(settings)
    return Server(uvicorn.Config(app, settings.host, settings.port, log_level=log_level, server_header=False, timeout_graceful_shutdown=5))


def __getattr__(name: str) -> object:
    """`api.app:app`, made from the environment when a server asks for it."""
    if name == "app":
        return create_app()
    raise AttributeError(name)
