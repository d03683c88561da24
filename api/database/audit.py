"""The audit log: lines are added. The database itself refuses to change or remove one (triggers, see the migration)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, insert, select

from api.access import AuditEntry, now
from api.database.connection import Database
from api.database.tables import audit_log

A = audit_log.c
LONGEST = {column.name: column.type.length for column in audit_log.columns if getattr(column.type, "length", None)}


class Audit:
    """The audit log of one store. Every method raises StoreUnusable when the database can't be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, action: str, *, who: str = "", key: str = "", run: str = "", origin: str = "", detail: str = "") -> None:
        """Add a line. What is too long for its column is cut: a line must never be lost to its length."""
        said = {"who": who, "key": key, "action": action, "run": run, "origin": origin, "detail": detail}
        values = {name: text.replace("\0", "")[: LONGEST[name]] for name, text in said.items()}
        with self._database.writing() as connection:
            connection.execute(insert(audit_log).values(at=now(), **values))

    def entries(self, limit: int, before: int | None = None, run: str | None = None) -> list[AuditEntry]:
        """Lines by falling number, those below `before`."""
        wanted = select(audit_log).order_by(A.number.desc()).limit(limit)
        wanted = wanted if before is None else wanted.where(A.number < before)
        with self._database.reading() as connection:
            return [_entry(row) for row in connection.execute(wanted if run is None else wanted.where(A.run == run))]


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(**row._mapping)
