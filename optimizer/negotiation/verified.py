"""Packages that leave the house: solved exactly, with the price corrected until they cost what they are meant to.

The table is interpolated between solved prices; a supplier signs at one price. With W(p) the exact cost at price p, which only rises with it, and c what it
is to be:

    p <- p + (c - W(p)) / slope     slope first b(p), the expected discounted units paid, then that of two prices on one side of c (secant);
                                    every third time, and where the secant leaves them, the middle of the prices that enclose c
    until |W(p) - c| <= tolerance

Every value is asked for without a neighbour, so that it is a function of the scenario and the package, whatever was asked before it: a session can be
replayed to the same bytes. Prices have DIGITS significant digits, as people write them.
Reference: Dekker (1969), Finding a zero by means of successive linear interpolation.
Worked number: 100 units, other costs 1,000: W(p) = 1,000 + 100 p. To cost 2,000 from a price of 9: b = 100, 9 + 100/100 = 10, and W(10) = 2,000.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.bargain import Choice, CounterOffer, EquivalentPackages, MovedLever
from models.negotiation import Interval, Package
from optimizer.negotiation.desk import Desk, Solved, difference
from optimizer.negotiation.game_words import choice_sentences, counter_sentences
from optimizer.negotiation.packages import SAME_COST
from optimizer.negotiation.walkaway import expected_units

DIGITS = 6  # of prices put forward
FINE_DIGITS = 10  # of walk-away prices
FINE = 1e-7  # relative to the cost without the deal: how closely a walk-away price is found
MOST_STEPS = 40
FURTHEST = 1_000.0  # times the price that a search begins at: beyond it cost is taken not to rise any more


@dataclass(frozen=True)
class Exact:
    """A package as it is, not as it is interpolated."""

    package: Package
    cost: Interval
    gain: Interval


def exact(desk: Desk, package: Package) -> Exact | None:
    """A package's own values; None if no plan can sign it."""
    solved = desk.signed(package)
    return Exact(package, solved.interval, difference(desk.no_deal(package.offer), solved)) if solved.possible else None


def at_cost(desk: Desk, package: Package, cost: float, tolerance: float, *, most: float | None = None) -> Exact | None:
    """The package at a price at which it costs `cost` to within the tolerance, and never more than `most`. None if no such price was found.

    The search begins at the package's own price.
    """
    limit = cost + tolerance if most is None else min(most, cost + tolerance)
    aim = min(cost, limit)

    def done(found: Solved) -> bool:
        return found.possible and cost - tolerance <= found.upper <= limit

    tried = _search(desk, package, aim, DIGITS, done)
    price, found = tried[-1]
    return exact(desk, package.model_copy(update={"price": price})) if done(found) else None


def walk_away_price(desk: Desk, package: Package, margin: float) -> float | None:
    """The highest price at the package's terms that surely leaves more than the margin, to within FINE of the cost without the deal; None if none was found.

    More than it, because where nothing need be taken any price, however high, is no worse than no deal.
    """
    no_deal = desk.no_deal(package.offer)
    fine = FINE * max(abs(no_deal.lower), 1.0)
    cost = no_deal.lower - margin - fine

    def done(found: Solved) -> bool:
        return found.possible and 0.0 <= cost - found.upper <= fine

    tried = _search(desk, package, cost, FINE_DIGITS, done)
    return max((price for price, found in tried if found.possible and found.upper <= cost), default=None)


def _search(desk: Desk, package: Package, cost: float, digits: int, done: Callable[[Solved], bool]) -> list[tuple[float, Solved]]:
    """Prices tried on the way to a cost, in order; the last one is done, unless the search ran out of prices."""
    assert package.price is not None
    tried: list[tuple[float, Solved]] = []
    low, high, price = 0.0, np.inf, _tidy(package.price, digits)
    while len(tried) < MOST_STEPS:
        found = desk.signed(package.model_copy(update={"price": price}))
        tried.append((price, found))
        if done(found) or (price == 0.0 and found.upper > cost) or price > FURTHEST * max(package.price, 1.0):
            break
        if found.upper <= cost:
            low = max(low, price)
        else:
            high = min(high, price)
        following = _tidy(_next(desk, package, tried, cost, low, high), digits)
        if any(following == p for p, _ in tried):
            following = _tidy(0.5 * (low + high), digits) if np.isfinite(high) else 2.0 * following
        if any(following == p for p, _ in tried):
            break
        price = following
    return tried


