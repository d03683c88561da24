"""Prices: closed forms, parameters recovered within their stated errors, jumps, and the choice between processes."""

from __future__ import annotations

from math import exp, log, pi, sqrt

import numpy as np
import pytest
from scipy.stats import norm, poisson

from scenarios.fitting_jumps import _densities, _likelihood, fit_jumps
from scenarios.fitting_parts import rate_interval
from scenarios.fitting_prices import PriceFit, candidates, fit_price
from tests.scenarios.histories import MONTH, log_prices


def fitted(x: np.ndarray, step_years: float = MONTH) -> PriceFit:
    """The fit of a price with these logarithms."""
    return fit_price("spot:fibre", "spot_price:fibre", 20 * np.exp(x), step_years)


def test_geometric_closed_form() -> None:
    """If this fails, drift or volatility of a random walk, or their standard errors, are not what the textbook says."""
    x = np.cumsum([0.0, 0.1, -0.05, 0.2, 0.0, -0.1, 0.05, 0.1])
    found = fitted(x, 0.25)
    changes = np.diff(x)
    volatility = np.std(changes, ddof=1) * 2
    assert found.volatility.value == pytest.approx(volatility)
    assert found.volatility.error == pytest.approx(volatility / sqrt(2 * 6))
    assert found.drift.value == pytest.approx(changes.mean() * 4 + volatility**2 / 2)
    assert found.drift.error == pytest.approx(sqrt(volatility**2 / (7 * 0.25) + (volatility * found.volatility.error) ** 2))
    assert found.level == pytest.approx(20 * exp(x[-1]))
    assert len(found.tried) == 1


def test_reverting_is_conditional_maximum_likelihood() -> None:
    """If this fails, the return to a mean is not the regression of each value on the one before, with the known bias taken off."""
    x = log_prices(3, 120, volatility=0.3, speed=2.0)
    slope, _ = np.polyfit(x[:-1], x[1:], 1)
    one = next(one for one in candidates(x, MONTH) if one.kind == "mean_reverting" and one.jumps is None)
    assert one.carry == pytest.approx(slope + (1 + 3 * slope) / 119)
    left = x[1:] - np.polyval(np.polyfit(x[:-1], x[1:], 1), x[:-1])
    assert one.log_likelihood == pytest.approx(norm.logpdf(left, scale=np.sqrt(np.mean(left**2))).sum())
    assert one.bic == pytest.approx(3 * log(119) - 2 * one.log_likelihood)


@pytest.mark.parametrize(("speed", "drift"), [(0.0, 0.05), (2.0, 0.0)])
def test_recovered_within_stated_errors(speed: float, drift: float) -> None:
    """If this fails, standard errors are too small to be believed, or estimates lean to one side (40 histories of 20 years)."""
    off = []
    for seed in range(40):
        x = log_prices(seed, 240, volatility=0.3, speed=speed, drift=drift)
        found = fit_price("spot:a", "a", np.exp(x), MONTH, chosen="mean_reverting" if speed else "geometric")
        assert found.chosen.jumps is None
        other = (found.speed.value - speed) / found.speed.error if found.speed else (found.drift.value - drift) / found.drift.error
        off.append([(found.volatility.value - 0.3) / found.volatility.error, other])
    z = np.array(off)
    assert (np.abs(z) < 2).mean(axis=0).min() >= 0.875
    assert np.abs(z.mean(axis=0)).max() < 3 / sqrt(40)
    assert 0.7 < z.std(axis=0).min() <= z.std(axis=0).max() < 1.3


def test_half_life() -> None:
    """If this fails, how fast a deviation fades is misread."""
    found = fitted(log_prices(5, 600, volatility=0.3, speed=3.0))
    assert found.speed is not None
    assert found.half_life == pytest.approx(log(2) / found.speed.value)
    assert found.half_life == pytest.approx(log(2) / 3.0, rel=0.35)


@pytest.mark.parametrize("speed", [0.0, 2.0])
def test_jumps_are_found(speed: float) -> None:
    """If this fails, a price that jumps is given a volatility that is too large, and no crisis."""
    off = []
    for seed in range(6):
        found = fitted(log_prices(seed, 240, volatility=0.2, speed=speed, jumps=(1.0, 0.4, 0.1)))
        jumps = found.chosen.jumps
        assert jumps is not None
        assert (found.speed is not None) == bool(speed)
        off.append(
            [(found.volatility.value - 0.2) / found.volatility.error, (jumps.rate.value - 1) / jumps.rate.error, (jumps.mean.value - 0.4) / jumps.mean.error]
        )
    assert np.abs(np.array(off)).max() < 3.5
    assert np.abs(np.array(off)).mean() < 1.2


def test_jumps_are_not_invented() -> None:
    """If this fails, chance alone makes a price jump."""
    assert not any(fitted(log_prices(seed, 240, volatility=0.3)).chosen.jumps for seed in range(8))


