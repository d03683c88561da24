"""The questions that are asked of a search, with a search that knows its plans by heart."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.frontier_curve import Curve, Spot, Tried
from optimizer.frontier_search import MOST_TRIES, less, proven_gap, trace

NOTHING = np.zeros(1)


class Listed:
    """Plans by figures; a question at a level is answered with the cheapest plan there, or the bound."""

    def __init__(self, plans: list[tuple[float, float]], *, stubborn: bool = False) -> None:
        self.plans, self.stubborn = plans, stubborn
        self.curve = Curve(lambda a, b, s: (1.0 - s) * a.second + s * b.second, 1e-9)
        self.known: dict[float, float] = {}
        self.asked: list[float] = []

    def begin(self) -> None:
        cheapest, safest = min(self.plans), min(self.plans, key=lambda plan: (plan[1], plan[0]))
        for plan in (cheapest, safest):
            self._try(plan)
        self.known[np.inf] = cheapest[0]
        self.known[np.nextafter(safest[1], -np.inf)] = np.inf

    def bound(self, level: float) -> float:
        return max((value for at, value in self.known.items() if at >= level), default=-np.inf)

    def explore(self, level: float, goal: float, enough: float, price: float) -> None:  # noqa: ARG002
        self.asked.append(level)
        if self.stubborn:
            return
        best = min((plan for plan in self.plans if plan[1] <= level), default=(np.inf, 0.0))
        self.known[level] = best[0]
        if best[0] < goal:
            self._try(best)

    def _try(self, plan: tuple[float, float]) -> None:
        self.curve.tried.append(Tried(*plan, NOTHING, NOTHING, NOTHING, NOTHING, str(plan).encode()))


def drawn(seed: int) -> list[tuple[float, float]]:
    draw = np.random.default_rng(seed)
    return [(float(a), float(b)) for a, b in draw.uniform(1.0, 2.0, size=(40, 2))]


@pytest.mark.parametrize("seed", range(20))
def test_every_point_shown_is_proven(seed: int) -> None:
    """If this fails, a point is shown as proven although a plan is better by more than the gap in both figures."""
    search, gap = Listed(drawn(seed)), 1e-3
    told: list[float] = []
    shown = trace(search, 6, gap, lambda _, worst: told.append(worst))
    assert told[-1] == pytest.approx(gap)
    for spot in shown:
        assert proven_gap(search, spot) <= gap * (1 + 1e-9)
        assert not any(a < spot.first * (1 - gap) and b < spot.second * (1 - gap) for a, b in search.plans)


@pytest.mark.parametrize("seed", range(20))
def test_plans_that_no_weighing_would_choose_are_found(seed: int) -> None:
    """If this fails, a frontier shows only its convex hull."""
    plans = drawn(seed)
    best = sorted(p for p in plans if not any(q[0] <= p[0] and q[1] <= p[1] and q != p for q in plans))
    shown = trace(Listed(plans), 40, 1e-6, lambda *_: None)
    figures = [(s.first, s.second) for s in shown]
    reach = np.ptp(best, axis=0) if len(best) > 1 else np.ones(2)
    for plan in best:  # or one within what twenty points could tell apart
        away = min(max(abs(plan[0] - a) / reach[0], abs(plan[1] - b) / reach[1]) for a, b in figures)
        assert away <= 0.2
    assert set(figures) <= set(best)


def test_a_dent_in_the_curve_is_looked_into() -> None:
    """If this fails, the plan in the middle of a dent, which is on no supporting line, is never found."""
    shown = trace(Listed([(1.0, 2.0), (2.0, 1.0), (1.6, 1.6)]), 20, 1e-3, lambda *_: None)
    assert (1.6, 1.6) in [(s.first, s.second) for s in shown]


def test_a_question_that_leads_nowhere_is_given_up() -> None:
    """If this fails, a trace never ends where rounding hides an answer."""
    search = Listed(drawn(3), stubborn=True)
    shown = trace(search, 6, 1e-3, lambda *_: None)
    assert shown
    assert max(search.asked.count(level) for level in search.asked) <= MOST_TRIES


def test_without_plans_there_is_nothing_to_show() -> None:
    """If this fails, an infeasible scenario ends in an error of its own."""
    search = Listed(drawn(0))
    search.begin = lambda: None  # type: ignore[method-assign]
    assert trace(search, 6, 1e-3, lambda *_: None) == []


def test_the_proven_gap_is_the_smallest_that_holds() -> None:
    """If this fails, a point claims a better proof than there is, or a worse one."""
    search = Listed(drawn(1))
    trace(search, 6, 1e-2, lambda *_: None)
    for spot in search.curve.spots():
        gap = proven_gap(search, spot)
        assert less(spot.second, spot.first, gap * (1 + 1e-6)).open(search) <= 0
        assert gap < 1e-9 or less(spot.second, spot.first, gap * (1 - 1e-6) - 1e-9).open(search) > 0
    assert proven_gap(Listed(drawn(1)), Spot(1.5, 1.5, 0, 0, 0.0)) == 1.0
