"""Who makes a request, by what it brings along: a key in `Authorization`, the cookie of a session, the cookie of a share link."""

from __future__ import annotations

from dataclasses import replace

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Scope

from api.access import ApiKey, Caller, csrf_token, now
from api.authentication import Authentication
from api.problems import Problem

SHARE_COOKIE = "offtake_share"
BEARER = 'Bearer realm="offtake"'
SHARED = ("", "/events", "/solution", "/solution.csv", "/solution.xlsx", "/frontier", "/report", "/scenario", "/result", "/result.xlsx")
"""What a share link opens below its run, besides its page: what there is to read, nothing that is made for the asking, nothing about who else reads."""
SAFE = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing."""


async def caller_of(scope: Scope, authentication: Authentication) -> Caller | None:
    """Who asks; None if nobody said. A key that is sent counts alone: one that is wrong is refused, whatever cookies there are.
    Raises Problem, StoreUnusable."""
    headers = Headers(scope=scope)
    if sent := headers.getlist("authorization"):
        return await _by_key(sent, authentication)
    cookies, caller = Request(scope).cookies, None
    if secret := cookies.get(session_cookie(scope)):
        key = await authentication.session(secret)
        caller = by(key, csrf_token(secret)) if key and key.refusal(now()) is None else None
    if scope["method"] in SAFE and (secret := cookies.get(SHARE_COOKIE)):
        link = await authentication.share(secret)
        if link and link.expires > now() and _is_of_run(path_of(scope), link.run):
            return replace(caller or Caller(scope=None, key=f"share {link.id}", told=True), shared=link.run)
    return caller


def by(key: ApiKey, csrf: str = "") -> Caller:
    """Who has a key."""
    return Caller(key.owner, key.scope, key.id, csrf, told=True)


def no_key(reason: str = "") -> Problem:
    """The answer to who has no key, or one that is of no use for a reason."""
    return Problem("no-key", reason, headers={"WWW-Authenticate": f'{BEARER}, error="invalid_token"' if reason else BEARER})


async def _by_key(sent: list[str], authentication: Authentication) -> Caller:
    kind, _, secret = sent[0].partition(" ")
    one = len(sent) == 1 and kind.lower() == "bearer"  # of two, a proxy may have checked the other
    key = await authentication.key(secret.strip()) if one else None
    if key is None:
        raise no_key("The key is unknown; it is sent as `Authorization: Bearer KEY`.")
    if reason := key.refusal(now()):
        raise no_key(reason)
    return by(key)


def _is_of_run(path: str, run_id: str) -> bool:
    """Whether a share link of a run opens this address."""
    return path == f"/runs/{run_id}" or path in [f"/v1/runs/{run_id}{part}" for part in SHARED]


def session_cookie(scope: Scope) -> str:
    """The name of the cookie that signs in. Over HTTPS it is one that browsers take from this very host only."""
    return "__Host-offtake_session" if scope.get("scheme") == "https" else "offtake_session"


def origin_of(scope: Scope) -> str:
    """The address that asks, as far as the server knows it."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def path_of(scope: Scope) -> str:
    """The path below the place where the application is mounted."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "")) or "/"
