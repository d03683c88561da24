"""Workbooks over HTTP: sent like JSON, read in the checking process, and got back as template and plan."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from python_calamine import load_workbook

from api.body import WORKBOOK
from api.settings import Settings
from scenarios import library
from scenarios.files import dump_scenario, parse_scenario
from scenarios.workbook import MEDIA_TYPE, read_workbook, write_workbook
from tests.api.service import Client, serving
from tests.api.test_http import problem
from tests.scenarios.workbooks import QUICKSTART, changed
from tests.scenarios.zips import bomb

SENT = {"Content-Type": WORKBOOK}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving(max_workbook_bytes=1_000_000) as client:
        yield client


@pytest.fixture(scope="module")
def engine() -> Iterator[Client]:
    """A server with the real solver."""
    with serving(Settings(port=0)) as client:
        yield client


def sheets(raw: bytes) -> list[str]:
    """The sheets of a workbook."""
    return load_workbook(io.BytesIO(raw)).sheet_names


def test_a_workbook_is_checked(client: Client) -> None:
    """A team could not have its workbook checked before it solves it."""
    answer = client.post("/v1/validate", content=QUICKSTART, headers=SENT)
    assert answer.status_code == 200, answer.text
    assert answer.json()["counts"]["offers"] == 2
    assert WORKBOOK == MEDIA_TYPE


def test_findings_say_sheet_and_cell(client: Client) -> None:
    """A form could not put a finding beside the cell it is about."""
    raw = changed(alternatives={"C2": "twelve"}, demand={"A2": "ohoi"})
    said = problem(client.post("/v1/validate", content=raw, headers=SENT), 422, "invalid-scenario")
    assert said["findings"] == [{"path": "alternatives!C2", "message": "must be a number, and is text", "sheet": "alternatives", "cell": "C2"}]
    said = problem(client.post("/v1/runs", content=changed(demand={"A2": "ohoi"}), headers=SENT), 422, "invalid-scenario")
    assert (said["findings"][0]["sheet"], said["findings"][0]["cell"]) == ("demand", "A2")


def test_a_run_keeps_the_scenario_as_json(client: Client) -> None:
    """A run that began with a workbook could not be opened in the form, cloned or solved."""
    answer = client.post("/v1/runs", content=QUICKSTART, headers=SENT | {"Prefer": "wait=30"})
    assert answer.status_code == 200, answer.text
    kept = client.get(answer.json()["links"]["scenario"])
    assert kept.headers["Content-Type"] == "application/json"
    assert parse_scenario(kept.content) == library.load("quickstart")


def test_hostile_workbooks_are_refused(client: Client) -> None:
    """A small file could take the server's memory, or be answered with an error of ours."""
    for raw in (b"", b"PK\x03\x04", QUICKSTART[:5_000], bomb(), b"{}", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000)):
        problem(client.post("/v1/validate", content=raw, headers=SENT), 422, "invalid-scenario")
    problem(client.post("/v1/validate", content=bytes(1_000_001), headers=SENT), 413, "too-large")
    problem(client.post("/v1/negotiate/levers", content=QUICKSTART, headers=SENT), 415, "unsupported-type")
    assert client.post("/v1/validate", content=QUICKSTART, headers=SENT).status_code == 200


def test_scenarios_are_converted(client: Client) -> None:
    """A page could not show what is in a workbook, nor hand out a scenario as one."""
    scenario = library.load("quickstart")
    answer = client.post("/v1/convert", content=QUICKSTART, headers=SENT)
    assert answer.headers["Content-Type"] == "application/json"
    assert parse_scenario(answer.content) == scenario
    answer = client.post("/v1/convert?to=xlsx", content=dump_scenario(scenario), headers={"Content-Type": "application/json"})
    assert (answer.headers["Content-Type"], answer.content) == (WORKBOOK, QUICKSTART)
    problem(client.post("/v1/convert?to=pdf", content=QUICKSTART, headers=SENT), 422, "invalid-request")
    problem(client.post("/v1/convert?to=xlsx", content=b"{}", headers={"Content-Type": "application/json"}), 422, "invalid-scenario")


def test_the_template_is_served(client: Client) -> None:
    """Who has only a browser would have no workbook to begin with."""
    answer = client.get("/v1/template.xlsx", params={"example": "quickstart"})
    assert answer.headers["Content-Type"] == WORKBOOK
    assert "offtake-quickstart.xlsx" in answer.headers["Content-Disposition"]
    assert read_workbook(answer.content) == library.load("quickstart")
    assert "offers" in sheets(client.get("/v1/template.xlsx").content)
    problem(client.get("/v1/template.xlsx", params={"example": "nowhere"}), 404, "no-example")


def test_the_plan_is_the_same_by_workbook(engine: Client) -> None:
    """Who sends a workbook would get another plan than who sends the same as JSON; or none as a workbook."""
    plans = []
    scenario = library.load("clause-take_or_pay")
    for raw, media in ((dump_scenario(scenario), "application/json"), (write_workbook(scenario), WORKBOOK)):
        run = engine.post("/v1/runs", content=raw, headers={"Content-Type": media, "Prefer": "wait=60"}).json()
        plan = engine.get(run["links"]["solution"]).json()
        del plan["provenance"]["created"], plan["provenance"]["phases"]
        plans.append(plan)
    assert plans[0] == plans[1]
    found = engine.get(run["links"]["workbook"])
    assert found.headers["Content-Type"] == WORKBOOK
    assert {"Summary", "Awards", "Costs", "Flows", "Rules", "Proof"} <= set(sheets(found.content))


def test_an_answer_is_a_workbook_too(engine: Client) -> None:
    """The term ledger could be had as a workbook on the command line only."""
    body = {"scenario": "clause-take_or_pay"}
    run = engine.post("/v1/negotiate/ledger", json=body, headers={"Prefer": "wait=60"}).json()
    assert run["state"] == "optimal", run
    assert any("What terms are worth" in name for name in sheets(engine.get(f"/v1/runs/{run['id']}/result.xlsx").content))
    run = engine.post("/v1/negotiate/sheet", json=body | {"package": {"offer": "frame"}}, headers={"Prefer": "wait=60"}).json()
    problem(engine.get(f"/v1/runs/{run['id']}/result.xlsx"), 404, "no-answer")
