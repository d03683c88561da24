"""Who asks, and what they may: the documents of keys, share links and the audit log, and the secrets that stand for them.

A secret is 256 random bits. It is shown once, and only its SHA-256 is stored: whoever reads the store can't sign in with what is there, and 256 bits leave
nothing to guess that a slower hash would protect. A digest is found by an index and then compared in constant time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

Scope = Literal["read", "solve", "admin"]
SCOPES: tuple[Scope, ...] = ("read", "solve", "admin")
"""Each may what the one before may. read: look at own runs; solve: start, stop and share runs too; admin: all owners' runs, and the audit log."""
KEY_PREFIX = "offtake"
"""Of every key, so that scanners for secrets know one that was published by mistake."""


@dataclass(frozen=True)
class ApiKey:
    """A key, without its secret."""

    id: str
    name: str
    """What it is for."""
    owner: str
    """Whose runs are reached with it. Several keys may have one owner."""
    scope: Scope
    created: datetime
    expires: datetime
    disabled: datetime | None = None
    used: datetime | None = None
    """The last use, to about ten minutes."""

    def refusal(self, now: datetime) -> str | None:
        """Why the key is of no use any more. Only whoever has the key itself is told, so it says nothing to those who guess."""
        if self.disabled:
            return f"The key '{self.id}' was disabled."
        if self.expires <= now:
            return f"The key '{self.id}' expired on {self.expires:%Y-%m-%d}."
        return None


@dataclass(frozen=True)
class ShareLink:
    """A link under which one run can be read until it expires or is revoked; without its secret."""

    id: str
    run: str
    owner: str
    """Who made it."""
    created: datetime
    expires: datetime


@dataclass(frozen=True)
class AuditEntry:
    """One line of the audit log. Lines are added, and never changed or removed."""

    number: int
    at: datetime
    who: str
    """An owner; empty where no keys are asked for."""
    key: str
    """The id of the key, or `share` and the id of a link; empty where there was none."""
    action: str
    """Method and route, or what was done on the command line."""
    run: str
    origin: str
    """The address that asked, or `command line`."""
    detail: str


@dataclass(frozen=True)
class Caller:
    """Who makes a request."""

    owner: str = ""
    scope: Scope | None = "admin"
    """None: somebody with a share link and nothing else."""
    key: str = ""
    csrf: str = ""
    """What a page of this caller must send along with everything that changes something; empty where no cookie signs in."""
    shared: str = ""
    """Id of a run that a share link opens for reading."""
    told: bool = False
    """Whether keys are asked for at all."""

    def may(self, needed: Scope) -> bool:
        """Whether the scope reaches as far as `needed`."""
        return self.scope is not None and SCOPES.index(self.scope) >= SCOPES.index(needed)

    def owns(self, owner: str) -> bool:
        """Whether what belongs to `owner` is this caller's to read and to change, without a share link."""
        return self.sees_all or (self.scope is not None and owner == self.owner)

    @property
    def sees_all(self) -> bool:
        return self.scope == "admin"


EVERYBODY = Caller()
"""Without keys there is one owner, who may do everything."""


def new_secret(prefix: str) -> str:
    """256 random bits as text, behind a prefix."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def digest(secret: str) -> str:
    """What is stored of a secret, and found by it: SHA-256 in hexadecimal."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def same(given: str, stored: str) -> bool:
    """Whether two texts are the same, in a time that says nothing about where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), stored.encode())


def csrf_token(session: str) -> str:
    """What the pages of a session send along. Other sites can't read it, and can't make it without the session's secret."""
    return hmac.new(session.encode("utf-8", "surrogateescape"), b"csrf", hashlib.sha256).hexdigest()


def now() -> datetime:
    """The time by which keys, sessions and links expire. Unlike leases they are meant in days, so a clock that jumps does them little harm."""
    return datetime.now(UTC)
