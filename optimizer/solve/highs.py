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
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import highspy
import numpy as np

from models.errors import SolverFailure
from optimizer.solve.lagrange import bound_of, signed
from optimizer.solve.problem import Problem
from optimizer.solve.scaling import Factors, scale
from scenarios.tree import Floats, Ints

INTERRUPTED = tuple(getattr(highspy.HighsModelStatus, name) for name in ("kInterrupt", "kHighsInterrupt") if hasattr(highspy.HighsModelStatus, name))
LP_NAMES = str.maketrans({"[": "(", "]": ")", "/": ".", "-": "~"})
INTERRUPT_EVERY = 0.2  # seconds between progress events
STOP_EVERY = 0.05  # seconds between looks at whether to stop


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
    scaled, _, columns, objective_scale = scale(problem)
    solver = _loaded(scaled, seed, presolve)
    solver.setOptionValue("mip_rel_gap", gap)
    solver.setOptionValue("mip_abs_gap", 0.0 if gap == 0 else 1e-9)
    solver.setOptionValue("time_limit", max(seconds, 0.01))
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = list(start / columns)
        solver.setSolution(solution)
    watch = _Watch(solver, objective_scale, problem.offset, on_best if problem.integer.any() else None, stop)
    watch.listen()
    solver.run()
    watch.silence()
    return _answer(solver, problem, columns, objective_scale, watch)


@dataclass
class _Watch:
    """What one run is asked from outside: to say how far it is (`on_best`, of a search over integers), and to stop.

    A callback into Python at every iteration takes the interpreter's lock each time, and would make two solvers in two threads wait for each other. So a
    run that only has to stop is called back no sooner than somebody wants it to. Callbacks copy numbers, and keep what went wrong.
    """

    solver: Any
    scale: float
    offset: float
    on_best: OnBest | None
    stop: threading.Event | None
    stopped: bool = False
    failure: Exception | None = None
    last: float = -1.0
    ended: threading.Event = field(default_factory=threading.Event)
    guard: threading.Thread | None = None

    def listen(self) -> None:
        if self.on_best is not None:
            self._subscribe()
        elif self.stop is not None:
            self.guard = threading.Thread(target=self._wait, args=(self.stop,), daemon=True)
            self.guard.start()

    def silence(self) -> None:
        self.ended.set()
        if self.guard is not None:
            self.guard.join()
        for callback in self._callbacks():
            callback.unsubscribe(self._look)

    def _callbacks(self) -> tuple[Any, ...]:
        return self.solver.cbMipInterrupt, self.solver.cbSimplexInterrupt, self.solver.cbIpmInterrupt

    def _subscribe(self) -> None:
        for callback in self._callbacks():
            callback.subscribe(self._look)

    def _wait(self, stop: threading.Event) -> None:
        while not self.ended.wait(STOP_EVERY):
            if stop.is_set():
                self._subscribe()
                break

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
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.lp"
        write_problem(problem, path)
        return path.read_text(encoding="utf-8")


def write_problem(problem: Problem, path: Path) -> None:
    """Write the problem, unscaled, with the names of its rows and columns, in the format that the path's ending says: .mps (the free form of it, with the
    names as they are) or .lp (see `lp_text`)."""
    solver = _loaded(problem, seed=0)
    rows, columns = problem.matrix.shape
    spelled = LP_NAMES if path.suffix == ".lp" else {}
    if not problem.integer.any():  # without the empty lists of integers that the format has for a model that might have some
        model = solver.getLp()
        model.integrality_ = []
        solver.passModel(model)
    for i in range(rows):
        solver.passRowName(i, problem.row_name(i).translate(spelled))
    for j in range(columns):
        solver.passColName(j, problem.column_name(j).translate(spelled))
    if solver.writeModel(str(path)) == highspy.HighsStatus.kError or not path.is_file():  # a model without columns is written with a warning
        raise SolverFailure("HiGHS could not write the model with the names of its rows and columns.")


def _loaded(problem: Problem, seed: int, presolve: bool = True) -> Any:
    """A HiGHS object with a (scaled) problem in it: one thread, fixed seed, no output."""
    solver = highspy.Highs()
    for name, value in {"output_flag": False, "random_seed": seed, "threads": 1, "presolve": "on" if presolve else "off"}.items():
        solver.setOptionValue(name, value)
    if not _pass(solver, problem):
        raise SolverFailure("HiGHS refused the model; please report the scenario.")
    return solver


