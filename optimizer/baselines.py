"""Three plans to compare with: spot only, the average future's plan tried on all futures, perfect foresight.

    EEV  expected result of the average future's plan;  RP  the plan itself;  WS  every future planned with hindsight
    VSS = EEV - RP >= 0,  EVPI = RP - WS >= 0   (in the objective, risk included)

Nothing is built again for spot only and perfect foresight: columns are fixed, or a future's rows and columns are cut out of the compiled problem.
Reference: Birge & Louveaux (2011), Introduction to Stochastic Programming, chapter 4.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from models.options import SolveSettings
from optimizer.audit import audit
from optimizer.clauses.base import Contract
from optimizer.instance import Instance, build_instance
from optimizer.model import build_model
from optimizer.outcome import asked_for, read_outcome
from optimizer.risk import plain
from optimizer.solve.extensive import solve
from optimizer.solve.highs import Answer
from optimizer.solve.problem import Problem, compile_problem
from optimizer.solve.settle import settle
from optimizer.tail import risk_adjusted, tail_mean
from scenarios.tree import Floats, average

FIRST_STAGE = ("signed", "volume", "opened")


@dataclass(frozen=True)
class BaselineResult:
    """A baseline's figures; None where there is no such plan."""

    name: str
    objective: float | None = None
    bound: float | None = None
    expected: float | None = None
    cvar: float | None = None
    fill_rate: float | None = None
    note: str = ""


Deadline = Callable[[], float]  # seconds left


def compute_baselines(
    instance: Instance, contracts: tuple[Contract, ...], problem: Problem, settings: SolveSettings, left: Deadline, stop: threading.Event | None
) -> list[BaselineResult]:
    """The three baselines. What can't be computed in time, or has no plan, says so in its note."""
    found = []
    for compute in (_spot_only, _average_future, _perfect_foresight):
        if (stop is not None and stop.is_set()) or left() < 1.0:
            found.append(BaselineResult(NAMES[compute.__name__], note="left out: no time was left"))
        else:
            found.append(compute(instance, contracts, problem, settings, left, stop))
    return found


NAMES = {"_spot_only": "spot_only", "_average_future": "average_future", "_perfect_foresight": "perfect_foresight"}


def _solved(instance: Instance, problem: Problem, settings: SolveSettings, left: Deadline, stop: threading.Event | None) -> Answer:
    """(A variant of) the whole problem solved, futures that its objective leaves out included."""
    answer = solve(problem, gap=settings.gap, seconds=left(), seed=settings.seed, stop=stop)
    return answer if plain(instance) else settle(problem, answer, instance.tree.probability, seconds=left(), seed=settings.seed, stop=stop)


def _tried(name: str, instance: Instance, contracts: tuple[Contract, ...], problem: Problem, answer: Answer, note: str) -> BaselineResult:
    """Figures of an answer to (a variant of) the whole problem, billed."""
    if answer.x is None:
        return BaselineResult(name, note=note or f"no plan was found ({answer.stop_reason})")
    outcome = read_outcome(instance, contracts, problem.values(answer.x))
    result = audit(instance, contracts, outcome)
    return BaselineResult(name, answer.objective, answer.bound, result.expected, result.cvar, fill_rate(instance, outcome.unmet), note)


def fill_rate(instance: Instance, unmet: Floats) -> float:
    """1 - expected unmet volume / expected volume asked for, over everything."""
    probability = instance.tree.probability
    asked = float((asked_for(instance, unmet) @ probability).sum())
    return 1.0 - float((unmet @ probability).sum()) / asked if asked > 0 else 1.0


def _spot_only(
    instance: Instance, contracts: tuple[Contract, ...], problem: Problem, settings: SolveSettings, left: Deadline, stop: threading.Event | None
) -> BaselineResult:
    _, columns = problem.keys["signed"]
    unsigned = problem.fixed(columns, np.zeros(len(columns)))
    answer = _solved(instance, unsigned, settings, left, stop)
    note = ""
    if answer.status == "infeasible":
        hard = [i for i, rule in enumerate(instance.rules) if rule.violation_price is None]
        answer = _solved(instance, unsigned.without_rules(np.isin(problem.row_rule, hard)), settings, left, stop)
        note = "hard rules are left out, because without any contract they can't be kept"
    return _tried("spot_only", instance, contracts, problem, answer, note)


