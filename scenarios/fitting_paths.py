"""Where a price may go from here: paths of the fitted process step by step, for the picture of the fit.

    x_(t+1) = a + b x_t + e_t s_h + jumps,   price = exp(mu(r) + x),   from the last deviation, the regime drawn from its last probabilities

with drift (the history's own): the picture shows the fit, not the settings.
"""

from __future__ import annotations

import numpy as np

from scenarios.fitting_prices import PriceFit
from scenarios.fitting_regimes import RegimeFit
from scenarios.sampling_points import stream
from scenarios.tree import Floats


def paths_of(fit: PriceFit, regimes: RegimeFit | None, levels: Floats | None, step_years: float, *, steps: int, count: int, seed: int) -> Floats:
    """`count` paths of a price over `steps` steps after its last value. `levels`: its logarithm in every regime (None: no regimes). [count, steps]"""
    rng = stream(seed, "fit", fit.driver)
    one = fit.chosen
    last = int(np.flatnonzero(~np.isnan(fit.values))[-1])
    x = np.full(count, np.log(fit.values[last]) - fit.centre[last])
    found = np.empty((count, steps))
    within = regimes is not None and levels is not None
    if regimes is not None and levels is not None:
        edges = np.cumsum(regimes.moves, axis=1)
        regime = np.searchsorted(np.cumsum(regimes.probabilities[-1]), rng.random(count)).clip(max=len(levels) - 1)
    for t in range(steps):
        jumped = np.zeros(count)
        if one.jumps:
            arrivals = rng.poisson(one.jumps.rate.value * step_years, count)
            jumped = arrivals * one.jumps.mean.value + np.sqrt(arrivals) * one.jumps.deviation.value * rng.standard_normal(count)
        x = one.shift + one.carry * x + one.deviation * rng.standard_normal(count) + jumped
        if within:
            regime = (rng.random(count)[:, None] >= edges[regime][:, :-1]).sum(axis=1)
        found[:, t] = np.exp(np.minimum(x + (levels[regime] if within and levels is not None else 0.0), 60.0))
    return found
