"""The known optima of the reference problem, found without the engine, are reproduced within the gap asked for."""

from __future__ import annotations

import json

import pytest

from benchmarks import reference
from benchmarks.reference import OPTIMA
from models.options import SolveSettings
from optimizer.engine import solve

SLACK = 1e-7  # of the stored optima themselves, solved to 1e-6 or better


@pytest.mark.parametrize(("futures", "gap"), [(1, 1e-4), (5, 1e-4), (20, 1e-4), (50, 1e-3)])
def test_known_optimum_is_reproduced(futures: int, gap: float) -> None:
    """The engine would solve the common ground of all comparisons (bands, take-or-pay, storage, risk) to a wrong optimum, or prove a wrong bound."""
    optimum = json.loads(OPTIMA.read_text())["optimum"][str(futures)]
    plan = solve(reference.scenario(futures=futures), SolveSettings(gap=gap, baselines=False, detail="summary", time_limit_seconds=300))
    assert plan.status == "optimal"
    assert plan.summary.gap <= gap
    assert abs(plan.summary.objective - optimum) <= gap * optimum
    assert plan.summary.objective >= optimum * (1 - SLACK)
    assert plan.summary.bound <= optimum * (1 + SLACK)
    assert not plan.audit.suspect
