"""Bargaining solutions on a finite set of packages: what fair or powerful parties would agree on.

Gains of both over no deal, b of the buyer and s of the supplier; what is agreed leaves neither below 0. Ideals B and S: the most each can have while the
other is not below 0. The buyer's power is t, the supplier's 1 - t.

    nash:               largest b^t s^(1-t)
    kalai_smorodinsky:  largest min(b/B, s/S)
    egalitarian:        largest min(b, s)
    utilitarian:        largest b + s

Each in three readings, and a result says which: `none`, the packages as they are (solutions that take convexity for granted become the best package by
the same measure); `lotteries`, chances over two packages, so that gains are expected ones and each package alone may be below 0 for one of them; `side
payments`, money between the parties on top of the package with the largest b + s, where only the split is left to settle. A tie goes to the larger
smaller gain, then to the larger sum, then to the first package; Nash and Kalai-Smorodinsky, which know no common unit, compare shares of the ideals.

On a segment from (b0, s0) with direction (x, y) Nash's product is largest at -(t s0/y + (1-t) b0/x), cut off at the ends.

Reference: Nash (1950), The bargaining problem; Kalai & Smorodinsky (1975), Other solutions to Nash's bargaining problem; Kalai (1977) for proportional
and asymmetric ones; Rubinstein (1982), Perfect equilibrium in a bargaining model.
Worked number: packages (4, 0), (3, 2), (0, 4). Nash takes (3, 2), product 6. With lotteries Kalai and Smorodinsky's ray b = s leaves the segment from
(3, 2) to (0, 4) at 2.4 each: a chance of 0.8 of the first of the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from models.bargain import Means, Solution
from scenarios.tree import Floats, Ints

SOLUTIONS: tuple[Solution, ...] = ("nash", "kalai_smorodinsky", "egalitarian", "utilitarian")
MEANS: tuple[Means, ...] = ("none", "lotteries", "side payments")
TIE = 1e-12  # relative: values closer than this are the same

Point = tuple[float, float]


@dataclass(frozen=True)
class Agreement:
    """What a solution picks."""

    solution: Solution
    means: Means
    packages: tuple[int, ...]  # one, or the two of a lottery
    chances: tuple[float, ...]  # of each, sum to 1
    payment: float  # from the buyer to the supplier on top, with side payments
    buyer: float  # gains
    supplier: float


@dataclass(frozen=True)
class _Piece:
    """A package (both ends the same), or the part of a segment between two packages that leaves neither below 0."""

    packages: tuple[int, int]
    start: Point
    end: Point
    first: float  # where on the segment between the packages it begins and ends
    last: float

    def at(self, share: float) -> Point:
        """A point between the ends."""
        (b0, s0), (b1, s1) = self.start, self.end
        return b0 + share * (b1 - b0), s0 + share * (s1 - s0)


def pareto(buyer: Floats, supplier: Floats) -> Ints:
    """Packages that none is better than for one without being worse for the other; of equal ones the first. The buyer's best comes first."""
    found: list[int] = []
    most = -np.inf
    for i in np.lexsort((np.arange(len(buyer)), -supplier, -buyer)):
        if supplier[i] > most and np.isfinite(buyer[i]):
            most = supplier[i]
            found.append(int(i))
    return np.array(found, dtype=np.int64)


def hull(buyer: Floats, supplier: Floats) -> Ints:
    """Packages at the corners of what lotteries can reach at best; the buyer's best comes first."""
    found: list[int] = []
    for i in pareto(buyer, supplier).tolist():
        while len(found) > 1 and _turn(buyer, supplier, found[-2], found[-1], i) <= 0:
            found.pop()
        found.append(i)
    return np.array(found, dtype=np.int64)


def ideal(buyer: Floats, supplier: Floats) -> Point | None:
    """The most each can have while the other is not below 0, without lotteries; None where no package suits both."""
    pieces = _packages(buyer, supplier)
    return _ideal(pieces) if pieces else None


def solve(buyer: Floats, supplier: Floats, solution: Solution, means: Means = "none", power: float = 0.5) -> Agreement | None:
    """What a solution picks from packages with these gains; None where nothing leaves both at 0 or better. `power` is the buyer's, of Nash's solution."""
    if not 0.0 <= power <= 1.0:
        raise ValueError(f"bargaining power is a share between 0 and 1, not {power:g}")
    if means == "side payments":
        return _paid(buyer, supplier, solution, power)
    pieces = _packages(buyer, supplier) if means == "none" else _segments(buyer, supplier)
    if not pieces:
        return None
    scale = _scale(solution, _ideal(pieces))
    tried = [(piece, share) for piece in pieces for share in _places(piece, solution, scale, power)]
    shares = [_shares(piece.at(share), scale) for piece, share in tried]
    values = [_measure(point, solution, power) for point in shares]
    kept = [i for i, value in enumerate(values) if value >= max(values) - TIE]
    piece, share = tried[max(kept, key=lambda i: (_rounded(min(shares[i])), _rounded(sum(shares[i])), -i))]
    b, s = piece.at(share)
    chance = piece.first + share * (piece.last - piece.first)
    if piece.packages[0] == piece.packages[1] or chance in (0.0, 1.0):
        return Agreement(solution, means, (piece.packages[int(chance == 1.0)],), (1.0,), 0.0, b, s)
    return Agreement(solution, means, piece.packages, (1.0 - chance, chance), 0.0, b, s)


