"""The HTTP interface: every answer has the right code, the right shape, and nothing of what was sent."""

from __future__ import annotations

import gzip
import io
import json
import socket
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.settings import Settings, UnusableSettings, settings_from
from models.plan import Plan
from scenarios import library
from tests.api.service import Client, serving, tiny, until

JSON = {"Content-Type": "application/json"}
MARKER = "never-echo-this"


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving(max_body_bytes=2_000_000, body_seconds=3.0) as client:
        yield client


def problem(answer: httpx.Response, status: int, kind: str | None = None) -> dict[str, Any]:
    """The problem in `answer`, checked for its shape."""
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    if kind:
        assert body["type"] == f"/docs#{kind}"
    return body


def raw(client: Client, text: bytes) -> bytes:
    """What the server says to bytes that no client library would send."""
    with socket.create_connection((client.base_url.host, client.base_url.port), timeout=60) as link:
        link.sendall(text)
        said = b""
        while chunk := link.recv(65_536):
            said += chunk
        return said


# --- runs ------------------------------------------------------------------------------------------------------------------------------------------


def test_a_run_is_accepted_and_followed_to_its_plan(client: Client) -> None:
    """The documented way (post, follow the location, fetch the plan) would not work."""
    answer = client.solve("fine")
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/runs/{answer.json()['id']}"
    run = until(lambda: (now := client.get(answer.headers["Location"]).json())["state"] == "optimal" and now)
    assert run["stop_reason"] == "gap"
    assert run["result"]["objective"] > 0
    assert client.get(run["links"]["solution"]).json()["format"] == "offtake-plan/1"
    assert "stop" not in run["links"]


def test_a_short_run_can_be_waited_for(client: Client) -> None:
    """`Prefer: wait` would not spare the caller the polling, or would claim that an unfinished run is finished."""
    answer = client.solve("fine", wait=60)
    assert (answer.status_code, answer.json()["state"]) == (200, "optimal")
    assert answer.headers["Preference-Applied"] == "wait=60"
    answer = client.solve("patient", wait=1)
    assert (answer.status_code, answer.json()["state"]) == (202, "running")
    client.post(answer.json()["links"]["cancel"])
    for odd in ("wait=", "wait=soon", "respond-async", "wait=99999999999"):
        assert client.solve("fine", headers={"Prefer": odd}).status_code == 202


def test_the_same_key_finds_the_same_run(client: Client) -> None:
    """A request that is sent again after a broken connection would start a second solve."""
    key = {"Idempotency-Key": "order-17"}
    first, again = client.solve("fine", wait=60, headers=key), client.solve("fine", wait=60, headers=key)
    assert first.json()["id"] == again.json()["id"]
    problem(client.solve("other", headers=key), 422, "key-reused")
    problem(client.solve("fine", headers=key, params={"seed": 2}), 422, "key-reused")
    problem(client.solve("fine", headers={"Idempotency-Key": "x" * 300}), 422, "invalid-request")


def test_options_override_the_scenario(client: Client) -> None:
    """A run would be solved with other settings than asked for."""
    answer = client.solve("fine", params={"gap": 0.01, "time_limit_seconds": 5, "seed": 7, "baselines": "false"})
    settings = answer.json()["settings"]
    assert (settings["gap"], settings["time_limit_seconds"], settings["seed"], settings["baselines"]) == (0.01, 5.0, 7, False)


@pytest.mark.parametrize(
    "query", ["gap=2", "gap=nan", "gap=inf", "seed=-1", "seed=1.5", "time_limit_seconds=0", "time_limit_seconds=1e9", "baselines=maybe", f"{MARKER}=1"]
)
def test_options_out_of_range_are_refused(client: Client, query: str) -> None:
    """A typing error in an option would be ignored or reach the solver."""
    said = problem(client.post(f"/v1/runs?{query}", content=tiny(), headers=JSON), 422, "invalid-request")
    assert said["findings"][0]["path"].startswith("query.")


