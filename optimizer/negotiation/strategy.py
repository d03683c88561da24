"""The buyer's next move: accept what is on the table, or which package to put on it.

    target(t)     best - alpha(t) (best - margin), within the limits of reciprocity          best: of the packages that some likely type would sign
    next package  of all packages with gain >= target the one with the highest sum_k w_k s_k   (each cell at its iso-cost price, then the best cell)
    accept        gain of theirs >= what a counter-offer is worth one step ahead, or AC_combi

Scaled supplier gains s_k and weights w_k are the belief's (`learning`). A package for which no other gives more to both lies on the Pareto set
for a supplier of the believed kind: price is the last thing that moves, value is made on the other terms. An offer of theirs that would be accepted is
not accepted while there is time, if a package costs the buyer no more and is better for every likely type: that one is proposed instead (Raiffa's
settlement after the settlement, before it). Guard-rails: never a gain below the margin; never more than `unanswered` concessions without one in return.
Concessions too small to be noticed are not made. Closing is no concession: accepting, proposing what is better than accepting, and the last offer, whose
answer is the deal or none.

Worked number: the best package that a supplier may sign gains 100, margin 0, beta = 0.5, half time: 75 is asked for. With cells A (75 at price 10) and B (75
at price 12), worth 20 and 30 to a supplier that is sure to be of one type, B at 12 is offered.

References: Raiffa (1982), The Art and Science of Negotiation; Faratin, Sierra & Jennings (2002), Using similarity criteria to make issue trade-offs.
"""

from __future__ import annotations

import numpy as np

from optimizer.negotiation.moves import Decision, Move, Place, Reason, Sight
from optimizer.negotiation.tactics import Scale, accepts_combined, look_ahead, plausible, scale_of
from scenarios.tree import Floats, Ints

SAME = 1e-9  # relative to the scale: gains closer than this are the same

DUE = "the best package that they may sign gains {:,.6g}; {:.0%} of the way to walk-away, a gain of {:,.6g}, is due by now"
UNANSWERED = "the last concession was not answered, so {:,.6g} is still asked for"
RETURNED = "in return for their last concession, {:,.6g} is asked for"
WAITING = "a last offer is expected to be worth {:,.6g}"
OFFERED = "they have offered {:,.6g} already"
LAST = "this is the last offer: its answer is the deal or none"
LIKED = "of all packages that gain as much this one is liked best by the supplier as believed; accepted with probability {:.0%}"
AHEAD = "their offer gains {:,.6g}, going on is worth {:,.6g}"
BETTER = "a package that is no worse for them gains {:,.6g}; accepted with probability {:.0%}"
IMPOSSIBLE = "no package that is worth signing to us is acceptable to any likely type of this supplier"


def decide(sight: Sight) -> Decision:
    """The buyer's next move: a pure function of what is known, so that replaying it gives the same."""
    settings, belief = sight.settings, sight.belief
    possible = plausible(sight.supplier, belief.weights, settings.likely)
    scale = scale_of(sight.gains, possible, settings.margin)
    if scale is None:
        return _nothing_possible(sight)
    target, conceded, reasons = next_target(sight, scale)
    place = most_attractive(sight.gains, sight.liked, target)
    if sight.last:
        place = last_offer(sight, scale)[0]
        target, reasons = float(sight.gains[place]), (*reasons, Reason(LAST))
    chance = _acceptance(sight, place)
    offer = Decision("offer", place, target, conceded, chance, (*reasons, Reason(LIKED, (chance,))))
    if sight.open is None or sight.open.gain < settings.margin:
        return offer
    return _answer(sight, scale, offer, float(sight.gains[place]))


def next_target(sight: Sight, scale: Scale) -> tuple[float, float, tuple[Reason, ...]]:
    """Gain to ask for in money, alpha(t), and why."""
    settings = sight.settings
    conceded = settings.curve.conceded(sight.time)
    scaled = 1.0 - conceded
    reasons = [Reason(DUE, (scale.one, conceded, scale.zero))]
    own = sight.of("buyer")
    if own:
        last = min(min(scale.of(move.gain) for move in own), 1.0)
        low, high = settings.reciprocity.limits(last, _their_concession(sight, scale))
        if unanswered(sight) >= settings.reciprocity.unanswered and scaled < last:
            scaled = last
            reasons.append(Reason(UNANSWERED, (scale.money(last),)))
        elif last - settings.reciprocity.step < scaled < last:
            scaled = last
        elif not low <= scaled <= high:
            scaled = min(max(scaled, low), high)
            reasons.append(Reason(RETURNED, (scale.money(scaled),)))
    waiting = last_offer(sight, scale)[1]
    if settings.patient and waiting > scaled:
        scaled = waiting
        reasons.append(Reason(WAITING, (scale.money(waiting),)))
    best = max((move.gain for move in sight.of("supplier")), default=-np.inf)
    if best > scale.money(scaled):
        reasons.append(Reason(OFFERED, (best,)))
    return max(min(max(scale.money(scaled), best), scale.one), settings.margin), conceded, tuple(reasons)


