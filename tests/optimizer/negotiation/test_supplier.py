"""What packages are worth to types of supplier."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from models.errors import InvalidScenario
from models.suppliers import SupplierType, SupplierView
from optimizer.negotiation.supplier import SupplierGains, estimate, refuse_hopeless, supplier_gains
from optimizer.negotiation.table import Cell, Table
from optimizer.tail import tail_mean
from tests.optimizer.negotiation.tables import call, fan, random_table, table_of


def view(*types: SupplierType) -> SupplierView:
    """A view of supplier `maker`."""
    return SupplierView(supplier="maker", types=types)


def chain(committed: float = 100.0, prices: tuple[float, float, float] = (8.0, 12.0, 0.5)) -> Table:
    """100 units a year for two years, the same at every price."""
    tree = fan([1.0], 2)
    flow = call(tree, np.asarray(100.0), np.asarray(committed))
    ends = np.array(prices[:2])
    return table_of(tree, [Cell((), ends, 200.0 * ends, True, (flow, flow))], prices=prices, no_deal=2500.0)


WORKED = SupplierType(id="worked", unit_cost=8.0, set_up=60.0, no_deal=100.0, hurdle_rate=0.25)


def test_worked_number() -> None:
    """The supplier's gain or floor would be another than its books say: 200 at a price of 10, nothing at 8.89."""
    found = supplier_gains(chain(), view(WORKED))
    assert found.gains[0, 0, 4] == pytest.approx(200.0)
    assert found.floors[0, 0] == pytest.approx(10.0 - 200.0 / 180.0)
    assert [float(found.at(0, p)[0]) for p in (8.0, 10.025, 10.25, 12.0)] == pytest.approx([-160.0, 204.5, 245.0, 560.0])
    assert np.isneginf([found.at(0, 7.9), found.at(0, 12.1)]).all()


@pytest.mark.parametrize(
    ("change", "less"),
    [
        ({"capacity_cost": 0.5}, 0.5 * 120 * 1.8),
        ({"alternative_margin": 1.0}, 1.0 * 120 * 1.8),
        ({"capacity": 150.0, "expansion_cost": 3.0}, 0.0),
        ({"capacity": 90.0, "expansion_cost": 3.0}, 3.0 * 30),
        ({"capacity": 120.0, "expansion_build_periods": 2}, 0.0),
        ({"capacity": 120.0 - 1e-5, "expansion_build_periods": 2}, 0.0),
        ({"capacity": 119.0, "expansion_build_periods": 1}, np.inf),
        ({"unit_cost": (9.0,)}, 1.0 * 180),
    ],
)
def test_every_cost_by_hand(change: dict[str, object], less: float) -> None:
    """A cost of the supplier would count on the wrong volume, at the wrong time, or not at all."""
    table = chain(committed=120.0)
    kinds = (WORKED, WORKED.model_copy(update={"id": "other", **change}))
    found = supplier_gains(table, view(*kinds)).gains[:, 0, 4]
    assert found[0] - found[1] == pytest.approx(less)


@pytest.mark.parametrize("seed", range(5))
def test_as_computed_future_by_future(seed: int) -> None:
    """Gains read off arrays would differ from adding up each future's money along its path."""
    table = random_table(seed)
    kind = SupplierType(id="a", unit_cost=2.0, capacity_cost=0.3, hurdle_rate=0.1, risk_weight=0.4, tail=0.5, no_deal=1.5, set_up=0.7)
    found = supplier_gains(table, view(kind))
    tree = table.tree
    for c, cell in enumerate(table.cells):
        for q, price in enumerate(table.prices):
            flow = cell.call_at(price)
            profit = []
            for leaf in tree.leaves:
                money = -0.7
                for n in tree.path(int(leaf))[1:]:
                    money += (flow.paid(price)[n] - 2.0 * flow.take[0, n] - 0.3 * flow.committed[0, n]) * 1.1 ** -table.begin[tree.period[n]]
                profit.append(money)
            mean = float(np.dot(profit, tree.probability[tree.leaves]))
            worst = -tail_mean(-np.array(profit), tree.probability[tree.leaves], 0.5)
            assert found.gains[0, c, q] == pytest.approx(0.6 * mean + 0.4 * worst - 1.5)


def test_capacity_that_only_some_futures_need() -> None:
    """Building for the larger of two futures would be charged in both, or too small a capacity be let pass because one future fits it."""
    tree = fan([0.25, 0.75], 1)
    committed = np.array([[0.0, 100.0, 60.0]])
    ends = np.array([10.0, 20.0])
    flow = call(tree, np.array([[0.0, 50.0, 50.0]]), committed)
    table = table_of(tree, [Cell((), ends, 50 * ends, True, (flow, flow))], prices=(10.0, 20.0, 10.0), no_deal=2000.0)
    plain = SupplierType(id="plain", unit_cost=4.0)
    built = plain.model_copy(update={"id": "built", "capacity": 80.0, "expansion_cost": 2.0})
    cautious = built.model_copy(update={"id": "cautious", "risk_weight": 1.0, "tail": 0.25})
    late = built.model_copy(update={"id": "late", "expansion_build_periods": 1})
    assert supplier_gains(table, view(plain, built, cautious, late)).gains[:, 0, 0].tolist() == pytest.approx([300.0, 290.0, 260.0, -np.inf])


