"""Keys and the sessions of the pages that were opened with them."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from api.access import KEY_PREFIX, ApiKey, Scope, digest, new_secret, now, same
from api.database.connection import Database
from api.database.tables import api_keys, web_sessions

K, S = api_keys.c, web_sessions.c
COLUMNS = (K.id, K.name, K.owner, K.scope, K.created, K.expires, K.disabled, K.used)
COARSE = timedelta(minutes=10)
"""The last use of a key is written down so often at most: a request must not cost a write."""
MOST_SESSIONS = 20
"""Of one key; the oldest end first. Signing in over and over must not fill the disk."""


class Keys:
    """The keys of one store. Every method raises StoreUnusable when the database can't be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, owner: str, scope: Scope, expires: datetime) -> tuple[ApiKey, str]:
        """A new key, and its secret, which is nowhere else."""
        secret = new_secret(KEY_PREFIX)
        key = ApiKey(secrets.token_hex(4), name, owner, scope, now(), expires)
        with self._database.writing() as connection:
            values = {"id": key.id, "digest": digest(secret), "name": name, "owner": owner, "scope": scope, "created": key.created, "expires": expires}
            connection.execute(insert(api_keys).values(values))
        return key, secret

    def all(self) -> list[ApiKey]:
        """Every key, the oldest first."""
        with self._database.reading() as connection:
            return [_key(row) for row in connection.execute(select(*COLUMNS).order_by(K.created, K.id))]

    def usable(self) -> bool:
        """Whether anybody could sign in."""
        return any(key.refusal(now()) is None for key in self.all())

    def find(self, secret: str) -> ApiKey | None:
        """The key with this secret, whether or not it is still of use."""
        wanted = digest(secret)
        with self._database.reading() as connection:
            row = connection.execute(select(*COLUMNS, K.digest).where(K.digest == wanted)).one_or_none()
        return _key(row) if row and same(wanted, row.digest) else None

    def note_use(self, key: ApiKey) -> None:
        """Write down that the key was used, unless that was done a moment ago."""
        moment = now()
        if key.used is None or abs(moment - key.used) >= COARSE:
            with self._database.writing() as connection:
                connection.execute(update(api_keys).where(K.id == key.id).values(used=moment))

    def disable(self, key_id: str) -> ApiKey | None:
        """The key, disabled, its sessions ended; None if there is none."""
        with self._database.writing() as connection:
            connection.execute(update(api_keys).where(K.id == key_id, K.disabled.is_(None)).values(disabled=now()))
            connection.execute(delete(web_sessions).where(S.key == key_id))
            row = connection.execute(select(*COLUMNS).where(K.id == key_id)).one_or_none()
        return _key(row) if row else None

    def delete(self, key_id: str) -> bool:
        """Forget a disabled key; whether there was one."""
        with self._database.writing() as connection:
            return bool(connection.execute(delete(api_keys).where(K.id == key_id, K.disabled.is_not(None)).returning(K.id)).all())

    def sign_in(self, key: ApiKey, expires: datetime) -> str:
        """The secret of a new session. Sessions that are over are forgotten on the way."""
        secret, moment = new_secret("session"), now()
        with self._database.writing() as connection:
            connection.execute(delete(web_sessions).where(S.expires <= moment))
            newest = select(S.digest).where(S.key == key.id).order_by(S.created.desc()).limit(MOST_SESSIONS - 1)
            connection.execute(delete(web_sessions).where(S.key == key.id, S.digest.not_in(newest)))
            connection.execute(insert(web_sessions).values(digest=digest(secret), key=key.id, created=moment, expires=min(expires, key.expires)))
        return secret

    def session(self, secret: str) -> ApiKey | None:
        """The key that a session was opened with, if neither of the two is over."""
        wanted, moment = digest(secret), now()
        both = select(*COLUMNS, S.digest).select_from(api_keys.join(web_sessions, S.key == K.id))
        with self._database.reading() as connection:
            row = connection.execute(both.where(S.digest == wanted, S.expires > moment)).one_or_none()
        found = _key(row) if row and same(wanted, row.digest) else None
        return found if found and found.refusal(moment) is None else None

    def sign_out(self, secret: str) -> None:
        """End a session."""
        with self._database.writing() as connection:
            connection.execute(delete(web_sessions).where(S.digest == digest(secret)))


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(**{column.name: row._mapping[column] for column in COLUMNS})
