"""The buyer's next move."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.suppliers import SupplierType, SupplierView
from optimizer.negotiation import strategy
from optimizer.negotiation.learning import first_belief
from optimizer.negotiation.moves import Decision, Move, Settings, Sight, believed, move_of
from optimizer.negotiation.supplier import supplier_gains
from optimizer.negotiation.tactics import Curve, Reciprocity, plausible, scale_of
from scenarios.tree import Floats
from tests.optimizer.negotiation.tables import table

# Two issues, traded: cell 0 as offered, 1 gives the buyer what it cares for, 2 gives the supplier what it cares for, 3 both.
BUYER = np.add.outer([0.0, 30.0, -10.0, 20.0], [40.0, 20.0, 0.0, -20.0])
SUPPLIER = np.add.outer([0.0, -10.0, 30.0, 20.0], [-10.0, 10.0, 30.0, 50.0])
PLAIN = Settings(rounds=5, curve=Curve(1.0), patient=False)


def see(buyer: Floats = BUYER, supplier: Floats = SUPPLIER, *, set_to: Settings = PLAIN, moves: tuple[Move, ...] = ()) -> Sight:
    """What a buyer sees that is sure of the supplier."""
    types = supplier if supplier.ndim == 3 else supplier[None]
    return Sight(buyer, types, first_belief(types, np.ones(len(types))), moves, set_to)


def move(by: strategy.Place | str, cell: int, price: int) -> Move:
    """An offer of a package of the small table."""
    return Move("buyer" if by == "buyer" else "supplier", float(BUYER[cell, price]), SUPPLIER[None, cell, price])


def drawn(seed: int, types: int = 2) -> Sight:
    """A random table with some talk behind it."""
    rng = np.random.default_rng(seed)
    buyer = np.sort(rng.uniform(-20.0, 40.0, (4, 6)), axis=1)[:, ::-1]
    supplier = np.sort(rng.uniform(-20.0, 40.0, (types, 4, 6)), axis=2)
    moves = []
    for turn in range(int(rng.integers(0, 6))):
        cell, price = rng.integers(4), rng.integers(6)
        moves.append(Move("supplier" if turn % 2 == 0 else "buyer", float(buyer[cell, price]), supplier[:, cell, price]))
    set_to = Settings(rounds=4, margin=float(rng.uniform(0.0, 5.0)), last_word=bool(rng.integers(2)))
    return see(buyer, supplier, set_to=set_to, moves=tuple(moves))


def test_value_is_made_on_the_terms_before_the_price_moves() -> None:
    """The desk would haggle over the price and leave a trade of issues unmade (logrolling, Raiffa 1982)."""
    decision = strategy.decide(see())
    assert decision.package == (3, 0)  # both issues traded: 60 for the buyer, and the best for the supplier among all that gain 60
    assert decision.target == 60.0


def test_next_package_costs_no_more_than_the_target_and_is_liked_best() -> None:
    """Brute force over all packages: the offer would be beaten by another at the same cost."""
    for seed in range(50):
        sight = drawn(seed)
        target = float(np.quantile(sight.gains, 0.6))
        place = strategy.most_attractive(sight.gains, sight.liked, target)
        among = [(sight.liked[c, q], sight.gains[c, q]) for c in range(4) for q in range(6) if sight.gains[c, q] >= target]
        assert (sight.liked[place], sight.gains[place]) == max(among)


@settings(max_examples=60)
@given(seed=st.integers(0, 10_000))
def test_no_tactic_goes_below_walk_away(seed: int) -> None:
    """An offer or a signature could cost more than doing without."""
    sight = drawn(seed)
    decision = strategy.decide(sight)
    if decision.action == "offer":
        assert sight.gains[decision.package] >= sight.settings.margin - 1e-9
    if decision.action == "accept":
        assert sight.open is not None
        assert sight.open.gain >= sight.settings.margin


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000))
def test_replay_gives_the_same_decision(seed: int) -> None:
    """A stored round could not be explained later."""
    assert strategy.decide(drawn(seed)) == strategy.decide(drawn(seed))


@settings(max_examples=60)
@given(seed=st.integers(0, 10_000))
def test_efficient_packages_against_brute_force(seed: int) -> None:
    """A last offer could leave something on the table for both."""
    sight = drawn(seed)
    b, s = sight.gains.ravel(), sight.liked.ravel()
    beaten = [i for i in range(b.size) if any(b[j] >= b[i] and s[j] >= s[i] and (b[j] > b[i] or s[j] > s[i]) for j in range(b.size))]
    assert sorted(strategy.efficient(sight.gains, sight.liked).tolist()) == [i for i in range(b.size) if i not in beaten]


def test_never_two_concessions_without_one_in_return() -> None:
    """The desk would bid against itself while the supplier repeats its offer."""
    stubborn = [move("supplier", 2, 3)]
    for cell, price in ((3, 0), (3, 1)):
        stubborn += [move("buyer", cell, price), move("supplier", 2, 3)]
    decision = strategy.decide(see(moves=tuple(stubborn)))
    assert decision.target == BUYER[3, 1]
    assert strategy.UNANSWERED in [reason.words for reason in decision.reasons]
    moved = strategy.decide(see(moves=(*stubborn[:-1], move("supplier", 2, 2))))
    assert moved.target < BUYER[3, 1]


def test_concessions_are_counted_since_theirs() -> None:
    """A repeated or better offer of ours would count as a concession, or theirs would not be noticed."""
    repeated = see(moves=(move("buyer", 3, 0), move("supplier", 2, 3), move("buyer", 3, 0), move("supplier", 2, 3)))
    assert strategy.unanswered(repeated) == 0
    conceded = see(moves=(move("buyer", 3, 0), move("supplier", 2, 3), move("buyer", 3, 1), move("supplier", 2, 3)))
    assert strategy.unanswered(conceded) == 1
    answered = see(moves=(*conceded.history[:-1], move("supplier", 3, 3)))
    assert strategy.unanswered(answered) == 0


def test_reciprocity_limits_a_concession() -> None:
    """A large step of the curve would answer a small one of theirs."""
    moves = (move("supplier", 2, 3), move("buyer", 3, 0), move("supplier", 3, 3))
    free = strategy.decide(see(moves=moves, set_to=replace(PLAIN, rounds=3)))
    bound = strategy.decide(see(moves=moves, set_to=replace(PLAIN, rounds=3, reciprocity=Reciprocity(most=0.5))))
    given_up = BUYER[3, 3] - BUYER[2, 3]  # their concession is worth 30 to us, half of it is returned
    assert free.target < bound.target == pytest.approx(60.0 - 0.5 * given_up)


def test_concessions_that_nobody_notices_are_not_made() -> None:
    """The desk would give way in crumbs that are not answered, and be held to the last of them."""
    moves = (move("supplier", 2, 3), move("buyer", 3, 0), move("supplier", 2, 3))
    crumbs = replace(PLAIN, rounds=51, reciprocity=Reciprocity(step=0.0))
    assert strategy.decide(see(moves=moves, set_to=crumbs)).target == pytest.approx(0.98 * 60.0)
    assert strategy.decide(see(moves=moves, set_to=replace(crumbs, reciprocity=Reciprocity()))).target == 60.0
    assert strategy.decide(see(moves=moves, set_to=replace(crumbs, rounds=11, reciprocity=Reciprocity()))).target == pytest.approx(0.9 * 60.0)


def test_offer_as_good_as_ours_is_accepted() -> None:
    """The desk would haggle on over what it was about to ask for."""
    decision = strategy.decide(see(moves=(move("supplier", 3, 0),)))
    assert decision.action == "accept"


def test_better_for_both_is_proposed_instead_of_accepting() -> None:
    """A good price on the wrong terms would be signed, and the value of the other terms lost."""
    theirs = Move("supplier", 70.0, np.array([-10.0]))  # cell 1 at price 0: 70 for us, a loss for them
    generous = Move("supplier", 50.0, np.array([0.0]))  # cell 1 at price 1
    decision = strategy.decide(see(set_to=replace(PLAIN, curve=Curve(5.0)), moves=(move("supplier", 2, 3), move("buyer", 3, 0), generous)))
    assert decision.action == "offer"
    assert decision.package == (3, 0)  # 60 for us, 10 for them: better for both
    assert strategy.improved(see(moves=(theirs,)), theirs) is None


def test_a_package_at_a_loss_to_them_is_no_improvement() -> None:
    """An offer that loses them money by our reckoning would be answered with one that loses them money too, and refused."""
    losing = Move("supplier", 45.0, np.array([-10.0]))
    buyer, supplier = np.array([[60.0, 50.0]]), np.array([[-5.0, 1.0]])
    assert strategy.improved(see(buyer, supplier), losing) == (0, 1)


def test_at_the_deadline_a_small_improvement_is_not_worth_the_risk() -> None:
    """A good last offer of theirs would be gambled away for a little more."""
    moves = (move("supplier", 2, 3), move("buyer", 3, 0), Move("supplier", 58.0, np.array([0.0])))
    final = see(moves=moves, set_to=replace(PLAIN, rounds=2))
    assert strategy.improved(final, moves[-1]) == (3, 0)
    assert strategy.decide(final).action == "accept"
    assert strategy.decide(see(moves=moves, set_to=replace(PLAIN, rounds=2, last_word=True))).package == (3, 0)


def test_the_last_turn_makes_the_last_offer() -> None:
    """The desk would go down to walk-away at the end because the curve ends there."""
    moves = (move("supplier", 2, 3), move("buyer", 3, 0), move("supplier", 2, 3))
    sight = see(moves=moves, set_to=replace(PLAIN, rounds=2))
    scale = scale_of(sight.gains, plausible(sight.supplier, sight.belief.weights, 0.05), 0.0)
    assert scale is not None
    decision = strategy.decide(sight)
    assert decision.package == strategy.last_offer(sight, scale)[0]
    assert decision.target > 0.0
    assert strategy.LAST in [reason.words for reason in decision.reasons]


def test_ties_go_to_the_buyer_then_to_the_first() -> None:
    """Of packages that the supplier likes alike the desk would offer one that is worse for itself, or another one every time."""
    liked = np.array([[1.0, 2.0], [2.0, 2.0]])
    assert strategy.most_attractive(np.array([[9.0, 5.0], [7.0, 7.0]]), liked, 4.0) == (1, 0)


def test_time_runs_from_the_first_turn_to_the_last() -> None:
    """Aspirations would not reach walk-away at the last turn, or the supplier's would be read at the wrong time."""
    opens = (move("buyer", 3, 0), move("supplier", 2, 3), move("buyer", 3, 0), move("supplier", 2, 3))
    turns = [see(moves=opens[:n]) for n in range(0, 5, 2)]
    assert [sight.time for sight in turns] == [0.0, 0.25, 0.5]
    assert [sight.answered for sight in turns] == [0.0, 0.25, 0.5]
    replies = [see(moves=(move("supplier", 2, 3), *opens)[:n]) for n in range(1, 6, 2)]
    assert [sight.time for sight in replies] == [0.0, 0.25, 0.5]
    assert [sight.answered for sight in replies] == [0.25, 0.5, 0.75]  # they opened: their answer is already their next turn