def test_jump_density_integrates_to_one_and_is_the_mixture() -> None:
    """If this fails, likelihoods of processes with and without jumps can't be compared."""
    grid = np.linspace(-2, 3, 20_001)
    theta = np.array([0.01, 0.06, 0.08, 0.4, 0.15])
    density = np.exp(_densities(grid, theta))
    assert np.trapezoid(density, grid) == pytest.approx(1, abs=1e-6)
    by_hand = sum(poisson.pmf(n, 0.08) * norm.pdf(0.5, 0.01 + 0.4 * n, sqrt(0.06**2 + n * 0.15**2)) for n in range(5))
    assert exp(_densities(np.array([0.5]), theta)[0]) == pytest.approx(by_hand)


def test_jump_errors_are_those_of_the_likelihood() -> None:
    """If this fails, the errors of jumps are made up: they must be the curvature of the likelihood at its top."""
    changes = np.diff(log_prices(1, 400, volatility=0.2, jumps=(1.0, 0.4, 0.1)))
    found = fit_jumps(changes, MONTH)
    assert found is not None
    seen = changes > 0.2
    assert found.jumps.rate.error == pytest.approx(sqrt(found.jumps.rate.value / (399 * MONTH)), rel=0.15)  # of a Poisson rate
    assert found.jumps.mean.error == pytest.approx(sqrt((found.jumps.deviation.value**2 + 0.2**2 * MONTH) / seen.sum()), rel=0.4)
    theta = np.array([0.01, 0.06, 0.08, 0.4, 0.15])
    for i, slope in enumerate(_likelihood(changes, theta)[1]):
        step = np.zeros(5)
        step[i] = 1e-6
        assert slope == pytest.approx((_densities(changes, theta + step).sum() - _densities(changes, theta - step).sum()) / 2e-6, rel=1e-4, abs=1e-3)


def test_likelihood_of_jumps_is_at_its_top() -> None:
    """If this fails, the search stopped early and BIC compares what is not comparable."""
    changes = np.diff(log_prices(1, 240, volatility=0.2, jumps=(1.0, 0.4, 0.1)))
    found = fit_jumps(changes, MONTH)
    assert found is not None
    best = np.array([found.shift.value, found.deviation.value, found.jumps.rate.value * MONTH, found.jumps.mean.value, found.jumps.deviation.value])
    assert _densities(changes, best).sum() == pytest.approx(found.log_likelihood)
    for i in range(5):
        for factor in (0.97, 1.03):
            moved = best.copy()
            moved[i] *= factor
            assert _densities(changes, moved).sum() <= found.log_likelihood + 1e-6


def test_choice_is_by_bic() -> None:
    """If this fails, a clear return to a mean is taken for a random walk or the other way round."""
    assert fitted(log_prices(1, 240, volatility=0.3, speed=4.0)).chosen.kind == "mean_reverting"
    kinds = [fitted(log_prices(seed, 240, volatility=0.3)).chosen.kind for seed in range(10)]
    assert kinds.count("geometric") >= 6
    found = fitted(log_prices(1, 240, volatility=0.3, speed=4.0))
    assert [one.bic for one in found.tried] == sorted(one.bic for one in found.tried)
    assert found.chosen is found.tried[0]


def test_short_and_still_histories() -> None:
    """If this fails, a short history is given a mean that it can't show, or a price that never moved ends in a division by zero."""
    assert [one.kind for one in candidates(np.zeros(9), MONTH)] == ["geometric"]
    found = fitted(np.zeros(60))
    assert found.volatility.value < 1e-6
    assert np.isfinite(found.shocks[1:]).all()


def test_alternating_prices_stay_within_the_documents() -> None:
    """If this fails, a price without any memory gets a speed that no document takes."""
    found = fitted(0.1 * (-1.0) ** np.arange(60) + 0.001 * np.sin(np.arange(60) ** 2))
    assert found.speed is not None
    assert found.speed.value <= 50 * (1 + 1e-12)


def test_shocks_are_standard_and_aligned() -> None:
    """If this fails, drivers are correlated with each other's past."""
    x = log_prices(2, 240, volatility=0.3, speed=2.0)
    values = np.r_[np.full(5, np.nan), np.exp(x), np.full(3, np.nan)]
    found = fit_price("spot:a", "a", values, MONTH)
    assert np.flatnonzero(~np.isnan(found.shocks)).tolist() == list(range(6, 245))
    assert np.nanstd(found.shocks) == pytest.approx(1, abs=0.02)
    assert np.nanmean(found.shocks) == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("events", [0, 1, 5, 40])
def test_interval_of_a_rate(events: int) -> None:
    """If this fails, what was seen once is called well known: outside the interval, so many events have a chance of 2.5 %."""
    low, high = (20 * rate for rate in rate_interval(events, 20.0))
    assert poisson.cdf(events, high) == pytest.approx(0.025)
    assert (events == 0 and low == 0) or poisson.sf(events - 1, low) == pytest.approx(0.025)


def test_bipower_start_is_unmoved_by_a_single_jump() -> None:
    """If this fails, one large jump hides itself by raising the threshold that should find it."""
    changes = np.random.default_rng(4).standard_normal(200) * 0.05
    changes[[60, 120]] += 1.0
    around = np.abs(changes - np.median(changes))
    assert sqrt(pi / 2 * np.mean(around[1:] * around[:-1])) < 0.07
    found = fit_jumps(changes, MONTH)
    assert found is not None
    assert found.deviation.value == pytest.approx(0.05, rel=0.2)
    assert found.jumps.mean.value == pytest.approx(1.0, abs=0.15)
