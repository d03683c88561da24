"""The recourse in parts: nothing connects them, and their cuts are lower bounds that add up to the whole cut."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.frontier_parts import PartPool
from optimizer.solve.fan import Fan
from optimizer.solve.parts import separate
from optimizer.solve.recourse import FanRecourse
from tests.optimizer.frontiers import alone, in_between, small
from tests.optimizer.solve.fans import can_be_taken_apart, case_of, fan_document


def drawn(seed: int) -> Fan:
    """A random fan that can be taken apart, or one of two products."""
    if seed % 2:
        return small(5, seed, 2, products=2).fan
    case = case_of(fan_document(seed, 4, apart=True))
    return case.fan if can_be_taken_apart(case) else small(5, seed, 3).fan


@pytest.mark.parametrize("seed", range(10))
def test_cuts_are_lower_bounds_and_add_up(seed: int) -> None:
    """If this fails, a bound on the frontier is above plans that exist, or weaker than the looks that it comes from."""
    fan = drawn(seed)
    parts, looks = separate(fan), FanRecourse(fan, 1, 0)
    pool = PartPool(fan, parts)
    points = in_between(fan, 4, seed)
    for x in points[:3]:
        found = looks.look(x)
        pool.add(found, x)
        constant = sum((pool.cuts[p][-1].constant for p in range(len(parts))), np.zeros(fan.count))[found.feasible]
        slope = np.where(found.feasible[:, None], fan.cost1.T, 0.0)
        for p, seen in enumerate(part.seen for part in parts):
            slope[:, seen] += pool.cuts[p][-1].slope
        size = 1.0 + np.abs(found.cost[found.feasible]).max(initial=0.0)
        assert np.abs(constant - found.constant[found.feasible]).max(initial=0.0) <= 1e-9 * size
        assert np.abs(np.where(found.feasible[:, None], slope - found.slope, 0.0)).max() <= 1e-9 * size
        assert (pool.at(x)[0][found.feasible] >= found.cost[found.feasible] - 1e-6 * size).all()
    for x in points + in_between(fan, 4, seed + 100):
        truth = alone(fan, x) - float(fan.cost0 @ x)
        assert (pool.at(x)[0] <= truth + 1e-7 * (1.0 + np.abs(np.where(np.isfinite(truth), truth, 0.0)))).all()


@pytest.mark.parametrize("seed", range(6))
def test_a_row_is_the_sum_of_the_cuts_that_say_most(seed: int) -> None:
    """If this fails, the small program is taught something else than what the looks know at a point."""
    fan = drawn(seed)
    parts, looks = separate(fan), FanRecourse(fan, 1, 0)
    pool = PartPool(fan, parts)
    for x in in_between(fan, 3, seed):
        pool.add(looks.look(x), x)
    weights = np.random.default_rng(seed).dirichlet(np.ones(fan.count)) * (np.arange(fan.count) > 0)
    for x in in_between(fan, 3, seed + 50):
        _, shares, active = pool.at(x)
        _, nearby, _ = pool.at(x, near=True)
        for p, seen in enumerate(part.seen for part in parts):
            every = np.max([cuts.constant + cuts.slope @ x[seen] for cuts in pool.cuts[p]], axis=0)
            constant, slope = active[p].added(weights)
            size = 1.0 + np.abs(every).max()
            assert np.abs(shares[p] - every).max() <= 1e-5 * size
            assert constant + slope @ x[seen] == pytest.approx(float(weights @ shares[p]), abs=1e-9 * size)
            assert (nearby[p] <= every + 1e-9 * size).all()
