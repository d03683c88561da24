"""The two verbs that solve: one scenario under a line of progress, or a batch of them."""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, redirect_stdout
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from rich.console import Console

from api import batch
from api.children import Children
from api.exit_codes import UsageProblem
from api.interrupt import in_thread, stop_on_interrupt
from api.live import BatchDisplay, SolveDisplay
from api.on_cluster import OnCluster
from api.sources import Outputs, check_file, check_folder, read_source
from models.errors import Infeasible
from models.options import SolveSettings, override
from optimizer.executor import executor_for
from scenarios.files import parse_scenario

if TYPE_CHECKING:
    from models.plan import Plan
    from models.scenario import Scenario

OPTIONS = {"gap": "--gap", "time_limit_seconds": "--time-limit", "seed": "--seed", "threads": "--threads", "baselines": "--no-baselines"}


def settings_given(gap: float | None, time_limit: float | None, seed: int | None, threads: int | None, no_baselines: bool) -> dict[str, Any]:
    """The settings that the command line replaces, checked before anything is read. Raises UsageProblem."""
    values = (gap, time_limit, seed, threads, False if no_baselines else None)
    given = {name: value for name, value in zip(OPTIONS, values, strict=True) if value is not None}
    try:
        override(SolveSettings(), **given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UsageProblem(f"{OPTIONS[str(first['loc'][0])]}: {first['msg'][:1].lower()}{first['msg'][1:]}.") from None
    return given


def outputs_for(source: str, plan: Path | None, report: Path | None, tables: Path | None, workbook: Path | None = None) -> Outputs:
    """Where the plan goes, checked before any work is done. Raises UsageProblem."""
    outputs = Outputs(
        plan=check_file(plan, "--output", inputs=(source,)) if plan else None,
        report=check_file(report, "--report", inputs=(source,)) if report else None,
        tables=check_folder(tables, "--csv") if tables else None,
        workbook=check_file(workbook, "--xlsx", inputs=(source,)) if workbook else None,
    )
    files = {"--output": outputs.plan, "--report": outputs.report, "--xlsx": outputs.workbook}
    for (one, first), (other, second) in combinations(files.items(), 2):
        if first and first == second:
            raise UsageProblem(f"{one} and {other} name the same file.")
    if outputs.plan and outputs.plan.suffix.lower() == ".xlsx":
        raise UsageProblem("--output writes JSON; the option --xlsx writes a workbook.")
    return outputs


def solve_one(source: str, settings: dict[str, Any], cluster: str | None = None) -> tuple[Plan, Scenario]:
    """The plan of one scenario, solved in this process; a cluster looks at its futures. Ctrl-C once keeps the best plan, twice raises KeyboardInterrupt."""
    raw = read_source(source)
    stop = threading.Event()
    display = SolveDisplay(_screen())

    def work(**elsewhere: Executor) -> tuple[Plan, Scenario]:
        scenario = parse_scenario(raw)
        with kept_for_good():
            from optimizer import engine  # half a second of imports, which a document full of mistakes needn't wait for

        chosen = override(scenario.solve, **settings)
        try:
            return engine.solve(scenario, chosen, on_progress=display, stop=stop, **elsewhere), scenario
        except Infeasible as error:
            from optimizer.conflict import told_more

            raise told_more(error, scenario, chosen, stop) from None

    with cluster_given(cluster) as elsewhere, stop_on_interrupt(stop, display.stopping), display, results_only():
        return in_thread(lambda: work(**elsewhere))


@contextmanager
def kept_for_good() -> Iterator[None]:
    """Whatever is made inside stays as long as the process, so the collector of garbage need never look through it."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def cluster_given(address: str | None) -> Iterator[dict[str, Executor]]:
    """`executor=` for the engine if an address is given, nothing otherwise. Raises ClusterUnusable."""
    if address is None:
        yield {}
        return
    with executor_for(address) as executor:
        yield {"executor": executor}


@contextmanager
def results_only() -> Iterator[None]:
    """While inside, whatever a library prints goes to standard error: standard output is for results, and a script reads it as JSON."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def solve_many(sources: Sequence[str], out: Path, settings: dict[str, Any], jobs: int | None, resume: bool, cluster: str | None = None) -> list[batch.Run]:
    """The runs of a batch with one thread each, unless the settings say otherwise: in a process of its own, or as a task on a cluster."""
    requests = batch.requests_for(sources)
    out = check_folder(out, "--out")
    settings = {"threads": 1, **settings}
    stop = threading.Event()
    display = BatchDisplay(_screen(), len(requests), settings.get("gap", SolveSettings().gap))
    with _runner(cluster, jobs, len(requests), display, stop) as (runner, at_once), stop_on_interrupt(stop, display.stopping), display:
        folder = batch.Folder.open(out, resume)
        return batch.run_batch(requests, folder, settings, runner, at_once=at_once, listener=display, stop=stop, work=batch.solve_task)


@contextmanager
def _runner(cluster: str | None, jobs: int | None, most: int, display: BatchDisplay, stop: threading.Event) -> Iterator[tuple[batch.Runner, int]]:
    """Who runs the tasks, and how many at once."""
    if cluster is not None:
        with executor_for(cluster) as executor:
            yield OnCluster(executor, stop), min(jobs or executor.slots, most)  # type: ignore[attr-defined]  # a cluster's executor knows its slots
        return
    at_once = min(jobs or _processors(), most)
    children = Children(at_once, lambda task, event: display.progressed(task.name, event), stop)
    try:
        yield children, at_once
    finally:
        children.kill()
        children.shutdown()


def _screen() -> Console:
    return Console(stderr=True, markup=False, highlight=False)


def _processors() -> int:
    """Processors this process may use; a container may have fewer than the machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
