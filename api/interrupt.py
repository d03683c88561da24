"""Ctrl-C that keeps what was found: the first one asks the search to stop, the second one ends the command."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

LOOK_UP_SECONDS = 0.5
"""A wait without an end can miss a signal that arrives just before it begins."""
Result = TypeVar("Result")


@contextmanager
def stop_on_interrupt(stop: threading.Event, tell: Callable[[], None]) -> Iterator[None]:
    """While inside, the first SIGINT or SIGTERM sets `stop` and calls `tell`; any further one raises KeyboardInterrupt in the main thread.

    Outside the main thread (a test, a notebook) signals can't be caught, and nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def caught(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        tell()

    before = {number: signal.signal(number, caught) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def in_thread(work: Callable[[], Result]) -> Result:
    """The result of `work`, done in another thread: Python runs signal handlers in the main one only, and only while no solver holds it."""
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # handed to the caller, whatever it is
            future.set_exception(error)

    threading.Thread(target=run, name="solve", daemon=True).start()
    while not future.done():
        wait([future], timeout=LOOK_UP_SECONDS)
    return future.result()
