"""Scarcity is real: who signs nothing runs short where the market is tight, rivals make it worse, and securing supply is worth more than it costs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benchmarks import scarcity
from benchmarks.scarcity import BLIND, PLAN, SPOT, Scarcity
from models.scenario import Scenario
from scenarios import library
from scenarios.files import scenario_from
from scenarios.sampling import draw
from tests.models.edits import edited

MARKET: dict[str, Any] = {
    "kind": "generated",
    "futures": 12,
    "regimes": [
        {"id": "glut", "moves": {"glut": 0.5, "normal": 0.5}, "spot": [{"price_factor": 0.65, "available_factor": 4.0}]},
        {"id": "normal", "initial": 0.5, "moves": {"glut": 0.1, "normal": 0.6, "tight": 0.3}, "spot": [{"available_factor": 4.0}]},
        {"id": "tight", "initial": 0.5, "moves": {"normal": 0.4, "tight": 0.3, "crisis": 0.3}, "spot": [{"price_factor": 1.5, "available_factor": 0.8}]},
        {"id": "crisis", "moves": {"tight": 0.5, "crisis": 0.5}, "spot": [{"price_factor": 2.5, "available_factor": 0.2}]},
    ],
    "demand": {"common": {"volatility": 0.05}},
    "rivals": [{"id": "other", "probability_in": {"tight": 0.6, "crisis": 0.6}, "market_share": 0.4, "price_factor": 1.2, "periods": 2}],
}


def market() -> Scenario:
    """Three years, one product whose shortage is lost demand, a market with plenty on offer in calm years."""
    lost = [{"product": "cable", "kind": "lost", "cost_per_unit": 90000}]
    return scenario_from(edited(("uncertainty", MARKET), ("shortage", lost), ("storage", []), ("rules", [])))


@pytest.fixture(scope="module")
def found() -> tuple[Scarcity, Scarcity]:
    """The comparison, with rivals and without."""
    scenario = market()
    return scarcity.compare(scenario, futures=16, fresh=24, seed=1, settings=scenario.solve)


def test_spot_only_runs_short_where_the_market_is_tight_and_nowhere_else(found: tuple[Scarcity, Scarcity]) -> None:
    """Scarcity would not show, or show in a glut."""
    for each in found:
        rows = {row.regime: row.figures[SPOT] for row in each.periods}
        assert set(rows) == {"glut", "normal", "tight", "crisis"}
        assert rows["crisis"].fill < rows["tight"].fill < 0.9
        assert rows["glut"].fill == rows["normal"].fill == pytest.approx(1.0)
        assert rows["crisis"].short > rows["tight"].short > 0


def test_the_plan_is_worth_more_than_nothing_and_more_still_with_rivals(found: tuple[Scarcity, Scarcity]) -> None:
    """Securing supply would be praised for what it does not bring, or rivals would not matter."""
    for each in found:
        spot, plan = each.plans[SPOT], each.plans[PLAN]
        assert plan.cost < spot.cost
        assert plan.cvar < spot.cvar
        assert plan.short < spot.short
        assert plan.fill > spot.fill
        assert each.value == pytest.approx(spot.cost - plan.cost)
        assert 0 <= each.regret[0] < 0.5
    with_rivals, alone = found
    assert with_rivals.plans[SPOT].cost > alone.plans[SPOT].cost
    assert with_rivals.plans[SPOT].short > alone.plans[SPOT].short
    assert with_rivals.value > alone.value
    assert set(with_rivals.plans) == {SPOT, PLAN, BLIND}


def test_groups_add_up_to_the_whole(found: tuple[Scarcity, Scarcity]) -> None:
    """A table by regime would leave futures out or count them twice."""
    for each in found:
        for rows, periods in ((each.periods, 3), (each.futures, 1)):
            assert sum(row.share for row in rows) == pytest.approx(1)
            for plan, whole in each.plans.items():
                assert sum(row.share * row.figures[plan].short for row in rows) * periods == pytest.approx(whole.short)
        for plan, whole in each.plans.items():
            assert sum(row.share * row.figures[plan].cost for row in each.futures) == pytest.approx(whole.cost)


def test_the_comparison_is_said_in_sentences(found: tuple[Scarcity, Scarcity]) -> None:
    """The numbers would stand without their unit or currency."""
    said = "\n".join(scarcity.lines(market(), found))
    assert "Securing supply is worth" in said
    assert "USD" in said
    assert "thousand fibre-km" in said
    assert "Without rivals" in said
    assert "nan" not in said


def test_dominant_regime() -> None:
    """A future would be put into the wrong group; of equals the tighter one counts."""
    regime = np.array([[0, 0, 1], [0, 1, 2], [3, 0, 3], [2, 1, 1]])
    assert scarcity.dominant(regime, 4).tolist() == [0, 2, 3, 1]


def test_rivals_are_all_that_differs() -> None:
    """With and without rivals would be compared on different futures."""
    scenario = library.load("fibre-generated")
    alone = scarcity.without_rivals(scenario)
    one, other = (draw(x, scarcity._view(x), futures=50, seed=3) for x in (scenario, alone))
    assert (one.states.demand == other.states.demand).all()
    assert (one.states.deliverable == other.states.deliverable).all()
    assert (one.states.spot_available <= other.states.spot_available).all()
    assert (one.states.spot_available < other.states.spot_available).any()
    assert replace(one, states=other.states).ids == other.ids


def test_fibre_s_market_can_t_carry_the_plan_of_demand_in_tight_years() -> None:
    """The bundled case would not show what it is for: in tight and crisis years the whole spot market is smaller than demand, in calm years it is not."""
    scenario = library.load("fibre-generated")
    paths = draw(scenario, scarcity._view(scenario), futures=2_000, seed=2)
    demand, offered = paths.states.demand.sum(axis=(2, 3)), paths.states.spot_available.sum(axis=2)
    assert paths.regime is not None
    means = [float((offered / demand)[paths.regime == i].mean()) for i in range(4)]
    assert means[3] < 0.2 < means[2] < 0.6 < 1.0 < min(means[:2])
