"""Batches: many scenarios, or variations of one, each a run of its own."""

from __future__ import annotations

import secrets
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request, Response

from api.body import read_body
from api.problems import Problem
from api.routes.runs import Key, Start, accept, fingerprint, stored_together
from api.routes.state import Parts, Services
from api.store import Request as RunRequest
from api.store import Run
from api.views import BatchView, batch_view
from models.options import override

router = APIRouter(prefix="/v1/batches", tags=["batches"])


@router.post("", status_code=202, responses={408: {}, 413: {}, 415: {}, 422: {}, 503: {}})
async def start_batch(request: Request, response: Response, parts: Parts, options: Annotated[Start, Query()], idempotency_key: Key = None) -> BatchView:
    """Solve up to 100 scenarios, or variations of one; each is a run. All of them are accepted or none. Answers 202 and a `Location` to follow."""
    runs = await run_sync(_create, parts, await read_body(request, parts.settings), options, idempotency_key)
    view = batch_view(runs)
    response.headers["Location"] = view.links["self"]
    response.headers["Retry-After"] = "1"
    return view


def _create(parts: Services, body: bytes, options: Start, key: str | None) -> list[Run]:
    checked = parts.checker.check_batch(body)
    changed, batch, same = options.model_dump(exclude={"tag"}), secrets.token_hex(8), fingerprint(body, options, "batch")
    asked = []
    for i, one in enumerate(checked):
        settings = override(one.settings, **changed)
        own = fingerprint(one.document or b"", options)  # that of the run by itself
        request = RunRequest(one.name, one.currency, settings, own if i else same, None if i else key, tag=options.tag, batch=batch)
        asked.append((request, one.document or b""))
    runs, new = stored_together(parts, asked)
    for run in runs if new else ():
        accept(parts, run)
    return runs


@router.get("/{batch_id}", responses={404: {}})
def get_batch(batch_id: str, parts: Parts) -> BatchView:
    """Where a batch stands: its runs, and how many are in each state."""
    return batch_view(_runs(batch_id, parts))


@router.post("/{batch_id}/cancel", responses={404: {}})
def cancel_batch(batch_id: str, parts: Parts) -> BatchView:
    """End every run of the batch that has not ended, without a plan. Runs that have one keep it."""
    for run in _runs(batch_id, parts):
        parts.store.cancel(run.id)
    return batch_view(_runs(batch_id, parts))


def _runs(batch_id: str, parts: Services) -> list[Run]:
    found = parts.store.batch(batch_id)
    if not found:
        raise Problem("no-batch")
    return found
