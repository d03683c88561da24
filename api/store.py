"""What the service remembers of runs. In memory for now; a database takes its place behind the same Protocol.

Every write of a solve names the attempt it belongs to and is dropped when the run has moved on, so a late answer can't overwrite a decision;
terminal states never change. Wishes (stop, cancel) are written here too: whoever supervises a run reads them here, in this process or another.
"""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal, Protocol

from models.options import SolveSettings

State = Literal["queued", "running", "optimal", "feasible", "infeasible", "cancelled", "failed"]
WITH_PLAN: frozenset[str] = frozenset({"optimal", "feasible"})
TERMINAL: frozenset[str] = WITH_PLAN | {"infeasible", "cancelled", "failed"}
KEPT_EVENTS = 1_000
"""Events kept per run. Each tells the whole state, so a late listener misses nothing by skipping old ones."""


class Full(Exception):
    """No room for another run."""


class KeyReused(Exception):
    """The idempotency key was used for a different request."""


@dataclass(frozen=True)
class Request:
    """What a run was asked to do."""

    name: str
    currency: str
    body: bytes
    settings: SolveSettings
    fingerprint: str
    """Hash of body and options; the same key must come with the same fingerprint."""
    key: str | None = None
    ask: str = ""
    """Which question to the negotiation desk the body holds; empty: the body is a scenario to be solved."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    state: State
    stop_reason: str
    plan: bytes | None = None
    """The plan as JSON; of a question its answer."""
    page: bytes | None = None
    """What the page of a run shows, as JSON: `plan` without its rows per node, and the report's `verdict`, `body` and `charts`."""
    headline: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None
    """Title, detail, findings or conflicts of a run without a plan."""


@dataclass(frozen=True)
class Run:
    """One run as seen now."""

    id: str
    number: int
    request: Request
    created: datetime
    state: State = "queued"
    attempt: int = 1
    stopping: bool = False
    """Someone asked to stop and keep the best plan."""
    started: datetime | None = None
    finished: datetime | None = None
    progress: dict[str, Any] | None = None
    outcome: Outcome | None = None

    @property
    def over(self) -> bool:
        return self.state in TERMINAL


@dataclass(frozen=True)
class Event:
    """One event of a run: `state` or `progress`; numbers rise by one from 1."""

    number: int
    kind: Literal["state", "progress"]
    data: dict[str, Any]


class Store(Protocol):
    """Everything the service needs to remember. Methods may be called from any thread."""

    def create(self, request: Request) -> tuple[Run, bool]:
        """A queued run, and whether it is new (False: the key was used before). Raises Full, KeyReused."""

    def get(self, run_id: str) -> Run | None: ...

    def latest(self, limit: int, before: int | None = None, state: str | None = None) -> list[Run]:
        """Runs by falling number, those below `before`."""

    def ahead(self, run: Run) -> int:
        """How many queued runs come before a queued run."""

    def events(self, run_id: str, after: int) -> list[Event]: ...

    def start(self, run_id: str, attempt: int) -> Run | None:
        """The run, now running; None if it is not this attempt's turn any more."""

    def note(self, run_id: str, attempt: int, progress: dict[str, Any]) -> None: ...

    def finish(self, run_id: str, attempt: int, outcome: Outcome) -> bool: ...

    def stop(self, run_id: str) -> Run | None:
        """Ask for the best plan so far; a queued run is cancelled."""

    def cancel(self, run_id: str) -> Run | None:
        """End the run without a plan."""


@dataclass
class _Record:
    run: Run
    events: deque[Event] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))
    emitted: int = 0

    @property
    def size(self) -> int:
        outcome = self.run.outcome
        return len(self.run.request.body) + len((outcome and outcome.plan) or b"") + len((outcome and outcome.page) or b"")


