"""Which scenario and version a session belongs to, and whether anything in it was changed afterwards.

    seal[0] = SHA-256(header)        seal[k] = SHA-256(seal[k-1], event k, what was found)

A chain of hashes: a record that is changed, left out or put elsewhere no longer fits its seal, and the first such record is named. It guards against
accidents and edits by hand, not against somebody who computes the seals anew: that is what replaying is for.
Reference: Haber & Stornetta (1991), How to time-stamp a digital document, Journal of Cryptology 3(2).
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from models.errors import Finding, InvalidScenario
from models.installed import version
from models.scenario import Scenario
from models.session import MAX_EVENTS, Event, Found, Record, ScenarioStamp, Session, SessionSettings
from scenarios.files import dump_scenario

SHORT = 16  # hexadecimal digits of a part's hash
NAMED = ("offers", "suppliers")  # lists whose entries are named one by one
NAMES = 5  # changed parts that a message lists


def stamp_of(scenario: Scenario) -> ScenarioStamp:
    """A scenario's name, its hash, and one for every part of it."""
    raw = dump_scenario(scenario)
    parts: dict[str, str] = {}
    for name, value in json.loads(raw).items():
        rows = {f"{name}.{row['id']}": row for row in value} if name in NAMED else {name: value}
        parts |= {key: _hash(row)[:SHORT] for key, row in rows.items()}
    return ScenarioStamp(name=scenario.name, sha256=sha256(raw).hexdigest(), parts=parts)


def header_seal(stamp: ScenarioStamp, settings: SessionSettings, release: str, currency: str) -> str:
    """The seal before the first event."""
    return _hash([stamp.model_dump(mode="json"), settings.model_dump(mode="json"), release, currency])


def opened(scenario: Scenario, settings: SessionSettings) -> Session:
    """A session without events."""
    stamp, release = stamp_of(scenario), version("offtake")
    seal = header_seal(stamp, settings, release, scenario.currency)
    return Session(version=release, scenario=stamp, currency=scenario.currency, settings=settings, seal=seal)


def sealed(session: Session, event: Event, found: Found) -> Session:
    """The session with one more event. Raises InvalidScenario if it is full."""
    if len(session.events) >= MAX_EVENTS:
        raise refused("events", f"a session has at most {MAX_EVENTS:,} events; begin a new one")
    seal = record_seal(last_seal(session), event, found)
    return session.model_copy(update={"events": (*session.events, Record(event=event, found=found, seal=seal))})


def last_seal(session: Session) -> str:
    """The seal over everything so far."""
    return session.events[-1].seal if session.events else session.seal


def record_seal(before: str, event: Event, found: Found) -> str:
    """The seal of a record."""
    return _hash([before, event.model_dump(mode="json"), found.model_dump(mode="json")])


def check_seals(session: Session) -> None:
    """Raise InvalidScenario with the first place at which a session was changed after it was written."""
    seal = header_seal(session.scenario, session.settings, session.version, session.currency)
    if seal != session.seal:
        raise refused("seal", "the settings, or what the session says of its scenario, were changed after it was begun; begin a new session instead")
    for i, record in enumerate(session.events):
        seal = record_seal(seal, record.event, record.found)
        if seal != record.seal:
            told = f"this event ({record.event.kind}), or the order of events before it, was changed after it was stored; go back to the file as it was written"
            raise refused(f"events[{i}]", told)


def check_scenario(session: Session, scenario: Scenario) -> None:
    """Raise InvalidScenario if the scenario is not the one that the session was begun with, and name what has changed."""
    now = stamp_of(scenario)
    if now.sha256 == session.scenario.sha256:
        return
    then = session.scenario.parts
    names = [name for name in {**then, **now.parts} if then.get(name) != now.parts.get(name)]
    listed = ", ".join(f"`{name}`" for name in names[:NAMES]) + (f" and {len(names) - NAMES} more" if len(names) > NAMES else "")
    told = f"scenario '{now.name}' is not the one this session was begun with: {listed} changed; use the scenario as it was, or begin a new session"
    raise refused("scenario", told)


def check_version(session: Session) -> None:
    """Raise InvalidScenario if another version of Offtake wrote the session: its figures may be others."""
    now = version("offtake")
    if session.version != now:
        raise refused("version", f"the session was written by Offtake {session.version}, this is {now}; replay it with the version that wrote it")


def refused(path: str, message: str, what: str = "session") -> InvalidScenario:
    """Something in a session that can't be."""
    return InvalidScenario([Finding(path, message)], what)


def _hash(data: Any) -> str:
    return sha256(json.dumps(data, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
