"""Plans blended part by part: their figures are upper limits, they keep the rows of the first stage, and no mix of looks is better."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.frontier_fan import FanSearch
from optimizer.tail import tail_mean, weighed
from tests.optimizer.frontiers import alone, in_between, risk_of, small

CASES = [("cvar", 0, 1), ("cvar", 1, 2), ("short", 1, 1), ("short", 3, 2)]


def looked(kind: str, seed: int, products: int) -> FanSearch:
    """A search that has looked at a few first stages."""
    search = FanSearch(risk_of(small(6, seed, 3 if products > 1 else 5, products, scarce=True), kind), 1e-3, threads=1, seed=0)
    price = 0.0 if kind == "cvar" else 5.0
    fan = search.fan
    for x in (fan.lower, *in_between(fan, 4, seed), fan.upper):
        search._look(np.where(fan.integer, np.round(x), x), price)
    return search


@pytest.mark.parametrize(("kind", "seed", "products"), CASES)
def test_figures_of_a_blend_are_upper_limits(kind: str, seed: int, products: int) -> None:
    """If this fails, a point of the frontier promises a cost that no plan has."""
    search = looked(kind, seed, products)
    fan, risk = search.fan, search.risk
    blender = search.blender
    assert all(len(pieces) >= 3 for pieces in blender.pieces)
    ends = [blender.best(fan.lower, fan.upper, aim, np.inf) for aim in ((1.0, 0.0), (0.01, 1.0))]
    assert ends[0] is not None
    assert ends[1] is not None
    for share in (0.0, 0.3, 0.7, 1.0):
        level = share * ends[0].second + (1.0 - share) * ends[1].second + 1e-6 * abs(ends[0].second)
        blend = blender.best(fan.lower, fan.upper, (1.0, 0.0), level)
        assert blend is not None
        assert blend.second <= level + 1e-5 * (1.0 + abs(level))
        assert search._keeps_rows(blend.x)
        assert blend.first == pytest.approx(weighed(blend.figures[0], fan.probability))
        size = 1e-7 * (1.0 + np.abs(blend.figures[0]).max())
        if kind == "cvar":
            cost = alone(fan, blend.x)
            assert (cost <= blend.figures[0] + size).all()
            assert tail_mean(cost, fan.probability, risk.tail) <= blend.second + size
        else:
            for price in (0.0, 5.0, 50.0):
                both = alone(risk.priced(price), blend.x)
                assert (both <= blend.figures[0] + price * blend.figures[1] + size).all()


@pytest.mark.parametrize(("kind", "seed", "products"), CASES)
def test_no_plan_looked_at_is_better_than_a_blend(kind: str, seed: int, products: int) -> None:
    """If this fails, what looks have found is forgotten when plans are blended."""
    search = looked(kind, seed, products)
    for plan in search.curve.tried:
        blend = search.blender.best(*search.master.box(plan.x), (1.0, 0.0), plan.second * (1 + 1e-9))
        assert blend is not None
        assert blend.first <= plan.first * (1 + 1e-6)
        assert np.array_equal(blend.x[search.master.integers], plan.x[search.master.integers])


def test_without_looks_there_is_no_blend() -> None:
    """If this fails, a search stumbles before its first look, or where no first stage suits every future."""
    search = FanSearch(risk_of(small(4, 0, 2), "cvar"), 1e-3, threads=1, seed=0)
    assert search.blender.best(search.fan.lower, search.fan.upper, (1.0, 0.0), np.inf) is None
