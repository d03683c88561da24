"""Market regimes: a Markov chain that moves the level of the logarithm x of the spot price, with a return to that level between (Hamilton's model).

    x_t - mu(r_t) = b (x_(t-1) - mu(r_(t-1))) + e_t s_h,   r_t a Markov chain of 2 to 4 states

This is what the generator draws (a factor per regime, times a mean-reverting process), so its parameters carry over: exp(mu(r) - mu(normal)) is the price
factor of regime r. Fitted by maximum likelihood from two starts per number of states (statsmodels' MarkovAutoregression); the number of states, or none,
is the one with the least BIC. With several spot markets, x is the mean of their logarithms, each less its own mean.
Reference: Hamilton (1989), A new approach to the economic analysis of nonstationary time series and the business cycle, Econometrica 57; Hamilton (1994),
Time Series Analysis, chapter 22.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Any

import numpy as np

from models.generator import REGIME_NAMES
from scenarios.fitting_chain import Visits, stationary, visits_of, with_exits
from scenarios.fitting_parts import Estimate
from scenarios.fitting_prices import candidates
from scenarios.tree import Floats, Ints

STATES = (2, 3, 4)
LEAST_ROWS = 48  # below which regimes are not looked for unless asked
LEAST_ROWS_ASKED = 24
LEAST_STEPS = 3  # that a regime must be seen for
LEAST_APART = 0.05  # between the logarithms of neighbouring levels
NEVER = 1e-3  # a move per step below which it counts as impossible
CARRIES = (0.6, 0.9)  # starts of the search
FIRST_STEPS, MOST_STEPS = 20, 200  # of the search, from every start and from the better one
SLOWEST = 0.999


@dataclass(frozen=True)
class RegimeFit:
    """The regimes of a market, from the loosest to the tightest, per step of the history."""

    names: tuple[str, ...]
    normal: int
    """Position of the regime whose prices are the base prices."""
    levels: Floats
    """mu. [R]"""
    factors: tuple[Estimate, ...]
    """Price relative to the normal regime. [R]"""
    moves: Floats
    """From row to column, per step. [R, R]"""
    probabilities: Floats
    """Of being in a regime at every row, given the whole history. [T, R]"""
    path: Ints
    """The likeliest regime of every row. [T]"""
    visits: tuple[Visits, ...]
    never_ended: tuple[int, ...]
    """Regimes whose end was never seen."""
    carry: Estimate
    deviation: Estimate
    log_likelihood: float
    bics: dict[int, float]
    """By number of states; 1 is the best process without regimes. Those that don't hold up are missing."""
    rows: tuple[int, int]
    """First and last + 1 row that they were fitted to."""
    asked: bool


def fit_regimes(x: Floats, rows: tuple[int, int], step_years: float, asked: int | None = None) -> RegimeFit | None:
    """Regimes of `x` (logarithms, no gaps); `asked` takes this many. None where none are the better description, or none hold up."""
    known = {1: min(one.bic for one in candidates(x, step_years))}
    tried: dict[int, tuple[Any, Ints]] = {}
    for states in STATES if asked is None else (asked,):
        found = _search(x, states, step_years)
        if found is not None:
            tried[states], known[states] = found, _bic(found[0], len(x) - 1)
    if not tried:
        return None
    best = min(tried, key=lambda states: known[states])
    if asked is None and known[1] <= known[best]:
        return None
    return _regimes(*tried[best], known, rows, step_years, asked is not None)


def _search(x: Floats, states: int, step_years: float) -> tuple[Any, Ints] | None:
    """The likeliest fit with `states` states, and their order by level; None where a state is seen too rarely or stands on top of another."""
    from statsmodels.tsa.regime_switching.markov_autoregression import MarkovAutoregression

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of single steps of the search; what it ends with is checked below
        model = MarkovAutoregression(x, k_regimes=states, order=1, switching_ar=False)
        begun = [_climb(model, _start(x, states, carry, step_years), FIRST_STEPS, 5) for carry in CARRIES]
        better = max((fit for fit in begun if fit is not None), key=lambda fit: fit.llf, default=None)
        best = None if better is None else _climb(model, better.params, MOST_STEPS, 0) or better
        if best is None or np.isnan(best.smoothed_marginal_probabilities).any():
            return None
        best.cov_params()  # computed once, while its warnings are kept quiet
    order = np.argsort(_named(best, "const", states))
    levels = _named(best, "const", states)[order]
    path = best.smoothed_marginal_probabilities[:, order].argmax(axis=1)
    seen = visits_of(path, states)
    if min(visit.steps for visit in seen) < LEAST_STEPS or np.diff(levels).min() < LEAST_APART:
        return None
    return best, np.asarray(order, dtype=np.int64)


