"""A turn of ours before it is taken: values, limits, and what was put forward so far.

Reference: Raiffa (1982), The Art and Science of Negotiation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.negotiation import Interval, Package
from models.session import OurOffer, Record, Round, SessionSettings
from optimizer.negotiation.course import Course, course_of, sight_of
from optimizer.negotiation.room import Seat
from optimizer.negotiation.strategy import unanswered
from optimizer.negotiation.verified import Exact, exact


@dataclass(frozen=True)
class Turn:
    """Everything about one turn of ours before it is taken."""

    seat: Seat
    settings: SessionSettings
    currency: str
    records: tuple[Record, ...]  # of this talk
    course: Course

    @property
    def no_deal(self) -> Interval:
        return self.seat.desk.no_deal(self.seat.menu.offer).interval

    @property
    def tolerance(self) -> float:
        return self.seat.tolerance

    @property
    def limit(self) -> float:
        """The most that anything of ours may cost."""
        return self.no_deal.lower - self.settings.margin

    @property
    def number(self) -> int:
        """Of the turn, from 1."""
        return self.course.turns + 1

    @property
    def time(self) -> float:
        """0 at our first turn, 1 at the last."""
        return min(self.course.turns / max(self.settings.rounds - 1, 1), 1.0)

    @property
    def last(self) -> bool:
        return self.number >= self.settings.rounds

    @property
    def open(self) -> float | None:
        """Our gain from their package on the table."""
        theirs = [move.gain for move in self.course.history if move.by == "supplier"]
        return theirs[-1] if theirs else None

    @property
    def unanswered(self) -> int:
        return 0 if self.course.belief is None else unanswered(sight_of(self.seat, self.settings, self.course))

    @property
    def asked(self) -> float | None:
        """The least we have asked for so far."""
        return min((move.gain for move in self.course.history if move.by == "buyer"), default=None)

    def concedes(self, found: Exact) -> bool:
        """Whether a package asks for less than anything before, solved exactly."""
        return self.asked is not None and found.gain.lower < self.asked - self.tolerance

    def barred(self, found: Exact) -> bool:
        """Whether it would be one concession too many."""
        return self.unanswered >= self.settings.reciprocity.unanswered and self.concedes(found)

    @property
    def stood(self) -> tuple[Package, tuple[Package, ...]] | None:
        """What we put forward last."""
        for record in reversed(self.records):
            if isinstance(record.event, OurOffer) and isinstance(record.found, Round) and record.found.anchor is not None:
                return record.found.anchor, record.event.packages
        return None


def turn_of(seat: Seat, settings: SessionSettings, currency: str, records: Sequence[Record]) -> Turn:
    """A turn of ours in the state that the seat is in."""
    return Turn(seat, settings, currency, tuple(records), course_of(seat, settings, records))


def broken(turn: Turn, packages: Sequence[Package]) -> str | None:
    """Which guard-rail packages would cross, in words; None: they cross none."""
    for package in packages:
        found = exact(turn.seat.desk, package)
        if found is None:
            return "no plan can sign it"
        if found.cost.upper > turn.limit:
            return f"it gains us {found.gain.lower:,.10g}, less than the margin ({turn.settings.margin:,.10g})"
        if not turn.last and turn.barred(found):
            return "it would be another concession, and the last one was not answered"
    return None
