"""What is learned from a supplier's moves."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.negotiation.learning import Belief, Learning, first_belief
from optimizer.negotiation.tactics import Curve
from scenarios.tree import Floats

SURE = Learning(soft=0.1, doubt=0.0, stays=0.0)
LINEAR = (Curve(),)


def drawn(seed: int, types: int = 3) -> Floats:
    """Gains of some types at 4 cells and 5 prices."""
    return np.random.default_rng(seed).uniform(-5.0, 10.0, (types, 4, 5))


def talked(belief: Belief, supplier: Floats, seed: int) -> Belief:
    """The belief after two offers, two refusals and a pick."""
    rng = np.random.default_rng(seed)
    for turn in range(2):
        cell, price = rng.integers(4), rng.integers(5)
        belief = belief.after_offer(supplier[:, cell, price], turn / 2).after_refusal(supplier[:, price % 4, cell], turn / 2)
    return belief.after_pick(supplier[:, [0, 1, 2], [4, 3, 2]], int(rng.integers(3)))


@given(seed=st.integers(0, 200), share=st.floats(0.1, 0.9))
def test_splitting_a_type_changes_nothing(seed: int, share: float) -> None:
    """What is believed would depend on how finely a type is described, not on what it is."""
    supplier = drawn(seed)
    whole = talked(first_belief(supplier, [0.5, 0.3, 0.2]), supplier, seed)
    split = np.concatenate([supplier, supplier[:1]])
    halves = talked(first_belief(split, [0.5 * share, 0.3, 0.2, 0.5 * (1 - share)]), split, seed)
    assert halves.weights[0] + halves.weights[3] == pytest.approx(whole.weights[0], rel=1e-9)
    assert halves.weights[1:3] == pytest.approx(whole.weights[1:], rel=1e-9)
    assert halves.liked(split) == pytest.approx(whole.liked(supplier), rel=1e-9, abs=1e-12)
    assert halves.acceptance(split, 0.5) == pytest.approx(whole.acceptance(supplier, 0.5), rel=1e-9)


def test_order_of_types_does_not_matter() -> None:
    """The first type of a view would be favoured."""
    supplier = drawn(1)
    there = talked(first_belief(supplier, [0.5, 0.3, 0.2]), supplier, 1)
    back = talked(first_belief(supplier[::-1], [0.2, 0.3, 0.5]), supplier[::-1], 1)
    assert back.weights[::-1] == pytest.approx(there.weights, rel=1e-12)


def test_pick_among_equivalent_packages_by_hand() -> None:
    """A pick would say less, or more, than the softmax of the module's worked number."""
    gains = np.array([[0.8, 0.6], [0.6, 0.8]])
    belief = first_belief(np.ones((2, 1, 1)), [1.0, 1.0], curves=LINEAR, learning=SURE).after_pick(gains, 0)
    assert belief.weights[0] == pytest.approx(1.0 / (1.0 + np.exp(-2.0)))


def test_refusal_by_hand() -> None:
    """A refusal would not make those types likelier that the package was too little for."""
    supplier = np.array([[[1.0]], [[1.0]]])
    belief = first_belief(supplier, [1.0, 1.0], curves=LINEAR, learning=SURE).after_refusal(np.array([0.4, 0.6]), 0.5)
    refused = np.array([1.0 / (1.0 + np.exp(-1.0)), 1.0 / (1.0 + np.exp(1.0))])  # asked for: 0.5
    assert belief.weights == pytest.approx(refused / refused.sum())


def test_offer_near_the_aspiration_speaks_for_a_type() -> None:
    """The type whose aspiration curve the offer lies on would not be believed more."""
    supplier = np.array([[[10.0]], [[20.0]]])  # best gains
    belief = first_belief(supplier, [1.0, 1.0], curves=LINEAR, learning=Learning(spread=0.1, doubt=0.0, stays=0.0))
    told = belief.after_offer(np.array([5.0, 6.0]), 0.5)  # scaled 0.5 and 0.3, asked for: 0.5
    assert told.weights[0] == pytest.approx(1.0 / (1.0 + np.exp(-2.0)))


