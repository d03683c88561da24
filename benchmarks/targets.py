"""The table of targets, line by line: target, measured, pass or miss, command. `python -m benchmarks.targets --list` shows the lines.

    python -m benchmarks.targets --only help fibre      measures these lines
    python -m benchmarks.targets --rehearse             measures all of them on small problems, to see that the harness works; writes nothing

Lines that need the same run share it. Each line keeps its date, commit and machine in `benchmarks/results/targets.json`, so they can be measured on different
days; targets.md is made from it. "Cold pass" is that of `benchmarks.cold_pass`, which shares no code with the engine. The engine's own first pass is shown
beside it, where it reports one. Every run is a fresh process.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import target_lines as lines_of
from benchmarks.machine import RESULTS, machine, save, sentence, table
from benchmarks.target_lines import Bench, Figure, NotMeasured


@dataclass(frozen=True)
class Target:
    """A line: `value` must be at most `limit`, or at least when `at_least`."""

    name: str
    says: str
    limit: float
    unit: str
    measure: Callable[[Bench], Figure]
    at_least: bool = False

    def told(self) -> str:
        """The target in words."""
        return f"{'>=' if self.at_least else '<='} {self.limit:g} {self.unit}".strip()

    def met(self, value: float) -> bool:
        """Whether a measured value is good enough."""
        return value >= self.limit if self.at_least else value <= self.limit


TARGETS = (
    Target("overhead-20", "engine time / HiGHS time, extensive form, 20 futures", 1.05, "", lines_of.overhead(20)),
    Target("overhead-100", "engine time / HiGHS time, extensive form, 100 futures", 1.05, "", lines_of.overhead(100)),
    Target("surroundings", "read, build, stamp, audit and report, 1,000 futures", 0.5, "cold passes", lines_of.surroundings),
    Target("certified", "1,000 futures, certified gap <= 1e-3", 2.5, "cold passes", lines_of.certified),
    Target("growth", "growth of time from 100 to 10,000 futures, exponent", 1.05, "", lines_of.growth),
    Target("memory", "memory at 10,000 futures", 8.0, "GiB", lines_of.memory),
    Target("hyperscaler", "100 sites, 10 products, 60 offers, 200 futures, gap 1 %", 4.0, "own cold passes", lines_of.hyperscaler),
    Target("hyperscaler-memory", "memory at the same size", 16.0, "GiB", lines_of.hyperscaler_memory),
    Target("pyomo", "plain Pyomo + HiGHS / engine, 100 futures, same gap", 30.0, "x", lines_of.against_pyomo, at_least=True),
    Target("frontier", "cost-risk frontier of 20 points / one solve, 1,000 futures", 1.5, "", lines_of.frontier),
    Target("fibre", "`offtake solve fibre`, whole process", 2.0, "s", lines_of.process("solve-fibre")),
    Target("help", "`offtake --help`, whole process", 0.3, "s", lines_of.process("help")),
)


def line(target: Target, bench: Bench) -> dict[str, str]:
    """Measure one line; never raises for what a run can do wrong."""
    try:
        found = target.measure(bench)
    except NotMeasured as why:
        return {"name": target.name, "measured": "not measured", "verdict": "-", "how": str(why).replace("\n", " ")[:200]}
    measured = f"{found.value:.2f} {target.unit}".strip()
    return {"name": target.name, "measured": measured, "verdict": "pass" if target.met(found.value) else "miss", "how": found.words}


def page(lines: dict[str, dict[str, Any]]) -> str:
    """All lines, measured or not, as a table, and where each was measured."""
    rows, notes = [], []
    for target in TARGETS:
        found = lines.get(target.name)
        command = f"`python -m benchmarks.targets --only {target.name}`"
        rows.append([target.says, target.told(), *((found["measured"], found["verdict"]) if found else ("not yet", "-")), command])
        if found:
            notes.append(f"- {target.name}: {found['how']}. {found['machine']}")
    return "\n\n".join(["# Targets", table(["what", "target", "measured", "verdict", "command"], rows), "How, when and where:", "\n".join(notes)])


def main() -> int:
    """Measure the chosen lines, print the table, keep it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.targets", description="The targets of the project, line by line.")
    names = [target.name for target in TARGETS]
    parser.add_argument("--only", nargs="+", choices=names, metavar="LINE", default=names, help=", ".join(names))
    parser.add_argument("--list", action="store_true", help="show the lines and measure nothing")
    parser.add_argument("--rehearse", action="store_true", help="small problems, nothing written; says nothing about the targets")
    parser.add_argument("--time-limit", type=float, default=3600.0, help="seconds for each solve")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result files")
    given = parser.parse_args()
    stored = given.out / "targets.json"
    lines: dict[str, dict[str, Any]] = json.loads(stored.read_text())["lines"] if stored.exists() else {}
    if given.list:
        print(page(lines))
        return 0
    here, bench = machine(), Bench(given.time_limit, given.rehearse)
    told = sentence(here)
    print("Rehearsal on small problems: says nothing about the targets." if given.rehearse else told)
    for target in TARGETS:
        if target.name in given.only:
            found = line(target, bench)
            print(f"{found['verdict']:>5}  {target.says}: {target.told()}; measured {found['measured']} ({found['how']})", flush=True)
            lines[target.name] = {**found, "machine": told}
            if not given.rehearse:  # after each line: some take many minutes, and none is to be lost
                save("targets", here, {"lines": lines}, page(lines), given.out)
    print(f"{'Nothing written' if given.rehearse else 'Written to'} {'' if given.rehearse else stored.with_suffix('.md')}".rstrip() + ".")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
