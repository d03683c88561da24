"""What moves in time: factors around base values, outages of suppliers, capacity that rivals lock in.

Factors. With y_t the years of period t, e independent standard normal numbers and the sum of J the jumps of the period,

    x_t = a_t x_(t-1) + s_t e_t + sum J,  x_0 = 0 now,  factor_t = exp(x_t - log E[exp(x_t)]), so that the mean is 1
    autoregression (persistence f, volatility s):  a_t = f^y_t,  s_t^2 = s^2 (1 - f^(2 y_t)) / (1 - f^2)
    geometric (volatility s):                      a_t = 1,  s_t^2 = s^2 y_t
    mean-reverting (speed k, volatility s):        a_t = exp(-k y_t),  s_t^2 = s^2 (1 - exp(-2 k y_t)) / (2 k)
    jumps (rate g, size N(m, d^2)):                N_t ~ Poisson(g y_t) per period, seen in full in the period they come in
    log E[exp(x_t)] = v_t / 2 + sum over u <= t of g y_u (exp(b m + b^2 d^2 / 2) - 1),  b = a_(u+1) ... a_t,  v_t = a_t^2 v_(t-1) + s_t^2

These steps are exact whatever the length of the periods. An outage process alternates exponential times without and random times with an outage; what
counts is the share of each period that it covers. Reference: Glasserman (2003), Monte Carlo Methods in Financial Engineering, chapters 3.1 to 3.5.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.generator import Disruption, Geometric, Jumps, MeanReverting, Rival, Wander
from scenarios.sampling_points import stream
from scenarios.tree import Floats, Ints

LARGEST = 60.0  # of an exponent: exp(60) is beyond every limit of the documents


def wander(terms: Wander, years: Floats, shocks: Floats) -> Floats:
    """The factor of an autoregression from normal `shocks`. [F, T]"""
    keep = terms.persistence**years
    spread = years if terms.persistence == 1.0 else (1.0 - keep**2) / (1.0 - terms.persistence**2)
    return _factor(keep, terms.volatility * np.sqrt(spread), shocks, None, years, np.zeros_like(shocks))


def process(terms: Geometric | MeanReverting, years: Floats, shocks: Floats, seed: int, driver: str) -> Floats:
    """The factor of a price process from normal `shocks`; jumps come from a stream of the driver's own. [F, T]"""
    if isinstance(terms, Geometric):
        keep, spread, growth = np.ones_like(years), years, terms.drift * np.cumsum(years)
    else:
        keep = np.exp(-terms.speed * years)
        spread, growth = -np.expm1(-2.0 * terms.speed * years) / (2.0 * terms.speed), np.zeros_like(years)
    jumped = np.zeros_like(shocks)
    if terms.jumps is not None:
        rng = stream(seed, "jumps", driver)
        arrivals = rng.poisson(terms.jumps.rate_per_year * years, size=shocks.shape)
        jumped = arrivals * terms.jumps.mean + np.sqrt(arrivals) * terms.jumps.deviation * rng.standard_normal(shocks.shape)
    return _factor(keep, terms.volatility * np.sqrt(spread), shocks, terms.jumps, years, jumped) * np.exp(np.minimum(growth, LARGEST))


def _factor(keep: Floats, deviation: Floats, shocks: Floats, jumps: Jumps | None, years: Floats, jumped: Floats) -> Floats:
    """exp(x - log E[exp(x)]) of the recursion in the module's text. `keep` and `deviation` are [T], `shocks` and `jumped` [F, T]."""
    found = np.empty_like(shocks)
    x, variance = np.zeros(len(shocks)), 0.0
    for t in range(shocks.shape[1]):
        x = keep[t] * x + deviation[t] * shocks[:, t] + jumped[:, t]
        variance = keep[t] ** 2 * variance + deviation[t] ** 2
        found[:, t] = np.exp(np.minimum(x - variance / 2 - _jump_mean(jumps, keep, years, t), LARGEST))
    return found


def _jump_mean(jumps: Jumps | None, keep: Floats, years: Floats, t: int) -> float:
    """Logarithm of the mean factor by which jumps up to period t would raise the level."""
    if jumps is None:
        return 0.0
    left = np.append(np.cumprod(keep[1 : t + 1][::-1])[::-1], 1.0)  # what is left in t of a jump in each period up to it
    return float((jumps.rate_per_year * years[: t + 1] * np.expm1(left * jumps.mean + (left * jumps.deviation) ** 2 / 2)).sum())


def outages(terms: Disruption, years: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Share of every period that is disrupted. [F, T]"""
    ends = np.cumsum(years)
    starts = ends - years
    covered = np.zeros((count, len(years)))
    clock = np.zeros(count)
    while terms.rate_per_year > 0 and (clock < ends[-1]).any():
        begin = clock + rng.exponential(1.0 / terms.rate_per_year, count)
        clock = begin + _durations(terms, count, rng)
        covered += np.clip(np.minimum(clock[:, None], ends) - np.maximum(begin[:, None], starts), 0.0, None)
    return np.clip(covered / years, 0.0, 1.0)


def _durations(terms: Disruption, count: int, rng: np.random.Generator) -> Floats:
    if terms.duration == "fixed":
        return np.full(count, terms.mean_years)
    if terms.duration == "exponential":
        return rng.exponential(terms.mean_years, count)
    variance = np.log1p((terms.spread or 0.0) ** 2)
    return np.asarray(terms.mean_years * np.exp(np.sqrt(variance) * rng.standard_normal(count) - variance / 2))


def locked_in(terms: Rival, regime: Ints | None, regimes: tuple[str, ...], uniform: Floats) -> NDArray[np.bool_]:
    """Whether the rival has capacity locked in, per future and period. [F, T]"""
    count, periods = uniform.shape
    chance = np.array([terms.probability_in.get(name, terms.probability) for name in regimes])
    active = np.zeros((count, periods), dtype=bool)
    left = np.zeros(count, dtype=np.int64)
    for t in range(periods):
        likely = terms.probability if regime is None else chance[regime[:, t]]
        left = np.where((left == 0) & (uniform[:, t] < likely), terms.periods, left)
        active[:, t] = left > 0
        left = np.maximum(left - 1, 0)
    return active
