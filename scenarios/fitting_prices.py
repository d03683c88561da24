"""How a price, an index or a rate moves: three processes of its logarithm x, each fitted by maximum likelihood, the one with the least BIC taken.

With h the years from row to row, e standard normal, N Poisson(g h) and J normal(m, d^2):

    geometric        x_i = x_(i-1) + a + e_i s_h                 volatility s = s_h / sqrt(h)
    mean-reverting   x_i = a + b x_(i-1) + e_i s_h               speed k = -log(b) / h,  s^2 = s_h^2 2 k / (1 - b^2)
    with jumps       + the sum of N_i jumps J                    a mixture of normals: sum over n of Poisson(n; g h) N(n m, s_h^2 + n d^2)
    BIC              p log(n) - 2 log L,  p parameters, n changes

Both first forms are exact, not approximations in h; least squares is maximum likelihood given the first value. Least squares finds too fast a return in
short histories: b is corrected by (1 + 3 b) / n (Kendall). Standard errors: closed forms, or the inverse of the observed information (numerical Hessian)
where there are jumps; drift of the mean is a / h + s^2 / 2 + g (E[exp(J)] - 1).
References: Tang & Chen (2009), Parameter estimation and bias correction for diffusion processes, Journal of Econometrics 149; Ball & Torous (1985), On
jumps in common stock prices and their impact on call option pricing, Journal of Finance 40; Kendall (1954), Note on bias in the estimation of
autocorrelation, Biometrika 41.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, log, pi, sqrt
from typing import Literal

import numpy as np

from scenarios.fitting_jumps import fit_jumps
from scenarios.fitting_parts import Estimate, JumpFit
from scenarios.tree import Floats

LEAST_REVERTING = 16  # changes, below which a return to a mean can't be told from chance
LEAST_JUMPING = 36
FASTEST = 50.0  # of the documents
Kind = Literal["geometric", "mean_reverting"]


@dataclass(frozen=True)
class Candidate:
    """One process that was tried. `carry` is b, `shift` is a, `deviation` is s_h of the module's text."""

    kind: Kind
    jumps: JumpFit | None
    carry: float
    shift: float
    deviation: float
    errors: tuple[float, float, float]
    """Standard errors of carry, shift and deviation; NaN where the data don't tell."""
    log_likelihood: float
    parameters: int
    count: int
    """Changes that it was fitted to."""

    @property
    def bic(self) -> float:
        """Bayesian information criterion; less is better."""
        return self.parameters * log(self.count) - 2 * self.log_likelihood

    @property
    def words(self) -> str:
        """What it is called in sentences."""
        name = {"geometric": "a geometric random walk", "mean_reverting": "a return to a mean"}[self.kind]
        return f"{name} with jumps" if self.jumps else name


@dataclass(frozen=True)
class PriceFit:
    """The process chosen for one driver, per year."""

    driver: str
    column: str
    chosen: Candidate
    tried: tuple[Candidate, ...]
    """All candidates, the best first."""
    volatility: Estimate
    drift: Estimate
    """Growth of the mean per year (geometric only; a return to a mean has none)."""
    speed: Estimate | None
    level: float
    """The price around which everything moves: the long-run mean, or the last price of a random walk."""
    values: Floats
    """The history, NaN outside. [T]"""
    centre: Floats
    """Logarithm of what the process moves around at every row (the regimes' part; otherwise 0). [T]"""
    shocks: Floats
    """Changes that the process did not foresee, in standard deviations. [T], NaN outside."""
    step_years: float
    """Years from row to row."""

    @property
    def half_life(self) -> float | None:
        """Years after which half of a deviation is gone."""
        return log(2) / self.speed.value if self.speed else None


def fit_price(driver: str, column: str, values: Floats, step_years: float, centre: Floats | None = None, chosen: Kind | None = None) -> PriceFit:
    """The process of `values` (a price, NaN outside its record). `centre` is taken off the logarithm first. `chosen` takes one kind without jumps,
    whatever BIC says, where it was tried.
    """
    centre = np.zeros(len(values)) if centre is None else centre
    x = np.log(values) - centre
    tried = sorted(candidates(x[~np.isnan(x)], step_years), key=lambda one: one.bic)
    plain = (one for one in tried if one.kind == chosen and one.jumps is None)
    return price_of(driver, column, values, centre, next(plain, tried[0]), tuple(tried), step_years)


def price_of(driver: str, column: str, values: Floats, centre: Floats, one: Candidate, tried: tuple[Candidate, ...], step_years: float) -> PriceFit:
    """What `one` says of `values` per year, and the shocks that it leaves."""
    x = np.log(values) - centre
    known = np.flatnonzero(~np.isnan(x))
    inside = x[known[0] : known[-1] + 1]
    variance = one.deviation**2 + (one.jumps.variance * one.jumps.rate.value * step_years if one.jumps else 0.0)
    expected = one.shift + (one.jumps.rate.value * step_years * one.jumps.mean.value if one.jumps else 0.0)
    shocks = np.full(len(x), np.nan)
    shocks[known[0] + 1 : known[-1] + 1] = (inside[1:] - one.carry * inside[:-1] - expected) / sqrt(variance)
    volatility, speed = _per_year(one, step_years)
    level = exp(inside[-1]) if one.kind == "geometric" else exp(_mean(one, step_years) + _spread(one, step_years) / 2)
    return PriceFit(driver, column, one, tried, volatility, _drift(one, volatility, step_years), speed, level, values, centre, shocks, step_years)


