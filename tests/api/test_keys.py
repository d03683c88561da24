"""Keys, sessions, share links and the audit log in the store, and at the door of the service."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api import guard
from api.access import digest, now
from api.database.audit import Audit
from api.database.keys import Keys
from api.database.opening import open_database
from api.database.runs import DatabaseStore
from api.database.shares import Shares
from api.quota import MOST, Quota
from api.settings import Settings, UnusableSettings
from models.errors import StoreUnusable
from tests.api.keyed import Keyed, keyed, made
from tests.api.service import Client, serving
from tests.api.stores import queued

SOON, PAST = timedelta(days=1), timedelta(days=-1)


@pytest.fixture(scope="module")
def served() -> Iterator[Keyed]:
    with keyed() as served:
        yield served


# --- in the store ----------------------------------------------------------------------------------------------------------------------------------


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


# --- at the door -----------------------------------------------------------------------------------------------------------------------------------


def test_nobody_else_is_served_without_a_key() -> None:
    """A server that others can reach would start, and answer them, before anybody has made a key."""
    with pytest.raises(UnusableSettings, match="offtake keys add"), serving(allow_public=True):
        pass
    for host in ("0.0.0.0", "::", "192.168.1.4", "offtake.example", ""):
        assert Settings(host=host).sign_in
    for host in ("127.0.0.1", "127.8.8.8", "localhost", "::1", "[::1]", "::ffff:127.0.0.1"):
        assert not Settings(host=host).sign_in
    assert Settings(allow_public=True).sign_in, "a proxy on this machine"


@pytest.mark.parametrize("sent", [None, "", "Bearer", "Bearer offtake_guess", "Basic YTpi", "bearer \xff".encode("latin-1")])
def test_without_a_key_there_is_no_answer(served: Keyed, sent: str | bytes | None) -> None:
    """Anybody could ask, with no key or one that was guessed."""
    nobody = served.client(None)
    for address in ("/v1/runs", "/v1/examples", "/openapi.json", "/docs", "/", "/v1/audit", "/nowhere", "/v1/runs/x/solution"):
        answer = nobody.get(address, headers={} if sent is None else {"Authorization": sent})
        assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json"), address
        assert answer.json()["type"] == "/docs#no-key"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.headers["Cache-Control"] == "no-store"
    for open_to_all in ("/healthz", "/readyz", "/sign-in", "/static/style.css"):
        assert nobody.get(open_to_all).status_code == 200


def test_an_expired_or_disabled_key_is_refused_like_an_unknown_one(served: Keyed) -> None:
    """A key would work beyond its time, or the answer would tell a guesser that it was close."""
    _, late = made(served.store, "ana", days=-1)
    gone, ended = made(served.store, "ana")
    database = open_database(served.store)
    Keys(database).disable(gone.id)
    database.close()
    nobody = served.client(None)
    answers = [nobody.get("/v1/runs", headers={"Authorization": f"Bearer {secret}"}) for secret in (late, ended, late[:-1] + "x")]
    assert {(a.status_code, a.json()["type"], a.headers["WWW-Authenticate"]) for a in answers} == {
        (401, "/docs#no-key", 'Bearer realm="offtake", error="invalid_token"')
    }
    for word, answer in zip(("expired", "disabled", "unknown"), answers, strict=True):
        assert word in answer.json()["detail"], "whoever has the whole key may know why"


def test_a_wrong_key_is_not_helped_by_a_cookie(served: Keyed) -> None:
    """A program that sends a wrong key would act as whoever is signed in on the machine."""
    browser = served.browser("ana")
    assert browser.get("/v1/runs").status_code == 200
    assert browser.get("/v1/runs", headers={"Authorization": "Bearer offtake_wrong"}).status_code == 401


def test_the_audit_log_is_for_admins(served: Keyed) -> None:
    """Anybody with a key would read what everybody did."""
    ana, root = served.client("ana"), served.client("root")
    run = ana.solve("audited", wait=60).json()
    assert ana.get("/v1/audit").status_code == 403
    assert served.client("reader").get("/v1/audit").status_code == 403
    ana.get("/v1/runs", headers={"Authorization": "Bearer offtake_wrong"})
    ana.post(f"/v1/runs/{run['id']}/clone")
    found = root.get("/v1/audit", params={"limit": 1000}).json()["entries"]
    lines = {(entry["action"], entry["who"], entry["key"], entry["run"]) for entry in found}
    key = served.keys["ana"].id
    assert ("POST /v1/runs", "ana", key, run["id"]) in lines
    assert ("POST /v1/runs/{run_id}/clone", "ana", key, run["id"]) in lines
    assert ("refused GET", "", "", "") in lines
    assert ("refused GET", "ana", key, "") in lines, "an owner who asked for the log"
    assert {entry["origin"] for entry in found} == {"127.0.0.1"}
    assert not [secret for secret in served.secrets.values() if secret in str(found)]
    seen, address = [], "/v1/audit?limit=2"
    while address and len(seen) < 6:
        page = root.get(address).json()
        seen += [entry["number"] for entry in page["entries"]]
        address = page["next"]
    assert seen == sorted(set(seen), reverse=True)


def test_without_keys_what_is_done_is_logged_too() -> None:
    """On a machine with many users nobody could say later who asked when."""
    with serving() as client:
        run = client.solve("fine", wait=60).json()
        client.post("/v1/validate", content=b"{}", headers={"Content-Type": "application/json"})
        assert [(entry["action"], entry["run"], entry["who"]) for entry in client.get("/v1/audit").json()["entries"]] == [("POST /v1/runs", run["id"], "")]


def test_one_key_may_ask_so_often() -> None:
    """One program could keep a server busy for everybody."""
    with keyed(requests_per_minute=5) as served:
        ana = served.client("ana")
        codes = [ana.get("/v1/examples").status_code for _ in range(7)]
        assert codes == [200] * 5 + [429] * 2
        answer = ana.get("/v1/examples")
        assert answer.json()["type"] == "/docs#too-many-requests"
        assert 1 <= int(answer.headers["Retry-After"]) <= 12
        assert served.client("ben").get("/v1/examples").status_code == 200, "others are not held up"
        assert ana.get("/healthz").status_code == 200


def test_guessing_is_slowed_down() -> None:
    """Wrong keys could be tried as fast as the network allows, and fill the audit log."""
    with keyed(refusals_per_minute=60) as fresh:
        nobody, wrong = fresh.client(None), {"Authorization": "Bearer offtake_guess"}
        codes = [nobody.get("/v1/runs", headers=wrong).status_code for _ in range(70)]
        assert codes[:60] == [401] * 60
        assert codes[-1] == 429
        assert fresh.client("ana").get("/v1/runs").status_code == 200, "who has a key from the same address gets in all the same"
        assert len(fresh.client("root").get("/v1/audit", params={"limit": 1000}).json()["entries"]) < 70


def test_a_stream_ends_with_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody whose key was disabled could go on listening to a run for hours."""
    monkeypatch.setattr(guard, "LASTING_SECONDS", 0.2)
    with keyed() as served:
        ana = served.client("ana")
        run = ana.solve("patient").json()
        with ana.stream("GET", run["links"]["events"]) as answer:
            lines = answer.iter_lines()
            assert next(lines)
            database = open_database(served.store)
            Keys(database).disable(served.keys["ana"].id)
            database.close()
            for _ in lines:  # until the server ends it; the run itself goes on
                pass
        root = served.client("root")
        assert root.get(f"/v1/runs/{run['id']}").json()["state"] == "running"
        root.post(f"/v1/runs/{run['id']}/cancel")


