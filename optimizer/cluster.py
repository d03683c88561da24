"""A Dask cluster as an executor: `distributed.Client.get_executor`, and what that leaves open.

Dask's scheduler spreads the calls. Those of a lost worker are run again on another one, and results that were lost with it are computed again. Added here:

- A cluster that can't be used is refused at once and in one sentence: a bad address, nobody there, no workers, other versions.
- Where calls are to `outlive` their caller, Dask keeps those under way when its client goes. A call can't be ended on its worker: Dask would only forget
  it, hold the worker for idle, and queue other calls behind it while there are workers that are idle indeed.
- Nobody waits for ever. When the scheduler goes away, or neither it nor any worker is heard of for `patience` seconds, every future raises WorkerLost.
- An event among a call's arguments is passed on to the workers when it is set (`optimizer.remote`).
- Dask's own log is kept off the screen, because what matters comes as an error.

Reference: Dask's manual, https://distributed.dask.org, chapters "Resilience" and "Futures".
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from models.errors import ClusterUnusable
from optimizer.remote import Elsewhere, tell

CONNECT_SECONDS = 10.0
WORKERS_SECONDS = 30.0  # the cluster may be starting
PATIENCE = 60.0
LOOK_UP_SECONDS = 0.5
AGAIN_SECONDS = 5.0  # workers that come later hear of an event as well
CLOSE_SECONDS = 5.0
SCHEMES = ("tcp", "tls", "ws", "wss")
SAME = ("python", "dask", "distributed", "offtake", "numpy", "scipy", "pyomo", "highspy", "pydantic")  # on every machine, for the same answer everywhere
LOGGERS = ("distributed", "distributed.client", "distributed.gc", "tornado", "tornado.application")  # those that Dask gives a level and a handler


@contextmanager
def on_cluster(address: str, *, patience: float = PATIENCE, workers_within: float = WORKERS_SECONDS, outlive: bool = False) -> Iterator[Executor]:
    """An executor on the cluster whose scheduler is at `address` (tcp://host:port). At its end calls under way are given up, and their events are set;
    with `outlive`, calls are carried out all the same, even those that had not begun, and whoever made them may have been killed.

    Raises ClusterUnusable.
    """
    _check(address)
    with _quiet(), _client(address) as client:
        slots = _checked_slots(client, address, workers_within)
        events, over = Events(), threading.Event()
        carrier = _kept(client) if outlive else client.get_executor(pure=False)
        executor = Elsewhere(carrier, slots, name_of=events.name_of, cause_of=partial(_cause, address))
        threads = [
            threading.Thread(target=_watch, args=(client, executor, address, patience, over), name="cluster-watch", daemon=True),
            threading.Thread(target=_pass_on, args=(client, executor, events, over), name="cluster-events", daemon=True),
        ]
        for thread in threads:
            thread.start()
        try:
            yield executor
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
            events.leave()
            over.set()
            for thread in threads:
                thread.join(CLOSE_SECONDS)


def _kept(client: Any) -> Executor:
    """The client's executor, with calls that are carried out whether or not there still is a client."""
    from distributed import fire_and_forget
    from distributed.cfexecutor import ClientExecutor

    class Kept(ClientExecutor):  # type: ignore[misc]
        def _wrap_future(self, future: Any) -> Any:
            fire_and_forget(future)
            return super()._wrap_future(future)

    return Kept(client, pure=False)


class Events:
    """Events that calls were given, and under which names workers know them."""

    def __init__(self) -> None:
        self._run = uuid.uuid4().hex
        self._known: list[threading.Event] = []
        self._lock = threading.Lock()
        self._all = False

    def name_of(self, event: threading.Event) -> str:
        """The name of an event, the same one every time."""
        with self._lock:
            place = next((i for i, known in enumerate(self._known) if known is event), len(self._known))
            if place == len(self._known):
                self._known.append(event)
        return f"{self._run}-{place}"

    def leave(self) -> None:
        """From now on every event counts as set: nobody waits for what is still running."""
        self._all = True

    def set_ones(self) -> list[str]:
        """Names of the events that are set."""
        with self._lock:
            return [f"{self._run}-{i}" for i, event in enumerate(self._known) if self._all or event.is_set()]


def _tell_all(names: Sequence[str]) -> None:
    for name in names:
        tell(name)


def _check(address: str) -> None:
    """Raises ClusterUnusable unless `address` looks like a scheduler's."""
    try:
        parts = urlsplit(address)
        fine = parts.scheme in SCHEMES and parts.hostname and parts.port and not parts.path.strip("/") and not parts.query
    except ValueError:
        fine = False
    if not fine:
        raise ClusterUnusable(f"'{address}' is not the address of a Dask scheduler; it should look like tcp://host:8786.")


@contextmanager
def _quiet() -> Iterator[None]:
    """Dask's log and its warnings about sizes and versions stay away: sizes are ours to choose, versions are checked here."""
    try:
        import dask
        import distributed
    except ImportError as error:
        raise ClusterUnusable(f"A cluster needs Dask, which isn't installed here ({error}): pip install 'offtake[cluster]'.") from None
    del distributed  # imported before the levels are set, because importing it sets them
    before = {name: logging.getLogger(name).level for name in LOGGERS}
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"}):
            yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


@contextmanager
def _client(address: str) -> Iterator[Any]:
    """A connection to the scheduler."""
    from distributed import Client
    from distributed.versions import VersionMismatchWarning

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", VersionMismatchWarning)
            client = _within(CONNECT_SECONDS + 1, lambda: Client(address, timeout=CONNECT_SECONDS, set_as_default=False, name="offtake"))
    except Exception as error:  # of the operating system, of TLS, or of whoever answered in the scheduler's place
        raise ClusterUnusable(f"No Dask scheduler answers at {address} ({_brief(error)}). Is it running, and can this machine reach it?") from error
    try:
        yield client
    finally:
        with suppress(Exception):  # it may have been gone for long
            client.close(timeout=CLOSE_SECONDS)


def _within(seconds: float, work: Callable[[], Any]) -> Any:
    """The result of `work`, which may hang (Dask waits for ever for the greeting of one who accepts connections and says nothing)."""
    future: Future[Any] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # handed to the caller, whatever it is
            future.set_exception(error)

    threading.Thread(target=run, name="cluster-connect", daemon=True).start()
    try:
        return future.result(seconds)
    except TimeoutError as error:
        raise error if future.done() else TimeoutError(f"no answer within {seconds:,g} s") from None


def _checked_slots(client: Any, address: str, workers_within: float) -> int:
    """How many calls can run at the same time. Raises ClusterUnusable if there are no workers, or others than here are installed."""

    def ask() -> tuple[Mapping[str, Any], int]:
        client.wait_for_workers(1, timeout=workers_within)
        return client.get_versions(packages=list(SAME[1:])), client.sync(client.scheduler.identity, n_workers=0)["total_threads"]

    try:
        versions, threads = _within(workers_within + CONNECT_SECONDS, ask)
    except TimeoutError as error:
        raise ClusterUnusable(f"The Dask cluster at {address} has no workers ({_brief(error)}). Start some: dask worker {address}.") from None
    except Exception as error:
        raise ClusterUnusable(f"The Dask cluster at {address} doesn't answer as one should ({_brief(error)}).") from error
    found = differences(versions)
    if found:
        raise ClusterUnusable(
            f"The Dask cluster at {address} has other versions installed than this machine, so it could give other answers. Install the same ones:\n"
            + "\n".join(f"  - {line}" for line in found)
        )
    return max(1, int(threads))


def differences(versions: Mapping[str, Any]) -> list[str]:
    """Sentences about packages whose version isn't the same on every machine, from `Client.get_versions`."""
    here = _installed(versions["client"])
    machines = {"the scheduler": versions["scheduler"], **{f"worker {address}": found for address, found in versions["workers"].items()}}
    lines = []
    for machine, found in machines.items():
        there = _installed(found)
        lines += [f"{name}: {there[name] or 'missing'} on {machine}, {here[name] or 'missing'} here" for name in SAME if there[name] != here[name]]
    return lines


def _installed(machine: Mapping[str, Any]) -> dict[str, str | None]:
    packages = machine["packages"]
    return {name: ".".join(packages[name].split(".")[:2]) if name == "python" else packages.get(name) for name in SAME}


def _cause(address: str, error: BaseException) -> str:
    """Why a call got lost."""
    if isinstance(error, CancelledError):  # nobody else cancels: Dask's client does when its connection breaks
        return _gone(address)
    if type(error).__name__ == "KilledWorker":
        return "Every worker that ran it was killed, so it was given up. The memory may have run out: use workers with more of it, or a smaller scenario."
    return f"The Dask cluster at {address} could not run it ({_brief(error)})."


def _gone(address: str) -> str:
    return f"The connection to the Dask cluster at {address} was lost: its scheduler ended, or the network is down."


def _brief(error: BaseException) -> str:
    return str(error).strip().split("\n")[0] or type(error).__name__


def _watch(client: Any, executor: Elsewhere, address: str, patience: float, over: threading.Event) -> None:
    """Give up waiting when there is nobody left to wait for."""
    heard = time.monotonic()
    while not over.wait(LOOK_UP_SECONDS):
        if client.status != "running":
            executor.lose(_gone(address))
            return
        workers = _workers(client)
        if workers or not executor.busy:
            heard = time.monotonic()
        elif time.monotonic() - heard > patience:
            what = "has not answered" if workers is None else "has had no worker"
            executor.lose(f"The Dask cluster at {address} {what} for {patience:,g} s.")
            return


def _workers(client: Any) -> int | None:
    """The number of workers; None while the scheduler doesn't answer."""
    try:
        return int(client.sync(client.scheduler.identity, n_workers=0, callback_timeout=CONNECT_SECONDS)["n_workers"])
    except Exception:  # whatever it is, `client.status` tells whether it is over
        return None


def _pass_on(client: Any, executor: Elsewhere, events: Events, over: threading.Event) -> None:
    """Tell the workers of events that were set."""
    told, when, last = set[str](), 0.0, False
    while not last:
        last = over.wait(LOOK_UP_SECONDS)
        names = events.set_ones()
        late = executor.busy and time.monotonic() - when > AGAIN_SECONDS
        if set(names) - told or (names and late):
            with suppress(Exception):  # a worker that can't be told is lost or will be
                client.run(_tell_all, names, on_error="ignore")
            told, when = set(names), time.monotonic()
