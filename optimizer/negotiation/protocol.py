"""What may follow what in a session, and events with everything named that they leave out.

Reference: Rubinstein (1982), Perfect equilibrium in a bargaining model, for offers that alternate.
"""

from __future__ import annotations

from models.negotiation import Menu, Package
from models.scenario import Scenario
from models.session import (
    Accept,
    DealElsewhere,
    Event,
    LeaveTable,
    MarketNote,
    OurOffer,
    Pick,
    Record,
    Refusal,
    Session,
    Talk,
    TheirOffer,
)
from optimizer.negotiation.levers import offer_named, packaged_among_others
from optimizer.negotiation.room import complete, picked_instead
from optimizer.negotiation.seals import refused

CLOSED = {"accept": "accepted", "walk_away": "left", "deal_signed_elsewhere": "signed or withdrawn elsewhere"}


def open_talks(session: Session) -> tuple[Talk, ...]:
    """Talks that have not come to an end."""
    return tuple(talk for talk in session.settings.talks if closing(session, talk.menu.offer) is None)


def closing(session: Session, offer: str) -> int | None:
    """Which event ended it for an offer; None while it is open."""
    return next((i for i, r in enumerate(session.events) if isinstance(r.event, Accept | LeaveTable | DealElsewhere) and r.event.offer == offer), None)


def of_talk(session: Session, offer: str) -> tuple[Record, ...]:
    """What was said about one offer, in order."""
    kinds = TheirOffer | OurOffer | Refusal | Pick
    return tuple(record for record in session.events if isinstance(record.event, kinds) and record.event.offer == offer)


def last_of_ours(session: Session, offer: str) -> OurOffer | None:
    """What we last put forward."""
    return next((r.event for r in reversed(session.events) if isinstance(r.event, OurOffer) and r.event.offer == offer), None)


def agreed(session: Session, offer: str) -> Package | None:
    """The package that hands were shaken on, or that they have picked instead since; None while there is no deal."""
    found: Package | None = None
    for i, record in enumerate(session.events):
        event = record.event
        if isinstance(event, Accept) and event.offer == offer:
            found = event.package
        elif isinstance(event, Pick) and event.offer == offer:
            found = picked_instead(session.events[:i], event) or found
    return found


def last_of_theirs(session: Session, offer: str) -> TheirOffer | None:
    """What they last put on the table."""
    return next((r.event for r in reversed(session.events) if isinstance(r.event, TheirOffer) and r.event.offer == offer), None)


def talk_about(session: Session, scenario: Scenario, offer: str | None) -> Talk:
    """The talk about an offer that is still open; none named: the only one. Raises InvalidScenario if there is none."""
    still = open_talks(session)
    known = ", ".join(talk.menu.offer for talk in still) or "none"
    if offer is None:
        if len(still) != 1:
            told = f"name the offer; talks are open about: {known}" if still else f"no talks are open any more: {_endings(session)}"
            raise refused("offer", told, "move")
        return still[0]
    offer_named(scenario, offer)
    _still_open(session, offer)
    found = next((talk for talk in still if talk.menu.offer == offer), None)
    if found is None:
        raise refused("offer", f"offer '{offer}' is not talked about in this session; talks are open about: {known}", "event")
    return found


def _endings(session: Session) -> str:
    """How all talks ended."""
    ends = [(talk.menu.offer, closing(session, talk.menu.offer)) for talk in session.settings.talks]
    return ", ".join(f"'{offer}' was {CLOSED[session.events[at].event.kind]} (events[{at}])" for offer, at in ends if at is not None)


def completed(session: Session, scenario: Scenario, package: Package) -> Package:
    """A package with its price and every lever of the menu named. Raises InvalidScenario for one that can't be, with the path."""
    offer_named(scenario, package.offer)
    menu = next((talk.menu for talk in session.settings.talks if talk.menu.offer == package.offer), None)
    if menu is None:
        menu = Menu(offer=package.offer, alternative=package.alternative)
    elif package.alternative is None:
        package = package.model_copy(update={"alternative": menu.alternative})
    elif package.alternative != menu.alternative:
        told = f"talks about '{package.offer}' are about " + (f"alternative '{menu.alternative}'" if menu.alternative else "all its alternatives")
        raise refused("package.alternative", f"{told}, not about '{package.alternative}'", "event")
    packaged_among_others(scenario, package)
    return complete(scenario, menu, package)


def checked(session: Session, scenario: Scenario, event: Event) -> Event:
    """The event as it is stored. Raises InvalidScenario if it can't follow what has happened."""
    if isinstance(event, MarketNote):
        return event
    offer_named(scenario, event.offer)
    if isinstance(event, DealElsewhere):
        _still_open(session, event.offer)
        return event if event.package is None else event.model_copy(update={"package": completed(session, scenario, event.package)})
    if not (isinstance(event, Refusal | Pick) and agreed(session, event.offer) is not None):
        talk_about(session, scenario, event.offer)
    if isinstance(event, TheirOffer | Accept):
        event = event.model_copy(update={"package": completed(session, scenario, event.package)})
    _answers(session, event)
    return event


def _still_open(session: Session, offer: str) -> None:
    ended = closing(session, offer)
    if ended is not None:
        how = CLOSED[session.events[ended].event.kind]
        raise refused("offer", f"nothing can follow about offer '{offer}': it was {how} (events[{ended}])", "event")


def _answers(session: Session, event: Event) -> None:
    """Refuse an answer to nothing, and a second offer of ours before an answer."""
    if isinstance(event, TheirOffer | LeaveTable | DealElsewhere | MarketNote):
        return
    said = of_talk(session, event.offer)
    ours = said[-1].event if said and isinstance(said[-1].event, OurOffer) else None
    if isinstance(event, OurOffer):
        if ours is not None:
            raise refused("offer", f"they have not answered what we put forward for '{event.offer}' yet", "move")
    elif isinstance(event, Refusal | Pick):
        if ours is None:
            raise refused("offer", f"nothing of ours for '{event.offer}' waits for an answer, so that it can't be a {event.kind}", "event")
        if isinstance(event, Pick) and event.number > len(ours.packages):
            raise refused("number", f"{event.number} is picked, and we put forward {len(ours.packages)}", "event")
    elif isinstance(event, Accept) and event.by == "supplier":
        _theirs_to_accept(session, event)


def _theirs_to_accept(session: Session, event: Accept) -> None:
    last = last_of_ours(session, event.offer)
    if last is None or event.package not in last.packages:
        told = "we have put nothing forward" if last is None else "it is none of the packages that we put forward last"
        raise refused("package", f"they can't accept this package of '{event.offer}': {told}", "event")
