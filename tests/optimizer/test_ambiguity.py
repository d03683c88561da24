"""The worst expected cost over wrong probabilities: brute force, identities, and plans that guard against it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog, minimize

from optimizer.ambiguity import chi_square, distances, kullback_leibler, wasserstein
from optimizer.first_stage import first_stage_of_plan
from optimizer.tail import risk_adjusted, tail_mean, worst_expectation, worst_probabilities
from optimizer.trial import try_out
from scenarios import library
from scenarios.files import scenario_from
from scenarios.tree import paths_of
from tests.optimizer.build import PAY_ALL, Data, but, committed, demands, futures, offer, scenario, solved, spot

# A firm offer at 10 and the spot market at 15, which has 80 units: the more is committed, the more is paid for nothing when demand is low.
FIRM = scenario(0.0, offers=[offer("firm", 10, 300, PAY_ALL)], spot=[spot(15.0, available=80)], uncertainty=demands(50, 100, 150, 200))


def drawn(seed: int) -> tuple[Any, Any, float]:
    """Values, probabilities and a radius, edges included."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 9))
    radius = (0.0, 1.0, float(rng.random()))[seed % 3]
    return rng.normal(size=count).round(1), rng.dirichlet(np.ones(count)), radius


def by_linear_program(values: Any, probability: Any, radius: float) -> float:
    """max q values over q >= 0, sum q = 1, |q - p| <= d, sum d <= 2 radius."""
    n = len(values)
    eye = np.eye(n)
    rows = np.block([[eye, -eye], [-eye, -eye], [np.zeros((1, n)), np.ones((1, n))]])
    limits = np.concatenate([probability, -probability, [2 * radius]])
    whole = np.concatenate([np.ones(n), np.zeros(n)])[None]
    found = linprog(np.concatenate([-values, np.zeros(n)]), A_ub=rows, b_ub=limits, A_eq=whole, b_eq=[1.0], bounds=[(0, None)] * (2 * n))
    return float(-found.fun)


@pytest.mark.parametrize("seed", range(60))
def test_total_variation_against_a_linear_program(seed: int) -> None:
    """If this fails, the audit's worst expected cost is not the worst over the ball."""
    values, probability, radius = drawn(seed)
    assert worst_expectation(values, probability, radius) == pytest.approx(by_linear_program(values, probability, radius), abs=1e-9)
    q = worst_probabilities(values, probability, radius)
    assert q.min() >= 0
    assert q.sum() == pytest.approx(1.0)
    assert 0.5 * np.abs(q - probability).sum() <= radius + 1e-12


@pytest.mark.parametrize("seed", range(20))
def test_worst_expectation_identities(seed: int) -> None:
    """If this fails, a radius of 0 is not the mean, 1 not the worst future, more doubt costs less, or the convex combination with CVaR is wrong."""
    values, probability, _ = drawn(seed)
    assert worst_expectation(values, probability, 0.0) == pytest.approx(float(values @ probability), rel=1e-12)
    assert worst_expectation(values, probability, 1.0) == pytest.approx(values.max())
    curve = [worst_expectation(values, probability, r) for r in np.linspace(0, 1, 21)]
    assert (np.diff(curve) >= -1e-12).all()
    assert (np.diff(curve, 2) <= 1e-12).all()
    for r in (0.1, 0.5, 0.9):
        assert worst_expectation(values, probability, r) == pytest.approx(r * values.max() + (1 - r) * tail_mean(values, probability, 1 - r))
    assert risk_adjusted(values, probability, weight=0.0, tail=0.1) == pytest.approx(float(values @ probability), rel=1e-12)


@pytest.mark.parametrize(("radius", "volume", "objective"), [(0.0, 120.0, 1612.5), (0.1, 120.0, 1732.5), (0.25, 150.0, 1875.0), (0.5, 200.0, 2000.0)])
def test_plan_guards_against_wrong_probabilities(radius: float, volume: float, objective: float) -> None:
    """If this fails, the objective does not hold the worst expected cost. Committing 120 costs 1,200, 1,200, 1,650 and 2,400 in the four futures:
    1,612.5 on average, and 0.1 x (2,400 - 1,200) more with a tenth of probability moved from the cheapest to the dearest."""
    plan = solved(but(FIRM, risk={"ambiguity": {"radius": radius}}))
    assert committed(plan, "firm") == pytest.approx(volume)
    assert plan.summary.objective == pytest.approx(objective)
    if radius > 0:
        assert plan.summary.worst_expected_cost == pytest.approx(objective)
        assert any("guards against that" in sentence for sentence in plan.decision)
    else:
        assert plan.summary.worst_expected_cost is None


def test_futures_that_the_worst_probabilities_leave_empty_are_planned_as_well() -> None:
    """If this fails, the expected cost of a plan against wrong probabilities holds futures in which nobody cared what is done."""
    data = json.loads(library.read("quickstart"))
    data["risk"]["ambiguity"] = {"radius": 0.6}
    data["uncertainty"]["revealed"] = "after_signing"
    plan = solved(data)
    guarded = scenario_from(data)
    found = try_out(guarded, first_stage_of_plan(guarded, plan), paths_of(guarded))
    assert plan.summary.expected_cost <= float(found.cost @ paths_of(guarded).probability) * (1 + 1e-7)


