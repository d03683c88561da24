"""Runs in a database. Every change of a run is one UPDATE that names what must still be true, so that two writers can't both believe they won."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, case, delete, func, insert, select, text, update
from sqlalchemy.sql.elements import ColumnElement

from api.database.connection import Database
from api.database.logs import read_log, write_log
from api.database.tables import contents, events, runs
from api.database.upgrade import LOCK, check_version
from api.store import KEPT_EVENTS, MAX_LOSSES, TERMINAL, Event, Figures, Full, KeyReused, Log, Outcome, Part, Request, Run, TooMany
from models.options import SolveSettings

R = runs.c
OVER = tuple(sorted(TERMINAL))
ASKED = ("name", "currency", "fingerprint", "key", "ask", "tag", "batch", "trace", "owner")
"""Of a request, apart from its settings."""
SECOND = " That was the second time, so it is not tried again. Send it again; the server's log may say more."
STOPPING = " The run had been asked to stop, so it is not tried again."


def now() -> datetime:
    """The time that people are shown. Nothing is decided by it."""
    return datetime.now(UTC)


class DatabaseStore:
    """The `Store` of `api.store` in SQLite or PostgreSQL."""

    def __init__(self, database: Database, *, queue: int, keep_runs: int, keep_bytes: int, runs_per_owner: int) -> None:
        self._database = database
        self._queue, self._keep_runs, self._keep_bytes, self._runs_per_owner = queue, keep_runs, keep_bytes, runs_per_owner

    @property
    def database(self) -> Database:
        """Where keys, share links and the audit log are too."""
        return self._database

    def close(self) -> None:
        self._database.close()

    def create(self, request: Request, body: bytes) -> tuple[Run, bool]:
        made, new = self.create_all([(request, body)])
        return made[0], new

    def create_all(self, asked: Sequence[tuple[Request, bytes]]) -> tuple[list[Run], bool]:
        request, needed = asked[0][0], sum(len(body) for _, body in asked)
        with self._database.writing() as connection:
            if not self._database.sqlite:  # SQLite has one writer; here two could both find the key unused, or the last place free
                connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
            known = connection.execute(select(runs).where(R.key == kept_key(request))).one_or_none() if request.key else None
            if known:
                if known.fingerprint != request.fingerprint:
                    raise KeyReused
                together = select(runs).where(R.batch == known.batch).order_by(R.number)
                return [_run(row) for row in connection.execute(together)] if known.batch else [_run(known)], False
            if connection.execute(select(func.count()).where(R.state == "queued")).scalar_one() + len(asked) > self._queue:
                raise Full
            mine = select(func.count()).where(R.owner == request.owner, R.state.not_in(OVER))
            if request.owner and connection.execute(mine).scalar_one() + len(asked) > self._runs_per_owner:
                raise TooMany
            self._make_room(connection, needed, request.owner)
            return [self._added(connection, *each) for each in asked], True

    def _added(self, connection: Connection, request: Request, body: bytes) -> Run:
        row = connection.execute(insert(runs).values(_new(request, len(body))).returning(*R)).one()
        connection.execute(insert(contents).values(run=row.id, body=body))
        _emit(connection, row, "state", {"state": "queued"})
        return _run(row)

    def _make_room(self, connection: Connection, needed: int, owner: str) -> None:
        """Forget the oldest finished runs, as far as the limits ask for it: those of the owner who needs the room before those of others."""
        over = R.state.in_(OVER)
        held, count = connection.execute(select(func.coalesce(func.sum(R.held), 0), func.coalesce(func.sum(case((over, 1), else_=0)), 0))).one()
        if count <= self._keep_runs and held + needed <= self._keep_bytes:
            return
        forgotten = []
        for run_id, size in connection.execute(select(R.id, R.held).where(over).order_by(R.owner != owner, R.number)):
            if count - len(forgotten) <= self._keep_runs and held + needed <= self._keep_bytes:
                break
            forgotten.append(run_id)
            held -= size
        if held + needed > self._keep_bytes:
            raise Full
        for run_id in forgotten:
            connection.execute(delete(runs).where(R.id == run_id))

    def get(self, run_id: str) -> Run | None:
        with self._database.reading() as connection:
            row = connection.execute(select(runs).where(R.id == run_id)).one_or_none()
        return _run(row) if row else None

    def content(self, run_id: str, part: Part) -> bytes | None:
        with self._database.reading() as connection:
            return connection.execute(select(contents.c[part]).where(contents.c.run == run_id)).scalar()

    def ready(self) -> None:
        with self._database.reading() as connection:
            check_version(connection)

    def batch(self, batch_id: str) -> list[Run]:
        return self._listed(select(runs).where(R.batch == batch_id).order_by(R.number))

    def latest(self, limit: int, before: int | None = None, state: str | None = None, tag: str | None = None, owner: str | None = None) -> list[Run]:
        wanted = select(runs).order_by(R.number.desc()).limit(limit)
        wanted = wanted if owner is None else wanted.where(R.owner == owner)
        wanted = wanted if before is None else wanted.where(R.number < before)
        wanted = wanted if tag is None else wanted.where(R.tag == tag)
        return self._listed(wanted if state is None else wanted.where(R.state == state))

    def running(self) -> list[Run]:
        return self._listed(select(runs).where(R.state == "running").order_by(R.number))

    def waiting(self) -> list[Run]:
        return self._listed(select(runs).where(R.state == "queued").order_by(R.number))

    def _listed(self, wanted: Any) -> list[Run]:
        with self._database.reading() as connection:
            return [_run(row) for row in connection.execute(wanted)]

    def ahead(self, run: Run) -> int:
        with self._database.reading() as connection:
            return int(connection.execute(select(func.count()).where(R.state == "queued", R.number < run.number)).scalar_one())

    def events(self, run_id: str, after: int) -> list[Event]:
        wanted = select(events).where(events.c.run == run_id, events.c.number > after).order_by(events.c.number)
        with self._database.reading() as connection:
            return [Event(row.number, row.kind, row.data) for row in connection.execute(wanted)]

    def pulse(self) -> dict[str, int]:
        with self._database.reading() as connection:
            return {row.id: row.emitted for row in connection.execute(select(R.id, R.emitted).where(R.state.in_(("queued", "running"))))}

    def figures(self) -> Figures:
        with self._database.reading() as connection:
            rows = connection.execute(select(R.state, func.count().label("runs"), func.min(R.created), func.min(R.started)).group_by(R.state)).all()
        found = {row.state: row for row in rows}
        queued, running = found.get("queued"), found.get("running")
        return Figures({row.state: row.runs for row in rows}, queued[2] if queued else None, running[3] if running else None)

    @property
    def errors(self) -> int:
        return self._database.errors

    def take(self, worker: str, due: tuple[str, int] | None = None) -> Run | None:
        first = select(R.id, R.attempt).where(R.state == "queued").order_by(R.number).limit(1)
        first = first if due is None else first.where(R.id == due[0], R.attempt == due[1])
        with self._database.reading() as connection:  # an idle server must not keep others from writing
            if connection.execute(first).one_or_none() is None:
                return None
        with self._database.writing() as connection:
            found = connection.execute(first.with_for_update(skip_locked=True)).one_or_none()
            if found is None:
                return None
            values = {"state": "running", "started": now(), "worker": worker, "beats": 0}
            return _change(connection, found.id, values, R.attempt == found.attempt, R.state == "queued")

    def renew(self, run_id: str, attempt: int) -> Run | None:
        with self._database.writing() as connection:
            beating = update(runs).where(*_under_way(run_id, attempt)).values(beats=R.beats + 1).returning(*R)
            row = connection.execute(beating).one_or_none()
            return _run(row) if row else None

    def note(self, run_id: str, attempt: int, progress: dict[str, Any]) -> None:
        with self._database.writing() as connection:
            noting = update(runs).where(*_under_way(run_id, attempt)).values(progress=progress, emitted=R.emitted + 1).returning(*R)
            row = connection.execute(noting).one_or_none()
            if row:
                _emit(connection, row, "progress", progress)

    def write_log(self, run_id: str, attempt: int, text: str) -> None:
        with self._database.writing() as connection:
            if connection.execute(select(R.id).where(*_under_way(run_id, attempt))).one_or_none():
                write_log(connection, run_id, text)

    def read_log(self, run_id: str, offset: int, limit: int) -> Log:
        with self._database.reading() as connection:
            return read_log(connection, run_id, offset, limit)

    def finish(self, run_id: str, attempt: int, outcome: Outcome) -> bool:
        with self._database.writing() as connection:
            size = len(outcome.plan or b"") + len(outcome.page or b"")
            ended = _change(connection, run_id, _ending(outcome) | {"held": R.held + size}, R.attempt == attempt, R.state == "running")
            if ended:
                connection.execute(update(contents).where(contents.c.run == run_id).values(plan=outcome.plan, page=outcome.page))
            return ended is not None

    def give_back(self, run_id: str, attempt: int) -> Run | None:
        with self._database.writing() as connection:
            here = (R.attempt == attempt, R.state == "running")
            return _change(connection, run_id, _again(), *here, ~R.stopping) or _change(connection, run_id, _ending(CANCELLED), *here)

    def lose(self, run_id: str, attempt: int, detail: str, beats: int | None = None) -> Run | None:
        here = [R.attempt == attempt, R.state == "running"] + ([] if beats is None else [R.beats == beats])
        counted = {"losses": R.losses + 1}
        with self._database.writing() as connection:
            again = _change(connection, run_id, _again() | counted, *here, ~R.stopping, R.losses + 1 < MAX_LOSSES)
            again = again or _change(connection, run_id, _lost(detail + SECOND) | counted, *here, R.losses + 1 >= MAX_LOSSES)
            return again or _change(connection, run_id, _lost(detail + STOPPING) | counted, *here)

    def stop(self, run_id: str) -> Run | None:
        with self._database.writing() as connection:
            changed = _change(connection, run_id, _ending(CANCELLED), R.state == "queued")
            changed = changed or _change(connection, run_id, {"stopping": True}, R.state == "running", ~R.stopping)
        return changed or self.get(run_id)

    def cancel(self, run_id: str) -> Run | None:
        with self._database.writing() as connection:
            changed = _change(connection, run_id, _ending(CANCELLED))
        return changed or self.get(run_id)


CANCELLED = Outcome("cancelled", "user")


def _under_way(run_id: str, attempt: int) -> tuple[ColumnElement[bool], ...]:
    return R.id == run_id, R.attempt == attempt, R.state == "running"


def _change(connection: Connection, run_id: str, values: dict[str, Any], *where: ColumnElement[bool]) -> Run | None:
    """The one place where a run's state changes: never after its end, and only if all of `where` still holds when the row is written."""
    changing = update(runs).where(R.id == run_id, R.state.not_in(OVER), *where).values(**values, emitted=R.emitted + 1).returning(*R)
    row = connection.execute(changing).one_or_none()
    if row is None:
        return None
    told = {"state": row.state, "stopping": row.stopping}
    _emit(connection, row, "state", told | ({"stop_reason": row.stop_reason} if row.stop_reason else {}))
    return _run(row)


