"""A run's events as they happen (server-sent events)."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Header, HTTPException
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.routes.state import KnownRun, Parts
from models.errors import StoreUnusable

router = APIRouter(prefix="/v1/runs", tags=["runs"])


def _resumed(
    run: KnownRun, parts: Parts, last_event_id: Annotated[str | None, Header(alias="Last-Event-ID", description="Resume after this event")] = None
) -> int:
    """The number of the last event the listener has seen. Answers 204, which ends a browser's reconnecting, when nothing can follow it."""
    after = int(last_event_id) if last_event_id and last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 16 else 0
    if after and run.over and not parts.store.events(run.id, after):
        raise HTTPException(204)
    return after


@router.get("/{run_id}/events", response_class=EventSourceResponse, responses={204: {"description": "Over, and everything was seen"}, 404: {}})
async def follow_run(run: KnownRun, parts: Parts, after: Annotated[int, Depends(_resumed)]) -> AsyncIterator[ServerSentEvent]:
    """`state` and `progress` events, each with its number as id. The stream ends when the run does, or the server; `Last-Event-ID` resumes it."""
    began = time.monotonic()
    while True:
        ending = parts.pulse.ended  # asked before looking, so that what closing has changed is still told
        try:
            unfinished = run.id in await parts.pulse.look(began)
            news = await parts.pulse.news(run.id, after) if unfinished and not ending else await run_sync(parts.store.events, run.id, after)
        except StoreUnusable:
            return  # the listener comes back
        for event in news:
            after = event.number
            yield ServerSentEvent(raw_data=event.text, event=event.kind, id=str(event.number))
        if ending or not unfinished:
            return
        await parts.pulse.change(run.id, after)