@dataclass(frozen=True)
class Relaxed:
    """Solution of a linear relaxation: objective in the problem's units, and everything that a search wants to know."""

    objective: float
    x: Floats  # [C]
    reduced: Callable[[], Floats]  # [C] reduced costs in the problem's units, copied when somebody asks
    multipliers: Callable[[], Floats]  # [R] of the rows, likewise
    basis: Any
    cut: bool = False  # whether it only says that the objective is at least so much, without a solution


STEEPEST, DEVEX, CLOSE = -1, 1, 2  # ways of going about it: dual simplex with either pricing; primal simplex without perturbation
ENDLESS = 2_147_483_647  # steps
DUAL, PRIMAL = 1, 4  # HiGHS's numbers for its simplex strategies
MOMENTARY = 2_000  # rows up to which a relaxation is solved before anybody could stop it


class Live:
    """A linear relaxation kept alive: bounds of its integer columns, and of others that are named (`moving`), change between solves, each solve
    starts from a basis.

    Steepest edge takes the fewest steps, and a solve with the matrix for every row before the first one if it begins at a basis. That pays where the way is
    long and all is one piece; Devex has no such beginning and is twice as fast on the way from a basis nearby, or where the problem falls into pieces.
    Where coefficients have changed a little (`close`), the primal method without its perturbation takes a third of the steps.
    """

    def __init__(self, problem: Problem, seed: int = 0, moving: Ints | None = None, factors: Factors | None = None) -> None:
        scaled, self._rows, self._columns, self._scale = scale(problem, factors)
        self._problem = problem
        self.integers = np.flatnonzero(problem.integer).astype(np.int32)
        self._moving = self.integers if moving is None else np.append(self.integers, moving).astype(np.int32)
        self._solver = _loaded(replace(scaled, integer=np.zeros_like(problem.integer)), seed)
        self._pricing = STEEPEST
        self.infeasible = False  # whether the last solve found no solution
        self.seconds = 0.0
        self.steps = 0  # of the simplex method

    def ray(self) -> Floats | None:
        """Multipliers of the rows by which the last solve saw that there is no solution, if it kept them; of either sign. [R]"""
        if not self.infeasible:
            return None
        _, has, found = self._solver.getDualRay()
        return np.asarray(found, dtype=float) * self._rows if has else None

    def held(self, columns: Any, values: Floats, seconds: float, stop: threading.Event | None) -> Any:
        """The basis with some columns held at values; None if they can't be. Raises Interrupted."""
        self._price(DEVEX)
        where = columns.astype(np.int32)
        at = np.clip(values, self._problem.lower[where], self._problem.upper[where]) / self._columns[where]
        self._solver.changeColsBounds(len(where), where, at, at)
        status = self._run(seconds, stop)
        basis = self._solver.getBasis() if status == highspy.HighsModelStatus.kOptimal else None
        lower, upper = (bound[where] / self._columns[where] for bound in (self._problem.lower, self._problem.upper))
        self._solver.changeColsBounds(len(where), where, lower, upper)
        return basis

    def solve(
        self,
        lower: Floats,
        upper: Floats,
        basis: Any = None,
        seconds: float = 1e9,
        stop: threading.Event | None = None,
        far: bool = False,
        close: int = 0,
        enough: float = np.inf,
    ) -> Relaxed | None:
        """Solve with bounds on the integer (and other moving) columns, which may be `far` from the basis; None if infeasible. `close`: most steps that it may
        take, where the basis differs in coefficients only. `enough`: an objective from which nobody wants to know how much higher it is; then what is proven
        is returned, which may be less than the optimum. Raises Interrupted when time is up or `stop` is set, Distant when the steps don't suffice."""
        solver, size = self._solver, self._columns[self._moving]
        self._price(CLOSE if close else STEEPEST if far else DEVEX)
        solver.changeColsBounds(len(self._moving), self._moving, lower / size, upper / size)
        if basis is not None:
            solver.setBasis(basis)
        solver.setOptionValue("simplex_iteration_limit", close or ENDLESS)
        solver.setOptionValue("objective_bound", (enough - self._problem.offset) / self._scale if np.isfinite(enough) else np.inf)
        status, kinds = self._run(seconds, stop), highspy.HighsModelStatus
        if status == kinds.kObjectiveBound:
            if (proven := self._proven(lower, upper)).objective >= enough:
                return proven
            solver.setOptionValue("objective_bound", np.inf)  # with the costs as they are, not perturbed, it is not enough yet
            status = self._run(seconds, stop)
        if close and status == kinds.kIterationLimit:
            raise Distant
        self.infeasible = status in (kinds.kInfeasible, kinds.kUnboundedOrInfeasible)
        if self.infeasible:
            return None
        if status not in (kinds.kOptimal, kinds.kModelEmpty):
            raise SolverFailure(f"HiGHS ended with the status '{solver.modelStatusToString(status)}', which can't be used.")
        solution = solver.getSolution()
        x = np.asarray(solution.col_value, dtype=float)[: len(self._columns)] * self._columns

        def reduced() -> Floats:
            return np.asarray(solution.col_dual, dtype=float)[: len(self._columns)] * self._scale / self._columns

        def multipliers() -> Floats:
            return np.asarray(solution.row_dual, dtype=float) * self._scale * self._rows

        return Relaxed(float(self._problem.cost @ x) + self._problem.offset, x, reduced, multipliers, solver.getBasis())

    def _proven(self, lower: Floats, upper: Floats) -> Relaxed:
        """What the multipliers at hand prove, whether they are optimal or not."""
        problem = self._problem
        multipliers = signed(problem, np.asarray(self._solver.getSolution().row_dual, dtype=float) * self._scale * self._rows)
        low, high = problem.lower.copy(), problem.upper.copy()
        low[self._moving], high[self._moving] = lower, upper
        x = np.full(len(problem.cost), np.nan)
        return Relaxed(bound_of(problem, multipliers, low, high), x, lambda: np.zeros(len(x)), lambda: multipliers, self._solver.getBasis(), cut=True)

    def _price(self, pricing: int) -> None:
        """Change the pricing; HiGHS goes by what it began with until it is told to forget."""
        if pricing != self._pricing:
            self._solver.clearSolver()
            self._solver.setOptionValue("simplex_strategy", PRIMAL if pricing == CLOSE else DUAL)
            self._solver.setOptionValue("primal_simplex_bound_perturbation_multiplier", 0.0 if pricing == CLOSE else 1.0)
            self._solver.setOptionValue("simplex_dual_edge_weight_strategy", DEVEX if pricing == CLOSE else pricing)
            self._pricing = pricing

    def _run(self, seconds: float, stop: threading.Event | None) -> Any:
        """Run, and how it ended. Raises Interrupted when time is up or `stop` is set."""
        solver, kinds = self._solver, highspy.HighsModelStatus
        solver.setOptionValue("time_limit", max(seconds, 0.01) + solver.getRunTime())
        watch = _Watch(solver, 1.0, 0.0, None, stop if len(self._problem.row_lower) > MOMENTARY else None)
        watch.listen()
        started = time.perf_counter()
        solver.run()
        self.seconds += time.perf_counter() - started
        self.steps += max(int(solver.getInfo().simplex_iteration_count), 0)
        watch.silence()
        if watch.failure is not None:
            raise watch.failure
        if (status := solver.getModelStatus()) in (kinds.kTimeLimit, *INTERRUPTED):
            raise Interrupted("user" if watch.stopped else "time")
        return status


