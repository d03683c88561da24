"""Signing in on the pages, and what keeps other sites' pages from acting as whoever signed in."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from api.app import PARTS
from api.database.keys import Keys
from api.database.opening import open_database
from api.routes.sign_in import inside
from tests.api.keyed import Keyed, keyed, token
from tests.api.service import tiny

CHANGING = sorted(
    {(method, route.path) for part in PARTS for route in part.router.routes for method in route.methods - {"GET", "HEAD"}} - {("POST", "/sign-in")}
)
"""Every route that changes something, pages and interface alike; a new one is here by itself."""
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def served() -> Iterator[Keyed]:
    with keyed() as served:
        yield served


def test_pages_lead_to_the_sign_in_and_back(served: Keyed) -> None:
    """Somebody who follows a link to a run would get a JSON document, or end up somewhere else after signing in."""
    browser = served.browser()
    moved = browser.get("/runs?name=a&state=optimal")
    assert (moved.status_code, moved.headers["Location"]) == (303, "/sign-in?next=/runs%3Fname%3Da%26state%3Doptimal")
    page = browser.get(moved.headers["Location"]).text
    there = re.search(r'name="next" value="([^"]+)"', page)[1].replace("&amp;", "&")
    answer = browser.post("/sign-in", data={"key": f" {served.secrets['ana']}\n", "next": there})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/runs?name=a&state=optimal")
    assert "Sign out" in browser.get(there).text


def test_the_cookie_is_out_of_reach(served: Keyed) -> None:
    """A script, another site or a listener on the network could take the session."""
    answer = served.client(None).post("/sign-in", data={"key": served.secrets["ana"]})
    cookie = answer.headers["Set-Cookie"].lower()
    assert all(word in cookie for word in ("offtake_session=", "httponly", "samesite=lax", "path=/", "max-age=43200"))
    assert served.secrets["ana"].lower() not in cookie, "the key itself stays out of the browser"
    secure = served.client(None, **{"X-Forwarded-Proto": "https"}).post("/sign-in", data={"key": served.secrets["ana"]}).headers["Set-Cookie"]
    assert secure.startswith("__Host-offtake_session=")
    assert "secure" in secure.lower()
    assert "domain" not in secure.lower()


def test_signing_out_ends_the_session_everywhere(served: Keyed) -> None:
    """A copy of the cookie would work after its owner signed out, or a session would survive the next one."""
    browser = served.browser("ana")
    copy = dict(browser.cookies)
    again = served.browser()
    again.cookies.update(copy)
    assert again.get("/runs").status_code == 200
    answer = browser.post("/sign-out", data={"csrf": token(browser.get("/runs").text)})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?left=yes")
    assert "/static/signed_out.js" in browser.get("/sign-in?left=yes").text, "drafts would stay behind in a browser over plain HTTP"
    assert "/static/signed_out.js" not in browser.get("/sign-in?next=/new").text, "drafts would be gone with a session that has run out"
    assert answer.headers["Clear-Site-Data"] == '"storage"', "drafts of scenarios would stay behind in the browser"
    assert again.get("/runs").headers["Location"].startswith("/sign-in")
    first = served.browser("ana")
    old = dict(first.cookies)
    first.post("/sign-in", data={"key": served.secrets["ana"]})
    again.cookies.update(old)
    assert again.get("/runs").status_code == 303, "a session of before the sign-in would be fixed on somebody"


@pytest.mark.parametrize("name", ["unknown", "expired", "nothing"])
def test_a_wrong_key_is_told_on_the_page(served: Keyed, name: str) -> None:
    """Somebody with an old key would see a problem document, or get in."""
    database = open_database(served.store)
    keys = Keys(database)
    key, secret = keys.add("old", "ana", "solve", served.keys["ana"].expires)
    if name == "expired":
        keys.disable(key.id)
    database.close()
    answer = served.browser().post("/sign-in", data={"key": {"unknown": "offtake_x", "expired": secret, "nothing": ""}[name]})
    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    assert "Set-Cookie" not in answer.headers
    assert secret not in answer.text


def test_the_form_is_read_within_limits(served: Keyed) -> None:
    """Nobody in particular could have the server read and take apart megabytes."""
    nobody = served.browser()
    assert nobody.post("/sign-in", content=b"key=" + b"x" * 100_000, headers=FORM).status_code == 413
    assert nobody.post("/sign-in", content=b"&".join(b"k%d=1" % i for i in range(100)), headers=FORM).status_code == 415
    assert nobody.post("/sign-in", content=b"{}", headers={"Content-Type": "application/json"}).status_code == 415


@pytest.mark.parametrize(
    "address",
    ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "\\\\evil", "javascript:alert(1)", "", "/sign-out", "/a\\b", "/a b"],
)
def test_signing_in_leads_nowhere_else(served: Keyed, address: str) -> None:
    """A link to our sign-in would hand people over to another site right after they gave their key."""
    assert inside(address) == "/"
    assert served.browser().post("/sign-in", data={"key": served.secrets["ana"], "next": address}).headers["Location"] == "/"


# --- other sites' pages ----------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(served: Keyed) -> str:
    """A finished run of Ana's."""
    return str(served.client("ana").solve("forged", wait=60).json()["id"])