def test_caution_changes_nothing_where_all_futures_are_alike() -> None:
    """The mean of the worst futures would not be the mean where every future is the worst."""
    plain, cautious = supplier_gains(chain(), view(WORKED, WORKED.model_copy(update={"id": "b", "risk_weight": 1.0}))).gains
    assert np.allclose(plain, cautious)


def test_gain_may_fall_where_the_price_rises() -> None:
    """A floor would be taken for a price above which every price suits the supplier."""
    tree = fan([1.0], 1)
    calls = tuple(call(tree, np.asarray(v)) for v in (100.0, 10.0))
    cell = Cell((), np.array([5.0, 10.0]), np.array([500.0, 600.0]), False, calls)
    table = table_of(tree, [cell], prices=(5.0, 10.0, 1.0), no_deal=1000.0)
    found = supplier_gains(table, view(SupplierType(id="a", unit_cost=4.0)))
    assert found.gains[0, 0].tolist() == pytest.approx([100.0, 200.0, 300.0, 40.0, 50.0, 60.0])
    assert found.floors[0, 0] == 5.0


def test_floor_of_who_never_or_always_gains() -> None:
    """A floor would be read between prices of which neither suits the supplier."""
    found = supplier_gains(chain(), view(SupplierType(id="never", unit_cost=50.0), SupplierType(id="always", unit_cost=0.0)))
    assert found.floors[:, 0].tolist() == [np.inf, 8.0]


def test_packages_impossible_for_the_buyer_are_nobodys() -> None:
    """A supplier would be said to gain from a package that can't be signed."""
    table = chain()
    shut = replace(table.cells[0], cost=np.array([np.inf, np.inf]))
    found = supplier_gains(replace(table, cells=(shut,)), view(WORKED))
    assert np.isneginf(found.gains).all()


def test_hopeless_views_are_refused() -> None:
    """A session would search for a deal that its own picture of the supplier rules out."""
    table = chain()
    hopeless = view(SupplierType(id="dear", unit_cost=50.0), SupplierType(id="dearer", unit_cost=60.0))
    with pytest.raises(InvalidScenario, match=r"no type of supplier 'maker' gains.*'dear', still loses 7,600"):
        refuse_hopeless(table, hopeless, supplier_gains(table, hopeless))
    small = view(SupplierType(id="small", unit_cost=1.0, capacity=1.0, expansion_build_periods=9))
    with pytest.raises(InvalidScenario, match="can deliver"):
        refuse_hopeless(table, small, supplier_gains(table, small))
    mixed = view(*hopeless.types, WORKED)
    refuse_hopeless(table, mixed, supplier_gains(table, mixed))


def test_views_that_contradict_themselves_are_refused() -> None:
    """A cost nobody can incur, two types of one name, or costs of other products would pass unnoticed."""
    with pytest.raises(ValidationError, match="no `capacity` to expand"):
        SupplierType(id="a", unit_cost=1.0, expansion_cost=2.0)
    with pytest.raises(ValidationError, match="more than once: a"):
        view(SupplierType(id="a", unit_cost=1.0), SupplierType(id="a", unit_cost=2.0))
    with pytest.raises(InvalidScenario, match="2 unit costs are given, and offer 'steel' has 1 product;"):
        supplier_gains(chain(), view(SupplierType(id="a", unit_cost=(1.0, 2.0))))


@given(st.integers(0, 10_000), st.floats(0.01, 1.0))
@settings(max_examples=25, deadline=None)
def test_halves_of_a_type_are_the_type(seed: int, share: float) -> None:
    """An estimate would depend on how finely the same belief is written down."""
    draw = np.random.default_rng(seed)
    gains, weights = draw.normal(size=(3, 2, 4)), draw.dirichlet(np.ones(3))
    halves = np.concatenate([gains, gains[:1]]), np.concatenate([[weights[0] / 2], weights[1:], [weights[0] / 2]])
    assert np.allclose(estimate(gains, weights), estimate(*halves))
    assert np.allclose(estimate(gains, weights, share), estimate(*halves, share))


def test_estimate_by_hand() -> None:
    """What most types gain would be confused with what few do."""
    gains, weights = np.array([9.0, 1.0, 4.0]).reshape(3, 1, 1), np.ones(3) / 3
    assert [float(estimate(gains, weights, s)[0, 0]) for s in (0.3, 0.6, 0.9, 1.0)] == [9.0, 4.0, 1.0, 1.0]
    assert float(estimate(gains, 0.99 * weights, 1.0)[0, 0]) == 1.0
    assert SupplierGains(("a", "b", "c"), weights, np.array([0.0]), gains).weighed()[0, 0] == pytest.approx(14 / 3)
