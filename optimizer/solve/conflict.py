"""Why there is no plan: which hard rules can't hold together, and by how much each would have to give.

The model is feasible by construction unless hard rules clash, so a claim of infeasibility is checked by the elastic model (every hard rule may be
violated, the sum of violations is minimised): optimum 0 means that the claim was false, and no solution that the model itself is wrong. The conflict
is then thinned by a deletion filter.
Reference: Chinneck (2008), Feasibility and Infeasibility in Optimization, chapters 6 and 7.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from models.errors import Conflict, SolverFailure
from models.rules import MONEY_RULES
from optimizer.instance import Instance
from optimizer.rules import rule_of
from optimizer.solve.extensive import solve
from optimizer.solve.highs import Answer
from optimizer.solve.problem import Problem

UNITS = {
    "shortage_probability": "percentage points",
    "supplier_count": "suppliers",
    "exclusive": "offers",
    "requires": "offers",
    "all_or_none": "offers",
    "force": "offers",
}
ELASTIC_TOLERANCE = 1e-6


def find_conflict(problem: Problem, instance: Instance, seconds: float, seed: int) -> list[Conflict]:
    """A smallest set of hard rules that can't hold together. Raises SolverFailure if it is not the rules that rule out a plan."""
    hard = [i for i, rule in enumerate(instance.rules) if rule.violation_price is None and (problem.row_rule == i).any()]
    each = max(seconds / (2 * len(hard) + 1), 1.0)
    answer = _elastic(problem, hard, each, seed)
    if answer.status == "infeasible":
        raise SolverFailure(
            "The solver called the model infeasible even without its hard rules, which can't be. This is our fault; please report the scenario."
        )
    if answer.x is not None and answer.objective <= ELASTIC_TOLERANCE:
        raise SolverFailure(
            "The solver called the scenario infeasible, but a plan exists (elastic check). Please report the scenario; another `seed` may help."
        )
    kept = list(hard)
    for i in hard:
        without = [k for k in kept if k != i]
        if _infeasible(problem, without, hard, each, seed):
            kept = without
    alone = _relaxed(problem, hard, kept)
    return [Conflict(_path(instance, i), rule_of(instance.rules[i]).explain(), _missing(alone, i, each, seed), _unit(instance, i)) for i in kept]


def _path(instance: Instance, i: int) -> str:
    rule = instance.rules[i]
    return f"rules[{i}] ({rule.kind}{f', {rule.name}' if rule.name else ''})"


def _unit(instance: Instance, i: int) -> str:
    kind = instance.rules[i].kind
    return instance.scenario.currency if kind in MONEY_RULES else UNITS.get(kind, "units of volume")


def _relaxed(problem: Problem, hard: list[int], kept: list[int]) -> Problem:
    """The problem with every hard rule outside `kept` left out."""
    return problem.without_rules(np.isin(problem.row_rule, [i for i in hard if i not in kept]))


def _infeasible(problem: Problem, kept: list[int], hard: list[int], seconds: float, seed: int) -> bool:
    trial = replace(_relaxed(problem, hard, kept), cost=np.zeros_like(problem.cost))
    return solve(trial, gap=0.5, seconds=seconds, seed=seed).status == "infeasible"


def _missing(problem: Problem, rule: int, seconds: float, seed: int) -> float | None:
    """Least by which one rule must be violated, the others kept; None if that was not found out in time."""
    answer = _elastic(problem, [rule], seconds, seed)
    return None if answer.x is None else answer.objective


def _elastic(problem: Problem, elastic: list[int], seconds: float, seed: int) -> Answer:
    """Minimises the total violation of the rows of the rules in `elastic`, the rest kept."""
    rows = np.flatnonzero(np.isin(problem.row_rule, elastic))
    below, above = rows[np.isfinite(problem.row_lower[rows])], rows[np.isfinite(problem.row_upper[rows])]
    count, columns = len(below) + len(above), len(problem.cost)
    slack: Any = sparse.coo_matrix(
        (np.concatenate([np.ones(len(below)), -np.ones(len(above))]), (np.concatenate([below, above]), np.arange(count))),
        shape=(problem.matrix.shape[0], count),
    )
    nothing = np.zeros(count)
    return solve(
        replace(
            problem,
            matrix=sparse.hstack([problem.matrix, slack]).tocsr(),
            cost=np.concatenate([np.zeros(columns), np.ones(count)]),
            offset=0.0,
            lower=np.concatenate([problem.lower, nothing]),
            upper=np.concatenate([problem.upper, nothing + np.inf]),
            integer=np.concatenate([problem.integer, nothing.astype(bool)]),
        ),
        gap=1e-4,
        seconds=seconds,
        seed=seed,
    )
