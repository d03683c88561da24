"""What stands before every request: who asks, whether they may, and what browsers may do with the answers.

Everything is refused that is not allowed here, by method and path, so a new route is guarded before anybody thinks of it. Where no keys are asked for,
only this machine is answered, only under a loopback name (another name is a page that tricked the browser's name look-up), and not through a proxy.
Requests that other sites' pages make to change something are refused always.
"""

from __future__ import annotations

import time
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as Connection

from api.access import EVERYBODY, Caller, Scope
from api.authentication import Authentication
from api.callers import BEARER, SAFE, caller_of, no_key, path_of
from api.problems import Problem, store_unusable
from api.provenance import proven, refuse_other_machines, refuse_other_sites
from api.quota import Quota
from api.settings import Settings
from api.trail import Trail
from models.errors import StoreUnusable

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # without one, browsers send plain forms of our own with `Origin: null`
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
OPEN = ("/healthz", "/readyz", "/sign-in")
OPEN_BELOW = ("/static/", "/shared/")
"""Addresses that anybody may ask for: they show nothing of anybody's runs, or check a secret of their own."""
NEEDED: dict[str, Scope] = {"/v1/audit": "admin", "/v1/validate": "read", "/v1/convert": "read", "/sign-out": "read"}
"""Where something else is needed than `read` to look and `solve` to change."""
LASTING_SECONDS = 10.0
"""An answer that lasts longer, as a stream of events does, ends when its caller would not be let in any more; looked at so often."""


class Guard:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, settings: Settings, authentication: Authentication, trail: Trail) -> None:
        self.app, self.settings = app, settings
        self._authentication, self._trail = authentication, trail
        self._quota = Quota(settings.requests_per_minute)

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})
        looked, ended = time.monotonic(), False

        async def send_guarded(message: Message) -> None:
            nonlocal looked, ended
            if ended:
                return
            if message.get("more_body") and self.settings.sign_in and time.monotonic() - looked > LASTING_SECONDS:
                looked, ended = time.monotonic(), await self._is_out(scope)
                message = {"type": "http.response.body", "body": b""} if ended else message
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if self.settings.sign_in and not path_of(scope).startswith("/static/"):
                    headers.setdefault("Cache-Control", "no-store")  # what one may see, no cache may show to another
                await self._trail.done(scope, message["status"], headers)
            await send(message)

        answer: ASGIApp = self.app
        try:
            receive = await self._admitted(scope, receive)
        except Problem as problem:
            answer = await self._refused(scope, problem)
        except StoreUnusable as error:
            answer = store_unusable(error).response()
        await answer(scope, receive, send_guarded)

    async def _admitted(self, scope: Connection, receive: Receive) -> Receive:
        """Note who asks, if they may, and return the way to the body. Raises Problem, StoreUnusable."""
        if scope["method"] not in SAFE:
            refuse_other_sites(Headers(scope=scope))
        if not self.settings.sign_in:
            refuse_other_machines(scope)
            scope["state"]["caller"] = EVERYBODY
            return receive
        path = path_of(scope)
        is_open = path in OPEN or path.startswith(OPEN_BELOW)
        caller = await caller_of(scope, self._authentication)
        scope["state"]["caller"] = caller or Caller(scope=None, told=True)
        if is_open:
            return receive
        if caller is None:
            raise no_key()
        needed = NEEDED.get(path) or ("read" if scope["method"] in SAFE else "solve")
        if not caller.may(needed) and not caller.shared:
            challenge = f'{BEARER}, error="insufficient_scope", scope="{needed}"'
            raise Problem("not-allowed", f"This takes a key of scope `{needed}`.", headers={"WWW-Authenticate": challenge})
        if wait := self._quota.take(caller.key):
            raise Problem("too-many-requests", headers={"Retry-After": str(wait)})
        return await proven(scope, receive, caller, self.settings)

    async def _is_out(self, scope: Connection) -> bool:
        """Whether somebody who was let in would not be now: the key was disabled, the session or the share link is over."""
        try:
            return await caller_of(scope, self._authentication) is None
        except Problem:
            return True
        except StoreUnusable:
            return False

    async def _refused(self, scope: Connection, problem: Problem) -> Response:
        """The answer to who is refused: a page to sign in on, or the problem. Wrong keys and the like are written down, and slowed down."""
        caller: Caller | None = scope["state"].get("caller")
        if problem.kind == "no-key" and problem.headers["WWW-Authenticate"] == BEARER:
            return _to_sign_in(scope) if _is_page(scope) else problem.response()
        if problem.kind in ("no-key", "not-allowed", "not-from-here") and (wait := await self._trail.refused(scope, problem.kind, caller)):
            return Problem("too-many-requests", "Too many requests from this address were refused.", headers={"Retry-After": str(wait)}).response()
        return problem.response()


def _is_page(scope: Connection) -> bool:
    """Whether a person asked, with a browser."""
    return scope["method"] in SAFE and not path_of(scope).startswith("/v1/") and "text/html" in Headers(scope=scope).get("accept", "")


def _to_sign_in(scope: Connection) -> Response:
    query = scope.get("query_string", b"").decode("latin-1")
    wanted = path_of(scope) + (f"?{query}" if query else "")
    return RedirectResponse(f"/sign-in?next={quote(wanted, safe='/')}", 303, {"Cache-Control": "no-store"})
