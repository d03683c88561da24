"""Keys, sessions, share links and the audit log in the store."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api.access import digest, now
from api.database import shares as database_shares
from api.database.audit import Audit
from api.database.keys import MOST_SESSIONS, Keys
from api.database.runs import DatabaseStore
from api.database.shares import Shares, TooManyLinks
from models.errors import StoreUnusable
from tests.api.stores import queued

SOON, PAST = timedelta(days=1), timedelta(days=-1)


def test_a_stolen_store_opens_nothing(store: DatabaseStore) -> None:
    """Whoever gets hold of a backup could sign in with what stands in it."""
    keys, shares = Keys(store.database), Shares(store.database)
    key, secret = keys.add("ci", "ana", "solve", now() + SOON)
    session = keys.sign_in(key, now() + SOON)
    _, link = shares.add(queued(store).id, "ana", now() + SOON)
    assert (keys.find(secret), keys.session(session).id) == (key, key.id)
    with store.database.reading() as connection:
        for table in ("api_keys", "web_sessions", "share_links", "audit_log"):
            held = repr(connection.execute(text(f"SELECT * FROM {table}")).all())
            assert not [each for each in (secret, session, link) if each in held or each.partition("_")[2] in held]
    for stored in (digest(secret), digest(session)):
        assert keys.find(stored) is None
        assert keys.session(stored) is None
    assert len({keys.add("x", "x", "read", now() + SOON)[1] for _ in range(20)}) == 20
    assert len(secret.partition("_")[2]) == 43, "256 bits"


def test_a_session_ends_with_its_time_its_key_and_its_sign_out(store: DatabaseStore) -> None:
    """Somebody whose key was disabled, or who signed out, would stay inside."""
    keys = Keys(store.database)
    key, _ = keys.add("a", "ana", "solve", now() + SOON)
    over, out, kept = (keys.sign_in(key, now() + left) for left in (PAST, SOON, SOON))
    keys.sign_out(out)
    assert [keys.session(secret) is not None for secret in (over, out, kept)] == [False, False, True]
    assert keys.disable(key.id).disabled
    assert keys.session(kept) is None
    expired, _ = keys.add("b", "ana", "solve", now() + PAST)
    assert keys.session(keys.sign_in(expired, now() + SOON)) is None


def test_a_key_is_disabled_before_it_is_deleted(store: DatabaseStore) -> None:
    """A slip would delete a key that is in use, or a deleted one would leave its sessions open."""
    keys = Keys(store.database)
    key, secret = keys.add("a", "ana", "solve", now() + SOON)
    assert not keys.delete(key.id)
    assert keys.usable()
    keys.disable(key.id)
    assert not keys.usable()
    assert keys.find(secret).refusal(now())
    assert keys.delete(key.id)
    assert keys.all() == []
    assert keys.disable("nowhere") is None


def test_the_last_use_is_noted_coarsely(store: DatabaseStore) -> None:
    """Nobody could tell which keys are still in use, or every request would write to the disk."""
    keys = Keys(store.database)
    key, secret = keys.add("a", "ana", "solve", now() + SOON)
    keys.note_use(key)
    noted = keys.find(secret)
    assert abs(noted.used - now()) < timedelta(minutes=1)
    keys.note_use(noted)
    assert keys.find(secret).used == noted.used


def test_a_link_ends_with_its_time_its_run_and_when_it_is_revoked(store: DatabaseStore) -> None:
    """A share link would go on working for ever."""
    shares, runs = Shares(store.database), [queued(store) for _ in range(2)]
    past, gone, kept, other = (shares.add(run.id, "ana", now() + left) for run, left in ((runs[0], PAST), (runs[0], SOON), (runs[0], SOON), (runs[1], SOON)))
    assert not shares.revoke(runs[1].id, gone[0].id), "it is a link of another run"
    assert shares.revoke(runs[0].id, gone[0].id)
    assert [shares.find(secret) is not None for _, secret in (past, gone, kept, other)] == [False, False, True, True]
    assert [link.id for link in shares.of(runs[0].id)] == [kept[0].id]
    with store.database.writing() as connection:
        connection.execute(text("DELETE FROM runs WHERE id = :run"), {"run": runs[1].id})
    assert shares.find(other[1]) is None


def test_nobody_fills_the_store_with_sessions_or_links(store: DatabaseStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that signs in over and over, or shares over and over, would fill the disk."""
    keys, shares, run = Keys(store.database), Shares(store.database), queued(store).id
    (key, _), (other, _) = (keys.add(name, name, "solve", now() + SOON) for name in ("a", "b"))
    kept = keys.sign_in(other, now() + SOON)
    opened = [keys.sign_in(key, now() + SOON) for _ in range(MOST_SESSIONS + 3)]
    assert [keys.session(secret) is not None for secret in opened] == [False] * 3 + [True] * MOST_SESSIONS
    assert keys.session(kept), "of another key"
    monkeypatch.setattr(database_shares, "MOST_LINKS", 2)
    shares.add(run, "ana", now() + PAST)
    for _ in range(2):
        shares.add(run, "ana", now() + SOON)
    with pytest.raises(TooManyLinks):
        shares.add(run, "ana", now() + SOON)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_log SET who = 'nobody'",
        "DELETE FROM audit_log",
        "DELETE FROM audit_log WHERE number = 1",
        "INSERT OR REPLACE INTO audit_log SELECT number, at, 'nobody', key, action, run, origin, detail FROM audit_log",
        "INSERT INTO audit_log SELECT number, at, 'nobody', key, action, run, origin, detail FROM audit_log "
        "WHERE TRUE ON CONFLICT (number) DO UPDATE SET who = 'nobody'",
        "TRUNCATE audit_log",
    ],
)
def test_the_audit_log_is_only_added_to(store: DatabaseStore, change: str) -> None:
    """Somebody with a way to the database could cover what they did."""
    audit = Audit(store.database)
    audit.record("first", who="ana", run="r", origin="here")
    audit.record("second", who="x" * 1000 + "\0", detail="y" * 1000)
    before = audit.entries(9)
    with pytest.raises((DBAPIError, StoreUnusable)), store.database.writing() as connection:
        connection.exec_driver_sql(change)
    assert audit.entries(9) == before
    assert [(entry.action, entry.who) for entry in before] == [("second", "x" * 80), ("first", "ana")]
    assert [entry.action for entry in audit.entries(1, before=before[0].number)] == ["first"]
    assert [entry.action for entry in audit.entries(9, run="r")] == ["first"]
