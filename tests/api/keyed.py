"""A server that asks for keys, and a client for everybody who has one."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from api.access import ApiKey, Scope, now
from api.database.keys import Keys
from api.database.opening import open_database
from tests.api.service import Client, serving

WHO: dict[str, tuple[str, Scope]] = {"ana": ("ana", "solve"), "ben": ("ben", "solve"), "reader": ("ana", "read"), "root": ("root", "admin")}
"""Owner and scope of everybody's key."""


@dataclass(frozen=True)
class Keyed:
    """A server under test, its keys, and its store."""

    address: httpx.URL
    secrets: dict[str, str]
    keys: dict[str, ApiKey]
    store: str
    clients: ExitStack

    def client(self, who: str | None, **headers: str) -> Client:
        """Someone who sends a key with every request; None: nobody."""
        sent = headers | ({"Authorization": f"Bearer {self.secrets[who]}"} if who else {})
        return self.clients.enter_context(Client(base_url=self.address, headers=sent, timeout=90, trust_env=False))

    def browser(self, who: str | None = None) -> Client:
        """Someone with a browser, signed in or not: cookies, and a taste for pages."""
        client = self.client(None, Accept="text/html")
        if who:
            answer = client.post("/sign-in", data={"key": self.secrets[who]})
            assert answer.status_code == 303, answer.text
        return client


def made(store: str, who: str, days: float = 1.0) -> tuple[ApiKey, str]:
    """A new key of somebody in a store, past its time where `days` are negative."""
    database = open_database(store)
    try:
        return Keys(database).add(who, *WHO[who], now() + timedelta(days=days))
    finally:
        database.close()


@contextmanager
def keyed(**changes: Any) -> Iterator[Keyed]:
    """A server that everybody in WHO has a key of, until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        store = str(Path(folder) / "runs.db")
        found = {who: made(store, who, days=30.0) for who in WHO}
        changes = {"store": store, "allow_public": True, "grace_seconds": 0.5, "refusals_per_minute": 100_000, **changes}
        with serving(**changes) as client, ExitStack() as clients:
            secrets, keys = ({who: pair[i] for who, pair in found.items()} for i in (1, 0))
            yield Keyed(client.base_url, secrets, keys, store, clients)


def token(page: str) -> str:
    """What a page sends along to prove that it is ours."""
    found = re.search(r'<meta name="csrf-token" content="(\w+)">', page)
    assert found, "the page has no token"
    return found[1]