def test_target_is_never_below_what_they_have_offered() -> None:
    """The desk would ask for less than it could have by saying yes to an earlier offer."""
    moves = (move("supplier", 3, 1), move("buyer", 3, 0), move("supplier", 2, 3))
    sight = see(moves=moves, set_to=replace(PLAIN, rounds=2, reciprocity=Reciprocity(unanswered=99)))
    scale = scale_of(sight.gains, plausible(sight.supplier, sight.belief.weights, 0.05), 0.0)
    assert scale is not None
    assert strategy.next_target(sight, scale)[0] == pytest.approx(BUYER[3, 1])


def test_last_offer_is_worth_most_against_brute_force() -> None:
    """At the deadline the desk would give everything away, or ask for what they will surely refuse."""
    for seed in range(40):
        sight = drawn(seed)
        scale = scale_of(sight.gains, plausible(sight.supplier, sight.belief.weights, 0.05), sight.settings.margin)
        if scale is None:
            continue
        later = max([0.0, *([scale.of(sight.of("supplier")[-1].gain)] if sight.settings.last_word and sight.of("supplier") else [])])
        chance = sight.belief.acceptance(sight.supplier, 1.0)
        places = [divmod(int(i), 6) for i in strategy.efficient(sight.gains, sight.liked)]
        best = max(chance[p] * scale.of(sight.gains[p]) + (1 - chance[p]) * later for p in places if sight.gains[p] >= sight.settings.margin)
        place, worth = strategy.last_offer(sight, scale)
        assert worth == pytest.approx(best)
        assert place in places


