"""An executor whose every task is a supervised child process of its own.

One crash, kill or hang costs one task and nothing else (a process pool breaks as a whole when one worker is killed). Children are spawned, not
forked. They report progress, can be asked to stop, and end by themselves when their parent is gone.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any

from models.errors import WorkerLost
from optimizer.progress import Progress

POLL_SECONDS = 0.2
OnNews = Callable[[Any, Progress], None]
Work = Callable[..., Any]
"""Called in the child as `work(task, on_progress=..., stop=...)`; must be importable there. With any other executor it is called as `work(task)`."""


class Children:
    """At most `at_once` children; `submit` and `shutdown` as in `concurrent.futures.Executor`.

    `on_progress(task, event)` is called from supervising threads. Setting `stop` asks every running task to stop (it still answers).
    """

    def __init__(self, at_once: int, on_progress: OnNews, stop: threading.Event) -> None:
        resource_tracker.ensure_running()  # started with the first child otherwise, and it unblocks signals in the thread that starts it
        self._threads = ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="supervisor", initializer=_leave_interrupts_to_the_main_thread)
        self._on_progress, self._stop = on_progress, stop
        self._killed = threading.Event()

    def submit(self, work: Work, task: Any, /) -> Future[Any]:
        """The future result of `work(task)`. It raises WorkerLost when `work` raised, or the child died or outlived `task.patience_seconds`."""
        return self._threads.submit(self._supervise, work, task)

    def kill(self) -> None:
        """End every child now; their futures raise WorkerLost."""
        self._killed.set()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more tasks."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)

    def _supervise(self, work: Work, task: Any) -> Any:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=True)
        process = context.Process(target=_child, args=(theirs, work, task), daemon=True)
        process.start()
        theirs.close()
        try:
            return self._listen(ours, task)
        except EOFError:
            process.join()
            raise WorkerLost(_cause_of_death(process.exitcode)) from None
        finally:
            process.kill()
            process.join()
            ours.close()

    def _listen(self, pipe: Connection, task: Any) -> Any:
        """Messages from the child until its answer; raises EOFError when it ends without one."""
        deadline, asked = time.monotonic() + task.patience_seconds, False
        while True:
            if self._killed.is_set():
                raise WorkerLost("The process was ended because the command was interrupted.")
            if time.monotonic() > deadline:
                raise WorkerLost("The process did not end in time and was killed. Lower `time_limit_seconds`, or shrink the scenario.")
            if self._stop.is_set() and not asked:
                asked = True
                with contextlib.suppress(OSError):  # it may be gone by now; the pipe will say so
                    pipe.send("stop")
            if not pipe.poll(POLL_SECONDS):
                continue
            try:
                word, value = pipe.recv()
            except ConnectionResetError:
                raise EOFError from None
            if word == "progress":
                self._on_progress(task, value)
            elif word == "answer":
                return value
            else:
                raise WorkerLost(value)


def _leave_interrupts_to_the_main_thread() -> None:
    """Ctrl-C on a terminal reaches every process of the command. Children inherit the mask of the thread that starts them: only the parent hears it."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _cause_of_death(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name if -code in {int(s) for s in signal.Signals} else f"signal {-code}"
        hint = " The memory may have run out; run fewer at once (`--jobs`)." if -code == signal.SIGKILL else ""
        return f"The process that solved it was killed ({name}).{hint}"
    return f"The process that solved it ended with code {code} and no answer."


def _child(pipe: Connection, work: Work, task: Any) -> None:
    """What runs in a child: `work`, with progress going up the pipe and `stop` coming down."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # from here on for every thread, those of native libraries included
    if "fork" in multiprocessing.get_all_start_methods():
        # Pyomo makes a lock when imported. Under "spawn" that is a named semaphore, which a killed child leaves behind and which is then complained of.
        multiprocessing.set_start_method("fork", force=True)
    sink = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.__stdout__, sys.__stderr__):  # the screen belongs to the parent
        if stream is not None:
            os.dup2(sink, stream.fileno())
    stop = threading.Event()
    threading.Thread(target=_hear, args=(pipe, stop), daemon=True).start()
    one_at_a_time = threading.Lock()

    def send(word: str, value: Any) -> None:
        with one_at_a_time:
            pipe.send((word, value))

    try:
        send("answer", work(task, on_progress=partial(send, "progress"), stop=stop))
    except BaseException as error:  # whatever it is, the parent decides; as text, because not every error survives pickling
        send("error", f"{type(error).__name__}: {error}")


def _hear(pipe: Connection, stop: threading.Event) -> None:
    """Wait for the parent's word; when the parent is gone, so is the child."""
    try:
        while True:
            if pipe.recv() == "stop":
                stop.set()
    except (EOFError, OSError):
        os._exit(1)
