"""Demand and correlations: factors recovered, overlap by brute force, copula and nearest matrix against other ways."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from scenarios.fitting_correlation import LEAST_EIGENVALUE, Moves, copula, nearest_correlation, p_value, significant, spearman, ties_of
from scenarios.fitting_demand import fit_demand, overlap
from scenarios.fitting_history import Column
from tests.scenarios.histories import volumes

COMMON, SITE, PRODUCT = 0.10, 0.05, 0.04


@pytest.mark.parametrize(("per_year", "years", "share"), [(1, 25, 1.0), (12, 12, 2 / 3)])
def test_factors_are_recovered(per_year: int, years: int, share: float) -> None:
    """If this fails, what all sites share is taken for what each has of its own. (A year's mean of a walk moves by 2/3 of its variance from year to year.)"""
    fits = [fit_demand(volumes(seed, years, common=COMMON, site=SITE, product=PRODUCT, growth=0.08, per_year=per_year), per_year) for seed in range(30)]
    for found, true in (
        ([fit.common.volatility.value**2 for fit in fits], COMMON),
        ([row.volatility.value**2 for fit in fits for row in fit.sites], SITE),
        ([row.volatility.value**2 for fit in fits for row in fit.products], PRODUCT),
    ):
        assert np.sqrt(np.mean(found) / share) == pytest.approx(true, rel=0.12)
    off = [(fit.growth.value - 0.08) / fit.growth.error for fit in fits]
    assert (np.abs(off) < 2).mean() >= 0.85
    assert abs(np.mean(off)) < 0.6
    assert max(fit.left_over for fit in fits) < 0.02
    spread = np.std([fit.common.volatility.value for fit in fits])
    assert np.mean([fit.common.volatility.error for fit in fits]) == pytest.approx(spread, rel=0.35)


def test_one_series_is_the_common_factor() -> None:
    """If this fails, a history of total demand alone gives no uncertainty, or gives it twice."""
    column = Column("demand", "cable", np.exp(np.cumsum(0.1 * np.random.default_rng(1).standard_normal(30))))
    found = fit_demand([column], 1)
    assert found.common.volatility.value == pytest.approx(np.diff(np.log(column.values)).std(ddof=1))
    assert found.sites == found.products == ()
    assert (found.explained, found.left_over) == (1.0, 0.0)


def test_totals_beside_sites() -> None:
    """If this fails, products of which only the total is known can't stand beside others known by site."""
    columns = [column for column in volumes(2, 20, common=0.1, site=0.05, product=0.04) if not column.id.endswith("/z")]
    total = Column("demand", "z", np.exp(np.cumsum(0.1 * np.random.default_rng(1).standard_normal(20))))
    found = fit_demand([*columns, total], 1)
    assert [row.driver for row in found.products] == ["product:x", "product:y", "product:z"]
    assert [row.driver for row in found.sites] == ["site:a", "site:b", "site:c", "site:d"]


def test_series_against_each_other_have_a_plain_mean() -> None:
    """If this fails, a series that falls when the others rise is turned round and counted as rising."""
    rng = np.random.default_rng(3)
    walk = np.cumsum(0.2 * rng.standard_normal(30))
    columns = [Column("demand", name, np.exp(sign * walk + 0.01 * rng.standard_normal(30))) for name, sign in (("x", 1), ("y", 1), ("z", -1))]
    found = fit_demand(columns, 1)
    assert found.weighted_equally
    moved = np.std(np.diff(walk), ddof=1)
    assert found.common.volatility.value == pytest.approx(moved / 3, rel=0.2)
    assert found.common.volatility.value**2 + np.mean([row.volatility.value**2 for row in found.products]) == pytest.approx(moved**2, rel=0.1)


def test_demand_that_returns_is_said_to() -> None:
    """If this fails, noise around a trend is taken for shocks that stay, and far years are far too uncertain."""
    rng = np.random.default_rng(5)
    column = Column("demand", "cable", np.exp(0.05 * np.arange(40) + 0.1 * rng.standard_normal(40)))
    found = fit_demand([column], 1).common
    assert found.persistence < 0.5
    assert found.volatility.value == pytest.approx(0.1, rel=0.3)
    walk = Column("demand", "cable", np.exp(np.cumsum(0.1 * rng.standard_normal(40))))
    assert fit_demand([walk], 1).common.persistence == 1


def test_seasons_are_no_uncertainty() -> None:
    """If this fails, every December is a shock."""
    t = np.arange(72)
    column = Column("demand", "cable", 100 * np.exp(0.05 * t / 12) * (1 + 0.5 * np.sin(2 * np.pi * t / 12)))
    found = fit_demand([column], 12)
    assert found.common.volatility.value < 1e-9
    assert found.growth.value == pytest.approx(0.05)


@pytest.mark.parametrize(("count", "per_year"), [(24, 12), (60, 12), (30, 4), (9, 1)])
def test_overlap_by_brute_force(count: int, per_year: int) -> None:
    """If this fails, overlapping changes are counted as if each were news, and errors are too small."""
    steps = np.random.default_rng(count).standard_normal((20_000, count + 2 * per_year - 2))
    kernel = np.convolve(np.ones(per_year), np.ones(per_year))
    changes = np.stack([steps[:, k : k + 2 * per_year - 1] @ kernel for k in range(count)], axis=1)
    changes /= changes.std()
    found = overlap(count, per_year)
    assert found.mean_variance == pytest.approx(changes.mean(axis=1).var(), rel=0.05)
    assert 2 / found.independent == pytest.approx((changes**2).mean(axis=1).var(), rel=0.08)


# --- correlations ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rho", [-0.9, -0.3, 0.0, 0.5, 0.95])
def test_copula_by_simulation(rho: float) -> None:
    """If this fails, drivers are tied more or less strongly than their ranks say, whatever their distributions."""
    z = np.random.default_rng(1).multivariate_normal([0, 0], [[1, rho], [rho, 1]], 40_000)
    assert copula(spearman(np.exp(z[:, 0]), z[:, 1] ** 3)) == pytest.approx(rho, abs=0.015)


def test_nearest_correlation_against_another() -> None:
    """If this fails, correlations from different spans contradict each other in the settings, or are bent more than needed."""
    from statsmodels.stats.correlation_tools import corr_nearest

    matrix = np.array([[1, 0.9, -0.6, 0.1], [0.9, 1, 0.7, 0], [-0.6, 0.7, 1, 0.3], [0.1, 0, 0.3, 1]])
    found = nearest_correlation(matrix)
    assert np.linalg.eigvalsh(found)[0] >= LEAST_EIGENVALUE * 0.99
    assert np.allclose(np.diag(found), 1)
    assert np.array_equal(found, found.T)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = corr_nearest(matrix, n_fact=1_000)
    assert np.linalg.norm(found - matrix) <= 1.01 * np.linalg.norm(other - matrix)
    sound = np.array([[1, 0.5], [0.5, 1]])
    assert np.array_equal(nearest_correlation(sound), sound)


def test_nearest_correlation_of_extreme_matrices() -> None:
    """If this fails, two drivers that are the same give settings that no scenario takes after rounding."""
    for size in (2, 10, 40):
        found = np.round(nearest_correlation(np.ones((size, size))), 4)
        assert np.linalg.eigvalsh(found)[0] > 0
        assert found.min() > 0.98


def test_chance_is_not_correlation() -> None:
    """If this fails, among many independent drivers some are tied by chance."""
    rng = np.random.default_rng(8)
    drivers = [Moves(f"index:{i}", rng.standard_normal(200), np.full(200, np.nan)) for i in range(12)]
    assert sum(tie.significant for tie in ties_of(drivers, 12)) <= 1
    tied = [*drivers, Moves("spot:a", drivers[0].shocks + 1.5 * rng.standard_normal(200), np.full(200, np.nan))]  # type: ignore[operator]
    (found,) = (tie for tie in ties_of(tied, 12) if tie.drivers == ("index:0", "spot:a"))
    assert found.significant
    assert found.value == pytest.approx(1 / np.sqrt(1 + 1.5**2), abs=0.15)


def test_false_discoveries_by_hand() -> None:
    """If this fails, the procedure that limits false ties is another one: the largest k with p_(k) <= 0.05 k / m counts, and all before it."""
    assert significant([0.9, 0.012, 0.03, 0.024]) == [False, True, True, True]
    assert significant([0.9, 0.04, 0.05, 0.06]) == [False] * 4
    assert significant([]) == []
    assert p_value(0.0, 50) == pytest.approx(1)
    assert p_value(0.5, 50) < 0.001 < p_value(0.5, 8)


def test_factors_of_demand_are_not_tied() -> None:
    """If this fails, sites whose own parts sum to nothing by construction are tied against each other."""
    changes = np.random.default_rng(0).standard_normal(100)
    drivers = [Moves("demand", None, changes), Moves("site:a", None, changes), Moves("product:p", None, -changes)]
    assert ties_of(drivers, 1) == ()


def test_demand_is_tied_to_prices_over_years() -> None:
    """If this fails, prices that move with demand are drawn on their own, or monthly noise hides it."""
    rng = np.random.default_rng(2)
    shared = rng.standard_normal(40)
    noise = rng.standard_normal(40)
    price = Moves("spot:a", noise, shared + 0.3 * rng.standard_normal(40))
    (found,) = ties_of([price, Moves("demand", None, shared)], 1)
    assert found.significant
    assert found.value > 0.85