def candidates(x: Floats, step_years: float) -> list[Candidate]:
    """Every process that `x` (logarithms, no gaps) is long enough for."""
    found = [_geometric(x)]
    if len(x) - 1 >= LEAST_REVERTING:
        found += [reverting] if (reverting := _reverting(x, step_years)) else []
    if len(x) - 1 >= LEAST_JUMPING:
        found += [with_jumps for one in list(found) if (with_jumps := _jumping(one, x, step_years))]
    return found


def _geometric(x: Floats) -> Candidate:
    changes = np.diff(x)
    n = len(changes)
    shift, deviation = float(changes.mean()), float(max(changes.std(ddof=1), 1e-9))
    errors = (0.0, deviation / sqrt(n), deviation / sqrt(2 * (n - 1)))
    return Candidate("geometric", None, 1.0, shift, deviation, errors, _normal(changes - shift), 2, n)


def _reverting(x: Floats, step_years: float) -> Candidate | None:
    """Mean reversion by least squares, its bias taken off; None where nothing returns."""
    before, after = x[:-1], x[1:]
    n = len(after)
    centred = before - before.mean()
    square = float(centred @ centred)
    if square <= 1e-18:
        return None
    b = float(centred @ after / square)
    left = after - after.mean() - b * centred
    deviation = sqrt(max(float(left @ left) / (n - 2), 1e-18))
    carry = max(b + (1 + 3 * b) / n, exp(-FASTEST * step_years))
    if carry >= 1:
        return None
    shift = float(after.mean() - carry * before.mean())
    errors = (deviation / sqrt(square), deviation / sqrt(n), deviation / sqrt(2 * (n - 2)))
    return Candidate("mean_reverting", None, carry, shift, deviation, errors, _normal(left), 3, n)


def _jumping(plain: Candidate, x: Floats, step_years: float) -> Candidate | None:
    """`plain` with jumps; the carry stays as it was corrected."""
    found = fit_jumps(x[1:] - plain.carry * x[:-1], step_years)
    if found is None:
        return None
    errors = (plain.errors[0], found.shift.error, found.deviation.error)
    return replace(
        plain,
        jumps=found.jumps,
        shift=found.shift.value,
        deviation=found.deviation.value,
        errors=errors,
        log_likelihood=found.log_likelihood,
        parameters=plain.parameters + 3,
    )


def _normal(left: Floats) -> float:
    """Logarithm of the greatest likelihood of normal residuals."""
    variance = max(float(left @ left) / len(left), 1e-18)
    return -len(left) / 2 * (log(2 * pi * variance) + 1)


def _per_year(one: Candidate, h: float) -> tuple[Estimate, Estimate | None]:
    """Volatility and, for a return to a mean, its speed."""
    _, _, error = one.errors
    if one.kind == "geometric":
        return Estimate(one.deviation / sqrt(h), error / sqrt(h)), None
    k = -log(one.carry) / h
    speed = Estimate(k, one.errors[0] / (one.carry * h))
    factor = sqrt(2 * k / -np.expm1(-2 * k * h))
    by_speed = (one.deviation * (_factor(k * 1.001, h) - _factor(k * 0.999, h)) / (0.002 * k)) * speed.error
    return Estimate(one.deviation * factor, float(np.hypot(error * factor, by_speed))), speed


def _factor(k: float, h: float) -> float:
    return float(sqrt(2 * k / -np.expm1(-2 * k * h)))


def _mean(one: Candidate, h: float) -> float:
    """The logarithm to which the process returns, its jumps included."""
    jumped = one.jumps.rate.value * h * one.jumps.mean.value if one.jumps else 0.0
    return (one.shift + jumped) / (1 - one.carry)


def _spread(one: Candidate, h: float) -> float:
    """Variance of the logarithm in the long run."""
    jumped = one.jumps.rate.value * h * one.jumps.variance if one.jumps else 0.0
    return (one.deviation**2 + jumped) / (1 - one.carry**2)


def _drift(one: Candidate, volatility: Estimate, h: float) -> Estimate:
    if one.kind == "mean_reverting":
        return Estimate(0.0, 0.0)
    jumped = one.jumps.rate.value * one.jumps.growth if one.jumps else 0.0
    by_jumps = one.jumps.rate.error * abs(one.jumps.growth) if one.jumps else 0.0
    error = float(np.sqrt((one.errors[1] / h) ** 2 + (volatility.value * volatility.error) ** 2 + by_jumps**2))
    return Estimate(one.shift / h + volatility.value**2 / 2 + jumped, error)
