"""A small linear program that grows by rows: the master of a decomposition."""

from __future__ import annotations

import time
from typing import Any

import highspy
import numpy as np

from models.errors import SolverFailure
from optimizer.solve.highs.solver import LinearProgram, warm
from scenarios.tree import Floats


class CutProgram:
    """A small linear program that grows by rows: minimise cost x over bounds and rows, with cuts added and removed between solves."""

    def __init__(self, problem: LinearProgram, seed: int = 0) -> None:
        self._solver = warm(problem, seed, "the first stage")
        self._columns = np.arange(len(problem.cost), dtype=np.int32)
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
