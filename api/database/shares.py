"""Share links: one run each, for reading, until they expire, are revoked, the key that made them ends, or the run is forgotten."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, insert, or_, select

from api.access import ShareLink, digest, new_secret, now, same
from api.database.connection import Database
from api.database.tables import api_keys, share_links

L, K = share_links.c, api_keys.c
MOST_LINKS = 100
"""Of one run, that are good at the same time."""
COLUMNS = (L.id, L.run, L.owner, L.created, L.expires)


class TooManyLinks(Exception):
    """The run has as many links as a run may have."""


class Shares:
    """The share links of one store. Every method raises StoreUnusable when the database can't be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, run_id: str, owner: str, expires: datetime, key: str = "") -> tuple[ShareLink, str]:
        """A new link, and its secret, which is nowhere else. It ends no later than the key with the id `key`, if one made it. Links that are over are
        forgotten on the way. Raises TooManyLinks."""
        secret, moment = new_secret("share"), now()
        with self._database.writing() as connection:
            connection.execute(delete(share_links).where(~_good(moment)))
            last = connection.execute(select(K.expires).where(K.id == key)).scalar_one_or_none()
            link = ShareLink(secrets.token_hex(4), run_id, owner, moment, min(expires, last) if last else expires)
            if connection.execute(select(func.count()).where(L.run == run_id)).scalar_one() >= MOST_LINKS:
                raise TooManyLinks
            values = {"id": link.id, "digest": digest(secret), "run": run_id, "owner": owner, "created": moment, "expires": link.expires}
            connection.execute(insert(share_links).values(**values, key=key))
        return link, secret

    def of(self, run_id: str) -> list[ShareLink]:
        """The links of a run that are good now, the oldest first."""
        wanted = select(*COLUMNS).where(L.run == run_id, _good(now())).order_by(L.created, L.id)
        with self._database.reading() as connection:
            return [_link(row) for row in connection.execute(wanted)]

    def find(self, secret: str) -> ShareLink | None:
        """The link with this secret, if it is not over."""
        wanted = digest(secret)
        with self._database.reading() as connection:
            row = connection.execute(select(*COLUMNS, L.digest).where(L.digest == wanted, _good(now()))).one_or_none()
        return _link(row) if row and same(wanted, row.digest) else None

    def revoke(self, run_id: str, link_id: str) -> bool:
        """End a link of a run; whether there was one."""
        with self._database.writing() as connection:
            return bool(connection.execute(delete(share_links).where(L.run == run_id, L.id == link_id).returning(L.id)).all())


def _good(moment: datetime) -> ColumnElement[bool]:
    """A link that is not over: neither is its own time, nor the key that made it."""
    key = select(K.id).where(L.key == K.id, K.disabled.is_(None), K.expires > moment).correlate(share_links).exists()
    return (L.expires > moment) & or_(L.key == "", key)


def _link(row: Row[Any]) -> ShareLink:
    return ShareLink(**{column.name: row._mapping[column] for column in COLUMNS})