@pytest.mark.parametrize(("method", "path"), CHANGING)
def test_a_cookie_alone_changes_nothing(served: Keyed, run: str, method: str, path: str) -> None:
    """A page of another site could have the browser of someone who is signed in start, stop, share or revoke."""
    browser = served.browser("ana")
    address = path.format(run_id=run, share_id="0", batch_id="0")
    good = token(browser.get("/runs").text)
    for proof in ({}, {"X-CSRF-Token": "0" * 64}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": token(served.browser("ben").get("/runs").text)}):
        answer = browser.request(method, address, headers=proof)
        assert (answer.status_code, answer.json()["type"]) == (403, "/docs#not-from-here"), proof
    for fields in (b"", b"csrf=", b"do=check&csrf=" + good.encode(), b"csrf=" + good.encode()[:-1]):
        assert browser.request(method, address, content=fields, headers=FORM).status_code == 403, fields
    for foreign in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        answer = browser.request(method, address, headers={"X-CSRF-Token": good, **foreign})
        assert (answer.status_code, answer.json()["type"]) == (403, "/docs#not-local"), foreign
    assert browser.request(method, address, headers={"X-CSRF-Token": good}).status_code != 403


def test_forms_work_without_scripts(served: Keyed) -> None:
    """Who runs no scripts could not solve, or not once they are signed in."""
    browser = served.browser("ana")
    page = browser.get("/new?example=quickstart").text
    assert re.search(r'<form id="form"[^>]*><input type="hidden" name="csrf"', page), "the token must be the first field"
    proof = token(page)
    checked = browser.post("/new", data={"csrf": proof, "text": tiny("without scripts").decode(), "do": "check"})
    assert "can be solved" in checked.text
    assert token(checked.text) == proof
    started = browser.post("/new", data={"csrf": proof, "text": tiny("without scripts").decode(), "do": "solve"})
    assert started.status_code == 303
    served.client("ana").run_until(started.headers["Location"].rpartition("/")[2], lambda run: run["finished"])
    again = re.search(r'action="(/runs/\w+/again)"[^>]*><input type="hidden" name="csrf" value="(\w+)">', browser.get(started.headers["Location"]).text)
    assert browser.post(again[1], data={"csrf": again[2]}).status_code == 303


def test_scripts_send_the_proof(served: Keyed) -> None:
    """A script of ours would be refused by our own service, or the interface could be used with a cookie and no proof."""
    browser = served.browser("ana")
    proof = {"X-CSRF-Token": token(browser.get("/").text), "Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}
    assert browser.post("/v1/validate", content=tiny(), headers=proof).json()["valid"]
    assert browser.post("/v1/runs", content=tiny("by script"), headers=proof).status_code == 202


def test_behind_a_proxy_that_renames_the_host_the_browser_s_word_counts(served: Keyed) -> None:
    """Every form would be refused behind a proxy that does not pass the host's name on."""
    browser = served.browser("ana")
    sent = {
        "X-CSRF-Token": token(browser.get("/").text),
        "Origin": "https://offtake.example",
        "Sec-Fetch-Site": "same-origin",
        "Content-Type": "application/json",
    }
    assert browser.post("/v1/validate", content=tiny(), headers=sent).status_code == 200


def test_nobody_is_signed_in_by_another_site(served: Keyed) -> None:
    """Another site could sign somebody in under its own key, and read what they then enter."""
    for foreign in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = served.browser().post("/sign-in", data={"key": served.secrets["ben"]}, headers=foreign)
        assert answer.status_code == 403
        assert "Set-Cookie" not in answer.headers


def test_what_a_key_may_not_do_is_not_offered(served: Keyed) -> None:
    """A reader would be shown buttons that answer with a refusal."""
    run = served.client("ana").solve("fine", wait=60).json()["links"]["page"]
    reader, solver = served.browser("reader").get(run).text, served.browser("ana").get(run).text
    for text in ("Solve once more", "Change the scenario", "/share"):
        assert text in solver
        assert text not in reader