@dataclass(frozen=True)
class Dual:
    """A linear program's value and multipliers, or where it is infeasible a ray of multipliers that proves it."""

    feasible: bool
    objective: float
    multipliers: Floats  # [R]
    iterations: int


class Recourse:
    """One future's linear program, kept alive while the sides of its rows change with the first stage.

    Devex pricing: steepest edge takes twice the iterations here, because its weights start afresh with every basis handed over from a neighbour.
    """

    def __init__(self, cost: Floats, lower: Floats, upper: Floats, matrix: Any, seed: int = 0) -> None:
        lp = highspy.HighsLp()
        rows, columns = matrix.shape
        lp.num_row_, lp.num_col_ = rows, columns
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, lower, upper
        lp.row_lower_, lp.row_upper_ = np.zeros(rows), np.zeros(rows)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
        self._solver = _quiet(seed)
        self._solver.setOptionValue("simplex_dual_edge_weight_strategy", 1)
        if self._solver.passModel(lp) == highspy.HighsStatus.kError:
            raise SolverFailure("HiGHS refused the model of a future; please report the scenario.")
        self._rows = np.arange(rows, dtype=np.int32)
        self._columns: Any = None

    def start_from(self, basis: Any) -> None:
        """Take the basis of another future."""
        self._solver.setBasis(basis)

    def become(self, cost: Floats, upper: Floats) -> None:
        """Take the costs and bounds of another future with the same matrix."""
        count = len(cost)
        if self._columns is None:
            self._columns, self._lower = np.arange(count, dtype=np.int32), np.asarray(self._solver.getLp().col_lower_, dtype=float)
        self._solver.changeColsCost(count, self._columns, cost)
        self._solver.changeColsBounds(count, self._columns, self._lower, upper)

    @property
    def basis(self) -> Any:
        """The basis of the last solve."""
        return self._solver.getBasis()

    def solve(self, row_lower: Floats, row_upper: Floats, seconds: float = 1e9) -> Dual:
        """Solve with these sides. Raises Interrupted when time is up."""
        solver, kinds = self._solver, highspy.HighsModelStatus
        solver.changeRowsBounds(len(self._rows), self._rows, row_lower, row_upper)
        if seconds < 1e8:
            solver.setOptionValue("time_limit", max(seconds, 0.01) + solver.getRunTime())
        solver.run()
        status, info = solver.getModelStatus(), solver.getInfo()
        if status == kinds.kUnknown:  # once more, from scratch
            solver.clearSolver()
            solver.run()
            status, info = solver.getModelStatus(), solver.getInfo()
        if status in (kinds.kOptimal, kinds.kModelEmpty):
            return Dual(True, float(info.objective_function_value), np.asarray(solver.getSolution().row_dual), int(info.simplex_iteration_count))
        if status in (kinds.kInfeasible, kinds.kUnboundedOrInfeasible):
            _, has, ray = solver.getDualRay()
            return Dual(False, np.inf, np.asarray(ray) if has else np.zeros(len(self._rows)), int(info.simplex_iteration_count))
        if status == kinds.kTimeLimit:
            raise Interrupted("time")
        raise SolverFailure(f"HiGHS ended with the status '{solver.modelStatusToString(status)}' on one future, which can't be used.")

    def values(self) -> Floats:
        """Columns of the last solve. [C]"""
        return np.asarray(self._solver.getSolution().col_value, dtype=float)


