"""The extensive form: all futures in one problem, and the choice of how to search it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from models.errors import SolverFailure
from optimizer.solve.guess import first_guess
from optimizer.solve.handover import Handover
from optimizer.solve.highs import Answer, OnBest, solve_problem
from optimizer.solve.problem import Problem
from optimizer.solve.search import NEAR, Search, binary, search, suits
from scenarios.tree import Tree

CONTRADICTION = 1e-6  # relative; by how much a plan may lie below a proven bound before the proof is called wrong


def method_of(problem: Problem) -> str:
    """How `solve` will go about it, in words."""
    if not problem.integer.any():
        return "extensive form, linear program (HiGHS simplex)"
    if suits(problem):
        return "extensive form, branch and bound on the linear relaxation (HiGHS simplex), because there are few binaries and much linear recourse"
    return "extensive form, mixed-integer program (HiGHS)"


def solve(
    problem: Problem,
    *,
    gap: float,
    seconds: float,
    seed: int,
    on_best: OnBest | None = None,
    stop: threading.Event | None = None,
    tree: Tree | None = None,
    handover: Handover | None = None,
) -> Answer:
    """Solve to a relative gap, however the problem is best searched. An answer's bound is at least what the variables' bounds alone say. With the `tree`
    of its futures, a large problem is begun where the average future leads, and the basis there is given to the `handover`; without, taken from it."""
    decided = bool((problem.integer & (problem.lower < problem.upper)).any())
    guess, spent = first_guess(problem, tree, seconds=seconds, seed=seed) if tree is not None and decided and suits(problem) else (None, 0.0)
    if handover is not None and tree is not None and guess is None:
        handover.settle()
        handover = None
    if not decided:
        answer = solve_problem(_linear(problem), gap=gap, seconds=seconds, seed=seed, on_best=on_best, stop=stop)
    elif suits(problem):
        answer = search(problem, gap=gap, seconds=seconds - spent, seed=seed, on_best=on_best, stop=stop, guess=guess, handover=handover)
        answer = replace(answer, seconds=answer.seconds + spent)
    else:
        started = time.monotonic()
        answer = solve_problem(problem, gap=gap, seconds=seconds, seed=seed, on_best=on_best, stop=stop)
        left = max(seconds - (time.monotonic() - started), 0.1 * seconds)
        polished = _polished(problem, answer, left, seed)
        trickle = polished is None and binary(problem)
        answer = search(problem, gap=gap, seconds=left, seed=seed, on_best=on_best, stop=stop) if trickle else polished or answer
    return replace(answer, bound=max(answer.bound, min(answer.objective, _least(problem))))


def solve_each(problems: Iterable[Problem], *, gap: float, left: Callable[[], float], seed: int, stop: threading.Event | None = None) -> list[Answer]:
    """Solve problems that are alike, one after the other: each begins where its neighbour's relaxation ended, and tries what its neighbour decided."""
    found: list[Answer] = []
    last: Search | None = None
    for problem in problems:
        seconds = max(left(), 0.01)
        if not suits(problem) or not (problem.integer & (problem.lower < problem.upper)).any():
            found.append(solve(problem, gap=gap, seconds=seconds, seed=seed, stop=stop))
            continue
        alike = last is not None and last.problem.matrix.shape == problem.matrix.shape
        last = Search(problem, gap, seconds, seed, stop=stop, begin=last.lesson() if last is not None and alike else None)
        answer = last.run()
        found.append(replace(answer, bound=max(answer.bound, min(answer.objective, _least(problem)))))
    return found


def _polished(problem: Problem, answer: Answer, seconds: float, seed: int) -> Answer | None:
    """The answer with its integers rounded and everything else optimised once more as a linear program; None if rounding costs what HiGHS did not say.

    A binary within HiGHS's tolerance of 0 may still open the door to a large volume, so that the answer is cheaper than any plan. A result below the
    proven bound convicts the solver: HiGHS 1.15.1 has been seen to claim an optimum that this step improves upon.
    """
    if answer.x is None:
        return answer
    integers = np.flatnonzero(problem.integer)
    again = solve_problem(_linear(problem.fixed(integers, np.round(answer.x[integers]))), seconds=seconds, seed=seed)
    if again.x is None:
        return answer if again.stop_reason != "gap" else None
    if again.objective < answer.bound - CONTRADICTION * max(1.0, abs(answer.bound)):
        raise SolverFailure(
            f"HiGHS claims that no plan can be below {answer.bound:,.6f}, but one at {again.objective:,.6f} exists. "
            "Another `seed` may help; please report the scenario."
        )
    if again.objective > answer.objective + NEAR * max(1.0, abs(answer.objective)):
        return None
    return replace(answer, x=again.x, objective=again.objective, bound=min(answer.bound, again.objective))


def _least(problem: Problem) -> float:
    """Least objective that the bounds of the variables allow."""
    used = problem.cost != 0
    cost = problem.cost[used]
    return float(np.where(cost > 0, cost * problem.lower[used], cost * problem.upper[used]).sum()) + problem.offset


def _linear(problem: Problem) -> Problem:
    """The problem with its fixed integers taken as numbers."""
    return replace(problem, integer=np.zeros_like(problem.integer))
