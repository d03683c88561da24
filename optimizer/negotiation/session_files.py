"""Sessions in files: read strictly, written whole or not at all, and never over another negotiation.

A file may only be replaced by the same session with more events. So nothing that was said is lost when two people write, or a name is used twice.
"""

from __future__ import annotations

from pathlib import Path

from models.errors import InvalidScenario
from models.session import Session
from optimizer.negotiation.seals import check_seals, refused
from scenarios.files import MAX_BYTES, parse_document, write_whole


def read_session(source: Path | str | bytes) -> Session:
    """The session in a file (a path) or in raw JSON (bytes). Raises InvalidScenario with every finding, or with the first event that was changed after it
    was stored; a missing file raises FileNotFoundError."""
    if not isinstance(source, bytes):
        with Path(source).open("rb") as file:
            source = file.read(MAX_BYTES + 1)
    session = parse_document(source, Session, "session")
    check_seals(session)
    return session


def dump_session(session: Session) -> bytes:
    """A session as JSON: what is read back is the same document, and what is computed anew the same bytes."""
    return session.model_dump_json(indent=1).encode() + b"\n"


def write_session(session: Session, path: Path | str) -> None:
    """Write a session; whole or not at all. Raises InvalidScenario if the file holds anything but an earlier state of the same session."""
    target = Path(path)
    if target.exists():
        _continues(session, target)
    write_whole(target, dump_session(session))


def _continues(session: Session, target: Path) -> None:
    """Refuse to lose what a file holds."""
    try:
        there = read_session(target)
    except InvalidScenario:
        raise refused("", f"{target.name} is there and holds no session that can be read; move it away, or choose another name") from None
    if there.seal != session.seal:
        whose = f"another negotiation (about scenario '{there.scenario.name}', {len(there.events)} events)"
        raise refused("", f"{target.name} holds {whose}; choose another name")
    if there.events != session.events[: len(there.events)]:
        told = (
            f"{target.name} holds {len(there.events)} events of this negotiation that are not in what would be written; read it again, or choose another name"
        )
        raise refused("events", told)
