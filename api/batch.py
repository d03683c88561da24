"""Many scenarios, each in a process of its own: parallel, resumable, and none of them can hurt another.

The folder of plans holds `<name>.plan.json` for every scenario that has a plan, and `summary.json`, which is rewritten after every run and from which
a later batch knows what need not be solved again: the same scenario (by hash) under the same settings whose plan is still as it was written.

`run_batch` needs only `submit` of its runner: `Children` here, `OnCluster` on a Dask cluster; any `concurrent.futures.Executor` will do, and `solve_task`
is then called with the task alone.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from api.exit_codes import ExitCode, NotWritten, UsageProblem, error_document, exit_code_of, message_of, outcome_of, worst
from api.interrupt import LOOK_UP_SECONDS
from api.sources import dump_plan, read_source
from models.errors import Cancelled, OfftakeError
from models.options import SolveSettings, override
from optimizer.progress import OnProgress, ignore
from scenarios.files import parse_scenario, write_whole

SUMMARY = "summary.json"
PLAN_SUFFIX = ".plan.json"
FORMAT = "offtake-batch/1"


@dataclass(frozen=True)
class Request:
    """One scenario to be solved: `name` is unique in the batch and names its plan; `source` is a file or a bundled scenario."""

    name: str
    source: str


@dataclass(frozen=True)
class Task:
    """What a worker needs, wherever it runs: the raw document and the settings that replace the document's own."""

    name: str
    raw: bytes
    settings: dict[str, Any]
    patience_seconds: float
    """A worker that takes longer than this is stuck."""


@dataclass(frozen=True)
class Run:
    """How one scenario ended; a row of the summary."""

    name: str
    source: str = ""
    status: str = ""
    """optimal, feasible, or the kind of error (`api.exit_codes`)."""
    exit_code: int = int(ExitCode.OPTIMAL)
    stop_reason: str | None = None
    objective: float | None = None
    currency: str = ""
    gap: float | None = None
    seconds: float = 0.0
    message: str = ""
    findings: list[dict[str, str]] = field(default_factory=list)
    plan: str | None = None
    """Name of the plan's file in the folder of plans."""
    plan_sha256: str = ""
    scenario_sha256: str = ""
    """Of the document's bytes."""
    settings: dict[str, Any] = field(default_factory=dict)
    skipped: bool = False
    """Solved by an earlier batch."""


@dataclass(frozen=True)
class Answer:
    """What a worker sends back: the row, and the plan as JSON if there is one. The parent writes it: workers need no common disk."""

    run: Run
    plan: str | None = None


class Runner(Protocol):
    """What runs tasks; `concurrent.futures.Executor` is one."""

    def submit(self, work: Callable[..., Answer], task: Task, /) -> Future[Answer]:
        """The future answer of `work(task)`."""


class Listener(Protocol):
    """Who watches a batch."""

    def started(self, name: str) -> None:
        """A scenario was handed to the runner."""

    def finished(self, name: str) -> None:
        """A scenario is done with."""


def solve_task(task: Task, on_progress: OnProgress = ignore, stop: threading.Event | None = None) -> Answer:
    """Solve one task and turn whatever happens into an answer. Runs in the worker."""
    began = time.monotonic()
    try:
        from optimizer import engine  # a second of imports, which only workers need

        scenario = parse_scenario(task.raw)
        plan = engine.solve(scenario, override(scenario.solve, **task.settings), on_progress=on_progress, stop=stop)
    except Exception as error:  # every cause is an outcome; none may end the batch
        return Answer(failed(Run(task.name, seconds=time.monotonic() - began), error))
    run = Run(
        task.name,
        status=plan.status,
        exit_code=int(exit_code_of(plan)),
        stop_reason=plan.stop_reason,
        objective=plan.summary.objective,
        currency=plan.currency,
        gap=plan.summary.gap,
        seconds=time.monotonic() - began,
        message=plan.decision[0] if plan.decision else "",
    )
    return Answer(run, dump_plan(plan))


def failed(run: Run, error: BaseException) -> Run:
    """`run`, ended by `error`."""
    outcome, document = outcome_of(error), error_document(error)["error"]
    return replace(run, status=outcome.kind, exit_code=int(outcome.exit_code), message=message_of(error), findings=document.get("findings", []))


def requests_for(arguments: Sequence[str]) -> list[Request]:
    """A request for every file named, every `*.json` and `*.xlsx` in a folder named (plans and summaries left out) and every bundled scenario named."""
    sources: dict[Path | str, str] = {}
    for argument in arguments:
        path = Path(argument)
        if argument == "-":
            raise UsageProblem("A batch reads files, not standard input; `offtake solve -` reads one scenario from there.")
        if path.is_dir():
            found = sorted(p for ending in ("*.json", "*.xlsx") for p in path.glob(ending))
            inside = [p for p in found if not p.name.startswith((".", "~$")) and not p.name.endswith(PLAN_SUFFIX) and p.name != SUMMARY]
            if not inside:
                raise UsageProblem(f"There is no scenario (*.json, *.xlsx) in the folder '{argument}'.")
            sources.update((p.resolve(), str(p)) for p in inside if p.is_file())
        else:
            sources.setdefault(path.resolve() if path.exists() else argument, argument)
    stems = Counter(Path(source).stem for source in sources.values())
    seen: Counter[str] = Counter()
    requests = []
    for source in sources.values():
        stem = Path(source).stem
        seen[stem] += 1
        requests.append(Request(stem if stems[stem] == 1 else f"{stem}-{seen[stem]}", source))
    return requests


