"""Batches over HTTP: each scenario a run, all of them or none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from scenarios import library
from tests.api.service import Client, serving, tiny, until
from tests.api.test_http import JSON, problem


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving(queue=6, grace_seconds=0.5) as client:
        yield client


def send(client: Client, batch: object, headers: dict[str, str] | None = None, **options: Any) -> httpx.Response:
    """A batch that is sent."""
    return client.post("/v1/batches", content=json.dumps(batch), headers=JSON | (headers or {}), params=options)


def ended(client: Client, batch_id: str) -> dict[str, Any]:
    """The batch when all of its runs have ended."""
    return dict(until(lambda: (now := client.get(f"/v1/batches/{batch_id}").json())["finished"] and now))


def test_variations_of_one_scenario_are_runs_of_their_own(client: Client) -> None:
    """Whoever asks what another interest rate or price would change would have to write every scenario out."""
    changes = [
        {"name": "dear", "set": {"discount_rate": 0.12, "sites[ohio].name": "Ohio", "sites[1].name": "Texas"}},
        {"name": "risky", "set": {"risk.weight": 0.5, "solve.seed": 7}},
    ]
    base = json.loads(tiny("base")) | {"sites": [{"id": "ohio"}, {"id": "texas"}]}
    answer = send(client, {"scenario": base, "variations": changes}, tag="spring round")
    assert answer.status_code == 202, answer.text
    batch = answer.json()
    assert answer.headers["Location"] == batch["links"]["self"] == f"/v1/batches/{batch['id']}"
    assert [run["name"] for run in batch["runs"]] == ["base, dear", "base, risky"]
    done = ended(client, batch["id"])
    assert (done["counts"], done["tag"], "cancel" in done["links"]) == ({"optimal": 2}, "spring round", False)
    assert all(run["result"]["objective"] > 0 for run in done["runs"])
    dear, risky = (client.get(f"{run['links']['self']}/scenario").json() for run in done["runs"])
    assert dear == {**base, "name": "base, dear", "discount_rate": 0.12, "sites": [{"id": "ohio", "name": "Ohio"}, {"id": "texas", "name": "Texas"}]}
    assert risky["risk"] == {"weight": 0.5}
    run = client.get(done["runs"][1]["links"]["self"]).json()
    assert (run["batch"], run["tag"], run["settings"]["seed"]) == (batch["id"], "spring round", 7)


def test_scenarios_are_sent_together_or_named(client: Client) -> None:
    """A team with a folder of scenarios would have to send them one by one, and could not tell which belong together."""
    answer = send(client, {"scenarios": ["quickstart", json.loads(tiny("infeasible"))]}, gap=0.02)
    batch = ended(client, answer.json()["id"])
    assert [run["state"] for run in batch["runs"]] == ["optimal", "infeasible"]
    assert batch["runs"][0]["name"] == library.load("quickstart").name
    assert client.get(batch["runs"][0]["links"]["self"]).json()["settings"]["gap"] == 0.02


@pytest.mark.parametrize(
    ("batch", "path"),
    [
        ({"scenarios": [json.loads(tiny()), json.loads(tiny(sites="x"))]}, "scenarios[1].sites"),
        ({"scenarios": ["quickstart", "nowhere"]}, "scenarios[1]"),
        ({"scenario": "nowhere", "variations": [{"name": "a", "set": {"name": "b"}}]}, "scenario"),
        ({"scenario": json.loads(tiny()), "variations": [{"name": "a", "set": {"sites[nobody].name": "b"}}]}, "variations[0].set.sites[nobody].name"),
        ({"scenario": json.loads(tiny()), "variations": [{"name": "a", "set": {"a b": 1}}]}, "variations[0].set.a b"),
        ({"scenario": json.loads(tiny()), "variations": [{"name": "a", "set": {"risk.wait": 1}}]}, "variations[0].risk.wait"),
        ({"scenario": json.loads(tiny()), "scenarios": ["quickstart"]}, ""),
        ({"scenario": json.loads(tiny())}, ""),
        ({"scenarios": []}, "scenarios"),
        ({"scenarios": ["quickstart"] * 101}, "scenarios"),
        ([], ""),
    ],
)
def test_what_is_wrong_is_found_and_nothing_is_begun(client: Client, batch: object, path: str) -> None:
    """One scenario with a mistake would be left out in silence, or the others would already run."""
    before = client.get("/v1/runs").json()
    said = problem(send(client, batch), 422, "invalid-batch")
    assert path in [finding["path"] for finding in said["findings"]]
    assert client.get("/v1/runs").json() == before


def test_a_batch_is_accepted_whole_or_not_at_all(client: Client) -> None:
    """Half of a batch would be solved when there is no room for all of it, and sending it again would solve that half twice."""
    first = client.solve("patient").json()["id"]
    client.run_until(first, lambda run: run["state"] == "running")
    problem(send(client, {"scenarios": [json.loads(tiny(f"s{i}")) for i in range(7)]}), 503, "full")
    assert client.get("/v1/runs?limit=1").json()["runs"][0]["id"] == first
    client.post(f"/v1/runs/{first}/cancel")


def test_a_batch_is_cancelled(client: Client) -> None:
    """A batch that was sent by mistake would hold up everybody until it is done."""
    batch = send(client, {"scenarios": [json.loads(tiny(name)) for name in ("fine", "patient", "patient", "fine")]}).json()
    client.run_until(batch["runs"][1]["id"], lambda run: run["state"] == "running")
    answer = client.post(batch["links"]["cancel"]).json()
    assert answer["finished"]
    assert answer["counts"] == {"optimal": 1, "cancelled": 3}
    problem(client.get("/v1/batches/nowhere"), 404, "no-batch")
    problem(client.post("/v1/batches/nowhere/cancel"), 404, "no-batch")


def test_the_same_key_finds_the_same_batch(client: Client) -> None:
    """A batch that is sent again after a broken connection would be solved twice."""
    key = {"Idempotency-Key": "batch-1"}
    batch = {"scenarios": [json.loads(tiny("fine")), json.loads(tiny("fine"))]}
    first, again = (send(client, batch, key).json() for _ in range(2))
    assert [run["id"] for run in first["runs"]] == [run["id"] for run in again["runs"]]
    assert first["id"] == again["id"]
    problem(send(client, {"scenarios": ["quickstart"]}, key), 422, "key-reused")
    problem(send(client, batch, key, seed=5), 422, "key-reused")
    problem(client.solve("fine", headers=key), 422, "key-reused")
    ended(client, first["id"])


def test_runs_are_listed_by_tag(client: Client) -> None:
    """A team would look for its runs among those of everybody."""
    made = [client.solve("fine", wait=60, params={"tag": tag}).json()["id"] for tag in ("a & b", "other", "a & b", "a & b")]
    seen, address = [], "/v1/runs?limit=2&tag=a+%26+b&state=optimal"
    while address:
        page = client.get(address).json()
        assert {run["tag"] for run in page["runs"]} == {"a & b"}
        seen += [run["id"] for run in page["runs"]]
        address = page["next"]
    assert seen == [made[3], made[2], made[0]]
    assert client.post(f"/v1/runs/{made[0]}/clone").json()["tag"] == "a & b"
    for bad in ("", "x" * 81, "line\nbreak"):
        problem(client.get("/v1/runs", params={"tag": bad}), 422, "invalid-request")
        problem(client.solve("fine", params={"tag": bad}), 422, "invalid-request")
