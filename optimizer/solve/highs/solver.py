"""A HiGHS object with a model in it: one thread, fixed seed, no output, and a closed list of options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from models.errors import SolverFailure
from optimizer.solve.problem import Problem
from scenarios.tree import Floats


def version() -> str:
    """Version of HiGHS."""
    return str(highspy.Highs().version())


@dataclass(frozen=True)
class LinearProgram:
    """minimise cost x, row_lower <= A x <= row_upper, lower <= x <= upper."""

    cost: Floats
    lower: Floats
    upper: Floats
    matrix: Any  # csr
    row_lower: Floats
    row_upper: Floats


def loaded(problem: Problem, seed: int, presolve: bool = True) -> Any:
    """A HiGHS object with a (scaled) problem in it. Raises SolverFailure."""
    solver = quiet(seed, presolve)
    if not _pass(solver, problem):
        raise SolverFailure("HiGHS refused the model; please report the scenario.")
    return solver


def warm(program: LinearProgram, seed: int, of: str) -> Any:
    """A HiGHS object with a linear program in it, for warm starts: without presolve. Raises SolverFailure, which says whose model it is (`of`)."""
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = program.matrix.shape
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = program.cost, program.lower, program.upper
    lp.row_lower_, lp.row_upper_ = program.row_lower, program.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = program.matrix.indptr, program.matrix.indices, program.matrix.data
    solver = quiet(seed, presolve=False)
    if solver.passModel(lp) == highspy.HighsStatus.kError:
        raise SolverFailure(f"HiGHS refused the model of {of}; please report the scenario.")
    return solver


def quiet(seed: int, presolve: bool) -> Any:
    """A HiGHS object without a model."""
    solver = highspy.Highs()
    for name, value in {"output_flag": False, "random_seed": seed, "threads": 1, "presolve": "on" if presolve else "off"}.items():
        solver.setOptionValue(name, value)
    return solver


def _pass(solver: Any, problem: Problem) -> bool:
    """Hand over a model as arrays, which costs a tenth of lists; whether it was accepted."""
    matrix, (rows, columns) = problem.matrix, problem.matrix.shape
    status = solver.passModel(
        columns, rows, matrix.nnz, int(highspy.MatrixFormat.kRowwise), int(highspy.ObjSense.kMinimize), 0.0,
        problem.cost, problem.lower, problem.upper, problem.row_lower, problem.row_upper,
        matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32), matrix.data.astype(float), problem.integer.astype(np.int32),
    )  # fmt: skip
    return bool(status != highspy.HighsStatus.kError)
