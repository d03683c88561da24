"""The batch: parallel, supervised, resumable; one run never hurts another."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api import batch, cli
from api.batch import SUMMARY, Answer, Folder, Request, Run, Task, requests_for, run_batch, solve_task
from api.children import Children
from api.exit_codes import ExitCode, UsageProblem
from models.plan import Plan
from optimizer import engine
from optimizer.progress import Progress
from tests.api.plans import fake_solve, fake_task, named
from tests.api.test_cli import process


class Quiet:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.done: list[str] = []

    def started(self, name: str) -> None:
        self.begun.append(name)

    def finished(self, name: str) -> None:
        self.done.append(name)


@pytest.fixture
def scenarios(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder of scenarios with the given names."""

    def make(*names: str) -> Path:
        folder = tmp_path / "scenarios"
        folder.mkdir(exist_ok=True)
        for name in names:
            (folder / f"{name.replace(' ', '-')}.json").write_bytes(named(name))
        return folder

    return make


def run_here(folder: Path, out: Path, work: Callable[..., Answer], resume: bool = True, **settings: Any) -> tuple[list[Run], Quiet]:
    """A batch on a plain executor of the standard library, without child processes."""
    quiet = Quiet()
    with ThreadPoolExecutor(2) as executor:
        requests = requests_for([str(folder)])
        runs = run_batch(requests, Folder.open(out, resume), settings, executor, at_once=2, listener=quiet, stop=threading.Event(), work=work)
    return runs, quiet


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder to work in; the command's children use the stand-in solver."""
    monkeypatch.setattr(engine, "solve", fake_solve)
    monkeypatch.setattr(batch, "solve_task", fake_task)
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- one never hurts the others ------------------------------------------------------------------------------------------------------------


