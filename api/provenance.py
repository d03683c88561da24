"""Where a request comes from: this machine, a page of this service, or a page of somebody else's."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from api.access import Caller, same
from api.body import FORM, media_type, read_bytes
from api.callers import SAFE
from api.problems import Problem
from api.settings import Settings, is_loopback

THROUGH_A_PROXY = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
CSRF_HEADER, CSRF_FIELD = "x-csrf-token", "csrf"


def refuse_other_sites(headers: Headers) -> None:
    """Browsers say themselves whose page makes a request. `Sec-Fetch-Site` holds behind any proxy; where it is missing (plain HTTP), `Origin` must be the
    host that was asked. Programs send neither. Raises Problem."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    by_origin = origin is not None and _host_in(origin) != headers.get("host", "")
    if by_origin if site is None else site not in ("same-origin", "none"):
        raise Problem("not-local", "A page of another site made this request.")


def refuse_other_machines(scope: Scope) -> None:
    """Where no keys are asked for, only this machine is answered. Raises Problem."""
    headers, client = Headers(scope=scope), scope.get("client")
    if client and not is_loopback(client[0]):
        raise Problem("not-local")
    if not is_loopback(_hostname(headers.get("host", ""))):
        raise Problem("not-local", "The service answers under `localhost` or `127.0.0.1` only.")
    if any(name in headers for name in THROUGH_A_PROXY):
        raise Problem("not-local", "The request came through a proxy. Others are answered when keys are asked for (OFFTAKE_ALLOW_PUBLIC=1).")


async def proven(scope: Scope, receive: Receive, caller: Caller, settings: Settings) -> Receive:
    """The way to the body, once it is proven that a page of ours sent the request: a cookie alone proves nothing. The token comes in a header, or as the
    first field of a form, so that it is found without parsing what follows. Raises Problem."""
    if scope["method"] in SAFE or not caller.csrf:
        return receive
    given = Headers(scope=scope).get(CSRF_HEADER)
    if given is None and media_type(Headers(scope=scope)) == FORM:
        body = await read_bytes(Request(scope, receive), settings)
        name, _, given = body.partition(b"&")[0].decode("latin-1").partition("=")
        given = given if name == CSRF_FIELD else None
        receive = _replayed(body, receive)
    if given is None or not same(given, caller.csrf):
        raise Problem("not-from-here")
    return receive


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A body that was read, to be read once more."""
    left = [body]

    async def again() -> Message:
        return {"type": "http.request", "body": left.pop(), "more_body": False} if left else await receive()

    return again


def _host_in(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
