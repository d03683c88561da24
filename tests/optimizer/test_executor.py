"""The executor seam: the same answer whoever does the work, nothing lost, nobody waited for in vain. The cluster is a real one, on loopback ports."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, wait
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from models.errors import Cancelled, ClusterUnusable, Infeasible, WorkerLost
from optimizer import cluster as dask_cluster
from optimizer.cluster import differences, on_cluster
from optimizer.executor import executor_for, spread
from optimizer.remote import Elsewhere, carry_out
from scenarios import library
from tests.optimizer.chunks import killed, picky, planned, shy, square, until_told
from tests.optimizer.cluster_here import ClusterHere, cluster_here, until

EVERYWHERE = ("threads", "processes", "cluster")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterHere]:
    """A scheduler and two workers; one has a nanny, who starts it again when it dies, and one has none."""
    with cluster_here(tmp_path_factory.mktemp("cluster"), [["--no-nanny"], ["--nanny"]]) as running:
        yield running


@pytest.fixture(scope="module")
def everywhere(cluster: ClusterHere) -> Iterator[dict[str, Executor]]:
    """One executor of each kind, two wide."""
    with ExitStack() as stack:
        yield {
            "threads": stack.enter_context(executor_for(workers=2)),
            "processes": stack.enter_context(executor_for(workers=2, processes=True)),
            "cluster": stack.enter_context(executor_for(cluster.address)),
        }


@pytest.fixture(params=EVERYWHERE)
def executor(request: pytest.FixtureRequest, everywhere: dict[str, Executor]) -> Executor:
    """Each kind in turn."""
    return everywhere[request.param]


# --- the same answer everywhere ------------------------------------------------------------------------------------------------------------


def test_results_come_in_the_order_of_the_chunks(executor: Executor) -> None:
    """If this fails, a future's cost is booked under another future when chunks finish out of order, or more chunks than can be done are made."""
    made = []

    def chunks() -> Iterator[int]:
        for i in range(30):
            made.append(i)
            yield i

    results = spread(executor, square, chunks(), ahead=8)
    assert next(results)[0] == 0
    assert len(made) <= 9
    assert [value for value, _ in results] == [i * i for i in range(1, 30)]


def test_a_worker_killed_in_the_middle_costs_nothing(cluster: ClusterHere, everywhere: dict[str, Executor], tmp_path: Path) -> None:
    """If this fails, a run on a cluster loses futures with a machine, or its answer depends on where and how often something was solved."""
    scenario = library.load("quickstart")
    jobs = [(scenario, seed) for seed in range(6)]
    here = list(spread(everywhere["threads"], partial(planned, None, -1), jobs))
    until(lambda: dask_cluster_size(cluster.address) == 2)
    mark = tmp_path / "mark"
    assert list(spread(everywhere["cluster"], partial(planned, mark, 3), jobs)) == here
    for worker in cluster.workers:
        worker.poll()  # bury the dead
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)


def dask_cluster_size(address: str) -> int:
    """How many workers a cluster has."""
    with on_cluster(address) as executor:
        return executor.slots  # type: ignore[attr-defined,no-any-return]


# --- errors --------------------------------------------------------------------------------------------------------------------------------


def test_errors_come_home(executor: Executor) -> None:
    """If this fails, which error is seen depends on who was fastest, it comes without its conflicts, or nobody knows which chunk it was."""
    results = spread(executor, picky, range(20))
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(Infeasible, match="3 is too many") as caught:
        next(results)
    assert caught.value.conflicts[0].missing == 3.0
    assert caught.value.__notes__[-1] == "In chunk 3, counted from 0."


@pytest.mark.parametrize("where", ["processes", "cluster"])
def test_what_can_not_travel_is_said(where: str, everywhere: dict[str, Executor]) -> None:
    """If this fails, an error or a result that pickle refuses breaks the pool for all, or hangs."""
    executor = everywhere[where]
    with pytest.raises(RuntimeError, match="Shy: not by name") as caught:
        list(spread(executor, shy, [0]))
    assert "in shy" in "".join(caught.value.__notes__)
    with pytest.raises(TypeError, match="pickle"):
        executor.submit(threading.Lock).result(30)
    with pytest.raises(Exception, match="pickle"):
        executor.submit(lambda: 1)
    assert executor.submit(abs, -1).result(30) == 1


def test_a_killed_process_is_named() -> None:
    """If this fails, a process pool that ran out of memory hangs, or shows the library's own words."""
    with executor_for(workers=1, processes=True) as executor:
        for _ in range(2):
            with pytest.raises(WorkerLost, match="memory may have run out"):
                list(spread(executor, killed, [0, 1]))


# --- stopping ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["threads", "cluster"])
def test_stop_reaches_what_runs_and_what_waits(where: str, everywhere: dict[str, Executor], tmp_path: Path) -> None:
    """If this fails, Ctrl-C waits for chunks that run on another machine, or begins those that wait."""
    stop, mark = threading.Event(), tmp_path / "mark"
    executor = everywhere[where]
    results = spread(executor, partial(until_told, mark, stop), range(100), stop=stop)
    assert next(results) == 0
    until(mark.exists)
    stop.set()
    with pytest.raises(Cancelled):
        list(results)
    assert executor.submit(abs, -1).result(30) == 1  # whoever had begun has heard it, and is free again


def test_stop_spares_a_process_pool_what_waits(everywhere: dict[str, Executor]) -> None:
    """If this fails, Ctrl-C begins every chunk that still waits for a process."""
    stop = threading.Event()
    results = spread(everywhere["processes"], square, range(10_000), stop=stop, ahead=4)
    next(results)
    stop.set()
    with pytest.raises(Cancelled):
        list(results)


