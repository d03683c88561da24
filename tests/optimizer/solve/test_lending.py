"""What a sample proves for other futures is true of them, and more than nothing."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.solve.fan import part_of
from optimizer.solve.lending import lent, spread
from optimizer.solve.master import Pool
from optimizer.solve.recourse import FanRecourse
from scenarios.tree import Floats, Ints
from tests.optimizer.solve.fans import Case, can_be_taken_apart, case_of, fan_document, many

NEAR = 1e-6


def looked(case: Case, chosen: Ints, points: list[Floats]) -> list[tuple[Floats, Floats]]:
    """Looks at some of the futures."""
    looks = FanRecourse(part_of(case.fan, chosen), 1)
    return [(x, looks.look(x).multipliers) for x in points]


@pytest.mark.parametrize("seed", range(0, 40, 2))
def test_borrowed_cuts_are_below_every_cost(seed: int) -> None:
    """A bound would be proven that is none: by multipliers of another future, or by a ray of one that had no plan."""
    case = case_of(fan_document(seed, 9, apart=True))
    if not can_be_taken_apart(case):
        return
    points = case.points(5, seed)
    pool = Pool()
    pool.add(FanRecourse(case.fan, 1).floor)
    for found in lent(case.fan, np.array([1, 4, 7]), looked(case, np.array([1, 4, 7]), points[:3])):
        pool.add(found)
    for x in points:
        true = case.alone(x)
        assert (pool.at(x)[0] <= np.where(np.isfinite(true), true, np.inf) + NEAR * np.maximum(1.0, np.abs(np.where(np.isfinite(true), true, 0.0)))).all()


def test_borrowed_cuts_say_much() -> None:
    """Looks at all futures would be needed to learn what a sample could have told; a lender's own future borrows what it knows itself."""
    case = case_of(many(60))
    chosen, points = np.arange(0, 60, 5), case.points(4, 1)
    looks, pool = FanRecourse(case.fan, 1), Pool()
    pool.add(looks.floor)
    before = [pool.at(x)[0] for x in points]
    for found in lent(case.fan, chosen, looked(case, chosen, points)):
        pool.add(found)
    for k, x in enumerate(points):
        cost, known = looks.look(x).cost, pool.at(x)[0]
        if k:  # the first look of a sample is not lent
            assert known[chosen] == pytest.approx(cost[chosen], rel=NEAR)
            assert (cost - known).mean() < 0.25 * (cost - before[k]).mean()


def test_threads_lend_the_same() -> None:
    """A plan would depend on the machine."""
    case = case_of(many(300))
    chosen = np.arange(0, 300, 30)
    looks = looked(case, chosen, case.points(2))
    for one, many_threads in zip(lent(case.fan, chosen, looks), lent(case.fan, chosen, looks, threads=3), strict=True):
        assert np.array_equal(one.constant, many_threads.constant)
        assert all(np.array_equal(a, b) for a, b in zip(one.shares.slope, many_threads.shares.slope, strict=True))


def test_looks_to_lend_are_spread() -> None:
    """The first look, which is far from everything, would be lent, or the last one left out."""
    assert [spread(count, 4) for count in (0, 1, 2, 5, 14)] == [[], [0], [0, 1], [1, 2, 3, 4], [3, 6, 10, 13]]
