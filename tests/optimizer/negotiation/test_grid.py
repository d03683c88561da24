"""Tables made by solving, against the desk's own values."""

from __future__ import annotations

import pytest

from models.errors import InvalidScenario
from models.negotiation import Menu, Package, PriceGrid
from optimizer.negotiation.desk import Desk
from optimizer.negotiation.grid import make_table, usual_menu
from tests.optimizer.negotiation.deals import deal, future, offer

FUTURES = [future("low", 0.5, demand=50.0), future("high", 0.5, demand=100.0)]
MENU = Menu(offer="frame", prices=PriceGrid(low=5.0, high=30.0, step=0.5), levers={"take_or_pay.fraction": (0.0, 0.5, 1.0), "volume_band.up": (0.0, 0.2)})


def desk(weight: float = 0.0) -> Desk:
    frame = offer("frame", 10.0, (40.0, 80.0), {"kind": "take_or_pay", "fraction": 0.5}, {"kind": "volume_band"})
    return Desk(deal([frame], futures=FUTURES, blocks=[(30.0, 12.0), (200.0, 20.0)], risk={"weight": weight, "tail": 0.5}))


def test_a_concave_table_is_exact_at_every_price() -> None:
    """If this fails, gains between the prices that were solved are made up."""
    one = desk()
    table = make_table(one, MENU)
    assert all(cell.exact for cell in table.cells)
    for cell in table.cells:
        for price in (5.0, 11.3, 14.9, 20.0, 26.2):
            package = Package(offer="frame", price=price, terms=dict(cell.terms))
            assert table.gain(package) == pytest.approx(one.no_deal("frame").upper - one.signed(package).upper, rel=1e-7, abs=1e-5)


def test_a_table_where_the_tail_counts_is_within_its_spread() -> None:
    """If this fails, a table that bends says that it does not."""
    one = desk(0.5)
    table = make_table(one, MENU)
    for cell in table.cells:
        for price in (6.0, 13.0, 17.7, 29.0):
            package = Package(offer="frame", price=price, terms=dict(cell.terms))
            exact = one.no_deal("frame").upper - one.signed(package).upper
            assert abs(table.gain(package) - exact) <= table.spread + 1e-3 * abs(table.no_deal)


def test_what_is_paid_and_taken_is_what_the_cost_is_made_of() -> None:
    """If this fails, the supplier's side is worked out on other payments than the buyer's: cost rises with the price as the units paid say."""
    table = make_table(desk(), MENU)
    for cell in table.cells:
        for k, call in enumerate(cell.calls):
            rise = (cell.cost[k + 1] - cell.cost[k]) / (cell.prices[k + 1] - cell.prices[k])
            assert float((table.tree.probability * call.units).sum()) == pytest.approx(rise, rel=1e-6, abs=1e-6)


def test_menus_nobody_can_serve_are_refused_before_any_work() -> None:
    """If this fails, an hour of solving ends with a typing error."""
    one = desk()
    for levers, text in (({"take_or_pay.fraction": (0.5, 1.5)}, "outside"), ({"nothing.at_all": (1.0, 2.0)}, "no such lever")):
        with pytest.raises(InvalidScenario, match=text):
            make_table(one, MENU.model_copy(update={"levers": levers}))
    assert one.solves == 0


def test_a_menu_nobody_wrote_has_the_offer_as_it_stands_on_it() -> None:
    """If this fails, the usual menu leaves out the very terms that are on the table now."""
    menu = usual_menu(desk(), "frame")
    assert 0.5 in menu.levers["take_or_pay.fraction"]
    assert 0.0 in menu.levers["volume_band.up"]
    assert menu.prices is not None
    assert menu.prices.low < 10.0 < menu.prices.high


def test_levers_that_a_package_does_not_name_stand_as_offered() -> None:
    """If this fails, a package that only moves one term is priced with the other terms moved too."""
    table = make_table(desk(), MENU)
    assert dict(table.cell({"volume_band.up": 0.2}).terms)["take_or_pay.fraction"] == 0.5
    assert dict(table.cell({}).terms) == {"take_or_pay.fraction": 0.5, "volume_band.up": 0.0}