def _average_future(
    instance: Instance, contracts: tuple[Contract, ...], problem: Problem, settings: SolveSettings, left: Deadline, stop: threading.Event | None
) -> BaselineResult:
    mean = build_instance(instance.scenario, average(instance.tree))
    simple = compile_problem(build_model(mean))
    planned = solve(simple, gap=min(settings.gap, 1e-6), seconds=left(), seed=settings.seed, stop=stop)
    if planned.x is None:
        return BaselineResult(
            "average_future", note="the average future has no plan that keeps the hard rules" if planned.status == "infeasible" else "no time was left"
        )
    tried = loose = problem
    for name in FIRST_STAGE:
        chosen = {tuple(key): planned.x[j] for key, j in zip(simple.keys[name][0].tolist(), simple.keys[name][1], strict=True) if key[-1] == 0}
        keys, columns = problem.keys[name]
        fixed = [(j, chosen[tuple(key)]) for key, j in zip(keys.tolist(), columns, strict=True) if tuple(key) in chosen]
        if fixed:
            where, values = np.array([j for j, _ in fixed]), np.array([v for _, v in fixed])
            values = np.round(values) if name != "volume" else np.clip(values, problem.lower[where], problem.upper[where])
            tried, loose = tried.fixed(where, values), _pinned(loose, where, values)
    answer = _solved(instance, tried, settings, left, stop)
    if answer.status == "infeasible":
        answer = _solved(instance, loose, settings, left, stop)
    note = "tried on all futures, the average future's plan breaks a hard rule" if answer.status == "infeasible" else ""
    return _tried("average_future", instance, contracts, problem, answer, note)


def _pinned(problem: Problem, columns: Floats, values: Floats) -> Problem:
    """Columns held near values that another solve has found, within its tolerance and their bounds."""
    slack = np.where(problem.integer[columns], 0.0, 1e-7 * np.maximum(1.0, np.abs(values)))
    lower, upper = problem.lower.copy(), problem.upper.copy()
    lower[columns] = np.maximum(lower[columns], values - slack)
    upper[columns] = np.maximum(np.minimum(upper[columns], values + slack), lower[columns])
    return replace(problem, lower=lower, upper=upper)


def future_problem(instance: Instance, problem: Problem, leaf: int) -> Problem:
    """One future cut out: the rows and columns on its path, its own cost, no rule that ties futures together."""
    path = instance.tree.path(leaf)
    rows, columns = np.isin(problem.row_node, path), np.isin(problem.column_node, path)
    cost = np.asarray(problem.cash[path].sum(axis=0)).ravel()
    return replace(
        problem,
        matrix=problem.matrix[rows][:, columns],
        row_lower=problem.row_lower[rows],
        row_upper=problem.row_upper[rows],
        cost=cost[columns],
        offset=0.0,
        lower=problem.lower[columns],
        upper=problem.upper[columns],
        integer=problem.integer[columns],
        column_node=problem.column_node[columns],
        row_node=problem.row_node[rows],
        row_rule=problem.row_rule[rows],
    )


def _perfect_foresight(
    instance: Instance, contracts: tuple[Contract, ...], problem: Problem, settings: SolveSettings, left: Deadline, stop: threading.Event | None
) -> BaselineResult:
    del contracts
    tree = instance.tree

    def hindsight(leaf: int) -> Answer:
        return solve(future_problem(instance, problem, leaf), gap=settings.gap, seconds=max(left(), 0.01), seed=settings.seed, stop=stop)

    with ThreadPoolExecutor(settings.threads) as pool:
        answers = list(pool.map(hindsight, tree.leaves.tolist()))
    if any(answer.status != "optimal" for answer in answers):
        return BaselineResult("perfect_foresight", note="left out: not every future could be planned in time")
    probability = tree.probability[tree.leaves]
    costs, bounds = (np.array([getattr(answer, name) for answer in answers]) for name in ("objective", "bound"))

    def weigh(values: Floats) -> tuple[float, float, float]:
        expected, cvar = float(values @ probability), tail_mean(values, probability, instance.risk_tail)
        whole = risk_adjusted(values, probability, weight=instance.risk_weight, tail=instance.risk_tail, radius=instance.scenario.risk.radius)
        return whole, expected, cvar

    objective, expected, cvar = weigh(costs)
    coupled = bool((problem.row_node < 0).any()) and any((problem.row_rule >= 0) & (problem.row_node < 0))
    note = "rules measured over several futures at once are left out, so this is a lower bound" if coupled else ""
    return BaselineResult("perfect_foresight", objective, weigh(bounds)[0], expected, cvar, None, note)