@pytest.mark.parametrize("weight", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("tail", [0.3, 1.0])
def test_more_doubt_never_costs_less(weight: float, tail: float) -> None:
    """If this fails, the worst expected cost and the CVaR (which stays with the given probabilities) are weighed wrongly somewhere."""

    def objective(radius: float) -> float:
        risk: Data = {"weight": weight, "tail": tail, "ambiguity": {"radius": radius}}
        return solved(but(FIRM, risk=risk)).summary.objective

    found = [objective(r) for r in (0.0, 0.2, 0.7, 1.0)]
    assert found == sorted(found)
    assert found[0] == pytest.approx(solved(but(FIRM, risk={"weight": weight, "tail": tail})).summary.objective)
    if weight == 1.0:
        assert found[-1] == pytest.approx(found[0])


@pytest.mark.parametrize("seed", range(24))
def test_kullback_leibler_against_its_dual(seed: int) -> None:
    """If this fails, the worst mean is not that of the ball: min over a > 0 of a r + a log sum p exp(v / a), here on a fine grid."""
    values, probability, _ = drawn(3 * seed)
    radius, span = (0.01, 0.2, 1.5)[seed % 3], max(float(np.ptp(values)), 1e-9)
    a = np.geomspace(1e-6, 1e4, 200_001) * span
    grid = a * radius + values.max() + a * np.log((probability[:, None] * np.exp((values[:, None] - values.max()) / a)).sum(axis=0))
    assert kullback_leibler(values, probability, radius) == pytest.approx(float(grid.min()), abs=2e-5 * span + 1e-9)
    assert kullback_leibler(values, probability, 0.0) == pytest.approx(float(values @ probability))
    assert kullback_leibler(values, probability, 1e3) == pytest.approx(values.max())


@pytest.mark.parametrize("seed", range(12))
def test_chi_square_against_a_search(seed: int) -> None:
    """If this fails, the worst mean is not that of the ball; where nothing is pushed below zero it is mean + sqrt(radius x variance)."""
    values, probability, _ = drawn(3 * seed + 1)
    if np.ptp(values) == 0:
        return
    mean = float(values @ probability)
    variance = float(((values - mean) ** 2) @ probability)
    small = 0.5 * float(variance / (values.min() - mean) ** 2)  # beyond 2 x this the cheapest future has no probability left
    assert chi_square(values, probability, small) == pytest.approx(mean + np.sqrt(small * variance), rel=1e-9)
    found = minimize(
        lambda q: -(q @ values),
        probability,
        jac=lambda q: -values,  # noqa: ARG005
        method="SLSQP",
        bounds=[(0, 1)] * len(values),
        constraints=[{"type": "eq", "fun": lambda q: q.sum() - 1}, {"type": "ineq", "fun": lambda q: 1.0 - ((q - probability) ** 2 / probability).sum()}],
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert chi_square(values, probability, 1.0) == pytest.approx(-found.fun, abs=1e-6)


@pytest.mark.parametrize("seed", range(24))
def test_wasserstein_against_a_linear_program(seed: int) -> None:
    """If this fails, the worst mean is not that of the ball: max over moves m of p to q whose mean distance is at most the radius."""
    values, probability, radius = drawn(seed)
    count = len(values)
    points = np.random.default_rng(seed).normal(size=(count, 2))
    distance = np.abs(points[:, None] - points[None]).sum(axis=2)
    distance /= max(distance.max(), 1.0)
    rows = np.kron(np.eye(count), np.ones(count))
    found = linprog(-np.tile(values, count), A_ub=[distance.ravel()], b_ub=[radius], A_eq=rows, b_eq=probability, bounds=(0, None))
    assert wasserstein(values, probability, radius, distance) == pytest.approx(-found.fun, abs=1e-8)


@pytest.mark.parametrize("seed", range(30))
def test_balls_are_nested(seed: int) -> None:
    """If this fails, the columns of the doubt table can't be compared: each ball is said to lie within the next one."""
    values, probability, radius = drawn(seed)
    points = np.random.default_rng(seed).random(len(values))
    distance = np.abs(points[:, None] - points[None])
    distance /= max(float(distance.max()), 1e-9)
    worst = worst_expectation(values, probability, radius)
    assert kullback_leibler(values, probability, 2 * radius**2) <= worst + 1e-8
    assert chi_square(values, probability, 4 * radius**2) <= worst + 1e-8
    assert worst <= wasserstein(values, probability, radius, distance) + 1e-8


def test_distances_between_futures() -> None:
    """If this fails, one product with large volumes hides every other difference. Demand 50 to 200 and half of the price range."""
    rows = [(50.0, 1.0), (200.0, 1.0), (125.0, 2.0)]
    given = futures({"demand": [{"site": "site", "product": "cable", "volume": [volume]}], "spot_price_factor": [factor]} for volume, factor in rows)
    found = distances(paths_of(scenario_from(scenario(0.0, spot=[spot(15.0)], uncertainty=given))))
    assert found == pytest.approx(np.array([[0, 1, 1.5], [1, 0, 1.5], [1.5, 1.5, 0]]) / 1.5)
