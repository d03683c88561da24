"""Traces: a request, the attempt at its run and its phases belong together, and nothing is traced unless it is wanted."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from api.settings import Settings
from api.tracing import UNTRACED, Traced, traces_for
from models.errors import ExtraMissing
from tests.api.service import serving, until
from tests.api.stores import opened

ROOT = Path(__file__).parents[2]
CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def named(spans: tuple[ReadableSpan, ...], name: str) -> list[ReadableSpan]:
    return [span for span in spans if span.name == name]


def finished(exporter: InMemorySpanExporter, name: str, count: int = 1) -> tuple[ReadableSpan, ...]:
    """All spans, once so many of this name are there."""
    return until(lambda: (spans := exporter.get_finished_spans()) and len(named(spans, name)) >= count and spans)


def test_request_run_and_phases_are_one_trace() -> None:
    """Who looks for the time of a slow request would see pieces that don't belong to anything."""
    exporter = InMemorySpanExporter()
    with serving(traces=Traced("1", SimpleSpanProcessor(exporter))) as client:
        client.solve("fine", wait=60, headers={"traceparent": CALLER})
        finished(exporter, "run")
        spans = finished(exporter, "POST /v1/runs")
    (request,), (run,) = named(spans, "POST /v1/runs"), named(spans, "run")
    assert request.kind == SpanKind.SERVER
    assert f"{request.context.trace_id:032x}" == CALLER[3:35]
    assert f"{request.parent.span_id:016x}" == CALLER[36:52], "the caller's span is above"
    assert run.parent.span_id == request.context.span_id
    phases = [span for span in spans if span.parent and span.parent.span_id == run.context.span_id]
    assert [span.name for span in phases] == ["read", "build", "compile", "solve"]
    assert all(run.start_time <= one.start_time <= one.end_time <= other.start_time for one, other in pairwise(phases))
    assert phases[-1].end_time <= run.end_time
    assert (run.attributes["offtake.end"], run.attributes["offtake.attempt"]) == ("optimal", 1)


def test_the_trace_goes_on_where_another_server_solves(tmp_path: Path) -> None:
    """A run that is solved by a second server would be lost from its request's trace."""
    address, exporter = str(tmp_path / "runs.db"), InMemorySpanExporter()
    with serving(store=address, traces=Traced("1", SimpleSpanProcessor(InMemorySpanExporter()))) as client:
        client.solve("patient", headers={"traceparent": CALLER})
        run_id = client.solve("fine", headers={"traceparent": CALLER}).json()["id"]
    with opened(address) as store:
        assert store.get(run_id).request.trace[3:35] == CALLER[3:35]
        store.cancel(next(run.id for run in store.latest(9) if run.id != run_id))
    with serving(store=address, traces=Traced("1", SimpleSpanProcessor(exporter))):
        (run,) = named(finished(exporter, "run"), "run")
    assert f"{run.context.trace_id:032x}" == CALLER[3:35]


def test_a_lost_process_leaves_no_phase_open() -> None:
    """A solve that crashes, which is what one looks for, would be missing from its trace."""
    exporter = InMemorySpanExporter()
    with serving(traces=Traced("1", SimpleSpanProcessor(exporter))) as client:
        client.solve("crash", wait=60)
        spans = finished(exporter, "run", 2)
    assert [(run.attributes["offtake.end"], run.status.status_code) for run in named(spans, "run")] == [("lost", StatusCode.ERROR)] * 2
    assert len(named(spans, "solve")) == 2


def test_spans_hold_no_addresses_and_nothing_of_a_scenario() -> None:
    """What stands in an address, or in a scenario, would be sent to whoever collects traces."""
    exporter = InMemorySpanExporter()
    with serving(traces=Traced("1", SimpleSpanProcessor(exporter))) as client:
        client.get("/v1/runs/confidential?key=confidential", headers={"User-Agent": "confidential"})
        client.solve("broken", wait=60)
        spans = finished(exporter, "run")
    assert {span.name for span in spans} >= {"GET /v1/runs/{run_id}", "run"}
    text = "".join(span.to_json() for span in spans)
    assert "confidential" not in text
    assert "broken" not in text


def test_nothing_is_traced_unless_it_is_wanted(tmp_path: Path) -> None:
    """A server would look for a collector that nobody has, or load what it does not need."""
    assert Settings().tracing is False
    assert traces_for(Settings().tracing, "1") is UNTRACED
    code = f"import sys; from api.app import create_app; from api.settings import Settings; create_app(Settings(store={str(tmp_path / 'runs.db')!r}))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; print('opentelemetry.sdk.trace' in sys.modules)"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever turns traces on would get a stack trace in the place of what to install."""
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ExtraMissing, match=r"offtake\[tracing\]"):
        traces_for(True, "1")