def _bic(fit: Any, count: int) -> float:
    """BIC in which a move that never happens (NEVER) is no parameter: states that are left for their neighbours only are not paid for in full."""
    moves = np.asarray(fit.regime_transition)[:, :, 0].T
    free = int((moves > NEVER).sum()) - len(moves)  # rows sum to 1
    return float((free + len(moves) + 2) * log(count) - 2 * fit.llf)


def _climb(model: Any, start: Sequence[float] | Floats, steps: int, em_steps: int) -> Any:
    """The fit after some steps from `start`; None where it got lost."""
    try:
        fit = model.fit(start_params=np.asarray(start), em_iter=em_steps, maxiter=steps, disp=False)
    except (np.linalg.LinAlgError, ValueError, RuntimeError):
        return None
    return fit if np.isfinite(fit.llf) else None


def _start(x: Floats, states: int, carry: float, step_years: float) -> list[float]:
    """Where the search begins: levels spread over the prices, regimes that last a year or so and mostly move to a neighbour."""
    levels = np.linspace(np.quantile(x, 0.05), np.quantile(x, 0.95), states)
    stay = exp(-step_years)
    away = np.exp(-2.0 * (np.abs(np.arange(states)[:, None] - np.arange(states)) - 1))
    np.fill_diagonal(away, 0.0)
    moves = np.eye(states) * stay + away / away.sum(axis=1, keepdims=True) * (1 - stay)
    variance = float(np.var(x)) / states**2
    return [*moves[:, :-1].T.ravel(), *levels, variance * (1 - carry**2), carry]


def _named(fit: Any, name: str, states: int) -> Floats:
    values = dict(zip(fit.model.param_names, fit.params, strict=True))
    return np.array([values[f"{name}[{r}]"] for r in range(states)])


def _regimes(fit: Any, order: Ints, bics: dict[int, float], rows: tuple[int, int], step_years: float, asked: bool) -> RegimeFit:
    """The fit in the order of levels, with names and factors."""
    states = len(order)
    names = list(fit.model.param_names)
    covariance = np.asarray(fit.cov_params())
    levels = _named(fit, "const", states)[order]
    probabilities = np.vstack([fit.smoothed_marginal_probabilities[:1], fit.smoothed_marginal_probabilities])[:, order]  # the first row has no change
    path = probabilities.argmax(axis=1)
    visits = visits_of(path, states)
    raw = np.asarray(fit.regime_transition)[:, :, 0].T[np.ix_(order, order)]
    moves, never = with_exits(raw / raw.sum(axis=1, keepdims=True), visits)
    labels, normal = name_regimes(moves, visits)
    where = [names.index(f"const[{r}]") for r in order]
    factors = []
    for r in range(states):
        i, k = where[r], where[normal]
        variance = covariance[i, i] + covariance[k, k] - 2 * covariance[i, k]
        factor = exp(levels[r] - levels[normal])
        factors.append(Estimate(factor, factor * _root(variance) if r != normal else 0.0))
    carry_at, variance_at = names.index("ar.L1"), names.index("sigma2")
    deviation = float(np.sqrt(fit.params[variance_at]))
    carry = float(np.clip(fit.params[carry_at], exp(-50.0 * step_years), SLOWEST))
    return RegimeFit(
        names=labels,
        normal=normal,
        levels=levels,
        factors=tuple(factors),
        moves=moves,
        probabilities=probabilities,
        path=path,
        visits=visits,
        never_ended=tuple(never),
        carry=Estimate(carry, _root(covariance[carry_at, carry_at])),
        deviation=Estimate(deviation, _root(covariance[variance_at, variance_at]) / (2 * deviation)),
        log_likelihood=float(fit.llf),
        bics=bics,
        rows=rows,
        asked=asked,
    )


def _root(variance: float) -> float:
    return float(np.sqrt(variance)) if variance > 0 else float("nan")


def name_regimes(moves: Floats, visits: tuple[Visits, ...]) -> tuple[tuple[str, ...], int]:
    """Names from the loosest to the tightest, and which is normal: the most visited that leaves a name for everything below and above."""
    states = len(moves)
    share = stationary(moves) + np.array([visit.steps for visit in visits]) / max(1, sum(visit.steps for visit in visits))
    normal_at = REGIME_NAMES.index("normal")
    allowed = [r for r in range(states) if r <= normal_at and states - 1 - r <= len(REGIME_NAMES) - 1 - normal_at]
    normal = max(allowed, key=lambda r: share[r])
    return tuple(REGIME_NAMES[normal_at - normal + r] for r in range(states)), normal


def speed_of(fit: RegimeFit, step_years: float) -> float:
    """Rate per year at which prices return to the level of their regime."""
    return -log(fit.carry.value) / step_years
