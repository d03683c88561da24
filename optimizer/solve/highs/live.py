"""A linear relaxation kept alive while the bounds of its columns change."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np

from models.errors import SolverFailure
from optimizer.solve.highs.answers import Distant, Interrupted
from optimizer.solve.highs.solver import loaded
from optimizer.solve.highs.watch import INTERRUPTED, Watch
from optimizer.solve.lagrange import Lagrangian
from optimizer.solve.problem import Problem
from optimizer.solve.scaling import Factors, divides, scale
from scenarios.tree import Floats, Ints

STEEPEST, DEVEX, CLOSE = -1, 1, 2  # ways of going about it: dual simplex with either pricing; primal simplex without perturbation
ENDLESS = 2_147_483_647  # steps
DUAL, PRIMAL = 1, 4  # HiGHS's numbers for its simplex strategies
MOST_CHANGED = 5_000  # entries, beyond which handing a problem over is as quick
LEAST_ENTRY = 1e-8  # below, HiGHS may leave an entry out
UNSCALED = 0  # HiGHS's number for no scaling of its own
MOMENTARY = 2_000  # rows up to which a relaxation is solved before anybody could stop it


@dataclass(frozen=True)
class Relaxed:
    """Solution of a linear relaxation: objective in the problem's units, and everything that a search wants to know."""

    objective: float
    x: Floats  # [C]
    reduced: Callable[[], Floats]  # [C] reduced costs in the problem's units, copied when somebody asks
    multipliers: Callable[[], Floats]  # [R] of the rows, likewise
    basis: Any
    cut: bool = False  # whether it only says that the objective is at least so much, without a solution


class Live:
    """A linear relaxation kept alive: bounds of its integer columns, and of others that are named (`moving`), change between solves, each solve
    starts from a basis.

    Steepest edge takes the fewest steps, and a solve with the matrix for every row before the first one if it begins at a basis. That pays where the way is
    long and all is one piece; Devex has no such beginning and is twice as fast on the way from a basis nearby, or where the problem falls into pieces.
    Where coefficients have changed a little (`close`), the primal method without its perturbation takes a third of the steps. With `factors`
    (`scaling.equilibrated`, of this problem or one much like it) HiGHS does not scale again, which saves a third of the time of a short solve.
    """

    def __init__(self, problem: Problem, seed: int = 0, moving: Ints | None = None, factors: Factors | None = None) -> None:
        scaled, self._rows, self._columns, self._scale = scale(problem, factors)
        self._problem, self.factors = problem, factors
        self.integers = np.flatnonzero(problem.integer).astype(np.int32)
        self._moving = self.integers if moving is None else np.append(self.integers, moving).astype(np.int32)
        self._solver = loaded(replace(scaled, integer=np.zeros_like(problem.integer)), seed)
        if factors is not None:
            self._solver.setOptionValue("simplex_scale_strategy", UNSCALED)
        self._pricing = STEEPEST
        self._lagrangian: Lagrangian | None = None
        self.infeasible = False  # whether the last solve found no solution
        self.seconds = 0.0
        self.steps = 0  # of the simplex method

    @property
    def lagrangian(self) -> Lagrangian:
        """What multipliers of the rows prove of it."""
        if self._lagrangian is None:
            self._lagrangian = Lagrangian(self._problem, self._moving.astype(np.int64))
        return self._lagrangian

    def become(self, problem: Problem, factors: Factors | None) -> bool:
        """Take the figures of another problem with the same entries and factors, at a third of what handing it over costs, and forget basis and factorisation;
        False where that can't be. HiGHS still remembers something that can move the last digits of multipliers, and which of several best solutions it takes,
        so that who wants the same answer each time has to solve the same problems in the same order."""
        old, matrix = self._problem, problem.matrix
        if (
            self.factors is None
            or factors is None
            or matrix.shape != old.matrix.shape
            or not (np.array_equal(factors[0], self._rows) and np.array_equal(factors[1], self._columns))
            or not (np.array_equal(matrix.indptr, old.matrix.indptr) and np.array_equal(matrix.indices, old.matrix.indices))
            or not np.array_equal(problem.integer, old.integer)
            or not divides(self._scale, problem.cost * self._columns)
        ):
            return False
        changed = np.flatnonzero(matrix.data != old.matrix.data)
        rows, columns = np.searchsorted(matrix.indptr, changed, side="right") - 1, matrix.indices[changed]
        before, values = (x.data[changed] * self._rows[rows] * self._columns[columns] for x in (old.matrix, matrix))
        if len(changed) > MOST_CHANGED or (np.minimum(np.abs(before), np.abs(values)) < LEAST_ENTRY).any():
            return False
        solver, size = self._solver, self._columns
        for row, column, value in zip(rows.tolist(), columns.tolist(), values.tolist(), strict=True):
            solver.changeCoeff(row, column, value)
        j = np.flatnonzero(problem.cost != old.cost).astype(np.int32)
        solver.changeColsCost(len(j), j, problem.cost[j] * size[j] / self._scale)
        other = (problem.lower != old.lower) | (problem.upper != old.upper)
        other[self._moving] = True
        j = np.flatnonzero(other).astype(np.int32)
        solver.changeColsBounds(len(j), j, problem.lower[j] / size[j], problem.upper[j] / size[j])
        i = np.flatnonzero((problem.row_lower != old.row_lower) | (problem.row_upper != old.row_upper)).astype(np.int32)
        solver.changeRowsBounds(len(i), i, problem.row_lower[i] * self._rows[i], problem.row_upper[i] * self._rows[i])
        solver.clearSolver()
        solver.setOptionValue("simplex_iteration_limit", ENDLESS)
        solver.setOptionValue("objective_bound", np.inf)
        self._problem, self._lagrangian, self.infeasible, self.seconds, self.steps = problem, None, False, 0.0, 0
        return True

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
        try:
            status = self._run(seconds, stop)
            return self._solver.getBasis() if status == highspy.HighsModelStatus.kOptimal else None
        finally:
            lower, upper = (bound[where] / self._columns[where] for bound in (self._problem.lower, self._problem.upper))
            self._solver.changeColsBounds(len(where), where, lower, upper)

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
        multipliers = self.lagrangian.signed(np.asarray(self._solver.getSolution().row_dual, dtype=float) * self._scale * self._rows)
        bound, x = self.lagrangian.bound(multipliers, lower, upper), np.full(len(self._columns), np.nan)
        return Relaxed(bound, x, lambda: np.zeros(len(x)), lambda: multipliers, self._solver.getBasis(), cut=True)

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
        watch = Watch(solver, 1.0, 0.0, None, stop if len(self._problem.row_lower) > MOMENTARY else None)
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
