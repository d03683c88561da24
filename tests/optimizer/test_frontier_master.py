"""The small program of a frontier: whatever cuts it has been given, every plan that exists stays within it."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.frontier_fan import FanSearch
from optimizer.frontier_program import Aim
from optimizer.frontier_tree import CHEAPEST
from scenarios.tree import Floats
from tests.optimizer.frontiers import in_between, risk_of, small

CASES = [("cvar", 0, 1), ("cvar", 3, 2), ("short", 1, 1), ("short", 3, 2)]
PRICES = (0.0, 4.0, 40.0)


def taught(kind: str, seed: int, products: int) -> FanSearch:
    """A search that has looked at a few first stages and settled for several aims, so that its program holds cuts of every sort."""
    search = FanSearch(risk_of(small(6, seed, 3 if products > 1 else 5, products, scarce=True), kind), 1e-3, threads=1, seed=0)
    fan, master = search.fan, search.master
    for k, x in enumerate(in_between(fan, 3, seed)):
        search._look(x, PRICES[k] if kind == "short" else 0.0)
    for aim in (CHEAPEST, search.risk.safest, (1.0, 3.0)):
        found = master.settle(fan.lower, fan.upper, aim)
        assert found is not None
        master.settle(fan.lower, fan.upper, CHEAPEST, 1.1 * search._seen[0][1][1])
    return search


def plans(search: FanSearch, seed: int) -> list[tuple[Floats, tuple[float, float]]]:
    """First stages that keep their rows, and their figures."""
    fan, kept = search.fan, []
    for x in in_between(fan, 3, seed + 30):
        for aim in ((1.0, 0.0), (1.0, 10.0)):
            found = search.blender.best(fan.lower, fan.upper, aim, np.inf)
            assert found is not None
            point = 0.7 * found.x + 0.3 * x
            kept += [p for p in (found.x, point) if search._keeps_rows(p)]
    return [(x, search._look(x, 7.0 if search.risk.weights is not None else 0.0)) for x in kept[:4]]


@pytest.mark.parametrize(("kind", "seed", "products"), CASES)
def test_cuts_never_cut_off_the_truth(kind: str, seed: int, products: int) -> None:
    """If this fails, a cut lies above the cost of a plan, so that a plan better than those shown may exist."""
    search = taught(kind, seed, products)
    found = plans(search, seed)
    assert found
    aims: tuple[Aim, ...] = ((1.0, 0.0), (1.0, 2.0), (1.0, 20.0), (0.2, 0.8))
    for x, (first, second) in found:
        for aim in aims:
            least = search.master.settle(x, x, aim)
            assert least is not None
            assert least.bound <= aim[0] * first + aim[1] * second + 1e-6 * abs(first)
        held = search.master.settle(x, x, CHEAPEST, second * (1 + 1e-7) + 1e-6)
        assert held is not None
        assert held.bound <= first * (1 + 1e-6)


@pytest.mark.parametrize(("kind", "seed", "products"), CASES)
def test_where_it_has_been_looked_the_truth_is_known(kind: str, seed: int, products: int) -> None:
    """If this fails, looking at a plan does not prove what it costs, and a search never ends."""
    search = taught(kind, seed, products)
    price = 0.0 if kind == "cvar" else 7.0
    for x, (first, second) in plans(search, seed):
        least = search.master.settle(x, x, (1.0, price))
        assert least is not None
        assert least.value == pytest.approx(first + price * second, rel=1e-3)


@pytest.mark.parametrize(("kind", "seed", "products"), CASES)
def test_the_price_of_a_level_bounds_other_levels(kind: str, seed: int, products: int) -> None:
    """If this fails, a line that is solved for at one level lies above the truth at another."""
    search = taught(kind, seed, products)
    fan, middle = search.fan, max(second for _, (_, second) in search._seen if np.isfinite(second))  # a level that some plan reaches
    at = search.master.settle(fan.lower, fan.upper, CHEAPEST, middle)
    assert at is not None
    for share in (0.9, 0.97, 1.03, 1.2):
        other = search.master.settle(fan.lower, fan.upper, CHEAPEST, share * middle)
        if other is not None:
            assert other.value >= at.bound - at.price * (share - 1.0) * middle - 1e-6 * abs(at.bound)


def test_integers_are_rounded_and_kept_within_bounds() -> None:
    """If this fails, a plan signs nine tenths of a contract."""
    master = FanSearch(risk_of(small(4, 0, 3), "cvar"), 1e-3, threads=1, seed=0).master
    x = master.fan.upper * 0.5
    x[master.integers] = [1.0 - 1e-7, 1e-7, 0.4]
    assert master.fractional(x) == master.integers[2]
    whole = master.exact(x)
    assert master.fractional(whole) == -1
    assert whole[master.integers].tolist() == [1.0, 0.0, 0.0]
    lower, upper = master.box(x)
    assert (lower[master.integers] == upper[master.integers]).all()
    assert (lower <= upper).all()
