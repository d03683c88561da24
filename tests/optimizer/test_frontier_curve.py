"""What lies between tried plans, what is dominated, and which points show a curve, against counting them all."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest

from optimizer.frontier_curve import MIXES, Curve, Spot, Tried, jumps, picked, slope
from optimizer.tail import tail_mean
from scenarios.tree import Floats

TAIL = 0.3


def plans(seed: int, count: int = 12, futures: int = 7) -> tuple[list[Tried], Floats]:
    """Random plans of two signings, and the futures' probabilities."""
    draw = np.random.default_rng(seed)
    probability = draw.dirichlet(np.ones(futures))
    found = []
    for i in range(count):
        cost = 100.0 * draw.lognormal(size=futures) + 1_000.0
        found.append(Tried(float(probability @ cost), tail_mean(cost, probability, TAIL), cost, cost, cost, draw.normal(size=3), b"ab"[i % 2 : i % 2 + 1]))
    return found, probability


def curve_of(seed: int) -> Curve:
    tried, probability = plans(seed)
    curve = Curve(lambda a, b, share: tail_mean((1.0 - share) * a.cost + share * b.cost, probability, TAIL), 1e-9)
    curve.tried += tried
    return curve


@pytest.mark.parametrize("seed", range(12))
def test_spots_are_what_nothing_dominates(seed: int) -> None:
    """If this fails, the curve shows a plan that another one beats, or hides one that none does."""
    curve = curve_of(seed)
    spots = curve.spots()
    assert all(a.second < b.second and a.first > b.first for a, b in pairwise(spots))
    for plan in curve.tried:
        assert any(s.first <= plan.first * (1 + 1e-8) and s.second <= plan.second * (1 + 1e-8) for s in spots)
    shown = {s.one for s in spots if not s.share}
    for i, plan in enumerate(curve.tried):
        beaten = any(s.first < plan.first and s.second < plan.second for s in spots)
        assert not (beaten and i in shown)


@pytest.mark.parametrize("seed", range(12))
def test_mixes_are_of_plans_that_sign_the_same_and_cost_what_is_said(seed: int) -> None:
    """If this fails, a point is a mix of contracts that can't be mixed, or costs more than it says."""
    curve = curve_of(seed)
    _, probability = plans(seed)
    for spot in curve.spots():
        one, other = curve.tried[spot.one], curve.tried[spot.other]
        assert one.key == other.key
        cost = spot.of(lambda plan: plan.cost, curve.tried)
        assert float(probability @ cost) == pytest.approx(spot.first, rel=1e-12)
        assert tail_mean(cost, probability, TAIL) == pytest.approx(spot.second, rel=1e-12)
        assert spot.second <= (1.0 - spot.share) * one.second + spot.share * other.second + 1e-9


@pytest.mark.parametrize("seed", range(6))
def test_dominated_plans_are_named_with_what_beats_them(seed: int) -> None:
    """If this fails, a plan is called dominated that nothing beats, or a beaten one is passed over in silence."""
    curve = curve_of(seed)
    spots = curve.spots()
    found = dict(curve.dominated(spots))
    for i, plan in enumerate(curve.tried):
        behind = any(i in (s.one, s.other) for s in spots)
        beaten = any(s.first < plan.first * (1 - 1e-8) and s.second < plan.second * (1 - 1e-8) for s in spots)
        assert not (beaten and not behind and i not in found)
        if i in found:
            assert not behind
            assert found[i].first <= plan.first * (1 + 1e-8)
            assert found[i].second <= plan.second * (1 + 1e-8)


def test_a_mix_is_tried_between_neighbours_only_once() -> None:
    """If this fails, the same mixes are computed at every step of a search."""
    calls: list[float] = []

    def risk(one: Tried, other: Tried, share: float) -> float:
        calls.append(share)
        return (1.0 - share) * one.second + share * other.second

    curve = Curve(risk, 1e-9)
    nothing = np.zeros(1)
    curve.tried += [Tried(float(10 - i), float(i), nothing, nothing, nothing, nothing, b"") for i in range(3)]
    assert len(curve.spots()) == 3 + 2 * MIXES
    curve.spots()
    assert len(calls) == 2 * MIXES


def convex(count: int, seed: int) -> list[Spot]:
    draw = np.random.default_rng(seed)
    second = np.sort(draw.uniform(1.0, 2.0, count))
    return [Spot(float(5.0 / s), float(s), i, i, float(draw.choice([0.0, 0.5]))) for i, s in enumerate(second)]


@pytest.mark.parametrize("seed", range(10))
def test_picked_points_keep_both_ends_and_their_number(seed: int) -> None:
    """If this fails, a frontier of twenty points leaves out its cheapest or safest plan, or shows a point twice."""
    spots = convex(5 + 9 * seed, seed)
    for count in (1, 2, 5, 20):
        shown = picked(spots, count)
        assert len(shown) == min(count, len(spots))
        assert shown[0] == spots[0]
        assert count == 1 or shown[-1] == spots[-1]
        assert [spots.index(s) for s in shown] == sorted({spots.index(s) for s in shown})
    assert picked([], 5) == []


@pytest.mark.parametrize("seed", range(10))
def test_picked_points_are_spread(seed: int) -> None:
    """If this fails, the points of a frontier crowd at one end of it."""
    spots = convex(400, seed)
    figures = np.array([[s.first, s.second] for s in picked(spots, 9)])
    steps = np.hypot(*(np.diff(figures, axis=0) / np.ptp(figures, axis=0)).T)
    assert steps.max() <= 2.5 * steps.min()


def test_jumps_are_neighbours_far_apart() -> None:
    """If this fails, a gap in the curve where another plan may lie is not looked into."""
    spots = [Spot(10.0 - k, float(k), k, k, 0.0) for k in (0, 1, 2, 3, 8, 9, 10)]
    assert [(a.second, b.second) for a, b in jumps(spots, 8)] == [(3.0, 8.0)]
    assert jumps(spots[:1], 8) == []


def test_the_slope_is_that_between_neighbours() -> None:
    """If this fails, shortage is looked at with a price that has nothing to do with the place on the curve."""
    spots = [Spot(10.0, 0.0, 0, 0, 0.0), Spot(4.0, 2.0, 1, 1, 0.0), Spot(3.0, 4.0, 2, 2, 0.0)]
    assert [slope(spots, level) for level in (-1.0, 1.0, 3.0, 9.0)] == [3.0, 3.0, 0.5, 0.5]
    assert slope(spots[:1], 1.0) == 0.0


def test_all_pairs_are_compared() -> None:
    """If this fails, two plans of equal figures are both shown."""
    curve = curve_of(0)
    curve.tried += [curve.tried[0], curve.tried[1]]
    for a, b in combinations(curve.spots(), 2):
        assert not (a.first == b.first and a.second == b.second)