class MemoryStore:
    """Runs in memory: gone when the server ends."""

    def __init__(self, *, queue: int, keep_runs: int, keep_bytes: int) -> None:
        self._queue, self._keep_runs, self._keep_bytes = queue, keep_runs, keep_bytes
        self._lock = threading.Lock()
        self._records: dict[str, _Record] = {}  # oldest first
        self._keys: dict[str, str] = {}
        self._count = 0

    def create(self, request: Request) -> tuple[Run, bool]:
        with self._lock:
            known = self._records.get(self._keys.get(request.key or "", ""))
            if known:
                if known.run.request.fingerprint != request.fingerprint:
                    raise KeyReused
                return known.run, False
            if sum(r.run.state == "queued" for r in self._records.values()) >= self._queue:
                raise Full
            self._forget(len(request.body))
            self._count += 1
            record = _Record(Run(secrets.token_hex(8), self._count, request, datetime.now(UTC)))
            self._records[record.run.id] = record
            if request.key:
                self._keys[request.key] = record.run.id
            self._emit(record, "state", {"state": "queued"})
            return record.run, True

    def _forget(self, needed: int) -> None:
        """Make room by dropping the oldest finished runs."""
        held = sum(record.size for record in self._records.values())
        over = [record for record in self._records.values() if record.run.over]
        surplus = len(over) - self._keep_runs
        for i, record in enumerate(over):
            if i >= surplus and held + needed <= self._keep_bytes:
                return
            held -= record.size
            del self._records[record.run.id]
            if record.run.request.key:
                self._keys.pop(record.run.request.key, None)
        if held + needed > self._keep_bytes:
            raise Full

    def get(self, run_id: str) -> Run | None:
        with self._lock:
            record = self._records.get(run_id)
            return record.run if record else None

    def latest(self, limit: int, before: int | None = None, state: str | None = None) -> list[Run]:
        with self._lock:
            newest: Iterable[Run] = (record.run for record in reversed(self._records.values()))
            fitting = (r for r in newest if (before is None or r.number < before) and (state is None or r.state == state))
            return list(islice(fitting, limit))

    def ahead(self, run: Run) -> int:
        with self._lock:
            return sum(r.run.state == "queued" and r.run.number < run.number for r in self._records.values())

    def events(self, run_id: str, after: int) -> list[Event]:
        with self._lock:
            record = self._records.get(run_id)
            return [event for event in record.events if event.number > after] if record else []

    def start(self, run_id: str, attempt: int) -> Run | None:
        return self._change(run_id, attempt, lambda run: replace(run, state="running", started=datetime.now(UTC)) if run.state == "queued" else None)

    def note(self, run_id: str, attempt: int, progress: dict[str, Any]) -> None:
        self._change(run_id, attempt, lambda run: replace(run, progress=progress))

    def finish(self, run_id: str, attempt: int, outcome: Outcome) -> bool:
        return self._change(run_id, attempt, lambda run: _ended(run, outcome)) is not None

    def stop(self, run_id: str) -> Run | None:
        def wish(run: Run) -> Run:
            return _ended(run, Outcome("cancelled", "user")) if run.state == "queued" else replace(run, stopping=True)

        return self._change(run_id, None, wish) or self.get(run_id)

    def cancel(self, run_id: str) -> Run | None:
        return self._change(run_id, None, lambda run: _ended(run, Outcome("cancelled", "user"))) or self.get(run_id)

    def _change(self, run_id: str, attempt: int | None, change: Callable[[Run], Run | None]) -> Run | None:
        """The one place where a run changes: never after its end, never by another attempt."""
        with self._lock:
            record = self._records.get(run_id)
            if record is None or record.run.over or attempt not in (None, record.run.attempt):
                return None
            before, after = record.run, change(record.run)
            if after is None:
                return None
            record.run = after
            if after.progress is not before.progress and after.progress is not None:
                self._emit(record, "progress", after.progress)
            if (after.state, after.stopping) != (before.state, before.stopping):
                self._emit(record, "state", _told(after))
            return after

    @staticmethod
    def _emit(record: _Record, kind: Literal["state", "progress"], data: dict[str, Any]) -> None:
        record.emitted += 1
        record.events.append(Event(record.emitted, kind, data))


def _ended(run: Run, outcome: Outcome) -> Run:
    return replace(run, state=outcome.state, outcome=outcome, finished=datetime.now(UTC))


def _told(run: Run) -> dict[str, Any]:
    told: dict[str, Any] = {"state": run.state, "stopping": run.stopping}
    return told | {"stop_reason": run.outcome.stop_reason} if run.outcome else told
