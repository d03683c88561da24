"""Calls that are carried out in other processes: how they travel, how their outcomes come home, and what becomes of those that get lost.

A call and its outcome travel as bytes, so that whoever carries them (a process pool, a cluster) sees nothing else:

- Functions and data are pickled by plain `pickle`: a function must be importable where it runs, and models of Pyomo or HiGHS don't travel.
- What the function raises comes home as an outcome like any other. What the carrier itself raises is therefore always a loss on the way.
- A `threading.Event` among the arguments arrives as an event of that process, which is set when `tell` is called there with its name.
"""

from __future__ import annotations

import io
import pickle
import threading
import traceback
from collections.abc import Callable, Mapping
from concurrent import futures
from concurrent.futures import Executor, Future
from contextlib import suppress
from functools import lru_cache, partial
from typing import Any

from models.errors import WorkerLost

EventName = Callable[[threading.Event], str]


class _Packer(pickle.Pickler):
    def __init__(self, file: io.BytesIO, name_of: EventName) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._name_of = name_of

    def reducer_override(self, value: Any) -> Any:
        return (event_called, (self._name_of(value),)) if isinstance(value, threading.Event) else NotImplemented


def packed(function: Callable[..., Any], arguments: tuple[Any, ...], named: Mapping[str, Any], name_of: EventName) -> bytes:
    """A call as bytes; `name_of` gives events their names. Raises what `pickle` raises for what can't travel."""
    file = io.BytesIO()
    _Packer(file, name_of).dump((function, arguments, dict(named)))
    return file.getvalue()


def carry_out(call: bytes) -> bytes:
    """The outcome of a packed call, as bytes. Runs in the other process and never raises."""
    try:
        function, arguments, named = pickle.loads(call)
        return pickle.dumps((True, function(*arguments, **named)), pickle.HIGHEST_PROTOCOL)
    except BaseException as error:  # whatever it is, the caller decides
        return pickle.dumps((False, _portable(error)), pickle.HIGHEST_PROTOCOL)


def unpacked(outcome: bytes) -> Any:
    """The result in an outcome. Raises what the function raised, with the other process's traceback as a note."""
    done, value = pickle.loads(outcome)
    if not done:
        raise value
    return value


def _portable(error: BaseException) -> BaseException:
    """`error`, or its text where it doesn't survive pickling."""
    where = "".join(traceback.format_exception(error))
    try:
        copy = pickle.loads(pickle.dumps(error, pickle.HIGHEST_PROTOCOL))
        same = type(copy) is type(error) and str(copy) == str(error)
    except Exception:
        same = False
    sent = error if same else RuntimeError(f"{type(error).__name__}: {error}")
    sent.add_note(f"In another process:\n{where}")
    return sent


@lru_cache(maxsize=4096)
def event_called(name: str) -> threading.Event:
    """This process's event of that name, the same one at every call. An empty name is an event that is never set."""
    del name  # the memory of `lru_cache` is the point
    return threading.Event()


def tell(name: str) -> None:
    """Set this process's event of that name."""
    event_called(name).set()


class Elsewhere(Executor):
    """An executor whose calls are carried out by another executor in other processes.

    Futures can be cancelled until they are done: the work may go on for a while, but nobody waits for it. When the carrier fails (a killed process, a
    cluster that went away), they raise WorkerLost with what `cause_of` makes of the carrier's error.
    """

    def __init__(self, carrier: Executor, slots: int, *, name_of: EventName, cause_of: Callable[[BaseException], str]) -> None:
        self.slots = slots  # calls that can run at the same time
        self._carrier, self._name_of, self._cause_of = carrier, name_of, cause_of
        self._lock = threading.Lock()
        self._open: set[Future[Any]] = set()
        self._lost: str | None = None
        self._closed = False

    @property
    def busy(self) -> bool:
        """Whether any call is under way."""
        return bool(self._open)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The future result of `fn(*args, **kwargs)`. Raises what `pickle` raises when the call can't travel."""
        call = packed(fn, args, kwargs, self._name_of)
        future: Future[Any] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("nothing can be submitted after shutdown")
            lost = self._lost
            self._open.add(future)
        try:
            carried = None if lost else self._carrier.submit(carry_out, call)
        except Exception as error:  # a pool that broke, a connection that was closed, between two calls
            lost, carried = self._cause_of(error), None
        future.add_done_callback(partial(self._let_go, carried))
        if carried is None:
            _settle(future, error=WorkerLost(lost))
        else:
            carried.add_done_callback(partial(self._arrived, future))
        return future

    def lose(self, why: str) -> None:
        """Nothing will come home any more: every future, and every later one, raises WorkerLost with these words."""
        with self._lock:
            self._lost = self._lost or why
            left = list(self._open)
        for future in left:
            _settle(future, error=WorkerLost(why))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls; see `concurrent.futures.Executor`."""
        with self._lock:
            self._closed = True
            left = list(self._open)
        for future in left if cancel_futures else ():
            future.cancel()
        if wait:
            futures.wait(left)

    def _arrived(self, future: Future[Any], carried: Future[bytes]) -> None:
        if future.done():
            return
        try:
            outcome = carried.result()
        except BaseException as error:  # functions' errors come as outcomes, so this is the carrier's own
            _settle(future, error=WorkerLost(self._cause_of(error)))
            return
        try:
            result = unpacked(outcome)
        except BaseException as error:
            _settle(future, error=error)
        else:
            _settle(future, result)

    def _let_go(self, carried: Future[bytes] | None, future: Future[Any]) -> None:
        """However the future ended, nobody waits for its call any more."""
        with self._lock:
            self._open.discard(future)
        if future.cancelled():
            future.set_running_or_notify_cancel()  # wakes those who wait
        if carried is not None:
            carried.cancel()


def _settle(future: Future[Any], result: Any = None, *, error: BaseException | None = None) -> None:
    """Give a future its outcome, unless somebody was faster."""
    with suppress(futures.InvalidStateError):
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
