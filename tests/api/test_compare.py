"""Comparing runs: what differs between scenarios is found where it is, whatever the order of rows, and plans are put beside each other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from api.compare_inputs import changes
from scenarios import library
from tests.api.service import Client, serving, tiny

Found = list[tuple[str, str, list[Any]]]


def between(*documents: dict[str, Any]) -> Found:
    """Changes as plain tuples."""
    return [(change.path, change.words, change.values) for change in changes(documents)]


def quickstart(**fields: Any) -> dict[str, Any]:
    return {**json.loads(library.read("quickstart")), **fields}


def test_nothing_differs_between_equals() -> None:
    """If this fails, a comparison is full of changes that nobody made."""
    assert between(quickstart(), quickstart()) == []
    assert between({"a": 1}, {"a": 1.0}) == []


def test_rows_are_matched_by_what_they_are_about() -> None:
    """If this fails, a row that moved or was put in front makes every row below it look changed."""
    one, other = quickstart(), quickstart()
    other["offers"].reverse()
    other["offers"][0]["alternatives"][0]["price"] = 20_000
    other["demand"].reverse()
    other["demand"][0]["volume"] = [2500, 4000, 6000]
    other["sites"].insert(0, {"id": "utah"})
    found = {path: (words, values) for path, words, values in between(one, other)}
    assert found == {
        "offers[1].alternatives[0].price": ("offer ‘importer-frame’, alternative ‘base’, price", [25500, 20000]),
        "demand[1].volume": ("demand of ‘texas’, ‘cable’, volume", [[2500, 4000, 5200], [2500, 4000, 6000]]),
        "sites[0]": ("site ‘utah’", [None, {"id": "utah"}]),
    }


def test_long_parts_are_told_by_their_size() -> None:
    """If this fails, one changed table of thousands of rows would fill the page."""
    (change,) = changes([{"a": [1.0] * 100}, {"a": [2.0] * 100}])
    assert change.values == ["100 values, from 1.0 to 1.0", "100 values, from 2.0 to 2.0"]
    (change,) = changes([{"a": 1}, {"a": [{"b": 1}]}])
    assert change.values == [1, "1 row"]


def test_three_scenarios_are_compared_at_once() -> None:
    """If this fails, a third run is left out of the table."""
    assert between({"risk": {"weight": 0.1}}, {"risk": {"weight": 0.1}}, {"risk": {"weight": 0.4}}) == [("risk.weight", "risk, weight", [0.1, 0.1, 0.4])]


def test_a_row_that_is_missing_is_told_once() -> None:
    """If this fails, an offer that one of three scenarios lacks is listed field by field."""
    one, other, without = quickstart(), quickstart(), quickstart()
    other["offers"][1]["signing_cost"] = 5
    del without["offers"][1]
    assert between(one, other, without) == [
        ("offers[1]", "offer ‘importer-frame’", ["given", "given", None]),
        ("offers[1].signing_cost", "offer ‘importer-frame’, signing cost", [None, 5, None]),
    ]


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving(grace_seconds=0.5) as client:
        yield client


def sent(client: Client, body: bytes) -> str:
    """The id of a finished run."""
    answer = client.post("/v1/runs", content=body, headers={"Content-Type": "application/json", "Prefer": "wait=60"})
    return str(answer.json()["id"])


def test_runs_are_compared(client: Client) -> None:
    """If this fails, nobody learns what a change of the scenario did to the answer."""
    one, other = sent(client, tiny("fine")), sent(client, tiny("fine", discount_rate=0.08))
    found = client.get("/v1/compare", params={"runs": f"{other},{one}"}).json()
    assert [run["id"] for run in found["runs"]] == [one, other], "the older run comes first"
    assert [(change["path"], change["values"]) for change in found["changes"]] == [("discount_rate", [0.0, 0.08])]
    assert found["same_input"] is False
    assert {row["name"] for row in found["figures"]} >= {"expected_cost", "cvar", "fill_rate"}
    assert all(row["differences"] == [0.0, 0.0] for row in found["figures"])
    assert found["costs"]
    assert {row["offer"] for row in found["awards"]} >= {"north-frame", "kit-option"}
    page = client.get("/compare", params=[("runs", one), ("runs", other)])
    assert page.status_code == 200
    assert "costs the same as A and signs the same contracts" in page.text
    assert "Discount rate" in page.text
    assert "The costs are the same in every category" in page.text


def test_a_run_without_a_plan_is_compared_by_its_scenario(client: Client) -> None:
    """If this fails, a comparison with an infeasible run ends in an error."""
    one, other = sent(client, tiny("fine")), sent(client, tiny("infeasible"))
    found = client.get("/v1/compare", params={"runs": [one, other]}).json()
    assert [change["path"] for change in found["changes"]] == ["name"]
    assert found["notes"][0]["message"].endswith("has no plan: it is infeasible.")
    assert [row["differences"][1] for row in found["figures"]] == [None] * len(found["figures"])
    assert "B has no plan" in client.get("/compare", params={"runs": f"{one},{other}"}).text


@pytest.mark.parametrize(("runs", "status"), [("", 422), ("one", 422), ("a,b", 404), ("a,b,c,d,e", 422)])
def test_what_can_t_be_compared_is_refused(client: Client, runs: str, status: int) -> None:
    """If this fails, a wrong address ends in an error of ours."""
    assert client.get("/v1/compare", params={"runs": runs}).status_code == status
    assert client.get("/compare", params={"runs": runs}).status_code == status


def test_a_clone_asks_the_same_again(client: Client) -> None:
    """If this fails, solving once more loses the options of the run, or its scenario."""
    first = client.solve("fine", wait=60, params={"gap": 0.05, "seed": 7}).json()
    again = client.post(f"/v1/runs/{first['id']}/clone", params={"seed": 8}, headers={"Prefer": "wait=60"})
    assert again.status_code == 200
    assert again.headers["Location"] == again.json()["links"]["self"] != first["links"]["self"]
    assert {**first["settings"], "seed": 8} == again.json()["settings"]
    assert client.get(again.json()["links"]["scenario"]).content == client.get(first["links"]["scenario"]).content
    assert client.post("/v1/runs/nowhere/clone").status_code == 404
