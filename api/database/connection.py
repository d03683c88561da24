"""The way to the database: which one, how it is opened, and what its errors mean.

SQLite writes ahead (WAL), so readers never wait for a writer, and each commit reaches the disk (synchronous=FULL) before it is answered. A transaction
that will write says so when it begins (BEGIN IMMEDIATE): it waits its turn once instead of failing half way.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from api.settings import UnusableSettings
from models.errors import ExtraMissing, StoreUnusable

BUSY_SECONDS = 5.0
"""How long a write waits for another program's lock."""
LOCKED = "Another program holds the store locked. Try again, or end that program."
OURS = (IntegrityError, ProgrammingError, DataError)
"""Errors that are our fault and not the database's condition."""
CAUSES = (
    (("SQLITE_FULL", "53100"), "There is no room left on the disk of the store. Make room; nothing that was stored is harmed."),
    (("SQLITE_BUSY", "SQLITE_LOCKED", "55P03"), LOCKED),
    (("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH", "25006", "42501"), "The store can only be read. Give the server the right to its file and folder."),
    (("SQLITE_CANTOPEN",), "The store can't be opened: its folder is missing, or the server has no right to it."),
    (("SQLITE_CORRUPT", "SQLITE_NOTADB"), "The store is damaged, or is no database. Restore a backup (`offtake store restore`)."),
    (("SQLITE_ERROR", "42P01"), "The tables of the store are gone. Was its file moved or replaced? End the server, put the store back, and start again."),
    (("SQLITE_IOERR",), "The disk of the store reports an error, or is full."),
)
OTHERWISE = "The database of the store does not answer."


class Database:
    """One database and its connections, for any number of threads."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.sqlite = url.get_backend_name() == "sqlite"
        self.errors = 0
        """How often it could not be used."""
        with _plainly():
            self._engine = _engine(url)
        self._writing = self._engine.execution_options(writing=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A view of one moment."""
        with self._counted(), _plainly(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction: whole when the block ends, undone when it raises."""
        with self._counted(), _plainly(), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def _counted(self) -> Iterator[None]:
        try:
            yield
        except StoreUnusable:
            self.errors += 1
            raise

    def close(self) -> None:
        """Close every connection; the last one of SQLite also tidies its files up."""
        self._engine.dispose()


def address_of(store: str) -> URL:
    """Where the store is: a path, an address (`postgresql://...`, `sqlite:///...`), or if empty a file in the user's data folder."""
    if "://" not in store:
        path = Path(store).expanduser() if store else default_file()
        return URL.create("sqlite", database=str(path.absolute()))
    try:
        url = make_url(store)
        kind = url.get_backend_name()
    except (ArgumentError, ValueError):
        raise UnusableSettings("The store's address can't be read. It is a path, sqlite:///PATH or postgresql://USER@HOST/NAME.") from None
    if kind == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise UnusableSettings(f"The store can be SQLite or PostgreSQL, not '{kind}'.")
    if url.database in (None, "", ":memory:"):
        raise UnusableSettings("A store in memory would be another one for every connection; name a file.")
    return URL.create("sqlite", database=str(Path(str(url.database)).absolute()))


def default_file() -> Path:
    """Where the runs of this user are kept unless the settings say otherwise."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home)
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "offtake" / "runs.db"


def _engine(url: URL) -> Engine:
    many: dict[str, Any] = {"pool_size": 8, "max_overflow": 24, "pool_timeout": 30}  # in bursts; PostgreSQL allows a hundred for all servers
    if url.get_backend_name() == "postgresql":
        limits = f"-c lock_timeout={int(BUSY_SECONDS * 1000)}"
        try:
            return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10, "options": limits, "application_name": "offtake"}, **many)
        except ModuleNotFoundError:
            raise ExtraMissing("A store in PostgreSQL needs the package psycopg: pip install 'offtake[postgres]'.") from None
    _make_folder(Path(str(url.database)).parent)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, **many)

    @event.listens_for(engine, "connect")
    def prepare(link: Any, _record: object) -> None:
        link.isolation_level = None  # the driver begins no transactions of its own
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            link.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writing") else "BEGIN")

    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # scenarios hold prices that are nobody else's business
    except OSError as error:
        raise StoreUnusable(f"The folder of the store can't be made: {error.strerror or error}. Name another place (OFFTAKE_STORE).") from None


@contextmanager
def _plainly() -> Iterator[None]:
    """Say what the condition of the database is, in a sentence that holds no address and no password."""
    try:
        yield
    except NoConnectionFree as error:
        raise StoreUnusable("Too many requests wait for the store. Try again.") from error
    except DBAPIError as error:
        if _is_ours(error):
            raise
        raise StoreUnusable(said(error)) from error


def _is_ours(error: DBAPIError) -> bool:
    """Whether our own statement is wrong. No right to the tables, or no tables any more, is not our fault."""
    code = code_of(error)
    if code == "SQLITE_ERROR":
        return "no such table" not in str(error.orig)
    return isinstance(error, OURS) and code not in ("42501", "42P01")


def said(error: DBAPIError) -> str:
    """What an error of the database means and what to do about it."""
    return words_for(code_of(error))


def words_for(code: str) -> str:
    """The same for the error's code."""
    return next((words for beginnings, words in CAUSES if code.startswith(beginnings)), OTHERWISE)


def code_of(error: DBAPIError) -> str:
    """The error's name in SQLite, or its code in PostgreSQL."""
    cause = error.orig
    return str(getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or "")
