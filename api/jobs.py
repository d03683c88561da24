"""Running solves: each in a child process of its own that is supervised until it ends.

`Runner` is the seam: it is told which attempt of which run is due, and everything else (scenario, wishes, results) goes through the store. So a
runner elsewhere, on another machine or over a database, needs nothing more.
"""

from __future__ import annotations

import logging
import multiprocessing
import queue
import threading
import time
from multiprocessing.connection import wait
from typing import Any, Protocol

from api.child import solve_child
from api.memory import resident_bytes
from api.settings import Settings
from api.store import Outcome, Run, Store
from models.options import SolveSettings, override

log = logging.getLogger("offtake.jobs")
TICK_SECONDS = 0.1
"""How often a supervisor looks for wishes, deadlines and memory."""


class Runner(Protocol):
    """Whoever gets runs done."""

    def submit(self, run_id: str, attempt: int) -> None:
        """See to it that this attempt of a stored run is made. Returns at once."""

    def start(self) -> None: ...

    def close(self) -> None:
        """End every solve and return when no process is left."""

    @property
    def ready(self) -> bool: ...


class LocalRunner:
    """`settings.workers` threads, each supervising one child process at a time."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        self._due: queue.SimpleQueue[tuple[str, int] | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        for i in range(self._settings.workers):
            thread = threading.Thread(target=self._work, name=f"supervisor-{i}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def submit(self, run_id: str, attempt: int) -> None:
        self._due.put((run_id, attempt))

    def close(self) -> None:
        self._closing.set()
        for _ in self._threads:
            self._due.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    @property
    def ready(self) -> bool:
        return bool(self._threads) and all(t.is_alive() for t in self._threads) and not self._closing.is_set()

    def _work(self) -> None:
        """Supervise one attempt after another, always with the next child already started: loading the optimizer takes longer than a small solve."""
        child = Child(self._settings.solve)
        try:
            while (due := self._due.get()) is not None:
                run_id, attempt = due
                try:
                    outcome = self._attempt(run_id, attempt, child)
                except Exception:
                    log.exception("run %s: supervision failed", run_id)
                    outcome = lost("The process that solves this run could not be supervised. Try again; the server's log has the details.")
                if outcome and self._store.finish(run_id, attempt, outcome):
                    log.info("run %s: %s (%s)", run_id, outcome.state, outcome.stop_reason)
                if child.used and not self._closing.is_set():
                    child.end()
                    child = Child(self._settings.solve)
        finally:
            child.end()

    def _attempt(self, run_id: str, attempt: int, child: Child) -> Outcome | None:
        """How the attempt ended; None if the run was not ours any more."""
        if self._closing.is_set():
            return SHUT_DOWN
        run = self._store.start(run_id, attempt)
        if run is None:
            return None
        log.info("run %s: started", run_id)
        return Supervisor(run, child, self._store, self._settings, self._closing).watch()


class Child:
    """A process that solves one scenario, and the pipe to it."""

    def __init__(self, solve: str) -> None:
        self._solve = solve
        self.process: Any = None
        self.used = False
        try:
            self._start()
        except OSError:
            log.exception("a solving process could not be started; the next run tries again")

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.channel, theirs = context.Pipe()
        process = context.Process(target=solve_child, args=(theirs, self._solve), daemon=True, name="offtake-solve")
        process.start()
        theirs.close()
        self.process = process

    def give(self, raw: bytes, settings: SolveSettings, ask: str = "") -> None:
        """Let it solve a scenario, or with `ask` answer a question about one. A child that died while it was waiting is replaced first."""
        self.used = True
        if self.process is None or not self.process.is_alive():
            self.end()
            self._start()
        self.channel.send((raw, settings, ask))

    def end(self) -> None:
        """No process and no pipe are left behind."""
        if self.process is not None:
            self.channel.close()
            self.process.kill()
            self.process.join()
            self.process.close()
            self.process = None


class Supervisor:
    """One attempt, its child and its clock."""

    def __init__(self, run: Run, child: Child, store: Store, settings: Settings, closing: threading.Event) -> None:
        self._run, self._child, self._store, self._settings, self._closing = run, child, store, settings, closing
        self._limit = run.request.settings.time_limit_seconds + settings.overrun_seconds
        self._deadline = time.monotonic() + self._limit
        self._stopped = False

    def watch(self) -> Outcome | None:
        """Until the child answers, dies, or must be ended."""
        try:
            wanted = self._run.request.settings
            asked = self._run.request
            self._child.give(asked.body, override(wanted, threads=min(wanted.threads, self._settings.threads)), asked.ask)
            while True:
                if wait([self._child.channel, self._child.process.sentinel], TICK_SECONDS):
                    message = self._child.channel.recv()  # a dead child's last words come first, then EOFError
                    if isinstance(message, Outcome):
                        return message
                    self._store.note(self._run.id, self._run.attempt, message)
                if self._closing.is_set():
                    return SHUT_DOWN
                run = self._store.get(self._run.id)
                if run is None or run.over:
                    self._leave_gently()
                    return None
                if run.stopping and not self._stopped:
                    self._ask_to_stop()
                if ending := self._overdue():
                    return ending
        except (EOFError, OSError):
            self._child.process.join(self._settings.grace_seconds)
            return lost(
                f"The process that solved this run ended without an answer ({_cause(self._child.process.exitcode)}). Try again; the server's log may say more."
            )

    def _ask_to_stop(self) -> None:
        self._stopped = True
        self._child.channel.send("stop")
        self._limit = self._settings.stop_grace_seconds
        self._deadline = min(self._deadline, time.monotonic() + self._limit)

    def _leave_gently(self) -> None:
        """A cancelled solve is asked to stop and gets a moment; `end` kills what is left."""
        self._child.channel.send("stop")
        until = time.monotonic() + self._settings.grace_seconds
        while not self._closing.is_set() and (left := until - time.monotonic()) > 0 and not wait([self._child.process.sentinel], min(left, TICK_SECONDS)):
            while self._child.channel.poll():
                self._child.channel.recv()  # an unread answer would keep the child from ending

    def _overdue(self) -> Outcome | None:
        if time.monotonic() > self._deadline:
            if self._stopped:
                text = f"The solve was asked to stop and did not hand over a plan within {self._limit:,.0f} s, so its process was ended."
                return failed("user", "Stopped without a plan", text)
            text = f"The solve did not end by itself within its time limit and {self._settings.overrun_seconds:,.0f} s more, so its process was ended."
            return failed("time", "Time limit without a plan", text)
        limit = self._settings.solve_memory_bytes
        if resident_bytes(self._child.process.pid) > limit:
            text = f"The solve needed more than {limit / 1e9:,.1f} GB of memory and was ended. Use fewer futures, periods or sites, or give the server more."
            return failed("memory", "Out of memory", text)
        return None


def failed(reason: str, title: str, detail: str) -> Outcome:
    """A run that ended without a plan and without being asked to."""
    return Outcome("failed", reason, problem={"title": title, "detail": detail})


def lost(detail: str) -> Outcome:
    """The outcome of a run whose process is gone."""
    return failed("worker_lost", "Worker lost", detail)


SHUT_DOWN = lost("The server was shut down while this run was under way. Send it again.")


def _cause(exit_code: int | None) -> str:
    if exit_code is None:
        return "its pipe closed"
    return f"killed by signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
