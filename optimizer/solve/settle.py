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
from scenarios.tree import Floats

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


def pressed(problem: Problem, x: Floats, *, seconds: float, seed: int) -> Floats:
    """The same decisions with what follows from them (charges, violations, the tail's threshold) as cheap as it can be: a point between two others may
    pay for more than it uses. The solution itself where it keeps its rows only within tolerance."""
    kernel = np.concatenate([columns for _, columns in problem.keys.values()])
    fixed = np.union1d(kernel, np.flatnonzero(problem.integer))
    held = problem.fixed(fixed, np.clip(x[fixed], problem.lower[fixed], problem.upper[fixed]))
    found = solve_problem(replace(held, integer=np.zeros_like(problem.integer)), seconds=seconds, seed=seed)
    if found.x is None:
        held = replace(problem.pinned(fixed, x[fixed]), integer=np.zeros_like(problem.integer))
        found = solve_problem(held, seconds=seconds, seed=seed)
    return x if found.x is None or float(problem.cost @ found.x) > float(problem.cost @ x) else found.x
