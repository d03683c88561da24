"""The only door to HiGHS: plain highspy, one model per object, one thread per model.

`whole` solves a problem to a proven gap; `live`, `recourse` and `cuts` keep a linear program alive while something changes between solves; `files` writes
problems. An exception inside a callback would vanish, so callbacks only copy numbers, and what they catch is raised after the run (`watch`).
"""

from optimizer.solve.highs.answers import Answer, Distant, Interrupted, OnBest
from optimizer.solve.highs.bases import AT_LOWER, BASIC, basis_from, basis_of, codes_of
from optimizer.solve.highs.cuts import CutProgram
from optimizer.solve.highs.files import lp_text, write_problem
from optimizer.solve.highs.live import Live, Relaxed
from optimizer.solve.highs.recourse import Dual, Recourse
from optimizer.solve.highs.solver import LinearProgram, version
from optimizer.solve.highs.whole import solve_problem

__all__ = [
    "AT_LOWER", "BASIC", "Answer", "CutProgram", "Distant", "Dual", "Interrupted", "LinearProgram", "Live", "OnBest", "Recourse", "Relaxed",
    "basis_from", "basis_of", "codes_of", "lp_text", "solve_problem", "version", "write_problem",
]  # fmt: skip
