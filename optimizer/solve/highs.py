"""The only door to HiGHS: plain highspy, one model per call, one thread per model.

What the solver answers is a claim; `optimizer.exact` and `optimizer.audit` check it. Options are a closed list. Rows and columns are scaled by
powers of two before they are passed (exact, and undone exactly), so that tolerances mean the same whatever units the scenario uses. An exception
inside a callback would vanish, so callbacks only copy numbers, and what they catch is raised after the run.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import highspy
import numpy as np

from models.errors import SolverFailure
from optimizer.solve.problem import Problem
from scenarios.tree import Floats

INTERRUPTED = tuple(getattr(highspy.HighsModelStatus, name) for name in ("kInterrupt", "kHighsInterrupt") if hasattr(highspy.HighsModelStatus, name))
LP_NAMES = str.maketrans({"[": "(", "]": ")", "/": ".", "-": "~"})
INTERRUPT_EVERY = 0.2  # seconds between progress events
SWEEPS = 20  # of scaling, at most


@dataclass(frozen=True)
class Answer:
    """What HiGHS says. `x` is None without a solution; `objective` and `bound` in the problem's own units."""

    status: str  # optimal, feasible, infeasible, no_solution
    stop_reason: str  # gap, time, user
    x: Floats | None
    objective: float
    bound: float
    nodes: int
    seconds: float


OnBest = Callable[[float | None, float | None], None]  # incumbent, bound


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
    scaled, columns, objective_scale = scale(problem)
    solver = _loaded(scaled, seed, presolve)
    solver.setOptionValue("mip_rel_gap", gap)
    solver.setOptionValue("mip_abs_gap", 0.0 if gap == 0 else 1e-9)
    solver.setOptionValue("time_limit", max(seconds, 0.01))
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = list(start / columns)
        solver.setSolution(solution)
    watch = _Watch(solver, objective_scale, problem.offset, on_best, stop)
    watch.listen()
    solver.run()
    watch.silence()
    return _answer(solver, problem, columns, objective_scale, watch)


@dataclass
class _Watch:
    """Callbacks of one run: they copy numbers, ask whether to stop, and keep what went wrong."""

    solver: Any
    scale: float
    offset: float
    on_best: OnBest | None
    stop: threading.Event | None
    stopped: bool = False
    failure: Exception | None = None
    last: float = -1.0

    def listen(self) -> None:
        for callback in (self.solver.cbMipInterrupt, self.solver.cbSimplexInterrupt, self.solver.cbIpmInterrupt):
            callback.subscribe(self._look)

    def silence(self) -> None:
        for callback in (self.solver.cbMipInterrupt, self.solver.cbSimplexInterrupt, self.solver.cbIpmInterrupt):
            callback.unsubscribe(self._look)

    def _look(self, event: Any) -> None:
        try:
            if self.stop is not None and self.stop.is_set():
                self.stopped = True
                event.interrupt()
                return
            data = event.data_out
            if self.on_best is not None and data.running_time - self.last >= INTERRUPT_EVERY:
                self.last = data.running_time
                best, bound = float(data.mip_primal_bound), float(data.mip_dual_bound)
                self.on_best(*(x * self.scale + self.offset if abs(x) < 1e29 else None for x in (best, bound)))
        except Exception as failure:
            self.failure = failure
            event.interrupt()


def _answer(solver: Any, problem: Problem, columns: Floats, objective_scale: float, watch: _Watch) -> Answer:
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


def version() -> str:
    """Version of HiGHS."""
    return str(highspy.Highs().version())


def lp_text(problem: Problem) -> str:
    """The problem, unscaled, in CPLEX LP format as HiGHS writes it, with the names of its rows and columns.

    HiGHS refuses names with brackets, slashes and minus signs: `take[frame,base/tier-1,n]` is written as `take(frame,base.tier~1,n)`.
    """
    solver = _loaded(problem, seed=0)
    rows, columns = problem.matrix.shape
    for i in range(rows):
        solver.passRowName(i, problem.row_name(i).translate(LP_NAMES))
    for j in range(columns):
        solver.passColName(j, problem.column_name(j).translate(LP_NAMES))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.lp"
        if solver.writeModel(str(path)) != highspy.HighsStatus.kOk:
            raise SolverFailure("HiGHS could not write the model with the names of its rows and columns.")
        return path.read_text(encoding="utf-8")


def _loaded(problem: Problem, seed: int, presolve: bool = True) -> Any:
    """A HiGHS object with a (scaled) problem in it: one thread, fixed seed, no output."""
    solver = highspy.Highs()
    for name, value in {"output_flag": False, "random_seed": seed, "threads": 1, "presolve": "on" if presolve else "off"}.items():
        solver.setOptionValue(name, value)
    if solver.passModel(_as_lp(problem)) == highspy.HighsStatus.kError:
        raise SolverFailure("HiGHS refused the model; please report the scenario.")
    return solver


@dataclass(frozen=True)
class Relaxed:
    """Solution of a linear relaxation: objective in the problem's units, and everything that a search wants to know."""

    objective: float
    x: Floats  # [C]
    reduced: Floats  # [C] reduced costs in the problem's units
    basis: Any


