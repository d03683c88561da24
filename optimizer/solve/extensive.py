"""The extensive form: all futures in one problem, and the choice of how to search it."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np

from optimizer.solve.highs import Answer, OnBest, solve_problem
from optimizer.solve.problem import Problem
from optimizer.solve.search import search, suits


def method_of(problem: Problem) -> str:
    """How `solve` will go about it, in words."""
    if not problem.integer.any():
        return "extensive form, linear program (HiGHS simplex)"
    if suits(problem):
        return "extensive form, branch and bound on the linear relaxation (HiGHS simplex), because there are few binaries and much linear recourse"
    return "extensive form, mixed-integer program (HiGHS)"


def solve(problem: Problem, *, gap: float, seconds: float, seed: int, on_best: OnBest | None = None, stop: threading.Event | None = None) -> Answer:
    """Solve to a relative gap, however the problem is best searched. An answer's bound is at least what the variables' bounds alone say."""
    free = problem.lower < problem.upper
    if not (problem.integer & free).any():
        answer = solve_problem(_linear(problem), gap=gap, seconds=seconds, seed=seed, on_best=on_best, stop=stop)
    elif suits(problem):
        answer = search(problem, gap=gap, seconds=seconds, seed=seed, on_best=on_best, stop=stop)
    else:
        answer = solve_problem(problem, gap=gap, seconds=seconds, seed=seed, on_best=on_best, stop=stop)
    return replace(answer, bound=max(answer.bound, min(answer.objective, _least(problem))))


def _least(problem: Problem) -> float:
    """Least objective that the bounds of the variables allow."""
    used = problem.cost != 0
    cost = problem.cost[used]
    return float(np.where(cost > 0, cost * problem.lower[used], cost * problem.upper[used]).sum()) + problem.offset


def _linear(problem: Problem) -> Problem:
    """The problem with its fixed integers taken as numbers."""
    return replace(problem, integer=np.zeros_like(problem.integer))
