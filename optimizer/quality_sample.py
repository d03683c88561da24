"""The plan's first stage tried on fresh futures, in batches that are drawn independently of each other.

The figures of a plan on the futures it was chosen with flatter it (the expected optimum of a sample is never above the true one); on futures it has not
seen they do not. Recourse is that of a fan: a future is known right after signing, as in the plan itself.
Reference: Mak, Morton & Wood (1999), Monte Carlo bounding techniques for determining solution quality in stochastic programs, OR Letters 24.
"""

from __future__ import annotations

import time
from dataclasses import fields

import numpy as np

from models.errors import Cancelled
from models.quality import CostQuantile, FigureEstimate, OutOfSample
from optimizer.quality_chains import apart, joined
from optimizer.quality_estimates import CONFIDENCE, METHOD, Sample, figures_of, pool, quantile
from optimizer.quality_judge import BATCHES, Judge, seeds
from optimizer.trial import CHUNK, FirstStage, Trial
from scenarios.tree import Floats

FEWEST = 3  # batches without which there is no interval
LEVELS = tuple(round(0.01 * k, 2) for k in (1, *range(5, 96, 5), 96, 97, 98, 99))


def try_fresh(judge: Judge, first: FirstStage, futures: int, left: float = np.inf) -> Sample | None:
    """`first` on `futures` fresh futures in BATCHES batches; fewer batches when the seconds that are left don't allow for more, None below FEWEST."""
    sizes = sizes_of(futures, BATCHES, 2)
    each = max(1, CHUNK // max(sizes))  # batches tried together, because trials of many futures are cheaper
    trials: list[Trial] = []
    weights: list[Floats] = []
    longest, ends, own = 0.0, time.monotonic() + left, list(seeds(judge, "fresh futures", len(sizes)))
    for start in range(0, len(sizes), each):
        began = time.monotonic()
        if judge.enough() or began + longest > ends:
            break
        parts = [judge.fresh(size, seed) for size, seed in zip(sizes[start : start + each], own[start : start + each], strict=True)]
        try:
            found = judge.try_out(first, joined(parts))
        except Cancelled:
            break
        trials += [Trial(*x) for x in zip(*(apart(getattr(found, f.name), parts) for f in fields(Trial)), strict=True)]
        weights += [x.probability for x in parts]
        longest = max(longest, time.monotonic() - began)
    return pool(trials, weights, judge.lost) if len(trials) >= FEWEST else None


def sizes_of(futures: int, batches: int, least: int) -> list[int]:
    """Futures of each batch: `batches` of about the same size, fewer where they would hold less than `least`; never fewer than FEWEST batches."""
    count = max(FEWEST, min(batches, futures // least))
    return [max(1, len(part)) for part in np.array_split(np.arange(futures), count)]


def out_of_sample(judge: Judge, sample: Sample, asked: int, chosen: tuple[Floats, Floats]) -> OutOfSample | None:
    """What the trial says. `chosen`: cost and probability of the futures the plan was made for. None where no future keeps the hard rules."""
    if not len(sample.cost):
        return None
    figures = figures_of(sample, judge.risk_weight, judge.tail)
    if not judge.plain:
        del figures["objective"]  # the worst probabilities put weight on the dearest future of a sample, which is no figure of the market's
    return OutOfSample(
        futures=sample.tried,
        asked=asked,
        batches=sample.batches,
        confidence=CONFIDENCE,
        figures=tuple(FigureEstimate.model_validate({"figure": name, "value": x.value, "low": x.low, "high": x.high}) for name, x in figures.items()),
        quantiles=tuple(CostQuantile(level=level, chosen=quantile(*chosen, level), fresh=quantile(sample.cost, sample.weight, level)) for level in LEVELS),
        not_kept=sample.not_kept,
        method=METHOD,
    )