def test_a_run_without_a_plan_says_so(client: Client) -> None:
    """Asking for the plan of an unfinished, infeasible or cancelled run would give nothing to act on."""
    run = client.solve("infeasible", wait=60).json()
    assert [c["path"] for c in run["problem"]["conflicts"]] == ["rules[0]", "rules[1]"]
    for part in ("solution", "solution.csv", "report"):
        said = problem(client.get(f"/v1/runs/{run['id']}/{part}"), 409, "no-plan")
        assert said["conflicts"][0]["missing"] == 12.5
    run = client.solve("patient").json()
    assert problem(client.get(f"/v1/runs/{run['id']}/solution"), 409, "not-finished")["state"] in ("queued", "running")
    client.post(run["links"]["cancel"])
    assert problem(client.get(f"/v1/runs/{run['id']}/solution"), 409, "no-plan")["stop_reason"] == "user"


def test_a_finished_run_cannot_be_cancelled(client: Client) -> None:
    """Cancelling too late would look as if it had worked."""
    run = client.solve("fine", wait=60).json()
    assert problem(client.post(f"/v1/runs/{run['id']}/cancel"), 409, "finished")["state"] == "optimal"
    assert client.post(f"/v1/runs/{run['id']}/stop").json()["state"] == "optimal"


def test_runs_are_listed_newest_first(client: Client) -> None:
    """Following `next` would skip runs, repeat them, or never end."""
    made = [client.solve("fine", wait=60).json()["id"] for _ in range(3)]
    seen, address = [], "/v1/runs?limit=2&state=optimal"
    while address:
        page = client.get(address).json()
        seen += [run["id"] for run in page["runs"]]
        address = page["next"]
    assert seen[:3] == made[::-1]
    assert len(seen) == len(set(seen))
    for bad in ("limit=0", "cursor=x", "state=odd", "odd=1"):
        problem(client.get(f"/v1/runs?{bad}"), 422, "invalid-request")


# --- with the engine itself ------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def engine() -> Iterator[Client]:
    with serving(solve=Settings.solve) as client:
        yield client


def test_a_bundled_scenario_is_solved(engine: Client) -> None:
    """The service would not fit the engine: its plan, its tables or its report would not come through."""
    body = library.read("quickstart")
    run = engine.post("/v1/runs", content=body, headers=JSON | {"Prefer": "wait=60"}).json()
    assert run["state"] == "optimal"
    assert run["result"]["gap"] <= run["settings"]["gap"]
    assert run["result"]["decision"]
    plan = Plan.model_validate_json(engine.get(run["links"]["solution"]).content)
    assert plan.summary.objective == run["result"]["objective"]
    assert plan.audit.passed
    assert plan.flows
    summary = engine.get(run["links"]["solution"], params={"detail": "summary"}).json()
    assert (summary["flows"], summary["costs"], len(summary["awards"])) == ([], [], len(plan.awards))
    with zipfile.ZipFile(io.BytesIO(engine.get(run["links"]["tables"]).content)) as archive:
        assert "awards.csv" in archive.namelist()
        assert engine.get(run["links"]["tables"], params={"table": "awards"}).content == archive.read("awards.csv")
    assert "awards" in problem(engine.get(run["links"]["tables"], params={"table": MARKER}), 404, "no-table")["detail"]
    report = engine.get(run["links"]["report"])
    assert report.headers["Content-Security-Policy"].startswith("sandbox")
    assert plan.decision[0][:40] in report.text
    assert engine.get(run["links"]["scenario"]).content == body


