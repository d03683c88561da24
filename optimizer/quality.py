"""How far the plan's figures hold: the journey through fresh futures, replications, re-planning and stability, and what they say in words.

Everything needs fresh futures, so a scenario whose futures are given one by one gets a note instead. A bootstrap of given futures would only
repeat them, and smoothing them would invent what the scenario does not say.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TypeVar

from models.errors import OfftakeError
from models.options import SolveSettings
from models.quality import OutOfSample, Quality, Replications, Rolling, Stability
from models.scenario import Scenario
from models.uncertainty import Generated
from optimizer.first_stage import average_path
from optimizer.quality_chains import apart, joined
from optimizer.quality_judge import BATCHES, Judge, judge_of, seeds
from optimizer.quality_replications import compare, replicate
from optimizer.quality_rolling import Walk, rolling, walk
from optimizer.quality_sample import out_of_sample, sizes_of, try_fresh
from optimizer.quality_stability import run, shares_of, stability
from optimizer.quality_words import sentences_of, share
from optimizer.trial import FirstStage
from scenarios.tree import Floats, paths_of

DEFAULT_FUTURES = 2_000
POOL = 2_000  # futures from which conditional means are learnt
RESERVE = 0.9  # of the time that is left may be used; the audit and the tables need the rest

T = TypeVar("T")


@dataclass(frozen=True)
class Chosen:
    """The plan that is judged."""

    first: FirstStage
    objective: float
    cost: Floats  # [F] of the futures it was made for
    probability: Floats  # [F]


def judge_plan(
    scenario: Scenario,
    settings: SolveSettings,
    chosen: Chosen,
    left: Callable[[], float],
    stop: threading.Event | None = None,
    executor: Executor | None = None,
) -> Quality | None:
    """What fresh futures say about a plan; None where nothing was asked for, or by default for futures that are given."""
    generated = isinstance(scenario.uncertainty, Generated)
    fresh = settings.out_of_sample if settings.out_of_sample is not None else DEFAULT_FUTURES if generated else 0
    if not (fresh or settings.replications or settings.rolling or settings.stability):
        return None
    ends = time.monotonic() + RESERVE * max(0.0, left())

    def remaining() -> float:
        return ends - time.monotonic()

    judge = judge_of(scenario, settings, remaining, stop, executor)
    if judge is None:
        return _nothing_to_draw_from(scenario)
    notes = _assumptions(scenario, judge)

    def attempt(asked: int, part: Callable[[], T | None]) -> T | None:
        try:
            return part() if asked else None
        except OfftakeError as failed:  # the plan stands without it
            notes.append(f"A part of the trial on fresh futures was left out: {failed}")
            return None

    sampled = attempt(fresh, lambda: _sampled(judge, chosen, fresh, remaining, notes))
    replicated = attempt(settings.replications, lambda: _replicated(scenario, judge, chosen, settings, notes))
    stable = attempt(settings.stability, lambda: _stable(scenario, judge, chosen, settings, notes))
    rolled = attempt(settings.rolling, lambda: _rolled(scenario, judge, chosen, settings, notes))
    said = sentences_of(scenario.currency, chosen.objective, sampled, replicated, rolled, stable)
    return Quality(out_of_sample=sampled, replications=replicated, rolling=rolled, stability=stable, sentences=said, notes=tuple(notes))


def _nothing_to_draw_from(scenario: Scenario) -> Quality:
    what = {"futures": "futures are given one by one", "tree": "tree is given node by node", "certain": "data are certain"}[scenario.uncertainty.kind]
    note = f"Nothing was tried on fresh futures: the {what}, so there is nothing to draw others from. All figures hold for what is given."
    return Quality(out_of_sample=None, replications=None, rolling=None, stability=None, sentences=(), notes=(note,))


def _assumptions(scenario: Scenario, judge: Judge) -> list[str]:
    notes = ["A fresh future counts as known right after signing, as in the plan; re-planning period by period says what that hides (`solve.rolling`)."]
    if isinstance(scenario.uncertainty, Generated) and scenario.uncertainty.tree is not None:
        notes = [
            "A fresh future counts as known right after signing, while the plan tells futures apart step by step: on fresh futures it costs less for that "
            "reason alone. Re-planning period by period knows no more than the plan (`solve.rolling`)."
        ]
    tied = [rule.kind for rule in scenario.rules if rule.over_futures]
    if tied:
        notes.append(f"Rules measured over all futures at once ({', '.join(tied)}) are imposed neither on fresh futures nor on rivals in replications.")
    if not judge.plain:
        notes.append("The risk-adjusted cost counts the worst probabilities around the given ones, which fresh futures say nothing about; it is left out.")
    if judge.lost is None:
        notes.append("The fill rate on fresh futures is left out, because what happens to unmet demand differs between the sites of a product.")
    return notes


def _sampled(judge: Judge, chosen: Chosen, asked: int, remaining: Callable[[], float], notes: list[str]) -> OutOfSample | None:
    sample = try_fresh(judge, chosen.first, asked, remaining())
    found = out_of_sample(judge, sample, asked, (chosen.cost, chosen.probability)) if sample is not None else None
    if found is None:
        notes.append(
            "The plan was not tried on fresh futures: no time was left, or the run was stopped."
            if sample is None
            else "In no fresh future can the hard rules be kept."
        )
    elif found.futures < asked:
        notes.append(f"Only {found.futures:,} of {asked:,} fresh futures were tried: time ran out, or the run was stopped.")
    if found is not None and found.not_kept > 0:
        notes.append(f"In {share(found.not_kept)} of fresh futures a hard rule can't be kept after this first stage; figures are those of the others.")
    return found


def _replicated(scenario: Scenario, judge: Judge, chosen: Chosen, settings: SolveSettings, notes: list[str]) -> Replications | None:
    if not judge.plain:
        notes.append("Replications are left out: the gap is not defined for the worst probabilities around the given ones.")
        return None
    paths = paths_of(scenario)
    average: FirstStage | None = None
    try:
        average = judge.best(average_path(paths)).first
    except OfftakeError as failed:  # the rest does not hang on it
        notes.append(f"No value of the stochastic solution from replications, because the average future has no plan: {failed}")
    done = replicate(judge, chosen.first, average, settings.replications, settings.replication_futures or paths.count)
    found = compare(judge, done)
    if len(done) < settings.replications:
        notes.append(
            f"{settings.replications - len(done)} of {settings.replications} replications were left out: no time, or no plan that keeps the hard rules."
        )
    if done and found is None:
        notes.append("The replications say nothing: this first stage can't be carried through some of their futures without breaking a hard rule.")
    return found


def _stable(scenario: Scenario, judge: Judge, chosen: Chosen, settings: SolveSettings, notes: list[str]) -> Stability | None:
    sizes = shares_of(len(chosen.cost))
    done = run(judge, sizes, settings.stability)
    count = sum(len(x.found) for x in done)
    if count < len(sizes) * settings.stability:
        notes.append(f"{len(sizes) * settings.stability - count} stability runs were left out: no time, or no plan that keeps the hard rules.")
    return stability(scenario, chosen.first, done)


def _rolled(scenario: Scenario, judge: Judge, chosen: Chosen, settings: SolveSettings, notes: list[str]) -> Rolling | None:
    sizes = sizes_of(settings.rolling, BATCHES, 4)
    own = seeds(judge, "rolling", len(sizes) + 1)
    pool = judge.fresh(POOL, next(own))
    parts = [judge.fresh(size, seed) for size, seed in zip(sizes, own, strict=True)]
    paths = joined(parts)
    cost = walk(scenario, chosen.first, paths, pool, settings, judge.enough)
    if cost is None:
        notes.append("Re-planning period by period was left out: no time was left, or the run was stopped.")
        return None
    foresight, clairvoyant = judge.try_out(chosen.first, paths).cost, judge.hindsight(paths)[0]
    result = rolling(Walk([x.probability for x in parts], apart(cost, parts), apart(foresight, parts), apart(clairvoyant, parts)))
    if result is not None and result.stuck > 0:
        notes.append(f"Re-planning could not keep a hard rule later on in {share(result.stuck)} of futures; its figures are those of the others.")
    return result
