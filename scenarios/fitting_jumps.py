"""Jumps in a series of changes: a mixture of normals by maximum likelihood, started where a threshold and the bipower variation see them.

With changes r_i = a + e_i s + sum of N_i jumps, N_i ~ Poisson(g h), J ~ N(m, d^2):

    log L = sum over i of log sum over n of exp(-g h) (g h)^n / n! x N(r_i; a + n m, s^2 + n d^2),  n up to MOST_PER_STEP
    start: s^2 = pi / 2 x mean |r_i - a| |r_(i-1) - a| (which single jumps don't raise), jumps where |r_i - a| > THRESHOLD s

The likelihood of a mixture has no bound as s or d go to 0 on top of a data point, so both are kept away from there; a step in more than MOST_SHARE of
which something "jumps" is no jump. References: Ball & Torous (1985), Journal of Finance 40; Barndorff-Nielsen & Shephard (2004), Power and bipower
variation with stochastic volatility and jumps, Journal of Financial Econometrics 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma, log, pi, sqrt

import numpy as np

from scenarios.fitting_parts import Estimate, JumpFit
from scenarios.tree import Floats

MOST_PER_STEP = 4
MOST_SHARE = 0.25
THRESHOLD = 3.0
LEAST_SEEN = 1.5  # jumps that the history is likely to hold, below which there is nothing to fit their sizes to
MOST_STEPS, CLOSE = 300, 1e-10  # of the search; the likelihood's logarithm is known to so much
FLOOR = 0.2  # of the start's s, below which neither s nor d goes
LARGEST_MEAN, LARGEST_DEVIATION, LARGEST_RATE = 2.0, 1.0, 12.0  # of the documents
_LOGARITHMIC = np.array([False, True, True, False, True])  # which of a, s, g h, m, d the search moves as logarithms
_NUMBERS = np.arange(MOST_PER_STEP + 1)
_LOG_FACTORIALS = np.array([lgamma(n + 1) for n in _NUMBERS])


@dataclass(frozen=True)
class Jumping:
    """Changes with jumps: a, s (both per step) and the jumps."""

    shift: Estimate
    deviation: Estimate
    jumps: JumpFit
    log_likelihood: float


def fit_jumps(changes: Floats, step_years: float) -> Jumping | None:
    """The jumps of `changes`; None where there are too few to speak of."""
    from scipy.optimize import minimize

    middle = float(np.median(changes))
    around = np.abs(changes - middle)
    bipower = sqrt(pi / 2 * float(np.mean(around[1:] * around[:-1])))
    if bipower <= 0 or bipower < 1e-6 * float(around.max()):
        return None
    far = around > THRESHOLD * bipower
    if not far.any():
        return None
    most = min(MOST_SHARE, LARGEST_RATE * step_years)
    scale = np.array([bipower, bipower, 1.0, bipower, bipower])  # so that the search sees numbers around 1
    bounds = ((None, None), (log(FLOOR), log(5.0)), (log(1e-5), log(most)),
              (-LARGEST_MEAN / bipower, LARGEST_MEAN / bipower), (log(FLOOR), log(max(LARGEST_DEVIATION / bipower, 1.0))))  # fmt: skip
    jumped = (changes[far] - middle) / bipower
    share = min(float(far.mean()), most)
    starts = [(float(jumped.mean()), max(float(jumped.std()), 1.0)), (0.0, 3.0)]

    def cost(z: Floats) -> tuple[float, Floats]:
        value, slope = _likelihood(changes, _natural(z, scale))
        return -value, -slope * np.where(_LOGARITHMIC, _natural(z, scale), scale)

    runs = []
    for mean, spread in starts:
        z = np.array([middle / bipower, log(0.9), log(share), mean, log(spread)])
        z = np.array([np.clip(value, -np.inf if low is None else low, np.inf if high is None else high) for value, (low, high) in zip(z, bounds, strict=True)])
        runs.append(minimize(cost, z, jac=True, method="SLSQP", bounds=bounds, options={"maxiter": MOST_STEPS, "ftol": CLOSE}))
    best = min(runs, key=lambda run: float(run.fun))
    theta = _natural(np.asarray(best.x), scale)
    expected = float(_posterior(changes, theta) @ np.ones(len(changes)))
    if expected < LEAST_SEEN or theta[2] > 0.999 * most:
        return None
    shift, deviation, per_step, mean_size, spread_size = (Estimate(float(v), float(e)) for v, e in zip(theta, _errors(changes, theta), strict=True))
    rate = Estimate(per_step.value / step_years, per_step.error / step_years)
    return Jumping(shift, deviation, JumpFit(rate, mean_size, spread_size, expected), -float(best.fun))


def _natural(z: Floats, scale: Floats) -> Floats:
    """a, s, g h, m, d from what the search moves."""
    return np.array([z[0], np.exp(z[1]), np.exp(z[2]), z[3], np.exp(z[4])]) * scale


def _parts(changes: Floats, theta: Floats) -> Floats:
    """Logarithm of every term of the mixture. [n, MOST_PER_STEP + 1]"""
    a, s, share, m, d = theta
    variance = s**2 + _NUMBERS * d**2
    weight = _NUMBERS * np.log(share) - share - _LOG_FACTORIALS
    off = changes[:, None] - a - _NUMBERS * m
    return np.asarray(weight - 0.5 * (np.log(2 * pi * variance) + off**2 / variance))


def _densities(changes: Floats, theta: Floats) -> Floats:
    """Logarithm of the density of every change."""
    parts = _parts(changes, theta)
    top = parts.max(axis=1)
    return np.asarray(top + np.log(np.exp(parts - top[:, None]).sum(axis=1)))


def _likelihood(changes: Floats, theta: Floats) -> tuple[float, Floats]:
    """Logarithm of the likelihood and its slope in a, s, g h, m, d. Slopes of a mixture are those of its terms, weighed by their shares."""
    a, s, share, m, d = theta
    parts = _parts(changes, theta)
    top = parts.max(axis=1, keepdims=True)
    weight = np.exp(parts - top)
    total = weight.sum(axis=1, keepdims=True)
    weight /= total
    variance = s**2 + _NUMBERS * d**2
    off = (changes[:, None] - a - _NUMBERS * m) / variance
    wide = off**2 - 1 / variance
    slope = [(weight * x).sum() for x in (off, s * wide, _NUMBERS / share - 1, _NUMBERS * off, _NUMBERS * d * wide)]
    return float((top + np.log(total)).sum()), np.array(slope)


def _posterior(changes: Floats, theta: Floats) -> Floats:
    """Expected number of jumps in every step."""
    parts = _parts(changes, theta)
    share = np.exp(parts - parts.max(axis=1, keepdims=True))
    return np.asarray((share / share.sum(axis=1, keepdims=True)) @ _NUMBERS)


def _errors(changes: Floats, theta: Floats) -> Floats:
    """Standard errors from the observed information; NaN where it is not positive definite (at a limit, say)."""
    step = 1e-5 * np.maximum(np.abs(theta), 1e-2 * theta[1])
    sides = [[_likelihood(changes, theta + sign * move)[1] for sign in (1, -1)] for move in np.diag(step)]
    information = np.array([(down - up) / (2 * h) for (up, down), h in zip(sides, step, strict=True)])
    information = (information + information.T) / 2
    try:
        np.linalg.cholesky(information)
    except np.linalg.LinAlgError:
        return np.full(len(theta), np.nan)
    return np.asarray(np.sqrt(np.diag(np.linalg.inv(information))))
