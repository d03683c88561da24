"""Share links: whoever has one reads one run, its page and its downloads, until the link expires, is revoked, or its maker's key ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from api.access import Caller, ShareLink, now
from api.body import read_form
from api.callers import SHARE_COOKIE
from api.database.shares import TooManyLinks
from api.problems import Problem
from api.routes.state import KnownRun, Parts, Services
from api.store import Run
from api.views import View
from api.web import page

router = APIRouter()
LONGEST, USUAL = 90, 7
MOST_BYTES = 8_192
Days = Annotated[int, Query(ge=1, le=LONGEST, description="How long the link works")]


class ShareView(View):
    """A share link of a run."""

    id: str
    """What revokes it."""
    run: str
    created: datetime
    expires: datetime


class ShareMade(ShareView):
    """A new share link."""

    address: str
    """The link itself. It is said this once, and stored nowhere."""


class ShareList(View):
    """The share links of a run that work now."""

    shares: list[ShareView]


@router.post("/v1/runs/{run_id}/shares", tags=["shares"], status_code=201, responses={404: {}, 409: {}, 422: {}})
def share_run(run: KnownRun, request: Request, parts: Parts, days: Days = USUAL) -> ShareMade:
    """Make a link under which anybody reads this run, and nothing else, without a key. It ends with the key that made it, at the latest."""
    link, secret = _made(run, parts, days)
    return ShareMade(**_view(link).model_dump(), address=_address(request, secret))


@router.get("/v1/runs/{run_id}/shares", tags=["shares"], responses={404: {}})
def list_shares(run: KnownRun, parts: Parts) -> ShareList:
    """The links that work now, without their addresses."""
    return ShareList(shares=[_view(link) for link in parts.entrance.shares.of(run.id)])


@router.delete("/v1/runs/{run_id}/shares/{share_id}", tags=["shares"], status_code=204, responses={404: {}}, response_class=Response)
def revoke_share(run: KnownRun, share_id: str, parts: Parts) -> Response:
    """End a link at once."""
    if not _revoked(run, share_id, parts):
        raise Problem("no-share")
    return Response(status_code=204)


@router.get("/runs/{run_id}/share", include_in_schema=False)
def share_page(run: KnownRun, parts: Parts) -> HTMLResponse:
    """The links of a run, and a form for a new one."""
    return _page(run, parts)


@router.post("/runs/{run_id}/share", include_in_schema=False)
async def share_from_page(run: KnownRun, request: Request, parts: Parts) -> HTMLResponse:
    """Make a link, and show it this once."""
    fields = await read_form(request, parts.settings, MOST_BYTES)
    given = fields.get("days", "")
    days = int(given) if given.isascii() and given.isdigit() and len(given) < 4 else 0
    if not 1 <= days <= LONGEST:
        return await run_sync(partial(_page, run, parts, wrong=f"A link works from 1 to {LONGEST} days.", status=422))
    _, secret = await run_sync(_made, run, parts, days)
    return await run_sync(partial(_page, run, parts, address=_address(request, secret)))


@router.post("/runs/{run_id}/share/{share_id}/revoke", include_in_schema=False)
def revoke_from_page(run: KnownRun, share_id: str, parts: Parts) -> RedirectResponse:
    """End a link, from its button."""
    _revoked(run, share_id, parts)
    return RedirectResponse(f"/runs/{run.id}/share", 303)


@router.get("/shared/{secret}", include_in_schema=False)
async def open_share(secret: str, request: Request, parts: Parts) -> Response:
    """Remember the link in a cookie that browsers send to this run's addresses only, and go to the run."""
    link = await parts.entrance.authentication.share(secret)
    if link is None or link.expires <= now():
        if wait := await parts.entrance.trail.refused(request.scope, "no-share"):
            raise Problem("too-many-requests", headers={"Retry-After": str(wait)})
        return page("lost.html", 404, caller=parts.caller, problem=Problem("no-share"))
    request.state.caller = Caller(scope=None, key=f"share {link.id}", shared=link.run, told=True)  # for the audit log
    answer = RedirectResponse(f"/runs/{link.run}", 303, {"Cache-Control": "no-store"})
    lasts = int((link.expires - now()).total_seconds())
    for path in (f"/runs/{link.run}", f"/v1/runs/{link.run}"):
        answer.set_cookie(SHARE_COOKIE, secret, lasts, path=path, secure=request.url.scheme == "https", httponly=True, samesite="lax")
    return answer


def _made(run: Run, parts: Services, days: int) -> tuple[ShareLink, str]:
    try:
        return parts.entrance.shares.add(run.id, parts.caller.owner, now() + timedelta(days=days), parts.caller.key)
    except TooManyLinks:
        raise Problem("too-many-shares") from None


def _revoked(run: Run, share_id: str, parts: Services) -> bool:
    done = parts.entrance.shares.revoke(run.id, share_id)
    parts.entrance.authentication.forget()
    return done


def _view(link: ShareLink) -> ShareView:
    return ShareView(id=link.id, run=link.run, created=link.created, expires=link.expires)


def _address(request: Request, secret: str) -> str:
    return f"{request.base_url}shared/{secret}"


def _page(run: Run, parts: Services, address: str = "", wrong: str = "", status: int = 200) -> HTMLResponse:
    shown = {"run": run, "links": parts.entrance.shares.of(run.id), "address": address, "wrong": wrong, "usual": USUAL, "longest": LONGEST}
    return page("share.html", status, caller=parts.caller, **shown)
