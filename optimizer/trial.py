"""A plan's first stage (what is signed, committed and opened now) tried on futures, and the best first stage for some futures.

Futures here are independent paths (a fan): which one has come true is known right after signing, so that each is planned on its own once the first
stage stands. What is signed later than now belongs to a future's own recourse; rules measured on average over futures bind no single one and are
left out of a trial.

    cost_l(x) = min over recourse of discounted cash and penalties of future l, given the first stage x
Reference: Shapiro, Dentcheva & Ruszczynski (2021), Lectures on Stochastic Programming, chapter 2.
"""

from __future__ import annotations

import threading
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from models.errors import Cancelled, Infeasible, TimeLimit
from models.options import SolveSettings
from models.scenario import Scenario
from optimizer.executor import spread
from optimizer.instance import build_instance
from optimizer.solve.choice import choose
from optimizer.solve.extensive import solve
from optimizer.solve.fan import Fan, make_fan
from optimizer.solve.form_fan import FanForm
from optimizer.solve.forms import FirstStage, columns_held, first_stage_of
from optimizer.solve.highs import Interrupted
from optimizer.solve.problem import Bools
from optimizer.solve.recourse import FanRecourse
from optimizer.solve.template import Template, make_template, paid, parts_of
from scenarios.tree import Floats, Ints, Paths, grow

__all__ = ["Best", "FirstStage", "Trial", "best_first_stage", "first_stage_of", "try_out"]

CHUNK = 500  # futures looked at together
EXACT = 1e-9  # gap of a future with decisions after signing


@dataclass(frozen=True)
class Trial:
    """What a first stage costs in each of F futures."""

    cost: Floats  # [F] present value, penalties included; infinite where a hard rule can't be kept
    cash: Floats  # [F] present value of cash; not a number where there is no plan
    unmet: Floats  # [F, P, T] unmet volume over all sites; not a number where there is no plan
    demand: Floats  # [F, P, T] new demand over all sites


@dataclass(frozen=True)
class Best:
    """The best first stage for some futures."""

    first: FirstStage
    objective: float  # (1 - weight) E[cost] + weight CVaR[cost]
    bound: float  # proven lower bound of the objective
    cost: Floats  # [F] present value of every future under it


def try_out(
    scenario: Scenario,
    first: FirstStage,
    paths: Paths,
    *,
    threads: int = 2,
    stop: threading.Event | None = None,
    executor: Executor | None = None,
) -> Trial:
    """Plan every future's recourse under `first`, here on some threads or wherever `executor` does it. Raises Cancelled when `stop` is set."""
    if executor is None:
        parts = [try_chunk(scenario, first, chunk, threads, stop) for chunk in chunks(paths)]
    else:
        parts = list(spread(executor, partial(try_chunk, scenario, first, threads=1, stop=stop), chunks(paths), stop=stop))
    return Trial(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("cost", "cash", "unmet", "demand")))


def chunks(paths: Paths) -> list[Paths]:
    """Some futures at a time, whatever does the work, so that results do not depend on it."""
    return [paths.pick(np.arange(start, min(start + CHUNK, paths.count))) for start in range(0, paths.count, CHUNK)]


def try_chunk(scenario: Scenario, first: FirstStage, paths: Paths, threads: int = 1, stop: threading.Event | None = None) -> Trial:
    """Plan the recourse of a few futures under `first`; with arguments that can be sent elsewhere."""
    template = make_template(scenario, paths)
    parts, problem = parts_of(template), template.problem
    where, held = columns_held(problem.keys, first)
    x = np.zeros(len(problem.cost))
    x[where] = np.clip(held, problem.lower[where], template.upper.base[where])
    if problem.integer[parts.recourse].any():
        values = _one_by_one(template, x, where, threads, stop)
    else:
        fan = make_fan(template)
        if len(where) < len(parts.first):
            x[parts.first] = _completed(template, fan, x[parts.first], np.isin(parts.first, where))
        try:
            recourse, cost = FanRecourse(fan, threads).values(x[parts.first], stop=stop)
        except Interrupted as cut:
            raise Cancelled from cut
        values = np.repeat(x[None], paths.count, axis=0)
        values[:, parts.recourse] = recourse
        values[~np.isfinite(cost)] = np.nan
    return _trial(template, values, paths)


