"""`--cluster`: the same results as on this machine, whatever becomes of workers and scheduler. The cluster is a real one, on loopback ports."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from api import batch, cli
from api.batch import SUMMARY, Folder, Task, requests_for, run_batch
from api.exit_codes import ExitCode
from api.on_cluster import OnCluster
from models.errors import WorkerLost
from optimizer.executor import executor_for
from scenarios import library
from tests.api.cluster_tasks import solved_by_the_second, solved_when_told, the_end_of
from tests.api.plans import named
from tests.optimizer.cluster_here import ClusterHere, cluster_here


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterHere]:
    """A scheduler and two workers; one has a nanny, who starts it again when it dies, and one has none."""
    with cluster_here(tmp_path_factory.mktemp("cluster"), [["--no-nanny"], ["--nanny"]]) as running:
        yield running


def sources(folder: Path) -> str:
    """Scenarios of every fate: three with a plan, one that can't keep its rule, one that is none."""
    folder.mkdir()
    for name in ("clause-prepayment", "clause-take_or_pay", "rule-exclusive"):
        (folder / f"{name}.json").write_bytes(library.read(name))
    poor = json.loads(library.read("rule-force"))
    poor["rules"].append({"kind": "budget", "period": "2027", "max": 1, "in": "every_node"})
    (folder / "poor.json").write_text(json.dumps(poor))
    (folder / "broken.json").write_text("{")
    return str(folder)


class Watching:
    """A listener who stops the batch as soon as anything is begun, if there is something to stop it with."""

    def __init__(self, stop: threading.Event | None = None) -> None:
        self.stop = stop

    def started(self, _name: str) -> None:
        if self.stop:
            self.stop.set()

    def finished(self, _name: str) -> None:
        pass


def comparable(folder: Path) -> list[Any]:
    """What a batch has left in its folder: rows and plans without times and hashes."""
    found = []
    for run in json.loads((folder / SUMMARY).read_text())["runs"]:
        plan = json.loads((folder / run["plan"]).read_text()) if run["plan"] else {}
        found.append([{key: value for key, value in what.items() if key not in ("seconds", "plan_sha256", "provenance")} for what in (run, plan)])
    return found


def test_a_batch_on_a_cluster_is_the_same_batch(
    cluster: ClusterHere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """If this fails, a batch on a cluster loses runs with a worker, ends with another code, or its plans differ from those made here."""
    given, here, there = sources(tmp_path / "in"), tmp_path / "here", tmp_path / "there"
    with executor_for(workers=1) as executor:
        stop = threading.Event()
        run_batch(requests_for([given]), Folder.open(here, True), {"threads": 1}, executor, at_once=1, listener=Watching(), stop=stop)
    monkeypatch.setattr(batch, "solve_task", partial(solved_by_the_second, tmp_path / "mark"))
    assert cli.run(["batch", given, "--out", str(there), "--json", "--cluster", cluster.address]) == ExitCode.INVALID
    shown = capfd.readouterr()
    assert (tmp_path / "mark").exists()
    assert [run["status"] for run in json.loads(shown.out)["runs"]] == ["invalid", "optimal", "optimal", "infeasible", "optimal"]
    assert shown.err == ""
    assert comparable(there) == comparable(here)
    assert {path.name for path in there.iterdir()} == {path.name for path in here.iterdir()}


def test_one_scenario_s_futures_on_a_cluster(cluster: ClusterHere, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """If this fails, `offtake solve --cluster` finds another optimum, or Dask writes into the result."""
    document = json.loads(library.read("clause-late_delivery"))
    document["solve"] = {"method": "decomposition", "gap": 1e-6}
    (tmp_path / "fan.json").write_text(json.dumps(document))
    plans = []
    for more in ([], ["--cluster", cluster.address]):
        assert cli.run(["solve", str(tmp_path / "fan.json"), "--json", *more]) == ExitCode.OPTIMAL
        shown = capfd.readouterr()
        assert shown.err == ""
        plans.append(json.loads(shown.out))
    assert plans[1]["awards"] == plans[0]["awards"]
    assert plans[1]["summary"]["objective"] == pytest.approx(plans[0]["summary"]["objective"], rel=1e-6)


def test_stop_keeps_the_plans_of_a_cluster(cluster: ClusterHere, tmp_path: Path) -> None:
    """If this fails, Ctrl-C throws away what the cluster has found, or goes on with the runs that wait."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_bytes(named(name))
    stop = threading.Event()
    with executor_for(cluster.address) as executor:
        requests, folder = requests_for([str(tmp_path)]), Folder.open(tmp_path / "out", True)
        runs = run_batch(requests, folder, {}, OnCluster(executor, stop), at_once=1, listener=Watching(stop), stop=stop, work=solved_when_told)
    assert [(run.status, run.stop_reason) for run in runs] == [("feasible", "user"), ("interrupted", None)]


def test_a_run_that_never_ends_is_given_up(cluster: ClusterHere) -> None:
    """If this fails, a solver that hangs on a worker holds up its batch for ever."""
    with executor_for(cluster.address) as executor:
        runner = OnCluster(executor, threading.Event())
        stuck = runner.submit(solved_when_told, Task("stuck", b"", {}, patience_seconds=0.1))
        with pytest.raises(WorkerLost, match="did not end in time"):
            stuck.result(30)


def test_a_scheduler_that_goes_away_is_the_end_of_its_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """If this fails, a batch whose cluster breaks down hangs, ends without a word, or loses what was solved before."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.json").write_bytes(named(name))
    with cluster_here(tmp_path, [["--no-nanny"]]) as running:
        monkeypatch.setattr(batch, "solve_task", partial(the_end_of, running.scheduler.pid))
        code = cli.run(["batch", str(folder), "--out", str(tmp_path / "out"), "--json", "--cluster", running.address])
    shown = capfd.readouterr()
    runs = json.loads(shown.out)["runs"]
    assert code == ExitCode.INTERNAL
    assert shown.err == ""
    assert [run["status"] for run in runs] == ["optimal", "worker_lost", "worker_lost"]
    assert all("its scheduler ended, or the network is down" in run["message"] for run in runs[1:])


@pytest.mark.parametrize("verb", ["solve", "batch"])
def test_an_address_that_is_none_is_a_mistake_of_usage(verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a mistyped address is an internal error, or is found after hours of work."""
    monkeypatch.chdir(tmp_path)
    assert cli.run([verb, "quickstart", "--cluster", "somewhere", "--json"]) == ExitCode.USAGE
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["kind"], error["exit_code"]) == ("cluster", 2)
    assert "'somewhere'" in error["message"]
    assert not list(tmp_path.iterdir())