class Live:
    """A linear relaxation kept alive: bounds of its integer columns change between solves, each solve starts from a basis."""

    def __init__(self, problem: Problem, seed: int = 0) -> None:
        scaled, self._columns, self._scale = scale(problem)
        self._problem = problem
        self.integers = np.flatnonzero(problem.integer).astype(np.int32)
        self._solver = _loaded(replace(scaled, integer=np.zeros_like(problem.integer)), seed)
        self.seconds = 0.0

    def solve(self, lower: Floats, upper: Floats, basis: Any = None, seconds: float = 1e9, stop: threading.Event | None = None) -> Relaxed | None:
        """Solve with bounds on the integer columns; None if infeasible. Raises Interrupted when time is up or `stop` is set."""
        solver = self._solver
        solver.changeColsBounds(len(self.integers), self.integers, lower.astype(float), upper.astype(float))
        if basis is not None:
            solver.setBasis(basis)
        solver.setOptionValue("time_limit", max(seconds, 0.01) + solver.getRunTime())
        watch = _Watch(solver, 1.0, 0.0, None, stop)
        watch.listen()
        started = time.perf_counter()
        solver.run()
        self.seconds += time.perf_counter() - started
        watch.silence()
        if watch.failure is not None:
            raise watch.failure
        status, kinds = solver.getModelStatus(), highspy.HighsModelStatus
        if status in (kinds.kInfeasible, kinds.kUnboundedOrInfeasible):
            return None
        if status in (kinds.kTimeLimit, *INTERRUPTED):
            raise Interrupted("user" if watch.stopped else "time")
        if status not in (kinds.kOptimal, kinds.kModelEmpty):
            raise SolverFailure(f"HiGHS ended with the status '{solver.modelStatusToString(status)}', which can't be used.")
        solution = solver.getSolution()
        x = np.asarray(solution.col_value, dtype=float)[: len(self._columns)] * self._columns
        reduced = np.asarray(solution.col_dual, dtype=float)[: len(self._columns)] * self._scale / self._columns
        return Relaxed(float(self._problem.cost @ x) + self._problem.offset, x, reduced, solver.getBasis())


class Interrupted(Exception):
    """A linear solve was cut short: by the clock ("time") or by the caller ("user")."""


def _as_lp(problem: Problem) -> Any:
    lp = highspy.HighsLp()
    rows, columns = problem.matrix.shape
    lp.num_row_, lp.num_col_ = rows, columns
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = problem.cost, problem.lower, problem.upper
    lp.row_lower_, lp.row_upper_ = problem.row_lower, problem.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = problem.matrix.indptr, problem.matrix.indices, problem.matrix.data
    kinds = highspy.HighsVarType
    if problem.integer.any():
        lp.integrality_ = [kinds.kInteger if i else kinds.kContinuous for i in problem.integer]
    return lp


def scale(problem: Problem) -> tuple[Problem, Floats, float]:
    """The problem scaled by powers of two: (scaled problem, column factors with x = factor x', objective factor).

    Geometric-mean scaling over rows and continuous columns (Curtis & Reid 1972 in its plain form), in as many sweeps as it takes to carry the size of money
    from the charges over the cost of a path to the threshold and excess of the CVaR: after two, their costs could lie below the solver's tolerance, and the
    tail was overlooked. Costs are divided so that the median is near 1.
    """
    matrix = problem.matrix.tocsr()
    rows, columns = matrix.shape
    size = np.abs(matrix.data)
    row_of = np.repeat(np.arange(rows), np.diff(matrix.indptr))
    logs = np.log2(np.where(size > 0, size, 1.0))
    row_log, column_log = np.zeros(rows), np.zeros(columns)
    per_row, per_column = np.maximum(np.bincount(row_of, minlength=rows), 1), np.maximum(np.bincount(matrix.indices, minlength=columns), 1)
    for _ in range(SWEEPS):
        before = column_log
        row_log = -np.bincount(row_of, weights=logs + column_log[matrix.indices], minlength=rows) / per_row
        column_log = -np.bincount(matrix.indices, weights=logs + row_log[row_of], minlength=columns) / per_column
        column_log[problem.integer] = 0.0
        if np.abs(column_log - before).max(initial=0.0) < 0.5:  # rounding hides what is still to come
            break
    row, column = np.exp2(np.round(row_log)), np.exp2(np.round(column_log))
    scaled = sparse_scaled(matrix, row, column)
    cost = problem.cost * column
    used = np.abs(cost[cost != 0])
    objective = float(np.exp2(np.round(np.log2(np.median(used))))) if used.size else 1.0
    return (
        replace(
            problem, matrix=scaled, row_lower=problem.row_lower * row, row_upper=problem.row_upper * row, cost=cost / objective,
            lower=problem.lower / column, upper=problem.upper / column,
        ),
        column,
        objective,
    )  # fmt: skip


def sparse_scaled(matrix: Any, row: Floats, column: Floats) -> Any:
    """diag(row) matrix diag(column), same sparsity."""
    found = matrix.copy()
    found.data = found.data * np.repeat(row, np.diff(matrix.indptr)) * column[matrix.indices]
    return found
