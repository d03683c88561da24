"""Runs: start, list, look, stop, cancel, clone."""

from __future__ import annotations

import hashlib
import logging
import re
import time
from contextlib import suppress
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlencode

import anyio
from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from api.body import is_workbook, read_body
from api.problems import Problem
from api.pulse import POLL_SECONDS
from api.routes.results import stored
from api.routes.state import KnownRun, Parts, Services
from api.store import Full, KeyReused, Run, State, TooMany
from api.store import Request as RunRequest
from api.views import RunList, RunView, links, run_view
from models.errors import StoreUnusable
from models.options import SolveSettings, override

router = APIRouter(prefix="/v1/runs", tags=["runs"])
log = logging.getLogger("offtake.runs")
_LIMITS = SolveSettings.model_fields


class Overrides(BaseModel):
    """Options of one run; what is not given is taken from the scenario's `solve` table."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    gap: Annotated[float | None, *_LIMITS["gap"].metadata] = None
    """Relative optimality gap at which the search may stop."""
    time_limit_seconds: Annotated[float | None, *_LIMITS["time_limit_seconds"].metadata] = None
    """Limit on the whole run, baselines included."""
    seed: Annotated[int | None, *_LIMITS["seed"].metadata] = None
    """The solver's random seed."""
    baselines: bool | None = None
    """Also optimise the three baselines."""


