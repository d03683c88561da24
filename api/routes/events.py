"""A run's events as they happen (server-sent events)."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Header, HTTPException, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from api.routes.state import KnownRun, Parts, Services
from models.errors import StoreUnusable

router = APIRouter(prefix="/v1/runs", tags=["runs"])


class EventStream(StreamingResponse):
    """Server-sent events as bytes. FastAPI's own response for them has two tasks and two queues for each listener, and fails when one leaves in mid-event."""

    media_type = "text/event-stream"


def _resumed(
    run: KnownRun, parts: Parts, last_event_id: Annotated[str | None, Header(alias="Last-Event-ID", description="Resume after this event")] = None
) -> int:
    """The number of the last event the listener has seen. Answers 204, which ends a browser's reconnecting, when nothing can follow it."""
    after = int(last_event_id) if last_event_id and last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 16 else 0
    if after and run.over and not parts.store.events(run.id, after):
        raise HTTPException(204)
    return after


@router.get("/{run_id}/events", response_class=EventStream, responses={204: {"description": "Over, and everything was seen"}, 404: {}})
async def follow_run(run: KnownRun, parts: Parts, after: Annotated[int, Depends(_resumed)]) -> Response:
    """`state` and `progress` events, each with its number as id. The stream ends when the run does, or the server; `Last-Event-ID` resumes it."""
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}  # nginx would keep events until it has a few kilobytes of them
    return EventStream(_told(run.id, parts, after), headers=headers)


async def _told(run_id: str, parts: Services, after: int) -> AsyncIterator[bytes]:
    """The stream, in bytes."""
    began = time.monotonic()
    while True:
        ending = parts.pulse.ended  # asked before looking, so that what closing has changed is still told
        try:
            unfinished = run_id in await parts.pulse.look(began)
            news = await parts.pulse.news(run_id, after) if unfinished and not ending else await run_sync(parts.store.events, run_id, after)
        except StoreUnusable:
            return  # the listener comes back
        if news:
            after = news[-1].number
            yield b"".join(format_sse_event(data_str=event.text, event=event.kind, id=str(event.number)) for event in news)
        if ending or not unfinished:
            return
        if not news:
            yield KEEPALIVE_COMMENT
        await parts.pulse.change(run_id, after)
