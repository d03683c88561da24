"""Runs and their processes: nothing is lost, nothing is left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing import Pipe
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest

from api.checker import Checker, Refused
from api.database.opening import open_store
from api.jobs import LocalRunner
from api.settings import Settings
from api.store import Run, Store
from api.supervisor import Supervisor
from models.options import SolveSettings
from tests.api import stand_ins
from tests.api.served import served
from tests.api.service import STAND_IN, Client, request, serving, tiny, until
from tests.api.stores import opened, taken

SERVE = """
from tests.api.service import serving
if __name__ == "__main__":
    with serving() as client:
        client.solve("{name}")
        print(client.base_url, flush=True)
        input()
"""


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving(grace_seconds=0.5, workers=2) as client:
        yield client


def children(parent: int | None = None) -> set[int]:
    """Processes below `parent` that solve or check."""
    parent = parent or os.getpid()
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            command = (stat.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[1]) == parent and fields[0] != "Z" and b"multiprocessing" in command and b"resource_tracker" not in command:
            found.add(int(stat.parent.name))
    return found


def watched(name: str, folder: Path, settings: SolveSettings | None = None, **changes: object) -> tuple[Run, Store]:
    """A run of a stand-in, watched by a runner of its own until it ends."""
    kept = open_store(Settings(store=str(folder / "runs.db")))
    run, _ = kept.create(replace(request(name), settings=settings or SolveSettings()), tiny(name))
    runner = LocalRunner(kept, replace(STAND_IN, **changes))
    runner.start()
    try:
        runner.submit(run.id, 1)
        return until(lambda: (now := kept.get(run.id)) and now.over and now), kept
    finally:
        runner.close()


def test_a_solve_ends_with_its_plan(tmp_path: Path) -> None:
    """A finished solve would lose its plan or its headline."""
    run, kept = watched("fine", tmp_path)
    assert (run.state, run.stop_reason) == ("optimal", "gap")
    assert b'"offtake-plan/1"' in kept.content(run.id, "plan")
    assert run.headline["objective"] > 0


@pytest.mark.parametrize(
    ("name", "state", "reason"),
    [
        ("infeasible", "infeasible", "infeasible"),
        ("late", "failed", "time"),
        ("mismatch", "failed", "audit_mismatch"),
        ("memory", "failed", "memory"),
        ("broken", "failed", "internal"),
        ("crash", "failed", "worker_lost"),
    ],
)
def test_every_end_has_a_name(client: Client, name: str, state: str, reason: str) -> None:
    """A run without a plan would not say why, or would say it with our internals or the caller's text."""
    run = client.solve(name, wait=60).json()
    assert (run["state"], run["stop_reason"]) == (state, reason)
    assert run["problem"]["detail"]
    assert stand_ins.SECRET not in str(run)
    assert client.get("/healthz").status_code == 200


def test_stop_keeps_the_best_plan(client: Client) -> None:
    """Stopping a long search would throw away what it has found."""
    run_id = client.solve("patient").json()["id"]
    client.run_until(run_id, lambda run: run["progress"] and run["progress"]["incumbent"])
    assert client.post(f"/v1/runs/{run_id}/stop").json()["stopping"]
    run = client.run_until(run_id, lambda run: run["result"])
    assert (run["state"], run["stop_reason"]) == ("feasible", "user")
    assert client.get(f"/v1/runs/{run_id}/solution").json()["status"] == "feasible"
    assert client.post(f"/v1/runs/{run_id}/stop").json()["state"] == "feasible", "stopping again must change nothing"


def test_cancel_kills_what_does_not_listen(client: Client) -> None:
    """A cancelled solve that ignores the wish to stop would keep its process, and its place, for ever."""
    run_id = client.solve("stubborn").json()["id"]
    client.run_until(run_id, lambda run: run["progress"] and run["progress"]["incumbent"])
    before = children()
    assert client.post(f"/v1/runs/{run_id}/cancel").json()["state"] == "cancelled"
    until(lambda: before - children(), 10)
    assert client.solve("fine", wait=60).json()["state"] == "optimal", "the place must be free again"
    assert client.get(f"/v1/runs/{run_id}").json()["state"] == "cancelled"


