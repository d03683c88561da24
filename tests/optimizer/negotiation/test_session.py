"""Sessions: what follows what, what other deals do to ours, what is learned, and what is said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from models.errors import InvalidScenario
from models.negotiation import Package
from models.scenario import Scenario
from models.session import (
    Accept,
    Advice,
    DealElsewhere,
    Event,
    LeaveTable,
    MarketNote,
    OurOffer,
    Pick,
    Refusal,
    Said,
    Session,
    SessionSettings,
    TheirOffer,
)
from optimizer.negotiation.course import course_of, learning, tactic
from optimizer.negotiation.game_words import money, percent, price
from optimizer.negotiation.learning import Learning
from optimizer.negotiation.moves import Settings
from optimizer.negotiation.room import Room, others
from optimizer.negotiation.session import accept, next_move, propose, receive, start, what_changed
from tests.optimizer.negotiation.talks import MAKER, RIVAL, TYPES, heard, last, market, package, round_, settings, talk, they_offer


@dataclass(frozen=True)
class Desk:
    """One market and the room in which it is negotiated."""

    scenario: Scenario
    room: Room

    def begin(self, **changes: Any) -> Session:
        return start(self.scenario, settings(**changes))

    def both(self, **changes: Any) -> Session:
        return start(self.scenario, settings(talk(), talk(RIVAL, "rival"), **changes))

    def move(self, session: Session, offer: str | None = None) -> Session:
        return next_move(session, self.scenario, offer, self.room)

    def hear(self, session: Session, event: Event) -> Session:
        return receive(session, self.scenario, event, self.room)

    def offer(self, session: Session, at: float, name: str = MAKER, **terms: float) -> Session:
        return they_offer(session, self.scenario, self.room, at, name, **terms)


@pytest.fixture(scope="module")
def desk() -> Desk:
    """The small market; what was solved is kept from test to test, as a room may be."""
    scenario = market()
    return Desk(scenario, Room(scenario))


def elsewhere(at: float | None) -> DealElsewhere:
    """The rival is signed at a price, or is gone."""
    return DealElsewhere(offer=RIVAL, package=None if at is None else package(at, RIVAL))


@pytest.mark.parametrize(("event", "no_deal"), [(None, 2_700.0), (elsewhere(30.0), 2_250.0), (elsewhere(None), 3_000.0), (elsewhere(36.0), 2_700.0)])
def test_no_deal_is_relative_to_the_other_offers(desk: Desk, event: Event | None, no_deal: float) -> None:
    """What is worth signing would be judged by deals that are not open any more: 75 km at 36, 30, or the spot price of 40."""
    session = desk.begin()
    session = session if event is None else desk.hear(session, event)
    assert round_(desk.move(session)).no_deal.upper == pytest.approx(no_deal, rel=1e-9)


def test_a_deal_elsewhere_is_said_with_the_money_it_moves(desk: Desk) -> None:
    """We would go on talking from a walk-away price that a signature elsewhere has moved."""
    session = desk.hear(desk.move(desk.begin()), elsewhere(30.0))
    (effect,) = heard(session).effects
    assert (effect.offer, effect.before, effect.after, effect.change) == (MAKER, 2_700.0, 2_250.0, -450.0)
    assert "Doing without 'frame' now costs USD 2,250 instead of USD 2,700, USD 450.00 less." in what_changed(session)
    before, after = round_(desk.move(desk.begin())), round_(desk.move(desk.offer(session, 34.0)))
    assert after.puts[0].gain.upper < before.puts[0].gain.upper


def test_an_offer_on_another_table_is_no_deal_on_this_one(desk: Desk) -> None:
    """The walk-away price would be judged by the rival's first offer, after it has made a better one, or a worse one."""
    session = desk.offer(desk.both(), 32.0, RIVAL)
    assert [(x.offer, x.after) for x in heard(session).effects] == [(MAKER, 2_400.0)]
    assert round_(desk.move(session, MAKER)).no_deal.upper == pytest.approx(2_400.0)
    session = desk.offer(session, 37.0, RIVAL)
    assert [(x.before, x.after) for x in heard(session).effects] == [(2_400.0, 2_775.0)]


def test_an_accepted_package_stands_in_for_the_offer(desk: Desk) -> None:
    """After a deal the other talks would go on as if nothing had been signed."""
    session = desk.offer(desk.both(), 28.0, RIVAL, fraction=0.0, volume=100.0)
    session = accept(session, desk.scenario, package(28.0, RIVAL), desk.room)
    assert isinstance(last(session), Accept)
    assert round_(desk.move(session, MAKER)).no_deal.upper == pytest.approx(2_100.0)
    assert others(session.events, MAKER)[0].status == "signed"


