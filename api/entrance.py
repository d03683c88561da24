"""The parts that decide who comes in, put together."""

from __future__ import annotations

from dataclasses import dataclass

from api.authentication import Authentication
from api.database.audit import Audit
from api.database.connection import Database
from api.database.keys import Keys
from api.database.opening import open_database
from api.database.shares import Shares
from api.settings import Settings, UnusableSettings
from api.trail import Trail

NO_KEY = (
    "Others can reach this server, and nobody has a key. Make one first: `offtake keys add NAME --scope admin`, with the same store (OFFTAKE_STORE or "
    "--store). Or serve this machine only: --host 127.0.0.1, without OFFTAKE_ALLOW_PUBLIC."
)


@dataclass(frozen=True)
class Entrance:
    """Keys, share links, the audit log, and what looks them up and writes it."""

    keys: Keys
    shares: Shares
    audit: Audit
    authentication: Authentication
    trail: Trail


def entrance(database: Database, settings: Settings) -> Entrance:
    """The parts over one database. Raises UnusableSettings if keys are asked for and there is none of use, StoreUnusable."""
    keys, shares, audit = Keys(database), Shares(database), Audit(database)
    if settings.sign_in and not keys.usable():
        raise UnusableSettings(NO_KEY)
    return Entrance(keys, shares, audit, Authentication(keys, shares), Trail(audit, settings.refusals_per_minute))


def refuse_to_serve_without_keys(settings: Settings) -> None:
    """Before anything listens: raises UnusableSettings, StoreUnusable."""
    if settings.sign_in:
        database = open_database(settings.store)
        try:
            entrance(database, settings)
        finally:
            database.close()
