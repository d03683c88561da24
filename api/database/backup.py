"""Backup, restore and check of a store in one file. A store in PostgreSQL has the tools of its own server for that.

All three work while servers use the store: SQLite's online backup copies one moment of it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import func, select

from api.database.connection import BUSY_SECONDS, Database, address_of, words_for
from api.database.opening import open_database
from api.database.tables import runs
from api.database.upgrade import VERSION_TABLE, revision_of
from api.exit_codes import NotWritten, UsageProblem
from models.errors import StoreUnusable


@dataclass(frozen=True)
class Health:
    """What a check of a store found."""

    version: str | None
    """Of the tables."""
    runs: dict[str, int]
    """How many runs are in each state."""
    faults: list[str]
    """What is damaged; empty if the store is sound."""


def check(store: str) -> Health:
    """Look a store through from end to end. Changes nothing. Raises UsageProblem, StoreUnusable."""
    address = address_of(store)
    faults = []
    if address.get_backend_name() == "sqlite":
        with _plainly(), closing(_opened(_existing(store))) as link:
            faults = _faults(link)
            if not faults and not _is_store(link):
                raise UsageProblem("The file is a database, but no store of runs.")
    if faults:
        return Health(None, {}, faults)
    database = Database(address)
    try:
        with database.reading() as connection:
            version = revision_of(connection)
            counted = select(runs.c.state, func.count()).group_by(runs.c.state).order_by(runs.c.state)
            return Health(version, {row.state: row[1] for row in connection.execute(counted)} if version else {}, [])
    finally:
        database.close()


def back_up(store: str, target: Path) -> None:
    """Write a sound copy of the store as it is at this moment to `target`, whole or not at all. Raises UsageProblem, StoreUnusable, NotWritten."""
    path, part = _existing(store), target.with_name(f"{target.name}.part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # contracts are nobody else's business
    except OSError as error:
        raise NotWritten(f"The backup can't be written to {target}: {error.strerror or error}.") from None
    try:
        with _plainly(), closing(_opened(path)) as source, closing(_opened(part)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, without companions
            if faults := _faults(copy):
                raise StoreUnusable(f"The store is damaged ({faults[0]}), so no backup was made of it.")
        with part.open("rb+") as written:
            os.fsync(written.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def restore(store: str, source: Path, *, replace: bool) -> None:
    """Put a backup in the place of the store, in one transaction. Raises UsageProblem, StoreUnusable."""
    path = _file_of(store)
    if not source.is_file():
        raise UsageProblem(f"There is no file {source}.")
    if path.exists() and path.stat().st_size and not replace:
        raise UsageProblem(f"There is a store at {path} already. Give --replace to put the backup in its place, or make a backup of it first.")
    with _plainly(), closing(_opened(source)) as backup:
        if (faults := _faults(backup)) or not _is_store(backup):
            raise UsageProblem(f"{source} is no sound backup of a store{f' ({faults[0]})' if faults else ''}.")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as link:
            backup.backup(link)
    open_database(store).close()


def _file_of(store: str) -> Path:
    address = address_of(store)
    if address.get_backend_name() != "sqlite":
        raise UsageProblem("The store is in PostgreSQL. Use its own tools: `pg_dump --format=custom` to back it up, `pg_restore` to restore it.")
    return Path(str(address.database))


def _existing(store: str) -> Path:
    path = _file_of(store)
    if not path.is_file():
        raise UsageProblem(f"There is no store at {path}. Name it with --store or OFFTAKE_STORE.")
    return path


def _opened(path: Path) -> sqlite3.Connection:
    """A connection to a file that is there; none is made."""
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=rw", uri=True, timeout=BUSY_SECONDS, isolation_level=None)


def _faults(link: sqlite3.Connection) -> list[str]:
    """What SQLite finds damaged, at most a few lines of it."""
    try:
        found = [str(row[0]) for row in link.execute("PRAGMA integrity_check(10)") if row[0] != "ok"]
        return found + [f"a row of {row[0]} belongs to no run" for row in link.execute("PRAGMA foreign_key_check").fetchmany(10)]
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorname.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            return [str(error)]
        raise


def _is_store(link: sqlite3.Connection) -> bool:
    return link.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (VERSION_TABLE,)).fetchone() is not None


@contextmanager
def _plainly() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreUnusable(words_for(getattr(error, "sqlite_errorname", ""))) from error
