"""The newsvendor as a sourcing problem of one period, with everything about it known in closed form.

x is committed at c a unit, demand D is exponential with mean m, what is unmet costs s a unit:  cost = c x + s (D - x)+.

    E cost = c x + s m e^{-x/m}     P(short) = e^{-x/m}     fill rate = 1 - e^{-x/m}     q_p = c x + s (-m ln(1 - p) - x)+
    CVaR = c x + s (q_D + m - x) if q_D = -m ln(tail) >= x,   c x + s m e^{-x/m} / tail otherwise
    risk-adjusted cost is least where (1 - weight) e^{-x/m} + weight min(1, e^{-x/m} / tail) = c/s
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.scenario import Scenario
from optimizer.quality_judge import Judge
from optimizer.trial import Best, FirstStage, Trial
from scenarios.files import scenario_from
from scenarios.sampling_points import Sampling, points, stream
from scenarios.tree import Floats, Paths, States

UNIT, SHORT, MEAN = 10.0, 40.0, 100.0
COARSE = 0.2  # probability of the upper stratum's demand, and how much more often it is drawn
OVER = 0.5


@dataclass(frozen=True)
class Newsvendor:
    """One newsvendor, and where its futures come from."""

    risk_weight: float = 0.0
    tail: float = 0.1
    sampling: Sampling = "monte_carlo"
    stratified: bool = False
    seed: int = 1

    def fresh(self, futures: int, seed: int) -> Paths:
        """Futures; stratified ones overdraw large demand, with lower weights to make up for it."""
        uniform = points(futures, 1, self.sampling, stream(seed, "newsvendor"))[:, 0]
        weight = np.full(futures, 1.0 / futures)
        if self.stratified:
            large = round(OVER * futures)
            upper = points(large, 1, self.sampling, stream(seed, "large"))[:, 0]
            lower = points(futures - large, 1, self.sampling, stream(seed, "small"))[:, 0]
            uniform = np.concatenate([1.0 - COARSE * upper, (1.0 - COARSE) * lower])
            weight = np.concatenate([np.full(large, COARSE / large), np.full(futures - large, (1.0 - COARSE) / (futures - large))])
        return paths_with(-MEAN * np.log1p(-uniform), weight)

    def judge(self) -> Judge:
        """The judge of this newsvendor's first stages."""
        return Judge(
            fresh=self.fresh,
            try_out=try_out,
            best=self.best,
            rival=self.best,
            hindsight=lambda paths: (UNIT * demand_of(paths), UNIT * demand_of(paths)),
            risk_weight=self.risk_weight,
            tail=self.tail,
            seed=self.seed,
            lost=np.ones(1),
        )

    def best(self, paths: Paths) -> Best:
        """The best volume for some futures: the objective is convex and piecewise linear, so its derivative changes sign at some future's demand."""
        order = np.argsort(demand_of(paths))
        demand, weight = demand_of(paths)[order], paths.probability[order]
        above = 1.0 - np.cumsum(weight)  # weight of larger demands
        slope = UNIT - SHORT * ((1.0 - self.risk_weight) * above + self.risk_weight * np.minimum(1.0, above / self.tail))
        x = float(demand[int(np.argmax(slope >= -1e-12))])
        cost = UNIT * x + SHORT * np.maximum(demand_of(paths) - x, 0.0)
        worst = np.sort(cost)[::-1], paths.probability[np.argsort(-cost, kind="stable")]
        kept = np.clip(self.tail - (np.cumsum(worst[1]) - worst[1]), 0.0, worst[1])
        objective = (1.0 - self.risk_weight) * float(paths.probability @ cost) + self.risk_weight * float(worst[0] @ kept) / self.tail
        return Best(committing(x), objective, objective, cost)

    def optimum(self) -> float:
        """The best volume for the true demand."""
        low, high = 0.0, 50.0 * MEAN
        for _ in range(200):
            x = (low + high) / 2
            e = np.exp(-x / MEAN)
            low, high = (x, high) if (1.0 - self.risk_weight) * e + self.risk_weight * min(1.0, e / self.tail) > UNIT / SHORT else (low, x)
        return low

    def truth(self, x: float) -> dict[str, float]:
        """True figures of a committed volume."""
        missed = float(np.exp(-x / MEAN))
        mean = UNIT * x + SHORT * MEAN * missed
        edge = -MEAN * float(np.log(self.tail))
        cvar = UNIT * x + (SHORT * (edge + MEAN - x) if edge >= x else SHORT * MEAN * missed / self.tail)
        quantiles = {f"cost_p{p}": UNIT * x + SHORT * max(-MEAN * float(np.log1p(-p / 100)) - x, 0.0) for p in (95, 99)}
        objective = (1.0 - self.risk_weight) * mean + self.risk_weight * cvar
        return {"expected_cost": mean, "cvar": cvar, "objective": objective, "shortage_probability": missed, "fill_rate": 1.0 - missed} | quantiles

    def gap(self, x: float) -> float:
        """What committing x costs more than the best volume."""
        return self.truth(x)["objective"] - self.truth(self.optimum())["objective"]

    def repeated(self, seed: int) -> Newsvendor:
        """The same with other futures."""
        return replace(self, seed=seed)


