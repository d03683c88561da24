"""Factors, outages and rivals against closed forms. What agrees "within sampling error" does so within the bounds of `sampling_error`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.generator import Disruption, Geometric, Jumps, MeanReverting, Rival, Wander
from scenarios.sampling_points import normal, points, stream
from scenarios.sampling_processes import _durations, locked_in, outages, process, wander
from scenarios.tree import Floats
from tests.scenarios.sampling_error import agrees, correlation_agrees, variance_agrees

COUNT = 20_000
YEARS = np.array([1.0, 0.5, 2.0, 1.0])
ONE = np.ones(4)


def shocks(periods: int, seed: int = 1) -> Floats:
    """Independent normal shocks."""
    return normal(points(COUNT, periods, "monte_carlo", stream(seed, "points")))


def test_random_walk_of_demand_has_mean_one_and_growing_variance() -> None:
    """The base forecast would not be the mean of demand: variance of the logarithm is volatility^2 x elapsed years, mean of the factor 1."""
    found = wander(Wander(volatility=0.2), YEARS, shocks(4))
    assert agrees(found, 1.0)
    assert variance_agrees(np.log(found), 0.04 * np.cumsum(YEARS))
    assert agrees(np.log(found), -0.02 * np.cumsum(YEARS))


@pytest.mark.parametrize("persistence", [0.0, 0.3, 0.9])
def test_persistence_is_the_share_of_a_deviation_left_after_a_year(persistence: float) -> None:
    """Demand would forget or remember otherwise than said. Autoregression: variance s^2 (1 - f^2t) / (1 - f^2), correlation over h years from the formula."""
    found = np.log(wander(Wander(volatility=0.2, persistence=persistence), np.ones(4), shocks(4)))
    variance = 0.04 * (1 - persistence ** (2 * np.arange(1, 5))) / (1 - persistence**2)
    assert variance_agrees(found, variance)
    for t in range(3):
        assert correlation_agrees(found[:, t], found[:, t + 1], persistence * np.sqrt(variance[t] / variance[t + 1]))
    assert agrees(wander(Wander(volatility=0.2, persistence=persistence), YEARS, shocks(4)), 1.0)


@pytest.mark.parametrize("persistence", [0.0001, 0.5, 1.0])
def test_half_years_add_up_to_years(persistence: float) -> None:
    """The same view would mean something else on half-yearly periods: after two halves the spread must be that of a year."""
    terms = Wander(volatility=0.3, persistence=persistence)
    halves = wander(terms, np.full(4, 0.5), shocks(4))[:, 1::2]
    whole = wander(terms, np.ones(2), shocks(2, seed=2))
    for t in range(2):
        assert np.log(halves[:, t]).var() == pytest.approx(np.log(whole[:, t]).var(), rel=0.06)  # two variances of 20,000 draws: 4.5 x 1.4 %


def test_geometric_price_grows_by_its_drift() -> None:
    """The expected price would not be what was entered: mean exp(drift x years), variance of the logarithm volatility^2 x years."""
    found = process(Geometric(kind="geometric", volatility=0.25, drift=0.03), YEARS, shocks(4), 1, "spot:a")
    assert agrees(found, np.exp(0.03 * np.cumsum(YEARS)))
    assert variance_agrees(np.log(found), 0.0625 * np.cumsum(YEARS))


def test_mean_reverting_price_reaches_its_stationary_variance() -> None:
    """Shocks would fade too slowly or too fast: stationary variance volatility^2 / (2 speed), correlation over a year exp(-speed)."""
    found = np.log(process(MeanReverting(kind="mean_reverting", volatility=0.4, speed=1.5), np.ones(8), shocks(8), 1, "spot:a"))
    assert variance_agrees(found[:, -1], 0.16 / 3.0)
    assert variance_agrees(found[:, 0], 0.16 / 3.0 * (1 - np.exp(-3.0)))
    assert correlation_agrees(found[:, -2], found[:, -1], np.exp(-1.5))
    assert agrees(np.exp(found), 1.0)


@pytest.mark.parametrize("speed", [None, 0.7])
def test_jumps_have_the_rate_and_size_that_were_said(speed: float | None) -> None:
    """Crises would come more often than said. Compound Poisson with rate g and sizes N(m, d^2), of which a share `keep` is left each period: the
    mean of the factor is 1, the logarithm has variance sum of g (m^2 + d^2) y, the first period has no jump with probability exp(-g y), and is
    then exp(-correction); on average the logarithm lies g m y above that."""
    jumps, quiet = Jumps(rate_per_year=0.4, mean=0.5, deviation=0.2), np.zeros((COUNT, 4))
    terms = Geometric(kind="geometric", jumps=jumps) if speed is None else MeanReverting(kind="mean_reverting", speed=speed, jumps=jumps)
    found = process(terms, YEARS, quiet, 1, "spot:a")
    assert agrees(found, 1.0)
    log, variance, variances = np.log(found), 0.0, []
    for keep, years in zip(np.exp(-(speed or 0.0) * YEARS), YEARS, strict=True):
        variance = keep**2 * variance + 0.4 * (0.25 + 0.04) * years
        variances.append(variance)
    assert variance_agrees(log, np.array(variances))
    correction = 0.4 * YEARS[0] * (np.exp(0.5 + 0.02) - 1)
    calm = np.isclose(log[:, 0], -correction, rtol=0, atol=1e-12)
    assert agrees(calm.astype(float), np.exp(-0.4 * YEARS[0]))
    assert agrees(log[:, 0] + correction, 0.4 * 0.5 * YEARS[0])


def test_jumps_leave_the_shocks_alone() -> None:
    """With and without jumps could not be compared: the same future must have the same shocks, and each driver jumps of its own."""
    z = shocks(3)[:500]
    with_jumps, other, without = (
        process(Geometric(kind="geometric", volatility=0.2, jumps=jumps), np.ones(3), z, 1, driver)
        for jumps, driver in ((Jumps(rate_per_year=0.1, mean=1.0), "spot:a"), (Jumps(rate_per_year=0.1, mean=1.0), "spot:b"), (None, "spot:a"))
    )
    steps = np.round(np.diff(np.log(with_jumps / without), axis=1, prepend=0) + 0.1 * (np.e - 1), 9)
    assert set(np.unique(steps)) <= {0.0, 1.0, 2.0, 3.0}
    assert (with_jumps != other).any()


def outage(**terms: Any) -> Disruption:
    """A disruption of a supplier."""
    return Disruption(supplier="maker", **terms)


def test_share_of_outages_is_that_of_an_alternating_process() -> None:
    """Suppliers would fail more or less often than said. With exponential durations the probability of being out at time s is
    g / (g + m) (1 - exp(-(g + m) s)), with m = 1 / mean duration; its mean over a period in closed form."""
    g, m = 0.5, 1 / 0.4
    ends = np.cumsum(YEARS)
    starts = ends - YEARS
    out = g / (g + m) * (1 - (np.exp(-(g + m) * starts) - np.exp(-(g + m) * ends)) / (g + m) / YEARS)
    assert agrees(outages(outage(rate_per_year=g, mean_years=0.4), YEARS, COUNT, stream(1, "x")), out)


def test_a_fixed_duration_covers_exactly_that_long() -> None:
    """An outage of half a year would cost more or less than half a year of deliveries."""
    covered = outages(outage(rate_per_year=0.02, duration="fixed", mean_years=0.5), np.ones(40), 4_000, stream(2, "x")) @ np.ones(40)
    times = covered / 0.5
    whole = np.isclose(times, np.round(times))
    assert whole.mean() > 0.98  # the others are cut off by the end of the horizon: about 0.02 x 0.5 of them
    assert covered[whole].max() >= 1.0
    assert agrees((times > 0).astype(float), 1 - np.exp(-0.02 * 40))


@pytest.mark.parametrize(
    ("terms", "spread"), [({"duration": "lognormal", "spread": 0.6}, 0.6), ({"duration": "exponential"}, 1.0), ({"duration": "fixed"}, 0.0)]
)
def test_durations_have_the_mean_and_spread_that_were_said(terms: dict[str, Any], spread: float) -> None:
    """Long outages, which hurt most, would be too rare or too common."""
    found = _durations(outage(rate_per_year=1.0, mean_years=0.3, **terms), COUNT, stream(3, "x"))
    assert (found > 0).all()
    assert agrees(found, 0.3)
    assert variance_agrees(found, (0.3 * spread) ** 2)


def test_no_rate_no_outage() -> None:
    """Switching a disruption off by its rate would divide by zero."""
    assert (outages(outage(rate_per_year=0.0, mean_years=1.0), YEARS, 5, stream(1, "x")) == 0).all()


def rival(**terms: Any) -> Rival:
    """A rival buyer."""
    return Rival(id="other", market_share=0.3, **terms)


@pytest.mark.parametrize("periods", [1, 2, 3])
def test_rivals_lock_in_for_as_long_as_said(periods: int) -> None:
    """Capacity would come back too early. Locked in at t: P(t) = sum of starts in the last `periods`, start(t) = p (1 - still locked in)."""
    found = locked_in(rival(probability=0.2, periods=periods), None, (), stream(1, "x").random((COUNT, 6)))
    starts: list[float] = []
    for t in range(6):
        starts.append(0.2 * (1 - sum(starts[max(0, t - periods + 1) : t])))
    expected = np.array([sum(starts[max(0, t - periods + 1) : t + 1]) for t in range(6)])
    assert agrees(found.astype(float), expected)
    alone = found[:, 0] & (stream(1, "x").random((COUNT, 6))[:, periods] >= 0.2 if periods < 6 else True)
    assert found[alone][:, :periods].all()
    assert not found[alone][:, periods].any()


def test_rivals_act_by_regime() -> None:
    """Rivals would be as likely to lock in in a glut as in a crisis."""
    regime = np.tile(np.array([0, 1]), (COUNT, 2))
    found = locked_in(rival(probability=0.1, probability_in={"crisis": 0.5}), regime, ("calm", "crisis"), stream(1, "x").random((COUNT, 4)))
    assert agrees(found.astype(float), np.array([0.1, 0.5, 0.1, 0.5]))
