"""Metrics for Prometheus: what this server does, and what the store holds.

Every label has few values, all known beforehand: routes are templates (`/v1/runs/{run_id}`), never the addresses that were asked for. Numbers about
runs are read from the store when the metrics are; servers over one store all tell the same, so take their maximum and not their sum.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.store import Figures, State
from models.errors import StoreUnusable

if TYPE_CHECKING:
    from api.jobs import Runner
    from api.store import Store

REQUEST_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
SOLVE_BUCKETS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 14400.0)
"""Seconds. The longest time limit is four hours."""


class Metrics:
    """The metrics of one application, in a registry of their own."""

    def __init__(self, version: str) -> None:
        self.registry = CollectorRegistry()
        here = {"registry": self.registry}
        self._requests = Counter("offtake_http_requests", "Requests answered.", ("method", "route", "status"), **here)
        text = "Seconds from a request's head to the head of its answer. Streams go on after it."
        self._latency = Histogram("offtake_http_request_seconds", text, ("method", "route"), buckets=REQUEST_BUCKETS, **here)
        self.streams = Gauge("offtake_event_streams", "Event streams open.", **here)
        text = "Seconds from the begin of an attempt at a run to its end, by how it ended: a run's state, `lost` or `returned` (to the queue)."
        self._solves = Histogram("offtake_solve_seconds", text, ("end",), buckets=SOLVE_BUCKETS, **here)
        build = Gauge("offtake_build_info", "1; the labels tell what is running.", ("version", "python"), **here)
        build.labels(version, platform.python_version()).set(1)
        ProcessCollector(**here)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request. `method` and `route` have few values: a known one or `other`, a template."""
        self._requests.labels(method, route, str(status)).inc()
        self._latency.labels(method, route).observe(seconds)

    def ended(self, end: str, seconds: float) -> None:
        """Count an attempt at a run."""
        self._solves.labels(end).observe(seconds)

    def watch(self, store: Store, runner: Runner) -> None:
        """Tell of these, too."""
        self.registry.register(Watched(store, runner))


class Watched(Collector):
    """What is read when it is asked for: the store's figures and the processes that solve."""

    def __init__(self, store: Store, runner: Runner, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store, self._runner, self._now = store, runner, now

    def describe(self) -> list[Metric]:
        """Nothing, so that registering asks no store."""
        return []

    def collect(self) -> Iterator[Metric]:
        try:
            figures: Figures | None = self._store.figures()
        except StoreUnusable:
            figures = None
        yield GaugeMetricFamily("offtake_store_up", "1 while the store answers.", value=float(figures is not None))
        yield CounterMetricFamily("offtake_store_errors", "Uses of the store that failed: full, locked, read-only, gone.", value=self._store.errors)
        yield GaugeMetricFamily("offtake_children", "Processes of this server that solve or wait for a run.", value=self._runner.children)
        if figures is not None:
            yield from self._runs(figures)

    def _runs(self, figures: Figures) -> Iterator[Metric]:
        runs = GaugeMetricFamily("offtake_runs", "Runs in the store, by state.", labels=("state",))
        for state in get_args(State):
            runs.add_metric((state,), figures.runs.get(state, 0))
        yield runs
        yield GaugeMetricFamily("offtake_queue_length", "Runs that wait.", value=figures.runs.get("queued", 0))
        for name, since in (("queued", figures.oldest_queued), ("running", figures.oldest_running)):
            age = max(0.0, (self._now() - since).total_seconds()) if since else 0.0
            yield GaugeMetricFamily(f"offtake_oldest_{name}_seconds", f"How long the oldest {name} run has been so; 0 if there is none.", value=age)
