"""Runs whose supervisor is lost go back into the queue.

A supervisor renews the lease of its run every few seconds by counting a number in the row up. Whoever watches holds a lease for expired when the
number stood still for the whole length of a lease on the watcher's own monotonic clock. No time of day is compared, neither with another machine's nor
with an earlier one, so a clock that jumps an hour ahead takes no run away from a living supervisor, and one that jumps back leaves no run behind.
Should a lease be taken for expired by mistake (a process stopped for a minute, say), the fence holds: the run has a new attempt by then, and
what the old supervisor still writes is dropped.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from api.jobs import Runner
from api.store import Run, Store
from api.supervisor import about
from api.worker import surely_gone
from models.errors import StoreUnusable

log = logging.getLogger("offtake.leases")
LOOK_SECONDS = 1.0
DETAIL = "The server that worked on this run ended without a word."


class Watch:
    """When each lease was last seen to change."""

    def __init__(self, lease_seconds: float, clock: Callable[[], float] = time.monotonic, gone: Callable[[str], bool] = surely_gone) -> None:
        self._lease, self._clock, self._gone = lease_seconds, clock, gone
        self._seen: dict[tuple[str, int], tuple[int, float]] = {}

    def expired(self, running: list[Run]) -> list[Run]:
        """Those of `running` whose supervisor is lost."""
        now = self._clock()
        before, self._seen = self._seen, {}
        for run in running:
            beats, since = before.get((run.id, run.attempt), (-1, now))
            self._seen[run.id, run.attempt] = (run.beats, since if beats == run.beats else now)
        return [run for run in running if now - self._seen[run.id, run.attempt][1] >= self._lease or self._gone(run.worker or "")]


class Keeper:
    """A thread that looks after the leases of every server over the same store, its own included."""

    def __init__(self, store: Store, runner: Runner, lease_seconds: float) -> None:
        self._store, self._runner, self._lease = store, runner, lease_seconds
        self._watch = Watch(lease_seconds)
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Hand the runs that wait to the runner, and begin to watch."""
        for run in self._store.waiting():
            self._runner.submit(run.id, run.attempt)
        self._closing.clear()
        self._thread = threading.Thread(target=self._work, name="leases", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        if self._thread:
            self._thread.join()

    def _work(self) -> None:
        while True:
            try:
                self.look()
            except StoreUnusable as error:
                log.warning("leases can't be looked at: %s", error)
                self._watch = Watch(self._lease)  # their supervisors could not renew them either
            except Exception:
                log.exception("looking after leases failed; it goes on")
            if self._closing.wait(min(LOOK_SECONDS, self._lease / 4)):
                return

    def look(self) -> None:
        """Put what is lost back into the queue, or end it if that has happened before."""
        for run in self._watch.expired(self._store.running()):
            left = self._store.lose(run.id, run.attempt, DETAIL, run.beats)
            if left:
                log.warning("the supervisor of a run is lost", extra={**about(run), "state": left.state, "losses": left.losses})
            if left and not left.over:
                self._runner.submit(left.id, left.attempt)
