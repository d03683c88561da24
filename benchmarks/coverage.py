"""How often intervals hold the truth: `python -m benchmarks.coverage [--repetitions 200] [--futures 2000] [--engine]` prints a table.

A 95 % interval should hold the true figure in about 95 of 100 repetitions, each with futures of its own. The truth is the newsvendor's closed form, with
exponential demand, and with lognormal demand where futures come from the engine's generator. With `--engine` costs come from the engine's own trial
as well; that takes minutes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from benchmarks.newsvendor import MEAN, UNIT, Newsvendor, committing, lognormal, one_period, try_out
from models.options import SolveSettings
from optimizer.quality_estimates import figures_of
from optimizer.quality_judge import Judge, judge_of
from optimizer.quality_replications import compare, replicate
from optimizer.quality_sample import try_fresh
from optimizer.trial import FirstStage

VOLUME = 130.0
SHOWN = ("expected_cost", "cvar", "objective", "cost_p95", "cost_p99", "fill_rate", "shortage_probability")
REPLICATIONS, EACH = 10, 200


def main() -> None:
    """Print the tables that the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--futures", type=int, default=2_000)
    parser.add_argument("--engine", action="store_true")
    given = parser.parse_args()
    began = time.perf_counter()
    print(f"Share of {given.repetitions:,} repetitions in which a 95 % interval holds the true figure; {given.futures:,} fresh futures each.\n")
    print(f"| futures drawn | {' | '.join(name.replace('_', ' ') for name in SHOWN)} |\n|---|{'---:|' * len(SHOWN)}")
    for name, found in fresh(given.repetitions, given.futures):
        print(f"| {name} | {' | '.join(f'{100 * found[x]:.1f} %' if x in found else '' for x in SHOWN)} |", flush=True)
    for name, engine in (("generator of the engine", False), *((("generator and trial of the engine", True),) if given.engine else ())):
        found = through_the_generator(given.repetitions, given.futures, engine=engine)
        print(f"| {name} | {' | '.join(f'{100 * found[x]:.1f} %' if x in found else '' for x in SHOWN)} |", flush=True)
    print(f"\nThe same for replications ({REPLICATIONS} of {EACH} futures; one-sided limit for the gap).\n")
    print("| risk weight | plan | true gap | mean limit | gap | EVPI | VSS |\n|---:|---|---:|---:|---:|---:|---:|")
    for row in gaps(given.repetitions):
        print(f"| {' | '.join(row)} |", flush=True)
    print(f"\n{time.perf_counter() - began:,.0f} s")


def fresh(repetitions: int, futures: int) -> Iterator[tuple[str, dict[str, float]]]:
    """Coverage of every figure, for each way of drawing futures."""
    ways = {
        "independent": Newsvendor(risk_weight=0.5),
        "independent, in strata": Newsvendor(risk_weight=0.5, stratified=True),
        "antithetic": Newsvendor(risk_weight=0.5, sampling="antithetic"),
        "scrambled Sobol": Newsvendor(risk_weight=0.5, sampling="sobol"),
        "scrambled Sobol, in strata": Newsvendor(risk_weight=0.5, sampling="sobol", stratified=True),
    }
    for name, newsvendor in ways.items():
        yield name, covered(lambda r, who=newsvendor: who.repeated(r).judge(), committing(VOLUME), newsvendor.truth(VOLUME), repetitions, futures)  # type: ignore[misc]


def covered(judge: Callable[[int], Judge], first: FirstStage, truth: dict[str, float], repetitions: int, futures: int) -> dict[str, float]:
    """Share of the repetitions in which the interval of each figure holds its true value."""
    hits = dict.fromkeys(truth, 0)
    for r in range(1, repetitions + 1):
        sample = try_fresh(judge(r), first, futures)
        assert sample is not None
        for name, found in figures_of(sample, judge(r).risk_weight, judge(r).tail).items():
            if name in hits:
                hits[name] += found.low <= truth[name] <= found.high
    return {name: count / repetitions for name, count in hits.items()}


def through_the_generator(repetitions: int, futures: int, *, engine: bool) -> dict[str, float]:
    """The same on a scenario with lognormal demand and the generator's own draws; costs by formula, or by the engine's own trial."""
    judge = judge_of(one_period(), SolveSettings(), lambda: 3600.0, None)
    assert judge is not None
    judge = judge if engine else replace(judge, try_out=try_out)
    return covered(lambda r: replace(judge, seed=r), committing(1200.0), lognormal(1200.0), repetitions, futures)


def gaps(repetitions: int) -> Iterator[tuple[str, ...]]:
    """Coverage of the gap's limit and of the intervals of EVPI and VSS, for poor plans and the best one."""
    for risk_weight, volume in ((0.0, 60.0), (0.0, 120.0), (0.0, None), (0.5, 90.0), (0.5, 120.0), (0.5, None)):
        newsvendor = Newsvendor(risk_weight=risk_weight)
        best = newsvendor.optimum()
        x = best if volume is None else volume
        least, true = newsvendor.truth(best)["objective"], newsvendor.gap(x)
        known = (1.0 - risk_weight) * UNIT * MEAN + risk_weight * UNIT * MEAN * (1.0 - float(np.log(newsvendor.tail)))
        limits, hits = [], np.zeros(2)
        for r in range(1, repetitions + 1):
            judge = newsvendor.repeated(r).judge()
            found = compare(judge, replicate(judge, committing(x), committing(MEAN), REPLICATIONS, EACH))
            assert found is not None
            assert found.evpi is not None
            assert found.vss is not None
            limits.append(found.gap_high)
            hits += found.evpi.low <= least - known <= found.evpi.high, found.vss.low <= newsvendor.gap(MEAN) <= found.vss.high
        shares = (np.mean(np.array(limits) >= true), *(hits / repetitions))
        plan = "the best" if volume is None else f"commits {volume:g}"
        yield (f"{risk_weight:g}", plan, f"{true:,.1f}", f"{np.mean(limits):,.1f}", *(f"{100 * share:.1f} %" for share in shares))


if __name__ == "__main__":
    main()
