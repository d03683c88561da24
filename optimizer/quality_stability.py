"""How the award changes with the number of futures and the seed: the best first stage for several draws of n, n/2, n/4 and n/8 futures.

Reference: Kaut & Wallace (2007), Evaluation of scenario-generation methods for stochastic programming, Pacific Journal of Optimization 3 (in-sample
stability: what is decided must not hang on which sample was drawn).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.errors import OfftakeError
from models.quality import Stability, StabilityLine, StabilityOffer
from models.scenario import Scenario
from optimizer.quality_judge import Judge, seeds
from optimizer.trial import Best, FirstStage
from scenarios.tree import Floats

FEWEST = 10  # futures below which no run says anything


@dataclass(frozen=True)
class Runs:
    """The best first stages for several draws of as many futures."""

    futures: int
    found: tuple[Best, ...]


def shares_of(futures: int) -> list[int]:
    """Numbers of futures to try: an eighth, a quarter, half of the plan's, and as many; none below FEWEST but the plan's own."""
    return sorted({futures, *(futures // k for k in (2, 4, 8) if futures // k >= FEWEST)})


def run(judge: Judge, sizes: Sequence[int], runs: int) -> list[Runs]:
    """`runs` draws of each size, those that have a plan and for which there is time."""
    done = []
    for size in sizes:
        found = []
        for seed in seeds(judge, f"stability {size}", runs):
            if judge.enough():
                break
            try:
                found.append(judge.best(judge.fresh(size, seed)))
            except OfftakeError:
                continue  # no time, or no plan that keeps the hard rules
        if found:
            done.append(Runs(size, tuple(found)))
    return done


def signed(first: FirstStage) -> frozenset[int]:
    """Offers that a first stage signs now, by index."""
    return frozenset(int(key[0]) for key, value in first["signed"].items() if value > 0.5)


def committed(first: FirstStage) -> dict[tuple[int, int], float]:
    """Committed volume over the window by offer and (the offer's own) product, of what is signed now."""
    offers, found = signed(first), dict[tuple[int, int], float]()
    for (o, _, p, *_), value in first["volume"].items():
        if o in offers:
            found[o, p] = found.get((o, p), 0.0) + value
    return found


def stability(scenario: Scenario, first: FirstStage, done: Sequence[Runs]) -> Stability | None:
    """The table; offers that are signed nowhere are left out. None without runs."""
    ours = committed(first)
    lines, offers = [], []
    for runs in done:
        objective = np.array([x.objective for x in runs.found])
        lines.append(
            StabilityLine(
                futures=runs.futures,
                runs=len(runs.found),
                same_award=sum(signed(x.first) == signed(first) for x in runs.found),
                objective_mean=float(objective.mean()),
                objective_spread=_spread(objective),
            )
        )
    volumes = [[committed(x.first) for x in runs.found] for runs in done]
    seen = sorted({key for each in volumes for one in each for key in one} | set(ours))
    for runs, each in zip(done, volumes, strict=True):
        for o, p in seen:
            offer, amount = scenario.offers[o], np.array([one.get((o, p), 0.0) for one in each])
            offers.append(
                StabilityOffer(
                    futures=runs.futures,
                    offer=offer.id,
                    product=offer.products[p],
                    signed_share=float(np.mean([o in signed(x.first) for x in runs.found])),
                    volume_mean=float(amount.mean()),
                    volume_spread=_spread(amount),
                    plan_volume=ours.get((o, p), 0.0),
                )
            )
    return Stability(lines=tuple(lines), offers=tuple(offers)) if lines else None


def _spread(values: Floats) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else 0.0
