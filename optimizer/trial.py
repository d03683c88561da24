"""A plan's first stage (what is signed, committed and opened now) tried on futures, and the best first stage for some futures.

Futures here are independent paths (a fan): which one has come true is known right after signing, so that each is planned on its own once the first
stage stands. What is signed later than now belongs to a future's own recourse.

    cost_l(x) = min over recourse of discounted cash and penalties of future l, given the first stage x
Reference: Shapiro, Dentcheva & Ruszczynski (2021), Lectures on Stochastic Programming, chapter 2.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.options import SolveSettings
from models.scenario import Scenario
from optimizer.baselines import FIRST_STAGE, future_problem
from optimizer.instance import Instance, build_instance
from optimizer.model import build_model
from optimizer.solve.extensive import solve
from optimizer.solve.problem import Problem, compile_problem
from scenarios.tree import Floats, Paths, grow

CHUNK = 20  # futures compiled at a time

FirstStage = Mapping[str, Mapping[tuple[int, ...], float]]  # signed[o,j], volume[o,j,p,t], opened[e] -> value; as indexed in `decisions`, without the node


@dataclass(frozen=True)
class Trial:
    """What a first stage costs in each of F futures."""

    cost: Floats  # [F] present value, penalties included; infinite where a hard rule can't be kept
    cash: Floats  # [F] present value of cash
    unmet: Floats  # [F, P, T] unmet volume over all sites
    demand: Floats  # [F, P, T] new demand over all sites


@dataclass(frozen=True)
class Best:
    """The best first stage for some futures."""

    first: FirstStage
    objective: float  # (1 - weight) E[cost] + weight CVaR[cost]
    bound: float  # proven lower bound of the objective
    cost: Floats  # [F] present value of every future under it


def first_stage_of(problem: Problem, x: Floats) -> FirstStage:
    """What a solution decides at node 0."""
    return {name: {tuple(key[:-1]): float(x[j]) for key, j in zip(keys.tolist(), columns, strict=True) if key[-1] == 0} for name, (keys, columns) in
            ((name, problem.keys[name]) for name in FIRST_STAGE)}  # fmt: skip


def try_out(scenario: Scenario, first: FirstStage, paths: Paths, *, threads: int = 2, stop: threading.Event | None = None) -> Trial:
    """Plan every future's recourse under `first`."""
    costs, cash, unmet = [], [], []
    for start in range(0, paths.count, CHUNK):
        some = paths.pick(np.arange(start, min(start + CHUNK, paths.count)))
        instance, problem = _compiled(scenario, some)
        held = _held(problem, first)
        for leaf in instance.tree.leaves.tolist():
            one = future_problem(instance, held, leaf)
            answer = solve(one, gap=1e-6, seconds=600.0, seed=1, stop=stop)
            costs.append(answer.objective)
            cash.append(answer.objective)
            unmet.append(_unmet(instance, problem, leaf, answer.x))
    del threads
    return Trial(np.array(costs), np.array(cash), np.array(unmet), np.moveaxis(paths.states.demand.sum(axis=3), 1, 2))


def best_first_stage(scenario: Scenario, paths: Paths, *, settings: SolveSettings, stop: threading.Event | None = None) -> Best:
    """The best first stage for these futures, to the settings' gap."""
    _, problem = _compiled(scenario, paths)
    answer = solve(problem, gap=settings.gap, seconds=settings.time_limit_seconds, seed=settings.seed, stop=stop)
    if answer.x is None:
        raise RuntimeError(answer.status)
    first = first_stage_of(problem, answer.x)
    return Best(first, answer.objective, answer.bound, try_out(scenario, first, paths, stop=stop).cost)


def _compiled(scenario: Scenario, paths: Paths) -> tuple[Instance, Problem]:
    instance = build_instance(scenario, grow(scenario, paths))
    return instance, compile_problem(build_model(instance))


def _held(problem: Problem, first: FirstStage) -> Problem:
    for name in FIRST_STAGE:
        keys, columns = problem.keys[name]
        chosen = [(j, first[name][tuple(key[:-1])]) for key, j in zip(keys.tolist(), columns, strict=True) if key[-1] == 0]
        if chosen:
            where = np.array([j for j, _ in chosen])
            problem = problem.fixed(where, np.clip(np.array([v for _, v in chosen]), problem.lower[where], problem.upper[where]))
    return problem


def _unmet(instance: Instance, problem: Problem, leaf: int, x: Floats | None) -> Floats:
    found = np.zeros((len(instance.scenario.products), len(instance.years)))
    if x is None:
        return found + np.nan
    path = instance.tree.path(leaf)
    keys, columns = problem.keys["unmet"]
    where = {int(j): i for i, j in enumerate(np.flatnonzero(np.isin(problem.column_node, path)))}
    for (p, _, _, n), j in zip(keys.tolist(), columns, strict=True):
        if n in path:
            found[p, instance.tree.period[n]] += x[where[int(j)]]
    return found
