"""Three plans to compare with: spot only, the average future's plan tried on all futures, perfect foresight.

    EEV  expected result of the average future's plan;  RP  the plan itself;  WS  every future planned with hindsight
    VSS = EEV - RP >= 0,  EVPI = RP - WS >= 0   (in the objective, risk included)

Nothing is built again for spot only and perfect foresight: decisions are held, or one future is taken out.
Reference: Birge & Louveaux (2011), Introduction to Stochastic Programming, chapter 4.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np

from models.options import SolveSettings
from optimizer.audit import audit
from optimizer.clauses.deal import Contract
from optimizer.halt import Halt
from optimizer.instance import Instance, build_instance
from optimizer.model import build_model
from optimizer.outcome import asked_for, read_outcome
from optimizer.solve.extensive import solve, solve_each
from optimizer.solve.forms import Form, first_stage_of
from optimizer.solve.highs import Answer
from optimizer.solve.problem import Problem, compile_problem
from optimizer.tail import risk_adjusted, tail_mean, weighed
from scenarios.tree import Floats, average

BASELINES = ("spot_only", "average_future", "perfect_foresight")
FEW = 100  # futures that are planned exactly with hindsight
RUN = 16  # futures that one thread plans one after the other, each from its neighbour's basis


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


@contextmanager
def baselines_beside(
    instance: Instance, contracts: tuple[Contract, ...], form: Form, settings: SolveSettings, left: Deadline, stop: threading.Event | None
) -> Iterator[Callable[[], list[BaselineResult] | None]]:
    """A function that returns the baselines, None where none are wanted. They are computed beside what is done inside the context where a thread is to
    spare, and when asked for otherwise; leaving the context by an error stops them."""
    handover = form.handover
    if not settings.baselines:
        yield lambda: None
        return
    if handover is None or settings.threads < 2:
        yield lambda: _compute(_Asked(instance, contracts, form, settings, settings.threads, left, stop), BASELINES)
        return
    handover.expect()
    halt = Halt(stop)
    asked = _Asked(instance, contracts, form, settings, settings.threads - 1, left, halt)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(_compute, asked, (BASELINES[0], BASELINES[2], BASELINES[1]))  # last what begins where the plan begins

        def result() -> list[BaselineResult]:
            handover.settle()
            return coming.result()

        try:
            yield result
        except BaseException:
            halt.set()
            raise
        finally:
            handover.settle()


def _compute(asked: _Asked, order: tuple[str, ...]) -> list[BaselineResult]:
    """The three baselines. What can't be computed in time, or has no plan, says so in its note."""
    compute = {"spot_only": _spot_only, "average_future": _average_future, "perfect_foresight": _perfect_foresight}
    found = {}
    for name in order:
        in_time = not asked.stopped and asked.left() >= 1.0
        found[name] = compute[name](asked) if in_time else BaselineResult(name, note="left out: no time was left")
    return [found[name] for name in BASELINES]


@dataclass(frozen=True)
class _Asked:
    """What every baseline starts from."""

    instance: Instance
    contracts: tuple[Contract, ...]
    form: Form
    settings: SolveSettings
    threads: int
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
        with ThreadPoolExecutor(asked.threads) as pool:
            answers = [answer for run in pool.map(partial(_hindsight, asked), batched(asked.form.futures(), RUN)) for answer in run]
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


def _hindsight(asked: _Asked, problems: tuple[Problem, ...]) -> list[Answer]:
    """Some futures that know themselves in advance."""
    return solve_each(problems, gap=asked.settings.gap, left=asked.left, seed=asked.settings.seed, stop=asked.stop)


def batched(items: Iterator[Problem], size: int) -> Iterator[tuple[Problem, ...]]:
    """Runs of `size`; the last one may be shorter."""
    while run := tuple(islice(items, size)):
        yield run
