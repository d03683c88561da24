"""Whether the service is alive, and whether it can take work."""

from __future__ import annotations

from fastapi import APIRouter

from api.problems import Problem
from api.routes.state import Parts
from api.views import Health

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> Health:
    """200 while the process answers."""
    return Health(status="ok")


@router.get("/readyz", responses={503: {}})
def readyz(parts: Parts) -> Health:
    """200 while runs can be solved; 503 while starting or shutting down, while the store does not answer or has tables of another version, or while whoever
    solves is gone."""
    parts.store.ready()
    if not parts.runner.ready:
        raise Problem("closing", headers={"Retry-After": "5"})
    return Health(status="ready", checks={"store": "answers", "tables": "of this version", "workers": "ready"})
