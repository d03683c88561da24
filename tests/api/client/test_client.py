"""The client against a real server: everything that the service does has a method, and every method gives what its type says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from api.client import LEFT_OUT, Client, Event, Refusal, Unreachable
from api.client.watching import events
from api.openapi import EXAMPLES
from api.question import ALL
from api.settings import Settings
from models.negotiation import TermLedger
from models.plan import Plan
from models.questions import AskLedger
from scenarios import library
from scenarios.files import dump_scenario, parse_document
from tests.api.desk import OFFER, SCENARIO
from tests.api.service import Client as Plain
from tests.api.service import serving, tiny


@pytest.fixture(scope="module")
def service() -> Iterator[Plain]:
    """A server with stand-ins for the engine; questions to the desk are answered by the real one."""
    with serving(grace_seconds=0.5) as client:
        yield client


@pytest.fixture
def client(service: Plain) -> Iterator[Client]:
    with Client(str(service.base_url)) as client:
        yield client


class Recording(httpx.HTTPTransport):
    """The network, and what went over it."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, str]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append((request.method, request.url.path))
        return super().handle_request(request)


def question(ask: str, **more: Any) -> Any:
    """A question as a document, from the examples of the documentation."""
    return parse_document(json.dumps({**EXAMPLES.get(ask, {}), **more}).encode(), ALL[ask], "question")


def test_every_operation_of_the_service_has_a_method(tmp_path: Path) -> None:
    """A route that is added, or changed, would be missing in the client, and nobody would notice."""
    network = Recording()
    with serving(Settings(port=0)) as service, Client(str(service.base_url), transport=network) as client:
        spec = service.get("/openapi.json").json()
        _use_everything(client, tmp_path)
    wanted = {(method.upper(), path) for path, methods in spec["paths"].items() for method in methods}
    patterns = {(method, path): re.compile(re.sub(r"{\w+}", "[^/]+", path)) for method, path in wanted}
    used = {one for one, pattern in patterns.items() if any(method == one[0] and pattern.fullmatch(path) for method, path in network.sent)}
    left_out = {tuple(one.split(" ", 1)) for one in LEFT_OUT}
    assert used | left_out == wanted
    assert used & left_out == set()
    assert left_out <= wanted, "what the service does not do can't be left out"
    assert all(reason.endswith(".") for reason in LEFT_OUT.values())


def _use_everything(client: Client, folder: Path) -> None:
    assert client.health().status == "ok"
    assert client.ready().status == "ready"
    scenario = client.example("quickstart")
    assert scenario == library.load("quickstart")
    assert {"quickstart", "fibre"} <= {one.name for one in client.examples()}
    assert client.validate(scenario).counts["offers"] == 2
    assert client.convert(client.convert(scenario, to="xlsx")) == dump_scenario(scenario)
    assert client.template("quickstart") == client.convert(scenario, to="xlsx")
    assert [client.schema(name)["type"] for name in ("scenario", "plan", "frontier", "negotiation", "session", "contract")] == ["object"] * 6

    progress = []
    run = client.wait(client.submit(scenario, tag="spring").id, on_progress=progress.append)
    assert (run.state, run.tag) == ("optimal", "spring")
    assert {"build", "solve"} <= {one.phase for one in progress}
    plan = client.solution(run.id)
    assert isinstance(plan, Plan)
    assert client.solution(run.id, detail="summary").summary == plan.summary
    assert client.tables(run.id, "awards").startswith(b"offer,")
    assert client.workbook(run.id)[:2] == client.tables(run.id)[:2] == b"PK"
    assert plan.decision[0][:30] in client.report(run.id)
    assert client.scenario(run.id) == scenario
    assert [x.offer for x in client.contract(run.id).contracts] == [x.offer for x in plan.awards if x.node == "now"]
    assert client.log(run.id).text
    client.save_model(run.id, folder / "model.mps")
    assert (folder / "model.mps").read_text().startswith("NAME")
    assert [path.name for path in folder.iterdir()] == ["model.mps"]
    again = client.clone(run.id, wait=60, seed=7)
    assert again.settings.seed == 7
    assert [one.id for one in client.runs(tag="spring", limit=1)] == [again.id, run.id]
    assert [one.id for one in client.compare(run.id, again.id).runs] == [run.id, again.id]

    with_frontier = json.loads(library.read("rule-shortage_cvar")) | {"frontier": {"risks": ["shortage"], "points": 3}}
    assert len(client.frontier(client.submit(with_frontier, wait=60).id).curves) == 1
    long = client.submit(library.load("fibre"))
    assert client.stop(long.id).state in ("running", "feasible", "optimal", "cancelled")
    waiting = [client.submit(library.load("fibre")) for _ in range(2)]
    assert client.cancel(waiting[1].id).state == "cancelled"
    client.cancel(waiting[0].id)
    batch = client.submit_batch({"scenarios": ["clause-take_or_pay", "fibre"]}, tag="two")
    assert client.batch(batch.id).tag == "two"
    assert client.cancel_batch(batch.id).finished
    _ask_everything(client)


