"""From what a request brings along (a key, a cookie) to its caller.

What was found is remembered for two seconds, so that somebody who polls costs the store nothing; a key that is disabled elsewhere works that much longer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from anyio.to_thread import run_sync

from api.access import ApiKey, ShareLink, digest
from api.database.keys import Keys
from api.database.shares import Shares
from models.errors import StoreUnusable

log = logging.getLogger("offtake.authentication")
REMEMBERED_SECONDS = 2.0
MOST = 10_000
Found = TypeVar("Found")


class Authentication:
    """Looks up keys, sessions and share links. Every method raises StoreUnusable when the store can't be used."""

    def __init__(self, keys: Keys, shares: Shares, clock: Callable[[], float] = time.monotonic) -> None:
        self._keys, self._shares, self._clock = keys, shares, clock
        self._remembered: dict[tuple[str, str], tuple[object, float]] = {}

    async def key(self, secret: str) -> ApiKey | None:
        """The key with this secret, whether or not it is still of use."""
        return await self._looked_up("key", secret, self._used_key)

    async def session(self, secret: str) -> ApiKey | None:
        """The key of a session that is not over."""
        return await self._looked_up("session", secret, self._keys.session)

    async def share(self, secret: str) -> ShareLink | None:
        """A share link that is not over."""
        return await self._looked_up("share", secret, self._shares.find)

    def forget(self) -> None:
        """Look everything up anew: something was ended here, and must be over at once."""
        self._remembered.clear()

    async def _looked_up(self, kind: str, secret: str, look: Callable[[str], Found | None]) -> Found | None:
        name, now = (kind, digest(secret)), self._clock()
        known = self._remembered.get(name)
        if known and now - known[1] < REMEMBERED_SECONDS:
            return known[0]  # type: ignore[return-value]
        found = await run_sync(look, secret)
        if found is not None:  # what does not exist is not remembered: guesses would fill the memory
            if len(self._remembered) >= MOST:
                self._remembered.clear()
            self._remembered[name] = (found, now)
        return found

    def _used_key(self, secret: str) -> ApiKey | None:
        key = self._keys.find(secret)
        if key:
            try:
                self._keys.note_use(key)
            except StoreUnusable as error:  # a store that can only be read is no reason to refuse a reader
                log.warning("the use of key %s can't be noted: %s", key.id, error)
        return key
