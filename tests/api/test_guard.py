"""What stands before every request: keys, quotas, the audit log, and ways around them."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from api import guard
from api.database.keys import Keys
from api.database.opening import open_database
from api.settings import Settings, UnusableSettings
from tests.api.keyed import Keyed, keyed, made
from tests.api.service import Client, serving


@pytest.fixture(scope="module")
def served() -> Iterator[Keyed]:
    with keyed() as served:
        yield served


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


def test_secrets_are_good_for_their_own_purpose_only(served: Keyed) -> None:
    """A share link would do as a key, a key as a cookie, or the second of two keys would be checked and the first one used."""
    ana, nobody = served.client("ana"), served.client(None)
    run = ana.solve("for one purpose", wait=60).json()["id"]
    share = ana.post(f"/v1/runs/{run}/shares").json()["address"].rpartition("/")[2]
    session, key = served.browser("ana").cookies["offtake_session"], served.secrets["ana"]
    for secret in (share, session):
        assert nobody.get(f"/v1/runs/{run}", headers={"Authorization": f"Bearer {secret}"}).status_code == 401
    for cookie in (
        f"offtake_session={share}",
        f"offtake_session={key}",
        f"offtake_share={session}",
        f"offtake_share={key}",
        f"__Host-offtake_session={session}",
    ):
        assert nobody.get(f"/v1/runs/{run}", headers={"Cookie": cookie}).status_code == 401, cookie
    for keys in ((key, "offtake_wrong"), ("offtake_wrong", key), (key, served.secrets["ben"])):
        sent = [("Authorization", f"Bearer {each}") for each in keys]
        assert nobody.get("/v1/runs", headers=sent).status_code == 401


def test_the_audit_log_is_for_admins(served: Keyed) -> None:
    """Anybody with a key would read what everybody did."""
    ana, root = served.client("ana"), served.client("root")
    run = ana.solve("audited", wait=60).json()
    assert ana.get("/v1/audit").status_code == 403
    for who in ("ana", "reader"):
        for address in ("/v1/audit", "/v1/audit?limit=1", "/v1/audit%0a", "/v1/audit%0d", "/v1/audit%00", "/v1//audit", "/v1/audit/"):
            answer = served.client(who).get(address)
            assert (answer.status_code in (403, 404), "entries" in answer.text) == (True, False), address
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
    "/v1/runs%00", "/v1/runs%0a", "/sign-in%0a", "/healthz%0d%0a", "/static%0a/../v1/runs", "/v1/runs#/static/", "http://127.0.0.1/v1/runs",
    "/v1/runs/.", "/v1/audit/", "/V1/audit", "/static", "/%2fstatic/../v1/runs",
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
