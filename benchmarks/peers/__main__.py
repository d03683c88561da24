"""The same problem in several tools, to the same gap, in one run: `python -m benchmarks.peers --futures 20 50 100`.

Every tool runs alone in a fresh process, one after the other, so that ratios within a run compare like with like; arrays or document are in memory and the
tool is imported before its clock starts. A tool that is not installed, fails or runs out of time has a line that says so.
"""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.isolated import Run, isolated
from benchmarks.machine import RESULTS, machine, save, sentence, table
from benchmarks.reference import SLACK, known

TOOLS: dict[str, tuple[str, str, str]] = {  # name -> (function, package it needs, what it is)
    "engine": ("benchmarks.peers.engine:solve", "", "Offtake, the method that it chooses itself"),
    "pyomo": ("benchmarks.peers.plain_pyomo:solve", "pyomo", "plain Pyomo, extensive form, HiGHS"),
    "linopy": ("benchmarks.peers.linopy_form:solve", "linopy", "linopy, extensive form, HiGHS"),
    "mpi-sppy": ("benchmarks.peers.mpisppy_form:solve", "mpisppy", "mpi-sppy, its extensive form, HiGHS"),
    "mpi-sppy-ph": ("benchmarks.peers.mpisppy_form:solve_cylinders", "mpi4py", "mpi-sppy, progressive hedging, bounds, incumbents: three processes, HiGHS"),
}  # fmt: skip
GRACE = 90.0  # seconds beyond the limit before a tool is stopped from outside
NO_BOUND = 1e29


def compare(futures: int, gap: float, seconds: float, tools: list[str], sizes: dict[str, int]) -> list[tuple[str, Run]]:
    """Run each tool on the problem; one line on the terminal as each ends."""
    found = []
    for name in tools:
        function, package, _ = TOOLS[name]
        if package and find_spec(package) is None:
            run = Run(function, {}, 0.0, 0.0, {}, f"{package} is not installed")
        else:
            run = isolated(function, {"futures": futures, "gap": gap, "seconds": seconds, **sizes}, seconds + GRACE)
        print(f"  {futures:,} futures, {name}: {run.error or f'{total(run):.1f} s'}", flush=True)
        found.append((name, run))
    return found


def total(run: Run) -> float:
    """Seconds from arrays or document in memory to the answer."""
    return float(sum(run.value["phases"].values()))


def gap_of(value: dict[str, Any]) -> float:
    """Relative gap that was proven; infinite without a bound."""
    if max(abs(value["objective"]), abs(value["bound"])) > NO_BOUND:
        return float("inf")
    return max(0.0, value["objective"] - value["bound"]) / abs(value["objective"])


def verdict(value: dict[str, Any], interval: tuple[float, float] | None) -> str:
    """Whether objective and bound enclose the known optimum; "wrong" when one of them contradicts it."""
    if interval is None:
        return "not known"
    low, high = interval
    if value["objective"] < low * (1 - SLACK) or value["bound"] > high * (1 + SLACK):
        return "wrong"
    return "encloses it"


def rows(runs: list[tuple[str, Run]], gap: float, interval: tuple[float, float] | None) -> list[list[str]]:
    """Lines of the table; times as ratios to the engine's stand beside the seconds."""
    engine = next((total(run) for name, run in runs if name == "engine" and run.ok), None)
    lines = []
    for name, run in runs:
        if not run.ok:
            lines.append([name, *["-"] * 7, f"{run.peak_gib:.2f}", "-", run.error.splitlines()[0][:70]])
            continue
        value, phases = run.value, run.value["phases"]
        reached = gap_of(value)
        ratio = f"{total(run) / engine:.1f}" if engine else "-"
        seconds = [f"{phases[phase]:.2f}" for phase in ("build", "hand-over", "solve")]
        told = verdict(value, interval) if reached <= gap * (1 + SLACK) else f"{verdict(value, interval)}; stopped at a gap of {reached:.1%}"
        lines.append([name, f"{value['objective']:,.0f}", f"{reached:.1e}", *seconds, f"{total(run):.2f}", ratio, f"{run.peak_gib:.2f}", _size(value), told])
    return lines


def _size(value: dict[str, Any]) -> str:
    size = value["size"]
    return f"{size['rows']:,} x {size['columns']:,}" if size else "-"


HEAD = ["tool", "objective", "gap", "build s", "hand-over s", "solve s", "total s", "x engine", "peak GiB", "rows x columns", "known optimum"]
NOTES = """- build: arrays or document to the tool's model (the engine: read, build, stamp or compile).
- hand-over: model to HiGHS and solution back; the engine: audit, exact check and report, which no other tool has.
- solve: time inside HiGHS, or of the method. Imports and the making of the arrays are outside every clock.
- peak GiB: largest resident memory of the process and its children, imports included."""


def page(found: dict[str, Any], gap: float, tables: dict[int, list[list[str]]], tools: list[str]) -> str:
    """The result file for people."""
    parts = ["# The same problem in several tools", f"Measured {sentence(found)}. Gap asked for: {gap:g}. Ratios within a run count, not seconds."]
    for futures, lines in tables.items():
        parts += [f"## {futures:,} futures", table(HEAD, lines)]
    parts += ["What the columns are:", NOTES, "\n".join(f"- {name}: {TOOLS[name][2]}." for name in tools)]
    return "\n\n".join(parts)


def main() -> int:
    """Compare as the command line asks; 1 when a tool contradicts a known optimum."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description="The reference problem in several tools, in one run.")
    parser.add_argument("--futures", type=int, nargs="+", default=[20, 50, 100])
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=list(TOOLS))
    parser.add_argument("--gap", type=float, default=1e-3)
    parser.add_argument("--time-limit", type=float, default=900.0, help="seconds for each tool and size")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result files")
    parser.add_argument("--name", default="peers", help="name of the result files")
    for size in ("offers", "sites", "products", "periods"):
        parser.add_argument(f"--{size}", type=int)
    given = parser.parse_args()
    sizes = {size: value for size in ("offers", "sites", "products", "periods") if (value := getattr(given, size)) is not None}
    here, tables, record = machine(), {}, []
    for futures in given.futures:
        runs = compare(futures, given.gap, given.time_limit, given.tools, sizes)
        tables[futures] = rows(runs, given.gap, None if sizes else known(futures))
        record += [
            {"tool": name, "futures": futures, **run.value, "peak_gib": run.peak_gib, "process_seconds": run.seconds, "error": run.error} for name, run in runs
        ]
        text = page(here, given.gap, tables, given.tools)  # written after each size: the larger ones take long
        paths = save(given.name, here, {"gap": given.gap, "sizes": sizes, "runs": record}, text, given.out)
    print("\n" + text)
    print("\nwritten: " + ", ".join(str(path) for path in paths))
    return 1 if any(line[-1].startswith("wrong") for lines in tables.values() for line in lines) else 0


if __name__ == "__main__":
    raise SystemExit(main())
