"""What a run's process says, and what becomes of it, on its way into the store: never more than is kept there, and never in the way of the solve."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from typing import Any

from api.store import KEPT_LOG, Run, Store
from models.errors import StoreUnusable

STANDARD_ERROR = 2
EVERY_SECONDS = 1.0
"""How often what has come together is written down."""
PIECE = 65_536
PIPES = os.name == "posix"
"""Elsewhere a process's output can't be redirected like that; it goes where the server's goes."""


class RunLog:
    """The log of one attempt."""

    def __init__(self, run: Run, store: Store) -> None:
        self._run, self._store = run, store
        self._waiting = ""
        self._left_out = self._heard = 0
        self._phase = ""
        self._due = time.monotonic()

    def say(self, text: str) -> None:
        """A line of ours, with the time of day."""
        self._add(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {text}\n")

    def progress(self, told: dict[str, Any]) -> None:
        """A line where a phase begins."""
        if told["phase"] != self._phase:
            self._phase = told["phase"]
            best = "" if told["incumbent"] is None else f", best plan so far {told['incumbent']:,.6g}"
            self.say(f"{self._phase} after {told['seconds']:.1f} s{best}")

    def hear(self, said: Connection) -> bool:
        """What the process has written to its standard output and error, as much as is there; whether more may come. The server's own log has it too."""
        raw = os.read(said.fileno(), PIECE)
        if raw:
            text = raw.decode("utf-8", "replace")
            self._heard += len(text)
            if self._heard <= KEPT_LOG:  # one that talks without end does not fill the server's log
                os.write(STANDARD_ERROR, raw)
            self._add(text)
        return bool(raw)

    def write(self, *, last: bool = False) -> None:
        """Hand what has come together to the store, if it is time. What can't be written now is written later."""
        if not self._waiting or (not last and time.monotonic() < self._due):
            return
        self._due = time.monotonic() + EVERY_SECONDS
        left_out = f"[{self._left_out:,} characters left out]\n" if self._left_out else ""
        with suppress(StoreUnusable):
            self._store.write_log(self._run.id, self._run.attempt, left_out + self._waiting)
            self._waiting, self._left_out = "", 0

    def _add(self, text: str) -> None:
        self._waiting += text
        self._left_out += max(0, len(self._waiting) - KEPT_LOG)
        self._waiting = self._waiting[-KEPT_LOG:]