AT_LOWER, BASIC = highspy.HighsBasisStatus.kLower, highspy.HighsBasisStatus.kBasic


def codes_of(basis: Any) -> list[int]:
    """A basis as numbers: status of every column, then of every row."""
    return [int(status) for status in (*basis.col_status, *basis.row_status)]


def basis_from(codes: Any, columns: int) -> Any:
    """The basis that some numbers stand for."""
    kinds = {int(kind): kind for kind in highspy.HighsBasisStatus.__members__.values()}
    statuses = [kinds[int(code)] for code in codes]
    return basis_of(statuses[:columns], statuses[columns:])


def basis_of(columns: list[Any], rows: list[Any]) -> Any:
    """The basis with these statuses of columns and rows."""
    basis = highspy.HighsBasis()
    basis.valid, basis.col_status, basis.row_status = True, columns, rows
    return basis


class CutProgram:
    """A small linear program that grows by rows: minimise cost x over bounds and rows, with cuts added and removed between solves."""

    def __init__(self, problem: LinearProgram, seed: int = 0) -> None:
        self._solver = _quiet(seed)
        self._columns = np.arange(len(problem.cost), dtype=np.int32)
        lp = highspy.HighsLp()
        lp.num_row_, lp.num_col_ = problem.matrix.shape
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = problem.cost, problem.lower, problem.upper
        lp.row_lower_, lp.row_upper_ = problem.row_lower, problem.row_upper
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = problem.matrix.indptr, problem.matrix.indices, problem.matrix.data
        if self._solver.passModel(lp) == highspy.HighsStatus.kError:
            raise SolverFailure("HiGHS refused the model of the first stage; please report the scenario.")
        self.base = problem.matrix.shape[0]
        self.seconds = 0.0
        self._slack: Any = np.zeros(0, dtype=bool)  # of the cuts that the last solution knew

    @property
    def cuts(self) -> int:
        """Number of cuts."""
        return int(self._solver.getNumRow() - self.base)

    def add(self, row: Floats, least: float) -> None:
        """Add the cut row x >= least."""
        used = np.flatnonzero(row).astype(np.int32)
        self._solver.addRow(least, highspy.kHighsInf, len(used), used, row[used])

    def solve(self, lower: Floats | None = None, upper: Floats | None = None) -> tuple[Floats, float] | None:
        """Columns and value with these bounds; None if infeasible."""
        solver, kinds = self._solver, highspy.HighsModelStatus
        if lower is not None and upper is not None:
            solver.changeColsBounds(len(self._columns), self._columns, lower, upper)
        started = time.perf_counter()
        solver.run()
        status = solver.getModelStatus()
        if status not in (kinds.kOptimal, kinds.kInfeasible):
            solver.clearSolver()
            solver.run()
            status = solver.getModelStatus()
        self.seconds += time.perf_counter() - started
        self._slack = np.zeros(0, dtype=bool)
        if status == kinds.kInfeasible:
            return None
        if status != kinds.kOptimal:
            raise SolverFailure(f"HiGHS ended with the status '{solver.modelStatusToString(status)}' on the first stage, which can't be used.")
        solution = solver.getSolution()
        self._slack = np.abs(np.asarray(solution.row_dual)[self.base :]) <= 1e-12
        return np.asarray(solution.col_value, dtype=float), float(solver.getInfo().objective_function_value)

    def price(self, cost: Floats) -> None:
        """Minimise another cost from now on. [C]"""
        self._solver.changeColsCost(len(self._columns), self._columns, cost)

    @property
    def reduced(self) -> Floats:
        """Reduced costs of the last solution. [C]"""
        return np.asarray(self._solver.getSolution().col_dual, dtype=float)

    def slack_cuts(self) -> Any:
        """Which cuts are slack in the last solution; those added since are not known to be. [cuts]"""
        return np.append(self._slack, np.zeros(self.cuts - len(self._slack), dtype=bool))

    def drop(self, which: Any) -> None:
        """Remove some cuts (a mask over them)."""
        gone = (np.flatnonzero(which) + self.base).astype(np.int32)
        if len(gone):
            self._solver.deleteRows(len(gone), gone)
            self._slack = np.zeros(0, dtype=bool)


