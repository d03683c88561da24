"""Counter-offers and equivalent packages against trying everything."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from models.suppliers import SupplierType, SupplierView
from optimizer.negotiation.packages import (
    Counter,
    acceptance,
    counter_offer,
    cover,
    equivalent_packages,
    greedy_cover,
    iso_prices,
    most_to_gain,
    package_of,
    permitted,
    usual_scale,
)
from optimizer.negotiation.supplier import SupplierGains, between, supplier_gains
from optimizer.negotiation.table import Table
from optimizer.negotiation.zone import moved
from tests.optimizer.negotiation.tables import random_table, table

VIEW = SupplierView(supplier="maker", types=tuple(SupplierType(id=f"t{i}", weight=float(i), unit_cost=1.5 * i, capacity_cost=0.2 * i) for i in range(1, 4)))
TAKERS = np.array([[0.9, 0.1, 0.6], [0.1, 0.8, 0.6]])  # accept x, y, z
EVERY_TWO = ~np.eye(3, dtype=bool)


def drawn(seed: int, **how: int) -> tuple[Table, SupplierGains]:
    """A random table and what types of supplier gain from it."""
    found = random_table(seed, **how)
    return found, supplier_gains(found, VIEW)


def levers() -> tuple[Table, SupplierGains]:
    """Our cost falls by 2 with `a`, by 1 with `b`; a supplier with costs of 4 sells one unit. Without the deal: 10."""
    found = table({"a": (0.0, 1.0), "b": (0.0, 1.0)}, lambda t: 3.0 - 2.0 * t["a"] - t["b"], prices=(0.0, 10.0, 1.0))
    return found, supplier_gains(found, SupplierView(supplier="maker", types=(SupplierType(id="only", unit_cost=4.0),)))


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (1.0, (0, 6.0, ())),  # as it is: 10 - 3 - 6
        (2.0, (2, 6.0, ("a",))),  # `a` alone gives 3, `b` alone 2, less price 2: all one move and 2 for the supplier; `a` gives us most
        (3.0, (2, 6.0, ("a",))),
        (4.0, (3, 6.0, ("a", "b"))),
        (5.0, (2, 4.0, ("a", "price"))),
        (6.0, (3, 4.0, ("a", "b", "price"))),
        (6.5, None),
    ],
)
def test_fewest_moves_by_hand(target: float, expected: tuple[int, float, tuple[str, ...]] | None) -> None:
    """Their package at 6 would be countered with more moves than needed, or below what the supplier bears."""
    of, supplier = levers()
    found = counter_offer(of, supplier, (0, 6.0), target)
    assert (found and (found.cell, found.price, found.moves)) == expected
    assert most_to_gain(of, supplier) == pytest.approx(6.0)


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("share", [None, 0.7])
def test_no_smaller_counter_exists(seed: int, share: float | None) -> None:
    """Some package on the table would reach the target with fewer moves, or with as many and more for the supplier."""
    of, supplier = drawn(seed, cells=7, prices=11)
    draw = np.random.default_rng(seed)
    theirs = int(draw.integers(len(of.cells))), float(draw.choice(of.prices))
    target, margin, estimated = float(draw.uniform(0.0, 8.0)), float(draw.uniform(0.0, 2.0)), supplier.weighed(share)
    wanted = max(target, margin)
    best: tuple[float, float] | None = None
    for c, cell in enumerate(of.cells):
        exact = [p for p in [cell.price_for(of.no_deal - wanted)] if p is not None]
        for p in [*np.linspace(0.0, 10.0, 201).tolist(), theirs[1], *exact]:
            borne = float(between(of.prices, estimated[c], p))
            if of.no_deal - cell.cost_at(p) >= wanted - 1e-9 and borne >= -1e-9:
                count = len(moved(of, theirs[0])[c]) + (abs(p - theirs[1]) > 1e-9)
                best = min(best or (np.inf, 0.0), (count, -borne))
    found = counter_offer(of, supplier, theirs, target, margin=margin, share=share)
    assert (found is None) == (best is None)
    if found is not None and best is not None:
        assert (len(found.moves), -found.supplier) == pytest.approx(best, abs=1e-9)
        assert found.gain >= wanted - 1e-9
        assert permitted(of, found.cell, found.price, margin)
        assert package_of(of, found.cell, found.price).terms == dict(of.cells[found.cell].terms)


@pytest.mark.parametrize("seed", range(10))
def test_nothing_above_the_walk_away_price(seed: int) -> None:
    """A tactic could cross the walk-away price less the margin with a target that is too low."""
    of, supplier = drawn(seed)
    for margin in (0.0, 1.5):
        found = counter_offer(of, supplier, (0, 10.0), -100.0, margin=margin)
        if isinstance(found, Counter):
            assert found.gain >= margin - 1e-9
            assert permitted(of, found.cell, found.price, margin)
    assert not permitted(of, 0, 11.0, -1000.0)
    assert not permitted(of, 0, 0.0, 1000.0)
    with pytest.raises(ValueError, match="worse than no deal"):
        equivalent_packages(of, supplier, of.no_deal - 1.0, margin=1.5)


def test_iso_prices_cost_what_was_asked() -> None:
    """Packages said to cost the same would not."""
    of, _ = drawn(3)
    cost = 9.0
    prices = iso_prices(of, cost)
    assert any(np.isnan(prices)) or len(prices) == len(of.cells)
    for cell, price in zip(of.cells, prices.tolist(), strict=True):
        if np.isnan(price):
            assert cell.cost_at(of.low) > cost
        elif price < of.high:
            assert cell.cost_at(price) == pytest.approx(cost)


def test_worked_number_of_a_cover() -> None:
    """The package each type likes best would lose to one that both take half-heartedly."""
    weights = np.array([0.5, 0.5])
    assert greedy_cover(TAKERS, weights, EVERY_TWO, 2) == (pytest.approx(0.75), (2, 0))
    chosen, value, bound, exact = cover(TAKERS, weights, EVERY_TWO, 2)
    assert (chosen, value, bound, exact) == ((0, 1), pytest.approx(0.85), pytest.approx(0.85), True)
    chosen, value, bound, exact = cover(TAKERS, weights, EVERY_TWO, 2, budget=0)
    assert (value, exact) == (pytest.approx(0.75), False)
    assert bound >= 0.85


@pytest.mark.parametrize("seed", range(20))
def test_no_better_set_exists(seed: int) -> None:
    """Another set of packages would be likelier to hold one that the supplier takes."""
    draw = np.random.default_rng(seed)
    accept, weights = draw.random((4, 9)) ** 3, draw.dirichlet(np.ones(4))
    apart = draw.random((9, 9)) < 0.6
    apart = (apart | apart.T) & ~np.eye(9, dtype=bool)
    sets = [s for k in (1, 2, 3) for s in combinations(range(9), k) if all(apart[i, j] for i, j in combinations(s, 2))]
    best = max(float((weights * accept[:, list(s)].max(axis=1)).sum()) for s in sets)
    chosen, value, bound, exact = cover(accept, weights, apart, 3)
    assert (value, bound, exact) == (pytest.approx(best), pytest.approx(best), True)
    assert chosen in sets
    greedy, _ = greedy_cover(accept, weights, apart, 3)
    assert best / 3 - 1e-12 <= greedy <= best + 1e-12
    for budget in (0, 1, 3):
        _, held, above, _ = cover(accept, weights, apart, 3, budget)
        assert greedy - 1e-12 <= held <= best + 1e-12 <= above + 1e-9


@pytest.mark.parametrize("seed", range(10))
def test_equivalent_packages_keep_their_promises(seed: int) -> None:
    """Packages put forward together would differ in cost, be too much alike, or be ones that no type takes."""
    of, supplier = drawn(seed, cells=9, prices=21)
    cost = float(np.median(of.no_deal - of.gains))
    cost = min(cost, of.no_deal - 0.5)
    found = equivalent_packages(of, supplier, cost, margin=0.5)
    for c, p, paid in zip(found.cells, found.prices, found.costs, strict=True):
        assert abs(paid - cost) <= 1e-3 * of.no_deal
        assert permitted(of, c, p, 0.5)
        assert (supplier.at(c, p) >= 0).any()
    for c, d in combinations(found.cells, 2):
        assert len(moved(of, c)[d]) >= 2
    if found.cells:
        assert found.method == "exact"
        assert found.value == pytest.approx(float((supplier.weights * found.accept.max(axis=1)).sum()))


def test_halves_of_a_type_change_no_choice() -> None:
    """The packages put forward would hang on how finely the belief about the supplier is written down."""
    of = random_table(5, cells=9, prices=21)
    first = VIEW.types[0]
    halves = [first.model_copy(update={"id": f"half{i}", "weight": first.weight / 2}) for i in (1, 2)]
    split = SupplierView(supplier="maker", types=(*halves, *VIEW.types[1:]))
    whole, parted = (equivalent_packages(of, supplier_gains(of, view), 9.0) for view in (VIEW, split))
    assert len(whole.cells) > 1
    assert (whole.cells, whole.prices) == (parted.cells, parted.prices)
    assert whole.value == pytest.approx(parted.value)
    one, other = (counter_offer(of, supplier_gains(of, view), (0, 8.0), 4.0, share=None) for view in (VIEW, split))
    assert one is not None
    assert other is not None
    assert (one.cell, one.price, one.moves) == (other.cell, other.price, other.moves)


def test_acceptance_of_the_extremes() -> None:
    """A package that a type can't deliver would have a chance, or large gains overflow."""
    chances = acceptance(np.array([-np.inf, -1e6, 0.0, 1e6]), 1.0)
    assert chances.tolist() == pytest.approx([0.0, 0.0, 0.5, 1.0])
    assert acceptance(np.array([2.0]), 2.0).tolist() == pytest.approx([0.7310586])
    assert [usual_scale(np.array(x)) for x in ([-np.inf, 0.0, 50.0], [-np.inf], [5.0], [])] == [5.0, 1.0, 1.0, 1.0]