def test_nobody_offers_what_it_loses_by() -> None:
    """A type that loses money with its own offer would be believed as much as before."""
    supplier = np.array([[[10.0]], [[10.0]]])
    learning = Learning(spread=1e9, doubt=0.0, slip=0.01, stays=0.0)
    told = first_belief(supplier, [1.0, 1.0], curves=LINEAR, learning=learning).after_offer(np.array([1.0, -1.0]), 0.5)
    assert told.weights[1] == pytest.approx(0.01 / 1.01)


def test_a_supplier_that_stays_is_not_waited_for() -> None:
    """The desk would wait until the deadline for a concession that a supplier makes only in return for one."""
    supplier = np.array([[[10.0, 9.0]]])
    belief = first_belief(supplier, [1.0], curves=LINEAR, learning=Learning(spread=0.1, soft=0.01, doubt=0.0, stays=0.5))
    assert belief.acceptance(np.array([5.0]), 1.0) == pytest.approx(0.5)  # the curve gives in, the other one stays at 1
    told = belief.after_offer(np.array([10.0]), 0.5)  # on no curve, which asks for 0.5: exp(-5) as likely as from one that stays
    assert told.acceptance(np.array([5.0]), 1.0) == pytest.approx(np.exp(-5.0) / (1.0 + np.exp(-5.0)), rel=1e-6)
    moved = belief.after_offer(np.array([6.0]), 0.5)
    assert moved.level == pytest.approx([0.6])
    assert moved.aspirations(0.5) == pytest.approx(np.array([[0.5, 0.6]]))


def test_no_type_is_ruled_out_for_good() -> None:
    """One odd move would fix the belief for ever."""
    supplier = drawn(3)
    belief = first_belief(supplier, [1.0, 1.0, 1.0])
    for _ in range(3):
        belief = belief.after_offer(np.array([10.0, -100.0, -100.0]), 0.0)
    assert (belief.weights > 1e-8).all()
    assert belief.weights.sum() == pytest.approx(1.0)


def test_effective_size_counts_types_that_are_left() -> None:
    """The desk would say that it is undecided when one type is all but sure, or the other way round."""
    supplier = np.ones((4, 1, 1))
    assert first_belief(supplier, [1.0] * 4).effective_size == pytest.approx(4.0)
    assert first_belief(supplier, [1.0, 0.0, 0.0, 0.0]).effective_size == pytest.approx(1.0)


def test_impossible_packages_veto_nothing() -> None:
    """A package that one unlikely type can't make would never be offered, or poison every sum."""
    supplier = np.array([[[10.0, 5.0]], [[-np.inf, 5.0]]])
    belief = first_belief(supplier, [0.99, 0.01])
    assert np.isfinite(belief.liked(supplier)).all()
    assert belief.acceptance(supplier, 0.0)[0, 0] < 0.5 + 1e-9
    assert np.isfinite(belief.after_offer(supplier[:, 0, 0], 0.0).weights).all()


def test_supplier_is_recognised() -> None:
    """After a few offers on a type's own curve the desk would still not know whom it is talking to."""
    supplier = drawn(5)
    belief = first_belief(supplier, [1.0, 1.0, 1.0])
    best = supplier[1].max()
    for turn in range(6):
        aim = Curve(0.3).target(turn / 7)
        place = int(np.abs(supplier[1].ravel() / best - aim).argmin())
        belief = belief.after_offer(supplier.reshape(3, -1)[:, place], turn / 7)
    assert belief.weights.argmax() == 1
    assert belief.weights[1] > 0.8


@pytest.mark.parametrize(("weights", "gain"), [([1.0], 1.0), ([1.0, -1.0], 1.0), ([0.0, 0.0], 1.0), ([1.0, 1.0], -1.0)])
def test_beliefs_that_mean_nothing_are_refused(weights: list[float], gain: float) -> None:
    """Weights that don't fit the types, or types that can't gain at all, would give figures that mean nothing."""
    with pytest.raises(ValueError, match="supplier type"):
        first_belief(np.full((2, 1, 1), gain), weights)


def test_an_update_of_a_thousand_particles_is_quick() -> None:
    """Learning would hold up the talks: an update is a few operations on an array of types and curves."""
    supplier = drawn(7, types=1000)
    belief = first_belief(supplier, np.ones(1000))
    spent = []
    for turn in range(20):
        before = time.perf_counter()
        belief = belief.after_offer(supplier[:, 0, 4], turn / 20)
        spent.append(time.perf_counter() - before)
    assert min(spent) < 0.02
