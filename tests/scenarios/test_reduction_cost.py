"""What futures roughly cost under a fixed plan, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from models.scenario import Scenario
from scenarios.files import scenario_from
from scenarios.reduction_cost import rough_cost
from scenarios.tree import paths_of
from tests.models.edits import REMOVED, Edit, edited

BLOCKS = [{"share": 0.5}, {"share": 0.5, "price_factor": 2.0}]
LADDER: tuple[Edit, ...] = (("spot[0].blocks", BLOCKS), ("spot[0].price", [10, 10, 10]), ("spot[0].available", [1000, 1000, 1000]), ("discount_rate", 0.0))


def scenario(*edits: Edit, **future: object) -> Scenario:
    """One site's worth of demand, a ladder of two blocks, and one future beside the base values."""
    futures = [{"id": "base", "probability": 0.5}, {"id": "other", "probability": 0.5, **future}]
    demand = [{"site": "ohio", "product": "cable", "volume": [600, 600, 600]}, {"site": "texas", "product": "cable", "volume": [200, 200, 200]}]
    lost = [{"product": "cable", "kind": "lost", "cost_per_unit": 100.0}]
    return scenario_from(
        edited(("uncertainty", {"kind": "futures", "futures": futures, "revealed": "after_signing"}), ("demand", demand), ("shortage", lost), *LADDER, *edits)
    )


def cost(found: Scenario, contracted: float = 0.0) -> list[list[float]]:
    """Rough cost of both futures."""
    return [[float(x) for x in row] for row in rough_cost(found, paths_of(found), contracted)]


def test_the_ladder_is_bought_from_below() -> None:
    """The dear block would be bought before the cheap one: 500 at 10 and 300 at 20, and at half the demand 400 at 10."""
    assert cost(scenario(demand_factor=[1, 0.5, 0])) == [[11_000.0] * 3, [11_000.0, 4_000.0, 0.0]]


def test_what_the_market_has_not_is_short() -> None:
    """Futures in which the market dries up would look cheap: 100 at 10, 100 at 20 and 600 short at 100 each."""
    assert cost(scenario(spot_available_factor=[1, 0.2, 0]))[1] == [11_000.0, 63_000.0, 80_000.0]


def test_delayed_demand_waits_on() -> None:
    """A short year would be over when it ends: 200 wait in each of two years and meet a market that has nothing left for them."""
    delayed = ("shortage", [{"product": "cable", "kind": "delayed", "cost_per_unit_year": 50.0}])
    found = cost(scenario(delayed, spot_available_factor=[0.6, 0.8, 1.0]))[1]
    assert found == [300 * 10 + 300 * 20 + 200 * 50, 400 * 10 + 400 * 20 + 200 * 50, 500 * 10 + 500 * 20]


def test_contracts_cover_a_share_of_mean_demand_while_they_deliver() -> None:
    """Outages of suppliers would not count as hard times: 400 of 800 contracted; at half deliverability of both offers, 200."""
    both = [{"supplier": "maker", "share": [1, 0.5, 0.5]}, {"supplier": "importer", "share": [1, 0.5, 0.5]}]
    found = cost(scenario(deliverability=both), contracted=0.5)
    assert found[0] == [4_000.0] * 3
    assert found[1] == [4_000.0, 500 * 10 + 100 * 20, 500 * 10 + 100 * 20]


def test_an_offer_counts_in_its_window_only() -> None:
    """An offer that begins later would cover the first year: the importer's frame begins in 2028, and without the maker nothing is contracted before."""
    found = scenario(("offers[0]", REMOVED))
    assert found.offers[0].window.start == "2028"
    assert cost(found, contracted=1.0)[0] == [11_000.0, 0.0, 0.0]


def test_what_comes_later_can_not_be_used_now() -> None:
    """Long lead times would be no hardship: at a lead of 0.4 periods, 60 % of 1,000 come in time, 300 at 10 and 300 at 20, and 200 are short."""
    found = cost(scenario(spot_lead=[{"spot": "spot-us", "lead_periods": [0, 0.4, 2]}]))[1]
    assert found == pytest.approx([11_000, 300 * 10 + 300 * 20 + 200 * 100, 800 * 100])


def test_later_years_are_discounted() -> None:
    """Hard times far away would weigh like those at the door."""
    found = cost(scenario(("discount_rate", 0.25)))[0]
    assert found == pytest.approx([11_000, 11_000 / 1.25, 11_000 / 1.25**2])


def test_a_product_without_a_market_is_short() -> None:
    """A scenario without spot markets could not be reduced."""
    assert cost(scenario(("spot", [])))[0] == [80_000.0] * 3
    assert np.isfinite(cost(scenario(("spot", []), ("demand", []))))[0].all()