TAG = Query(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")


class Start(Overrides):
    """Options of one run, and what it is called."""

    tag: Annotated[str | None, TAG] = None
    """Your word for runs that belong together; lists can be narrowed down to it."""


class Page(BaseModel):
    """Which runs to list."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    state: State | None = None
    """Only runs in this state."""
    tag: Annotated[str | None, TAG] = None
    """Only runs with this tag."""
    limit: Annotated[int, Query(ge=1, le=100)] = 20
    """How many at most."""
    cursor: Annotated[int | None, Query(ge=1, le=2**53)] = None
    """Where to go on; part of `next`."""


KEY_HELP = "Any text of yours; sending the same request with the same key again finds the same run"
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$", description=KEY_HELP)]
Prefer = Annotated[str | None, Header(alias="Prefer", description="`wait=10`: answer 200 with the finished run if it ends within 10 seconds")]


START_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"model": RunView, "description": "Finished within the wait asked for"},
    408: {},
    413: {},
    415: {},
    422: {},
    429: {},
    503: {},
}


@router.post("", status_code=202, responses=START_ANSWERS)
async def start_run(
    request: Request,
    response: Response,
    parts: Parts,
    options: Annotated[Start, Query()],
    idempotency_key: Key = None,
    prefer: Prefer = None,
) -> RunView:
    """Solve the scenario in the body, JSON or an Excel workbook. Answers 202 and a `Location` to follow; with an `Idempotency-Key`, sending the same
    again finds the same run."""
    return await begin(request, response, parts, options, idempotency_key, prefer)


async def begin(request: Request, response: Response, parts: Services, options: BaseModel, key: str | None, prefer: str | None, ask: str = "") -> RunView:
    """Start a run of what the body holds: a scenario, or with `ask` a question about one."""
    body = await read_body(request, parts.settings, workbooks=not ask)
    return await _answer(await launch(parts, body, options, key, ask, is_workbook(request)), parts, prefer, response)


async def launch(parts: Services, body: bytes, options: BaseModel, key: str | None = None, ask: str = "", workbook: bool = False) -> Run:
    """A run of `body`, new unless its key was used before. Raises Refused, Busy, Problem."""
    run, new = await run_sync(_create, parts, body, options, key, ask, workbook)
    if new:
        accept(parts, run)
    return run


async def _answer(run: Run, parts: Services, prefer: str | None, response: Response) -> RunView:
    """What is answered to whoever started a run: where it is, and the finished run if that was waited for."""
    waited = await _wait(run, parts, prefer, response)
    response.status_code = 200 if waited.over and prefer else 202
    response.headers["Location"] = links(run)["self"]
    if not waited.over:
        response.headers["Retry-After"] = "1"
    return await run_sync(run_view, waited, parts.store)


def _create(parts: Services, body: bytes, options: BaseModel, key: str | None, ask: str, workbook: bool) -> tuple[Run, bool]:
    checked = parts.checker.check(body, ask, workbook=workbook)
    settings = override(checked.settings, **options.model_dump(exclude={"tag"}))
    request = RunRequest(checked.name, checked.currency, settings, fingerprint(body, options, ask), key, ask, getattr(options, "tag", None))
    runs, new = stored_together(parts, [(request, checked.document or body)])
    return runs[0], new


def accept(parts: Services, run: Run) -> None:
    """A run that is new in the store waits for a worker from now on."""
    log.info("run accepted", extra={"run": run.id, "attempt": run.attempt, "ask": run.request.ask or None})
    parts.runner.submit(run.id, run.attempt)


def fingerprint(body: bytes, options: BaseModel, what: str = "") -> str:
    """What the same request has in common with itself."""
    return hashlib.sha256(body + b"\0" + options.model_dump_json(exclude_none=True).encode() + what.encode()).hexdigest()


def stored_together(parts: Services, asked: list[tuple[RunRequest, bytes]]) -> tuple[list[Run], bool]:
    """Runs in the store, and whether they are new. Raises Problem."""
    try:
        return parts.store.create_all([(replace(request, trace=parts.traces.here()), body) for request, body in asked])
    except KeyReused:
        raise Problem("key-reused") from None
    except TooMany:
        raise Problem("too-many-runs", headers={"Retry-After": "10"}) from None
    except Full:
        raise Problem("full", headers={"Retry-After": "10"}) from None


async def _wait(run: Run, parts: Services, prefer: str | None, response: Response) -> Run:
    """The run as it is when it ends, or when the wait that `Prefer` asks for is over."""
    found = re.search(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,6})\b", prefer or "")
    seconds = min(float(found.group(1)), parts.settings.max_wait_seconds) if found else 0.0
    if found:
        response.headers["Preference-Applied"] = f"wait={seconds:.0f}"
    began = time.monotonic()
    if not seconds or run.over:
        return run
    with suppress(StoreUnusable):  # the run was accepted all the same
        while run.id in await parts.pulse.look(began) and time.monotonic() < began + seconds:
            await anyio.sleep(POLL_SECONDS)
        return await run_sync(parts.store.get, run.id) or run
    return run


@router.get("", responses={422: {}})
def list_runs(parts: Parts, page: Annotated[Page, Query()]) -> RunList:
    """Runs, newest first; `next` is the address of the following page."""
    found = parts.store.latest(page.limit + 1, page.cursor, page.state, page.tag)
    shown = found[: page.limit]
    more = len(found) > len(shown)
    narrowed = {name: value for name, value in (("state", page.state), ("tag", page.tag)) if value}
    following = f"/v1/runs?{urlencode({'limit': page.limit, 'cursor': shown[-1].number, **narrowed})}" if more else None
    return RunList(runs=[run_view(run, parts.store) for run in shown], next=following)


@router.get("/{run_id}", responses={404: {}})
async def get_run(run: KnownRun, parts: Parts, response: Response) -> RunView:
    """State, progress and figures of a run: cheap, so ask as often as you like."""
    response.headers["Cache-Control"] = "no-store"
    return await run_sync(run_view, run, parts.store) if run.state == "queued" else run_view(run, parts.store)  # only a place in the queue asks the store


@router.post("/{run_id}/stop", responses={404: {}})
def stop_run(run: KnownRun, parts: Parts) -> RunView:
    """End the search and keep the best plan found so far. A queued run is cancelled; a finished one stays as it is."""
    return _told(parts.store.stop(run.id), parts)


@router.post("/{run_id}/cancel", responses={404: {}, 409: {}})
def cancel_run(run: KnownRun, parts: Parts) -> RunView:
    """End the run without a plan. Its process gets a moment to leave, then it is killed."""
    cancelled = parts.store.cancel(run.id)
    if cancelled and cancelled.state != "cancelled":
        raise Problem("finished", state=cancelled.state)
    return _told(cancelled, parts)


@router.post("/{run_id}/clone", status_code=202, responses={**START_ANSWERS, 404: {}})
async def clone_run(
    run: KnownRun,
    response: Response,
    parts: Parts,
    options: Annotated[Start, Query()],
    idempotency_key: Key = None,
    prefer: Prefer = None,
) -> RunView:
    """Run the same scenario (or question) once more: with the options of the earlier run, where no others are given."""
    return await _answer(await clone(run, parts, options, idempotency_key), parts, prefer, response)


async def clone(run: Run, parts: Services, options: Overrides, key: str | None = None) -> Run:
    """A new run of what an earlier one was asked to do."""
    earlier = {name: getattr(run.request.settings, name) for name in Overrides.model_fields} | {"tag": run.request.tag}
    given = options.model_dump(exclude_none=True)
    return await launch(parts, await run_sync(stored, run, parts, "body"), Start(**(earlier | given)), key, run.request.ask)


def _told(run: Run | None, parts: Services) -> RunView:
    if run is None:
        raise Problem("no-run")
    return run_view(run, parts.store)
