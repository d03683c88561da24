"""Bundle discount: the verifier's cases, bills worked out by hand, and the discount across sites."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimizer.clauses import clause_of
from tests.optimizer.build import cost, offer, same, scenario, spot
from tests.optimizer.clauses.levels import near
from tests.optimizer.tiny import FRAMES, Frame, billed, document, statement_of_one_future
from tests.optimizer.verifier import OPEN_BAND, Case, verify

PRODUCTS = {"kind": "bundle_discount", "discount": 0.1, "min_volume": 700.0}
SITES = {"kind": "bundle_discount", "across": "sites", "discount": 0.2, "min_volume": 700.0}
ANYTHING = {"kind": "bundle_discount", "discount": 0.1}
INDEXED = {"kind": "indexed_price", "index": "inputs", "weight": 0.5}
VOLUMES = (600.0, 1000.0, 5000.0)


def around(v: float, share: float) -> tuple[float, ...]:
    """Takes that complete the bundle, and miss that by a unit."""
    return (0.0, *near(700), share * v, 2 * share * v)


def beside_it(v: float, share: float) -> tuple[float, ...]:
    """The same, but for the least volume itself: there the solver's tolerance may read it as missed."""
    return tuple(x for x in around(v, share) if x != PRODUCTS["min_volume"])


CASES = (
    Case("products", PRODUCTS, VOLUMES, beside_it),
    Case("sites", SITES, VOLUMES, beside_it),
    Case("products at the threshold", PRODUCTS, VOLUMES, around, exact=False),
    Case("sites at the threshold", SITES, VOLUMES, around, exact=False),
    Case("everything is the bundle", ANYTHING, VOLUMES[1:], around),
    Case("everything is the bundle, across sites", ANYTHING | {"across": "sites"}, VOLUMES[1:], around),
    Case("with an index", PRODUCTS, VOLUMES[1:], beside_it, beside=(OPEN_BAND, INDEXED), terms={"levels": (1.0, 1.3, 0.8)}),
)

BY_HAND = (
    (PRODUCTS, {"take": [1000, 700, 699]}, [-2800.0, -1960.0, 0.0]),
    (SITES, {"take": [1000]}, [-5600.0]),
    (ANYTHING, {"take": [1, 0]}, [-2.8, 0.0]),
)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_charges_what_the_contract_bills(case: Case, frame: Frame) -> None:
    """The plan would be credited although a part of the bundle is missing, or on more than was taken."""
    assert verify(case, frame) > 15


@pytest.mark.parametrize(("clause", "what", "credit"), BY_HAND)
def test_bill_by_hand(clause: dict[str, object], what: dict[str, list[float]], credit: list[float]) -> None:
    """The discount would be wrong, and the audit with it."""
    assert billed(clause, "bundle_discount", **what) == pytest.approx([0.0, *credit])


@pytest.mark.parametrize(("north", "south", "credit"), [(800.0, 700.0, 8400.0), (801.0, 699.0, 0.0)])
def test_every_site_counts(north: float, south: float, credit: float) -> None:
    """The bill would look at all sites together, or at one of them."""
    statement = statement_of_one_future(SITES, take=[north + south])
    deliver = np.array([[[0.0, north], [0.0, south]]])
    assert clause_of(document(SITES)).bill(replace(statement, deliver=deliver))["bundle_discount"] == pytest.approx([0.0, -credit])


@pytest.mark.parametrize(("least", "best"), [(40.0, 100 * 24.0), (41.0, 101 * 24.0), (50.0, 100 * 26.0)])
def test_sites_are_filled_up_where_that_pays(least: float, best: float) -> None:
    """The model would count volume for a bundle that goes to another site: 60 and 40 are needed, 30 less a fifth, spot 26."""
    clause = {"kind": "bundle_discount", "across": "sites", "discount": 0.2, "min_volume": least}
    data = scenario(0.0, offers=[offer("maker", 30.0, 200.0, clause)], spot=[spot(26.0)])
    data |= {"sites": [{"id": "north"}, {"id": "south"}]}
    data["demand"] = [{"site": s, "product": "cable", "volume": [v]} for s, v in (("north", 60.0), ("south", 40.0))]
    assert same(cost(data), best)
