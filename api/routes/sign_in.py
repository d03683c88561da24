"""Signing in on the pages with a key, and out again. The key itself stays on the server's side of the form: the browser keeps the secret of a session."""

from __future__ import annotations

import re
from datetime import timedelta

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from api.access import now
from api.body import read_form
from api.callers import by, session_cookie
from api.problems import Problem
from api.routes.state import Parts
from api.web import page

router = APIRouter(include_in_schema=False)
MOST_BYTES = 8_192
"""Of a form that holds a key and an address."""
OURS = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")
"""Addresses of this service: no host, no backslash that a browser would read as one, no control character that it would drop."""
LEFT = "/sign-in?left=yes"
"""Where one is after signing out: the page has the browser forget drafts also where it does not heed `Clear-Site-Data` (plain HTTP)."""
UNKNOWN = "The key is unknown."


def inside(address: str) -> str:
    """`address` if it leads to a page of this service, else the start page: a link to the sign-in must not send people elsewhere."""
    return address if OURS.fullmatch(address) and not address.startswith("/sign-") else "/"


@router.get("/sign-in")
def sign_in_page(parts: Parts, next: str = "/", left: str = "") -> Response:
    """The page that asks for a key. With `left` somebody has just signed out, and drafts go; a session that has run out by itself leaves them."""
    if not parts.settings.sign_in or parts.caller.csrf:
        return RedirectResponse(inside(next), 303)
    return page("sign_in.html", caller=parts.caller, next=inside(next), wrong="", left=bool(left))


@router.post("/sign-in")
async def sign_in(request: Request, parts: Parts) -> Response:
    """Open a session for a key that is good, and go where one was going."""
    fields = await read_form(request, parts.settings, MOST_BYTES)
    there, keys = inside(fields.get("next", "/")), parts.entrance.keys
    key = await parts.entrance.authentication.key(fields.get("key", "").strip())
    reason = UNKNOWN if key is None else key.refusal(now())
    if key is None or reason:
        if wait := await parts.entrance.trail.refused(request.scope, "no-key"):
            raise Problem("too-many-requests", "Too many keys were refused.", headers={"Retry-After": str(wait)})
        return page("sign_in.html", 401, caller=parts.caller, next=there, wrong=reason, left=False)
    name, lasts = session_cookie(request.scope), timedelta(hours=parts.settings.session_hours)
    if before := request.cookies.get(name):
        await run_sync(keys.sign_out, before)
        parts.entrance.authentication.forget()
    secret = await run_sync(keys.sign_in, key, now() + lasts)
    request.state.caller = by(key)  # for the audit log
    answer = RedirectResponse(there, 303)
    answer.set_cookie(name, secret, int(lasts.total_seconds()), path="/", secure=request.url.scheme == "https", httponly=True, samesite="lax")
    return answer


@router.post("/sign-out")
async def sign_out(request: Request, parts: Parts) -> Response:
    """End the session, in the store too: a copy of its cookie is worth nothing afterwards."""
    name = session_cookie(request.scope)
    if secret := request.cookies.get(name):
        await run_sync(parts.entrance.keys.sign_out, secret)
        parts.entrance.authentication.forget()
    answer = RedirectResponse(LEFT, 303, {"Clear-Site-Data": '"storage"'})  # drafts of scenarios, which the next one at this browser must not find
    answer.delete_cookie(name, path="/", secure=request.url.scheme == "https", httponly=True, samesite="lax")
    return answer
