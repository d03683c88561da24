"""Of all plans with the best objective, one with the least expected cost.

The worst expected cost over wrong probabilities leaves the cheapest futures empty, so that what is done in them does not count, up to a point. Once the
optimum is known, everything but the integers is decided once more:

    minimise  sum_l prob_l cost_l   subject to the rows of the problem, integers as they are, and  objective <= optimum

The optimum stays what it is. Reference: lexicographic optimisation, Ehrgott (2005), Multicriteria Optimization, chapter 5.
"""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
from scipy import sparse

from optimizer.solve.highs import Answer, solve_problem
from optimizer.solve.problem import Problem
from scenarios.tree import Floats, Ints

PROVEN = 1e-9  # relative; a gap below is rounding
ALLOWED = 1e-12  # relative; by how much the objective may rise, which is rounding


def settle(problem: Problem, answer: Answer, probability: Floats, *, seconds: float, seed: int, stop: threading.Event | None = None) -> Answer:
    """The answer with the futures that its objective leaves out planned as well; `probability` [N] of the nodes. The answer itself if time is short."""
    if answer.x is None or seconds <= 0 or (stop is not None and stop.is_set()):
        return answer
    most = answer.objective - problem.offset + ALLOWED * max(1.0, abs(answer.objective))
    integers = np.flatnonzero(problem.integer)
    held = problem.fixed(integers, np.round(answer.x[integers]))
    again = replace(
        held,
        matrix=sparse.vstack([problem.matrix, sparse.csr_matrix(problem.cost)]).tocsr(),
        row_lower=np.append(problem.row_lower, -np.inf),
        row_upper=np.append(problem.row_upper, most),
        cost=np.asarray(probability @ problem.cash).ravel(),
        offset=0.0,
        integer=np.zeros_like(problem.integer),
    )
    found = solve_problem(again, seconds=seconds, seed=seed, stop=stop)
    if found.x is None or found.status != "optimal":
        return answer
    objective = float(problem.cost @ found.x) + problem.offset
    good = objective <= answer.objective + 1e-9 * max(1.0, abs(answer.objective))
    return replace(answer, x=found.x, objective=objective, bound=min(answer.bound, objective)) if good else answer


def pressed(problem: Problem, x: Floats, *, seconds: float, seed: int, integers: bool = True, stop: threading.Event | None = None) -> Floats:
    """The same decisions with what follows from them (charges, violations, the tail's threshold) as cheap as it can be: a point between two others may
    pay for more than it uses. With `integers` every integer stays as it is; without, those that follow from decisions are settled again, because short of
    the optimum a fee may be paid that nobody asks for. The solution itself where it keeps its rows only within tolerance."""
    fixed = _kernel(problem)
    if integers:
        fixed = np.union1d(fixed, np.flatnonzero(problem.integer))
    free = problem.integer.copy()
    free[fixed] = False
    at = np.where(problem.integer, np.round(x), x)
    held = problem.fixed(fixed, np.clip(at[fixed], problem.lower[fixed], problem.upper[fixed]))
    found = solve_problem(replace(held, integer=free), seconds=seconds, seed=seed, stop=stop)
    if found.x is None:
        found = solve_problem(replace(problem.pinned(fixed, at[fixed]), integer=free), seconds=seconds, seed=seed, stop=stop)
    return x if found.x is None or float(problem.cost @ found.x) > float(problem.cost @ x) else found.x


def tidied(problem: Problem, answer: Answer, *, seconds: float, seed: int, stop: threading.Event | None = None) -> Answer:
    """An answer with a gap left, with the integers that follow from its decisions settled again: the bill knows no fee that the decisions don't give."""
    proven = answer.objective - answer.bound <= PROVEN * max(1.0, abs(answer.objective))
    if answer.x is None or proven or not np.setdiff1d(np.flatnonzero(problem.integer), _kernel(problem)).size:
        return answer
    x = pressed(problem, answer.x, seconds=seconds, seed=seed, integers=False, stop=stop)
    objective = float(problem.cost @ x) + problem.offset
    return replace(answer, x=x, objective=objective, bound=min(answer.bound, objective)) if objective < answer.objective else answer


def _kernel(problem: Problem) -> Ints:
    """Columns of what is decided; all others follow."""
    return np.concatenate([columns for _, columns in problem.keys.values()])