def alternating_offers(first: float, second: float) -> float:
    """Share of whoever offers first, where rounds of offers cost patience: (1 - second)/(1 - first second), with discount factors per round.

    As rounds get shorter, factors exp(-r dt), the share becomes r_second/(r_first + r_second): Nash's, with power in proportion to patience.
    """
    return (1.0 - second) / (1.0 - first * second)


def _turn(b: Floats, s: Floats, i: int, j: int, k: int) -> float:
    """Positive where the way from i over j to k bends around the origin: the frontier bulges outward at j."""
    return float((b[j] - b[i]) * (s[k] - s[i]) - (s[j] - s[i]) * (b[k] - b[i]))


def _packages(buyer: Floats, supplier: Floats) -> list[_Piece]:
    both = ((i, (float(buyer[i]), float(supplier[i]))) for i in sorted(pareto(buyer, supplier).tolist()))
    return [_Piece((i, i), point, point, 0.0, 0.0) for i, point in both if min(point) >= 0]


def _segments(buyer: Floats, supplier: Floats) -> list[_Piece]:
    """Segments of the frontier with lotteries, cut where one of the two would be below 0."""
    corners = hull(buyer, supplier).tolist()
    if len(corners) == 1:
        return _packages(buyer, supplier)
    found = []
    for i, j in pairwise(corners):
        b, s = (float(buyer[i]), float(buyer[j])), (float(supplier[i]), float(supplier[j]))
        if b[0] < 0 or s[1] < 0:  # b falls and s rises along a segment
            continue
        first = -s[0] / (s[1] - s[0]) if s[0] < 0 else 0.0
        last = b[0] / (b[0] - b[1]) if b[1] < 0 else 1.0
        if first <= last:
            start, end = ((max(b[0] + x * (b[1] - b[0]), 0.0), max(s[0] + x * (s[1] - s[0]), 0.0)) for x in (first, last))
            found.append(_Piece((i, j), start, end, first, last))
    return found


def _ideal(pieces: list[_Piece]) -> Point:
    ends = [point for piece in pieces for point in (piece.start, piece.end)]
    return max(b for b, _ in ends), max(s for _, s in ends)


def _scale(solution: Solution, top: Point) -> Point:
    """What each one's gain is measured in: its ideal, or the larger ideal for both."""
    if solution in ("nash", "kalai_smorodinsky"):
        return top
    return max(top), max(top)


def _shares(point: Point, scale: Point) -> Point:
    """Gains over their scales; 1 where there is nothing to be had."""
    return point[0] / scale[0] if scale[0] else 1.0, point[1] / scale[1] if scale[1] else 1.0


def _measure(shares: Point, solution: Solution, power: float) -> float:
    """What a solution makes largest."""
    if solution == "nash":
        return float(shares[0] ** power * shares[1] ** (1 - power))
    return sum(shares) if solution == "utilitarian" else min(shares)


def _rounded(value: float) -> float:
    """A value without the digits that rounding made."""
    return float(f"{value:.11g}")


def _places(piece: _Piece, solution: Solution, scale: Point, power: float) -> list[float]:
    """Both ends of a piece, and the place between them where a solution can be."""
    if piece.start == piece.end:
        return [0.0]
    share = _nash(piece, power) if solution == "nash" else _even(piece, scale[0] or 1.0, scale[1] or 1.0)
    return [0.0, share, 1.0] if 0.0 < share < 1.0 else [0.0, 1.0]


def _nash(piece: _Piece, power: float) -> float:
    (b0, s0), (b1, s1) = piece.start, piece.end
    x, y = b1 - b0, s1 - s0
    return -(power * s0 / y + (1 - power) * b0 / x) if x and y else 0.0


def _even(piece: _Piece, x: float, y: float) -> float:
    """Where b/x = s/y."""
    (b0, s0), (b1, s1) = piece.start, piece.end
    slope = (b1 - b0) / x - (s1 - s0) / y
    return (s0 / y - b0 / x) / slope if slope else 0.0


def _paid(buyer: Floats, supplier: Floats, solution: Solution, power: float) -> Agreement | None:
    """The largest sum, split: by power (Nash), in halves (both ideals are the whole sum), or with the least payment that suits both (utilitarian)."""
    total = np.where(np.isfinite(buyer) & np.isfinite(supplier), buyer, -np.inf) + np.where(np.isfinite(supplier), supplier, -np.inf)
    if not len(total) or total.max() < 0:
        return None
    tied = np.flatnonzero(total >= total.max() - TIE * max(1.0, abs(float(total.max()))))
    at = int(tied[np.argmax(np.minimum(buyer, supplier)[tied])])
    b, s = float(buyer[at]), float(supplier[at])
    least = max(-s, 0.0) - max(-b, 0.0)
    payment = least if solution == "utilitarian" else b - (power if solution == "nash" else 0.5) * (b + s)
    return Agreement(solution, "side payments", (at,), (1.0,), payment, b - payment, s + payment)
