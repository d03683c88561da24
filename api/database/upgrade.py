"""Bringing the tables to the form that this version knows, when the store is opened."""

from __future__ import annotations

import time
from functools import cache

from sqlalchemy import Connection, inspect, text

from api.database.connection import LOCKED, Database
from api.database.tables import metadata
from models.errors import StoreUnusable

VERSION_TABLE = "offtake_version"
LOCATION = "api.database:migrations"
PATIENCE_SECONDS = 60.0
"""How long the start waits for another server that changes the tables: longer than for a write, because a large store takes its time."""
LOCK = 5_370_671
"""Number of the lock under which servers that start together take turns (PostgreSQL; SQLite has one writer anyway)."""


def upgrade(database: Database) -> None:
    """Make or change the tables, all or nothing; while somebody else does, wait. Raises StoreUnusable where a newer version, or something else, has been at
    work."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        with database.reading() as connection:  # which nobody keeps from reading
            if revision_of(connection) == _newest():
                return
        try:
            _upgrade(database)
        except StoreUnusable as error:
            if LOCKED not in str(error) or time.monotonic() > until:
                raise


def _upgrade(database: Database) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", LOCATION)
    script = ScriptDirectory.from_config(config)
    with database.writing() as connection:
        if not database.sqlite:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        revision = revision_of(connection)
        if revision == script.get_current_head():
            return
        if revision is not None and revision not in {x.revision for x in script.walk_revisions()}:
            raise StoreUnusable(f"The store was written by a newer Offtake (its tables are of version {revision}). Install that version, or use another store.")
        if revision is None and set(inspect(connection).get_table_names()) & set(metadata.tables):
            raise StoreUnusable("This database has tables of the same names that are not Offtake's. Use another database.")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check_version(connection: Connection) -> None:
    """Raises StoreUnusable where the tables are of another version than this program's: a newer server has been at work since this one opened the store."""
    revision = revision_of(connection)
    if revision != _newest():
        raise StoreUnusable(f"The tables of the store are of version {revision}, and this server knows version {_newest()}. Start it again, or update it.")


@cache
def _newest() -> str | None:
    """The version that this program makes."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", LOCATION)
    return ScriptDirectory.from_config(config).get_current_head()


def revision_of(connection: Connection) -> str | None:
    """The version of the tables; None where there are none."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