def test_a_table_that_is_left_counts_as_no_offer(desk: Desk) -> None:
    """The desk would lean on a supplier who has gone."""
    session = desk.hear(desk.both(), LeaveTable(offer=RIVAL, by="supplier"))
    assert heard(session).effects[0].after == pytest.approx(3_000.0)


def test_nothing_is_said_of_what_moves_nothing(desk: Desk) -> None:
    """Every word about the market would be reported as if it moved money."""
    session = desk.hear(desk.move(desk.begin()), MarketNote(note="The rival has hired a new head of sales."))
    assert heard(session).effects == ()
    assert what_changed(session) == ("Market: The rival has hired a new head of sales.",)
    assert what_changed(desk.begin()) == ()


# --- What may follow what -------------------------------------------------------------------------------------------------------------------------


def refusals() -> list[tuple[str, Event, str, str]]:
    """What can't be received after we have put something forward: a name, the event, where, and what is said."""
    return [
        ("unknown offer", Refusal(offer="copper"), "offer", "there is no offer 'copper'"),
        ("not talked about", Refusal(offer=RIVAL), "offer", "'flexible' is not talked about"),
        ("unknown clause", elsewhere(None).model_copy(update={"package": package(30.0, RIVAL, colour=1.0)}), "terms.colour", "no such lever"),
        ("outside the lever", _their(fraction=1.5), "terms.take_or_pay.fraction", "outside the lever's range, 0 to 1"),
        ("another alternative", _their(alternative="other"), "alternative", "not about 'other'"),
        ("number too high", Pick(offer=MAKER, number=5), "number", "5 is picked"),
        ("not ours", Accept(by="supplier", package=package(20.5)), "package", "none of the packages that we put forward last"),
        ("our move", Advice(offer=MAKER, action="accept"), "kind", "a move of ours"),
        ("our acceptance", Accept(by="us", package=package(20.5)), "kind", "a move of ours"),
    ]


def _their(alternative: str | None = None, **terms: float) -> Event:
    return TheirOffer(package=package(30.0, **terms).model_copy(update={"alternative": alternative}))


@pytest.mark.parametrize(("event", "where", "words"), [x[1:] for x in refusals()], ids=[x[0] for x in refusals()])
def test_events_that_cannot_be_are_refused(desk: Desk, event: Event, where: str, words: str) -> None:
    """A session would hold something that can't have happened, or say only that something is wrong."""
    session = desk.move(desk.begin(choices=1))
    with pytest.raises(InvalidScenario, match=re.escape(words)) as refusal:
        desk.hear(session, event)
    assert refusal.value.findings[0].path.endswith(where)


@pytest.mark.parametrize("ending", [elsewhere(None).model_copy(update={"offer": MAKER}), LeaveTable(offer=MAKER, by="us")])
def test_nothing_follows_an_end(desk: Desk, ending: Event) -> None:
    """Talks would go on after a signature."""
    session = desk.hear(desk.move(desk.begin()), ending)
    for event in (Refusal(offer=MAKER), _their(), LeaveTable(offer=MAKER, by="supplier"), ending):
        with pytest.raises(InvalidScenario, match=r"nothing can follow about offer 'frame'.*\(events\[1\]\)"):
            desk.hear(session, event)
    with pytest.raises(InvalidScenario, match="nothing can follow"):
        desk.move(session, MAKER)


def test_nothing_follows_an_acceptance(desk: Desk) -> None:
    """A signed package would be negotiated on."""
    session = desk.move(desk.begin())
    event = last(session)
    assert isinstance(event, OurOffer)
    session = desk.hear(session, Accept(by="supplier", package=event.packages[0]))
    with pytest.raises(InvalidScenario, match="it was accepted"):
        desk.offer(session, 30.0)


def test_answers_need_something_to_answer(desk: Desk) -> None:
    """A refusal of nothing would count as a word of theirs, or we would bid against ourselves."""
    for event in (Refusal(offer=MAKER), Pick(offer=MAKER, number=1)):
        with pytest.raises(InvalidScenario, match="nothing of ours"):
            desk.hear(desk.begin(), event)
    with pytest.raises(InvalidScenario, match="have not answered"):
        desk.move(desk.move(desk.begin()))
    with pytest.raises(InvalidScenario, match="name the offer"):
        desk.move(desk.both())


def test_only_what_is_on_the_table_is_accepted(desk: Desk) -> None:
    """We would sign what nobody has offered, an offer that was replaced, or one that leaves less than the margin."""
    session = desk.offer(desk.begin(), 30.0)
    for at in (29.0, 31.0):
        with pytest.raises(InvalidScenario, match="another one"):
            accept(session, desk.scenario, package(at), desk.room)
    with pytest.raises(InvalidScenario, match="less than the margin"):
        accept(desk.offer(session, 35.5), desk.scenario, package(35.5), desk.room)
    with pytest.raises(InvalidScenario, match="nothing of theirs"):
        accept(desk.begin(), desk.scenario, package(29.0), desk.room)


