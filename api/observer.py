"""What stands around every request and only watches: its id, its metrics, its span, its line in the log.

The id comes from the `X-Request-ID` of whoever stands in front of this server, if it is plain, and goes back in the answer.
"""

from __future__ import annotations

import logging
import re
import secrets
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import logs
from api.metrics import Metrics
from api.tracing import Traces

log = logging.getLogger("offtake.requests")
HEADER = "X-Request-ID"
PLAIN = re.compile(r"[A-Za-z0-9._\-]{1,64}")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds by machines; logged only at level debug."""


class Observer:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, metrics: Metrics, traces: Traces) -> None:
        self._app, self._metrics, self._traces = app, metrics, traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        request = given if PLAIN.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request
        token = logs.request_id.set(request)
        try:
            await self._watched(scope, receive, send, request)
        finally:
            logs.request_id.reset(token)

    async def _watched(self, scope: Scope, receive: Receive, send: Send, request: str) -> None:
        began, status, streaming = time.perf_counter(), 0, False
        method = scope["method"] if scope["method"] in METHODS else "other"

        def answered(code: int) -> None:
            nonlocal status
            status = code
            self._metrics.answered(method, route_of(scope), code, time.perf_counter() - began)

        async def send_watched(message: Message) -> None:
            nonlocal streaming
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[HEADER] = request
                answered(message["status"])
                if headers.get("content-type", "").startswith("text/event-stream"):
                    streaming = True
                    self._metrics.streams.inc()
            await send(message)

        with self._traces.request(method, Headers(scope=scope)) as span:
            try:
                await self._app(scope, receive, send_watched)
            except Exception:
                if not status:
                    answered(500)  # which is what the framework will answer with
                raise
            finally:
                if streaming:
                    self._metrics.streams.dec()
                route = route_of(scope)
                span.ended(method, route, status)
                fields = {"method": method, "route": route, "status": status or None, "seconds": round(time.perf_counter() - began, 6)}
                log.log(logging.DEBUG if route in QUIET else logging.INFO, "request", extra=fields)


def route_of(scope: Scope) -> str:
    """The template of the address that was asked for."""
    route = scope.get("route")
    if route is not None:
        return str(route.path)
    return "/static" if scope["path"].startswith("/static/") else "unmatched"
