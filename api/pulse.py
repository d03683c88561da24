"""What unfinished runs are at, asked once for everybody who waits or listens: two hundred event streams cost the store as much as one."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable

import anyio
from anyio.to_thread import run_sync

from api.store import Event, Store
from models.errors import StoreUnusable

log = logging.getLogger("offtake.pulse")
POLL_SECONDS = 0.1
PING_SECONDS = 15.0
TAIL = 100
"""So many of a run's newest events are remembered for those who listen."""


class Pulse:
    """The number of the last event of every unfinished run, at most POLL_SECONDS old, and the newest events of those that are listened to."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._turn = anyio.Lock()
        self._found: dict[str, int] = {}
        self._tails: dict[str, list[Event]] = {}
        self._when = float("-inf")
        self._waiting: dict[str, anyio.Event] = {}
        """By run id, what wakes those who have heard everything so far."""
        self.ended = False
        """The server ends and has written everything down: whoever listens may hear that and must go."""

    async def look(self, since: float) -> dict[str, int]:
        """By run id, as it was after `since` (monotonic): a run that was there by then and is not here is over, or forgotten. Raises StoreUnusable."""
        oldest = max(since, time.monotonic() - POLL_SECONDS)
        if self._when >= oldest:
            return self._found
        async with self._turn:
            if self._when < oldest:
                began = time.monotonic()
                before, self._found = self._found, await run_sync(self._store.pulse)
                self._when = began
                self._wake([run_id for run_id in self._waiting if before.get(run_id) != self._found.get(run_id)])
                self._tails = {run_id: tail for run_id, tail in self._tails.items() if run_id in self._found}
            return self._found

    async def news(self, run_id: str, after: int) -> list[Event]:
        """Events of a run since the one numbered `after`, at least up to the last that `look` knew. Raises StoreUnusable."""
        last = self._found.get(run_id)
        if last is None:
            return await run_sync(self._store.events, run_id, after)
        if last <= after:
            return []
        if not self._told(run_id, after, last):
            async with self._turn:
                if not self._told(run_id, after, last):
                    tail = self._tails.get(run_id, [])
                    joined = tail if tail and tail[0].number <= after + 1 else []
                    self._tails[run_id] = joined + await run_sync(self._store.events, run_id, joined[-1].number if joined else after)
        tail = self._tails[run_id]
        self._tails[run_id] = tail[-TAIL:]
        return tail[max(0, after + 1 - tail[0].number) :] if tail else []  # their numbers have no gaps

    async def change(self, run_id: str, after: int) -> None:
        """Return when there is news of a run since the event numbered `after`, which the caller has seen, when the run is over, or when the server ends;
        and every PING_SECONDS, so that whoever listens can be sent a sign of life, without which proxies close a connection."""
        if not self.ended and self._found.get(run_id, after + 1) <= after:
            await self._waiting.setdefault(run_id, anyio.Event()).wait()

    async def beat(self) -> None:
        """Look as often as POLL_SECONDS says while somebody waits in `change`, for as long as the server lives. Who waits costs nothing until something
        happens."""
        due = time.monotonic() + PING_SECONDS
        while True:
            await anyio.sleep(POLL_SECONDS)
            if self._waiting and not self.ended:
                try:
                    await self.look(time.monotonic())
                except Exception as error:
                    if not isinstance(error, StoreUnusable):
                        log.exception("the pulse can't be taken; it goes on")
                    self._wake(tuple(self._waiting))  # they look for themselves, and say so
            if self.ended or time.monotonic() > due:
                due = time.monotonic() + PING_SECONDS
                self._wake(tuple(self._waiting))

    def _wake(self, run_ids: Iterable[str]) -> None:
        for run_id in run_ids:
            self._waiting.pop(run_id).set()

    def _told(self, run_id: str, after: int, last: int) -> bool:
        """Whether what is remembered of a run holds everything from `after` to `last`."""
        tail = self._tails.get(run_id)
        return bool(tail) and tail[0].number <= after + 1 and tail[-1].number >= last