def test_results_at_hand_are_given_before_the_end(tmp_path: Path) -> None:
    """If this fails, work that was done is thrown away when the time is up, or work goes on beyond it."""
    stop, mark = threading.Event(), tmp_path / "mark"
    with executor_for(workers=1) as executor:
        results = spread(executor, partial(until_told, mark, stop), range(5), deadline=time.monotonic() + 1.0)
        assert next(results) == 0
        with pytest.raises(TimeoutError):
            next(results)
        stop.set()
        assert list(spread(executor, square, [], deadline=0.0)) == []
        with pytest.raises(TimeoutError):
            list(spread(executor, square, [1], deadline=0.0))


class Carrier(Executor):
    """Carries nothing until told."""

    def __init__(self) -> None:
        self.calls: list[Future[Any]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        assert fn is carry_out
        assert len(args) == 1
        assert not kwargs
        self.calls.append(Future())
        return self.calls[-1]


def test_futures_that_were_given_up_wake_those_who_wait() -> None:
    """If this fails, a wait for a cancelled or lost future never ends, or a late outcome is an error in another thread."""
    carrier = Carrier()
    executor = Elsewhere(carrier, 1, name_of=lambda _: "", cause_of=str)
    one, two, three = (executor.submit(abs, -i) for i in range(3))
    assert one.cancel()
    assert carrier.calls[0].cancelled()
    assert wait([one], timeout=5).done
    carrier.calls[1].set_exception(OSError("cable cut"))
    with pytest.raises(WorkerLost, match="cable cut"):
        two.result(5)
    assert executor.busy
    executor.lose("gone")
    with pytest.raises(WorkerLost, match="gone"):
        three.result(5)
    with pytest.raises(WorkerLost, match="gone"):
        executor.submit(abs, 1).result(5)
    assert not executor.busy
    executor.shutdown()
    with pytest.raises(RuntimeError, match="shutdown"):
        executor.submit(abs, 1)


# --- clusters that can't be used -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["nonsense", "127.0.0.1:8786", "tcp://", "tcp://host", "tcp://host:99999", "http://host:80", "tcp://host:80/x", "tcp://[::1:3"]
)
def test_an_address_that_is_none_is_refused_at_once(address: str) -> None:
    """If this fails, a typing mistake is waited for, or shown as a traceback."""
    with pytest.raises(ClusterUnusable, match="should look like tcp://host:8786"), executor_for(address):
        pass


@pytest.mark.parametrize("who", ["nobody", "one who is silent", "one who talks nonsense"])
def test_an_address_where_no_scheduler_answers_is_given_up(who: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """If this fails, a cluster that is down or another service at its port hangs the command."""
    monkeypatch.setattr(dask_cluster, "CONNECT_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        if who == "nobody":
            server.close()
        if who == "one who talks nonsense":
            threading.Thread(target=_talk_nonsense, args=(server,), daemon=True).start()
        with pytest.raises(ClusterUnusable, match=f"No Dask scheduler answers at {address}"), executor_for(address):
            pass


def _talk_nonsense(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" * 4)


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """If this fails, who has installed Offtake without its extra sees a traceback."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterUnusable, match=r"offtake\[cluster\]"), executor_for("tcp://127.0.0.1:8786"):
        pass


def test_a_cluster_of_others_and_one_that_ends(tmp_path: Path) -> None:
    """If this fails, a worker with another version gives other answers, or a cluster that has ended is waited for for ever."""
    others = tmp_path / "others" / "offtake-9.9.9.dist-info"
    others.mkdir(parents=True)
    (others / "METADATA").write_text("Metadata-Version: 2.1\nName: offtake\nVersion: 9.9.9\n")
    with cluster_here(tmp_path, []) as running:
        with pytest.raises(ClusterUnusable, match="has no workers"), on_cluster(running.address, workers_within=0.2):
            pass
        other = running.add_worker("--no-nanny", first_on_path=others.parent)
        with pytest.raises(ClusterUnusable, match=r"offtake: 9\.9\.9 on worker tcp://.*, \d.* here"), on_cluster(running.address):
            pass
        other.kill()
        other.wait()
        running.add_worker("--no-nanny")
        with on_cluster(running.address, patience=0.5) as impatient, on_cluster(running.address) as patient:
            with pytest.raises(WorkerLost, match="has had no worker"):
                impatient.submit(killed, 0).result(30)
            endless = patient.submit(abs, 1)
            running.scheduler.send_signal(signal.SIGKILL)
            for _ in range(2):
                with pytest.raises(WorkerLost, match="its scheduler ended, or the network is down"):
                    endless.result(30)
                endless = patient.submit(abs, 1)


def test_versions_that_differ_are_listed() -> None:
    """If this fails, a package that is missing on a worker, or another Python, goes unnoticed; or a bug-fix release of Python is refused."""

    def machine(**changed: str | None) -> dict[str, Any]:
        return {"packages": {"python": "3.11.7.final.0", "numpy": "2.4.6", "offtake": "0.1.0", **changed}}

    found = differences(
        {"client": machine(), "scheduler": machine(python="3.11.2.final.0"), "workers": {"tcp://a:1": machine(numpy=None, python="3.12.1.final.0")}}
    )
    assert found == ["python: 3.12 on worker tcp://a:1, 3.11 here", "numpy: missing on worker tcp://a:1, 2.4.6 here"]