def best_first_stage(
    scenario: Scenario, paths: Paths, *, settings: SolveSettings, stop: threading.Event | None = None, executor: Executor | None = None
) -> Best:
    """The best first stage for these futures, to the settings' gap. Raises Infeasible, TimeLimit or Cancelled."""
    form = choose(scenario, build_instance(scenario, grow(scenario, paths)), settings, executor)
    answer = form.solve(settings, seconds=settings.time_limit_seconds, stop=stop)
    if answer.x is None:
        raise {"user": Cancelled(), "time": TimeLimit(settings.time_limit_seconds, None)}.get(answer.stop_reason, Infeasible(()))
    first = form.first_stage(answer.x)
    known = form.costs(answer.x) if isinstance(form, FanForm) else None
    cost = known if known is not None else try_out(scenario, first, paths, threads=settings.threads, stop=stop, executor=executor).cost
    return Best(first, answer.objective, answer.bound, cost)


def _completed(template: Template, fan: Fan, x: Floats, held: Bools) -> Floats:
    """The first stage with what follows from what is held (tiers that volumes fill, rules' violations), as cheap as it can be on average."""
    parts = parts_of(template)
    rows, columns = np.zeros(len(template.problem.row_node), dtype=bool), np.zeros(len(template.problem.cost), dtype=bool)
    rows[parts.first_rows], columns[parts.first] = True, True
    own = replace(template.problem.part(rows, columns), cost=fan.cost0 + fan.cost1 @ fan.probability, upper=fan.upper)
    nothing = np.flatnonzero(held & (x == 0.0) & (own.lower <= 0.0) & (own.upper >= 0.0))  # exact: a tolerance on nothing is worth money on large scales
    at = own.pinned(np.flatnonzero(held), x[held]).fixed(nothing, np.zeros(len(nothing)))
    answer = solve(at, gap=0.0, seconds=60.0, seed=1)
    return x if answer.x is None else np.where(held, x, answer.x)


def _one_by_one(template: Template, x: Floats, where: Ints, threads: int, stop: threading.Event | None) -> Floats:
    """Every future as a problem of its own, because it decides more than a linear program can. [F, C]"""
    columns = np.flatnonzero(template.problem.column_node >= 0)
    inside = np.flatnonzero(np.isin(columns, where))

    def one(f: int) -> Floats:
        if stop is not None and stop.is_set():  # a small problem may be solved before the solver asks
            raise Cancelled
        answer = solve(template.future(f).fixed(inside, x[columns[inside]]), gap=EXACT, seconds=600.0, seed=1, stop=stop)
        if answer.stop_reason == "user":
            raise Cancelled
        found = np.full(len(x), np.nan if answer.x is None else 0.0)
        if answer.x is not None:
            found[columns] = answer.x
        return found

    with ThreadPoolExecutor(threads) as pool:
        return np.array(list(pool.map(one, range(template.count))))


def _trial(template: Template, values: Floats, paths: Paths) -> Trial:
    _, columns, amounts = template.cash
    _, paid_columns, paid_amounts = paid(template)
    cost = np.einsum("fk,kf->f", values[:, columns], amounts)
    cash = np.einsum("fk,kf->f", values[:, paid_columns], paid_amounts)
    unmet = np.zeros((paths.count, len(template.instance.scenario.products), len(template.instance.years)))
    index, where = template.problem.keys["unmet"]
    for (p, _, _, n), j in zip(index.tolist(), where, strict=True):
        unmet[:, p, n - 1] += values[:, j]
    return Trial(np.where(np.isnan(cost), np.inf, cost), cash, unmet, np.moveaxis(paths.states.demand.sum(axis=3), 1, 2))