@dataclass(frozen=True)
class Folder:
    """The folder of plans, and what earlier batches left in it."""

    path: Path
    earlier: dict[str, Run]
    resume: bool

    @classmethod
    def open(cls, path: Path, resume: bool) -> Folder:
        """The folder, made if need be. A summary that can't be read counts as none."""
        path.mkdir(exist_ok=True)
        try:
            document = json.loads((path / SUMMARY).read_bytes())
            earlier = {row["name"]: Run(**row) for row in document["runs"]} if document["format"] == FORMAT else {}
        except (OSError, ValueError, KeyError, TypeError):
            earlier = {}
        return cls(path, earlier, resume)

    def solved(self, wanted: Run) -> Run | None:
        """The earlier run of the same document under the same settings, if its search came to its own end and its plan is still as it was written."""
        run = self.earlier.get(wanted.name)
        if not self.resume or run is None or run.plan is None or run.stop_reason == "user":
            return None
        if (run.scenario_sha256, run.settings) != (wanted.scenario_sha256, wanted.settings):
            return None
        try:
            intact = hashlib.sha256((self.path / run.plan).read_bytes()).hexdigest() == run.plan_sha256
        except OSError:
            return None
        return replace(run, source=wanted.source, skipped=True) if intact else None

    def keep_plan(self, run: Run, plan: str) -> Run:
        """Write the plan of `run`; the row then names it."""
        name = run.name + PLAN_SUFFIX
        write_whole(self.path / name, plan)
        return replace(run, plan=name, plan_sha256=hashlib.sha256(plan.encode()).hexdigest())

    def keep_summary(self, runs: Iterable[Run]) -> None:
        """Write the summary: these runs, and the earlier ones of other scenarios."""
        rows = {**self.earlier, **{run.name: run for run in runs}}
        write_whole(self.path / SUMMARY, json.dumps(summary_document(rows[name] for name in sorted(rows)), indent=1) + "\n")


def summary_document(runs: Iterable[Run]) -> dict[str, Any]:
    """The summary as a JSON object."""
    rows = list(runs)
    counts = Counter(run.status for run in rows)
    return {"format": FORMAT, "exit_code": int(worst(run.exit_code for run in rows)), "counts": dict(counts), "runs": [asdict(run) for run in rows]}


def run_batch(
    requests: Sequence[Request],
    folder: Folder,
    settings: dict[str, Any],
    runner: Runner,
    *,
    at_once: int,
    listener: Listener,
    stop: threading.Event,
    work: Callable[..., Answer] = solve_task,
) -> list[Run]:
    """The runs, in the order of the requests. A document is read when its turn comes, so the memory needed doesn't grow with the batch."""
    waiting, flying, runs = deque(requests), dict[Future[Answer], tuple[Run, float]](), dict[str, Run]()

    def finish(run: Run) -> None:
        runs[run.name] = run
        with suppress(OSError):  # a full disk costs the resuming, not the batch
            folder.keep_summary(runs.values())
        listener.finished(run.name)

    while waiting or flying:
        while waiting and (len(flying) < at_once or stop.is_set()):
            request = waiting.popleft()
            run, raw = _prepare(request, folder, settings, stop)
            if raw is None:
                finish(run)
                continue
            listener.started(request.name)
            flying[runner.submit(work, Task(request.name, raw, settings, _patience(raw, settings)))] = run, time.monotonic()
        for future in wait(flying, timeout=LOOK_UP_SECONDS, return_when=FIRST_COMPLETED).done:
            before, began = flying.pop(future)
            finish(_land(future, replace(before, seconds=time.monotonic() - began), folder))
    return [runs[request.name] for request in requests]


def _prepare(request: Request, folder: Folder, settings: dict[str, Any], stop: threading.Event) -> tuple[Run, bytes | None]:
    """The row so far and the document; no document when there is nothing to solve."""
    run = Run(request.name, request.source, settings=settings)
    try:
        raw = read_source(request.source)
    except OfftakeError as error:
        return failed(run, error), None
    run = replace(run, scenario_sha256=hashlib.sha256(raw).hexdigest())
    earlier = folder.solved(run)
    if earlier:
        return earlier, None
    return (failed(run, Cancelled()), None) if stop.is_set() else (run, raw)


def _patience(raw: bytes, settings: dict[str, Any]) -> float:
    """The time limit of the run and as much again, with two minutes for everything around the search."""
    limit = settings.get("time_limit_seconds")
    try:
        limit = limit or json.loads(raw)["solve"]["time_limit_seconds"]
    except (ValueError, KeyError, TypeError, RecursionError):  # the worker will say what is wrong with it
        limit = None
    return 120 + 2 * (limit if isinstance(limit, int | float) and 0 < limit <= 14_400 else SolveSettings().time_limit_seconds)


def _land(future: Future[Answer], before: Run, folder: Folder) -> Run:
    """The row of a finished future: the worker's answer completed with what only the parent knows."""
    try:
        answer = future.result()
        run = replace(answer.run, source=before.source, scenario_sha256=before.scenario_sha256, settings=before.settings)
        return folder.keep_plan(run, answer.plan) if answer.plan is not None else run
    except OSError as error:
        return failed(before, NotWritten(f"The plan could not be written to '{folder.path}': {error.strerror or error}."))
    except (Exception, CancelledError) as error:  # a lost worker is this run's outcome, not the batch's
        return failed(before, error)
