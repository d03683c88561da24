"""The zone of possible agreement, and what opens it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.suppliers import SupplierType, SupplierView
from optimizer.negotiation.supplier import supplier_gains
from optimizer.negotiation.table import Table
from optimizer.negotiation.zone import Joint, closest, crossings, joint, opener, walk_aways
from tests.optimizer.negotiation.tables import random_table, table

TWO = SupplierView(supplier="maker", types=(SupplierType(id="lean", weight=3.0, unit_cost=9.0), SupplierType(id="dear", unit_cost=14.0)))


def one_cell() -> Table:
    """One unit; 8 on top of the price, 20 without the deal: the buyer walks away at 12."""
    return table({"term": (1.0,)}, lambda _: 8.0, prices=(0.0, 20.0, 0.8), no_deal=20.0)


def apart() -> Table:
    """Two levers with a base at 0; no cell opens, and cells lack 4, 2, 3, 1 (first lever moved, second, both)."""
    lacking = {(0.0, 0.0): 4.0, (1.0, 0.0): 2.0, (0.0, 1.0): 3.0, (1.0, 1.0): 1.0}
    return table({"a": (0.0, 1.0), "b": (0.0, 1.0)}, lambda t: 11.0 + lacking[t["a"], t["b"]], prices=(0.0, 20.0, 1.0), no_deal=20.0)


def met(of: Table, view: SupplierView = TWO, **asked: float) -> Joint:
    """Where both meet."""
    return joint(of, supplier_gains(of, view), **asked)


def test_worked_number() -> None:
    """The zone at the top of the module would not be 9 to 12 with a chance of 75 %."""
    found = met(one_cell())
    assert (found.walk_away[0], found.floor[0]) == pytest.approx((12.0, 9.0))
    assert (found.chance, found.chances[0], found.chance_at(0, 13.0), found.chance_at(0, 14.0), found.chance_at(0, 8.9)) == (0.75, 0.75, 0.75, 1.0, 0.0)
    assert found.span == pytest.approx((9.0, 12.0))
    assert met(one_cell(), share=0.8).floor[0] == pytest.approx(14.0)
    assert met(one_cell(), share=0.8).span is None


def test_closest_approach_between_prices() -> None:
    """The best both can have would be read at prices of the table only, and a narrow zone be called empty."""
    found = met(one_cell())  # gains 12 - p and p - 9
    assert (found.room[0], found.best[0], found.missing[0]) == pytest.approx((1.5, 10.5, 0.0))
    assert found.sums == pytest.approx([3.0, -2.0])
    shut = met(one_cell(), share=0.8)  # 12 - p and p - 14
    assert (shut.room[0], shut.best[0], shut.missing[0]) == pytest.approx((-1.0, 13.0, 2.0))


def test_margin_moves_the_walk_away_price() -> None:
    """A deal would be called possible that leaves less than the margin asked for."""
    found = met(one_cell(), margin=3.5)
    assert (found.walk_away[0], found.room[0], found.missing[0], found.chance) == pytest.approx((8.5, -0.25, 0.5, 0.0))
    assert np.isnan(walk_aways(one_cell(), margin=13.0)).all()
    assert met(one_cell(), margin=13.0).chance == 0.0


def test_empty_zone_is_proven_and_one_lever_named() -> None:
    """A lever would be named that lacks more money than another, or two levers at once."""
    lean = TWO.model_copy(update={"types": TWO.types[:1]})
    found = met(apart(), lean)
    assert found.chance == 0.0
    assert found.sums == pytest.approx([-1.0])
    assert found.missing == pytest.approx([4.0, 3.0, 2.0, 1.0])
    assert closest(found) == 3
    named = opener(apart(), found, 0)
    assert named is not None
    assert (named.lever, named.value, named.cell, named.missing, named.room) == ("a", 1.0, 2, pytest.approx(2.0), pytest.approx(-1.0))
    back = opener(apart(), found, 2)
    assert back is not None
    assert (back.lever, back.value, back.cell) == ("b", 1.0, 3)


def test_of_open_cells_the_one_with_most_room() -> None:
    """The lever that just opens the zone would be named before one that opens it wide."""
    wide = table({"a": (0.0, 1.0, 2.0)}, lambda t: 14.0 - 3.0 * t["a"], prices=(0.0, 20.0, 1.0), no_deal=20.0)
    named = opener(wide, met(wide), 0)
    assert named is not None
    assert (named.value, named.room) == (2.0, pytest.approx(1.5))
    assert closest(met(table({"a": (0.0, 1.0, 2.0)}, lambda t: 8.0 - t["a"], prices=(0.0, 20.0, 1.0), no_deal=20.0))) == 2


def test_nothing_possible() -> None:
    """Cells that can't be signed would be approached, and named as a way out."""
    shut = one_cell()
    shut = replace(shut, cells=tuple(replace(cell, cost=np.full(2, np.inf)) for cell in shut.cells))
    found = met(shut)
    assert (closest(found), opener(shut, found, 0), found.chance) == (None, None, 0.0)
    assert np.isneginf(found.sums).all()
    assert np.isposinf(found.missing).all()


def test_least_is_missing_between_prices() -> None:
    """The money missing would be read where both lack the same, not where the sum is least: 12 - p and p/2 - 6.2 lack 0.2 at 12, and 0.27 at 12.13."""
    prices = np.array([0.0, 8.0, 16.0])
    places, ours, theirs = crossings(prices, 12.0 - prices[None], 0.5 * prices[None] - 6.2)
    lacks = np.maximum(-ours, 0.0) + np.maximum(-theirs, 0.0)
    assert (lacks.min(), places[0, lacks.argmin()]) == pytest.approx((0.2, 12.0))


def test_walk_away_prices_stay_on_the_table() -> None:
    """A price would be called acceptable that nobody put on the table."""
    of = one_cell()
    assert walk_aways(replace(of, high=11.0), 0.0).tolist() == [11.0]
    assert np.isnan(walk_aways(replace(of, low=13.0), 0.0)).all()
    assert walk_aways(replace(of, low=12.0), 0.0).tolist() == [12.0]


@pytest.mark.parametrize("seed", range(12))
def test_open_exactly_where_a_price_suits_both(seed: int) -> None:
    """A cell would be called open though no price suits both, or closed though one does."""
    drawn = random_table(seed, prices=9)
    view = SupplierView(supplier="maker", types=tuple(SupplierType(id=f"t{i}", unit_cost=2.0 * i, no_deal=1.0) for i in range(1, 4)))
    gains = supplier_gains(drawn, view)
    found = joint(drawn, gains, margin=0.5)
    for c, cell in enumerate(drawn.cells):
        fine = np.concatenate([np.linspace(0.0, 10.0, 101), gains.floors[:, c][np.isfinite(gains.floors[:, c])] + 1e-9])
        ours = drawn.no_deal - np.array([cell.cost_at(p) for p in fine]) >= 0.5
        for h in range(3):
            theirs = np.array([gains.at(c, p)[h] for p in fine]) >= 0
            assert found.open[h, c] == (ours & theirs).any()
