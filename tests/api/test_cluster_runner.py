"""Runs on a Dask cluster: whatever becomes of workers and servers, every run ends once. Cluster and PostgreSQL are real ones, on this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.cluster_attempt import told
from api.jobs import LocalRunner
from api.settings import Settings, UnusableSettings
from scenarios import library
from tests.api.postgres import Postgres
from tests.api.served import ROOT, served
from tests.api.service import STAND_IN, serving, until
from tests.api.stores import opened, queued
from tests.api.test_four_ways import without_times
from tests.api.test_http import problem
from tests.api.test_restart import ends, searching
from tests.optimizer.cluster_here import ClusterHere, cluster_here

HELD = "tests.api.cluster_tasks:held_once"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ClusterHere]:
    """A scheduler and two workers; one has a nanny, who starts it again when it dies, and one has none."""
    with cluster_here(tmp_path, [["--no-nanny"], ["--nanny"]]) as running:
        yield running


@pytest.fixture
def database(postgres_server: Postgres | None) -> str:
    """The address of a new store that machines can share."""
    if postgres_server is None:
        pytest.skip("PostgreSQL (initdb, postgres) is not installed")
    return str(postgres_server.database())


def ancestors(pid: int) -> set[int]:
    """A process, its parent, and so on."""
    found = set()
    while pid > 1 and pid not in found:
        found.add(pid)
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return found


def end_of_the_worker(cluster: ClusterHere, database: str, run_id: str) -> None:
    """Kill the worker on which a run is solved, with all its processes."""
    with opened(database) as store:
        run = store.get(run_id)
    assert run
    assert run.worker
    above = ancestors(int(run.worker.split("/")[1]))
    (worker,) = [worker for worker in cluster.workers if worker.pid in above]
    os.killpg(worker.pid, signal.SIGKILL)


def test_a_worker_killed_in_the_middle_costs_nothing(cluster: ClusterHere, database: str, tmp_path: Path) -> None:
    """A run would be lost with its worker, end twice, or end with another plan than on one machine."""
    document = json.loads(library.read("quickstart")) | {"description": str(tmp_path / "mark")}
    with serving(Settings(port=0)) as here:
        run = here.post("/v1/runs", json=document, headers={"Prefer": "wait=60"}).json()
        expected = here.get(run["links"]["solution"]).content
    with serving(Settings(port=0), store=database, cluster=cluster.address, solve=HELD) as client:
        run_id = client.post("/v1/runs", json=document).json()["id"]
        client.run_until(run_id, lambda now: now["progress"], 120)
        end_of_the_worker(cluster, database, run_id)
        done = client.run_until(run_id, lambda now: now["finished"], 120)
        assert (done["state"], done["attempt"]) == ("optimal", 2)
        plan = client.get(done["links"]["solution"]).content
        assert "attempt 2 begins" in client.get(done["links"]["log"]).json()["text"]
    assert ends(database, run_id) == ["optimal"]
    assert without_times(plan) == without_times(expected)


def test_runs_go_on_when_their_server_ends_and_the_next_one_minds_them(cluster: ClusterHere, database: str, tmp_path: Path) -> None:
    """A server that is killed would take down what a cluster is solving, the next one would solve it again, or what comes later would wait behind it on a
    worker that Dask holds for idle, while another one is."""
    about = {"store": database, "cluster": cluster.address}
    with served(tmp_path, **about) as (one, first):
        held = [first.solve("patient").json()["id"] for _ in range(2)]
        for run_id in held:
            first.run_until(run_id, searching, 120)  # one on each worker
        waiting = [first.solve("fine").json()["id"]]
        one.send_signal(signal.SIGKILL)
        one.wait(60)
    with served(tmp_path, **about) as (_, second):
        waiting.append(second.solve("fine").json()["id"])
        second.post(f"/v1/runs/{held[0]}/stop")
        found = [second.run_until(run_id, over, 120) for run_id in (held[0], *waiting)]
        second.post(f"/v1/runs/{held[1]}/cancel")
        second.run_until(held[1], over, 120)
    assert [(run["state"], run["attempt"]) for run in found] == [("feasible", 1), ("optimal", 1), ("optimal", 1)]
    assert [ends(database, run_id) for run_id in (*held, *waiting)] == [["feasible"], ["cancelled"], ["optimal"], ["optimal"]]


def over(run: dict[str, Any]) -> bool:
    return bool(run["finished"])


def test_a_cluster_that_is_not_there_is_said_and_waited_for(database: str, tmp_path: Path) -> None:
    """Runs would be refused, or fail, because the cluster starts later than the server; and nobody who watches the server would know."""
    with cluster_here(tmp_path, []) as later, serving(STAND_IN, store=database, cluster=later.address) as client:
        run_id = client.solve("fine").json()["id"]
        problem(client.get("/readyz"), 503, "closing")
        assert client.get(f"/v1/runs/{run_id}").json()["state"] == "queued"
        later.add_worker("--no-nanny")
        assert client.run_until(run_id, over, 120)["state"] == "optimal"
        assert client.get("/readyz").json()["status"] == "ready"


def test_an_attempt_is_made_once(database: str) -> None:
    """What Dask repeats after a worker was lost, or what two servers have sent, would be solved twice."""
    settings = Settings(port=0, store=database, solve=STAND_IN.solve)
    with opened(database) as store:
        run = queued(store)
        runner = LocalRunner(store, settings)
        assert [runner.make(due) for due in ((run.id, 2), (run.id, 1), (run.id, 1), ("nowhere", 1))] == [False, True, False, False]
        assert ends(database, run.id) == ["optimal"]


def test_an_attempt_leaves_with_its_worker_and_puts_its_run_back(database: str) -> None:
    """A worker that is ended would leave a process behind that solves for nobody, and its run would wait until the lease is over."""
    with opened(database) as store:
        run = queued(store, "patient")
        command = [sys.executable, "-m", "api.cluster_attempt"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=ROOT) as process:
            assert process.stdin
            process.stdin.write(told(Settings(store=database, solve=STAND_IN.solve), run.id, 1).encode() + b"\n")
            process.stdin.flush()
            until(lambda: (now := store.get(run.id)) and now.progress and now.progress["incumbent"])
            process.stdin.close()
            process.wait(30)
        again = store.get(run.id)
        assert again
        assert (again.state, again.attempt, again.losses) == ("queued", 2, 0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cluster": "somewhere", "store": "postgresql://x@y/z"}, "tcp://host:8786"),
        ({"cluster": "http://x:1", "store": "postgresql://x@y/z"}, "tcp://host:8786"),
        ({"cluster": "tcp://127.0.0.1:8786"}, "need a store in PostgreSQL"),
        ({"cluster": "tcp://127.0.0.1:8786", "store": "runs.db"}, "need a store in PostgreSQL"),
    ],
)
def test_a_cluster_that_could_not_work_is_refused_at_the_start(changes: dict[str, str], said: str) -> None:
    """A server would start, and its runs would fail one by one on workers that see no store."""
    with pytest.raises(UnusableSettings, match=said):
        Settings(**changes)  # type: ignore[arg-type]
