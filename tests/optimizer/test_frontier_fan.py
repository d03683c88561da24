"""The frontier of a fan against all futures in one program and every signing tried; cut short anywhere; on any number of threads."""

from __future__ import annotations

import threading
import time
from itertools import combinations

import numpy as np
import pytest

from optimizer import frontier_fan
from optimizer.frontier_curve import Spot
from optimizer.frontier_fan import FanSearch
from optimizer.frontier_search import proven_gap, trace
from optimizer.solve.highs import Interrupted
from optimizer.tail import tail_mean
from tests.optimizer.frontiers import Truth, alone, risk_of, small

GAP = 2e-3
NEAR = 1e-6
CASES = [("cvar", 0, 1), ("cvar", 1, 1), ("cvar", 1, 2), ("short", 0, 1), ("short", 3, 1), ("short", 3, 2)]


def searched(kind: str, seed: int, products: int = 1, points: int = 6, threads: int = 1) -> tuple[FanSearch, list[Spot]]:
    search = FanSearch(risk_of(small(8, seed, 3 if products > 1 else 5, products, scarce=True), kind), GAP, threads=threads, seed=0)
    return search, trace(search, points, GAP, lambda *_: None)


def levels(shown: list[Spot], count: int = 4) -> list[float]:
    return [float(x) for x in np.linspace(shown[0].second, shown[-1].second, count)]


@pytest.mark.parametrize(("kind", "seed", "products"), CASES)
def test_every_point_is_proven_and_the_proof_is_true(kind: str, seed: int, products: int) -> None:
    """If this fails, a frontier shows a point although another plan is better in both figures, or claims a bound that a plan undercuts."""
    search, shown = searched(kind, seed, products)
    truth = Truth(search.risk)
    assert len(shown) >= 2
    for spot in shown:
        gap = proven_gap(search, spot)
        assert gap <= GAP * (1 + NEAR)
        assert truth.least(spot.second - gap * abs(spot.second) - NEAR) >= spot.first * (1 - gap - NEAR)
    for level in levels(shown):
        assert search.bound(level) <= truth.least(level + NEAR * abs(level)) * (1 + NEAR)


@pytest.mark.parametrize(("kind", "seed", "products"), CASES)
def test_figures_are_those_of_each_future_solved_alone(kind: str, seed: int, products: int) -> None:
    """If this fails, a point promises figures that its volumes don't lead to."""
    search, shown = searched(kind, seed, products)
    fan, risk, tried = search.fan, search.risk, search.curve.tried
    for spot in shown:
        x = spot.of(lambda plan: plan.x, tried)
        assert search._is_plan(x)
        if kind == "cvar":
            cost = alone(fan, x)
            assert float(fan.probability @ cost) <= spot.first * (1 + NEAR)
            assert tail_mean(cost, fan.probability, risk.tail) <= spot.second * (1 + NEAR)
        else:
            price = tried[spot.one].price
            both = float(fan.probability @ alone(risk.priced(price), x))
            assert both <= (spot.first + price * spot.second) * (1 + NEAR)
        cost = spot.of(lambda plan: plan.cost, tried)
        assert float(fan.probability @ cost) == pytest.approx(spot.first, rel=1e-9)


