"""Three plans to compare with: spot only, the average future's plan tried on all futures, perfect foresight.

    EEV  expected result of the average future's plan;  RP  the plan itself;  WS  every future planned with hindsight
    VSS = EEV - RP >= 0,  EVPI = RP - WS >= 0   (in the objective, risk included)

Nothing is built again for spot only and perfect foresight: decisions are held, or one future is taken out.
Reference: Birge & Louveaux (2011), Introduction to Stochastic Programming, chapter 4.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from models.options import SolveSettings
from optimizer.audit import audit
from optimizer.clauses.base import Contract
from optimizer.instance import Instance, build_instance
from optimizer.model import build_model
from optimizer.outcome import asked_for, read_outcome
from optimizer.solve.extensive import solve
from optimizer.solve.forms import Form, first_stage_of
from optimizer.solve.highs import Answer
from optimizer.solve.problem import Problem, compile_problem
from optimizer.tail import risk_adjusted, tail_mean, weighed
from scenarios.tree import Floats, average

FEW = 100  # futures that are planned exactly with hindsight


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
    instance: Instance, contracts: tuple[Contract, ...], form: Form, settings: SolveSettings, left: Deadline, stop: threading.Event | None
) -> list[BaselineResult]:
    """The three baselines. What can't be computed in time, or has no plan, says so in its note."""
    asked = _Asked(instance, contracts, form, settings, left, stop)
    found = []
    for name, compute in (("spot_only", _spot_only), ("average_future", _average_future), ("perfect_foresight", _perfect_foresight)):
        if asked.stopped or left() < 1.0:
            found.append(BaselineResult(name, note="left out: no time was left"))
        else:
            found.append(compute(asked))
    return found


@dataclass(frozen=True)
class _Asked:
    """What every baseline starts from."""

    instance: Instance
    contracts: tuple[Contract, ...]
    form: Form
    settings: SolveSettings
    left: Deadline
    stop: threading.Event | None

    @property
    def stopped(self) -> bool:
        return self.stop is not None and self.stop.is_set()

    def solve(self, form: Form) -> Answer:
        """A variant of the whole problem."""
        return form.solve(self.settings, seconds=max(self.left(), 0.01), stop=self.stop)

    def tried(self, name: str, answer: Answer, note: str) -> BaselineResult:
        """Figures of an answer to a variant of the whole problem, billed."""
        if answer.x is None:
            return BaselineResult(name, note=note or f"no plan was found ({answer.stop_reason})")
        outcome = read_outcome(self.instance, self.contracts, self.form.values(answer.x))
        result = audit(self.instance, self.contracts, outcome)
        rate = fill_rate(self.instance, outcome.unmet)
        return BaselineResult(name, answer.objective, answer.bound, result.expected, result.cvar, rate, note)


def fill_rate(instance: Instance, unmet: Floats) -> float:
    """1 - expected unmet volume / expected volume asked for, over everything."""
    probability = instance.tree.probability
    missed, asked = (weighed(volume.sum(axis=(0, 1)), probability) for volume in (unmet, asked_for(instance, unmet)))
    return 1.0 - missed / asked if asked > 0 else 1.0


def _spot_only(asked: _Asked) -> BaselineResult:
    unsigned = asked.form.unsigned()
    answer, note = asked.solve(unsigned), ""
    if answer.status == "infeasible":
        hard = [i for i, rule in enumerate(asked.instance.rules) if rule.violation_price is None]
        answer = asked.solve(unsigned.without_rules(hard))
        note = "hard rules are left out, because without any contract they can't be kept"
    return asked.tried("spot_only", answer, note)


def _average_future(asked: _Asked) -> BaselineResult:
    mean = build_instance(asked.instance.scenario, average(asked.instance.tree))
    simple = compile_problem(build_model(mean))
    settings = asked.settings
    planned = solve(simple, gap=min(settings.gap, 1e-6), seconds=asked.left(), seed=settings.seed, stop=asked.stop)
    if planned.x is None:
        note = "the average future has no plan that keeps the hard rules" if planned.status == "infeasible" else "no time was left"
        return BaselineResult("average_future", note=note)
    first = first_stage_of(simple, planned.x)
    answer = asked.solve(asked.form.held(first))
    if answer.status == "infeasible":
        answer = asked.solve(asked.form.held(first, loosely=True))
    note = "tried on all futures, the average future's plan breaks a hard rule" if answer.status == "infeasible" else ""
    return asked.tried("average_future", answer, note)


def _perfect_foresight(asked: _Asked) -> BaselineResult:
    """Every future planned with hindsight; of many futures the relaxation, which is a lower bound."""
    tree, settings, notes = asked.instance.tree, asked.settings, []
    least = asked.form.least(settings, time.monotonic() + asked.left(), asked.stop) if len(tree.leaves) > FEW else None
    if least is not None:
        costs = bounds = least
        notes.append("with many futures, each may sign parts of contracts, so this is a lower bound")
    else:
        with ThreadPoolExecutor(settings.threads) as pool:
            answers = list(pool.map(partial(_hindsight, asked), asked.form.futures()))
        if any(answer.status != "optimal" for answer in answers):
            return BaselineResult("perfect_foresight", note="left out: not every future could be planned in time")
        costs, bounds = (np.array([getattr(answer, name) for answer in answers]) for name in ("objective", "bound"))
    if asked.form.tied:
        notes.append("rules measured over several futures at once are left out, so this is a lower bound")
    probability = tree.probability[tree.leaves]

    def weigh(values: Floats) -> tuple[float, float, float]:
        expected, cvar = weighed(values, probability), tail_mean(values, probability, asked.instance.risk_tail)
        radius = asked.instance.scenario.risk.radius
        whole = risk_adjusted(values, probability, weight=asked.instance.risk_weight, tail=asked.instance.risk_tail, radius=radius)
        return whole, expected, cvar

    objective, expected, cvar = weigh(costs)
    return BaselineResult("perfect_foresight", objective, weigh(bounds)[0], expected, cvar, None, "; ".join(notes))


def _hindsight(asked: _Asked, problem: Problem) -> Answer:
    """One future that knows itself in advance."""
    return solve(problem, gap=asked.settings.gap, seconds=max(asked.left(), 0.01), seed=asked.settings.seed, stop=asked.stop)