def test_a_patient_buyer_asks_for_no_less_than_a_last_offer_is_worth() -> None:
    """The curve would give away what the supplier is believed to concede at the end anyway."""
    moves = (move("supplier", 2, 3), move("buyer", 3, 0), move("supplier", 3, 3), move("buyer", 3, 0), move("supplier", 3, 3))
    hasty = strategy.decide(see(moves=moves, set_to=replace(PLAIN, rounds=4, curve=Curve(9.0))))
    patient = strategy.decide(see(moves=moves, set_to=replace(PLAIN, rounds=4, curve=Curve(9.0), patient=True)))
    assert patient.target > hasty.target


def test_moves_read_off_a_table() -> None:
    """An offer between or beyond the table's prices would be judged by a price that nobody named, or its supplier's gain be minus infinity."""
    made = table({"volume": [1.0, 2.0]}, lambda _: 1.0, lambda terms: terms["volume"])
    view = SupplierView(supplier="maker", types=(SupplierType(id="one", unit_cost=3.0), SupplierType(id="two", unit_cost=5.0)))
    gains = supplier_gains(made, view)
    between = move_of(made, gains, "supplier", 1, 6.5)
    assert between.gain == pytest.approx(10.0 - 1.0 - 13.0)
    assert between.supplier == pytest.approx([7.0, 3.0])
    beyond = move_of(made, gains, "supplier", 1, 12.0)
    assert beyond.gain == pytest.approx(10.0 - 1.0 - 24.0)
    assert beyond.supplier == pytest.approx([14.0, 10.0])