def test_a_killed_process_costs_one_attempt(client: Client) -> None:
    """A child that the system kills would leave its run running for ever, throw it away, try it without end, or take the server down."""
    run_id = client.solve("patient").json()["id"]
    for attempt in (1, 2):
        client.run_until(run_id, lambda run, n=attempt: run["attempt"] == n and run["progress"] and run["progress"]["incumbent"])
        for child in children():  # the checker and the one that waits for the next run are killed too, and must be replaced
            os.kill(child, signal.SIGKILL)
    run = client.run_until(run_id, lambda run: run["state"] == "failed")
    assert run["stop_reason"] == "worker_lost"
    assert "signal 9" in run["problem"]["detail"]
    assert client.solve("fine", wait=60).json()["state"] == "optimal"


def test_queued_runs_can_be_stopped_and_cancelled() -> None:
    """A run that has not begun could not be called off, or would be solved all the same."""
    with serving(workers=1) as client:
        first, second, third, fourth = (client.solve(name).json()["id"] for name in ("patient", "fine", "fine", "fine"))
        assert client.get(f"/v1/runs/{fourth}").json()["ahead"] >= 2
        assert client.post(f"/v1/runs/{second}/stop").json()["state"] == "cancelled"
        assert client.post(f"/v1/runs/{third}/cancel").json()["state"] == "cancelled"
        client.post(f"/v1/runs/{first}/cancel")
        client.run_until(fourth, lambda run: run["state"] == "optimal")
        assert client.get(f"/v1/runs/{second}").json()["started"] is None


def test_a_full_queue_is_said_and_recovers() -> None:
    """Too many runs would be accepted without end, or refused without a word on when to come back."""
    with serving(queue=2, workers=1) as client:
        running = client.solve("patient").json()["id"]
        client.run_until(running, lambda run: run["state"] == "running")
        waiting = [client.solve("fine").json()["id"] for _ in range(2)]
        refused = client.solve("fine")
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0
        client.post(f"/v1/runs/{running}/cancel")
        client.run_until(waiting[-1], lambda run: run["state"] == "optimal")
        assert client.solve("fine", wait=60).status_code == 200


def test_memory_beyond_the_limit_ends_the_solve(tmp_path: Path) -> None:
    """One solve could take all the machine's memory."""
    run, _ = watched("hungry", tmp_path, solve_memory_bytes=300_000_000)
    assert (run.state, run.stop_reason) == ("failed", "memory")


def test_a_solve_that_outlives_its_limit_is_ended(tmp_path: Path) -> None:
    """A stuck solver would keep its place for ever."""
    run, _ = watched("stubborn", tmp_path, SolveSettings(time_limit_seconds=0.2), overrun_seconds=0.8)
    assert (run.state, run.stop_reason) == ("failed", "time")


def test_a_stopped_solve_that_does_not_answer_is_ended() -> None:
    """A solve that ignores the wish to stop could not be ended at all."""
    with serving(stop_grace_seconds=0.3) as client:
        run_id = client.solve("stubborn").json()["id"]
        client.run_until(run_id, lambda run: run["progress"] and run["progress"]["incumbent"])
        client.post(f"/v1/runs/{run_id}/stop")
        run = client.run_until(run_id, lambda run: run["state"] == "failed")
        assert run["stop_reason"] == "user"


