"""What is measured for each line of the table of targets (`benchmarks.targets`). Every run is a fresh process; lines that need the same run share it."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.isolated import ROOT, Run, isolated
from benchmarks.peers.__main__ import gap_of, total
from benchmarks.peers.engine import AFTER, BEFORE, HIGHS
from benchmarks.registry import COMMANDS, HYPERSCALER
from benchmarks.scale import exponent

GRACE = 900.0
REPEATS = 5  # of a whole process; the median counts
OWN_COLD_PASS = "solve (cold pass)"
SMALL = {20: 5, 100: 10, 1_000: 20, 10_000: 40}  # futures in a rehearsal
SMALL_HYPERSCALER = {"sites": 12, "products": 4, "offers": 10}
POINTS = 20


class NotMeasured(Exception):
    """A line that can't be measured, and why."""


@dataclass
class Bench:
    """Where the lines get their runs from; the same run is made once."""

    seconds: float
    rehearsal: bool = False
    kept: dict[str, Run] = field(default_factory=dict)

    def futures(self, wanted: int) -> int:
        """The number of futures to use."""
        return SMALL[wanted] if self.rehearsal else wanted

    def run(self, task: str, **arguments: Any) -> Run:
        """A fresh process, or what it said before. Raises NotMeasured when it failed."""
        key = json.dumps([task, arguments], sort_keys=True)
        if key not in self.kept:
            self.kept[key] = isolated(task, arguments, self.seconds + GRACE)
        if not self.kept[key].ok:
            raise NotMeasured(self.kept[key].error)
        return self.kept[key]

    def engine(self, futures: int, gap: float = 1e-3, method: str = "", **sizes: int) -> Run:
        """The engine on the reference problem; raises NotMeasured when it stopped before the gap."""
        run = self.run("benchmarks.peers.engine:solve", futures=futures, gap=gap, seconds=self.seconds, method=method, **sizes)
        if gap_of(run.value) > gap * (1 + 1e-6):
            raise NotMeasured(f"stopped at a gap of {gap_of(run.value):.1e} after {total(run):,.0f} s")
        return run

    def cold_pass(self, futures: int, ways: str = "kept", **sizes: int) -> float:
        """Seconds of one cold pass: loading and solving a live problem per future, or moving one per thread where they would not fit."""
        value = self.run("benchmarks.cold_pass:measure", futures=futures, ways=ways, **sizes).value
        return float(value["moved" if ways == "moved" else "yardstick"])


@dataclass(frozen=True)
class Figure:
    """What was measured: the number that the target speaks of, and how it came about."""

    value: float
    words: str


def overhead(futures: int) -> Callable[[Bench], Figure]:
    """Engine time over the time inside HiGHS, extensive form."""

    def measure(bench: Bench) -> Figure:
        run = bench.engine(bench.futures(futures), method="extensive")
        if "extensive" not in run.value["note"]:
            raise NotMeasured(f"the engine did not use the extensive form: {run.value['note']}")
        inside = run.value["details"].get(HIGHS, 0.0)
        if inside <= 0:
            raise NotMeasured("no phase says how long HiGHS took")
        return Figure(total(run) / inside, f"{total(run):.2f} s over {inside:.2f} s; {_longest(run, leave_out=('solve',))}")

    return measure


def surroundings(bench: Bench) -> Figure:
    """Everything around the search, the reading of the JSON document included."""
    futures = bench.futures(1_000)
    run, cold = bench.engine(futures), bench.cold_pass(futures)
    around = {name: took for name, took in run.value["details"].items() if name in (*BEFORE, *AFTER)}
    parse = bench.run("benchmarks.target_lines:parse", futures=futures).value["parse"]
    parts = ", ".join(f"{name} {took:.2f}" for name, took in {"parse JSON": parse, **around}.items())
    spent = parse + sum(around.values())
    return Figure(spent / cold, f"{spent:.2f} s ({parts}) over {_cold(cold, run)}")


def certified(bench: Bench) -> Figure:
    """The whole run at 1,000 futures over one cold pass."""
    futures = bench.futures(1_000)
    run, cold = bench.engine(futures), bench.cold_pass(futures)
    return Figure(total(run) / cold, f"{total(run):.2f} s (gap {gap_of(run.value):.1e}) over {_cold(cold, run)}; {_longest(run)}")


def growth(bench: Bench) -> Figure:
    """Growth exponent of the engine's time."""
    futures = [bench.futures(n) for n in (100, 1_000, 10_000)]
    seconds = [total(bench.engine(n)) for n in futures]
    return Figure(exponent(futures, seconds), ", ".join(f"{n:,} futures {took:.1f} s" for n, took in zip(futures, seconds, strict=True)))


