"""What an event that is not our move tells us: what a package is worth, who they now seem to be, and what it does to the other talks.

Reference: Zeng & Sycara (1998), Bayesian learning in negotiation.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.negotiation import Package
from models.session import Accept, DealElsewhere, Effect, Event, Heard, LeaveTable, MarketNote, Pick, Record, Refusal, Said, Session, TheirOffer, TypeWeight
from optimizer.negotiation.course import course_of
from optimizer.negotiation.levers import headline
from optimizer.negotiation.protocol import last_of_ours, of_talk, open_talks
from optimizer.negotiation.room import Room, others
from optimizer.negotiation.session_words import belief_said, effect_said, event_said, figure, figures, plain, posterior
from optimizer.negotiation.verified import Exact, exact

SAME = 1e-9  # relative: costs that are closer are the same
NOBODY = "0" * 16
BESIDE = {"pick": "they like '{}' better than the deal, and it is the deal now,", "refusal": "they stay with the deal on '{}'"}


def heard(session: Session, room: Room, event: Event) -> Heard:
    """Everything about an event, from what was said before it."""
    if isinstance(event, MarketNote):
        return Heard(said=(plain(f"market: {event.note.rstrip('.')}"),))
    after = session.model_copy(update={"events": (*session.events, Record(event=event, found=Heard(), seal=NOBODY))})
    package = _package(session, event)
    found = None if package is None else exact(room.desk(others(session.events, event.offer)), package)
    before, now = _belief(session, room, event), _belief(after, room, event)
    effects, lost = _effects(session, after, room, event.offer)
    said = (*_told(session, room, event, package, found), *belief_said(_supplier(session, event.offer), before, now), *lost)
    return Heard(
        gain=None if found is None else figures(found.gain),
        cost=None if found is None else figures(found.cost),
        posterior=now,
        effects=effects,
        said=(*said, *(effect_said(effect, session.currency) for effect in effects)),
    )


def _package(session: Session, event: Event) -> Package | None:
    """The package that an event is about."""
    if isinstance(event, TheirOffer | Accept | DealElsewhere):
        return event.package
    if isinstance(event, Pick):
        ours = last_of_ours(session, event.offer)
        assert ours is not None
        return ours.packages[event.number - 1]
    return None


def _belief(session: Session, room: Room, event: Event) -> tuple[TypeWeight, ...]:
    """What is believed about a supplier that has said something."""
    if not isinstance(event, TheirOffer | Refusal | Pick):
        return ()
    talk = next(talk for talk in session.settings.talks if talk.menu.offer == event.offer)
    seat = room.seat(talk, others(session.events, event.offer))
    return posterior(seat.gains.types, course_of(seat, session.settings, of_talk(session, event.offer)).weights)


def _effects(before: Session, after: Session, room: Room, offer: str) -> tuple[tuple[Effect, ...], tuple[Said, ...]]:
    """How the cost of doing without every other offer that is talked about moves, and what can't be done without any more."""
    found, lost = [], []
    for talk in open_talks(after):
        name = talk.menu.offer
        states = others(before.events, name), others(after.events, name)
        if name == offer or states[0] == states[1]:
            continue
        was, now = (room.no_deal(name, state) for state in states)
        if was is not None and now is None:
            lost.append(plain(f"without '{name}' no plan keeps the hard rules any more"))
        elif was is not None and now is not None and abs(now - was) > SAME * max(abs(was), 1.0):
            found.append(Effect(offer=name, before=figure(was), after=figure(now), change=figure(now - was)))
    return tuple(found), tuple(lost)


def _supplier(session: Session, offer: str) -> str:
    return next((talk.view.supplier for talk in session.settings.talks if talk.menu.offer == offer), "")


def _told(session: Session, room: Room, event: Event, package: Package | None, found: Exact | None) -> Iterator[Said]:
    assert not isinstance(event, MarketNote)
    words = _words(event)
    scenario = room.scenario
    unit = headline(scenario, Package(offer=event.offer) if package is None else package).per
    if (own := last_of_ours(session, event.offer)) is not None and own.beside is not None:
        words = BESIDE.get(event.kind, words).format(event.offer)
    yield from event_said(words, package, None if found is None else figures(found.gain), scenario.currency, unit)


def _words(event: Event) -> str:
    """What has happened, before the price."""
    if isinstance(event, TheirOffer):
        return f"they offer '{event.offer}'"
    if isinstance(event, Refusal):
        return f"they refuse what we put forward for '{event.offer}'"
    if isinstance(event, Pick):
        return f"of ours they like '{event.offer}' best"
    if isinstance(event, Accept):
        return f"{'we accept' if event.by == 'us' else 'they accept'} '{event.offer}'"
    if isinstance(event, LeaveTable):
        return f"{'we leave' if event.by == 'us' else 'they leave'} the talks about '{event.offer}'"
    assert isinstance(event, DealElsewhere)
    return f"'{event.offer}' was {'withdrawn' if event.package is None else 'signed elsewhere'}"
