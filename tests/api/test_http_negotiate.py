"""Questions to the negotiation desk over HTTP: runs like solves, with answers, reports and problems of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.openapi import EXAMPLES
from api.question import ANSWERS, NAMES
from models.negotiation import Negotiation
from scenarios import library
from tests.api.desk import LEVER, OFFER, SCENARIO, desk, hopeless
from tests.api.service import Client, serving, tiny
from tests.api.test_http import JSON, problem

PACKAGE = {"offer": OFFER, "price": 26000.0}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving(max_body_bytes=2_000_000) as client:
        yield client


def ask(client: Client, what: str, scenario: object = SCENARIO, wait: float = 60, address: str = "", **question: Any) -> httpx.Response:
    """A question, and its answer if it comes in time."""
    headers = JSON | ({"Prefer": f"wait={wait:g}"} if wait else {})
    return client.post(f"/v1/negotiate/{what}{address}", content=json.dumps({"scenario": scenario, **question}), headers=headers)


@pytest.mark.parametrize("what", NAMES)
def test_every_example_of_the_documentation_is_answered(client: Client, what: str) -> None:
    """If this fails, whoever copies an example from the documentation gets an error, or an answer of another shape than is promised."""
    answer = ask(client, what, **EXAMPLES[what])
    assert answer.status_code == 200, answer.text
    run = answer.json()
    assert (run["ask"], run["state"], run["result"]) == (what, "optimal", None)
    assert run["said"] or what in ("levers", "sheet")
    found = client.get(run["links"]["result"])
    assert json.loads(ANSWERS[what].model_validate_json(found.content).model_dump_json()) == found.json()
    report = client.get(run["links"]["report"])
    assert "sandbox" in report.headers["Content-Security-Policy"]
    assert report.text.startswith("<!DOCTYPE html>")
    page = client.get(run["links"]["page"])
    assert page.status_code == 200
    assert client.get(run["links"]["scenario"]).json() == json.loads(library.read(SCENARIO))


def test_a_question_is_accepted_and_followed(client: Client) -> None:
    """If this fails, the documented way (post, follow the location, fetch the result) does not lead to an answer."""
    answer = ask(client, "walkaway", json.loads(library.read(SCENARIO)), wait=0, package=PACKAGE)
    assert answer.status_code == 202
    run = client.run_until(answer.headers["Location"].rpartition("/")[2], lambda run: run["finished"])
    assert "Walk away from" in run["said"][0]
    events = client.get(f"{answer.headers['Location']}/events").text
    assert '"phase":"solve"' in events.replace(" ", "")
    kept = client.get(run["links"]["result"], params={"download": True})
    assert kept.headers["Content-Disposition"].endswith('-walkaway.json"')


def test_a_question_is_cancelled(client: Client) -> None:
    """If this fails, a question that takes hours can't be taken back, and holds the place of others."""
    run = ask(client, "ledger", "fibre", wait=0).json()
    client.run_until(run["id"], lambda run: run["progress"])
    assert client.post(run["links"]["cancel"]).json()["state"] == "cancelled"
    assert problem(client.get(f"/v1/runs/{run['id']}/result"), 409, "no-plan")["detail"] == "The run was cancelled."
    assert ask(client, "sheet", package=PACKAGE).json()["state"] == "optimal", "the place is free again"


def test_limits_of_a_question(client: Client) -> None:
    """If this fails, a question runs beyond the time it was given, or ends without a reason."""
    run = ask(client, "ledger", address="?time_limit_seconds=0.001").json()
    assert (run["state"], run["stop_reason"]) == ("failed", "time")
    assert problem(ask(client, "ledger", address="?time_limit_seconds=-1"), 422, "invalid-request")["findings"][0]["path"] == "query.time_limit_seconds"
    assert problem(ask(client, "ledger", address="?gap=0.1"), 422, "invalid-request")