def _ask_everything(client: Client) -> None:
    ledger = client.ledger(SCENARIO, AskLedger(offers=(OFFER,)))
    assert isinstance(ledger, TermLedger)
    asked = client.ask(library.load(SCENARIO), AskLedger(offers=(OFFER,)), wait=60)
    assert client.result(asked.id) == ledger
    assert client.result_workbook(asked.id)[:2] == b"PK"
    for ask in ("levers", "walkaway", "curve", "zone", "bargain", "counter", "packages", "sheet", "brief", "why", "replay"):
        asked = client.ask(SCENARIO, question(ask))  # `test_openapi_examples` holds the answers against what is promised
        assert asked.ask == ask
        with suppress(Refusal):  # it may be answered already
            client.cancel(asked.id)
    package = {"offer": OFFER, "price": 30000.0, "terms": {"reservation.fee_per_unit": 2800.0}}
    steps: list[tuple[str, dict[str, Any]]] = [
        ("start", {}),
        ("receive", {"event": {"kind": "their_offer", "package": package}}),
        ("next", {}),
        ("replay", {}),
        ("accept", {}),
    ]
    session: Any = None
    for step, more in steps:
        about = {} if session is None else {"session": json.loads(session.model_dump_json())}
        run = client.ask(SCENARIO, question(f"session-{step}", **about, **more), wait=60)
        assert run.state == "optimal", (step, run.problem)
        session = client.result(run.id)


def test_a_refusal_says_what_is_wrong(client: Client) -> None:
    """A program would learn only a status code, or carry on with half an answer."""
    with pytest.raises(Refusal, match=r"sites: must be a list") as told:
        client.submit(tiny(sites="x"))
    assert (told.value.status, told.value.kind, told.value.findings[0].path) == (422, "invalid-scenario", "sites")
    run = client.submit(tiny("infeasible"), wait=60)
    with pytest.raises(Refusal) as told:
        client.solution(run.id)
    assert (told.value.status, told.value.kind) == (409, "no-plan")
    assert [conflict.path for conflict in told.value.conflicts] == ["rules[0]", "rules[1]"]
    for method in (client.run, client.wait, client.log):
        with pytest.raises(Refusal, match="no such run"):
            method("nowhere")
    with pytest.raises(Refusal, match="no such run"):
        client.save_model("nowhere", Path("nothing-is-written.mps"))
    assert not Path("nothing-is-written.mps").exists()


def test_nobody_there_is_said(tmp_path: Path) -> None:
    """A program would see an error of a library, or wait for ever."""
    with Client("http://127.0.0.1:9", timeout=5.0) as nobody:
        with pytest.raises(Unreachable, match="does not answer"):
            nobody.health()
        with pytest.raises(Unreachable, match="silent"):
            nobody.wait("any", patience=0.0)
        with pytest.raises(Unreachable):
            nobody.save_model("any", tmp_path / "model.mps")
    assert not list(tmp_path.iterdir())


class Breaking(httpx.HTTPTransport):
    """A network that breaks every connection to a stream of events after a few pieces."""

    def __init__(self) -> None:
        super().__init__()
        self.resumed: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        if request.url.path.endswith("/events") and answer.status_code == 200:
            self.resumed.append(request.headers["Last-Event-ID"])
            return httpx.Response(200, headers=answer.headers, stream=_Short(answer.stream))
        return answer


class _Short(httpx.SyncByteStream):
    def __init__(self, whole: Any) -> None:
        self._whole = whole

    def __iter__(self) -> Iterator[bytes]:
        for number, piece in enumerate(self._whole):
            if number == 2:
                raise httpx.ReadError("the cable was pulled")
            yield piece

    def close(self) -> None:
        self._whole.close()


def test_a_stream_that_breaks_is_taken_up_where_it_was(service: Plain) -> None:
    """A wait of hours would end with the first broken connection, or the same news would be told twice."""
    network = Breaking()
    with Client(str(service.base_url), transport=network) as client:
        run = client.submit(tiny("fine"))
        heard: list[Event] = list(client.follow(run.id))
        assert [event.number for event in heard] == list(range(1, len(heard) + 1))
        assert heard[-1].last
        assert len(network.resumed) > 1
        assert network.resumed == sorted(network.resumed, key=int)
        assert list(client.follow(run.id, after=heard[-1].number)) == [], "nothing follows the last event"


def test_signs_of_life_between_events_are_no_events() -> None:
    """Waiting for a run would fail when the service says that it is still there: it did."""
    said = 'id: 1\nevent: state\ndata: {"state": "running"}\n\n: ping\n\nid: 2\nevent: state\ndata: {"state": "optimal"}\n\n'
    network = httpx.MockTransport(lambda _: httpx.Response(200, headers={"Content-Type": "text/event-stream"}, text=said))
    with httpx.Client(transport=network, base_url="http://service") as http:
        found = list(events(SimpleNamespace(http=http), "run", 0, 1.0))  # type: ignore[arg-type]
    assert [(event.number, event.data["state"]) for event in found] == [(1, "running"), (2, "optimal")]


def test_the_same_key_finds_the_same_run(client: Client) -> None:
    """A program that sends again after a broken connection would have its scenario solved twice."""
    one, two = (client.submit(tiny("fine"), idempotency_key="k1") for _ in range(2))
    assert one.id == two.id


def test_the_client_loads_neither_server_nor_solver() -> None:
    """A script that only sends scenarios would need, and load, everything that a server needs."""
    import subprocess
    import sys

    heavy = {"fastapi", "starlette", "uvicorn", "sqlalchemy", "pyomo", "highspy", "plotly"}
    code = f"import api.client, sys; print(sorted({heavy!r} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
