"""The zone of possible agreement: prices at which both gain, for every set of terms, and what to move where there are none.

    walk_away[c]:  highest price of cell c at which the buyer still gains the margin
    floor[h, c]:   lowest price of cell c at which a supplier of type h gains
    chance[c]:     P(floor[h, c] <= walk_away[c]) over types; of the whole table: P(some cell is open)
    span:          union of [floor, walk_away] over cells: lowest floor and highest walk-away price of those where at least a share of types agree
    room[c]:       largest min(buyer's gain - margin, supplier's gain) over prices, the supplier's gain being what at least a share of types have;
                   at least 0: what both can have at once; below 0: what one of them lacks at the closest approach
    missing[c]:    least money that would have to be put in from outside for both to reach 0: the smallest sum of what each lacks
    sums[h]:       largest buyer's gain - margin + supplier's gain over all packages; below 0: none makes a deal with it, even with money on top

A supplier's gain need not rise with the price, so that between floor and walk-away there may be prices that don't suit it; at both floor and walk-away
of an open cell, somebody agrees only just.

Reference: Raiffa (1982), The Art and Science of Negotiation, chapter 4.
Worked number: walk-away 12, floors 9 and 14 of types with weights 3 and 1: the zone is 9 to 12, open with a chance of 75 %.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.negotiation.supplier import SupplierGains, estimate
from optimizer.negotiation.table import Table
from scenarios.tree import Floats

Flags = NDArray[np.bool_]
ROUNDING = 1e-9  # a price that is higher by less is the same


@dataclass(frozen=True)
class Joint:
    """Where both meet, cell by cell. C cells, H types. Minus infinity: the package is impossible."""

    margin: float
    share: float  # of types that have at least the supplier's gain counted with
    walk_away: Floats  # [C] nan where no price on the table leaves the margin
    floor: Floats  # [C] price from which on at least `share` of types have found one that suits them; infinite if none has
    floors: Floats  # [H, C]
    weights: Floats  # [H]
    room: Floats  # [C]
    best: Floats  # [C] price at which that is
    missing: Floats  # [C] infinite if impossible
    sums: Floats  # [H]

    @property
    def open(self) -> Flags:
        """Cells in which a price suits both, by type. [H, C]"""
        return self.floors <= np.where(np.isnan(self.walk_away), -np.inf, self.walk_away) + ROUNDING

    @property
    def chances(self) -> Floats:
        """Probability over types that a cell is open. [C]"""
        return np.asarray((self.open * self.weights[:, None]).sum(axis=0))

    @property
    def chance(self) -> float:
        """Probability over types that some cell is open."""
        return float((self.open.any(axis=1) * self.weights).sum())

    @property
    def span(self) -> tuple[float, float] | None:
        """Prices from the lowest floor to the highest walk-away price of cells in which enough types agree; None if there is no such cell."""
        agreed = self.floor <= np.where(np.isnan(self.walk_away), -np.inf, self.walk_away) + ROUNDING
        return (float(self.floor[agreed].min()), float(self.walk_away[agreed].max())) if agreed.any() else None

    def chance_at(self, cell: int, price: float) -> float:
        """Probability over types that the floor of a cell is no higher than this price."""
        return float(((self.floors[:, cell] <= price + ROUNDING) * self.weights).sum())


@dataclass(frozen=True)
class Opener:
    """One lever moved away from the terms at hand."""

    cell: int
    lever: str
    value: float
    room: float  # at those terms
    missing: float


def walk_aways(table: Table, margin: float = 0.0) -> Floats:
    """Highest price of every cell at which the buyer still gains the margin, none above the table; nan where there is none. [C]"""
    found = [cell.price_for(table.no_deal - margin) for cell in table.cells]
    return np.array([np.nan if price is None or price < table.low - ROUNDING else min(price, table.high) for price in found])


def joint(table: Table, supplier: SupplierGains, *, margin: float = 0.0, share: float = 0.5) -> Joint:
    """Where both meet in every cell, at the prices of the table and, on straight lines, between them."""
    own = np.where(np.isfinite(table.gains), table.gains, -np.inf) - margin
    prices, ours, theirs = crossings(table.prices, own, supplier.weighed(share))
    both = np.minimum(ours, theirs)
    at = both.argmax(axis=1)
    possible = np.isfinite(both)
    lacks = np.where(possible, np.maximum(-ours, 0.0) + np.maximum(-theirs, 0.0), np.inf)
    return Joint(
        margin=margin,
        share=share,
        walk_away=walk_aways(table, margin),
        floor=-estimate(-supplier.floors, supplier.weights, share),
        floors=supplier.floors,
        weights=supplier.weights,
        room=both.max(axis=1),
        best=prices[np.arange(len(at)), at],
        missing=lacks.min(axis=1),
        sums=(supplier.gains + own).max(axis=(1, 2)),
    )


def crossings(prices: Floats, own: Floats, other: Floats) -> tuple[Floats, Floats, Floats]:
    """Prices and gains of both at the prices of the table and, of every piece, where one gain is 0 or both are the same. [C, 4 Q - 3] each"""
    possible = np.isfinite(own) & np.isfinite(other)
    piece = possible[:, :-1] & possible[:, 1:]
    a, b = (np.where(possible, side, 0.0) for side in (own, other))
    places, found = [np.broadcast_to(prices, own.shape)], [(np.where(possible, own, -np.inf), np.where(possible, other, -np.inf))]
    for gap in (a, b, a - b):
        rise = gap[:, 1:] - gap[:, :-1]
        share = np.divide(-gap[:, :-1], rise, out=np.zeros_like(rise), where=rise != 0)
        inside = piece & (share > 0) & (share < 1)
        share = np.where(inside, share, 0.0)
        places.append(prices[:-1] + share * np.diff(prices))
        ours, theirs = (np.where(inside, side[:, :-1] + share * np.diff(side, axis=1), -np.inf) for side in (a, b))
        found.append((ours, theirs))
    return np.concatenate(places, axis=1), *(np.concatenate([x[i] for x in found], axis=1) for i in (0, 1))  # type: ignore[return-value]


def moved(table: Table, base: int) -> list[tuple[str, ...]]:
    """Levers in which each cell differs from the base."""
    stands = dict(table.cells[base].terms)
    return [tuple(lever for lever, value in cell.terms if stands[lever] != value) for cell in table.cells]


def opener(table: Table, found: Joint, base: int) -> Opener | None:
    """The lever whose move away from the base lacks the least money, or leaves both the most; None if no single lever does better than the base.

    Only cells that differ from the base in one lever are looked at. First the least `missing`, then the most `room`, then the first cell.
    """
    levers = moved(table, base)
    ones = [c for c in range(len(table.cells)) if len(levers[c]) == 1 and np.isfinite(found.room[c])]
    if not ones:
        return None
    at = min(ones, key=lambda c: (found.missing[c], -found.room[c], c))
    if np.isfinite(found.room[base]) and (found.missing[at], -found.room[at]) >= (found.missing[base], -found.room[base]):
        return None
    lever = levers[at][0]
    return Opener(at, lever, dict(table.cells[at].terms)[lever], float(found.room[at]), float(found.missing[at]))


def closest(found: Joint) -> int | None:
    """The cell of the closest approach: least missing, then most room, then the first; None if every package is impossible."""
    cells = np.flatnonzero(np.isfinite(found.room))
    return min((int(c) for c in cells), key=lambda c: (found.missing[c], -found.room[c], c), default=None)
