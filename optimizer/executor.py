"""The one seam through which futures and runs are spread: `concurrent.futures.Executor`, whoever stands behind it.

Threads of this process by default (HiGHS releases the interpreter's lock while it solves), processes where asked, a Dask cluster by address.
`spread` gives results in the order of the chunks, whatever finishes first, and a chunk's function sees the chunk alone. So the answer depends on how
the work was cut, never on who did it or how many did.

    with executor_for(cluster, workers=settings.threads) as executor:
        for trial in spread(executor, partial(try_chunk, scenario, first), chunks, stop=stop): ...

On processes and clusters function and chunks travel by pickle (`optimizer.remote`): documents, paths, arrays. A `stop` bound to the function is
heard by running chunks on threads and on a cluster; in a process pool only what has not begun is stopped.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from concurrent.futures import Executor, Future
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from typing import Any, TypeVar

from models.errors import Cancelled
from optimizer.remote import Elsewhere

AHEAD = 64  # chunks under way or waiting for an earlier one; bounds the memory
LOOK_UP_SECONDS = 0.2  # how often a wait looks whether it should stop
BROKEN = "A process that worked on this was killed. The memory may have run out: use fewer processes, or smaller chunks."
Chunk = TypeVar("Chunk")
Result = TypeVar("Result")


def executor_for(cluster: str | None = None, *, workers: int = 2, processes: bool = False) -> AbstractContextManager[Executor]:
    """An executor as a context: the Dask cluster whose scheduler is at `cluster`, or `workers` threads or processes.

    At its end what has not begun is cancelled; what runs on this machine is waited for, what runs on a cluster is left to end alone.
    Entering it raises ClusterUnusable.
    """
    if cluster is not None:
        from optimizer.cluster import on_cluster  # half a second of imports, for those who have a cluster

        return on_cluster(cluster)
    return _in_processes(workers) if processes else _in_threads(workers)


@contextmanager
def _in_threads(workers: int) -> Iterator[Executor]:
    executor = futures.ThreadPoolExecutor(workers, thread_name_prefix="spread")
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


@contextmanager
def _in_processes(workers: int) -> Iterator[Executor]:
    pool = futures.ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    executor = Elsewhere(pool, workers, name_of=lambda _: "", cause_of=lambda _: BROKEN)
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)
        pool.shutdown(cancel_futures=True)


def spread(
    executor: Executor,
    function: Callable[[Chunk], Result],
    chunks: Iterable[Chunk],
    *,
    stop: threading.Event | None = None,
    ahead: int | None = None,
) -> Iterator[Result]:
    """`function(chunk)` for every chunk, in the order of the chunks.

    At most `ahead` chunks are taken from `chunks` beyond those whose result was taken. The first chunk in order that fails raises its error, with a note
    saying which chunk it was; when `stop` is set, results at hand are still given, then Cancelled is raised. Either way, and when the caller takes no more,
    what has not begun is cancelled.
    """
    waiting, under_way = iter(chunks), deque[Future[Result]]()
    ahead = ahead or max(AHEAD, 2 * getattr(executor, "slots", 0))
    taken = 0
    try:
        while True:
            if stop is None or not stop.is_set():
                under_way.extend(executor.submit(function, chunk) for chunk in islice(waiting, ahead - len(under_way)))
            if not under_way:
                if stop is not None and stop.is_set() and next(waiting, None) is not None:
                    raise Cancelled
                return
            _until_done(under_way[0], stop)
            yield _result(under_way.popleft(), taken)
            taken += 1
    finally:
        for future in under_way:
            future.cancel()


def _until_done(future: Future[Any], stop: threading.Event | None) -> None:
    """Wait for a future. Raises Cancelled when `stop` comes first."""
    while not futures.wait([future], timeout=None if stop is None else LOOK_UP_SECONDS).done:
        if stop is not None and stop.is_set():
            raise Cancelled


def _result(future: Future[Result], number: int) -> Result:
    try:
        return future.result()
    except BaseException as error:
        error.add_note(f"In chunk {number}, counted from 0.")
        raise