def most_attractive(gains: Floats, liked: Floats, target: float) -> Place:
    """Of all packages with gain >= target the one that the believed supplier likes best; ties: best for the buyer, then first."""
    enough = gains >= target - SAME * max(abs(target), 1.0)
    among = np.where(enough, liked, -np.inf)
    top = among >= among.max() - SAME
    place = int(np.where(top, gains, -np.inf).argmax())
    return _unflat(place, gains)


def efficient(gains: Floats, liked: Floats) -> Ints:
    """Packages than which no other is better for both, flattened, the buyer's best first. `liked`: how the believed supplier likes each. [cells, Q] both"""
    order = np.lexsort((-liked.ravel(), -gains.ravel()))
    best = np.maximum.accumulate(liked.ravel()[order])
    return np.asarray(order[np.concatenate([[True], best[1:] > best[:-1]])])


def last_offer(sight: Sight, scale: Scale) -> tuple[Place, float]:
    """The efficient package that would be the best last offer as things stand, and what it is worth: scaled gain times probability of acceptance.

    At the very end its answer is a deal or none. Where they have the last word, their best offer so far counts as what is left after a refusal.
    """
    later = [scale.of(move.gain) for move in sight.of("supplier")][-1:] if sight.settings.last_word else []
    places = efficient(sight.gains, sight.liked)
    gain = scale.of(sight.gains.ravel()[places])
    chance = sight.belief.acceptance(sight.supplier.reshape(len(sight.supplier), -1)[:, places], 1.0)
    worth = np.where(gain >= 0.0, look_ahead(gain, chance, max([0.0, *later])), -np.inf)
    place = int(places[worth.argmax()])
    return _unflat(place, sight.gains), float(worth.max())


def improved(sight: Sight, theirs: Move) -> Place | None:
    """A package that costs the buyer no more than their offer and is as good for every likely type; the best for the buyer among those. None: there is none.

    Their side of the gain is left as it is, so they have no reason to refuse; what the terms make is the buyer's.
    """
    belief, settings = sight.belief, sight.settings
    edge = SAME * belief.best
    no_worse = sight.supplier >= (np.maximum(theirs.supplier, 0.0) - edge)[:, None, None]
    agreed = np.einsum("k,k...->...", belief.weights, no_worse) >= settings.sure - 1e-12
    better = np.where(agreed, sight.gains, -np.inf)
    if better.max() <= theirs.gain + SAME * max(abs(theirs.gain), 1.0):
        return None
    place = int(better.argmax())
    return _unflat(place, better)


def unanswered(sight: Sight) -> int:
    """The buyer's concessions in a row since theirs: offers below everything offered before, while their offers got no better."""
    belief, count = sight.belief, 0
    lowest, most, least = np.inf, -np.inf, np.inf
    for move in sight.history:
        if move.by == "buyer":
            count += bool(np.isfinite(lowest) and move.gain < lowest - SAME * max(abs(lowest), 1.0))
            lowest = min(lowest, move.gain)
        else:
            kept = float(belief.liked(move.supplier))
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
    why = Reason(AHEAD, (theirs.gain, scale.money(ahead)))
    better = improved(sight, theirs)
    if better is not None:
        chance, more = _acceptance(sight, better), float(sight.gains[better])
        if not final or chance * scale.of(more) >= received[-1]:
            return Decision("offer", better, more, offer.conceded, chance, (*offer.reasons, why, Reason(BETTER, (more, chance))))
    return Decision("accept", None, offer.target, offer.conceded, 1.0, (*offer.reasons, why))


def _nothing_possible(sight: Sight) -> Decision:
    """When the supplier model rules out every package that is worth signing: only their own offers can lead to a deal."""
    theirs, margin = sight.open, sight.settings.margin
    if theirs is not None and theirs.gain >= margin:
        return Decision("accept", None, margin, 1.0, 1.0, (Reason(IMPOSSIBLE), Reason(OFFERED, (theirs.gain,))))
    return Decision("walk away", None, margin, 1.0, 0.0, (Reason(IMPOSSIBLE),))


def _acceptance(sight: Sight, place: Place) -> float:
    return float(sight.belief.acceptance(sight.supplier[:, *place], sight.answered))


def _unflat(place: int, table: Floats) -> Place:
    return place // table.shape[1], place % table.shape[1]