def test_the_same_key_finds_the_same_answer(client: Client) -> None:
    """If this fails, a question sent twice is answered twice, or another question gets this one's answer."""
    headers, body = JSON | {"Idempotency-Key": "one"}, json.dumps({"scenario": SCENARIO, "package": PACKAGE})
    first, again = (client.post("/v1/negotiate/sheet", content=body, headers=headers).json() for _ in range(2))
    assert first["id"] == again["id"]
    problem(client.post("/v1/negotiate/walkaway", content=body, headers=headers), 422, "key-reused")


@pytest.mark.parametrize(
    ("what", "question", "path", "words"),
    [
        ("walkaway", {"package": {"offer": "nobody"}}, "package.offer", "there is no offer 'nobody'"),
        (
            "walkaway",
            {"package": {**PACKAGE, "terms": {"take_or_pay.fraction": 1.5}}},
            "package.terms.take_or_pay.fraction",
            "outside the lever's range, 0 to 1",
        ),
        ("walkaway", {"package": {**PACKAGE, "terms": {"luck": 1.0}}}, "package.terms.luck", "there is no such lever"),
        ("walkaway", {}, "package", "required"),
        ("walkaway", {"package": PACKAGE, "luck": 1}, "luck", "there is no such field"),
        ("walkaway", {"package": PACKAGE, "scenario": "nowhere"}, "scenario", "no bundled scenario"),
        ("walkaway", {"package": PACKAGE, "scenario": None}, "scenario", "required"),
        ("walkaway", {"package": PACKAGE, "scenario": json.loads(tiny("x", demand=[{"site": "mars"}]))}, "scenario.demand[0].volume", "required"),
        ("ledger", {"offers": [OFFER, "nobody"]}, "offers[1]", "there is no offer 'nobody'"),
        ("zone", {"package": PACKAGE, "desk": {}}, "desk.suppliers", "nothing says what is believed"),
        ("zone", {"package": PACKAGE, "desk": desk(menus=[{"offer": "nobody"}])}, "desk.menus[0].offer", "there is no offer 'nobody'"),
        ("counter", {"package": PACKAGE, "desk": desk()}, "", "give one of `target`"),
        ("curve", {"package": PACKAGE, "low": 2.0, "high": 1.0}, "", "must be below"),
        ("packages", {"package": PACKAGE, "desk": desk(), "count": 9}, "count", "at most 6"),
        ("replay", {**EXAMPLES["replay"], "today": None}, "contracts[0].takes[0].period", "2027 is not over"),
    ],
)
def test_a_question_that_can_t_be_meant(client: Client, what: str, question: dict[str, Any], path: str, words: str) -> None:
    """If this fails, a mistake costs a run, or its finding doesn't say where it is."""
    said = problem(ask(client, what, **question), 422, "invalid-question")
    (finding,) = [x for x in said["findings"] if x["path"] == path]
    assert words in finding["message"]


def test_a_supplier_that_never_gains_is_a_finding_of_the_run(client: Client) -> None:
    """If this fails, a negotiation with somebody who can't agree to anything looks like one without a result."""
    run = ask(client, "zone", package=PACKAGE, desk=hopeless()).json()
    assert (run["state"], run["stop_reason"]) == ("failed", "invalid")
    assert run["problem"]["findings"][0]["path"] == "desk.suppliers[0].types"
    assert "no type of supplier 'importer' gains" in run["problem"]["findings"][0]["message"]
    assert "no type of supplier" in client.get(run["links"]["page"]).text


def test_no_deal_to_do_without_is_infeasible(client: Client) -> None:
    """If this fails, a walk-away price is made up where nothing can be compared."""
    data = json.loads(library.read(SCENARIO))
    data["rules"].append({"kind": "force", "offer": OFFER, "signed": True})
    run = ask(client, "walkaway", data, package=PACKAGE).json()
    assert run["state"] == "infeasible"
    assert "no deal to do without" in run["problem"]["conflicts"][0]["text"]
    assert "no deal to do without" in client.get(run["links"]["page"]).text


