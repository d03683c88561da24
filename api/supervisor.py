"""One attempt at a run: its child process, its clock, its limits, its lease."""

from __future__ import annotations

import logging
import multiprocessing
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any

from api.child import solve_child
from api.memory import resident_bytes
from api.run_log import PIPES, RunLog
from api.settings import Settings
from api.store import Outcome, Run, Store
from api.tracing import AttemptSpan
from models.errors import StoreUnusable
from models.options import SolveSettings, override

log = logging.getLogger("offtake.jobs")
TICK_SECONDS = 0.1
"""How often a supervisor looks for wishes, deadlines and memory."""
RENEW_SECONDS = 2.0
"""How often a lease is renewed: often, because another server over the same store may have been given a shorter patience."""


def about(run: Run) -> dict[str, object]:
    """The fields of a line in the log that tells of an attempt."""
    return {"run": run.id, "attempt": run.attempt}


@dataclass(frozen=True)
class Gone:
    """The process of an attempt ended without an answer."""

    detail: str


class Child:
    """A process that solves one scenario, and the pipe to it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = (settings.solve, settings.log_format, settings.log_level, settings.solve_niceness)
        self.process: Any = None
        self.used = False
        try:
            self._start()
        except OSError:
            log.exception("a solving process could not be started; the next run tries again")

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.channel, theirs = context.Pipe()
        self.said, output = context.Pipe(duplex=False)
        process = context.Process(target=solve_child, args=(theirs, *self._settings, output), daemon=True, name="offtake-solve")
        process.start()
        theirs.close()
        output.close()
        self.process = process

    def give(self, raw: bytes, settings: SolveSettings, run: Run) -> None:
        """Let it solve the scenario of a run, or answer the question about one. A child that died while it was waiting is replaced first."""
        self.used = True
        if self.process is None or not self.process.is_alive():
            self.end()
            self._start()
        self.channel.send((raw, settings, run.request.ask, run.id, run.attempt))

    def end(self) -> None:
        """No process and no pipe are left behind."""
        if self.process is not None:
            self.channel.close()
            self.process.kill()
            self.process.join()
            self.said.close()
            self.process.close()
            self.process = None


class Supervisor:
    """One attempt, its child and its clock."""

    def __init__(self, run: Run, child: Child, store: Store, settings: Settings, closing: threading.Event, span: AttemptSpan) -> None:
        self._run, self._child, self._store, self._settings, self._closing, self._span = run, child, store, settings, closing, span
        self._limit = run.request.settings.time_limit_seconds + settings.overrun_seconds
        self._deadline = time.monotonic() + self._limit
        self._renewal = time.monotonic()
        self._stopped = self._unheard = False
        self._log, self._talking = RunLog(run, store), PIPES

    def watch(self) -> Outcome | Gone | None:
        """Until the child answers, dies, or must be ended. None: the run is not this attempt's any more, or the server ends."""
        self._log.say(f"attempt {self._run.attempt} begins")
        end = self._watched()
        self._listen()
        if isinstance(end, Outcome):
            self._log.say(f"{end.state} ({end.stop_reason})")
        elif isinstance(end, Gone):
            self._log.say(end.detail)
        self._log.write(last=True)
        return end

    def _watched(self) -> Outcome | Gone | None:
        asked = self._run.request
        body = self._store.content(self._run.id, "body")
        if body is None:
            return None
        try:
            self._child.give(body, override(asked.settings, threads=min(asked.settings.threads, self._settings.threads)), self._run)
            while True:
                ready = wait([self._child.channel, self._child.process.sentinel, *([self._child.said] if self._talking else [])], TICK_SECONDS)
                if self._child.said in ready:
                    self._talking = self._log.hear(self._child.said)
                if self._child.channel in ready or self._child.process.sentinel in ready:
                    message = self._child.channel.recv()  # a dead child's last words come first, then EOFError
                    if isinstance(message, Outcome):
                        return message
                    self._tell(message)
                self._log.write()
                if self._closing.is_set():
                    return None
                run = self._looked_up()
                if run is None or run.over or run.attempt != self._run.attempt:
                    with suppress(EOFError, OSError):  # it ends while it is being left, which is no loss
                        self._leave_gently()
                    return None
                if run.stopping and not self._stopped:
                    self._ask_to_stop()
                if ending := self._overdue():
                    return ending
        except (EOFError, OSError):
            self._child.process.join(self._settings.grace_seconds)
            cause = _cause(self._child.process.exitcode)
            return Gone(f"The process that solved this run ended without an answer ({cause}).")

    def _listen(self) -> None:
        """What the child has written and nobody has read yet."""
        with suppress(OSError):  # there was no child
            while self._talking and self._child.process is not None and wait([self._child.said], 0):
                self._talking = self._log.hear(self._child.said)

    def _tell(self, progress: dict[str, Any]) -> None:
        """News is not worth ending a solve for: what could not be noted now is told by the next one."""
        self._log.progress(progress)
        self._span.phase(progress["phase"])
        with suppress(StoreUnusable):
            self._store.note(self._run.id, self._run.attempt, progress)

    def _looked_up(self) -> Run | None:
        """The run with the wishes of others, its lease renewed when that is due. A store that does not answer has no wishes; the fence sees to the rest."""
        try:
            if time.monotonic() >= self._renewal:
                self._renewal = time.monotonic() + min(RENEW_SECONDS, self._settings.lease_seconds / 4)
                found = self._store.renew(self._run.id, self._run.attempt)
            else:
                found = self._store.get(self._run.id)
        except StoreUnusable as error:
            if not self._unheard:
                log.warning("the solve goes on while the store can't be used: %s", error, extra=about(self._run))
            self._unheard = True
            return self._run
        self._unheard = False
        return found

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
            self._listen()
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


def _cause(exit_code: int | None) -> str:
    if exit_code is None:
        return "its pipe closed"
    return f"killed by signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