def memory(bench: Bench) -> Figure:
    """Peak memory at 10,000 futures."""
    futures = bench.futures(10_000)
    run = bench.engine(futures)
    return Figure(run.peak_gib, f"{futures:,} futures, {total(run):.1f} s")


def hyperscaler(bench: Bench) -> Figure:
    """Time at the hyperscaler's size over its own cold pass."""
    futures, sizes = _hyperscaler(bench)
    run, cold = bench.engine(futures, gap=1e-2, **sizes), bench.cold_pass(futures, ways="moved", **sizes)
    return Figure(total(run) / cold, f"{total(run):.1f} s (gap {gap_of(run.value):.1e}) over {_cold(cold, run)}; {_longest(run)}")


def hyperscaler_memory(bench: Bench) -> Figure:
    """Peak memory at the hyperscaler's size."""
    futures, sizes = _hyperscaler(bench)
    run = bench.engine(futures, gap=1e-2, **sizes)
    return Figure(run.peak_gib, f"{total(run):.1f} s")


def against_pyomo(bench: Bench) -> Figure:
    """Plain Pyomo and HiGHS over the engine, 100 futures, same gap."""
    futures = bench.futures(100)
    run = bench.engine(futures)
    plain = bench.run("benchmarks.peers.plain_pyomo:solve", futures=futures, gap=1e-3, seconds=bench.seconds)
    told = f"{total(plain):.1f} s (gap {gap_of(plain.value):.1e}) over {total(run):.2f} s (gap {gap_of(run.value):.1e})"
    return Figure(total(plain) / total(run), told)


def frontier(bench: Bench) -> Figure:
    """Twenty points of cost against risk over one solve, 1,000 futures."""
    futures = bench.futures(1_000)
    once = total(bench.engine(futures))
    found = bench.run("benchmarks.target_lines:frontier_seconds", futures=futures, gap=1e-3, seconds=bench.seconds).value
    if not found["proven"]:
        raise NotMeasured(f"stopped at a gap of {found['gap']:.1e} after {found['seconds']:,.0f} s")
    words = f"{found['seconds']:.1f} s for {found['points']} points (gap {found['gap']:.1e}, {found['steps']} looks) over {once:.1f} s"
    return Figure(found["seconds"] / once, words)


def process(name: str) -> Callable[[Bench], Figure]:
    """Median time of a whole process, with its modules compiled, as an installation leaves them: the first run does it if nothing has before."""

    def measure(bench: Bench) -> Figure:
        _, arguments = COMMANDS[name]
        times, environment = [], {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        for _ in range(1 if bench.rehearsal else REPEATS):
            begun = time.perf_counter()
            ended = subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
            times.append(time.perf_counter() - begun)
            if ended.returncode:
                raise NotMeasured(f"ended with code {ended.returncode}: {ended.stderr.strip()[-200:]}")
        return Figure(statistics.median(times), f"median of {len(times)}, {min(times):.2f} to {max(times):.2f} s")

    return measure


def parse(futures: int) -> dict[str, float]:
    """Seconds to read the JSON document of the reference problem."""
    from benchmarks.reference import scenario
    from scenarios.files import dump_scenario, parse_scenario

    raw = dump_scenario(scenario(futures))
    begun = time.perf_counter()
    parse_scenario(raw)
    return {"parse": time.perf_counter() - begun}


def frontier_seconds(futures: int, gap: float, seconds: float) -> dict[str, float]:
    """Seconds of a cost-risk frontier of twenty points, and its largest proven gap."""
    from benchmarks.reference import scenario
    from models.frontier import FrontierSettings
    from models.options import override
    from optimizer.frontier import frontier as trace

    found = scenario(futures)
    settings = override(found.solve, time_limit_seconds=seconds)
    begun = time.perf_counter()
    (curve,) = trace(found, settings, FrontierSettings(risks=("cvar",), points=POINTS, gap=gap)).curves
    return {"seconds": time.perf_counter() - begun, "gap": curve.gap, "points": len(curve.points), "proven": curve.status == "proven", "steps": curve.steps}


def _hyperscaler(bench: Bench) -> tuple[int, dict[str, int]]:
    return (10, SMALL_HYPERSCALER) if bench.rehearsal else (200, HYPERSCALER)


def _cold(seconds: float, run: Run) -> str:
    own = run.value["details"].get(OWN_COLD_PASS)
    return f"a cold pass of {seconds:.2f} s" + (f" (the engine's own: {own:.2f} s)" if own else "")


def _longest(run: Run, leave_out: tuple[str, ...] = ()) -> str:
    """The three longest phases, for whoever asks where the time goes."""
    phases = {name: took for name, took in run.value["details"].items() if name != HIGHS and name not in leave_out}
    longest = sorted(phases, key=lambda name: -phases[name])[:3]
    return "longest: " + ", ".join(f"{name} {phases[name]:.2f} s" for name in longest)
