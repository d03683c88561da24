"""Stores to test with: a new one of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from api.database.opening import open_store
from api.database.runs import DatabaseStore
from api.settings import Settings
from api.store import Run
from tests.api.service import request, tiny

KINDS = ("sqlite", "postgresql")


@contextmanager
def opened(address: str, **changes: Any) -> Iterator[DatabaseStore]:
    """The store at an address, until the block ends."""
    store = open_store(replace(Settings(store=address), **changes))
    try:
        yield store
    finally:
        store.close()


def queued(store: DatabaseStore, name: str = "fine") -> Run:
    """A new run."""
    return store.create(request(name), tiny(name))[0]


def taken(store: DatabaseStore, name: str = "fine", worker: str = "w") -> Run:
    """A new run, taken by a worker."""
    run = queued(store, name)
    found = store.take(worker)
    assert found
    assert found.id == run.id
    return found
