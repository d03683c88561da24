"""What is behind a run: the log of its process, and its model as other solvers read it."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from api.exporter import NoModel
from api.problems import Problem
from api.routes.results import scenario_of
from api.routes.state import KnownRun, Parts, Services
from api.store import KEPT_LOG, Run
from api.views import LogView

router = APIRouter(prefix="/v1/runs", tags=["runs"])
MPS = "application/x-mps"
LOG_PAGE = 64_000
"""Characters of a log in one answer."""
Offset = Annotated[int, Query(ge=0, le=2**53, description="Characters that were read already: the `next` of the last answer")]


@router.get("/{run_id}/log", responses={404: {}, 422: {}})
def get_log(run: KnownRun, parts: Parts, offset: Offset = 0) -> LogView:
    """What the run's process has printed, and when its phases began: up to 64,000 characters from `offset` on. The last 256,000 are kept; `offset` in the
    answer is higher than asked for where what lay between was dropped. Nothing more follows when `over` is true and `text` is empty."""
    found = parts.store.read_log(run.id, offset, LOG_PAGE)
    after = found.start + len(found.text)
    return LogView(offset=found.start, text=found.text, next=after, over=run.over and len(found.text) < LOG_PAGE)


def log_tail(run: Run, parts: Services) -> LogView | None:
    """The end of a run's log, for its page; None for who reads the run under a share link, which does not open logs."""
    if not parts.caller.owns(run.request.owner):
        return None
    first = parts.store.read_log(run.id, 0, 1).start  # what lay before is no longer kept
    found = parts.store.read_log(run.id, first, KEPT_LOG)
    after, text = found.start + len(found.text), found.text[-LOG_PAGE:]
    return LogView(offset=after - len(text), text=text, next=after, over=run.over)


@router.get(
    "/{run_id}/model.mps",
    responses={200: {"content": {MPS: {}}}, 404: {}, 422: {}, 503: {}},
    response_class=FileResponse,
)
async def get_model(run: KnownRun, parts: Parts) -> FileResponse:
    """The scenario's model as a mixed-integer program to be minimised, all futures in one, in the free MPS format. Rows and columns have the names of the
    manual, with ids. It is built for the asking, which takes about as long as for a solve."""
    scenario = await run_sync(scenario_of, run, parts)
    try:
        path = await run_sync(partial(parts.exporter.export, scenario))
    except NoModel as error:
        raise Problem("no-model", str(error)) from None
    headers = {"Content-Disposition": f'attachment; filename="offtake-{run.id}.mps"'}
    return FileResponse(path, media_type=MPS, headers=headers, background=BackgroundTask(path.unlink, missing_ok=True))
