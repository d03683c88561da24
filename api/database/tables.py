"""The tables. What a list of runs shows stands in `runs`; what can be many megabytes stands in `contents`, which no list reads.

`api/database/migrations` makes and changes the tables; a test compares both.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, DateTime, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text
from sqlalchemy.types import TypeDecorator


class Document(TypeDecorator[Any]):
    """JSON as text: databases disagree about infinity and the zero character in their own JSON types."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: object) -> str | None:
        return None if value is None else json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: str | None, _dialect: object) -> Any:
        return None if value is None else json.loads(value)


class Moment(TypeDecorator[datetime]):
    """A time in UTC. Of a run it is shown to people and never compared: clocks jump."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: object) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _dialect: object) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


NUMBER = BigInteger().with_variant(Integer, "sqlite")  # only a plain INTEGER counts up by itself in SQLite
metadata = MetaData()

runs = Table(
    "runs",
    metadata,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("key", String(200), unique=True),  # as `api.database.runs.kept_key` writes it: unique over all owners
    Column("fingerprint", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("ask", String(40), nullable=False),
    Column("settings", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("losses", Integer, nullable=False),
    Column("stopping", Boolean, nullable=False),
    Column("worker", String(120)),
    Column("beats", Integer, nullable=False),
    Column("created", Moment, nullable=False),
    Column("started", Moment),
    Column("finished", Moment),
    Column("progress", Document),
    Column("stop_reason", String(40)),
    Column("headline", Document),
    Column("problem", Document),
    Column("emitted", Integer, nullable=False),  # number of the last event
    Column("held", BigInteger, nullable=False),  # bytes in `contents`
    Column("tag", String(80)),
    Column("batch", String(32)),
    Column("trace", String(80)),
    Column("owner", String(80), nullable=False, server_default=""),
    Index("runs_by_state", "state", "number"),
    Index("runs_by_tag", "tag", "number"),
    Index("runs_by_batch", "batch", "number"),
    Index("runs_by_owner", "owner", "number"),
    sqlite_autoincrement=True,  # a number is not used again when the newest run is forgotten
)

contents = Table(
    "contents",
    metadata,
    Column("run", String(32), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("plan", LargeBinary),
    Column("page", LargeBinary),
)

events = Table(
    "events",
    metadata,
    Column("run", String(32), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(12), nullable=False),
    Column("data", Document, nullable=False),
)

logs = Table(
    "logs",
    metadata,
    Column("run", String(32), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("start", BigInteger, primary_key=True, autoincrement=False),  # characters before it
    Column("text", Text, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    Column("owner", String(80), nullable=False),
    Column("scope", String(8), nullable=False),
    Column("created", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("disabled", Moment),
    Column("used", Moment),
)

web_sessions = Table(
    "web_sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("key", String(16), ForeignKey("api_keys.id", ondelete="CASCADE"), nullable=False),
    Column("created", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
)

share_links = Table(
    "share_links",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("run", String(32), ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("owner", String(80), nullable=False),
    Column("created", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("key", String(16), nullable=False, server_default=""),  # that made it; no reference, because a link is over as soon as its key is deleted
    Index("share_links_by_run", "run"),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("who", String(80), nullable=False),
    Column("key", String(40), nullable=False),
    Column("action", String(120), nullable=False),
    Column("run", String(32), nullable=False),
    Column("origin", String(64), nullable=False),
    Column("detail", String(200), nullable=False),
    Index("audit_log_by_run", "run", "number"),
    sqlite_autoincrement=True,
)