def test_views_are_of_the_supplier(desk: Desk) -> None:
    """The rival would be read as if it were the maker."""
    with pytest.raises(InvalidScenario, match="the view is of supplier 'rival'"):
        start(desk.scenario, settings(talk(MAKER, "rival")))


def test_a_room_is_for_one_scenario(desk: Desk) -> None:
    """Values of one scenario would be told of another."""
    other = market(name="Another market")
    with pytest.raises(InvalidScenario, match="`name` changed"):
        next_move(desk.begin(), desk.scenario, MAKER, Room(other))


# --- What is learned ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", range(len(TYPES)))
def test_belief_moves_toward_the_true_type(desk: Desk, kind: int) -> None:
    """The desk would learn nothing from what a supplier says, or the wrong thing."""
    session = desk.begin(rounds=8)
    seat = desk.room.seat(session.settings.talks[0], ())
    gains = seat.gains.gains[kind]
    for turn in range(5):
        wanted = (1.0 - (turn / 7) ** (1 / 0.6)) * gains.max()  # an aspiration curve of its own
        cell, q = np.unravel_index(int(np.where(gains >= wanted, seat.table.gains, -np.inf).argmax()), gains.shape)
        terms = dict(seat.table.cells[int(cell)].terms)
        session = desk.hear(session, TheirOffer(package=Package(offer=MAKER, price=float(seat.table.prices[q]), terms=terms)))
        session = desk.move(session)
        event = last(session)
        if not isinstance(event, OurOffer):
            break
        own = [seat.gains.at(place, one.price)[kind] for one in event.packages if (place := seat.place(one)) is not None and one.price is not None]
        session = desk.hear(session, Pick(offer=MAKER, number=int(np.argmax(own)) + 1))
    found = session.events[-1].found
    weights = {x.type: x.weight for x in found.posterior}
    assert max(weights, key=lambda x: weights[x]) == list(TYPES)[kind]
    assert weights[list(TYPES)[kind]] > 0.5
    assert sum(weights.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("kind", range(len(TYPES)))
def test_a_pick_speaks_for_the_types_that_gain_most_from_it(desk: Desk, kind: int) -> None:
    """What a supplier says of packages that are alike to us would be wasted."""
    session = desk.move(desk.hear(desk.move(desk.offer(desk.begin(), 33.0, fraction=0.5)), Refusal(offer=MAKER)))
    packages = last(session).packages  # type: ignore[union-attr]
    assert len(packages) == 3
    seat = desk.room.seat(session.settings.talks[0], ())
    gains = np.stack([move.supplier for move in (seat.move("buyer", one) for one in packages) if move is not None], axis=1)
    picked = int(gains[kind].argmax())
    before = round_(session).posterior
    after = heard(desk.hear(session, Pick(offer=MAKER, number=picked + 1))).posterior
    scaled = gains / seat.gains.gains.max(axis=(1, 2))[:, None]
    liked = np.exp(scaled / 0.03)[:, picked] / np.exp(scaled / 0.03).sum(axis=1)
    expected = np.array([x.weight for x in before]) * (0.98 * liked + 0.02 / 3)
    assert [x.weight for x in after] == pytest.approx(expected / expected.sum(), rel=1e-6)
    assert after[kind].weight > before[kind].weight


def test_a_refusal_says_that_even_the_best_of_a_set_was_too_little(desk: Desk) -> None:
    """A refusal would teach nothing, or three refusals at once, although a set is refused as a whole."""
    session = desk.hear(desk.move(desk.offer(desk.begin(), 33.0, fraction=0.5)), Refusal(offer=MAKER))
    session = desk.move(session)
    seat = desk.room.seat(session.settings.talks[0], ())
    belief = course_of(seat, session.settings, session.events).belief
    assert belief is not None
    best = np.max([move.supplier for one in last(session).packages if (move := seat.move("buyer", one)) is not None], axis=0)  # type: ignore[union-attr]
    expected = belief.after_refusal(best, 2 / 3).weights  # the third of their four turns
    after = [x.weight for x in heard(desk.hear(session, Refusal(offer=MAKER))).posterior]
    assert after == pytest.approx(expected, rel=1e-9)
    assert after != pytest.approx(belief.weights, rel=1e-3)


def test_exact_values_are_asked_of_a_desk_of_their_own(desk: Desk) -> None:
    """What the table had asked before would decide from which of several equally good answers an exact value is read off: replaying could differ."""
    seat = Room(desk.scenario).seat(talk(), ())
    assert seat.desk.solves <= 2  # with and without the offer
    assert len(seat.table.cells) == 9


def test_terms_that_are_not_on_our_menu_are_heard(desk: Desk) -> None:
    """A supplier's own idea would be refused unheard, or taken for one of ours."""
    session = desk.offer(desk.begin(), 30.0, fraction=0.25, volume=90.0)
    assert heard(session).gain is not None
    assert heard(session).gain.upper == pytest.approx(2_700.0 - (30.0 * (50 + 90) / 2 + 36.0 * 10 / 2))  # type: ignore[union-attr]
    assert isinstance(last(desk.move(session)), OurOffer)


def test_what_is_left_out_stands_as_offered(desk: Desk) -> None:
    """An offer of a price only would be read with the first terms on our menu."""
    event = last(desk.offer(desk.begin(), 30.0))
    assert event.package.terms == {"take_or_pay.fraction": 0.0, "volume.max": 100.0}  # type: ignore[union-attr]


# --- What is said ---------------------------------------------------------------------------------------------------------------------------------


def numbers(text: str) -> list[str]:
    """Numbers in a sentence, names left out."""
    return re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", re.sub(r"'[^']*'", "", text))


