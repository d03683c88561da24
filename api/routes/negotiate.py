"""Questions to the negotiation desk. Each is a run like a solve: a child process, progress, limits, cancel; its answer is at `/v1/runs/{id}/result`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from api.question import ALL
from api.routes.runs import START_ANSWERS, Key, Prefer, begin
from api.routes.state import Parts
from api.views import RunView
from models.options import SolveSettings

router = APIRouter(prefix="/v1/negotiate", tags=["negotiation"])
_LIMITS = SolveSettings.model_fields
LATER = (
    "Answers 202 and a `Location` to follow, with `Prefer: wait=10` 200 and the finished run if it ends within 10 seconds; the answer is then at its `result`."
)


class Limits(BaseModel):
    """Options of one question; what is not given is taken from the scenario's `solve` table."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    time_limit_seconds: Annotated[float | None, *_LIMITS["time_limit_seconds"].metadata] = None
    """Limit on the whole run."""
    seed: Annotated[int | None, *_LIMITS["seed"].metadata] = None
    """The solver's random seed."""


def _asking(ask: str) -> Callable[..., Awaitable[RunView]]:
    """The route of one question."""

    async def start(
        request: Request,
        response: Response,
        parts: Parts,
        options: Annotated[Limits, Query()],
        idempotency_key: Key = None,
        prefer: Prefer = None,
    ) -> RunView:
        return await begin(request, response, parts, options, idempotency_key, prefer, ask)

    return start


for _ask, _document in ALL.items():
    _summary = (_document.__doc__ or "").strip()
    router.add_api_route(
        f"/{_ask.replace('session-', 'session/')}",
        _asking(_ask),
        methods=["POST"],
        status_code=202,
        responses=START_ANSWERS,
        description=f"{_summary} {LATER}",
        name=f"ask_{_ask.replace('-', '_')}",
    )
