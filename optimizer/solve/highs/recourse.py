"""One future's linear program, kept alive while the sides of its rows change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from models.errors import SolverFailure
from optimizer.solve.highs.answers import Interrupted
from optimizer.solve.highs.solver import LinearProgram, warm
from scenarios.tree import Floats

DEVEX = 1  # HiGHS's number for this pricing


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
        rows = matrix.shape[0]
        nothing = np.zeros(rows)
        self._solver = warm(LinearProgram(cost, lower, upper, matrix, nothing, nothing), seed, "a future")
        self._solver.setOptionValue("simplex_dual_edge_weight_strategy", DEVEX)
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
        limit = max(seconds, 0.01) + solver.getRunTime() if seconds < 1e8 else np.inf  # also where there is none: an earlier one would stay
        solver.setOptionValue("time_limit", limit)
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
