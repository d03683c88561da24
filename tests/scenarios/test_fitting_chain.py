"""Chains and regimes: from months to periods of any length, visits by hand, regimes recovered."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from scenarios import fitting_regimes
from scenarios.fitting_chain import Visits, over, stationary, visits_of, with_exits
from scenarios.fitting_regimes import RegimeFit, fit_regimes, name_regimes, speed_of
from scenarios.tree import Floats, Ints
from tests.scenarios.histories import MONTH, chain_path, log_prices

MONTHLY = np.array([[0.93, 0.07, 0.0], [0.03, 0.93, 0.04], [0.0, 0.15, 0.85]])
LEVELS = np.log([0.65, 1.0, 1.8])
VOLATILITY, SPEED = 0.25, 3.0


@cache
def simulated(seed: int, rows: int = 300) -> tuple[Floats, Ints]:
    """Logarithms of a price in three regimes, and the regimes."""
    path = chain_path(np.random.default_rng(seed), MONTHLY, rows, 1)
    return LEVELS[path] + log_prices(1_000 + seed, rows, volatility=VOLATILITY, speed=SPEED), path


@cache
def recovered(seed: int) -> RegimeFit:
    """The regimes of that price, three asked for."""
    x, _ = simulated(seed)
    found = fit_regimes(x, (0, len(x)), MONTH, 3)
    assert found is not None
    return found


def test_a_year_is_twelve_months() -> None:
    """If this fails, yearly moves are not those of twelve monthly ones."""
    by_hand = np.eye(3)
    for _ in range(12):
        by_hand = by_hand @ MONTHLY
    found, wrong = over(MONTHLY, 12)
    assert np.allclose(found, by_hand, atol=1e-14)
    assert wrong == 0
    assert np.allclose(found.sum(axis=1), 1, atol=1e-15)


@pytest.mark.parametrize(("first", "then"), [(3, 4), (0.5, 2), (1.5, 2), (1, 1)])
def test_moves_compose(first: float, then: float) -> None:
    """If this fails, half years followed by half years are not years."""
    yearly, _ = over(MONTHLY, 12)
    once, _ = over(yearly, first)
    twice, _ = over(once, then)
    direct, _ = over(yearly, first * then)
    assert np.allclose(twice, direct, atol=1e-6)


def test_long_run_is_the_same_at_every_step() -> None:
    """If this fails, the share of time in a crisis depends on the length of periods."""
    share = stationary(MONTHLY)
    assert np.allclose(share @ MONTHLY, share)
    assert np.allclose(stationary(over(MONTHLY, 12)[0]), share)
    assert share.sum() == pytest.approx(1)


def test_half_of_a_step_that_has_none() -> None:
    """If this fails, a chain that flips every year gets negative probabilities over half a year, or nobody learns that it has no half."""
    found, wrong = over(np.array([[0.1, 0.9], [0.9, 0.1]]), 0.5)
    assert (found >= 0).all()
    assert np.allclose(found.sum(axis=1), 1)
    assert wrong > 0.1


def test_visits_by_hand() -> None:
    """If this fails, one long crisis counts as many, or one that had begun before the history as new."""
    found = visits_of(np.array([2, 2, 1, 1, 0, 1, 2]), 3)
    assert found == (Visits(1, 1, 1, 1), Visits(3, 2, 2, 2), Visits(3, 2, 1, 1))


def test_a_regime_whose_end_was_never_seen_can_end() -> None:
    """If this fails, a history that ends in its only crisis makes crises last for ever."""
    moves, never = with_exits(np.array([[0.9, 0.1], [0.0, 1.0]]), visits_of(np.array([0] * 9 + [1] * 4), 2))
    assert never == [1]
    assert moves[1] == pytest.approx([0.5 / 4.5, 4 / 4.5])
    assert moves[0] == pytest.approx([0.9, 0.1])


@pytest.mark.parametrize(
    ("visits", "names"),
    [
        ((10, 90), ("glut", "normal")),
        ((90, 10), ("normal", "tight")),
        ((10, 80, 10), ("glut", "normal", "tight")),
        ((80, 15, 5), ("normal", "tight", "crisis")),
        ((5, 15, 80), ("glut", "normal", "tight")),
        ((10, 20, 60, 10), ("glut", "normal", "tight", "crisis")),
    ],
)
def test_names(visits: tuple[int, ...], names: tuple[str, ...]) -> None:
    """If this fails, the market's usual state is called a glut or a crisis."""
    share = np.array(visits) / sum(visits)
    moves = 0.8 * np.eye(len(visits)) + 0.2 * share
    found, normal = name_regimes(moves, tuple(Visits(n, 1, 1, 1) for n in visits))
    assert found == names
    assert names[normal] == "normal"


@pytest.mark.parametrize("seed", [0, 1])
def test_regimes_are_recovered(seed: int) -> None:
    """If this fails, price factors, moves, volatility or speed of a known market are not found in its prices."""
    found, (_, path) = recovered(seed), simulated(seed)
    assert found.names == ("glut", "normal", "tight")
    for factor, true in zip(found.factors, np.exp(LEVELS - LEVELS[1]), strict=True):
        assert abs(factor.value - true) <= 3 * factor.error + 1e-12
        assert factor.error < 0.1
    assert (found.path == path).mean() > 0.97
    assert abs(found.carry.value - np.exp(-SPEED * MONTH)) < 3 * found.carry.error
    step = VOLATILITY * np.sqrt((1 - np.exp(-2 * SPEED * MONTH)) / (2 * SPEED))
    assert abs(found.deviation.value - step) < 3 * found.deviation.error
    seen = np.zeros((3, 3))
    np.add.at(seen, (path[:-1], path[1:]), 1)
    assert np.allclose(found.moves, seen / seen.sum(axis=1, keepdims=True), atol=0.04)
    error = np.sqrt(MONTHLY * (1 - MONTHLY) / seen.sum(axis=1, keepdims=True))
    assert (np.abs(found.moves - MONTHLY) <= 3 * error + 0.02).all()


def test_regimes_are_the_same_every_time() -> None:
    """If this fails, one history gives different settings on Monday and on Tuesday."""
    x, _ = simulated(0)
    again = fit_regimes(x, (0, len(x)), MONTH, 3)
    assert again is not None
    assert np.array_equal(again.moves, recovered(0).moves)
    assert np.array_equal(again.probabilities, recovered(0).probabilities)


def test_probabilities_are_probabilities() -> None:
    """If this fails, the picture of regimes over time doesn't add up."""
    found = recovered(0)
    assert found.probabilities.shape == (300, 3)
    assert np.allclose(found.probabilities.sum(axis=1), 1, atol=1e-6)
    assert speed_of(found, MONTH) == pytest.approx(SPEED, rel=0.5)
    assert sum(seen.steps for seen in found.visits) == 300


def test_no_regimes_in_a_random_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    """If this fails, every price is given regimes, because more parameters always fit better."""
    monkeypatch.setattr(fitting_regimes, "STATES", (2, 3))  # four take longer and are no likelier
    assert fit_regimes(log_prices(3, 120, volatility=0.2), (0, 120), MONTH) is None


def test_regimes_that_stand_on_each_other_are_none() -> None:
    """If this fails, a calm price that was asked for three regimes gets three names for the same thing."""
    x = 0.001 * np.random.default_rng(0).standard_normal(60)
    assert fit_regimes(x, (0, 60), MONTH, 3) is None
