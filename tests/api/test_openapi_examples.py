"""Every example of the OpenAPI document, sent to the service; every answer, held against the schema that the document promises."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from playwright.sync_api import Browser, expect

from api.settings import Settings
from scenarios import library
from tests.api.desk import OFFER, SCENARIO
from tests.api.service import Client, serving
from tests.api.test_web import browser, opened

__all__ = ["browser"]
GO_ON = {f"/v1/negotiate/session/{step}" for step in ("next", "receive", "accept", "replay")}
"""Their bodies hold a whole session, which an earlier answer brings; `tests/api/client` sends them."""


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving(Settings(port=0)) as client:
        yield client


@pytest.fixture(scope="module")
def spec(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


@pytest.fixture(scope="module")
def known(client: Client) -> dict[str, str]:
    """Runs and a batch that addresses are filled with."""
    wait = {"Prefer": "wait=60"}
    scenario = json.loads(library.read("rule-shortage_cvar")) | {"frontier": {"risks": ["shortage"], "points": 3}}
    plan = client.post("/v1/runs", json=scenario, headers=wait).json()
    answer = client.post("/v1/negotiate/ledger", json={"scenario": SCENARIO, "offers": [OFFER]}, headers=wait).json()
    batch = client.post("/v1/batches", json={"scenarios": ["clause-take_or_pay"]}).json()
    return {"plan": plan["id"], "answer": answer["id"], "batch": batch["id"]}


def operations(spec: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Every operation: path, method, and what is said about it."""
    return [(path, method, operation) for path, methods in spec["paths"].items() for method, operation in methods.items()]


def bodies(operation: dict[str, Any]) -> list[Any]:
    """The examples of its JSON body."""
    content = operation.get("requestBody", {}).get("content", {})
    return [example["value"] for example in content.get("application/json", {}).get("examples", {}).values()]


def filled(path: str, known: dict[str, str], undone: str) -> str:
    """An address with something that there is in the place of its parameters."""
    run = known["answer"] if "/result" in path else undone
    return path.replace("{run_id}", run).replace("{batch_id}", known["batch"]).replace("{name}", "quickstart")


def given(operation: dict[str, Any], place: str) -> dict[str, str]:
    """Examples of the parameters of an operation, in one place."""
    found = {one["name"]: one["example"] for one in operation.get("parameters", ()) if one["in"] == place and "example" in one}
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in found.items()}


def held(spec: dict[str, Any], operation: dict[str, Any], answer: httpx.Response) -> None:
    """The answer is one of those that the document promises, and of the shape that it promises."""
    status, media = str(answer.status_code), answer.headers.get("Content-Type", "").partition(";")[0]
    assert status in operation["responses"], (status, answer.text[:500])
    content = operation["responses"][status].get("content", {})
    assert media in content, (media, list(content))
    if media == "application/json" and "schema" in content[media]:
        schema = {**content[media]["schema"], "components": spec["components"]}
        errors = [f"{error.json_path}: {error.message[:300]}" for error in Draft202012Validator(schema).iter_errors(answer.json())]
        assert errors == []


def test_every_example_is_sent_and_answered_as_promised(client: Client, spec: dict[str, Any], known: dict[str, str]) -> None:
    """Whoever copies an example would get an error, or an answer of another shape than their generated client expects."""
    sent = 0
    for path, method, operation in operations(spec):
        if path in GO_ON:
            continue
        parameters, headers = given(operation, "query"), given(operation, "header")
        if path == "/v1/compare":
            parameters["runs"] = f"{known['plan']},{_sent(client, 'quickstart', wait=60)}"
        undone = _sent(client, "fibre") if path == "/v1/runs/{run_id}/cancel" else known["plan"]
        for body in bodies(operation) or [None]:
            more = {} if body is None else {"json": body}
            address = filled(path, known, undone)
            if "{share_id}" in address:
                address = address.replace("{share_id}", client.post(f"/v1/runs/{undone}/shares").json()["id"])
            answer = client.request(method, address, params=parameters, headers=headers, **more)
            assert answer.status_code < 300, (method, path, answer.text[:1000])
            if answer.status_code == 204:
                assert (answer.content, "content" in operation["responses"]["204"]) == (b"", False)
                continue
            held(spec, operation, answer)
            if method == "post" and ("/negotiate/" in path or path == "/v1/runs"):
                ended = client.run_until(answer.json()["id"], lambda run: run["finished"])
                assert ended["state"] == "optimal", (path, ended)
            sent += 1
    assert sent > 40


def _sent(client: Client, name: str, wait: int = 0) -> str:
    """The id of a run of a bundled scenario."""
    headers = {"Content-Type": "application/json"} | ({"Prefer": f"wait={wait}"} if wait else {})
    return str(client.post("/v1/runs", content=library.read(name), headers=headers).json()["id"])


def test_nothing_that_takes_a_body_is_without_an_example(spec: dict[str, Any]) -> None:
    """A reader of the document would have to guess what a body looks like."""
    without = {path for path, _, operation in operations(spec) if "requestBody" in operation and not bodies(operation)}
    assert without == GO_ON


def test_every_answer_in_json_has_a_schema(spec: dict[str, Any]) -> None:
    """A generated client would hand out answers without types."""
    without = [
        (path, status)
        for path, _, operation in operations(spec)
        for status, response in operation["responses"].items()
        for media, content in response.get("content", {}).items()
        if media.endswith("json") and not content.get("schema")
    ]
    assert [x for x in without if not x[0].startswith("/v1/schema")] == []


@pytest.mark.browser
def test_the_page_of_routes_needs_nobody_else(browser: Browser, client: Client, spec: dict[str, Any]) -> None:
    """Behind a firewall the documentation would be blank, or it would tell someone else who reads it; an example could act as markup."""
    with opened(browser, client, "/docs") as page:  # which holds that only this server is asked, under its policy
        page.evaluate("for (const example of document.querySelectorAll('details')) example.open = true")
        expect(page.locator("section.route")).to_have_count(len(operations(spec)))
        expect(page.locator("details pre").first).to_be_visible()
        assert page.locator("details").count() == sum(len(bodies(operation)) for *_, operation in operations(spec))
