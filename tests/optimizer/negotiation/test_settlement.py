"""After the handshake: packages beside a deal."""

from __future__ import annotations

import re

import numpy as np
import pytest

from models.errors import InvalidScenario
from models.scenario import Scenario
from models.session import Accept, Advice, DealElsewhere, OurOffer, Pick, Refusal, Session, TheirOffer
from optimizer.negotiation.learning import Belief, Learning, first_belief
from optimizer.negotiation.moves import Move
from optimizer.negotiation.replay import replay
from optimizer.negotiation.room import Room, standings
from optimizer.negotiation.session import accept, next_move, receive, start
from optimizer.negotiation.settlement import after_answer, better_for_them
from scenarios.tree import Floats
from tests.optimizer.negotiation.talks import MAKER, RIVAL, last, market, round_, settings, talk, they_offer

EQUAL = np.zeros((4, 1))  # what packages gain us: all the same
WORTH = np.array([[0.5, 0.9, 0.3, 0.7, 1.0], [0.5, 0.2, 0.8, 0.65, 1.0]])  # deal, A, B, C, and the best there is, which sets the scale


def belief(supplier: Floats) -> Belief:
    """All types alike, their best package at the end."""
    return first_belief(supplier, np.ones(len(supplier)), learning=Learning(doubt=1e-9))


def test_packages_together_promise_more_than_the_best_alone() -> None:
    """The supplier would be shown one compromise (C) instead of one package for each kind that it may be (A and B)."""
    kinds, gains = WORTH[:, 1:, None], np.array([[0.0], [0.0], [0.0], [-1.0]])
    deal = Move("buyer", 0.0, WORTH[:, 0])
    assert better_for_them(gains, kinds, belief(kinds), deal, count=1) == ((0, 0),)  # A: (0.4 + 0)/2, C: (0.2 + 0.15)/2
    assert better_for_them(gains, kinds, belief(kinds), deal, count=2) == ((0, 0), (1, 0))


def test_nothing_is_put_forward_that_costs_us_more_or_was_shown() -> None:
    """A deal would be reopened at our cost, or they would be asked the same again."""
    kinds, deal = WORTH[:, 1:, None], Move("buyer", 0.0, WORTH[:, 0])
    assert better_for_them(EQUAL - 1.0, kinds, belief(kinds), deal) == ()
    assert better_for_them(EQUAL, kinds, belief(kinds), deal, shown=range(4)) == ()


def test_where_nobody_is_promised_more_what_is_liked_best_is_shown_all_the_same() -> None:
    """A supplier that is like none of the types would be left with a deal that is not the best for it."""
    kinds = WORTH[:, 1:, None]
    assert better_for_them(EQUAL, kinds, belief(kinds), Move("buyer", 0.0, np.ones(2)), count=2) == ((3, 0), (2, 0))


def test_staying_with_the_deal_says_who_they_are() -> None:
    """A refusal would be taken for ill will, and the next packages would be as wrong as these."""
    kinds, deal = WORTH[:, 1:, None], Move("buyer", 0.0, WORTH[:, 0])
    a = Move("buyer", 0.0, WORTH[:, 1])
    assert after_answer(belief(kinds), deal, [a], None).weights[1] > 0.99  # the first type would have taken A
    assert after_answer(belief(kinds), deal, [a], 0).weights[0] > 0.99


@pytest.mark.parametrize("seed", range(40))
def test_a_supplier_that_knows_what_it_likes_ends_on_the_frontier(seed: int) -> None:
    """A deal would be left behind although another is better for one side and no worse for the other, with the right type believed in."""
    rng = np.random.default_rng(seed)
    gains, truth = rng.uniform(-1.0, 1.0, (6, 5)), rng.uniform(-1.0, 1.0, (6, 5))
    agreed = tuple(np.argwhere((gains > -0.5) & (truth > -0.5))[0])
    best = float(truth[gains >= gains[agreed]].max())
    put = better_for_them(gains, truth[None], belief(truth[None]), Move("buyer", float(gains[agreed]), truth[agreed][None]), count=1)
    ends = put[0] if put else agreed
    assert gains[ends] >= gains[agreed]
    assert truth[ends] >= best - 2e-3 * max(truth.max(), 1e-9)


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """The small market."""
    return market()


