"""Traces (OpenTelemetry), where they are wanted: request, then the attempt at its run, then the phases of the solve.

The context goes with the run's row, so a run that another server solves still belongs to the request that sent it. A phase's span is made by the
supervisor when the solving process tells of it: that process knows nothing of traces, and one that is killed leaves no span open. Spans name routes and
never addresses, which can hold what nobody else may know, and nothing of a scenario.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol

from api.store import Run
from models.errors import ExtraMissing

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import Span, Tracer


class RequestSpan(Protocol):
    """A request that is being answered."""

    def ended(self, method: str, route: str, status: int) -> None: ...


class AttemptSpan(Protocol):
    """An attempt at a run."""

    def phase(self, name: str) -> None:
        """This phase begins, and the one before it is over."""

    def ended(self, end: str, reason: str) -> None: ...


class Traces(Protocol):
    """Where spans go."""

    def request(self, method: str, headers: Mapping[str, str]) -> AbstractContextManager[RequestSpan]: ...

    def here(self) -> str | None:
        """The span that is current (W3C `traceparent`), for whoever goes on later."""

    def attempt(self, run: Run) -> AbstractContextManager[AttemptSpan]: ...

    def close(self) -> None:
        """Send what has not been sent."""


class Untraced:
    """No traces, and a span of every kind that does nothing."""

    def request(self, method: str, headers: Mapping[str, str]) -> AbstractContextManager[Untraced]:  # noqa: ARG002
        return nullcontext(self)

    def here(self) -> None:
        return None

    def attempt(self, run: Run) -> AbstractContextManager[Untraced]:  # noqa: ARG002
        return nullcontext(self)

    def phase(self, name: str) -> None: ...

    def ended(self, *_: object) -> None: ...

    def close(self) -> None: ...


UNTRACED = Untraced()


class Traced:
    """Spans that go to a processor; without one, in batches to the collector that the environment names (`OTEL_EXPORTER_OTLP_...`)."""

    def __init__(self, version: str, processor: SpanProcessor | None = None) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
            from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
        except ModuleNotFoundError:
            raise ExtraMissing("Traces need OpenTelemetry: pip install 'offtake[tracing]'.") from None
        name = os.environ.get("OTEL_SERVICE_NAME") or "offtake"
        self._provider = TracerProvider(resource=Resource.create({"service.name": name, "service.version": version}))
        self._provider.add_span_processor(processor or BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("offtake", version)
        self._words = TraceContextTextMapPropagator()

    @contextmanager
    def request(self, method: str, headers: Mapping[str, str]) -> Iterator[RequestSpan]:
        """The span of a request, current while the block lasts; below that of the caller, if it says so (`traceparent`)."""
        from opentelemetry.trace import SpanKind

        above = self._words.extract(headers)
        with self._tracer.start_as_current_span("HTTP", above, SpanKind.SERVER, record_exception=False, set_status_on_exception=False) as span:
            span.set_attribute("http.request.method", method)
            yield _Request(span)

    def here(self) -> str | None:
        found: dict[str, str] = {}
        self._words.inject(found)
        return found.get("traceparent")

    @contextmanager
    def attempt(self, run: Run) -> Iterator[AttemptSpan]:
        """The span of an attempt at a run, below the request that sent it."""
        above = self._words.extract({"traceparent": run.request.trace} if run.request.trace else {})
        about = {"offtake.run": run.id, "offtake.attempt": run.attempt, "offtake.ask": run.request.ask or "solve"}
        with self._tracer.start_as_current_span("run", above, attributes=about, record_exception=False) as span:
            attempt = _Attempt(self._tracer, span)
            try:
                yield attempt
            finally:
                attempt.phase("")

    def close(self) -> None:
        self._provider.shutdown()


class _Request:
    def __init__(self, span: Span) -> None:
        self._span = span

    def ended(self, method: str, route: str, status: int) -> None:
        from opentelemetry.trace import StatusCode

        self._span.update_name(f"{method} {route}")
        self._span.set_attributes({"http.route": route, "http.response.status_code": status})
        if status >= 500:
            self._span.set_status(StatusCode.ERROR)


class _Attempt:
    def __init__(self, tracer: Tracer, span: Span) -> None:
        self._tracer, self._span = tracer, span
        self._name, self._phase = "", None

    def phase(self, name: str) -> None:
        if name == self._name:
            return
        if self._phase is not None:
            self._phase.end()
        self._name, self._phase = name, self._tracer.start_span(name) if name else None

    def ended(self, end: str, reason: str) -> None:
        from opentelemetry.trace import StatusCode

        self._span.set_attributes({"offtake.end": end, "offtake.reason": reason})
        if end in ("failed", "lost"):
            self._span.set_status(StatusCode.ERROR)


def traces_for(wanted: bool, version: str) -> Traces:
    """Where the settings want spans to go. Raises ExtraMissing."""
    return Traced(version) if wanted else UNTRACED
