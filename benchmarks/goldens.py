"""Solves the bundled scenarios and stores their results as golden files: `python -m benchmarks.goldens [NAME ...]`.

Run it when a result is meant to change, and read the difference: `git diff scenarios/library/expected`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.layout import laid_out
from models.plan import Plan
from scenarios import library
from scenarios.files import write_whole

TARGET = Path(__file__).parents[1] / "scenarios" / "library" / "expected"
DIGITS = 9  # significant digits that are stored: finer ones differ between machines


def golden(plan: Plan, gap: float) -> dict[str, Any]:
    """What is kept of a plan: the figures and the awards, no times. `gap` is the one asked for."""
    return {
        "status": plan.status,
        "gap": gap,
        "objective": significant(plan.summary.objective),
        "expected_cost": significant(plan.summary.expected_cost),
        "cvar": significant(plan.summary.cvar),
        "awards": [
            {
                "offer": award.offer,
                "alternative": award.alternative,
                "node": award.node,
                "volumes": [{"product": v.product, "period": v.period, "volume": significant(v.volume)} for v in award.volumes],
            }
            for award in sorted(plan.awards, key=lambda award: (award.offer, award.node))
        ],
    }


def significant(value: float) -> float:
    """`value` to DIGITS significant digits; what is zero but for rounding is 0."""
    return 0.0 if abs(value) < 1e-6 else float(f"{value:.{DIGITS}g}")


def main(wanted: list[str]) -> None:
    """Solve and store the scenarios `wanted`, all when none is named."""
    from optimizer.engine import solve

    TARGET.mkdir(exist_ok=True)
    for name in wanted or library.names():
        scenario = library.load(name)
        begun = time.perf_counter()
        plan = solve(scenario)
        write_whole(TARGET / f"{name}.json", laid_out(golden(plan, scenario.solve.gap)) + "\n")
        signed = ", ".join(dict.fromkeys(award.offer for award in plan.awards)) or "nothing"
        print(f"{name}: {plan.status}, objective {plan.summary.objective:,.6g}, signs {signed} ({time.perf_counter() - begun:,.1f} s)", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
