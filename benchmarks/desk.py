"""What the negotiation desk takes, in cold solves: `python -m benchmarks.desk [--scenario fibre] [--offers maker-outside-6y ...] [--write]`.

A cold solve is `optimizer.engine.solve` with the scenario's own settings in a fresh process, imports and reading included; so is everything it is compared
with. The ledger prices every lever of every offer; walk-away prices are found offer by offer, each in a process of its own. `gain` is timed on a table that
has been solved. Ratios of one run; nothing here is a test.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from benchmarks.isolated import Run, isolated
from benchmarks.machine import RESULTS, machine, sentence, table

LIBRARY = Path(__file__).parents[1] / "scenarios" / "library"
LEDGER, WALK_AWAY, GAIN = 5.0, 2.0, 50.0  # targets: cold solves, cold solves, microseconds
CALLS = 20_000


def solve(scenario: str) -> dict[str, Any]:
    """One cold solve."""
    from optimizer import engine
    from scenarios.files import read_scenario

    plan = engine.solve(read_scenario(LIBRARY / f"{scenario}.json"))
    return {"objective": plan.summary.objective, "gap": plan.summary.gap}


def ledger(scenario: str) -> dict[str, Any]:
    """The ledger of all offers."""
    from optimizer.negotiation.desk import Desk
    from optimizer.negotiation.ledger import term_ledger
    from scenarios.files import read_scenario

    read = read_scenario(LIBRARY / f"{scenario}.json")
    found = term_ledger(Desk(read, read.solve.model_copy(update={"time_limit_seconds": 3_600.0})))
    lines = [line for offer in found.offers for line in offer.lines]
    widest = max((line.worth.upper - line.worth.lower for line in lines), default=0.0)
    return {"offers": len(found.offers), "levers": len(lines), "values": found.solves, "widest": widest}


def walk_away(scenario: str, offer: str) -> dict[str, Any]:
    """One walk-away price, from nothing."""
    from models.negotiation import Package
    from optimizer.negotiation.desk import Desk
    from optimizer.negotiation.walkaway import walk_away as found
    from scenarios.files import read_scenario

    read = read_scenario(LIBRARY / f"{scenario}.json")
    result = found(Desk(read, read.solve.model_copy(update={"time_limit_seconds": 3_600.0})), Package(offer=offer))
    price = result.walk_away
    return {"values": result.solves, "method": result.method, "low": price.lower if price else None, "high": price.upper if price else None}


def gain(scenario: str) -> dict[str, Any]:
    """Microseconds per call of `Table.gain` on the usual menu of a scenario's first offer."""
    from models.negotiation import Package
    from optimizer.negotiation.desk import Desk
    from optimizer.negotiation.grid import make_table, usual_menu
    from scenarios.files import read_scenario

    read = read_scenario(LIBRARY / f"{scenario}.json")
    desk = Desk(read, read.solve.model_copy(update={"time_limit_seconds": 3_600.0}))
    begun = time.perf_counter()
    made = make_table(desk, usual_menu(desk, read.offers[0].id))
    solved = time.perf_counter() - begun
    packages = [
        Package(offer=made.offer, price=made.low + (made.high - made.low) * i / 100, terms=dict(made.cells[i % len(made.cells)].terms)) for i in range(100)
    ]
    begun = time.perf_counter()
    for i in range(CALLS):
        made.gain(packages[i % 100])
    return {"microseconds": 1e6 * (time.perf_counter() - begun) / CALLS, "cells": len(made.cells), "values": desk.solves, "seconds": solved}


def main() -> None:
    """Measure, print, and write the result if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="fibre")
    parser.add_argument("--offers", nargs="*")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    text = report(given.scenario, given.offers)
    print(text)
    if given.write:
        (RESULTS / "desk.md").write_text(text + "\n", encoding="utf-8")


def report(scenario: str, offers: list[str] | None) -> str:
    """The table of one run."""
    from scenarios.files import read_scenario

    names = offers or [x.id for x in read_scenario(LIBRARY / f"{scenario}.json").offers]
    cold = sorted((_measured("benchmarks.desk:solve", {"scenario": scenario}) for _ in range(3)), key=lambda run: run.seconds)[1]
    rows = []
    found = _measured("benchmarks.desk:ledger", {"scenario": scenario})
    value = found.value
    told = f"{value['levers']} levers of {value['offers']} offers, {value['values']} values, widest interval {value['widest']:,.2f}"
    rows.append(_row("ledger", found, cold, LEDGER, told))
    for name in names:
        found = _measured("benchmarks.desk:walk_away", {"scenario": scenario, "offer": name})
        value = found.value
        price = f"{value['low']:,.2f} to {value['high']:,.2f}" if value["low"] is not None else "none"
        rows.append(_row(f"walk-away price of {name}", found, cold, WALK_AWAY, f"{price}; {value['method']}, {value['values']} values"))
    quick = _measured("benchmarks.desk:gain", {"scenario": "quickstart"}).value
    verdict = "pass" if quick["microseconds"] <= GAIN else "miss"
    rows.append(
        [
            "`gain(package)`",
            f"<= {GAIN:g} microseconds",
            f"{quick['microseconds']:.1f}",
            verdict,
            f"{quick['cells']} cells, {quick['values']} values in {quick['seconds']:.0f} s",
        ]
    )
    head = f"# The desk in cold solves, scenario `{scenario}`\n\n`python -m benchmarks.desk`. {sentence(machine())}\n\n"
    cold_said = f"One cold solve: {cold.seconds:.2f} s as a whole process, the median of three."
    return f"{head}{cold_said}\n\n{table(['what', 'target', 'measured', 'verdict', 'how'], rows)}"


def _measured(task: str, arguments: dict[str, Any]) -> Run:
    run = isolated(task, arguments)
    if not run.ok:
        raise SystemExit(f"{task} {arguments}: {run.error}")
    return run


def _row(what: str, run: Run, cold: Run, limit: float, told: str) -> list[str]:
    ratio = run.seconds / cold.seconds
    return [what, f"<= {limit:g} cold solves", f"{ratio:.2f} ({run.seconds:.1f} s)", "pass" if ratio <= limit else "miss", told]


if __name__ == "__main__":
    main()
