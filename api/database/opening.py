"""Opening the store that the settings name."""

from __future__ import annotations

from api.database.connection import Database, address_of
from api.database.runs import DatabaseStore
from api.database.upgrade import upgrade
from api.settings import Settings
from models.errors import StoreUnusable


def open_store(settings: Settings) -> DatabaseStore:
    """The store, its tables in order. Raises UnusableSettings or StoreUnusable, with the store's address (and no password) in the text."""
    database = open_database(settings.store)
    return DatabaseStore(database, queue=settings.queue, keep_runs=settings.keep_runs, keep_bytes=settings.keep_bytes, runs_per_owner=settings.runs_per_owner)


def open_database(store: str) -> Database:
    """The database, its tables in order."""
    address = address_of(store)
    database = None
    try:
        database = Database(address)
        upgrade(database)
    except StoreUnusable as error:
        if database:
            database.close()
        raise StoreUnusable(f"{error} The store is {shown(store)}.") from error
    return database


def shown(store: str) -> str:
    """The store's place as people may see it."""
    address = address_of(store)
    return str(address.database) if address.get_backend_name() == "sqlite" else address.set(drivername="postgresql").render_as_string(hide_password=True)