def ways(amount: float) -> Iterator[str]:
    """How a stored figure may be written."""
    for text in (money(abs(amount), "USD"), price(abs(amount), "USD"), percent(amount), f"{amount:,.6g}"):
        yield from numbers(text)


def everything_said(session: Session) -> Iterator[tuple[Said, str]]:
    """Every sentence of a session, with the stored record around it."""
    for record in session.events:
        for said in record.found.said if record.found.kind == "heard" else record.found.reasons:
            yield said, record.model_dump_json()


def test_every_number_in_a_sentence_is_a_stored_figure(desk: Desk) -> None:
    """A negotiator would say a number that nothing stands behind."""
    session = desk.offer(desk.both(rounds=3), 35.0, fraction=0.5)
    for at, answer in ((33.0, elsewhere(None)), (31.5, None)):
        session = desk.move(session, MAKER)
        if at == 33.0:
            session = desk.hear(session, Pick(offer=MAKER, number=1))
            session = desk.move(session, MAKER)
        session = session if answer is None else desk.hear(session, answer)
        session = desk.offer(session, at)
    session = desk.move(session, MAKER)
    count = 0
    for said, _ in everything_said(session):
        for number in numbers(said.sentence):
            assert number in {way for amount in said.amounts for way in ways(amount)}, said
            count += 1
    assert count > 40


def test_sentences_quote_the_round_that_they_stand_in(desk: Desk) -> None:
    """Reasons would hold figures of their own, other than those stored for the round."""
    found = round_(desk.move(desk.offer(desk.begin(), 33.0)))
    stood = [said for said in found.reasons if said.sentence.startswith("We put forward")]
    for said, put in zip(stood, found.puts, strict=True):
        assert said.amounts == (put.package.price, *put.package.terms.values(), put.walk_away)


# --- Moves of our own choice ------------------------------------------------------------------------------------------------------------------------


def test_a_person_may_choose_within_the_guard_rails(desk: Desk) -> None:
    """What a negotiator says without asking the desk could not be stored, or could give away more than the margin."""
    session = propose(desk.begin(), desk.scenario, [package(27.0), package(26.0, fraction=0.5)], desk.room)
    assert round_(session).puts[0].gain.upper == pytest.approx(675.0)
    for price_, why in ((36.0, "less than the margin"), (35.5, "less than the margin")):
        with pytest.raises(InvalidScenario, match=why):
            propose(desk.begin(), desk.scenario, [package(price_)], desk.room)
    session = desk.hear(propose(desk.hear(session, Refusal(offer=MAKER)), desk.scenario, [package(28.0)], desk.room), Refusal(offer=MAKER))
    with pytest.raises(InvalidScenario, match="another concession"):
        propose(session, desk.scenario, [package(29.0)], desk.room)


def test_settings_are_those_of_the_strategy() -> None:
    """A session would be held with other habits than the tournament has measured."""
    plain = SessionSettings(talks=(talk(),))
    assert tactic(plain) == Settings(rounds=plain.rounds)
    assert learning(plain) == Learning()


def test_turns_end(desk: Desk) -> None:
    """The desk would go on for ever, or fall over, when its turns are used up."""
    session = desk.begin(rounds=2)
    for _ in range(2):
        session = desk.hear(desk.move(session), Refusal(offer=MAKER))
    session = desk.move(session)
    assert last(session) == Advice(offer=MAKER, action="walk away")
    session = desk.move(desk.offer(session, 34.0))
    assert last(session) == Advice(offer=MAKER, action="accept")
    assert round_(session).open_gain == pytest.approx(150.0)
