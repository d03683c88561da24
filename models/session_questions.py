"""What can be asked of the desk about a session of negotiation: each question holds the session as it stands, and is answered by a longer one."""

from __future__ import annotations

from typing import Literal

from models.base import Document, Identifier
from models.session import Event, Session, SessionSettings


class AskSessionStart(Document):
    """Begin a session."""

    ask: Literal["session-start"] = "session-start"
    settings: SessionSettings


class AskSessionNext(Document):
    """What we put forward next, or whether to accept or to leave, with reasons."""

    ask: Literal["session-next"] = "session-next"
    session: Session
    offer: Identifier | None = None
    """None: the only one that is talked about."""


class AskSessionReceive(Document):
    """Take down what they did, and what it tells."""

    ask: Literal["session-receive"] = "session-receive"
    session: Session
    event: Event


class AskSessionAccept(Document):
    """Accept the package of theirs that is on the table."""

    ask: Literal["session-accept"] = "session-accept"
    session: Session
    offer: Identifier | None = None
    """None: the only one that is talked about."""


class AskSessionReplay(Document):
    """Work everything out again; it must come to the same bytes."""

    ask: Literal["session-replay"] = "session-replay"
    session: Session


SessionQuestion = AskSessionStart | AskSessionNext | AskSessionReceive | AskSessionAccept | AskSessionReplay
SESSION_QUESTIONS: tuple[type[SessionQuestion], ...] = (AskSessionStart, AskSessionNext, AskSessionReceive, AskSessionAccept, AskSessionReplay)
