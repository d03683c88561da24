"""Running solves: who takes which run when.

`Runner` is the seam, in the manner of `concurrent.futures.Executor`: it is told which attempt of which run is due, and everything else (scenario, wishes,
results) goes through the store. So a runner elsewhere needs nothing more; `api.cluster_runner` has the one on a Dask cluster.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from api.settings import Settings
from api.store import Outcome, Run, Store
from api.supervisor import Child, Gone, Supervisor, about, failed
from api.tracing import UNTRACED, AttemptSpan, Traces
from api.worker import own_name
from models.errors import StoreUnusable

log = logging.getLogger("offtake.jobs")
POLL_SECONDS = 0.5
"""How often an idle supervisor looks for runs that nobody told it of: those that another server took in."""
RETRY_SECONDS = 1.0
NOT_STORED = "The run ended, but its result could not be stored: the disk was full, or the database locked, for too long. Send it again when that is mended."


OnEnd = Callable[[str, float], None]
"""Told how an attempt ended (a run's state, `lost` or `returned`), and after how many seconds."""


def unheard(end: str, seconds: float) -> None:
    """Nobody listens."""


class Runner(Protocol):
    """Whoever gets runs done."""

    def submit(self, run_id: str, attempt: int) -> None:
        """See to it that this attempt of a stored run is made. Returns at once."""

    def start(self) -> None: ...

    def close(self) -> None:
        """End every solve of this machine, put their runs back into the queue, and return when no process of it is left."""

    @property
    def ready(self) -> bool: ...

    @property
    def children(self) -> int:
        """Processes of this server that solve, or wait for a run."""


class LocalRunner:
    """`settings.workers` threads, each supervising one child process at a time. They take the run that has waited longest, whoever accepted it."""

    def __init__(self, store: Store, settings: Settings, on_end: OnEnd = unheard, traces: Traces = UNTRACED) -> None:
        self._store, self._settings, self._on_end, self._traces = store, settings, on_end, traces
        self._worker = own_name()
        self._news = threading.Event()
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._children: dict[int, Child] = {}
        """By supervising thread."""

    def start(self) -> None:
        for i in range(self._settings.workers):
            thread = threading.Thread(target=self._work, name=f"supervisor-{i}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def submit(self, run_id: str, attempt: int) -> None:  # noqa: ARG002 (which run it is says the store: an older one may wait)
        self._news.set()

    def close(self) -> None:
        self._closing.set()
        self._news.set()
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    @property
    def ready(self) -> bool:
        return bool(self._threads) and all(t.is_alive() for t in self._threads) and not self._closing.is_set()

    @property
    def children(self) -> int:
        return sum(child.process is not None for child in tuple(self._children.values()))

    def _work(self) -> None:
        """Supervise one attempt after another, always with the next child already started: loading the optimizer takes longer than a small solve."""
        child = self._new_child()
        try:
            while not self._closing.is_set():
                self._news.clear()  # before looking: what is submitted afterwards ends the wait below
                try:
                    if not self._one(child):
                        self._news.wait(POLL_SECONDS)
                except Exception:
                    log.exception("a supervisor failed; it goes on")
                    self._closing.wait(RETRY_SECONDS)
                if child.used and not self._closing.is_set():
                    child.end()
                    child = self._new_child()
        finally:
            child.end()

    def make(self, due: tuple[str, int]) -> bool:
        """Make an attempt that is due (run id and number) in the calling thread, if it still waits; whether it did. Raises StoreUnusable."""
        run = self._next(due)
        if run is None:
            return False
        child = Child(self._settings)
        try:
            self._see_through(run, child)
        finally:
            child.end()
        return True

    def leave(self) -> None:
        """From now on no run is taken, and those under way go back into the queue."""
        self._closing.set()

    def _new_child(self) -> Child:
        child = self._children[threading.get_ident()] = Child(self._settings)
        return child

    def _one(self, child: Child) -> bool:
        """Take a run and see it through; whether there was one."""
        run = self._next()
        if run:
            self._see_through(run, child)
        return run is not None

    def _see_through(self, run: Run, child: Child) -> None:
        began = time.monotonic()
        with self._traces.attempt(run) as span:
            end, reason = self._settle(run, self._attempt(run, child, span))
            span.ended(end, reason)
        self._on_end(end, time.monotonic() - began)

    def _next(self, due: tuple[str, int] | None = None) -> Run | None:
        try:
            run = self._store.take(self._worker, due)
        except StoreUnusable as error:
            log.warning("no run can be taken: %s", error)
            return None
        if run:
            log.info("run started", extra=about(run))
        return run

    def _attempt(self, run: Run, child: Child, span: AttemptSpan) -> Outcome | Gone | None:
        """How the attempt ended; None if the run is not ours any more, or goes back because the server ends."""
        try:
            return Supervisor(run, child, self._store, self._settings, self._closing, span).watch()
        except Exception:
            log.exception("supervision failed", extra=about(run))
            return Gone("The process that solves this run could not be supervised.")

    def _settle(self, run: Run, end: Outcome | Gone | None) -> tuple[str, str]:
        """Write down how the attempt ended, and say it in a word and a reason."""
        if isinstance(end, Outcome):
            if self._written(run, lambda: self._store.finish(run.id, run.attempt, end)):
                log.info("run ended", extra={**about(run), "state": end.state, "reason": end.stop_reason})
            return end.state, end.stop_reason
        if isinstance(end, Gone):
            left = self._written(run, lambda: self._store.lose(run.id, run.attempt, end.detail))
            if left:
                log.warning("the process of a run is lost", extra={**about(run), "state": left.state, "losses": left.losses})
            return "lost", "worker_lost"
        if self._closing.is_set():
            if self._written(run, lambda: self._store.give_back(run.id, run.attempt)):
                log.info("run goes back into the queue", extra=about(run))
            return "returned", "closing"
        now = self._seen(run)
        if now is None or now.state == "cancelled":
            log.info("run ended", extra={**about(run), "state": "cancelled", "reason": "user"})
            return "cancelled", "user"
        log.warning("the run goes on without this attempt", extra={**about(run), "state": now.state, "losses": now.losses})
        return "lost", "overtaken"

    def _seen(self, run: Run) -> Run | None:
        with suppress(StoreUnusable):
            return self._store.get(run.id)
        return None

    def _written(self, run: Run, write: Callable[[], Any]) -> Any:
        """What `write` returns, tried again and again while the store can't be written: a plan that took hours must not be lost to a disk that is full
        for a minute. If that doesn't end, the run fails, which needs less room; if even that can't be written, its lease expires some day."""
        until = time.monotonic() + self._settings.store_patience_seconds
        while True:
            try:
                return write()
            except StoreUnusable as error:
                log.warning("its end can't be written: %s", error, extra=about(run))
                if time.monotonic() > until or self._closing.wait(RETRY_SECONDS):
                    break
            with suppress(StoreUnusable):
                self._store.renew(run.id, run.attempt)
        with suppress(StoreUnusable):
            return self._store.finish(run.id, run.attempt, failed("store", "Result not stored", NOT_STORED)) if not self._closing.is_set() else None
        return None