def test_a_frontier_comes_with_the_plan(engine: Client) -> None:
    """Whoever asks for a frontier over HTTP would not get it, or whoever did not ask would get an empty one."""
    body = json.loads(library.read("rule-shortage_cvar")) | {"frontier": {"risks": ["shortage"], "points": 3}}
    run = engine.post("/v1/runs", json=body, headers={"Prefer": "wait=60"}).json()
    found = engine.get(run["links"]["frontier"]).json()
    assert found == engine.get(run["links"]["solution"]).json()["frontier"]
    assert [len(curve["points"]) for curve in found["curves"]] == [3]
    jsonschema = engine.get("/v1/schema/frontier").json()
    assert set(found) == set(jsonschema["properties"])
    other = engine.post("/v1/runs", content=library.read("rule-shortage_cvar"), headers=JSON | {"Prefer": "wait=60"}).json()
    assert "frontier" not in other["links"]
    problem(engine.get(f"/v1/runs/{other['id']}/frontier"), 404, "no-frontier")


def test_contradicting_rules_are_named(engine: Client) -> None:
    """Someone whose rules contradict each other would not learn which."""
    scenario = json.loads(library.read("quickstart"))
    scenario["rules"] = [{"kind": "budget", "period": "2027", "max": 1000, "in": "every_node"}, {"kind": "fill_rate", "min": 0.99}]
    run = engine.post("/v1/runs", content=json.dumps(scenario), headers=JSON | {"Prefer": "wait=60"}).json()
    assert (run["state"], run["result"]) == ("infeasible", None)
    assert any("rules[" in conflict["path"] for conflict in run["problem"]["conflicts"])
    assert run["problem"]["infeasibility"]["repairs"][0]["patch"]
    assert "Any one of these would mend it" in engine.get(run["links"]["page"]).text


def test_a_search_is_stopped(engine: Client) -> None:
    """Stopping would not reach the solver."""
    run = engine.post("/v1/runs", content=library.read("fibre"), headers=JSON).json()
    engine.run_until(run["id"], lambda now: now["progress"] and now["progress"]["phase"] == "solve", 60)
    engine.post(run["links"]["stop"])
    ended = engine.run_until(run["id"], lambda now: now["finished"], 30)
    assert ended["state"] in ("feasible", "cancelled")
    assert ended["stop_reason"] == "user"


# --- events ----------------------------------------------------------------------------------------------------------------------------------------


