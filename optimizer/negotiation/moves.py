"""What the buyer sees when it is to move, and what it decides: moves, settings, decisions with their reasons.

Reference: Baarslag, Hindriks, Hendrikx, Dirkzwager & Jonker (2014), Decoupling negotiating agents to explore the space of negotiation strategies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from optimizer.negotiation.learning import Belief
from optimizer.negotiation.supplier import SupplierGains
from optimizer.negotiation.table import Table
from optimizer.negotiation.tactics import Curve, Reciprocity
from scenarios.tree import Floats

Side = Literal["buyer", "supplier"]
Place = tuple[int, int]  # cell, and place among the table's prices


@dataclass(frozen=True)
class Settings:
    """How the buyer negotiates."""

    rounds: int  # turns of the buyer
    curve: Curve = field(default_factory=lambda: Curve(0.5))
    margin: float = 0.0  # money: least gain that is signed for
    reciprocity: Reciprocity = field(default_factory=Reciprocity)
    likely: float = 0.05  # belief that must stand behind a package's being acceptable for it to count
    sure: float = 0.9  # belief that must stand behind a package's being better for them than their own offer, for it to be proposed instead
    late: float = 0.9  # from this time on AC_combi takes the best there is
    goes_on: float = 1.0  # probability that talks go on after a refusal
    patient: bool = True  # never ask for less than a last offer is believed to be worth
    last_word: bool = False  # whether they can still answer the buyer's last offer with one of their own


@dataclass(frozen=True)
class Move:
    """An offer of either side, as the buyer sees it."""

    by: Side
    gain: float  # the buyer's, money
    supplier: Floats  # [K] of each supplier type, money


def move_of(table: Table, supplier: SupplierGains, by: Side, cell: int, price: float) -> Move:
    """A package at any price as a move. Beyond the table's prices the supplier's gains are those at its end: further out nothing is known."""
    within = min(max(price, float(supplier.prices[0])), float(supplier.prices[-1]))
    return Move(by, table.no_deal - table.cells[cell].cost_at(price), supplier.at(cell, within))


def believed(prior: Belief, history: Sequence[Move], rounds: int) -> Belief:
    """The belief after all moves: each of their offers refuses ours before it and shows an aspiration of theirs."""
    belief = prior
    for i, move in enumerate(history):
        belief = after_move(belief, history[:i], move, rounds)
    return belief


def after_move(belief: Belief, before: Sequence[Move], move: Move, rounds: int) -> Belief:
    """The belief after one more move; those of the buyer's own teach nothing."""
    if move.by == "buyer":
        return belief
    time = min(sum(x.by == "supplier" for x in before) / max(rounds - 1, 1), 1.0)
    if before and before[-1].by == "buyer":
        belief = belief.after_refusal(before[-1].supplier, time)
    return belief.after_offer(move.supplier, time)


@dataclass(frozen=True)
class Reason:
    """A reason in words, and the amounts in it."""

    words: str  # with a place for every amount
    amounts: tuple[float, ...] = ()

    def __str__(self) -> str:
        return self.words.format(*self.amounts)


@dataclass(frozen=True)
class Decision:
    """What to do, and why."""

    action: Literal["accept", "offer", "walk away"]
    package: Place | None  # to offer
    target: float  # money: gain asked for
    conceded: float  # alpha(t)
    acceptance: float  # believed probability that they accept the package
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Sight:
    """Everything that is known when the buyer is to move."""

    gains: Floats  # [cells, Q] the buyer's
    supplier: Floats  # [K, cells, Q] each type's
    belief: Belief
    history: tuple[Move, ...]
    settings: Settings

    @property
    def turn(self) -> int:
        """The buyer's turn that is due, from 0."""
        return sum(move.by == "buyer" for move in self.history)

    @property
    def time(self) -> float:
        """0 at the first of the buyer's turns, 1 at the last."""
        return min(self.turn / max(self.settings.rounds - 1, 1), 1.0)

    @property
    def answered(self) -> float:
        """The time at which they will answer."""
        return min(len(self.of("supplier")) / max(self.settings.rounds - 1, 1), 1.0)

    @property
    def last(self) -> bool:
        """Whether no turn of the buyer comes after this one."""
        return self.turn >= self.settings.rounds - 1

    def of(self, side: Side) -> list[Move]:
        """Moves of one side."""
        return [move for move in self.history if move.by == side]

    @cached_property
    def liked(self) -> Floats:
        """Expected scaled gain of the supplier as believed. [cells, Q]"""
        return self.belief.liked(self.supplier)

    @property
    def open(self) -> Move | None:
        """Their offer that is to be answered."""
        return self.history[-1] if self.history and self.history[-1].by == "supplier" else None
