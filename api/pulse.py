"""What unfinished runs are at, asked once for everybody who waits or listens: two hundred event streams cost the store as much as one."""

from __future__ import annotations

import time

import anyio
from anyio.to_thread import run_sync

from api.store import Store

POLL_SECONDS = 0.1


class Pulse:
    """The number of the last event of every unfinished run, at most POLL_SECONDS old."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._turn = anyio.Lock()
        self._found: dict[str, int] = {}
        self._when = float("-inf")
        self.ended = False
        """The server ends and has written everything down: whoever listens may hear that and must go."""

    async def look(self, since: float) -> dict[str, int]:
        """By run id, as it was after `since` (monotonic): a run that was there by then and is not here is over, or forgotten. Raises StoreUnusable."""
        oldest = max(since, time.monotonic() - POLL_SECONDS)
        async with self._turn:
            if self._when < oldest:
                began = time.monotonic()
                self._found = await run_sync(self._store.pulse)
                self._when = began
            return self._found