def committing(x: float) -> FirstStage:
    """The first stage that commits x."""
    return {"signed": {(0, 0): 1.0}, "volume": {(0, 0, 0, 0): x}, "opened": {}}


def demand_of(paths: Paths) -> Floats:
    """Demand of every future. [F]"""
    return paths.states.demand[:, 0, 0, 0]


def paths_with(demand: Floats, weight: Floats) -> Paths:
    """Futures of one period that differ in demand."""
    none = np.zeros((len(demand), 1, 0))
    states = States(demand[:, None, None, None], none, none, none, np.ones((len(demand), 1, 1)), np.zeros((len(demand), 1, 1)), none, none)
    return Paths(tuple(map(str, range(len(demand)))), weight, states)


def try_out(first: FirstStage, paths: Paths) -> Trial:
    """What a first stage costs in every future."""
    x, demand = first["volume"][0, 0, 0, 0], demand_of(paths)
    unmet = np.maximum(demand - x, 0.0)
    return Trial(UNIT * x + SHORT * unmet, np.full(len(demand), UNIT * x), unmet[:, None, None], demand[:, None, None])


def one_period(*, futures: int = 64, **changes: Any) -> Scenario:
    """The newsvendor as a scenario: lognormal demand of mean 1,000 and volatility 0.4, firm volumes at 10, what is unmet costs 40."""
    return scenario_from(
        {
            "format": "offtake/1",
            "name": "newsvendor",
            "periods": ["2027"],
            "sites": [{"id": "campus"}],
            "products": [{"id": "cable", "unit": "km"}],
            "suppliers": [{"id": "maker"}],
            "demand": [{"site": "campus", "product": "cable", "volume": [1000.0]}],
            "shortage": [{"product": "cable", "kind": "lost", "cost_per_unit": 40.0}],
            "offers": [
                {
                    "id": "firm",
                    "supplier": "maker",
                    "products": ["cable"],
                    "window": {"start": "2027", "periods": 1},
                    "alternatives": [{"id": "base", "price": 10.0, "volume_per_period": {"min": 0.0, "max": 5000.0}}],
                    "clauses": [{"kind": "volume_band", "down": 0.0, "up": 0.0}],
                }
            ],
            "risk": {"weight": 0.0, "tail": 0.05},
            "uncertainty": {"kind": "generated", "futures": futures, "seed": 5, "demand": {"common": {"volatility": 0.4, "persistence": 1.0}}},
        }
        | changes
    )


def lognormal(volume: float, sigma: float = 0.4, mean: float = 1000.0) -> dict[str, float]:
    """True figures of a firm volume at 10 a unit, shortage at 40, lognormal demand; the tail is 0.05 (`one_period`)."""
    from scipy.stats import norm

    mu = np.log(mean) - sigma**2 / 2

    def missed_beyond(x: float) -> float:
        d = (mu - np.log(x)) / sigma
        return float(mean * norm.cdf(d + sigma) - x * norm.cdf(d))

    edge = float(np.exp(mu + sigma * norm.ppf(0.95)))
    quantile = {p: float(np.exp(mu + sigma * norm.ppf(p))) for p in (0.95, 0.99)}
    return {
        "expected_cost": 10 * volume + 40 * missed_beyond(volume),
        "cvar": 10 * volume + 40 * (edge - volume + missed_beyond(edge) / 0.05),
        "shortage_probability": float(norm.sf((np.log(volume) - mu) / sigma)),
        "fill_rate": 1 - missed_beyond(volume) / mean,
        "cost_p95": 10 * volume + 40 * max(0.0, quantile[0.95] - volume),
        "cost_p99": 10 * volume + 40 * max(0.0, quantile[0.99] - volume),
    }
