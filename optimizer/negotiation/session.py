"""A negotiation from the first word to the last: what they do is received, what we do is computed, and everything is stored with its reasons.

    session = start(scenario, settings)
    session = next_move(session, scenario, "maker", room)                      our package, or several that cost us the same
    session = receive(session, scenario, TheirOffer(package=...), room)        theirs
    session = accept(session, scenario, package, room)                         or whatever is advised

A session is a value: every call gives a longer one. A `Room` keeps what was solved between calls and may be left out. With several suppliers, every offer
is valued against no deal with all others at their current terms; whatever moves one of them is said to the others' talks, with the money it moves.
Reference: Raiffa (1982), The Art and Science of Negotiation.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.negotiation import Package
from models.scenario import Scenario
from models.session import Accept, Advice, Event, Heard, OurOffer, Round, Session, SessionSettings, Talk
from optimizer.negotiation.grid import packages_on
from optimizer.negotiation.hearing import heard
from optimizer.negotiation.levers import offer_named, packaged
from optimizer.negotiation.protocol import agreed, checked, completed, last_of_theirs, of_talk, open_talks, talk_about
from optimizer.negotiation.room import Room, others
from optimizer.negotiation.rounds import beside_the_deal, by_hand, move_of_ours
from optimizer.negotiation.seals import check_scenario, check_version, opened, refused, sealed
from optimizer.negotiation.turns import broken, turn_of
from optimizer.negotiation.verified import exact


def start(scenario: Scenario, settings: SessionSettings) -> Session:
    """A session without events. Raises InvalidScenario for a menu or a view that doesn't fit the scenario."""
    for i, talk in enumerate(settings.talks):
        offer = offer_named(scenario, talk.menu.offer)
        if offer.supplier != talk.view.supplier:
            told = f"the view is of supplier '{talk.view.supplier}', and offer '{offer.id}' is one of '{offer.supplier}'"
            raise refused(f"settings.talks[{i}].view.supplier", told)
        for package in packages_on(talk.menu):
            packaged(scenario, package)
    return opened(scenario, settings)


def receive(session: Session, scenario: Scenario, event: Event, room: Room | None = None) -> Session:
    """The session after something that was not our move. Raises InvalidScenario for what can't follow, or a scenario that has changed."""
    room = _room(session, scenario, room)
    if isinstance(event, OurOffer | Advice) or (isinstance(event, Accept) and event.by == "us"):
        raise refused("kind", f"'{event.kind}' is a move of ours; use `next_move`, `propose` or `accept`", "event")
    event = checked(session, scenario, event)
    return sealed(session, event, heard(session, room, event))


def next_move(session: Session, scenario: Scenario, offer: str | None = None, room: Room | None = None) -> Session:
    """The session with our next move in the talks about an offer (none named: the only one): packages put forward, or advice to accept or to leave.
    After a deal: packages beside it that cost us no more and that they may like better, or advice to sign."""
    room = _room(session, scenario, room)
    talk = _shaken(session, offer) or talk_about(session, scenario, offer)
    records = of_talk(session, talk.menu.offer)
    if session.events and isinstance(latest := session.events[-1].event, Advice) and latest.offer == talk.menu.offer:
        return session  # nothing has happened since the advice was given
    if records and isinstance(records[-1].event, OurOffer):
        raise refused("offer", f"they have not answered what we put forward for '{talk.menu.offer}' yet; receive an offer, a pick or a refusal first", "move")
    seat = room.seat(talk, others(session.events, talk.menu.offer))
    turn = turn_of(seat, session.settings, session.currency, records)
    deal = agreed(session, talk.menu.offer)
    return sealed(session, *(move_of_ours(turn) if deal is None else beside_the_deal(turn, deal)))


def _shaken(session: Session, offer: str | None) -> Talk | None:
    """The talk that has come to a deal: the one named, or the only one there is when no talks are open."""
    deals = [talk for talk in session.settings.talks if agreed(session, talk.menu.offer) is not None]
    if offer is None:
        return deals[0] if len(deals) == 1 and not open_talks(session) else None
    return next((talk for talk in deals if talk.menu.offer == offer), None)


def propose(session: Session, scenario: Scenario, packages: Sequence[Package], room: Room | None = None) -> Session:
    """The session with a move of our own choice. Raises InvalidScenario for a move that crosses a guard-rail: no tactic does, and no person by mistake."""
    room = _room(session, scenario, room)
    if not packages:
        raise refused("packages", "name at least one package", "move")
    talk = talk_about(session, scenario, packages[0].offer)
    whole = tuple(completed(session, scenario, package) for package in packages)
    if any(package.offer != talk.menu.offer for package in whole):
        raise refused("packages", f"packages put forward together are of one offer; the first is of '{talk.menu.offer}'", "move")
    event = checked(session, scenario, OurOffer(offer=talk.menu.offer, packages=whole, by_hand=True))
    assert isinstance(event, OurOffer)
    seat = room.seat(talk, others(session.events, talk.menu.offer))
    turn = turn_of(seat, session.settings, session.currency, of_talk(session, talk.menu.offer))
    why = broken(turn, whole)
    if why is not None:
        raise refused("packages", f"this can't be put forward: {why}", "move")
    return sealed(session, *by_hand(turn, whole))


def accept(session: Session, scenario: Scenario, package: Package, room: Room | None = None) -> Session:
    """The session after we accept their package on the table. Raises InvalidScenario if it is not theirs, or leaves less than the margin."""
    room = _room(session, scenario, room)
    event = checked(session, scenario, Accept(by="us", package=completed(session, scenario, package)))
    assert isinstance(event, Accept)
    theirs = last_of_theirs(session, event.offer)
    if theirs is None or theirs.package != event.package:
        told = "nothing of theirs is on the table" if theirs is None else "their package on the table is another one"
        raise refused("package", f"this can't be accepted: {told}", "move")
    found = exact(room.desk(others(session.events, event.offer)), event.package)
    if found is None or found.gain.lower < session.settings.margin:
        worth = "no plan can sign it" if found is None else f"it gains us {found.gain.lower:,.10g}, less than the margin ({session.settings.margin:,.10g})"
        raise refused("package", f"this can't be accepted: {worth}", "move")
    return sealed(session, event, heard(session, room, event))


def what_changed(session: Session) -> tuple[str, ...]:
    """What has happened since our last move, in words and money; nothing is solved."""
    last = max((i for i, record in enumerate(session.events) if isinstance(record.found, Round)), default=-1)
    return tuple(said.sentence for record in session.events[last + 1 :] if isinstance(record.found, Heard) for said in record.found.said)


def _room(session: Session, scenario: Scenario, room: Room | None) -> Room:
    """The caller's room, or a new one, for the scenario and the version that the session was begun with."""
    check_version(session)
    check_scenario(session, scenario)
    if room is None:
        return Room(scenario)
    if room.scenario is not scenario:
        check_scenario(session, room.scenario)
    return room


__all__ = ["Room", "accept", "next_move", "propose", "receive", "start", "what_changed"]
