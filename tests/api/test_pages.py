"""The pages as the server renders them: start, history, what a run's page links to. What scripts do with them is tested in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from api.routes.pages import TABLES
from scenarios import library
from tests.api.service import Client, serving, tiny


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving(grace_seconds=0.5) as client:
        yield client


def test_the_start_page_leads_to_every_bundled_scenario(client: Client) -> None:
    """If this fails, a bundled scenario can't be found, or an old link to the form is dead."""
    text = client.get("/").text
    for name in library.names():
        assert f'href="/new?example={name}"' in text
    moved = client.get("/", params={"run": "a&b"})
    assert (moved.status_code, moved.headers["Location"]) == (307, "/new?run=a%26b")
    assert client.get("/new", params={"example": "empty"}).status_code == 200
    assert client.get("/new", params={"example": "nothing like it", "run": "nowhere"}).status_code == 200


def test_runs_are_found_by_name_and_state(client: Client) -> None:
    """If this fails, a team with many runs must read the whole list."""
    for name in ("fine", "Fine <b>print</b>", "infeasible"):
        client.solve(name, wait=60)
    everything = client.get("/runs").text
    assert everything.count('name="runs"') >= 3
    assert "<b>print" not in everything
    found = client.get("/runs", params={"name": "FINE <B>"}).text
    assert "1 found" in found
    assert "print&lt;/b&gt;" in found
    assert client.get("/runs", params={"state": "infeasible"}).text.count('name="runs"') == 1
    assert "No run fits" in client.get("/runs", params={"name": "fine", "state": "infeasible"}).text
    assert "newest first" in client.get("/runs", params={"state": "<script>"}).text


def test_a_plan_leads_to_its_tables_and_to_the_desk(client: Client) -> None:
    """If this fails, a link on the page of a plan is dead."""
    run = client.solve("fine", wait=60).json()
    text = client.get(run["links"]["page"]).text
    tables = re.findall(r'href="(/v1/runs/\w+/solution\.csv\?table=\w+)"', text)
    assert len(tables) == len(TABLES)
    for address in tables:
        assert client.get(address).headers["Content-Type"].startswith("text/csv"), address
    assert f"/negotiate?run={run['id']}&amp;offer=" in text


def test_a_run_is_solved_once_more(client: Client) -> None:
    """If this fails, the button on a run's page does nothing, or anyone's page may press it."""
    run = client.solve("fine", wait=60, params={"seed": 7}).json()
    again = client.post(f"/runs/{run['id']}/again")
    assert again.status_code == 303
    newer = again.headers["Location"].rpartition("/")[2]
    assert newer != run["id"]
    assert client.get(f"/v1/runs/{newer}").json()["settings"]["seed"] == 7
    assert client.post(f"/runs/{run['id']}/again", headers={"Origin": "http://elsewhere.example"}).status_code == 403


def test_only_a_different_scenario_of_the_same_name_is_a_newer_version(client: Client) -> None:
    """If this fails, a result is called stale that isn't, or one that is goes unmarked."""
    mark = "belongs to an earlier version"
    first = client.solve("versions", wait=60).json()["links"]["page"]
    client.solve("versions", wait=60)
    client.solve("another name", wait=60)
    assert mark not in client.get(first).text
    body = tiny("versions", discount_rate=0.5)
    newer = client.post("/v1/runs", content=body, headers={"Content-Type": "application/json", "Prefer": "wait=60"}).json()
    text = client.get(first).text
    assert mark in text
    assert newer["id"] in text
    client.solve("versions", wait=60)
    assert mark not in client.get(first).text, "the newest version says the same again"
    after = client.get(newer["links"]["page"]).text
    assert mark in after
    assert re.search(rf"/compare\?runs=\w+,{newer['id']}", after)