@pytest.fixture(scope="module")
def room(scenario: Scenario) -> Room:
    """What was solved is kept from test to test, as a room may be."""
    return Room(scenario)


@pytest.fixture(scope="module")
def shaken(scenario: Scenario, room: Room) -> Session:
    """Hands were shaken on 33 for up to 60 km, nothing of which need be taken, with the rival talked to as well."""
    session = they_offer(start(scenario, settings(talk(), talk(RIVAL, "rival"))), scenario, room, 33.0, fraction=0.0, volume=60.0)
    event = session.events[-1].event
    assert isinstance(event, TheirOffer)
    return accept(session, scenario, event.package, room)


@pytest.fixture(scope="module")
def asked(shaken: Session, scenario: Scenario, room: Room) -> Session:
    """They are asked whether they like something else better."""
    return next_move(shaken, scenario, MAKER, room)


def test_packages_beside_a_deal_cost_us_no_more(asked: Session, shaken: Session) -> None:
    """The buyer would pay for its own goodwill."""
    ours, found = last(asked), round_(asked)
    deal = shaken.events[-1].event
    assert isinstance(ours, OurOffer)
    assert isinstance(deal, Accept)
    assert ours.beside == deal.package
    assert all(put.cost.upper <= found.cost + 1e-6 and put.package != deal.package for put in found.puts if found.cost is not None)


def test_a_pick_beside_a_deal_is_the_deal(asked: Session, scenario: Scenario, room: Room) -> None:
    """What they picked would not count for the other talks, or be forgotten."""
    ours = last(asked)
    assert isinstance(ours, OurOffer)
    after = receive(asked, scenario, Pick(offer=MAKER, number=1), room)
    assert standings(after.events)[MAKER].package == ours.packages[0]
    assert "it is the deal now" in after.events[-1].found.said[0].sentence  # type: ignore[union-attr]
    stays = receive(asked, scenario, Refusal(offer=MAKER), room)
    assert standings(stays.events)[MAKER].package == ours.beside
    assert "They stay with the deal" in stays.events[-1].found.said[0].sentence  # type: ignore[union-attr]


def test_asking_ends_with_the_advice_to_sign_and_replays_to_the_same_bytes(asked: Session, scenario: Scenario, room: Room) -> None:
    """The supplier would be asked for ever, or the session could not be worked out again."""
    session = asked
    for _ in range(7):
        if isinstance(last(session), Advice):
            break
        session = receive(session, scenario, Refusal(offer=MAKER), room)
        session = next_move(session, scenario, MAKER, room)
    advice = last(session)
    assert isinstance(advice, Advice)
    assert advice.action == "sign"
    assert sum(isinstance(record.event, OurOffer) for record in session.events) <= 5
    assert replay(session, scenario).model_dump_json() == session.model_dump_json()


def test_after_a_deal_only_answers_to_what_is_put_beside_it_can_follow(asked: Session, shaken: Session, scenario: Scenario, room: Room) -> None:
    """A deal would be undone by an offer that comes too late, or an answer taken to a question that nobody asked."""
    late = TheirOffer(package=last(shaken).package)  # type: ignore[union-attr]
    for session, event in ((shaken, late), (asked, late), (shaken, Refusal(offer=MAKER)), (shaken, Pick(offer=MAKER, number=1))):
        with pytest.raises(InvalidScenario):
            receive(session, scenario, event, room)
    with pytest.raises(InvalidScenario, match=re.escape("have not answered")):
        next_move(asked, scenario, MAKER, room)
    with pytest.raises(InvalidScenario):
        receive(asked, scenario, DealElsewhere(offer=MAKER), room)


def test_advice_is_given_once(asked: Session, scenario: Scenario, room: Room) -> None:
    """Asking twice would write the same advice into the session twice."""
    session = asked
    while not isinstance(last(session), Advice):
        session = next_move(receive(session, scenario, Refusal(offer=MAKER), room), scenario, MAKER, room)
    assert next_move(session, scenario, MAKER, room) is session
