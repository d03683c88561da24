"""How a frontier is traced: both ends, then wherever a point is least certain, until every point shown is proven.

A point is proven when no plan is better than it by more than the gap in both figures at once:

    bound(second - gap |second|) >= first - gap |first|          bound(r): no plan whose second figure is at most r has a smaller first one

Between neighbours that lie far apart the same is asked half way, and then nearer to the riskier one: is there a plan with less risk than the riskier one
that costs less than the safer one?
So plans that no weighing of both figures would choose are found as well.
References: Haimes, Lasdon & Wismer (1971), On a bicriterion formulation, IEEE Trans. SMC 1 (epsilon constraints); Laumanns et al. (2006), EJOR 169(3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from optimizer.frontier_curve import Curve, Spot, jumps, picked, slope

ENOUGH = 0.2  # of the gap: a proposal so near the bound is looked at
NEARLY = 0.9  # of the worst: among questions so open, the one furthest from those asked before
WIDE = 10.0  # times the gap: beyond it, questions are all as open
MOST_TRIES = 12  # at one and the same question
STEPS = 40  # of bisection
BETWEEN = (0.5, 0.75, 0.9)  # of the way from a point to the next one, where a plan between them is asked for
Tell = Callable[[list[Spot], float], None]  # points so far, largest gap among them


class Search(Protocol):
    """Whatever can try plans and bound what others would cost."""

    @property
    def curve(self) -> Curve: ...

    def begin(self) -> None:
        """Try the cheapest and the safest plan."""

    def bound(self, level: float) -> float:
        """No plan whose second figure is at most `level` has a smaller first figure."""

    def explore(self, level: float, goal: float, enough: float, price: float) -> None:
        """Raise the bound at `level` to `goal`, or try a plan that is near the bound. `price`: what a unit of the second figure costs around there."""


@dataclass(frozen=True)
class Question:
    """Whether a plan with a second figure of at most `level` may cost less than `goal`."""

    level: float
    goal: float
    scale: float

    def open(self, search: Search) -> float:
        """By how much it may, relative; not above 0 when it may not."""
        bound = search.bound(self.level)
        return -np.inf if bound == np.inf else (self.goal - bound) / self.scale


def trace(search: Search, points: int, gap: float, tell: Tell) -> list[Spot]:
    """Spread points over the frontier and prove them. Whoever interrupts finds what has been tried in the search's curve."""
    search.begin()
    asked: dict[Question, int] = {}
    while search.curve.tried:
        spots = search.curve.spots()
        shown = picked(spots, points)
        questions = [less(spot.second, spot.first, gap) for spot in shown]
        questions += [question for safer, cheaper in jumps(spots, points) if (question := _between(search, safer, cheaper, gap)) is not None]
        opening = [q.open(search) if asked.get(q, 0) < MOST_TRIES else -np.inf for q in questions]
        worst = max(opening)
        tell(shown, gap + max(worst, 0.0))
        if worst <= 0:
            return shown
        question = _most_telling([q for q, size in zip(questions, opening, strict=True) if size >= min(NEARLY * worst, WIDE * gap)], list(asked), shown)
        asked[question] = asked.get(question, 0) + 1
        search.explore(question.level, question.goal, ENOUGH * gap * question.scale, slope(spots, question.level))
    return []


def _between(search: Search, safer: Spot, cheaper: Spot, gap: float) -> Question | None:
    """Whether a plan between two points costs less than the safer one: asked half way, and ever nearer to the cheaper one as long as it is not so."""
    for share in BETWEEN:
        question = less((1.0 - share) * safer.second + share * cheaper.second, safer.first, gap)
        if question.open(search) > 0:
            return question
    return None


def _most_telling(questions: list[Question], asked: list[Question], shown: list[Spot]) -> Question:
    """The question furthest from those asked before and from the ends, where most is known."""
    known = np.array([shown[0].second, shown[-1].second, *(q.level for q in asked)])
    return max(questions, key=lambda q: float(np.abs(known - q.level).min()))


def less(second: float, first: float, gap: float) -> Question:
    """Is there a plan better by more than the gap in both figures?"""
    scale = max(abs(first), 1e-9)
    return Question(second - gap * abs(second), first - gap * scale, scale)


def proven_gap(search: Search, spot: Spot) -> float:
    """The smallest gap that is proven for a spot; 1 if none is."""
    low, high = 0.0, 1.0
    if less(spot.second, spot.first, high).open(search) > 0:
        return 1.0
    for _ in range(STEPS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if less(spot.second, spot.first, middle).open(search) <= 0 else (middle, high)
    return high