@pytest.mark.parametrize(("kind", "seed"), [("cvar", 0), ("short", 1)])
def test_no_signing_has_a_plan_below_the_frontier(kind: str, seed: int) -> None:
    """If this fails, a signing that is best somewhere on the frontier has been overlooked."""
    search, shown = searched(kind, seed)
    truth = Truth(search.risk)
    middle = shown[len(shown) // 2]
    best = min(truth.least(middle.second * (1 - GAP), signed) for signed in truth.signings())
    assert best == pytest.approx(truth.least(middle.second * (1 - GAP)), rel=1e-7)
    assert search.bound(middle.second * (1 - GAP)) <= best * (1 + NEAR)
    assert best >= middle.first * (1 - GAP - NEAR)


@pytest.mark.parametrize("kind", ["cvar", "short"])
def test_the_ends_are_the_cheapest_and_the_safest_plan(kind: str) -> None:
    """If this fails, the frontier does not reach as far as plans do."""
    search, shown = searched(kind, 1)
    truth = Truth(search.risk)
    assert shown[-1].first <= truth.least(np.inf) * (1 + GAP + NEAR)
    assert shown[0].second <= truth.safest() * (1 + GAP) + 0.02


@pytest.mark.parametrize("seed", [0, 5])
def test_plans_that_no_weighing_chooses_are_found(seed: int) -> None:
    """If this fails, the frontier is only its convex hull: a plan above the line between two others is never shown."""
    _, shown = searched("cvar", seed, points=12)
    above = 0
    for safer, spot, cheaper in combinations(shown, 3):
        share = (spot.second - safer.second) / (cheaper.second - safer.second)
        above += spot.first > ((1.0 - share) * safer.first + share * cheaper.first) * (1 + GAP)
    assert above >= 1


@pytest.mark.parametrize("kind", ["cvar", "short"])
def test_points_do_not_depend_on_threads(kind: str) -> None:
    """If this fails, the same question has another answer on another machine."""
    (_, one), (_, three) = searched(kind, 1), searched(kind, 1, threads=3)
    assert one == three


def test_a_sample_is_traced_first_where_there_are_many_futures(monkeypatch: pytest.MonkeyPatch) -> None:
    """If this fails, a search that starts from a sample ends elsewhere, or is not proven for all futures."""
    _, plain = searched("cvar", 0)
    monkeypatch.setattr(frontier_fan, "SAMPLE", 2)
    search, shown = searched("cvar", 0)
    truth = Truth(search.risk)
    for spot in shown:
        assert proven_gap(search, spot) <= GAP * (1 + NEAR)
        assert truth.least(spot.second * (1 - GAP) - NEAR) >= spot.first * (1 - GAP - NEAR)
    assert shown[-1].first == pytest.approx(plain[-1].first, rel=2 * GAP)


@pytest.mark.parametrize("looks", [0, 1, 3, 6, 9])
def test_stopped_anywhere_plans_and_bounds_are_valid(looks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """If this fails, whoever stops a search is left with a wrong bound or with no plans at all."""
    stop = threading.Event()
    search = FanSearch(risk_of(small(8, 1, scarce=True), "cvar"), GAP, threads=1, seed=0, stop=stop)
    learn = search.master.learn

    def counted(*args: object) -> None:
        learn(*args)  # type: ignore[arg-type]
        if search.steps >= looks:
            stop.set()

    monkeypatch.setattr(search.master, "learn", counted)
    if looks == 0:
        stop.set()
    with pytest.raises(Interrupted, match="user"):
        trace(search, 6, GAP, lambda *_: None)
    spots, truth = search.curve.spots(), Truth(search.risk)
    assert spots or looks < 9
    for spot in spots[:: max(1, len(spots) // 3)]:
        assert truth.least(spot.second * (1 + NEAR)) <= spot.first * (1 + NEAR)
        assert search.bound(spot.second) <= truth.least(spot.second) * (1 + NEAR)
        assert 0.0 <= proven_gap(search, spot) <= 1.0


def test_a_deadline_ends_a_search() -> None:
    """If this fails, a time limit is overrun by a frontier."""
    search = FanSearch(risk_of(small(8, 1), "cvar"), GAP, threads=1, seed=0, deadline=time.monotonic() - 1.0)
    with pytest.raises(Interrupted, match="time"):
        trace(search, 6, GAP, lambda *_: None)
    assert search.curve.spots() == []
    assert search.bound(1.0) == -np.inf


def test_a_search_that_gets_nowhere_is_given_up() -> None:
    """If this fails, a search looks two thousand times at what rounding hides, or gives up while bounds still rise."""
    still = [(10.0, 9.0)] * 6
    assert frontier_fan._stalled(still)
    assert not frontier_fan._stalled(still[:5])
    assert not frontier_fan._stalled([*still, (10.0, 9.1)])
    assert not frontier_fan._stalled([*still, (9.9, 9.0)])
    assert not frontier_fan._stalled([(np.inf, 9.0)] * 6 + [(10.0, 9.0)])
