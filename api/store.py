"""What the service remembers of runs: the documents and the Protocol. `api.database` keeps it in SQLite or PostgreSQL.

A run is a row before it is work. Every write of a solve names the attempt it belongs to and is dropped when the run has moved on, so a late answer
can't overwrite a decision; terminal states never change. Wishes (stop, cancel) are written here too: whoever supervises a run reads them here, in
this process or another.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, Protocol

from models.options import SolveSettings

State = Literal["queued", "running", "optimal", "feasible", "infeasible", "cancelled", "failed"]
Part = Literal["body", "plan", "page"]
WITH_PLAN: frozenset[str] = frozenset({"optimal", "feasible"})
TERMINAL: frozenset[str] = WITH_PLAN | {"infeasible", "cancelled", "failed"}
KEPT_LOG = 256_000
"""Characters of a run's log that are kept: the last ones."""
KEPT_EVENTS = 1_000
"""Events kept per run. Each tells the whole state, so a late listener misses nothing by skipping old ones."""
MAX_LOSSES = 2
"""How many times a run may lose its process before it has failed."""


class Full(Exception):
    """No room for another run."""


class TooMany(Full):
    """The owner has as many unfinished runs as one owner may have."""


class KeyReused(Exception):
    """The idempotency key was used for a different request."""


@dataclass(frozen=True)
class Request:
    """What a run was asked to do; the body is kept apart from it (`Store.content`)."""

    name: str
    currency: str
    settings: SolveSettings
    fingerprint: str
    """Hash of body and options; the same key must come with the same fingerprint."""
    key: str | None = None
    ask: str = ""
    """Which question to the negotiation desk the body holds; empty: the body is a scenario to be solved."""
    tag: str | None = None
    """The caller's word for runs that belong together."""
    batch: str | None = None
    """The batch that the run came in with."""
    trace: str | None = None
    """The span of the request that made the run (W3C `traceparent`), where traces are taken."""
    owner: str = ""
    """Whose run it is; nobody's where no keys are asked for. The same idempotency key of two owners makes two runs."""


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended."""

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
    """One run as seen now, without what can be many megabytes: its body, its plan, its page."""

    id: str
    number: int
    request: Request
    created: datetime
    state: State = "queued"
    attempt: int = 1
    """Rises whenever the run goes back into the queue, so that nobody can write for an attempt that is over."""
    losses: int = 0
    """Attempts whose process was lost."""
    stopping: bool = False
    """Someone asked to stop and keep the best plan."""
    worker: str | None = None
    """The process that supervises the attempt under way (`api.worker`)."""
    beats: int = 0
    """How often the attempt's lease was renewed. A number and no time: see `api.leases`."""
    started: datetime | None = None
    finished: datetime | None = None
    progress: dict[str, Any] | None = None
    stop_reason: str | None = None
    headline: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None

    @property
    def over(self) -> bool:
        return self.state in TERMINAL

    @property
    def has_plan(self) -> bool:
        return self.state in WITH_PLAN


@dataclass(frozen=True)
class Event:
    """One event of a run: `state` or `progress`; numbers rise by one from 1."""

    number: int
    kind: Literal["state", "progress"]
    data: dict[str, Any]

    @cached_property
    def text(self) -> str:
        """`data` as JSON, written once for everybody who listens."""
        return json.dumps(self.data)


@dataclass(frozen=True)
class Figures:
    """What the store holds, for metrics."""

    runs: dict[str, int]
    """How many runs are in each state; states without any are left out."""
    oldest_queued: datetime | None
    """When the queued run that has waited longest was made."""
    oldest_running: datetime | None
    """When the attempt under way that has lasted longest began."""


@dataclass(frozen=True)
class Log:
    """A piece of a run's log; `start` counts the characters before it, those that are no longer kept included."""

    start: int
    text: str


class Store(Protocol):
    """Everything the service needs to remember. Methods may be called from any thread and any process; each raises StoreUnusable when the
    database is full, locked, read-only or gone, and has then changed nothing."""

    def create(self, request: Request, body: bytes) -> tuple[Run, bool]:
        """A queued run, and whether it is new (False: the owner used the key before). Raises Full, TooMany, KeyReused."""

    def create_all(self, asked: Sequence[tuple[Request, bytes]]) -> tuple[list[Run], bool]:
        """The same for the runs of a batch, in their order: all of them or none. The first one has the key. Raises Full, TooMany, KeyReused."""

    def ready(self) -> None:
        """Raises StoreUnusable unless the store answers and its tables are of this version."""

    def get(self, run_id: str) -> Run | None: ...

    def batch(self, batch_id: str) -> list[Run]:
        """The runs of a batch that are remembered, in their order."""

    def content(self, run_id: str, part: Part) -> bytes | None:
        """What was sent, the plan, or what the run's page shows."""

    def latest(self, limit: int, before: int | None = None, state: str | None = None, tag: str | None = None, owner: str | None = None) -> list[Run]:
        """Runs by falling number, those below `before`; of one owner, or of all."""

    def ahead(self, run: Run) -> int:
        """How many queued runs come before a queued run."""

    def events(self, run_id: str, after: int) -> list[Event]: ...

    def pulse(self) -> dict[str, int]:
        """The number of the last event of every run that is not over."""

    def take(self, worker: str, due: tuple[str, int] | None = None) -> Run | None:
        """The run that has waited longest, or the attempt that is `due` (run id and number), now running under a lease of `worker`; None if it does not wait.
        No two callers get the same attempt."""

    def renew(self, run_id: str, attempt: int) -> Run | None:
        """The run, its lease renewed; None if this attempt is over."""

    def note(self, run_id: str, attempt: int, progress: dict[str, Any]) -> None: ...

    def write_log(self, run_id: str, attempt: int, text: str) -> None:
        """Add to the log of a run, unless the attempt is over; the oldest of more than KEPT_LOG characters is dropped."""

    def read_log(self, run_id: str, offset: int, limit: int) -> Log:
        """At most `limit` characters of a run's log from `offset` on, or from the first one kept after it."""

    def finish(self, run_id: str, attempt: int, outcome: Outcome) -> bool:
        """Whether this is now how the run ended."""

    def give_back(self, run_id: str, attempt: int) -> Run | None:
        """The run, queued again because its supervisor leaves in good order (asked to stop, it is cancelled); None if the attempt was over."""

    def lose(self, run_id: str, attempt: int, detail: str, beats: int | None = None) -> Run | None:
        """The run, queued again because its process is lost, or failed after MAX_LOSSES; None if the attempt was over, or its lease was renewed
        since `beats`."""

    def running(self) -> list[Run]:
        """Every run under a lease, of this process or another."""

    def waiting(self) -> list[Run]:
        """Every queued run, the oldest first."""

    def stop(self, run_id: str) -> Run | None:
        """Ask for the best plan so far; a queued run is cancelled."""

    def cancel(self, run_id: str) -> Run | None:
        """End the run without a plan."""

    def figures(self) -> Figures:
        """How many runs there are, and how old."""

    @property
    def errors(self) -> int:
        """How often this process has found the database full, locked, read-only or gone."""

    def close(self) -> None:
        """Let go of every connection."""
