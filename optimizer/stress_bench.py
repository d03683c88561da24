"""Where plans are put to the test: futures, the best first stage for some of them, a first stage tried on some of them, and what that costs.

Futures are a fan here: which one has come true is known right after signing, whatever the scenario's tree says, so that first stages of any origin can be
tried on the same futures.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from models.errors import Cancelled, Infeasible, TimeLimit
from models.options import SolveSettings
from models.scenario import Scenario
from models.uncertainty import Generated
from optimizer.tail import risk_adjusted
from optimizer.trial import Best, FirstStage, Trial, best_first_stage, try_out
from scenarios.tree import Floats, Paths, paths_of

LEAST_SECONDS = 1.0  # nothing is begun with less left
SIGNING_RULES = ("exclusive", "requires", "all_or_none", "force", "supplier_count")  # rules about what is signed, not about what happens then


class Short(Exception):
    """Time is up, or the caller has stopped the run: what is found so far has to do."""


@dataclass(frozen=True)
class Bench:
    """The seam between stress tests and the mathematics of a scenario."""

    scenario: Scenario
    paths: Paths  # the futures of all tests
    settings: SolveSettings
    left: Callable[[], float]  # seconds
    stop: threading.Event | None = None
    executor: Executor | None = None  # looks at futures; without one, threads of this process do

    def best(self, paths: Paths, scenario: Scenario | None = None) -> Best | None:
        """The best first stage for `paths`, under the rules and risk of `scenario` (by default the bench's); None where no plan keeps the hard rules."""
        self._go_on()
        within = self.settings.model_copy(update={"time_limit_seconds": max(LEAST_SECONDS, self.left())})
        try:
            found = best_first_stage(scenario or self.scenario, paths, settings=within, stop=self.stop, executor=self.executor)
        except Infeasible:
            return None
        except (TimeLimit, Cancelled):
            raise Short from None
        self._go_on()  # what a search that was cut short has found is no optimum
        return found

    def tried(self, first: FirstStage, paths: Paths, scenario: Scenario | None = None) -> Trial:
        """What `first` costs in each of `paths`."""
        self._go_on()
        try:
            return try_out(scenario or self.scenario, first, paths, threads=self.settings.threads, stop=self.stop, executor=self.executor)
        except Cancelled:
            raise Short from None

    def worth(self, cost: Floats, probability: Floats) -> float:
        """The objective of costs per future."""
        risk = self.scenario.risk
        return risk_adjusted(cost, probability, weight=risk.weight, tail=risk.tail, radius=risk.radius)

    def _go_on(self) -> None:
        if self.left() < LEAST_SECONDS or (self.stop is not None and self.stop.is_set()):
            raise Short


def futures_of(scenario: Scenario, futures: int) -> Paths:
    """The futures that plans are put to the test on: at most `futures` drawn from a generator, otherwise all that are given."""
    generator = scenario.uncertainty
    if isinstance(generator, Generated) and generator.futures > futures:
        from scenarios.sampling import draw  # only here

        return draw(scenario, generator, futures=futures, seed=generator.seed)
    return paths_of(scenario)


def loosened(scenario: Scenario) -> Scenario:
    """The scenario without the hard rules about what happens after signing."""
    return scenario.model_copy(update={"rules": tuple(x for x in scenario.rules if x.violation_price is not None or x.kind in SIGNING_RULES)})


def lost_shares(scenario: Scenario) -> Floats | None:
    """Share of unmet demand that is lost, by product; None where it differs between sites."""
    found = []
    for product in scenario.products:
        shares = {x.lost for x in scenario.shortage if x.product == product.id}
        if len(shares) > 1:
            return None
        found.append(shares.pop() if shares else 1.0)
    return np.array(found)


def fill_rate(trial: Trial, probability: Floats, lost: Floats | None) -> float | None:
    """1 - expected unmet / expected asked for, which is new demand plus what is carried over."""
    if lost is None:
        return None
    carried = (1.0 - lost)[None, :, None] * np.concatenate([np.zeros_like(trial.unmet[:, :, :1]), trial.unmet[:, :, :-1]], axis=2)
    asked = float(probability @ (trial.demand + carried).sum(axis=(1, 2)))
    return 1.0 - float(probability @ trial.unmet.sum(axis=(1, 2))) / asked if asked > 0 else 1.0