def events(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    """Server-sent events as they arrive."""
    event: dict[str, Any] = {}
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        if not line and event:
            yield event
            event = {}
        elif name:
            event[name] = json.loads(value) if name == "data" else value


def test_events_tell_the_whole_run_and_resume(client: Client) -> None:
    """A page that follows a run would miss its end, or see everything twice after a broken connection."""
    run = client.solve("patient").json()
    seen: list[dict[str, Any]] = []
    with client.stream("GET", run["links"]["events"]) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        for event in events(answer):
            seen.append(event)
            if event["data"].get("incumbent"):
                break
    client.post(run["links"]["stop"])
    with client.stream("GET", run["links"]["events"], headers={"Last-Event-ID": seen[-1]["id"]}) as answer:
        seen += events(answer)
    assert [int(event["id"]) for event in seen] == list(range(1, len(seen) + 1))
    assert [event["data"]["state"] for event in seen if event["event"] == "state"] == ["queued", "running", "running", "feasible"]
    assert seen[-1]["data"]["stop_reason"] == "user"
    progress = next(event["data"] for event in seen if event["data"].get("incumbent"))
    assert progress["phase"] == "solve"
    assert progress["gap"] > 0


def test_nothing_follows_the_last_event(client: Client) -> None:
    """A browser would reconnect to a finished run for ever."""
    run = client.solve("fine", wait=60).json()
    with client.stream("GET", run["links"]["events"]) as answer:
        last = list(events(answer))[-1]["id"]
    assert client.get(run["links"]["events"], headers={"Last-Event-ID": last}).status_code == 204
    for odd in ("x", "-1", "9" * 400, "١"):
        with client.stream("GET", run["links"]["events"], headers={"Last-Event-ID": odd.encode()}) as answer:
            assert answer.status_code == 200
    problem(client.get("/v1/runs/nowhere/events"), 404, "no-run")


# --- hostile bodies --------------------------------------------------------------------------------------------------------------------------------


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("scenario.json", tiny() + b" " * 5_000_000)
    return buffer.getvalue()


def text(value: str) -> bytes:
    """A scenario whose discount rate is this JSON text."""
    return tiny().replace(b'"demand"', f'"discount_rate": {value}, "demand"'.encode())


HOSTILE = {
    "nothing": b"",
    "blanks": b"  \n ",
    "not JSON": b"<scenario/>",
    "cut short": tiny()[:-5],
    "two documents": tiny() * 2,
    "a number": b"12",
    "null": b"null",
    "a list": b"[]",
    "an empty object": b"{}",
    "NaN": text("NaN"),
    "infinity": text("Infinity"),
    "1e400": text("1e400"),
    "-1e400": text("-1e400"),
    "5000 digits": text("9" * 5000),
    "exponent bomb": text("1e" + "9" * 5000),
    "nested lists": b"[" * 200_000,
    "nested objects": b'{"a":' * 100_000,
    "nested inside": text("[" * 100_000 + "]" * 100_000),
    "lone surrogate": tiny(r"x").replace(b'"x"', rb'"\ud800"'),
    "surrogate key": tiny().replace(b'"name"', rb'"\udfff": 1, "name"'),
    "null character": tiny().replace(b'"fine"', rb'"fi\u0000ne"'),
    "not UTF-8": tiny().replace(b"fine", b"\xff\xfe\xfa"),
    "UTF-16": tiny().decode().encode("utf-16"),
    "Latin-1": tiny().replace(b"fine", "Glasfaser für Köln".encode("latin-1")),
    "duplicate key": tiny().replace(b'"name"', b'"name": "other", "name"'),
    "ZIP": zipped(),
    "gzip": gzip.compress(tiny()),
    "gzip bomb": gzip.compress(b"0" * 20_000_000),
    "binary": bytes(range(256)) * 100,
    "unknown field": tiny(**{MARKER: 1}),
    "text for a number": tiny(discount_rate=MARKER),
    "script": tiny("<script>alert(1)</script>\u0007"),
    "long name": tiny(MARKER * 1000),
    "many wrong rows": b'{"format":"offtake/1","demand":[' + b"1," * 100_000 + b"1]}",
    "many wrong rows, deep": tiny(demand=[{"site": "ohio", "product": "cable", "volume": [MARKER] * 20_000}]),
    "many strange fields": tiny(**{f"{MARKER}{i}": i for i in range(20_000)}),
    "many references": tiny(rules=[{"kind": "force", "offer": f"{MARKER}{i}", "signed": True} for i in range(900)]),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("address", ["/v1/runs", "/v1/validate"])
def test_hostile_bodies_are_refused_with_findings(client: Client, name: str, address: str) -> None:
    """A hostile body would crash the service, get it to leak what was sent, or be taken for a scenario."""
    before = time.monotonic()
    said = problem(client.post(address, content=HOSTILE[name], headers=JSON), 422, "invalid-scenario")
    assert 1 <= len(said["findings"]) <= 50
    assert all(finding["message"] for finding in said["findings"])
    assert len(json.dumps(said)) < 40_000
    assert "<script" not in json.dumps(said)
    assert time.monotonic() - before < 10
    assert client.get("/healthz").status_code == 200


def test_findings_are_counted(client: Client) -> None:
    """Someone with a thousand findings would believe that fifty were all."""
    said = problem(client.post("/v1/validate", content=tiny(demand=[1] * 1_000), headers=JSON), 422)
    assert len(said["findings"]) == 50
    assert said["findings_left_out"] == 950


def test_a_valid_document_is_summed_up(client: Client) -> None:
    """`/v1/validate` would refuse a sound scenario or start to solve it."""
    before = client.get("/v1/runs?limit=1").json()
    said = client.post("/v1/validate", content=tiny(), headers=JSON | {"Content-Type": "application/json; charset=utf-8"}).json()
    assert said["valid"]
    assert said["counts"]["sites"] == 1
    assert client.get("/v1/runs?limit=1").json() == before
    drawn = tiny(uncertainty={"kind": "generated", "futures": 12})  # says how many futures, and lists none
    assert client.post("/v1/validate", content=drawn, headers=JSON).json()["counts"]["futures"] == 12


@pytest.mark.parametrize("kind", ["text/plain", "", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=utf-16"])
def test_other_types_are_refused(client: Client, kind: str) -> None:
    """A form of another site could start runs, or a body be misread."""
    problem(client.post("/v1/runs", content=tiny(), headers={"Content-Type": kind}), 415, "unsupported-type")


def test_compressed_bodies_are_refused(client: Client) -> None:
    """A compressed body would be taken for text, or unpacked without limit."""
    problem(client.post("/v1/runs", content=gzip.compress(tiny()), headers=JSON | {"Content-Encoding": "gzip"}), 415, "unsupported-type")


def test_a_large_body_is_refused_before_it_is_read(client: Client) -> None:
    """A 200 MB body would be read to its end, or kept in memory."""
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 200_000_000:
            sent += 100_000
            yield b" " * 100_000

    problem(client.post("/v1/runs", content=endless(), headers=JSON), 413, "too-large")
    assert sent < 50_000_000
    sent = 0
    problem(client.post("/v1/validate", content=endless(), headers=JSON | {"Content-Length": "200000000"}), 413, "too-large")
    assert sent < 50_000_000


def test_a_lying_length_is_not_believed(client: Client) -> None:
    """A wrong Content-Length would hang a connection, or smuggle a second request."""
    head = f"POST /v1/runs HTTP/1.1\r\nHost: 127.0.0.1:{client.base_url.port}\r\nContent-Type: application/json\r\n"
    assert b" 408 " in raw(client, head.encode() + b"Content-Length: 5000\r\n\r\n" + tiny())[:20]
    assert b" 413 " in raw(client, head.encode() + b"Content-Length: 99999999999999\r\n\r\n{")[:20]
    for length in (b"-1", b"x", b"9" * 5000):
        assert b" 400 " in raw(client, head.encode() + b"Content-Length: " + length + b"\r\n\r\n{}")[:20]
    said = raw(client, head.encode() + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}" + tiny())
    assert b" 422 " in said[:20]
    assert client.get("/healthz").status_code == 200


# --- who may ask -----------------------------------------------------------------------------------------------------------------------------------


def test_other_sites_and_names_are_refused(client: Client) -> None:
    """A web page that someone on this machine opens could start, read or stop runs."""
    run = client.solve("patient").json()
    problem(client.post(run["links"]["cancel"], headers={"Origin": "https://evil.example"}), 403, "not-local")
    problem(client.post(run["links"]["cancel"], headers={"Origin": "null"}), 403, "not-local")
    problem(client.get("/v1/runs", headers={"Host": "evil.example"}), 403, "not-local")
    problem(client.get("/v1/runs", headers={"Host": "[bad"}), 403, "not-local")
    own = f"http://127.0.0.1:{client.base_url.port}"
    assert client.post(run["links"]["cancel"], headers={"Origin": own}).json()["state"] == "cancelled"


def test_settings_come_from_the_environment() -> None:
    """A typing error in an environment variable would be ignored or end in a stack trace."""
    found = settings_from({"OFFTAKE_PORT": "8123", "OFFTAKE_GRACE_SECONDS": "1.5", "OFFTAKE_SOLVE": "os:system", "OFFTAKE_QUEUE": ""})
    assert (found.port, found.grace_seconds, found.queue, found.solve) == (8123, 1.5, 100, "optimizer.engine:solve")
    for name, value in (("PORT", "http"), ("PORT", "70000"), ("WORKERS", "0"), ("ALLOW_PUBLIC", "perhaps"), ("SESSION_HOURS", "0"), ("GRACE_SECONDS", "x")):
        with pytest.raises(UnusableSettings):
            settings_from({f"OFFTAKE_{name}": value})


# --- everything else -------------------------------------------------------------------------------------------------------------------------------


def test_unknown_addresses_and_methods_are_problems(client: Client) -> None:
    """A client that expects problem details would meet something else."""
    problem(client.get("/v1/nowhere"), 404)
    problem(client.get("/v1/runs/"), 404)
    problem(client.get("/v1/runs/nowhere"), 404, "no-run")
    problem(client.post("/v1/runs/nowhere/stop"), 404, "no-run")
    problem(client.get("/v1/examples/nowhere"), 404, "no-example")
    assert MARKER not in problem(client.get(f"/v1/runs/{MARKER}"), 404)["detail"]
    answer = client.delete("/v1/runs")
    problem(answer, 405)
    assert answer.headers["Allow"] == "GET, POST"


def test_our_own_faults_are_problems_too(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of ours would show its text, or another shape than every other error."""
    monkeypatch.setattr(library, "names", lambda: 1 / 0)
    said = problem(client.get("/v1/examples"), 500, "internal")
    assert "division" not in said["detail"]


def test_health(client: Client) -> None:
    """Whoever watches the service could not tell whether it works."""
    assert client.get("/healthz").json()["status"] == "ok"
    ready = client.get("/readyz").json()
    assert (ready["status"], set(ready["checks"])) == ("ready", {"store", "tables", "workers"})


def test_examples_are_ready_to_post(client: Client) -> None:
    """A bundled scenario would be refused by the service that offers it."""
    listed = client.get("/v1/examples").json()["examples"]
    assert {"fibre", "quickstart"} <= {example["name"] for example in listed}
    for example in listed:
        assert example["title"]
        answer = client.get(example["links"]["self"])
        assert client.post("/v1/validate", content=answer.content, headers=JSON).json()["valid"], example["name"]


def test_schemas_are_those_of_the_documents(client: Client) -> None:
    """Editors and generators would check against something else than the service does."""
    schema = client.get("/v1/schema")
    assert schema.headers["Content-Type"] == "application/schema+json"
    assert schema.json()["additionalProperties"] is False
    assert "Offer" in schema.json()["$defs"]
    assert "awards" in client.get("/v1/schema/plan").json()["properties"]


def test_openapi_says_what_the_service_does(client: Client) -> None:
    """Generated clients would miss routes, examples or the shape of errors."""
    spec = client.get("/openapi.json").json()
    assert {"/v1/runs", "/v1/runs/{run_id}/solution", "/v1/validate", "/v1/examples", "/v1/schema", "/healthz", "/readyz"} <= set(spec["paths"])
    body = spec["paths"]["/v1/runs"]["post"]["requestBody"]["content"]["application/json"]
    for example in body["examples"].values():
        assert client.post("/v1/validate", content=json.dumps(example["value"]), headers=JSON).json()["valid"]
    errors = spec["paths"]["/v1/runs"]["post"]["responses"]
    assert {"202", "200", "413", "415", "422", "503"} <= set(errors)
    assert list(errors["422"]["content"]) == ["application/problem+json"]
    wanted = set()

    def collect(node: Any) -> None:
        if isinstance(node, dict):
            wanted.add(node.get("$ref", ""))
            for value in node.values():
                collect(value)
        elif isinstance(node, list):
            for value in node:
                collect(value)

    collect({key: value for key, value in spec.items() if key != "examples"})
    known = {f"#/components/schemas/{name}" for name in spec["components"]["schemas"]}
    assert {ref for ref in wanted if isinstance(ref, str) and ref} <= known
