"""The runner of a batch on a Dask cluster: every scenario is one task there. A lost worker's tasks are run again elsewhere; only this process writes files."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, InvalidStateError
from contextlib import suppress
from typing import Any

from models.errors import WorkerLost

TRIES = 2  # a run that is lost with its worker near its end may take its whole time once more


class OnCluster:
    """`submit` as in `concurrent.futures.Executor`; setting `stop` asks every running task to stop (it still answers)."""

    def __init__(self, executor: Executor, stop: threading.Event) -> None:
        self._executor, self._stop = executor, stop

    def submit(self, work: Callable[..., Any], task: Any, /) -> Future[Any]:
        """The future result of `work(task, stop=...)`. It raises WorkerLost when the task, the cluster or its patience ended without an answer."""
        future = self._executor.submit(work, task, stop=self._stop)
        patience = threading.Timer(TRIES * task.patience_seconds, _give_up, (future,))
        patience.daemon = True
        patience.start()
        future.add_done_callback(lambda _: patience.cancel())
        return future


def _give_up(future: Future[Any]) -> None:
    with suppress(InvalidStateError):  # it has just ended
        future.set_exception(WorkerLost("The run did not end in time on the cluster. Lower `time_limit_seconds`, or shrink the scenario."))
