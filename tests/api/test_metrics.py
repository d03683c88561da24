"""Metrics: what is counted, under few labels, and readable by Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from api.app import create_app
from api.database import connection
from api.metrics import Watched
from api.settings import Settings
from api.store import State
from tests.api.service import STAND_IN, Client, serving, until
from tests.api.stores import opened, queued, taken
from tests.api.test_store_faults import locked

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(text: str) -> Samples:
    """Every sample, by name and labels."""
    found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in found}


def value(found: Samples, name: str, **labels: str) -> float:
    return found[name, tuple(sorted(labels.items()))]


@pytest.fixture
def client() -> Iterator[Client]:
    with serving(workers=2) as client:
        yield client


def read(client: Client) -> Samples:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return samples(answer.text)


def test_requests_are_counted_by_route_and_status(client: Client) -> None:
    """A route that fails or is slow would not be seen."""
    for _ in range(3):
        client.get("/v1/runs")
    client.get("/v1/runs?limit=0")
    found = read(client)
    assert value(found, "offtake_http_requests_total", method="GET", route="/v1/runs", status="200") == 3
    assert value(found, "offtake_http_requests_total", method="GET", route="/v1/runs", status="422") == 1
    assert value(found, "offtake_http_request_seconds_count", method="GET", route="/v1/runs") == 4
    assert value(found, "offtake_http_request_seconds_bucket", method="GET", route="/v1/runs", le="60.0") == 4


def test_labels_have_few_values(client: Client) -> None:
    """Whoever asks for a thousand addresses would fill the memory of this server and of Prometheus, and ids would be in the metrics."""
    run = client.solve("fine", wait=60).json()["id"]
    for number in range(20):
        client.get(f"/v1/runs/nowhere{number}")
        client.get(f"/nowhere{number}")
        client.get(f"/static/nowhere{number}")
        client.request(f"ODD{number}", "/v1/runs")
    text = client.get("/metrics").text
    assert "nowhere" not in text
    assert run not in text
    known = {route["path"] for route in _routes()} | {"/static", "unmatched"}
    labels = {name: {dict(key[1])[name] for key in samples(text) if name in dict(key[1])} for name in ("route", "method", "state", "end")}
    assert labels["route"] <= known
    assert labels["method"] <= {"GET", "POST", "other"}
    assert labels["state"] == set(get_args(State))


def _routes() -> list[dict[str, Any]]:
    from api.routes import documents, events, health, metrics, pages, runs

    return [{"path": route.path} for part in (documents, events, health, metrics, pages, runs) for route in part.router.routes]


def test_runs_and_solves_are_counted(client: Client) -> None:
    """Nobody would see that runs fail, or that the queue grows."""
    client.solve("fine", wait=60)
    client.solve("broken", wait=60)
    waiting = client.solve("patient").json()["id"]
    client.run_until(waiting, lambda run: run["progress"] and run["progress"]["incumbent"])
    found = until(lambda: (now := read(client)) and value(now, "offtake_children") == 2 and now)
    assert value(found, "offtake_runs", state="optimal") == 1
    assert value(found, "offtake_runs", state="failed") == 1
    assert value(found, "offtake_runs", state="running") == 1
    assert value(found, "offtake_queue_length") == 0
    assert value(found, "offtake_oldest_running_seconds") > 0
    assert value(found, "offtake_solve_seconds_count", end="optimal") == 1
    assert value(found, "offtake_solve_seconds_count", end="failed") == 1
    client.post(f"/v1/runs/{waiting}/cancel")
    until(lambda: ("offtake_solve_seconds_count", (("end", "cancelled"),)) in read(client))


def test_open_streams_are_counted(client: Client) -> None:
    """Streams that are never closed would not be seen until no connection is left."""
    run = client.solve("patient").json()["id"]
    with client.stream("GET", f"/v1/runs/{run}/events") as answer:
        lines = answer.iter_lines()
        next(lines)
        assert value(read(client), "offtake_event_streams") == 1
        client.post(f"/v1/runs/{run}/cancel")
        assert [line for line in lines if "cancelled" in line]
    until(lambda: value(read(client), "offtake_event_streams") == 0)


def test_trouble_with_the_store_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that is locked again and again would be seen by nobody but those who are refused; one that is gone would take the metrics with it."""
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.1)
    path = tmp_path / "runs.db"
    with serving(store=str(path)) as client:
        assert value(read(client), "offtake_store_errors_total") == 0
        with locked(path):
            assert client.solve("fine").status_code == 503
        assert value(read(client), "offtake_store_errors_total") >= 1
        assert value(read(client), "offtake_store_up") == 1
    with opened(str(path)) as store:
        store.close()
        path.unlink()
        registry = CollectorRegistry()
        registry.register(Watched(store, NobodySolves()))  # type: ignore[arg-type]
        found = samples(generate_latest(registry).decode())
    assert value(found, "offtake_store_up") == 0
    assert ("offtake_queue_length", ()) not in found, "a number that is not known is not told"


class NobodySolves:
    children = 0


def test_ages_are_those_of_the_oldest(address: str) -> None:
    """A queue that nobody works on would look like one that has just been filled."""
    with opened(address) as store:
        taken(store)
        first = queued(store)
        queued(store)
        registry = CollectorRegistry()
        registry.register(Watched(store, NobodySolves(), lambda: first.created + timedelta(seconds=90)))  # type: ignore[arg-type]
        found = samples(generate_latest(registry).decode())
    assert value(found, "offtake_oldest_queued_seconds") == pytest.approx(90)
    assert value(found, "offtake_oldest_running_seconds") == pytest.approx(90, abs=5)
    assert value(found, "offtake_queue_length") == 2


def test_an_empty_store_has_no_ages(address: str) -> None:
    """The first look at a new server would fail, or ring an alarm."""
    with opened(address) as store:
        registry = CollectorRegistry()
        registry.register(Watched(store, NobodySolves(), lambda: datetime.now(UTC)))  # type: ignore[arg-type]
        found = samples(generate_latest(registry).decode())
    assert value(found, "offtake_oldest_queued_seconds") == value(found, "offtake_oldest_running_seconds") == 0
    assert value(found, "offtake_runs", state="queued") == 0


def test_open_metrics_is_spoken_where_it_is_asked_for(client: Client) -> None:
    """A collector that asks for the newer format would get what it can't read."""
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_two_applications_count_apart(tmp_path: Path) -> None:
    """A second application in one process would not start, or count for the first."""
    apps = [create_app(Settings(store=str(tmp_path / f"{name}.db"), solve=STAND_IN.solve)) for name in "ab"]
    apps[0].state.services.metrics.ended("optimal", 1.0)
    texts = [generate_latest(app.state.services.metrics.registry).decode() for app in apps]
    assert ["offtake_solve_seconds_count" in text for text in texts] == [True, False]
    for app in apps:
        app.state.services.store.close()
