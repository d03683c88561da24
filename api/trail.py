"""What goes into the audit log: everything that changed something, every share link that was opened, and who was refused.

Who only looks leaves no line. That somebody was refused is written down so often for one address and no more, or wrong keys would fill the disk.
"""

from __future__ import annotations

import logging
import re

from anyio.to_thread import run_sync
from starlette.datastructures import Headers
from starlette.types import Scope

from api.access import Caller
from api.callers import SAFE, origin_of
from api.database.audit import Audit
from api.quota import Quota
from models.errors import StoreUnusable

log = logging.getLogger("offtake.trail")
OPENED = "/shared/{secret}"
UNLOGGED = ("/v1/validate", "/v1/convert")
"""They are asked with a body, and change nothing."""
MADE = re.compile(r"/runs/(\w+)")


class Trail:
    """Writes the audit log of one application."""

    def __init__(self, audit: Audit, refusals_per_minute: int) -> None:
        self._audit = audit
        self._refusals = Quota(refusals_per_minute)

    async def done(self, scope: Scope, status: int, headers: Headers) -> None:
        """Write down what a request did, before it is answered. The line names the route, never the address: that may hold a secret."""
        route = getattr(scope.get("route"), "path", None)
        if route is None or status >= 400 or route in UNLOGGED or (scope["method"] in SAFE and route != OPENED):
            return
        run = scope.get("path_params", {}).get("run_id", "")
        made = MADE.search(headers.get("location", ""))
        also = made[1] if made and route != OPENED else ""
        caller: Caller = scope["state"].get("caller") or Caller()
        await self._record(
            f"{scope['method']} {route}", caller, scope, run or caller.shared or also, f"made run {also}" if run and also not in ("", run) else ""
        )

    async def refused(self, scope: Scope, kind: str, caller: Caller | None = None) -> int:
        """Write down that somebody was refused; the seconds to wait if that happened too often from this address."""
        wait = self._refusals.take(origin_of(scope))
        if not wait:
            await self._record(f"refused {scope['method']}", caller or Caller(), scope, "", kind)
        return wait

    async def _record(self, action: str, caller: Caller, scope: Scope, run: str, detail: str) -> None:
        def write() -> None:
            self._audit.record(action, who=caller.owner, key=caller.key, run=run, origin=origin_of(scope), detail=detail)

        try:
            await run_sync(write)
        except StoreUnusable as error:  # what was done is done
            log.error("not in the audit log: %s by '%s' (key '%s'): %s", action, caller.owner, caller.key, error)