@dataclass(frozen=True)
class LinearProgram:
    """minimise cost x, row_lower <= A x <= row_upper, lower <= x <= upper."""

    cost: Floats
    lower: Floats
    upper: Floats
    matrix: Any  # csr
    row_lower: Floats
    row_upper: Floats


def _quiet(seed: int) -> Any:
    """A HiGHS object for warm starts: one thread, fixed seed, no output, no presolve."""
    solver = highspy.Highs()
    for name, value in {"output_flag": False, "random_seed": seed, "threads": 1, "presolve": "off"}.items():
        solver.setOptionValue(name, value)
    return solver


class Distant(Exception):
    """A basis that was thought close is not."""


class Interrupted(Exception):
    """A linear solve was cut short: by the clock ("time") or by the caller ("user")."""


def _pass(solver: Any, problem: Problem) -> bool:
    """Hand over a model as arrays, which costs a tenth of lists; whether it was accepted."""
    matrix, (rows, columns) = problem.matrix, problem.matrix.shape
    status = solver.passModel(
        columns, rows, matrix.nnz, int(highspy.MatrixFormat.kRowwise), int(highspy.ObjSense.kMinimize), 0.0,
        problem.cost, problem.lower, problem.upper, problem.row_lower, problem.row_upper,
        matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32), matrix.data.astype(float), problem.integer.astype(np.int32),
    )  # fmt: skip
    return bool(status != highspy.HighsStatus.kError)
