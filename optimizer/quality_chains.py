"""Each future as a problem of its own, in which a decision is found by what it decides and when; what a future costs with hindsight.

    hindsight_l = min over first stage and recourse of the cost of future l   (the wait-and-see cost; its mean is no more than any plan's)
Reference: Birge & Louveaux (2011), Introduction to Stochastic Programming, chapter 4.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace

import numpy as np

from models.options import SolveSettings
from models.scenario import Scenario
from optimizer.decisions import KERNEL
from optimizer.solve.extensive import solve
from optimizer.solve.highs import Answer
from optimizer.solve.problem import Problem
from optimizer.solve.template import make_template
from optimizer.trial import CHUNK, FirstStage
from scenarios.tree import Floats, Ints, Paths, States

TOLERANCE = 1e-7  # how near a decision is held to its value, relative; the solver's own tolerance

Decision = tuple[str, tuple[int, ...]]  # kernel variable, its index without the node
Decisions = Mapping[tuple[int, Decision], float]  # period (-1 = now), decision -> value


@dataclass(frozen=True)
class Chain:
    """One future's problem. What ties futures together (rules on average, CVaR) is no part of it."""

    problem: Problem
    columns: Mapping[tuple[int, Decision], int]  # period (-1 = now), decision -> column

    def holding(self, decided: Decisions) -> Problem:
        """The problem with some decisions made: binaries exactly, volumes within the solver's tolerance, whatever bounds the future put on them."""
        known = [(self.columns[key], value) for key, value in decided.items() if key in self.columns]
        where, values = np.array([j for j, _ in known], dtype=np.int64), np.array([v for _, v in known])
        whole = self.problem.integer[where]
        values = np.where(whole, np.round(values), np.maximum(values, self.problem.lower[where]))
        slack = np.where(whole, 0.0, TOLERANCE * np.maximum(1.0, np.abs(values)))
        lower, upper = self.problem.lower.copy(), self.problem.upper.copy()
        lower[where], upper[where] = np.maximum(lower[where], values - slack), values + slack
        return replace(self.problem, lower=lower, upper=upper)

    def read(self, x: Floats, period: int) -> dict[tuple[int, Decision], float]:
        """What a solution decides in a period."""
        return {key: float(x[j]) for key, j in self.columns.items() if key[0] == period}


def signed_now(first: FirstStage) -> Decisions:
    """A first stage as decisions."""
    return {(-1, (name, tuple(key))): value for name, amounts in first.items() for key, value in amounts.items()}


def chains(scenario: Scenario, paths: Paths) -> Iterator[Chain]:
    """The futures' problems, in their order."""
    for start in range(0, paths.count, CHUNK):
        template = make_template(scenario, paths.pick(np.arange(start, min(start + CHUNK, paths.count))))
        kept = template.problem.column_node >= 0
        place = np.cumsum(kept) - 1
        period = template.instance.tree.period
        columns = {
            (int(period[key[-1]]), (name, tuple(key[:-1]))): int(place[j])
            for name in KERNEL
            for key, j in zip(template.problem.keys[name][0].tolist(), template.problem.keys[name][1].tolist(), strict=True)
            if kept[j]
        }
        for f in range(template.count):
            yield Chain(template.future(f), columns)


def hindsight(scenario: Scenario, paths: Paths, settings: SolveSettings, stop: threading.Event | None = None) -> tuple[Floats, Floats]:
    """What each future costs if everything is known before signing, and its proven lower bound; infinite where no plan keeps the hard rules. [F] each"""

    def known(chain: Chain) -> Answer:
        return solve(chain.problem, gap=settings.gap, seconds=settings.time_limit_seconds, seed=settings.seed, stop=stop)

    with ThreadPoolExecutor(settings.threads) as workers:
        answers = list(workers.map(known, chains(scenario, paths)))
    return np.array([x.objective for x in answers]), np.array([x.bound for x in answers])


def joined(parts: list[Paths]) -> Paths:
    """Futures of several draws side by side, each draw with the same weight."""
    states = States(*(np.concatenate([getattr(x.states, f.name) for x in parts]) for f in fields(States)))
    regime: Ints | None = None
    if all(x.regime is not None for x in parts):
        regime = np.concatenate([x.regime for x in parts if x.regime is not None])
    ids = tuple(f"{k}.{name}" for k, x in enumerate(parts, start=1) for name in x.ids)
    return Paths(ids, np.concatenate([x.probability / x.probability.sum() for x in parts]) / len(parts), states, regime, parts[0].regimes)


def apart(values: Floats, parts: list[Paths]) -> list[Floats]:
    """Values of joined futures, draw by draw."""
    return np.split(values, np.cumsum([x.count for x in parts])[:-1])
