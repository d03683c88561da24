"""What judges a plan: where fresh futures come from, and how first stages are tried and found. Everything else is arithmetic on it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np

from models.errors import Cancelled
from models.options import SolveSettings
from models.scenario import Scenario
from models.uncertainty import Generated
from optimizer.quality_chains import hindsight
from optimizer.trial import Best, FirstStage, Trial, best_first_stage, try_out
from scenarios.tree import Floats, Paths

BATCHES = 20  # with scrambled Sobol points and heavy tails, 20 of 100 futures covered best in `benchmarks.coverage`


@dataclass(frozen=True)
class Judge:
    """The seam between the statistics and the mathematics of the scenario."""

    fresh: Callable[[int, int], Paths]  # futures, seed -> that many futures
    try_out: Callable[[FirstStage, Paths], Trial]
    best: Callable[[Paths], Best]
    rival: Callable[[Paths], Best]  # the best without rules that tie futures together, which a trial can't impose either
    hindsight: Callable[[Paths], tuple[Floats, Floats]]  # cost of every future known in advance, and its proven bound
    risk_weight: float
    tail: float
    seed: int  # of the futures the plan was made for
    lost: Floats | None = None  # [P] share of unmet demand that is lost, None where it differs between sites
    plain: bool = True  # whether the objective is (1 - weight) mean + weight CVaR and nothing else
    enough: Callable[[], bool] = lambda: False  # asked between pieces of work: is it time to stop?


def judge_of(
    scenario: Scenario, settings: SolveSettings, left: Callable[[], float], stop: threading.Event | None, executor: Executor | None = None
) -> Judge | None:
    """The judge of a scenario's plans; None where there is nothing to draw fresh futures from."""
    generator = scenario.uncertainty
    if not isinstance(generator, Generated):
        return None
    from scenarios.sampling import draw

    def within() -> SolveSettings:
        return settings.model_copy(update={"time_limit_seconds": max(1.0, left())})

    def interrupted() -> None:
        if stop is not None and stop.is_set():
            raise Cancelled

    free = scenario.model_copy(update={"rules": tuple(rule for rule in scenario.rules if not rule.over_futures)})

    def best(among: Scenario, paths: Paths) -> Best:
        found = best_first_stage(among, paths, settings=within(), stop=stop, executor=executor)
        interrupted()  # what a search that was cut short has found is no optimum
        return found

    def tried(first: FirstStage, paths: Paths) -> Trial:
        found = try_out(scenario, first, paths, threads=settings.threads, stop=stop, executor=executor)
        interrupted()
        return found

    return Judge(
        fresh=lambda futures, seed: draw(scenario, generator, futures=futures, seed=seed),
        try_out=tried,
        best=partial(best, scenario),
        rival=partial(best, free),
        hindsight=lambda paths: hindsight(scenario, paths, within(), stop),
        risk_weight=scenario.risk.weight,
        tail=scenario.risk.tail,
        seed=generator.seed,
        lost=_lost(scenario),
        plain=scenario.risk.radius == 0.0,
        enough=lambda: left() <= 0 or (stop is not None and stop.is_set()),
    )


def seeds(judge: Judge, purpose: str, count: int) -> Iterator[int]:
    """Seeds of independent draws for one purpose, none of them the plan's own."""
    found = 0
    for state in np.random.SeedSequence([judge.seed, *purpose.encode()]).generate_state(count + 1).tolist():
        seed = state % 2_147_483_648
        if seed != judge.seed and found < count:
            found += 1
            yield seed


def _lost(scenario: Scenario) -> Floats | None:
    """Share of unmet demand that is lost, by product; None where it differs between sites."""
    found = []
    for product in scenario.products:
        shares = {x.lost for x in scenario.shortage if x.product == product.id}
        if len(shares) > 1:
            return None
        found.append(shares.pop() if shares else 1.0)
    return np.array(found)
