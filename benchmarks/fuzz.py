"""Random small scenarios, solved by the engine and by SCIP, which shares no code with HiGHS: `python -m benchmarks.fuzz --cases 2000`.

Every case goes through the engine (audit and exact check included) and its compiled matrices through SCIP. Objectives must agree to 1e-6, both must call
the same cases infeasible, and the audit must agree with SCIP's solution as well. A disagreement is settled by the exact check of both solutions: whoever
has an exactly feasible solution that is better is right. The scenarios come from `tests/optimizer/random_scenarios.py`, so a case is its seed.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from models.errors import Infeasible, OfftakeError
from models.scenario import Scenario
from optimizer.audit import audit
from optimizer.engine import solve
from optimizer.exact import exact_check
from optimizer.instance import Instance, build_instance
from optimizer.model import build_model
from optimizer.outcome import read_outcome
from optimizer.solve.problem import Problem, compile_problem
from scenarios.tree import Floats, build_tree
from tests.optimizer.random_scenarios import random_scenario

AGREEMENT = 1e-6
FEASIBLE = 1e-7  # a solution of the referee that violates a row by more proves nothing


@dataclass(frozen=True)
class Verdict:
    """How a case went. `kind`: agree, both_infeasible, referee_wrong, wrong, error."""

    seed: int
    kind: str
    detail: str = ""
    binaries: int = 0


def compiled(scenario: Scenario) -> tuple[Instance, Problem]:
    """The instance and the matrices of a scenario."""
    instance = build_instance(scenario, build_tree(scenario))
    return instance, compile_problem(build_model(instance))


def referee(problem: Problem, seconds: float = 60.0) -> tuple[str, Floats | None]:
    """What SCIP says about a problem: its status and its solution, integers rounded."""
    from pyscipopt import Model, quicksum

    model = Model()
    model.hideOutput()
    for name, value in {"limits/gap": 0.0, "limits/time": seconds, "numerics/feastol": 1e-9, "numerics/dualfeastol": 1e-9}.items():
        model.setParam(name, value)
    bounds = zip(problem.lower, problem.upper, problem.integer, problem.cost, strict=True)
    columns = [
        model.addVar(lb=None if low == -np.inf else float(low), ub=None if high == np.inf else float(high), vtype="I" if whole else "C", obj=float(cost))
        for low, high, whole, cost in bounds
    ]
    matrix = problem.matrix
    for i in range(matrix.shape[0]):
        entries = range(matrix.indptr[i], matrix.indptr[i + 1])
        low, high = float(problem.row_lower[i]), float(problem.row_upper[i])
        if not entries:
            if low > 0 or high < 0:
                return "infeasible", None
            continue
        row = quicksum(float(matrix.data[k]) * columns[matrix.indices[k]] for k in entries)
        if low == high:
            model.addCons(row == low)
            continue
        if np.isfinite(low):
            model.addCons(row >= low)
        if np.isfinite(high):
            model.addCons(row <= high)
    model.optimize()
    if model.getStatus() != "optimal":
        return model.getStatus(), None
    x = np.array([model.getVal(column) for column in columns])
    return "optimal", np.where(problem.integer, np.round(x), x)


def judge(seed: int) -> Verdict:
    """Engine and referee on one random scenario."""
    scenario = random_scenario(seed)
    instance, problem = compiled(scenario)
    count = int((problem.integer & (problem.lower < problem.upper)).sum())
    ours: float | None = None
    try:
        ours = solve(scenario).summary.objective
    except Infeasible:
        pass
    except OfftakeError as error:
        return Verdict(seed, "error", f"{type(error).__name__}: {error}", count)
    status, x = referee(problem)
    if x is None:
        if status == "infeasible" and ours is None:
            return Verdict(seed, "both_infeasible", binaries=count)
        kind = "referee_wrong" if ours is not None else "wrong"  # the engine's solution has passed the exact check
        return Verdict(seed, kind, f"referee: {status}, engine: {ours}", count)
    return replace(_compare(seed, instance, problem, ours, x), binaries=count)


def _compare(seed: int, instance: Instance, problem: Problem, ours: float | None, x: Floats) -> Verdict:
    theirs = float(problem.cost @ x) + problem.offset
    sound = exact_check(problem, x, theirs).largest_violation <= FEASIBLE
    if ours is None:
        return Verdict(seed, "wrong" if sound else "referee_wrong", f"engine: infeasible, referee: {theirs:,.6f}")
    size = AGREEMENT * max(1.0, abs(ours), abs(theirs))
    if abs(ours - theirs) > size:
        wrong = ours > theirs and sound
        return Verdict(seed, "wrong" if wrong else "referee_wrong", f"engine {ours:,.6f}, referee {theirs:,.6f}")
    kernel = build_model(instance)
    found = audit(instance, kernel.contracts, read_outcome(instance, kernel.contracts, problem.values(x)))
    if not found.passed(theirs):
        return Verdict(
            seed, "wrong", f"the audit of the referee's solution fails: {found.where} {found.violation:.1e}, {found.objective:,.6f} for {theirs:,.6f}"
        )
    return Verdict(seed, "agree")


def main() -> int:
    """Judge as many cases as the command line asks for; 1 if the engine was wrong anywhere."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description="Compare the engine with SCIP on random scenarios.")
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--start", type=int, default=0, help="first seed")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    given = parser.parse_args()
    begun, counts, binaries = time.perf_counter(), Counter[str](), []
    with ProcessPoolExecutor(given.jobs) as pool:
        for verdict in pool.map(judge, range(given.start, given.start + given.cases), chunksize=10):
            counts[verdict.kind] += 1
            binaries.append(verdict.binaries)
            if verdict.detail:
                print(f"seed {verdict.seed}: {verdict.kind}: {verdict.detail}", flush=True)
    said = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in counts.most_common())
    print(f"{given.cases:,} random scenarios from seed {given.start} in {time.perf_counter() - begun:,.0f} s: {said}")
    print(f"free binaries per case: median {np.median(binaries):.0f}, most {max(binaries)}")
    return 1 if counts["wrong"] or counts["error"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
