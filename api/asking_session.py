"""Answers to questions about sessions of negotiation: the session, one step further."""

from __future__ import annotations

import threading

from models.errors import Finding, InvalidScenario
from models.options import SolveSettings
from models.scenario import Scenario
from models.session import Session
from models.session_questions import AskSessionAccept, AskSessionNext, AskSessionReceive, AskSessionReplay, AskSessionStart, SessionQuestion
from optimizer.negotiation.protocol import last_of_theirs, talk_about
from optimizer.negotiation.replay import replay
from optimizer.negotiation.room import Room
from optimizer.negotiation.seals import check_seals
from optimizer.negotiation.session import accept, next_move, receive, start
from optimizer.progress import OnProgress, Progress, ignore


def answer_session(
    scenario: Scenario,
    question: SessionQuestion,
    settings: SolveSettings | None = None,
    *,
    on_progress: OnProgress = ignore,
    stop: threading.Event | None = None,
) -> Session:
    """The session after the step that is asked for. Raises InvalidScenario for one that can't follow, and what the desk raises."""
    room = Room(scenario, settings, stop=stop, on_cell=lambda done, of: on_progress(Progress(f"terms {done} of {of}", 0.0)))
    on_progress(Progress("solve", 0.0))
    if isinstance(question, AskSessionStart):
        return start(scenario, question.settings)
    session = question.session
    check_seals(session)
    match question:
        case AskSessionNext():
            return next_move(session, scenario, question.offer, room)
        case AskSessionReceive():
            return receive(session, scenario, question.event, room)
        case AskSessionReplay():
            return replay(session, scenario, room)
        case AskSessionAccept():
            offer = talk_about(session, scenario, question.offer).menu.offer
            theirs = last_of_theirs(session, offer)
            if theirs is None:
                raise InvalidScenario([Finding("offer", f"this can't be accepted: nothing of theirs is on the table for '{offer}'")], "move")
            return accept(session, scenario, theirs.package, room)
