"""The audit log, for admins."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict

from api.routes.state import Parts, admin
from api.views import View

router = APIRouter(prefix="/v1/audit", tags=["audit"], dependencies=[Depends(admin)])


class Page(BaseModel):
    """Which lines to list."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    run: Annotated[str | None, Query(max_length=32)] = None
    """Only lines about this run."""
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100
    """How many at most."""
    cursor: Annotated[int | None, Query(ge=1, le=2**53)] = None
    """Where to go on; part of `next`."""


class AuditView(View):
    """Who did what, when, to which run, from where."""

    number: int
    at: datetime
    who: str
    """The owner; empty where no keys are asked for."""
    key: str
    """The id of the key, or `share` and the id of a share link."""
    action: str
    """Method and route, `refused` and the method, or what was done on the command line."""
    run: str
    origin: str
    """The address that asked, or `command line`."""
    detail: str


class AuditList(View):
    """Lines of the audit log, newest first."""

    entries: list[AuditView]
    next: str | None
    """Address of the next page; null on the last."""


@router.get("", responses={422: {}})
def list_audit(parts: Parts, page: Annotated[Page, Query()]) -> AuditList:
    """Who did what, newest first; takes an admin key. Lines are never changed or removed."""
    found = parts.entrance.audit.entries(page.limit + 1, page.cursor, page.run)
    shown = found[: page.limit]
    more = len(found) > len(shown)
    address = f"/v1/audit?limit={page.limit}&cursor={shown[-1].number}" + (f"&run={quote(page.run)}" if page.run else "") if more else None
    return AuditList(entries=[AuditView(**asdict(entry)) for entry in shown], next=address)
