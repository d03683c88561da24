"""Share links: one run, for reading, for a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest

from api.access import now
from api.callers import SHARED
from api.database.keys import Keys
from api.database.opening import open_database
from api.database.shares import Shares
from tests.api.keyed import Keyed, keyed, made, token
from tests.api.service import Client
from tests.api.test_owners import ABOUT_A_RUN


@pytest.fixture(scope="module")
def served() -> Iterator[Keyed]:
    with keyed() as served:
        yield served


@pytest.fixture(scope="module")
def run(served: Keyed) -> str:
    """A finished run of Ana's."""
    return str(served.client("ana").solve("shared", wait=60).json()["id"])


def link(served: Keyed, run: str, **params: object) -> str:
    """The path of a new link."""
    made = served.client("ana").post(f"/v1/runs/{run}/shares", params=params)
    assert made.status_code == 201, made.text
    return urlsplit(made.json()["address"]).path


def guest(served: Keyed, path: str) -> Client:
    """Somebody without a key who opened a link."""
    client = served.browser()
    moved = client.get(path)
    assert moved.status_code == 303, moved.text
    return client


def test_a_link_opens_one_run_for_reading(served: Keyed, run: str) -> None:
    """A colleague without a key could not read the plan, or could read more than the plan."""
    opened = guest(served, link(served, run))
    page = opened.get(f"/runs/{run}")
    assert page.status_code == 200
    assert "to be read only" in page.text
    assert "Solve once more" not in page.text
    for part in ("", "/solution", "/solution.csv", "/scenario", "/events"):
        assert opened.get(f"/v1/runs/{run}{part}").status_code == 200, part
    for address in ("/", "/runs", "/new", f"/new?run={run}", f"/negotiate?run={run}", "/docs", f"/compare?runs={run},{run}", f"/runs/{run}/share"):
        assert opened.get(address).headers["Location"].startswith("/sign-in"), address
    for address in ("/v1/runs", "/v1/audit", f"/v1/runs/{run}/shares", "/v1/examples", f"/v1/compare?runs={run},{run}"):
        assert opened.get(address).status_code == 401, address


def test_a_link_is_no_way_to_another_run(served: Keyed, run: str) -> None:
    """Whoever has a link to one run could read all the others of its owner by changing the address."""
    other = served.client("ana").solve("not shared", wait=60).json()["id"]
    path = link(served, run)
    opened = guest(served, path)
    assert opened.get(f"/runs/{other}").headers["Location"].startswith("/sign-in")
    assert opened.get(f"/v1/runs/{other}").status_code == 401
    secret = path.rpartition("/")[2]
    for method, address in ABOUT_A_RUN:  # whatever cookies a program may send where
        sent = served.client(None).request(method, address.format(run_id=other, share_id="0"), headers={"Cookie": f"offtake_share={secret}"})
        assert sent.status_code == 401, (method, address)


def test_a_new_route_is_not_shared_by_itself(served: Keyed, run: str) -> None:
    """Whoever has a link would also get what is added some day, who else reads the run for instance, or a log."""
    opened = guest(served, link(served, run))
    looking = [address for method, address in ABOUT_A_RUN if method == "GET"]
    let_in = {address for address in looking if opened.get(address.format(run_id=run, share_id="0")).status_code not in (303, 401)}
    assert let_in == {"/runs/{run_id}"} | {f"/v1/runs/{{run_id}}{part}" for part in SHARED}


def test_an_owner_who_opens_the_link_keeps_the_log(served: Keyed, run: str) -> None:
    """Whoever tries out a link of one's own would no longer see the run's log while the link lasts, and guests must not see it."""
    cookie = {"Cookie": f"offtake_share={link(served, run).rpartition('/')[2]}"}
    pages = [served.client(who).request("GET", f"/runs/{run}", headers=cookie).text for who in ("ana", "ben", None)]
    assert ["attempt 1 begins" in page for page in pages] == [True, False, False]


@pytest.mark.parametrize(("method", "address"), [pair for pair in ABOUT_A_RUN if pair[0] != "GET"])
def test_a_link_changes_nothing(served: Keyed, run: str, method: str, address: str) -> None:
    """Whoever has a link could stop, copy or share the run."""
    secret = link(served, run).rpartition("/")[2]
    for who, wanted in ((None, 401), ("ben", 404)):
        sent = served.client(who).request(method, address.format(run_id=run, share_id="0"), headers={"Cookie": f"offtake_share={secret}"})
        assert sent.status_code == wanted, who


def test_somebody_signed_in_can_open_a_link_too(served: Keyed, run: str) -> None:
    """A colleague with an own key would see less than somebody without."""
    ben = served.browser("ben")
    assert ben.get(f"/runs/{run}").status_code == 404
    ben.get(link(served, run))
    page = ben.get(f"/runs/{run}")
    assert page.status_code == 200
    assert ben.post(f"/runs/{run}/again", data={"csrf": token(page.text)}).status_code == 404


