"""Solutions and models that are wrong on purpose: what the tests of the audit and the exact check have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from benchmarks.fuzz import compiled
from models.scenario import Scenario
from optimizer.audit import Findings, audit
from optimizer.clauses.deal import Contract
from optimizer.contracts import build_contracts
from optimizer.decisions import KERNEL
from optimizer.exact import exact_check
from optimizer.instance import Instance
from optimizer.outcome import read_outcome
from optimizer.solve.extensive import solve
from optimizer.solve.problem import Problem
from scenarios.tree import Floats

STEPS = (-1.0, 1.0, -0.1, 0.1, -0.01, 0.01)  # of a value's size
LEAST_CHANGE = 1e-3
SLACK = 1e-7
SAME_COST = 1e-6  # relative; what the audit allows


@dataclass(frozen=True)
class Solved:
    """A scenario with its optimal solution, in every form."""

    instance: Instance
    problem: Problem
    contracts: tuple[Contract, ...]
    x: Floats
    objective: float

    def audit(self, x: Floats) -> Findings:
        """The audit of a solution."""
        return audit(self.instance, self.contracts, read_outcome(self.instance, self.contracts, self.problem.values(x)))

    def audited(self, x: Floats) -> bool:
        """Whether the audit accepts a solution at this plan's cost."""
        return self.audit(x).passed(self.objective)

    def exact(self, x: Floats) -> bool:
        """Whether the exact check accepts a solution at this plan's cost."""
        return exact_check(self.problem, x, self.objective).passed

    def possible(self, x: Floats) -> bool:
        """Whether the model allows the kernel's values in `x` at this plan's cost, whatever the clauses' own columns must be for it."""
        p = self.problem
        kernel = np.zeros(len(x), dtype=bool)
        for name in KERNEL:
            kernel[p.keys[name][1]] = True
        if ((x < p.lower - SLACK) | (x > p.upper + SLACK))[kernel].any():
            return False
        low, high = (side + sign * SLACK * np.maximum(1.0, np.abs(side)) for side, sign in ((p.row_lower, -1.0), (p.row_upper, 1.0)))
        bounds = Bounds(np.where(kernel, x, p.lower), np.where(kernel, x, p.upper))
        found = milp(p.cost, integrality=(p.integer & ~kernel).astype(int), bounds=bounds, constraints=LinearConstraint(p.matrix, low, high))
        return found.x is not None and abs(found.fun + p.offset - self.objective) <= SAME_COST * max(1.0, abs(self.objective))


def solved(scenario: Scenario) -> Solved | None:
    """The optimum of a scenario; None when it is infeasible."""
    instance, problem = compiled(scenario)
    answer = solve(problem, gap=0.0, seconds=60, seed=1)
    return None if answer.x is None else Solved(instance, problem, build_contracts(instance), answer.x, answer.objective)


def mutations(what: Solved, count: int, seed: int) -> Iterator[tuple[str, Floats]]:
    """Solutions with one kernel value changed: signatures and steps flipped, volumes shifted by 1, 10 or 100 % (or set to 0), each with its column's name."""
    r = np.random.default_rng(seed)
    kinds = [name for name in KERNEL if len(what.problem.keys[name][1])]
    while count > 0:
        j = int(r.choice(what.problem.keys[str(r.choice(kinds))][1]))
        x = what.x.copy()
        if what.problem.integer[j]:
            x[j] = 1.0 - np.round(x[j])
        else:
            size = max(1.0, abs(x[j]), 0.1 * min(float(what.problem.upper[j]), 1e6))
            x[j] = max(0.0, x[j] + float(r.choice(STEPS)) * size)
        if abs(x[j] - what.x[j]) >= LEAST_CHANGE:
            count -= 1
            yield what.problem.column_name(j), x


Tamper = Callable[[Problem], Problem]


def _rows(problem: Problem, name: str) -> Any:
    return np.array([name in problem.row_name(i) for i in range(len(problem.row_lower))])


def _columns(problem: Problem, name: str) -> Any:
    return np.array([problem.column_name(j).startswith(f"{name}[") for j in range(len(problem.cost))])


def dropped(name: str) -> Tamper:
    """Rows with this name are forgotten."""
    return lambda problem: problem.without_rules(_rows(problem, name))


def loosened(name: str, factor: float) -> Tamper:
    """The right-hand sides of rows with this name are multiplied."""

    def tamper(problem: Problem) -> Problem:
        rows = _rows(problem, name)
        return replace(
            problem,
            row_lower=np.where(rows, problem.row_lower * factor, problem.row_lower),
            row_upper=np.where(rows, problem.row_upper * factor, problem.row_upper),
        )

    return tamper


def repriced(name: str, factor: float) -> Tamper:
    """Columns with this name cost more or less than the contract, the market or the buyer says."""

    def tamper(problem: Problem) -> Problem:
        return replace(problem, cost=np.where(_columns(problem, name), problem.cost * factor, problem.cost))

    return tamper
