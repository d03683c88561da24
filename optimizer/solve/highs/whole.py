"""A whole problem, integers and all, to a proven gap.

What the solver answers is a claim; `optimizer.exact` and `optimizer.audit` check it. Rows and columns are scaled by powers of two before they are passed
(exact, and undone exactly), so that tolerances mean the same whatever units the scenario uses.
"""

from __future__ import annotations

import threading

import highspy
import numpy as np

from models.errors import SolverFailure
from optimizer.solve.highs.answers import Answer, OnBest
from optimizer.solve.highs.solver import loaded
from optimizer.solve.highs.watch import INTERRUPTED, Watch
from optimizer.solve.problem import Problem
from optimizer.solve.scaling import scale
from scenarios.tree import Floats


def solve_problem(
    problem: Problem,
    *,
    gap: float = 0.0,
    seconds: float = 600.0,
    seed: int = 0,
    start: Floats | None = None,
    on_best: OnBest | None = None,
    stop: threading.Event | None = None,
    presolve: bool = True,
) -> Answer:
    """Solve to a relative gap. Raises SolverFailure on an answer that can't be used.

    `stop` is looked at during the search; the best solution so far is kept.
    """
    scaled, _, columns, objective_scale = scale(problem)
    solver = loaded(scaled, seed, presolve)
    solver.setOptionValue("mip_rel_gap", gap)
    solver.setOptionValue("mip_abs_gap", 0.0 if gap == 0 else 1e-9)
    solver.setOptionValue("time_limit", max(seconds, 0.01))
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = list(start / columns)
        solver.setSolution(solution)
    watch = Watch(solver, objective_scale, problem.offset, on_best if problem.integer.any() else None, stop)
    watch.listen()
    solver.run()
    watch.silence()
    return _answer(solver, problem, columns, objective_scale, watch)


def _answer(solver: highspy.Highs, problem: Problem, columns: Floats, objective_scale: float, watch: Watch) -> Answer:
    if watch.failure is not None:
        raise watch.failure
    status, info = solver.getModelStatus(), solver.getInfo()
    kinds = highspy.HighsModelStatus
    known = {
        kinds.kOptimal: ("optimal", "gap"),
        kinds.kModelEmpty: ("optimal", "gap"),
        kinds.kTimeLimit: ("feasible", "time"),
        **dict.fromkeys(INTERRUPTED, ("feasible", "user")),
        kinds.kInfeasible: ("infeasible", "gap"),
        kinds.kUnboundedOrInfeasible: ("infeasible", "gap"),
    }
    if status not in known:
        raise SolverFailure(f"HiGHS ended with the status '{solver.modelStatusToString(status)}', which can't be used.")
    kind, reason = known[status]
    integer = bool(problem.integer.any())
    x: Floats | None = None
    if kind in ("optimal", "feasible") and info.primal_solution_status == 2:
        x = np.asarray(solver.getSolution().col_value, dtype=float)[: len(columns)] * columns
    elif kind != "infeasible":
        kind = "no_solution"
    objective = float(problem.cost @ x) + problem.offset if x is not None else float("inf")
    bound = float(info.mip_dual_bound) * objective_scale + problem.offset if integer else (objective if kind == "optimal" else float("-inf"))
    if abs(bound) > 1e29 * objective_scale or not np.isfinite(bound):
        bound = float("-inf")
    return Answer(kind, reason, x, objective, min(bound, objective), max(int(info.mip_node_count), 0), float(solver.getRunTime()))