def test_a_guessed_link_opens_nothing(served: Keyed, run: str) -> None:
    """Links could be found by trying, or the id of a link or what the store keeps of it would do instead of its secret."""
    good = link(served, run)
    listed = served.client("ana").get(f"/v1/runs/{run}/shares")
    assert good.rpartition("/")[2] not in listed.text
    for guess in (
        good[:-1],
        good[:-1] + ("a" if good[-1] != "a" else "b"),
        f"/shared/{good.rpartition('/')[2].upper()}",
        "/shared/share_",
        f"/shared/{listed.json()['shares'][0]['id']}",
    ):
        answer = served.browser().get(guess)
        assert (answer.status_code, answer.headers.get("Set-Cookie")) == (404, None), guess
        assert run not in answer.text


def test_a_link_ends(served: Keyed, run: str) -> None:
    """A revoked link, or one that is over, would go on opening the run, also where it was opened before."""
    opened = guest(served, link(served, run))
    ana = served.client("ana")
    newest = ana.get(f"/v1/runs/{run}/shares").json()["shares"][-1]["id"]
    assert served.client("ben").delete(f"/v1/runs/{run}/shares/{newest}").status_code == 404
    assert opened.get(f"/v1/runs/{run}").status_code == 200
    assert ana.delete(f"/v1/runs/{run}/shares/{newest}").status_code == 204
    assert opened.get(f"/v1/runs/{run}").status_code == 401
    assert ana.delete(f"/v1/runs/{run}/shares/{newest}").status_code == 404
    database = open_database(served.store)
    _, late = Shares(database).add(run, "ana", now() - timedelta(seconds=1))
    database.close()
    assert served.browser().get(f"/shared/{late}").status_code == 404
    assert served.client(None).get(f"/v1/runs/{run}", headers={"Cookie": f"offtake_share={late}"}).status_code == 401


def test_a_link_ends_with_the_key_that_made_it(served: Keyed, run: str) -> None:
    """Whoever leaves a team could go on reading under a link of his own, or a link would outlast a key that was given for a week."""
    shared = {}
    for ending in ("disabled", "deleted", "later"):
        key, secret = made(served.store, "ana", days=2.0)
        answer = served.client(None, Authorization=f"Bearer {secret}").post(f"/v1/runs/{run}/shares", params={"days": 7})
        assert datetime.fromisoformat(answer.json()["expires"]) == key.expires
        shared[ending] = (key.id, urlsplit(answer.json()["address"]).path)
    database = open_database(served.store)
    keys = Keys(database)
    for ending in ("disabled", "deleted"):
        keys.disable(shared[ending][0])
    keys.delete(shared["deleted"][0])
    listed = {link.id for link in Shares(database).of(run)}
    database.close()
    assert {ending: served.browser().get(path).status_code for ending, (_, path) in shared.items()} == {"disabled": 404, "deleted": 404, "later": 303}
    assert {link["id"] for link in served.client("ana").get(f"/v1/runs/{run}/shares").json()["shares"]} == listed


def test_the_page_makes_and_ends_links(served: Keyed, run: str) -> None:
    """A sourcing team could not hand a plan to somebody without the HTTP interface."""
    ana = served.browser("ana")
    page = ana.get(f"/runs/{run}/share").text
    proof = token(page)
    for wrong in ("0", "91", "", "-1", "1e1", "9" * 50, "١"):
        assert ana.post(f"/runs/{run}/share", data={"csrf": proof, "days": wrong}).status_code == 422
    made = ana.post(f"/runs/{run}/share", data={"csrf": proof, "days": "3"}).text
    address = made.partition('readonly value="')[2].partition('"')[0]
    assert address.startswith(f"{served.address}/shared/".replace("//shared", "/shared"))
    assert address not in ana.get(f"/runs/{run}/share").text, "it is shown once"
    guest(served, urlsplit(address).path)
    newest = served.client("ana").get(f"/v1/runs/{run}/shares").json()["shares"][-1]
    assert timedelta(days=2.9) < datetime.fromisoformat(newest["expires"]) - now() < timedelta(days=3.1)
    assert ana.post(f"/runs/{run}/share/{newest['id']}/revoke", data={"csrf": proof}).status_code == 303
    assert served.browser().get(urlsplit(address).path).status_code == 404


def test_opening_a_link_is_logged_without_its_secret(served: Keyed, run: str) -> None:
    """Nobody could say who read a shared plan, or the log itself would open it."""
    path = link(served, run)
    guest(served, path)
    found = served.client("root").get("/v1/audit", params={"run": run, "limit": 2}).json()["entries"]
    assert [entry["action"] for entry in found] == ["GET /shared/{secret}", "POST /v1/runs/{run_id}/shares"]
    assert found[0]["key"].startswith("share ")
    assert path.rpartition("/")[2] not in str(found)


@pytest.mark.parametrize("days", ["0", "91", "-1", "x", "1.5"])
def test_a_link_has_an_end_from_the_start(served: Keyed, run: str, days: str) -> None:
    """A link could be made that never ends."""
    assert served.client("ana").post(f"/v1/runs/{run}/shares", params={"days": days}).status_code == 422
