"""The buyer's next move: accept what is on the table, or which package to put on it.

    target(t)     best - alpha(t) (best - margin), within the limits of reciprocity          best: of the packages that some likely type would sign
    next package  of all packages with gain >= target the one with the highest sum_k w_k s_k   (each cell at its iso-cost price, then the best cell)
    accept        gain of theirs >= what a counter-offer is worth one step ahead, or AC_combi

Scaled supplier gains s_k and weights w_k are the belief's (`learning`). A package for which no other gives more to both lies on the Pareto set
for a supplier of the believed kind: price is the last thing that moves, value is made on the other terms. An offer of theirs that would be accepted is
not accepted while there is time, if a package costs the buyer no more and is better for every likely type: that one is proposed instead (Raiffa's
settlement after the settlement, before it). Guard-rails: never a gain below the margin; never more than `unanswered` concessions without one in return.

Worked number: the best package that a supplier may sign gains 100, margin 0, beta = 0.5, half time: 75 is asked for. With cells A (75 at price 10) and B (75
at price 12), worth 20 and 30 to a supplier that is sure to be of one type, B at 12 is offered.

References: Raiffa (1982), The Art and Science of Negotiation; Faratin, Sierra & Jennings (2002), Using similarity criteria to make issue trade-offs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from optimizer.negotiation.learning import Belief
from optimizer.negotiation.tactics import Curve, Reciprocity, Scale, accepts_combined, look_ahead, plausible, scale_of
from scenarios.tree import Floats

Side = Literal["buyer", "supplier"]
Place = tuple[int, int]  # cell, and place among the table's prices
LEVELS = 41  # tried for the last offer
SAME = 1e-9  # relative to the scale: gains closer than this are the same


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
    last_word: bool = False  # whether they can still answer the buyer's last offer with one of their own


@dataclass(frozen=True)
class Move:
    """An offer of either side, as the buyer sees it."""

    by: Side
    gain: float  # the buyer's, money
    supplier: Floats  # [K] of each supplier type, money


@dataclass(frozen=True)
class Decision:
    """What to do, and why."""

    action: Literal["accept", "offer", "walk away"]
    package: Place | None  # to offer
    target: float  # money: gain asked for
    conceded: float  # alpha(t)
    acceptance: float  # believed probability that they accept the package
    reasons: tuple[str, ...]


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
    def last(self) -> bool:
        """Whether no turn of the buyer comes after this one."""
        return self.turn >= self.settings.rounds - 1

    def of(self, side: Side) -> list[Move]:
        """Moves of one side."""
        return [move for move in self.history if move.by == side]

    @property
    def open(self) -> Move | None:
        """Their offer that is to be answered."""
        return self.history[-1] if self.history and self.history[-1].by == "supplier" else None


def decide(sight: Sight) -> Decision:
    """The buyer's next move: a pure function of what is known, so that replaying it gives the same."""
    settings, belief = sight.settings, sight.belief
    possible = plausible(sight.supplier, belief.weights, settings.likely)
    scale = scale_of(sight.gains, possible, settings.margin)
    if scale is None:
        return _nothing_possible(sight)
    target, conceded, reasons = next_target(sight, scale)
    place = most_attractive(sight.gains, sight.supplier, belief, target)
    if sight.last:
        place, target, reasons = *_final(sight, scale), (*reasons, "this is the last offer: its answer is the deal or none")
    chance = _acceptance(sight, place)
    words = f"of all packages that gain as much this one is liked best by the supplier as believed; accepted with probability {chance:.0%}"
    offer = Decision("offer", place, target, conceded, chance, (*reasons, words))
    if sight.open is None or sight.open.gain < settings.margin:
        return offer
    return _answer(sight, scale, offer, float(sight.gains[place]))


def next_target(sight: Sight, scale: Scale) -> tuple[float, float, tuple[str, ...]]:
    """Gain to ask for in money, alpha(t), and why."""
    settings = sight.settings
    conceded = settings.curve.conceded(sight.time)
    scaled = 1.0 - conceded
    reasons = [f"the best package that they may sign gains {scale.one:,.6g}; {conceded:.0%} of the way to walk-away ({scale.zero:,.6g}) is due by now"]
    own = sight.of("buyer")
    if own:
        last = min(min(scale.of(move.gain) for move in own), 1.0)
        low, high = settings.reciprocity.limits(last, _their_concession(sight, scale))
        if unanswered(sight) >= settings.reciprocity.unanswered and scaled < last:
            scaled = last
            reasons.append(f"the last concession was not answered, so {scale.money(last):,.6g} is still asked for")
        elif not low <= scaled <= high:
            scaled = min(max(scaled, low), high)
            reasons.append(f"in return for their last concession, {scale.money(scaled):,.6g} is asked for")
    best = max((move.gain for move in sight.of("supplier")), default=-np.inf)
    if best > scale.money(scaled):
        reasons.append(f"they have offered {best:,.6g} already")
    return max(min(max(scale.money(scaled), best), scale.one), settings.margin), conceded, tuple(reasons)