ROUNDABOUT = (
    "/static/../v1/runs", "/static/%2e%2e/v1/runs", "/shared/../v1/runs", "/shared/%2e%2e%2fv1%2fruns", "/sign-in/../v1/runs", "/sign-in/v1/runs",
    "/healthz/../v1/runs", "/healthz/", "//v1/runs", "/V1/RUNS", "/v1/runs/", "/v1/./runs", "/v1//runs", "/v1/runs;/healthz", "/v1/runs?/static/",
    "/v1/runs%00", "/v1/runs#/static/", "http://127.0.0.1/v1/runs", "/v1/runs/.", "/v1/audit/", "/V1/audit", "/static", "/%2fstatic/../v1/runs",
)  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "TRACE", "DELETE", "PROPFIND"])
def test_no_roundabout_way_leads_past_the_door(served: Keyed, method: str) -> None:
    """An address written in another way, or an odd method, would be taken for an open one and routed to a closed one."""
    known = served.client("ana").solve("behind the door", wait=60).json()["id"]
    for address in ROUNDABOUT:
        with socket.create_connection((served.address.host, served.address.port), timeout=60) as link:  # a client library would tidy the address up
            link.sendall(f"{method} {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())
            said = b""
            while chunk := link.recv(65_536):
                said += chunk
        assert int(said.split(b" ", 2)[1]) in (303, 400, 401, 404, 405), address
        assert known.encode() not in said
        assert b'"runs"' not in said


def test_a_socket_is_no_door(served: Keyed) -> None:
    """A WebSocket would be answered without a key."""
    with socket.create_connection((served.address.host, served.address.port), timeout=60) as link:
        wanted = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        link.sendall(f"GET /v1/runs HTTP/1.1\r\nHost: 127.0.0.1\r\n{wanted}\r\n".encode())
        assert link.recv(65_536).split(b" ", 2)[1] in (b"401", b"403", b"404")


def test_a_bucket_fills_again() -> None:
    """Who waited as long as was said would be refused again, or the buckets of callers long gone would fill the memory."""
    clock = [0.0]
    quota = Quota(60, lambda: clock[0])
    assert [quota.take("a") for _ in range(61)] == [0] * 60 + [1]
    clock[0] += 1.0
    assert [quota.take("a"), quota.take("a"), quota.take("b")] == [0, 1, 0]
    clock[0] += 1e6
    for i in range(MOST + 10):
        quota.take(f"address {i}")
    assert len(quota._buckets) <= MOST + 1


def test_a_public_server_answers_under_any_name(served: Keyed) -> None:
    """A server behind a proxy would refuse everyone."""
    ana: Client = served.client("ana", Host="offtake.example", **{"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"})
    run = ana.solve("through a proxy", wait=60)
    assert run.status_code == 200
    found = served.client("root").get("/v1/audit", params={"run": run.json()["id"]}).json()["entries"]
    assert [entry["origin"] for entry in found] == ["203.0.113.9"]


@pytest.mark.parametrize("header", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via"])
def test_a_proxy_does_not_open_a_server_without_keys(header: str) -> None:
    """Somebody puts a proxy before a laptop's server, and the world is let in as this machine."""
    with serving() as client:
        assert client.get("/v1/runs", headers={header: "127.0.0.1"}).status_code == 403
