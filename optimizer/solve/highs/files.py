"""Problems written as files that other solvers read."""

from __future__ import annotations

import tempfile
from pathlib import Path

import highspy

from models.errors import SolverFailure
from optimizer.solve.highs.solver import loaded
from optimizer.solve.problem import Problem

LP_NAMES = str.maketrans({"[": "(", "]": ")", "/": ".", "-": "~"})


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
    solver = loaded(problem, seed=0)
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
