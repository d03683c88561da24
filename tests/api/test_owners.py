"""Whose runs are whose: over every route that knows one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from api.app import PARTS
from tests.api.keyed import Keyed, keyed
from tests.api.service import tiny

ABOUT_A_RUN = sorted(
    {(method, route.path) for part in PARTS for route in part.router.routes if "{run_id}" in route.path for method in route.methods},
)
"""Every route that takes the id of a run, pages included; a new one is here by itself."""
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def served() -> Iterator[Keyed]:
    with keyed() as served:
        yield served


@pytest.fixture(scope="module")
def runs(served: Keyed) -> dict[str, Any]:
    """A finished run of Ana's and one of Ben's."""
    return {who: served.client(who).solve(f"secret of {who}", wait=60).json() for who in ("ana", "ben")}


def test_the_routes_are_all_there() -> None:
    """The tests below would hold for no route at all."""
    assert {("GET", "/v1/runs/{run_id}"), ("POST", "/v1/runs/{run_id}/cancel"), ("GET", "/runs/{run_id}"), ("POST", "/runs/{run_id}/again")} <= set(ABOUT_A_RUN)
    assert len(ABOUT_A_RUN) > 15


@pytest.mark.parametrize(("method", "path"), ABOUT_A_RUN)
def test_another_owner_s_run_is_not_there(served: Keyed, runs: dict[str, Any], method: str, path: str) -> None:
    """Somebody could read, stop, copy or share a run of somebody else's, or learn that it exists."""

    def asked(who: str, run_id: str) -> tuple[int, str]:
        answer = served.client(who).request(method, path.format(run_id=run_id, share_id="0"))
        return answer.status_code, answer.text.replace(run_id, "")

    other = asked("ben", runs["ana"]["id"])
    assert other[0] == 404
    assert other == asked("ben", "0123456789abcdef"), "it must look like a run that never was"
    assert "secret of ana" not in other[1]


@pytest.mark.parametrize(("method", "path"), ABOUT_A_RUN)
def test_an_admin_and_the_owner_reach_it(served: Keyed, runs: dict[str, Any], method: str, path: str) -> None:
    """The test above would pass because a route finds no run at all."""
    for who in ("root", "ana"):
        answer = served.client(who).request(method, path.format(run_id=runs["ana"]["id"], share_id="0"))
        assert answer.status_code != 404 or answer.json()["type"] != "/docs#no-run", who


@pytest.mark.parametrize(("method", "path"), ABOUT_A_RUN)
def test_a_reader_changes_nothing(served: Keyed, runs: dict[str, Any], method: str, path: str) -> None:
    """A key that is for looking could stop, start or share runs."""
    answer = served.client("reader").request(method, path.format(run_id=runs["ana"]["id"], share_id="0"))
    if method == "GET":
        assert answer.status_code != 403
    else:
        assert answer.status_code == 403
        assert answer.json()["type"] == "/docs#not-allowed"
        assert 'scope="solve"' in answer.headers["WWW-Authenticate"]


def test_lists_show_own_runs_only(served: Keyed, runs: dict[str, Any]) -> None:
    """A list, a search or the start page would show runs of others."""
    for who, other in (("ana", "ben"), ("ben", "ana"), ("reader", "ben")):
        client = served.client(who)
        assert {run["id"] for run in client.get("/v1/runs", params={"limit": 100}).json()["runs"]}.isdisjoint({runs[other]["id"]})
        for page in ("/", "/runs", "/runs?name=secret"):
            text = client.get(page).text
            assert runs[other]["id"] not in text
            assert runs["ana" if who == "reader" else who]["id"] in text
    everything = {run["id"] for run in served.client("root").get("/v1/runs", params={"limit": 100}).json()["runs"]}
    assert {run["id"] for run in runs.values()} <= everything


def test_runs_of_others_come_in_by_no_side_door(served: Keyed, runs: dict[str, Any]) -> None:
    """Comparing, editing or negotiating would read a scenario or plan of somebody else's."""
    ben, mine, theirs = served.client("ben"), runs["ben"]["id"], runs["ana"]["id"]
    assert ben.get("/v1/compare", params={"runs": f"{mine},{theirs}"}).status_code == 404
    for address in (f"/compare?runs={mine},{theirs}", f"/new?run={theirs}", f"/negotiate?run={theirs}"):
        assert "secret of ana" not in ben.get(address).text, address
    assert "secret of ana" in served.client("ana").get(f"/new?run={theirs}").text


def test_another_owner_s_batch_is_not_there(served: Keyed) -> None:
    """Somebody could see or cancel the batch of somebody else, or push more runs into the queue by a batch than one by one."""
    ana, ben = served.client("ana"), served.client("ben")
    body = {"scenarios": [json.loads(tiny("in a batch")), json.loads(tiny("in a batch too"))]}
    made = ana.post("/v1/batches", json=body)
    assert made.status_code == 202, made.text
    batch = made.json()["id"]
    for method, address in (("GET", f"/v1/batches/{batch}"), ("POST", f"/v1/batches/{batch}/cancel")):
        other, never = ben.request(method, address), ben.request(method, address.replace(batch, "0123456789abcdef"))
        assert (other.status_code, other.text) == (404, never.text)
    assert len(ana.get(f"/v1/batches/{batch}").json()["runs"]) == 2
    assert served.client("root").get(f"/v1/batches/{batch}").status_code == 200


def test_an_older_version_of_somebody_else_s_is_not_named(served: Keyed) -> None:
    """The page of a run would link to a run of another owner that has the same name."""
    ana, ben = served.client("ana"), served.client("ben")
    first = ana.solve("same name", wait=60).json()
    newer = ben.post("/v1/runs", content=tiny("same name", discount_rate=0.5), headers=JSON | {"Prefer": "wait=60"}).json()
    assert newer["id"] not in ana.get(first["links"]["page"]).text
    assert first["id"] not in ben.get(newer["links"]["page"]).text


def test_a_replayed_idempotency_key_finds_the_own_run_only(served: Keyed) -> None:
    """A replay would start a second solve, be answered with another body's run, or with a run of somebody else who chose the same key."""
    ana, ben, key = served.client("ana"), served.client("ben"), {"Idempotency-Key": "order-17"}
    first = ana.solve("replayed", headers=key).json()["id"]
    assert ana.solve("replayed", headers=key).json()["id"] == first
    other = ana.solve("another body", headers=key)
    assert (other.status_code, other.json()["type"]) == (422, "/docs#key-reused")
    bens = ben.solve("replayed", headers=key)
    assert bens.status_code == 202
    assert bens.json()["id"] != first
    assert ben.solve("replayed", headers=key).json()["id"] == bens.json()["id"]


def test_one_owner_can_have_so_many_unfinished_runs() -> None:
    """One owner could fill the queue, and nobody else would get a place."""
    with keyed(runs_per_owner=2) as served:
        ana, ben = served.client("ana"), served.client("ben")
        mine = [ana.solve("patient").json() for _ in range(2)]
        full = ana.solve("patient")
        assert (full.status_code, full.json()["type"]) == (429, "/docs#too-many-runs")
        assert int(full.headers["Retry-After"]) > 0
        theirs = ben.solve("patient")
        assert theirs.status_code == 202
        ana.post(mine[0]["links"]["cancel"])
        again = ana.solve("patient")
        assert again.status_code == 202
        for client, run in ((ana, mine[1]), (ana, again.json()), (ben, theirs.json())):
            client.post(f"/v1/runs/{run['id']}/cancel")
