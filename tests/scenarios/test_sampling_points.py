"""Points of the unit cube, and the copula."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.sampling_points import MOST_SOBOL, Sampling, cholesky, correlate, normal, points, stream
from scenarios.tree import Floats
from tests.scenarios.sampling_error import agrees, correlation_agrees, variance_agrees

EVERY: tuple[Sampling, ...] = ("sobol", "monte_carlo", "antithetic")


def rms_error(sampling: Sampling, count: int, repetitions: int = 30) -> float:
    """Root mean square error of the mean of exp of a sum of eight small normals (a smooth function whose mean is exp of half the variance)."""
    errors = []
    for seed in range(repetitions):
        z = normal(points(count, 8, sampling, stream(seed, "points")))
        errors.append(np.exp(0.1 * z.sum(axis=1)).mean() - np.exp(0.5 * 8 * 0.01))
    return float(np.sqrt(np.mean(np.square(errors))))


@pytest.mark.parametrize("sampling", EVERY)
@pytest.mark.parametrize("count", [1, 2, 3, 100, 4_097])
def test_points_lie_inside_the_cube_and_repeat(sampling: Sampling, count: int) -> None:
    """A normal number would be infinite, or a seed would not stand for its futures."""
    one, other = (points(count, 5, sampling, stream(7, "points")) for _ in range(2))
    assert one.shape == (count, 5)
    assert ((one > 0) & (one < 1)).all()
    assert (one == other).all()
    assert np.isfinite(normal(one)).all()
    assert (points(count, 5, sampling, stream(8, "points")) != one).any()


@pytest.mark.parametrize("sampling", EVERY)
def test_coordinates_are_uniform(sampling: Sampling) -> None:
    """Futures would be biased from the start."""
    found = points(5_000, 6, sampling, stream(3, "points"))
    assert agrees(found, 0.5)
    assert variance_agrees(found, 1 / 12)
    tenths = (found[:, :, None] < np.arange(0.1, 1.0, 0.1)).astype(float)
    assert agrees(tenths, np.arange(0.1, 1.0, 0.1))
    for i in range(1, 6):
        assert correlation_agrees(normal(found[:, 0]), normal(found[:, i]), 0.0)


@pytest.mark.parametrize("sampling", EVERY)
def test_few_points_are_unbiased_over_seeds(sampling: Sampling) -> None:
    """A count that is no power of two would lean to one side: the mean over many scrambles must be one half."""
    assert agrees(np.array([points(3, 2, sampling, stream(seed, "points")).mean(axis=0) for seed in range(2_000)]), 0.5)


def test_antithetic_points_come_in_opposite_pairs() -> None:
    """Antithetic draws would be plain ones."""
    found = points(7, 4, "antithetic", stream(1, "points"))
    assert found[0:6:2] + found[1:6:2] == pytest.approx(np.ones((3, 4)), abs=1e-15)
    assert not np.allclose(found[6], 1 - found[5])


def test_sobol_points_and_opposite_pairs_reduce_the_error_of_a_mean() -> None:
    """The default would cost time and bring nothing. Theory: independent draws err like F^-1/2; measured here, Sobol errs less than a fifth of that."""
    plain, sobol, paired = (rms_error(sampling, 1_024) for sampling in ("monte_carlo", "sobol", "antithetic"))
    exact = np.sqrt((np.exp(0.08) - 1) * np.exp(0.08) / 1_024)
    assert plain == pytest.approx(exact, rel=0.4)  # 30 repetitions know a standard deviation to 13 %, three times that
    assert sobol < 0.2 * plain
    assert paired < 0.4 * plain


def test_error_of_sobol_points_falls_faster_than_the_square_root() -> None:
    """Sixteen times the futures would bring only a quarter of the error, as independent draws do."""
    assert rms_error("sobol", 2_048) < rms_error("sobol", 128) / 8
    assert rms_error("monte_carlo", 2_048) == pytest.approx(rms_error("monte_carlo", 128) / 4, rel=0.5)


def test_coordinates_beyond_the_sobol_tables_are_independent_draws() -> None:
    """Large scenarios (more coordinates than the tables have) would stop with an error."""
    found = points(64, MOST_SOBOL + 500, "sobol", stream(1, "points"))
    assert found.shape == (64, MOST_SOBOL + 500)
    assert agrees(found[:, MOST_SOBOL:].ravel(), 0.5)


def test_streams_do_not_depend_on_each_other() -> None:
    """Taking one rival away would move all others, and comparisons would drown in noise."""
    assert (stream(1, "rival", "a").random(5) == stream(1, "rival", "a").random(5)).all()
    firsts = [stream(seed, *key).random() for seed in (1, 2) for key in (("rival", "a"), ("rival", "b"), ("jumps", "a"))]
    assert len(set(firsts)) == 6


@given(st.integers(1, 6), st.integers(0, 2**31), st.integers(1, 6))
def test_cholesky_factor_reproduces_any_correlations(size: int, seed: int, rank: int) -> None:
    """Correlations, singular ones included, would come out otherwise than given."""
    rows = np.random.default_rng(seed).normal(size=(size, min(rank, size)))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    matrix = rows @ rows.T
    lower = cholesky(matrix)
    assert (np.triu(lower, 1) == 0).all()
    assert lower @ lower.T == pytest.approx(matrix, abs=1e-4)  # pivots up to 1e-9 are taken for zero, which moves an entry by at most 3e-5


def test_copula_gives_the_correlations_that_were_asked_for() -> None:
    """Crises and demand would come together more or less often than the user said."""
    names = ["a", "b", "c", "d"]
    matrix = np.array([[1, 0.8, -0.5, 0], [0.8, 1, -0.2, 0], [-0.5, -0.2, 1, 0], [0, 0, 0, 1.0]])
    z = normal(points(8_000, 4, "monte_carlo", stream(5, "points")))
    shocks: dict[str, Floats] = {name: z[:, [i]].copy() for i, name in enumerate(names)}
    correlate(shocks, matrix, names)
    assert (shocks["a"] == z[:, [0]]).all()
    for i, one in enumerate(names):
        assert agrees(shocks[one], 0.0)
        assert variance_agrees(shocks[one], 1.0)
        for j in range(i):
            assert correlation_agrees(shocks[one], shocks[names[j]], matrix[i, j])


def test_certain_ties_are_kept_to_the_last_bit_or_nearly() -> None:
    """Two drivers with correlation -1 would drift apart."""
    z = normal(points(100, 2, "sobol", stream(5, "points")))
    shocks = {"a": z[:, :1], "b": z[:, 1:]}
    correlate(shocks, np.array([[1.0, -1.0], [-1.0, 1.0]]), ["a", "b"])
    assert shocks["b"] == pytest.approx(-shocks["a"])