def most_attractive(gains: Floats, supplier: Floats, belief: Belief, target: float) -> Place:
    """Of all packages with gain >= target the one that the believed supplier likes best; ties: best for the buyer, then first."""
    enough = gains >= target - SAME * max(abs(target), 1.0)
    liked = np.where(enough, np.tensordot(belief.weights, belief.scaled(supplier), axes=1), -np.inf)
    top = liked >= liked.max() - SAME
    place = int(np.where(top, gains, -np.inf).argmax())
    return place // gains.shape[1], place % gains.shape[1]


def _final(sight: Sight, scale: Scale) -> tuple[Place, float]:
    """The last offer: of the most attractive package at every level the one that is worth most one step ahead. Its answer is a deal, or none, so that no
    concession is asked for in return."""
    received = [scale.of(move.gain) for move in sight.of("supplier")]
    later = max(received[-1], 0.0) if received and sight.settings.last_word else 0.0
    worth = []
    for level in np.linspace(0.0, 1.0, LEVELS):
        place = most_attractive(sight.gains, sight.supplier, sight.belief, scale.money(float(level)))
        gain = scale.of(float(sight.gains[place]))
        worth.append((look_ahead(gain, _acceptance(sight, place), later), place))
    best = max(worth, key=lambda x: x[0])[1]
    return best, float(sight.gains[best])


def improved(sight: Sight, theirs: Move) -> Place | None:
    """A package that costs the buyer no more than their offer and is as good for every likely type; the best for the buyer among those. None: there is none.

    Their side of the gain is left as it is, so they have no reason to refuse; what the terms make is the buyer's.
    """
    belief, settings = sight.belief, sight.settings
    edge = SAME * belief.best
    no_worse = sight.supplier >= (np.maximum(theirs.supplier, 0.0) - edge)[:, None, None]
    agreed = np.tensordot(belief.weights, no_worse, axes=1) >= settings.sure - 1e-12
    better = np.where(agreed, sight.gains, -np.inf)
    if better.max() <= theirs.gain + SAME * max(abs(theirs.gain), 1.0) or better.max() < settings.margin:
        return None
    place = int(better.argmax())
    return place // better.shape[1], place % better.shape[1]


def unanswered(sight: Sight) -> int:
    """The buyer's concessions in a row since theirs: offers below everything offered before, while their offers got no better."""
    belief, count = sight.belief, 0
    lowest, most, least = np.inf, -np.inf, np.inf
    for move in sight.history:
        if move.by == "buyer":
            count += bool(np.isfinite(lowest) and move.gain < lowest - SAME * max(abs(lowest), 1.0))
            lowest = min(lowest, move.gain)
        else:
            kept = float(belief.weights @ belief.scaled(move.supplier))
            if move.gain > most or kept < least - SAME:
                count = 0
            most, least = max(most, move.gain), min(least, kept)
    return count


def _their_concession(sight: Sight, scale: Scale) -> float:
    """How much better their best offer became with the last one, on the buyer's scale."""
    theirs = [scale.of(move.gain) for move in sight.of("supplier")]
    return max(theirs[-1] - max(theirs[:-1]), 0.0) if len(theirs) > 1 else 0.0


def _answer(sight: Sight, scale: Scale, offer: Decision, gain: float) -> Decision:
    """Accept their offer, propose one that is better for the buyer and no worse for them, or stay with the offer, which gains `gain`."""
    settings, theirs = sight.settings, sight.of("supplier")[-1]
    received = [scale.of(move.gain) for move in sight.of("supplier")]
    final = sight.last and not settings.last_word
    ahead = look_ahead(scale.of(gain), offer.acceptance, 0.0 if final else max(received), goes_on=settings.goes_on)
    if received[-1] < ahead and not accepts_combined(received, scale.of(offer.target), sight.time, settings.late):
        return offer
    why = f"their offer gains {theirs.gain:,.6g}, a counter-offer is worth {scale.money(ahead):,.6g}"
    better = improved(sight, theirs)
    if better is not None:
        chance, more = _acceptance(sight, better), float(sight.gains[better])
        if not final or chance * scale.of(more) >= received[-1]:
            words = f"{why}; a package that is no worse for them gains {more:,.6g}"
            return Decision("offer", better, more, offer.conceded, chance, (*offer.reasons, words))
    return Decision("accept", None, offer.target, offer.conceded, 1.0, (*offer.reasons, why))


def _nothing_possible(sight: Sight) -> Decision:
    """When the supplier model rules out every package that is worth signing: only their own offers can lead to a deal."""
    words = "no package that is worth signing to us is acceptable to any likely type of this supplier"
    if sight.open is not None and sight.open.gain >= sight.settings.margin:
        return Decision("accept", None, sight.settings.margin, 1.0, 1.0, (words, f"their offer gains {sight.open.gain:,.6g}"))
    return Decision("walk away", None, sight.settings.margin, 1.0, 0.0, (words,))


def _acceptance(sight: Sight, place: Place) -> float:
    return float(sight.belief.acceptance(sight.supplier[:, *place], sight.time))