def _next(desk: Desk, package: Package, tried: list[tuple[float, Solved]], cost: float, low: float, high: float) -> float:
    """The price to try next, inside those that enclose the cost; every third time the middle of them."""
    price, found = tried[-1]
    begun = any(p == low for p, _ in tried)
    if np.isfinite(high) and begun and len(tried) % 3 == 0:
        return 0.5 * (low + high)
    slope = _slope(desk, package, tried, cost)
    wanted = price + (cost - found.upper) / slope if slope > 0 else np.inf
    if not np.isfinite(high):
        return float(min(max(wanted, low), 2.0 * max(price, 1.0)))
    if low < wanted < high:
        return float(wanted)
    return 0.5 * (low + high) if begun else 0.0


def _slope(desk: Desk, package: Package, tried: list[tuple[float, Solved]], cost: float) -> float:
    """How the cost rises at the last price: as between the two nearest prices on its side of the cost, or with what is expected to be paid there."""
    price, found = tried[-1]
    if not found.possible:
        return 0.0
    same = [(p, x.upper) for p, x in tried[:-1] if x.possible and (x.upper <= cost) == (found.upper <= cost)]
    if same:
        near = min(same, key=lambda one: abs(one[0] - price))
        if (rise := (found.upper - near[1]) / (price - near[0])) > 0:
            return rise
    return expected_units(desk, package.model_copy(update={"price": price}), found)


def _tidy(price: float, digits: int) -> float:
    """A price as people write it."""
    return float(f"{max(price, 0.0):.{digits}g}")


def verify(desk: Desk, choices: EquivalentPackages, cost: float, *, most: float | None = None) -> EquivalentPackages:
    """The same packages with exact costs, at prices at which they cost `cost` to within the tolerance and none more than `most`.

    Packages that can't be brought there are left out; the set's chance is then known to be at least that of its best package, its bound holds as before.
    """
    kept = []
    for choice in choices.choices:
        found = at_cost(desk, choice.package, cost, choices.tolerance, most=most)
        if found is not None:
            kept.append(Choice(package=found.package, cost=found.cost.upper, gain=found.gain.lower, chance=choice.chance))
    whole = len(kept) == len(choices.choices)
    out = choices.model_copy(
        update={
            "cost": cost,
            "choices": tuple(kept),
            "chance": choices.chance if whole else max((x.chance for x in kept), default=0.0),
            "method": choices.method if whole else "greedy",
            "sentences": (),
        }
    )
    return out.model_copy(update={"sentences": tuple(choice_sentences(out))})


def verify_counter(desk: Desk, counter: CounterOffer) -> CounterOffer:
    """The counter-offer with exact figures, its price lowered or raised until it gains the target to within SAME_COST of the cost without the deal.

    A counter-offer that can't be brought there, or not without leaving less than the margin, is withdrawn.
    """
    no_deal = desk.no_deal(counter.offer)
    theirs = exact(desk, counter.theirs)
    update: dict[str, object] = {} if theirs is None else {"their_gain": theirs.gain.lower}
    if counter.package is not None:
        found = None
        if counter.moves:
            tolerance = SAME_COST * abs(no_deal.lower)
            found = at_cost(desk, counter.package, no_deal.lower - counter.target, tolerance, most=no_deal.lower - counter.margin)
        elif theirs is not None and theirs.gain.lower >= counter.margin:
            found = theirs
        update |= _exact_counter(desk, counter, found)
    out = counter.model_copy(update={**update, "sentences": ()})
    return out.model_copy(update={"sentences": tuple(counter_sentences(out))})


def _exact_counter(desk: Desk, counter: CounterOffer, found: Exact | None) -> dict[str, object]:
    """What an exact solve says of a counter-offer."""
    if found is None:
        return {"package": None, "moves": (), "gain": None, "supplier_gain": None, "chance": None, "walk_away": None}
    before, after = counter.theirs.price, found.package.price
    moves = [x for x in counter.moves if x.lever != "price"]
    if after != before and before is not None and after is not None:
        moves.append(MovedLever(lever="price", before=before, after=after))
    return {"package": found.package, "moves": tuple(moves), "gain": found.gain.lower, "walk_away": walk_away_price(desk, found.package, counter.margin)}
