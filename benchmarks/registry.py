"""Frozen problems: what is measured under one name today is measured under that name in a year. `python -m benchmarks.registry` lists them.

    python -m benchmarks.registry reference-20 --gap 1e-3      solves one in a fresh process and prints its phases

A problem is frozen by its arrays' seed; `demand` (the expected demand of all periods, products and sites together) is the fingerprint that a test compares.
Sizes of the extensive form, with K active (offer, period) pairs, F futures, T periods, P products and L sites of the reference problem:

    columns = offers + K + 1 + F (K L + K + 3 T P L + 2)        rows = 2 K + F (T P L + 2 K + T P + 2)
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.isolated import isolated
from benchmarks.machine import machine, sentence, table
from benchmarks.peers import active
from benchmarks.reference import MOST_NONZEROS, known
from benchmarks.reference import scenario as reference
from benchmarks.reference_instance import make
from models.options import override
from models.scenario import Scenario

HYPERSCALER = {"sites": 100, "products": 10, "offers": 60}  # ten periods, as everywhere


@dataclass(frozen=True)
class Frozen:
    """A problem under a name. `known` is the proven interval of its optimum in USD, None when nobody has proven one."""

    name: str
    says: str
    build: Callable[[], Scenario]
    futures: int
    demand: float
    gap: float = 1e-3
    sizes: tuple[tuple[str, int], ...] = ()  # of the reference family, where they are not the defaults
    known: tuple[float, float] | None = None


def _reference(futures: int, demand: float) -> Frozen:
    return Frozen(f"reference-{futures}", "the reference problem", partial(reference, futures), futures, demand, known=known(futures))


def fibre() -> Scenario:
    """The bundled case as it is shipped."""
    from scenarios.library import load

    return load("fibre")


PROBLEMS = (
    _reference(20, 78480.06240369455),
    _reference(100, 78683.62697220365),
    _reference(1_000, 80667.34530380016),
    _reference(10_000, 81500.60414369815),
    Frozen(
        "hyperscaler",
        "100 sites, 10 products, 60 offers",
        partial(reference, 200, **HYPERSCALER),
        200,
        2706589.963962363,
        gap=1e-2,
        sizes=tuple(HYPERSCALER.items()),
    ),
    Frozen("fibre", "the bundled case, a tree", fibre, 62, 184154.49999999994, gap=1e-4),
)
COMMANDS = {  # whole processes, interpreter included
    "help": ("offtake --help", ("-m", "api.cli", "--help")),
    "solve-fibre": ("offtake solve fibre", ("-m", "api.cli", "solve", "fibre")),
}


def problem(name: str) -> Frozen:
    """The problem of that name; KeyError when there is none."""
    return {x.name: x for x in PROBLEMS}[name]


def shape(futures: int, **sizes: int) -> tuple[int, int]:
    """(rows, columns) of the reference problem's extensive form."""
    r = make(futures=1, **sizes)
    _, periods, products, sites = r.demand.shape
    pairs = int(active(r).sum())
    cells = periods * products * sites
    rows = 2 * pairs + futures * (cells + 2 * pairs + periods * products + 2)
    return rows, len(r.price) + pairs + 1 + futures * (pairs * sites + pairs + 3 * cells + 2)


def expected_demand(found: Scenario) -> float:
    """The fingerprint: expected demand summed over periods, products and sites."""
    from scenarios.tree import build_tree

    tree = build_tree(found)
    return float(tree.probability @ np.asarray(tree.states.demand).reshape(tree.size, -1).sum(axis=1))


def solve(name: str, gap: float | None = None, seconds: float = 3600.0, method: str = "") -> dict[str, Any]:
    """Solve a problem of the registry here; what `benchmarks.isolated` calls. Phases as the engine names them, and `total`."""
    import time

    from benchmarks.peers.engine import phases_of
    from models.options import SolveSettings
    from optimizer.engine import solve as solve_scenario

    frozen = problem(name)
    found = frozen.build()
    forced = {"method": method} if method and "method" in SolveSettings.model_fields else {}
    settings = override(found.solve, gap=gap or frozen.gap, time_limit_seconds=seconds, baselines=False, detail="summary", max_nonzeros=MOST_NONZEROS, **forced)
    begun = time.perf_counter()
    plan = solve_scenario(found, settings)
    took = time.perf_counter() - begun
    phases = phases_of(tuple((phase.name, phase.seconds) for phase in plan.provenance.phases))
    summary = {"objective": plan.summary.objective, "bound": plan.summary.bound, "method": plan.provenance.method, "status": plan.status}
    return {**summary, "phases": phases, "total": took}


def listed() -> str:
    """The registry as a table."""
    rows = []
    for x in PROBLEMS:
        sizes = shape(x.futures, **dict(x.sizes)) if x.name != "fibre" else None
        told = "-" if x.known is None else f"{x.known[0]:,.0f}" if x.known[0] == x.known[1] else f"{x.known[0]:,.0f} to {x.known[1]:,.0f}"
        rows.append([x.name, x.says, f"{x.futures:,}", f"{sizes[0]:,} x {sizes[1]:,}" if sizes else "-", f"{x.gap:g}", told])
    return table(["problem", "what", "futures", "rows x columns, extensive form", "gap", "known optimum, USD"], rows)


def main() -> int:
    """List the problems, or solve some."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.registry", description="Frozen problems: list them, or solve some in fresh processes.")
    parser.add_argument("names", nargs="*", metavar="PROBLEM")
    parser.add_argument("--gap", type=float)
    parser.add_argument("--time-limit", type=float, default=3600.0)
    parser.add_argument("--method", default="", help="force a method, where the settings know one")
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in {x.name for x in PROBLEMS}]:
        parser.error(f"no problem called {', '.join(unknown)}; there are {', '.join(x.name for x in PROBLEMS)}")
    if not given.names:
        print(listed())
        return 0
    print(sentence(machine()))
    failed = 0
    for name in given.names:
        run = isolated(
            "benchmarks.registry:solve", {"name": name, "gap": given.gap, "seconds": given.time_limit, "method": given.method}, given.time_limit + 600
        )
        print(f"\n{name}: " + (run.error or _told(run.value, run.peak_gib)), flush=True)
        failed += not run.ok
    return 1 if failed else 0


def _told(value: dict[str, Any], peak: float) -> str:
    gap = (value["objective"] - value["bound"]) / abs(value["objective"])
    lines = [
        f"{value['status']}, objective {value['objective']:,.2f}, gap {gap:.1e}, {value['total']:.2f} s, peak {peak:.2f} GiB",
        f"  method: {value['method']}",
    ]
    return "\n".join([*lines, table(["phase", "s"], [[name, f"{took:.2f}"] for name, took in value["phases"].items()])])


if __name__ == "__main__":
    raise SystemExit(main())
