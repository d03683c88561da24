"""A session done again: the same settings and the same words of theirs must give the same figures and the same moves of ours, to the byte.

What others did, and what a person of ours chose, is taken from the session; everything else is computed anew and compared.
Reference: Baarslag et al. (2014), Decoupling negotiating agents, on moves as functions of what is known.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

from models.errors import InvalidScenario
from models.scenario import Scenario
from models.session import Accept, Advice, OurOffer, Record, Session
from optimizer.negotiation.room import Room
from optimizer.negotiation.seals import check_scenario, check_seals, check_version, refused
from optimizer.negotiation.session import accept, next_move, propose, receive, start

LONGEST = 60  # characters of a value that a message shows


def replay(session: Session, scenario: Scenario, room: Room | None = None) -> Session:
    """The session computed anew. Raises InvalidScenario with what differs: the version, the scenario, an event that was changed, a figure.

    `room`: to follow its progress, to stop it, or to save what it has solved before, which changes no figure.
    """
    check_version(session)
    check_scenario(session, scenario)
    check_seals(session)
    room = room or Room(scenario)
    again = start(scenario, session.settings)
    for i, record in enumerate(session.events):
        try:
            again = _once_more(again, scenario, record, room)
        except InvalidScenario as error:
            raise refused(f"events[{i}]", f"this can't follow what was before it: {error.findings[0].message}") from None
        _compare(i, record, again.events[i])
    if again.model_dump_json() != session.model_dump_json():
        raise refused("", "the session was not written by this version as it stands; its figures are the same, its header is not")
    return again


def _once_more(session: Session, scenario: Scenario, record: Record, room: Room) -> Session:
    event = record.event
    if isinstance(event, OurOffer) and event.by_hand:
        return propose(session, scenario, event.packages, room)
    if isinstance(event, OurOffer | Advice):
        return next_move(session, scenario, event.offer, room)
    if isinstance(event, Accept) and event.by == "us":
        return accept(session, scenario, event.package, room)
    return receive(session, scenario, event, room)


def _compare(i: int, stored: Record, found: Record) -> None:
    """Raise InvalidScenario at the first place where the two differ."""
    for part in ("event", "found"):
        one, other = (getattr(record, part).model_dump(mode="json") for record in (stored, found))
        if one != other:
            path, was, now = _difference(f"events[{i}].{part}", one, other)
            raise refused(path, f"the session says {was}, computed anew it is {now}")


def _difference(path: str, one: Any, other: Any) -> tuple[str, str, str]:
    """The first place where two values differ, and both there."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {**one, **other}:
            if one.get(key) != other.get(key):
                return _difference(f"{path}.{key}", one.get(key), other.get(key))
    if isinstance(one, list) and isinstance(other, list):
        for k, (a, b) in enumerate(zip_longest(one, other)):
            if a != b:
                return _difference(f"{path}[{k}]", a, b)
    return path, _shown(one), _shown(other)


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
