"""Runs on a Dask cluster: every attempt is one task there, and its worker takes the run from the store and writes the result into it.

The cluster only says who works next. Which attempt counts says the store: whatever Dask repeats after a worker was lost, or another server has sent
as well, finds its attempt taken and does nothing. So a server may end while its runs go on, and any server over the store sends those that wait.
"""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Executor, Future

from api.cluster_attempt import attempt_there, told
from api.jobs import OnEnd, unheard
from api.settings import Settings
from api.store import Store
from api.tracing import UNTRACED, Traces
from models.errors import ClusterUnusable, StoreUnusable, WorkerLost
from optimizer.executor import executor_for

log = logging.getLogger("offtake.jobs")
POLL_SECONDS = 0.5
"""How often runs are looked for that nobody told of: those that another server took in, or that went back into the queue."""
RETRY_SECONDS = 5.0
"""Until the cluster is asked again, or an attempt that nobody could begin is sent again."""
Due = tuple[str, int]


class ClusterRunner:
    """A `Runner` whose work is done by the workers of the cluster in the settings."""

    def __init__(self, store: Store, settings: Settings, on_end: OnEnd = unheard, traces: Traces = UNTRACED) -> None:  # noqa: ARG002 (workers end runs)
        self._store, self._settings = store, settings
        self._news, self._closing, self._connected = threading.Event(), threading.Event(), threading.Event()
        self._sent: dict[Due, Future[int]] = {}
        self._not_before: dict[Due, float] = {}
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._work, name="cluster", daemon=True)
        self._thread.start()

    def submit(self, run_id: str, attempt: int) -> None:  # noqa: ARG002 (what waits says the store, also what others have put there)
        self._news.set()

    def close(self) -> None:
        """Send nothing more. What was sent is carried out by the cluster, and what was not waits in the store for the next server."""
        self._closing.set()
        self._news.set()
        if self._thread:
            self._thread.join()

    @property
    def ready(self) -> bool:
        return self._connected.is_set() and not self._closing.is_set()

    @property
    def children(self) -> int:
        return 0  # they are the cluster's

    def _work(self) -> None:
        """Keep a connection to the cluster, and send it what waits."""
        while not self._closing.is_set():
            try:
                with executor_for(self._settings.cluster, outlive=True) as executor:
                    self._connected.set()
                    log.info("runs are solved on the cluster at %s", self._settings.cluster)
                    self._serve(executor)
            except (ClusterUnusable, WorkerLost) as error:
                log.warning("the cluster can't be used: %s", error)
            except Exception:
                log.exception("sending runs to the cluster failed; it goes on")
            self._connected.clear()
            self._sent.clear()
            self._closing.wait(RETRY_SECONDS)

    def _serve(self, executor: Executor) -> None:
        """Until the server ends. Raises WorkerLost when the cluster is gone."""
        while not self._closing.is_set():
            self._news.clear()  # before looking: what is submitted afterwards ends the wait below
            self._look_back()
            try:
                for run in self._store.waiting():
                    due = (run.id, run.attempt)
                    if due not in self._sent and time.monotonic() >= self._not_before.get(due, 0.0):
                        self._sent[due] = executor.submit(attempt_there, told(self._settings, *due))
            except StoreUnusable as error:
                log.warning("no run can be sent: %s", error)
            self._news.wait(POLL_SECONDS)

    def _look_back(self) -> None:
        """Forget what is done. What could not be begun is sent again after a while, if it still waits then."""
        now = time.monotonic()
        self._not_before = {due: when for due, when in self._not_before.items() if when > now}
        for due in [due for due, future in self._sent.items() if future.done()]:
            code = self._sent.pop(due).result()
            if code:
                log.warning("run %s: attempt %d: its process on the cluster ended with code %d", *due, code)
                self._not_before[due] = now + RETRY_SECONDS
