"""Checks documents in a child process with limited memory and time.

A hostile document of a few megabytes can hold millions of findings, gigabytes of memory and minutes of work. In a child it costs neither the
server's memory nor its attention: the child is ended and the next document gets a new one.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from api.child import check_child
from api.memory import resident_bytes
from api.question import WHAT
from api.settings import Settings
from api.standby import Standby
from api.variations import WHAT as BATCH
from models.errors import Finding, InvalidScenario
from models.options import SolveSettings

TICK_SECONDS = 0.05
Form = Literal["", "json", "xlsx"]


class Busy(Exception):
    """Other documents are being checked and none was done in time."""


class Refused(InvalidScenario):
    """InvalidScenario as the child told it: the first findings, and how many there are in all."""

    def __init__(self, findings: list[Finding], count: int, what: str = "scenario") -> None:
        self.count = count
        super().__init__(findings, what)


@dataclass(frozen=True)
class Checked:
    """What a sound document holds."""

    name: str
    currency: str
    settings: SolveSettings
    counts: dict[str, int]
    document: bytes | None = None
    """The scenario in the form that was wanted; as JSON where it was sent as a workbook."""


@dataclass
class Checker:
    """One child that checks one document at a time; started when first needed, replaced when it fails."""

    settings: Settings
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _child: Standby = field(default_factory=partial(Standby, check_child, "offtake-check"))

    def check(self, raw: bytes, ask: str = "", *, workbook: bool = False, wanted: Form = "") -> Checked:
        """What `raw` holds: a scenario (as JSON or as a workbook), or with `ask` a question about one. With `wanted`, `document` is the scenario in that
        form. Blocks: call it from a thread.

        Raises Refused with findings, Busy after waiting in vain."""
        return Checked(**self._answer((raw, ask, workbook, wanted), WHAT if ask else "scenario"))

    def check_batch(self, raw: bytes) -> list[Checked]:
        """The same for every scenario of a batch; each has its `document`."""
        return [Checked(**one) for one in self._answer((raw, BATCH, False, ""), BATCH)["batch"]]

    def _answer(self, task: tuple[bytes, str, bool, Form], what: str) -> dict[str, Any]:
        if not self._turn.acquire(timeout=self.settings.check_seconds):
            raise Busy
        try:
            answer = self._ask(task)
        finally:
            self._turn.release()
        if "findings" in answer:
            raise Refused([Finding(**finding) for finding in answer["findings"]], answer["count"], what)
        return answer

    def start(self) -> None:
        """Start the child ahead of the first document."""
        with self._turn:
            self._child.ensure()

    def close(self) -> None:
        """End the child."""
        with self._turn:
            self._child.end()

    def _ask(self, task: tuple[bytes, str, bool, Form]) -> dict[str, Any]:
        self._child.ensure()
        until = time.monotonic() + self.settings.check_seconds
        try:
            self._child.channel.send(task)
            while not self._child.channel.poll(TICK_SECONDS):
                if resident_bytes(self._child.process.pid) > self.settings.check_memory_bytes:
                    return self._give_up(f"more than {self.settings.check_memory_bytes / 1e9:,.1f} GB of memory")
                if time.monotonic() > until:
                    return self._give_up(f"more than {self.settings.check_seconds:,.0f} s")
            answer: dict[str, Any] = self._child.channel.recv()
            return answer
        except (EOFError, OSError):
            return self._give_up("more than the machine has left")

    def _give_up(self, needed: str) -> dict[str, Any]:
        self._child.end()
        message = f"checking it takes {needed}; it is too large, or almost every row of it is wrong. Check a smaller part of it first"
        return {"findings": [{"path": "", "message": message}], "count": 1}
