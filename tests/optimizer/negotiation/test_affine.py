"""Prices between which a contract's rows and charges are put together instead of being built."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from models.negotiation import Package
from optimizer.instance import build_instance
from optimizer.negotiation.affine import Ray
from optimizer.negotiation.desk import Desk
from optimizer.negotiation.levers import headline, packaged_among_others
from optimizer.negotiation.places import Places
from optimizer.negotiation.splice import Misfit, Spliced, make_base, make_slot, splice
from scenarios.files import read_scenario
from scenarios.tree import build_tree

LIBRARY = Path(__file__).parents[3] / "scenarios" / "library"
BENT = LIBRARY / "clause-most_favoured.json"  # the price is kept below a limit, and is not in proportion to what is agreed
WHOLE = LIBRARY / "clause-exclusivity.json"  # looks at what is bought elsewhere, so that the desk splices nothing into it


@pytest.mark.parametrize("path", [*sorted(set(LIBRARY.glob("clause-*.json")) - {BENT, WHOLE}), LIBRARY / "quickstart.json"], ids=lambda path: path.stem)
def test_every_clause_is_affine_in_the_price(path: Path) -> None:
    """If this fails, a clause charges something that is not in proportion to prices, and packages at a third price are billed wrongly."""
    scenario = read_scenario(path)
    tree = build_tree(scenario)
    base = make_base(build_instance(scenario, tree))
    for o, offer in enumerate(scenario.offers):
        slot, stands = make_slot(base, o), headline(scenario, Package(offer=offer.id)).price

        def at(price: float, offer: str = offer.id, o: int = o, slot: object = slot) -> Spliced:
            moved = packaged_among_others(scenario, Package(offer=offer, price=price))
            changed = scenario.model_copy(update={"offers": tuple(moved if x.id == offer else x for x in scenario.offers)})
            return splice(slot, build_instance(changed, tree).offers[o])  # type: ignore[arg-type]

        ray = Ray(0.5 * stands, at(0.5 * stands), 2.0 * stands, partial(at, 2.0 * stands))
        for price in (0.6 * stands, stands, 1.7 * stands):
            found, whole = ray.at(price), at(price).problem
            assert found is not None
            assert abs(found.problem.matrix - whole.matrix).max() <= 1e-9 * (1.0 + abs(whole.matrix).max())
            for name in ("cost", "row_lower", "row_upper"):
                np.testing.assert_allclose(getattr(found.problem, name), getattr(whole, name), rtol=1e-9, atol=1e-6, err_msg=name)
            assert (found.problem.upper >= whole.upper - 1e-6 * (1.0 + np.abs(whole.upper))).all()
            assert (found.problem.lower <= whole.lower + 1e-6 * (1.0 + np.abs(whole.lower))).all()
        assert ray.at(2.1 * stands) is None


def test_prices_below_a_limit_are_built_anew() -> None:
    """Packages between two prices would be billed on a straight line, although the market's price holds for one of them and not for the other."""
    scenario = read_scenario(BENT)
    base = make_base(build_instance(scenario, build_tree(scenario)))
    offer = scenario.offers[0].id
    places = Places(scenario, base)
    stands = headline(scenario, Package(offer=offer)).price
    for factor in (0.5, 2.0, 0.9, 1.2):
        package = Package(offer=offer, price=factor * stands)
        found, afresh = places.at(package).problem, Places(scenario, base, afresh=True).at(package).problem
        np.testing.assert_allclose(found.cost, afresh.cost, rtol=1e-12)
        assert places.slope(package, found.lower, np.zeros(len(found.row_lower))) is None


def test_a_price_below_a_limit_is_the_price_that_is_paid() -> None:
    """The desk would walk away from a price that the market keeps low, because a contract compiled alone would not see the market."""
    scenario = read_scenario(BENT)
    desk = Desk(scenario)
    offer = scenario.offers[0].id
    stands, bent = headline(scenario, Package(offer=offer)).price, []
    for factor in (0.5, 1.0, 1.5, 3.0):
        package = Package(offer=offer, price=factor * stands)
        found = desk.signed(package).upper
        assert found == pytest.approx(desk._built(package).upper, rel=1e-9)
        bent.append(found)
    assert bent[3] - bent[2] < 0.9 * 3.0 * (bent[1] - bent[0])  # a straight line would rise three times as much


def test_a_scenario_whose_contracts_look_at_each_other_is_built_whole() -> None:
    """A package would be spliced into a problem in which another contract's rows still count what the offer took before."""
    with pytest.raises(Misfit):
        make_base(build_instance(read_scenario(WHOLE), build_tree(read_scenario(WHOLE))))