def _emit(connection: Connection, row: Row[Any], kind: str, data: dict[str, Any]) -> None:
    """The event that the change of `row` has counted, in place of the oldest that is kept."""
    connection.execute(insert(events).values(run=row.id, number=row.emitted, kind=kind, data=data))
    connection.execute(delete(events).where(events.c.run == row.id, events.c.number == row.emitted - KEPT_EVENTS))


def _ending(outcome: Outcome) -> dict[str, Any]:
    said = {"stop_reason": outcome.stop_reason, "headline": outcome.headline, "problem": outcome.problem}
    return {"state": outcome.state, "finished": now(), "worker": None, **said}


def _lost(detail: str) -> dict[str, Any]:
    return _ending(Outcome("failed", "worker_lost", problem={"title": "Worker lost", "detail": detail}))


def _again() -> dict[str, Any]:
    """Back into the queue, at its old place, under a new attempt."""
    return {"state": "queued", "attempt": R.attempt + 1, "worker": None, "started": None, "progress": None}


def kept_key(request: Request) -> str | None:
    """What stands in the column `key`: the idempotency key itself, or where the run has an owner a hash of both. It begins with a blank, which no key
    that is sent may have, so no key of one owner can be taken for that of another."""
    if request.key is None or not request.owner:
        return request.key
    return " " + hashlib.sha256(f"{request.owner}\n{request.key}".encode()).hexdigest()


def _new(request: Request, size: int) -> dict[str, Any]:
    asked = {name: getattr(request, name) for name in ASKED} | {"key": kept_key(request)}
    fresh = {"state": "queued", "attempt": 1, "losses": 0, "stopping": False, "beats": 0, "emitted": 1}
    return {"id": secrets.token_hex(8), "created": now(), "settings": request.settings.model_dump_json(), "held": size, **asked, **fresh}


def _run(row: Row[Any]) -> Run:
    found = dict(row._mapping)
    settings = SolveSettings.model_validate_json(found.pop("settings"))
    request = Request(settings=settings, **{name: found.pop(name) for name in ASKED})
    del found["emitted"], found["held"]
    return Run(request=request, **found)