def test_belief_follows_the_moves() -> None:
    """A stored session would be replayed with another belief than it was held with, or own offers would count as theirs."""
    types = np.stack([SUPPLIER, SUPPLIER[::-1]])
    prior = first_belief(types, [0.5, 0.5])
    theirs, ours = (Move(by, 0.0, types[:, cell, 3]) for by, cell in (("supplier", 2), ("buyer", 1)))  # type: ignore[arg-type]
    told = believed(prior, (theirs, ours, theirs), 5)
    expected = prior.after_offer(theirs.supplier, 0.0).after_refusal(ours.supplier, 0.25).after_offer(theirs.supplier, 0.25)
    assert told.weights == pytest.approx(expected.weights, rel=1e-12)
    assert believed(prior, (ours,), 5) is prior


def test_impossible_packages_are_never_offered() -> None:
    """A package that can't be signed, or delivered, would be put on the table, or its infinite cost spoil every other."""
    buyer, supplier = BUYER.copy(), SUPPLIER.copy()
    buyer[0], supplier[0] = -np.inf, -np.inf
    supplier[3] = -np.inf
    for moves in ((), (move("supplier", 2, 3),), (move("supplier", 2, 3), move("buyer", 1, 0), move("supplier", 2, 2))):
        decision = strategy.decide(see(buyer, supplier, moves=moves))
        assert decision.package is not None
        assert decision.package[0] in (1, 2)
        assert np.isfinite(decision.target)


def test_hopeless_suppliers_are_left() -> None:
    """The desk would offer packages that it does not want, or stay at the table for nothing."""
    hopeless = np.where(BUYER > 0, -1.0, 1.0)
    assert strategy.decide(see(supplier=hopeless)).action == "walk away"
    surprise = Move("supplier", 20.0, np.array([-1.0]))
    assert strategy.decide(see(supplier=hopeless, moves=(surprise,))).action == "accept"


@settings(max_examples=60)
@given(seed=st.integers(0, 10_000))
def test_amounts_in_reasons_are_those_of_the_decision(seed: int) -> None:
    """A negotiator would say a number that nothing stored stands behind."""
    decision: Decision = strategy.decide(drawn(seed))
    for reason in decision.reasons:
        assert reason.words.count("{") == len(reason.amounts)
        assert np.isfinite(reason.amounts).all()
        assert str(reason) == reason.words.format(*reason.amounts)
    liked = [reason.amounts[0] for reason in decision.reasons if reason.words == strategy.LIKED]
    better = [reason.amounts[1] for reason in decision.reasons if reason.words == strategy.BETTER]
    if decision.action == "offer":
        assert [*liked, *better][-1] == decision.acceptance