def test_failing_and_killed_runs_hurt_nobody(fake: Path, scenarios: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, one scenario that is wrong, infeasible, crashing or killed costs the others their plans."""
    folder = scenarios("fine", "slow", "infeasible", "crash", "killed", "noisy")
    (folder / "broken.json").write_text("{")
    assert cli.run(["batch", str(folder), "--jobs", "2", "--json"]) == ExitCode.INTERNAL
    document = json.loads(capsys.readouterr().out)
    ended = {run["name"]: (run["status"], run["exit_code"]) for run in document["runs"]}
    assert ended == {
        "broken": ("invalid", 3),
        "crash": ("internal", 70),
        "fine": ("optimal", 0),
        "infeasible": ("infeasible", 4),
        "killed": ("worker_lost", 70),
        "noisy": ("optimal", 0),
        "slow": ("feasible", 5),
    }
    assert sorted(p.name for p in (fake / "plans").iterdir()) == ["fine.plan.json", "noisy.plan.json", "slow.plan.json", "summary.json"]
    assert Plan.model_validate_json((fake / "plans" / "fine.plan.json").read_bytes()).scenario == "fine"
    messages = {run["name"]: run["message"] for run in document["runs"]}
    assert "SIGKILL" in messages["killed"]
    assert "our fault" in messages["crash"]


def test_summary_table(fake: Path, scenarios: Callable[..., Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """If this fails, a batch ends without saying how each scenario ended, or too wide for a terminal."""
    monkeypatch.setenv("COLUMNS", "80")
    folder = scenarios("fine", "infeasible")
    (folder / "broken.json").write_text('{"format": "offtake/1"}')
    assert cli.run(["batch", str(folder)]) == ExitCode.INVALID
    shown = capsys.readouterr()
    assert max(map(len, shown.out.splitlines())) <= 80
    assert "USD 612,400,000" in shown.out
    assert "fill rate at least 99 %" in shown.out
    assert "name: this field is required (and 5 more)" in shown.out
    assert "3 scenarios: 1 invalid, 1 optimal, 1 infeasible." in shown.out
    assert "\x1b" not in shown.out
    assert shown.err == "Plans and summary are in plans\n"
    assert fake.joinpath("plans", SUMMARY).exists()


def test_a_stuck_run_is_ended() -> None:
    """If this fails, a solver that hangs holds up its batch for ever."""
    began: list[Progress] = []
    children = Children(1, lambda _, event: began.append(event), threading.Event())
    stuck = children.submit(fake_task, Task("stuck", named("stuck"), {}, patience_seconds=0.0))
    fine = children.submit(fake_task, Task("fine", named("fine"), {}, patience_seconds=120.0))
    assert "did not end in time" in str(stuck.exception(timeout=60))
    assert fine.result(timeout=60).run.status == "optimal"
    assert any(event.gap is not None for event in began)
    children.shutdown()


def exiting_task(task: Task, **_: Any) -> Answer:
    """A worker that leaves without a word, or raises what the task's name says."""
    if task.name == "exit":
        os._exit(3)
    raise SystemExit(task.name)


def test_a_worker_that_leaves_is_noticed() -> None:
    """If this fails, a worker that ends without an answer is waited for for ever, or ends the command."""
    children = Children(2, lambda *_: None, threading.Event())
    gone = children.submit(exiting_task, Task("exit", b"", {}, 60.0))
    left = children.submit(exiting_task, Task("leave", b"", {}, 60.0))
    assert "ended with code 3" in str(gone.exception(timeout=60))
    assert "SystemExit" in str(left.exception(timeout=60))
    children.shutdown()


def test_patience_follows_the_time_limit(tmp_path: Path) -> None:
    """If this fails, a run is called stuck before its own time limit, or never."""
    tasks: list[Task] = []

    def work(task: Task) -> Answer:
        tasks.append(task)
        return Answer(Run(task.name))

    document = json.loads(named("a"))
    folder = tmp_path / "in"
    folder.mkdir()
    for name, solve in (("a", {"time_limit_seconds": 50}), ("b", {"time_limit_seconds": "soon"}), ("c", None)):
        (folder / f"{name}.json").write_text(json.dumps({**document, "solve": solve}))
    run_here(folder, tmp_path / "out", work)
    assert {task.name: task.patience_seconds for task in tasks} == {"a": 220.0, "b": 1320.0, "c": 1320.0}
    tasks.clear()
    run_here(folder, tmp_path / "out", work, time_limit_seconds=1.0)
    assert {task.patience_seconds for task in tasks} == {122.0}


# --- any executor --------------------------------------------------------------------------------------------------------------------------


def test_any_executor_will_do(tmp_path: Path, scenarios: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """If this fails, a batch can't be given to another executor, such as a cluster's."""
    monkeypatch.setattr(engine, "solve", fake_solve)
    runs, quiet = run_here(scenarios("fine", "infeasible", "slow"), tmp_path / "out", solve_task)
    assert [(run.name, run.status) for run in runs] == [("fine", "optimal"), ("infeasible", "infeasible"), ("slow", "feasible")]
    assert sorted(quiet.begun) == sorted(quiet.done) == ["fine", "infeasible", "slow"]


def test_settings_reach_the_worker(tmp_path: Path, scenarios: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """If this fails, a batch solves with other settings than it was told."""
    seen = []
    monkeypatch.setattr(engine, "solve", lambda scenario, settings, **more: seen.append(settings) or fake_solve(scenario, settings, **more))
    run_here(scenarios("fine"), tmp_path / "out", solve_task, gap=0.25, baselines=False)
    assert (seen[0].gap, seen[0].baselines) == (0.25, False)


# --- resuming ------------------------------------------------------------------------------------------------------------------------------


def never(task: Task) -> Answer:
    """A worker that must not be called."""
    raise AssertionError(f"{task.name} was solved again")


@pytest.fixture
def solved(tmp_path: Path, scenarios: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A folder of two scenarios and the folder of their plans."""
    monkeypatch.setattr(engine, "solve", fake_solve)
    folder, out = scenarios("fine", "slow"), tmp_path / "out"
    run_here(folder, out, solve_task, gap=0.1)
    return folder, out


def test_resume_solves_nothing_twice(solved: tuple[Path, Path]) -> None:
    """If this fails, a batch that is started again repeats what it has done."""
    before = (solved[1] / SUMMARY).read_text()
    runs, quiet = run_here(*solved, never, gap=0.1)
    assert [(run.name, run.status, run.skipped) for run in runs] == [("fine", "optimal", True), ("slow", "feasible", True)]
    assert quiet.begun == []
    assert before.replace('"skipped": false', '"skipped": true') == (solved[1] / SUMMARY).read_text()


CHANGES: dict[str, Callable[[Path, Path], object]] = {
    "another scenario": lambda folder, _: (folder / "fine.json").write_bytes(named("other")),
    "plan gone": lambda _, out: (out / "fine.plan.json").unlink(),
    "plan edited": lambda _, out: (out / "fine.plan.json").write_text("{}"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_resume_solves_what_changed(change: Callable[[Path, Path], object], solved: tuple[Path, Path]) -> None:
    """If this fails, a plan of yesterday's scenario is taken for today's."""
    change(*solved)
    _, quiet = run_here(*solved, solve_task, gap=0.1)
    assert quiet.begun == ["fine"]


def test_other_settings_or_no_resume_solve_again(solved: tuple[Path, Path]) -> None:
    """If this fails, a plan found under other settings is taken for the one asked for."""
    assert run_here(*solved, solve_task, gap=0.2)[1].begun == ["fine", "slow"]
    assert run_here(*solved, solve_task, resume=False, gap=0.2)[1].begun == ["fine", "slow"]


def test_failed_and_stopped_runs_are_solved_again(tmp_path: Path, scenarios: Callable[..., Path]) -> None:
    """If this fails, a run that was interrupted or that failed is never finished."""
    folder, out = scenarios("stopped", "failed"), tmp_path / "out"

    def work(task: Task) -> Answer:
        run = Run(task.name, status="feasible", stop_reason="user")
        return Answer(run, "{}") if task.name == "stopped" else Answer(replace(run, status="infeasible"))

    run_here(folder, out, work)
    assert run_here(folder, out, work)[1].begun == ["failed", "stopped"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "offtake-batch/1", "runs": [{"nonsense": 1}]}', '{"format": "other/1", "runs": []}'])
def test_a_spoilt_summary_counts_as_none(text: str, solved: tuple[Path, Path]) -> None:
    """If this fails, a summary that was damaged or is another program's stops the batch."""
    (solved[1] / SUMMARY).write_text(text)
    assert run_here(*solved, solve_task, gap=0.1)[1].begun == ["fine", "slow"]


def test_summary_keeps_earlier_scenarios(solved: tuple[Path, Path], tmp_path: Path) -> None:
    """If this fails, a batch of other scenarios into the same folder makes it forget what was solved there."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "new.json").write_bytes(named("new"))
    run_here(other, solved[1], solve_task, resume=False, gap=0.1)
    assert run_here(*solved, never, gap=0.1)[1].begun == []


def test_a_plan_that_cannot_be_written_is_said(solved: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """If this fails, a full disk ends the batch or passes for success."""

    def full(path: Path, _: bytes | str) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(batch, "write_whole", full)
    runs, _ = run_here(*solved, solve_task, gap=0.2)
    assert [run.exit_code for run in runs] == [ExitCode.NOT_WRITTEN] * 2
    assert "No space left" in runs[0].message


# --- what is solved ------------------------------------------------------------------------------------------------------------------------


def test_requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If this fails, a batch takes plans for scenarios, solves a file twice, or writes two plans to one file."""
    monkeypatch.chdir(tmp_path)
    for name in ("a/x.json", "a/.hidden.json", "a/y.plan.json", "a/summary.json", "a/notes.txt", "b/x.json"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("{}")
    assert requests_for(["a", "a/x.json", "b", "quickstart"]) == [
        Request("x-1", "a/x.json"),
        Request("x-2", "b/x.json"),
        Request("quickstart", "quickstart"),
    ]
    (tmp_path / "empty").mkdir()
    for argument in ("empty", "-"):
        with pytest.raises(UsageProblem):
            requests_for([argument])


def test_missing_files_are_rows(fake: Path, scenarios: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, one mistyped name stops a batch."""
    scenarios("fine")
    assert cli.run(["batch", "scenarios/fine.json", "scenarios/missing.json", "--out", str(fake / "out"), "--json"]) == ExitCode.USAGE
    assert [run["status"] for run in json.loads(capsys.readouterr().out)["runs"]] == ["optimal", "usage"]


def test_out_folder_is_checked_first(fake: Path, scenarios: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """If this fails, a batch runs for hours into a folder that can't hold its plans."""
    monkeypatch.setattr(batch, "run_batch", lambda *_, **__: pytest.fail("it ran"))
    scenarios("fine")
    assert cli.run(["batch", "scenarios", "--out", str(fake / "nowhere" / "out")]) == ExitCode.USAGE
    assert cli.run(["batch", "scenarios", "--jobs", "0"]) == ExitCode.USAGE


# --- Ctrl-C --------------------------------------------------------------------------------------------------------------------------------


def group_is_gone(group: int) -> bool:
    """Whether no process of that group is left, within ten seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        threading.Event().wait(0.05)
    return False


@contextmanager
def batch_under_way(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A batch of all scenarios in `folder`, one at a time, in a process group of its own as a shell would start it. The first one is searching."""
    begun = folder.parent / "begun"
    os.mkfifo(begun)
    environment = {"OFFTAKE_TEST_BEGUN": str(begun)}
    with process("batch", str(folder), "--jobs", "1", "--json", cwd=folder.parent, environment=environment, start_new_session=True) as running:
        assert begun.read_text() == "searching"
        yield running


def test_interrupt_keeps_running_plans(tmp_path: Path, scenarios: Callable[..., Path]) -> None:
    """If this fails, Ctrl-C throws away what the running scenarios have found, or goes on with those that wait."""
    with batch_under_way(scenarios("search", "waiting")) as running:
        os.killpg(running.pid, signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert "Stopping" in err
    ended = [(run["name"], run["status"], run["stop_reason"]) for run in json.loads(out)["runs"]]
    assert ended == [("search", "feasible", "user"), ("waiting", "interrupted", None)], out
    assert running.returncode == ExitCode.INTERRUPTED
    assert (tmp_path / "plans" / "search.plan.json").exists()
    assert group_is_gone(running.pid)


def test_second_interrupt_ends_everything(scenarios: Callable[..., Path]) -> None:
    """If this fails, a batch whose solver doesn't listen can't be ended from the keyboard, or leaves processes behind."""
    with batch_under_way(scenarios("deaf", "waiting")) as running:
        assert running.stderr is not None
        os.killpg(running.pid, signal.SIGINT)
        assert "Stopping" in running.stderr.readline()
        os.killpg(running.pid, signal.SIGINT)
        out, _ = running.communicate(timeout=60)
    assert running.returncode == ExitCode.INTERRUPTED
    assert json.loads(out)["error"]["kind"] == "interrupted"
    assert group_is_gone(running.pid)


def test_children_end_with_their_parent(scenarios: Callable[..., Path]) -> None:
    """If this fails, a batch that is killed leaves solvers running that nobody waits for."""
    with batch_under_way(scenarios("deaf")) as running:
        os.kill(running.pid, signal.SIGKILL)
        running.communicate(timeout=60)
    assert group_is_gone(running.pid)
