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
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from concurrent.futures import Executor, Future
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from math import inf
from typing import TypeVar

from models.errors import Cancelled
from optimizer.remote import Elsewhere

AHEAD = 64  # chunks under way or waiting for an earlier one; bounds the memory
LOOK_UP_SECONDS = 0.2  # how often a wait looks whether it is over
BROKEN = "A process ended without an answer. The memory may have run out (use fewer processes, or smaller chunks), or it could not start."
Chunk = TypeVar("Chunk")
Result = TypeVar("Result")


def executor_for(cluster: str | None = None, *, workers: int = 2, processes: bool = False, outlive: bool = False) -> AbstractContextManager[Executor]:
    """An executor as a context: the Dask cluster whose scheduler is at `cluster`, or `workers` threads or processes.

    At its end what has not begun is cancelled; what runs on this machine is waited for, what runs on a cluster is left to end alone. With `outlive`,
    which only a cluster heeds, whatever was sent there is carried out, even if this process is killed.
    Entering it raises ClusterUnusable.
    """
    if cluster is not None:
        from optimizer.cluster import on_cluster  # half a second of imports, for those who have a cluster

        return on_cluster(cluster, outlive=outlive)
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
    deadline: float = inf,
    ahead: int | None = None,
) -> Iterator[Result]:
    """`function(chunk)` for every chunk, in the order of the chunks.

    At most `ahead` chunks are taken from `chunks` beyond those whose result was taken. The first chunk in order that fails raises its error, with a note
    saying which chunk it was. When `stop` is set or `time.monotonic()` passes `deadline`, results at hand are still given, then Cancelled or TimeoutError
    is raised. Whatever ends it, what has not begun is cancelled.
    """

    def over() -> Exception | None:
        if stop is not None and stop.is_set():
            return Cancelled()
        return TimeoutError("the time was up before every chunk was done") if time.monotonic() > deadline else None

    waiting, under_way = iter(chunks), deque[Future[Result]]()
    ahead = ahead or max(AHEAD, 2 * getattr(executor, "slots", 0))
    taken = 0
    try:
        while True:
            why = over()
            if why is None:
                under_way.extend(executor.submit(function, chunk) for chunk in islice(waiting, ahead - len(under_way)))
            if not under_way:
                if why is not None and next(waiting, None) is not None:
                    raise why
                return
            while not futures.wait([under_way[0]], timeout=LOOK_UP_SECONDS).done:
                if why := over():
                    raise why
            yield _result(under_way.popleft(), taken)
            taken += 1
    finally:
        for future in under_way:
            future.cancel()


def _result(future: Future[Result], number: int) -> Result:
    try:
        return future.result()
    except BaseException as error:
        error.add_note(f"In chunk {number}, counted from 0.")
        raise
