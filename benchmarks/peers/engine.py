"""The engine on the reference problem, from the scenario document to the audited plan."""

from __future__ import annotations

import re
from typing import Any

from benchmarks.peers import Outcome
from benchmarks.reference import Result, run

BEFORE = ("read", "build", "compile", "stamp")
AFTER = ("audit", "report")
PART = " ("  # a phase "solve (master)" is part of the phase "solve"
HIGHS = "solve (inside HiGHS)"


def solve(futures: int, gap: float, seconds: float, method: str = "", **sizes: int) -> dict[str, Any]:
    """Solved to `gap`. `build` is everything before the search, `hand-over` is audit and report, which the others do not have."""
    result = run(futures, gap, seconds, method, **sizes)
    return Outcome(result.objective, result.bound, grouped(result), result.method, details=phases_of(result.phases)).plain()


def grouped(result: Result) -> dict[str, float]:
    """The engine's phases in the three groups of the peers; what no phase claims counts as solving."""
    build = sum(took for name, took in result.phases if name in BEFORE)
    after = sum(took for name, took in result.phases if name in AFTER)
    return {"build": build, "hand-over": after, "solve": result.engine_seconds - build - after}


def phases_of(phases: tuple[tuple[str, float], ...]) -> dict[str, float]:
    """Seconds by phase; a count in a name ("12 passes") is left out, so that runs of different sizes have the same phases."""
    return {re.sub(r"\(\d+ ", "(", name): took for name, took in phases}