def test_bodies_that_are_no_question(client: Client) -> None:
    """If this fails, rubbish becomes a run or a fault of ours."""
    for body, words in ((b"[]", "must be an object"), (b"{", "not JSON"), (b'{"scenario": "quickstart", "scenario": "fibre"}', "appears twice")):
        said = problem(client.post("/v1/negotiate/ledger", content=body, headers=JSON), 422, "invalid-question")
        assert words in said["findings"][0]["message"]
    problem(client.post("/v1/negotiate/ledger", content=b"{}", headers={"Content-Type": "text/plain"}), 415)
    problem(client.post("/v1/negotiate/ledger", content=b" " * 2_000_001, headers=JSON), 413)
    problem(client.post("/v1/negotiate/luck", content=b"{}", headers=JSON), 404)
    problem(client.get("/v1/negotiate/ledger"), 405)


def test_plans_and_answers_are_told_apart(client: Client) -> None:
    """If this fails, the answer to a question is read as a plan, or a plan as an answer."""
    question, plan = ask(client, "sheet", package=PACKAGE).json(), client.solve("fine", wait=60).json()
    for address in ("solution", "solution.csv", "frontier"):
        problem(client.get(f"/v1/runs/{question['id']}/{address}"), 409, "no-plan")
    problem(client.get(f"/v1/runs/{plan['id']}/result"), 404, "no-answer")
    assert (plan["ask"], plan["said"]) == (None, None)
    listed = client.get("/v1/runs").json()["runs"]
    assert {x["ask"] for x in listed} >= {None, "sheet"}


def test_the_documentation_has_every_question(client: Client) -> None:
    """If this fails, a client made from the OpenAPI document can't ask, or asks in the wrong shape."""
    spec = client.get("/openapi.json").json()
    for what, kind in NAMES.items():
        body = spec["paths"][f"/v1/negotiate/{what}"]["post"]["requestBody"]["content"]["application/json"]
        schema = spec["components"]["schemas"][body["schema"]["$ref"].rpartition("/")[2]]
        assert set(schema["properties"]) == set(kind.model_fields) | {"scenario"}
        assert "scenario" in schema["required"]
    referred = {part.split('"')[0] for part in json.dumps(spec).split('"#/components/schemas/')[1:]}
    assert referred <= set(spec["components"]["schemas"])
    assert client.get("/v1/schema/negotiation").json()["properties"].keys() == Negotiation.model_fields.keys()


def test_terms_are_filled_in_again(client: Client) -> None:
    """If this fails, whoever changes one number of a question must type all of it again."""
    run = ask(client, "walkaway", package={**PACKAGE, "terms": {LEVER: 2500.0}}, desk={"margin": 5.0}, wait=60).json()
    form = client.get("/negotiate", params={"run": run["id"]}).text
    assert 'value="26000.0"' in form
    assert f"{LEVER} = 2500" in form
    assert "&#34;margin&#34;: 5.0" in form


def test_a_session_goes_on_from_answer_to_answer(client: Client) -> None:
    """If this fails, a negotiation can't be held over HTTP, or its answers can't be sent back."""
    session: Any = None
    for step, more in (
        ("start", EXAMPLES["session-start"]),
        ("receive", {"event": {"kind": "their_offer", "package": {"offer": OFFER, "price": 29000.0}}}),
        ("next", {}),
        ("receive", {"event": {"kind": "refusal", "offer": OFFER}}),
        ("accept", {}),
        ("replay", {}),
    ):
        run = ask(client, f"session/{step}", **more, **({} if session is None else {"session": session})).json()
        assert (run["ask"], run["state"]) == (f"session-{step}", "optimal"), run
        assert run["said"]
        session = client.get(run["links"]["result"]).json()
    assert [x["event"]["kind"] for x in session["events"]] == ["their_offer", "our_offer", "refusal", "accept"]
    assert client.get(run["links"]["page"]).status_code == 200
    session["events"][0]["event"]["package"]["price"] = 28000.0
    said = problem(ask(client, "session/next", session=session), 422, "invalid-question")
    assert [x["path"] for x in said["findings"]] == ["session.events[0]"]
    assert client.get("/v1/schema/session").json()["properties"]["events"]
