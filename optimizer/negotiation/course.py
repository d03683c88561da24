"""One talk as it has gone: moves and belief, seen from where the other offers stand now.

Gains are over no deal, and no deal moves when another deal does: everything that was said is valued anew in every state. A set of ours that is refused says
that even the one they like best fell below what they aspire to. A refusal without an offer, and a pick, leave their last offer on the table. All that they
say between two offers of ours is one turn of theirs, and their last offer in it is the one that counts. What we ask for is the same as before where it
gains us less by no more than the tolerance within which costs are the same to us: rounding a price is no concession.
Reference: Leonardelli et al. (2019), Negotiating with multiple equivalent simultaneous offers, on what picks tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.session import OurOffer, Pick, Record, Refusal, Round, SessionSettings, TheirOffer
from optimizer.negotiation.learning import Belief, Learning, first_belief
from optimizer.negotiation.moves import Move, Settings, Sight
from optimizer.negotiation.room import Seat
from optimizer.negotiation.settlement import after_answer
from optimizer.negotiation.tactics import Curve, Reciprocity
from scenarios.tree import Floats


@dataclass(frozen=True)
class Course:
    """What has been said in one talk."""

    history: tuple[Move, ...]
    belief: Belief | None  # None: no type of supplier gains from any package
    prior: Floats  # [K]
    turns: int  # of ours

    @property
    def weights(self) -> Floats:
        """Posterior weights of the types. [K]"""
        return self.prior if self.belief is None else self.belief.weights


def tactic(settings: SessionSettings) -> Settings:
    """The session's settings as the strategy wants them."""
    how, when, back = settings.aspiration, settings.acceptance, settings.reciprocity
    return Settings(
        rounds=settings.rounds,
        curve=Curve(how.beta, how.first, how.form),
        margin=settings.margin,
        reciprocity=Reciprocity(least=back.least, most=np.inf if back.most is None else back.most, step=back.step, unanswered=back.unanswered),
        likely=when.likely,
        sure=when.sure,
        late=when.late,
        goes_on=when.goes_on,
        patient=when.patient,
        last_word=when.last_word,
    )


def learning(settings: SessionSettings) -> Learning:
    """The session's way of reading moves."""
    read = settings.learning
    return Learning(spread=read.spread, soft=read.temperature, slip=read.slip, doubt=read.doubt, stays=read.stays)


def course_of(seat: Seat, settings: SessionSettings, records: Sequence[Record]) -> Course:
    """What some records of one talk come to."""
    hearing = _Hearing(seat, settings)
    for record in records:
        hearing.hear(record)
    return Course(tuple(hearing.history), hearing.belief, seat.gains.weights, hearing.turns)


def sight_of(seat: Seat, settings: SessionSettings, course: Course) -> Sight:
    """What the strategy sees."""
    assert course.belief is not None
    return Sight(seat.table.gains, seat.gains.gains, course.belief, course.history, tactic(settings))


def hopeless(seat: Seat) -> bool:
    """Whether no type of supplier gains from any package on the table."""
    return bool(seat.gains.gains.max() <= 0.0)


class _Hearing:
    """A talk while it is listened to."""

    def __init__(self, seat: Seat, settings: SessionSettings) -> None:
        self.seat, self.rounds = seat, settings.rounds
        self.belief = None if hopeless(seat) else first_belief(seat.gains.gains, seat.gains.weights, learning=learning(settings))
        self.history: list[Move] = []
        self.ours: list[Move | None] = []  # what we put forward and they have not answered
        self.turns = self.answers = 0
        self.spoke = False  # whether they have said something since our last offer: all of it is one turn of theirs
        self.kept = 0  # moves before their turn
        self.beside: Move | None = None  # the deal beside which we put forward what they have not answered

    def hear(self, record: Record) -> None:
        event = record.event
        if isinstance(event, OurOffer) and event.beside is not None:
            self.ours, self.beside = [self.seat.move("buyer", package) for package in event.packages], self.seat.move("buyer", event.beside)
        elif self.beside is not None and isinstance(event, Refusal | Pick):
            self._they_choose(event, self.beside)
        elif isinstance(event, OurOffer):
            self._we_offer(event, record.found)
        elif isinstance(event, TheirOffer | Refusal | Pick):
            if not self.spoke:
                self.answers, self.kept, self.spoke = self.answers + 1, len(self.history), True
            self._they_speak(event, min((self.answers - 1) / max(self.rounds - 1, 1), 1.0))
            self.ours = []

    def _they_speak(self, event: TheirOffer | Refusal | Pick, time: float) -> None:
        if isinstance(event, Pick):
            self._they_pick(event)
        elif self.belief is not None and any(self.ours):
            self.belief = self.belief.after_refusal(_best([move for move in self.ours if move is not None]), time)
        if isinstance(event, TheirOffer):
            self._they_offer(event, time)
        elif len(self.history) == self.kept:
            self.history += [move for move in self.history if move.by == "supplier"][-1:]

    def _we_offer(self, event: OurOffer, found: object) -> None:
        assert isinstance(found, Round)
        assert found.anchor is not None
        self.turns, self.spoke = self.turns + 1, False
        self.ours = [self.seat.move("buyer", package) for package in event.packages]
        anchor, known = self.seat.move("buyer", found.anchor), [move for move in self.ours if move is not None]
        if anchor is not None:
            asked = min((move.gain for move in self.history if move.by == "buyer"), default=anchor.gain)
            gain = asked if asked - self.seat.tolerance <= anchor.gain <= asked else anchor.gain
            self.history.append(replace(anchor, gain=gain, supplier=_best(known) if known else anchor.supplier))

    def _they_offer(self, event: TheirOffer, time: float) -> None:
        move = self.seat.move("supplier", event.package)
        if move is not None:
            self.history[self.kept :] = [move]
            if self.belief is not None:
                self.belief = self.belief.after_offer(move.supplier, time)

    def _they_choose(self, event: Refusal | Pick, deal: Move) -> None:
        """They say whether they like one of our packages better than the deal."""
        if self.belief is not None and all(move is not None for move in self.ours):
            put = [move for move in self.ours if move is not None]
            self.belief = after_answer(self.belief, deal, put, event.number - 1 if isinstance(event, Pick) else None)
        self.ours, self.beside = [], None

    def _they_pick(self, event: Pick) -> None:
        known = [i for i, move in enumerate(self.ours) if move is not None]
        if self.belief is not None and event.number - 1 in known and len(known) > 1:
            gains = np.stack([move.supplier for move in self.ours if move is not None], axis=1)
            self.belief = self.belief.after_pick(gains, known.index(event.number - 1))


def _best(moves: Sequence[Move]) -> Floats:
    """What each type gains from the one it likes best. [K]"""
    return np.asarray(np.max([move.supplier for move in moves], axis=0))
