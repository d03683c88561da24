"""One tree for a whole frontier: its leaves hold every signing, and its bound is below every plan at every level."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from optimizer.frontier_fan import FanSearch
from optimizer.frontier_search import trace
from optimizer.frontier_tree import CHEAPEST, Node
from tests.optimizer.frontiers import Truth, risk_of, small

GAP = 2e-3


def searched(kind: str, seed: int) -> FanSearch:
    search = FanSearch(risk_of(small(6, seed, 5, scarce=True), kind), GAP, threads=1, seed=0)
    trace(search, 6, GAP, lambda *_: None)
    return search


@pytest.mark.parametrize(("kind", "seed"), [("cvar", 0), ("cvar", 5), ("short", 3)])
def test_every_signing_is_in_one_leaf_that_bounds_it(kind: str, seed: int) -> None:
    """If this fails, a signing is forgotten when the tree branches, or its leaf claims more than is true of it."""
    search = searched(kind, seed)
    truth, tree, whole = Truth(search.risk), search.tree, search.master.integers
    level = float(np.median([plan.second for plan in search.curve.tried]))
    for signed in truth.signings():
        homes = [node for node in tree.leaves if (node.lower[whole] <= signed).all() and (signed <= node.upper[whole]).all()]
        least = truth.least(level, signed)
        assert len(homes) <= 1
        if np.isfinite(least):
            assert len(homes) == 1
            assert homes[0].first(level) <= least * (1 + 1e-6)
            assert tree.bound(level) <= homes[0].first(level)


@pytest.mark.parametrize("kind", ["cvar", "short"])
def test_the_bound_falls_as_more_risk_is_allowed(kind: str) -> None:
    """If this fails, a frontier's bound says that more risk costs more, and points are proven that are not."""
    search = searched(kind, 1)
    seconds = sorted(plan.second for plan in search.curve.tried)
    levels = np.linspace(0.9 * seconds[0], 1.1 * seconds[-1] + 1.0, 30)
    bounds = [search.bound(float(level)) for level in levels]
    assert all(a >= b or a == pytest.approx(b, rel=1e-9) for a, b in pairwise(bounds))
    for plan in search.curve.tried:
        assert search.bound(plan.second) <= plan.first * (1 + 1e-6)
    assert search.tree.end() <= min(search._value(search.risk.safest, (plan.first, plan.second)) for plan in search.curve.tried) * (1 + 1e-6)


def test_a_leaf_takes_the_best_of_its_lines() -> None:
    """If this fails, what is known of a leaf at one level is lost at another."""
    node = Node(np.zeros(1), np.ones(1), lines=[(10.0, 100.0, 2.0), (20.0, 90.0, 0.0)], floor=5.0)
    assert [node.first(level) for level in (4.0, 6.0, 10.0, 14.0, 30.0)] == [np.inf, 108.0, 100.0, 92.0, 90.0]


def test_a_proposal_is_near_the_bound_or_follows_long_branching() -> None:
    """If this fails, looks are wasted on plans that the cuts themselves call bad."""
    search = FanSearch(risk_of(small(6, 0, 5, scarce=True), "cvar"), GAP, threads=1, seed=0)
    search._look(search.fan.lower + 0.6 * (search.fan.upper - search.fan.lower), 0.0)
    found = search.tree.cheapest(np.inf, np.inf, 1.0)
    assert found is not None
    assert found.value - search.bound(np.inf) <= 1.0 + 1e-6 * abs(found.value) or search.tree.branches >= 4
    assert search.tree.cheapest(np.inf, -1e9, 1.0) is None
    assert search.tree._explore(CHEAPEST, np.inf, -1e9, 1.0, lambda node: node.first(np.inf)) is None