def test_shutdown_leaves_no_process_and_loses_no_run(tmp_path: Path) -> None:
    """Ending the server would leave solves behind, throw their runs away, or hang on those who follow them."""
    before = children()
    with serving(workers=2, store=str(tmp_path / "runs.db")) as client:
        runs = [client.solve(name).json()["id"] for name in ("patient", "stubborn", "fine")]
        for run_id in runs[:2]:
            client.run_until(run_id, lambda run: run["state"] == "running")
        follower = socket.create_connection((client.base_url.host, client.base_url.port), timeout=60)
        follower.sendall(f"GET /v1/runs/{runs[0]}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        heard = follower.recv(65_536)
        assert b" 200 " in heard
        ending = time.monotonic()
    assert time.monotonic() - ending < 4.5, "the server gives up waiting for connections after 5 s"
    assert children() == before
    with follower:
        while chunk := follower.recv(65_536):
            heard += chunk
    assert b'"queued"' in heard[heard.rindex(b"event: state") :], "whoever follows the run must learn that it waits again"
    with serving(workers=2, store=str(tmp_path / "runs.db")) as client:
        client.run_until(runs[0], lambda run: run["state"] == "running" and run["progress"] and run["progress"]["incumbent"])
        assert client.post(f"/v1/runs/{runs[0]}/stop").json()["attempt"] == 2
        client.post(f"/v1/runs/{runs[1]}/cancel")
        assert [client.run_until(run_id, lambda run: run["finished"])["state"] for run_id in runs] == ["feasible", "cancelled", "optimal"]


@pytest.mark.parametrize("name", ["patient", "stubborn"])
def test_no_orphan_outlives_a_killed_server(name: str, tmp_path: Path) -> None:
    """A server that is killed would leave solves running with nobody to hear them."""
    script = tmp_path / "serve.py"
    script.write_text(SERVE.format(name=name))
    paths = {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | paths
    ) as server:
        address = server.stdout.readline().decode().strip()
        with Client(base_url=address, trust_env=False) as client:
            until(lambda: client.get("/v1/runs").json()["runs"][0]["progress"])
        left = children(server.pid)
        assert len(left) >= 2
        server.kill()
        assert b"leaked" not in server.stderr.read(), "semaphores would pile up in the system with every run"
    until(lambda: not any(Path(f"/proc/{child}").exists() for child in left), 10)


def test_no_orphan_goes_on_loading(tmp_path: Path) -> None:
    """A process that was still loading the optimizer when its server was killed would finish that first, for seconds on a busy machine."""
    with served(tmp_path, store=str(tmp_path / "runs.db"), solve="tests.api.never_loaded:solve") as (server, client):
        run_id = client.solve("fine").json()["id"]
        client.run_until(run_id, lambda run: run["state"] == "running")
        left = children(server.pid)
        assert len(left) >= 2
        server.kill()
        server.wait(60)
    until(lambda: not any(Path(f"/proc/{child}").exists() for child in left), 10)


@pytest.mark.parametrize("limit", [{"check_memory_bytes": 1_000_000}, {"check_seconds": 0.1}])
def test_a_document_too_costly_to_check_is_given_up(limit: dict[str, float]) -> None:
    """A document with millions of mistakes would take all memory, or all of a processor for minutes."""
    checker = Checker(Settings(**limit))
    try:
        with pytest.raises(Refused, match="too large, or almost every row of it is wrong"):
            checker.check(tiny())
        assert not checker._child.alive
    finally:
        checker.close()


class Leaving:
    """A child that listens, and is gone as soon as it is asked to stop."""

    def __init__(self) -> None:
        self.channel, theirs = Pipe()
        self.said, self._speaks = Pipe(duplex=False)
        self._alive, self._ends = Pipe(duplex=False)  # its end is noticed later than that of its pipe
        self.process = SimpleNamespace(sentinel=self._alive, pid=os.getpid(), exitcode=None, join=lambda _: None)
        self._listens = threading.Thread(target=lambda: (theirs.recv(), theirs.close()))
        self._listens.start()

    def give(self, *_: object) -> None:
        """It has all it needs."""


def test_a_child_that_ends_while_it_is_left_is_not_lost(tmp_path: Path) -> None:
    """A cancelled run would be counted among those that lost their process, now and then."""
    with opened(str(tmp_path / "runs.db")) as store:
        run = taken(store, "patient")
        assert store.cancel(run.id)
        supervisor = Supervisor(run, Leaving(), store, Settings(grace_seconds=0.5), threading.Event(), MagicMock())  # type: ignore[arg-type]
        assert supervisor.watch() is None
