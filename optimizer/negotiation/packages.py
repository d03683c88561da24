"""Packages to put forward: the smallest counter-offer, the prices that make terms cost the same, and packages to choose from that cost us the same.

    iso price of cell c:     highest price at which it costs no more than asked
    counter-offer:           fewest levers moved away from their package (the price is one), then most for the supplier, such that
                             gain >= target, price <= walk-away price at the margin, supplier's estimated gain >= floor
    equivalent packages S:   largest sum over types h of weight[h] max over x in S of accept[h, x]; costs within 0.1 % of the cost without the deal,
                             any two differ in at least two levers other than the price
    accept[h, x]:            1/(1 + exp(-gain[h, x]/scale))

The value of a set is monotone and submodular. Best-first search with the bound value(S) + largest further gains proves the best set; if its budget of
looks runs out, the greedy set or a better one found stands, with the bound. Greedy alone has 1 - 1/e of the best where any two packages may go together
(Nemhauser, Wolsey & Fisher 1978), and, where they must differ, one part in as many as there are packages, because its first is the best single one.

Reference: Leonardelli et al. (2019), Negotiating with multiple equivalent simultaneous offers; McKelvey & Palfrey (1995) for the logit.
Worked number: two equally likely types take package x with 0.9 and 0.1, y with 0.1 and 0.8, z with 0.6 and 0.6. The best single package is z (0.6), and
greedy adds x (0.75); x and y together are taken with (0.9 + 0.8)/2 = 0.85.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Literal

import numpy as np

from models.negotiation import Package
from optimizer.negotiation.supplier import SupplierGains, between
from optimizer.negotiation.table import Table
from optimizer.negotiation.zone import ROUNDING, Flags, crossings, moved, walk_aways
from scenarios.tree import Floats, Ints

SAME_COST = 1e-3  # of the cost without the deal
TIE = 1e-12
BUDGET = 5_000  # looks of the search for equivalent packages
PRICE = "price"


@dataclass(frozen=True)
class Counter:
    """A counter-offer."""

    cell: int
    price: float
    moves: tuple[str, ...]  # levers moved away from their package; none: take it as it is
    gain: float  # the buyer's
    supplier: float  # estimated gain


@dataclass(frozen=True)
class Equivalents:
    """Packages that cost the same, to choose from."""

    cells: tuple[int, ...]
    prices: tuple[float, ...]
    costs: tuple[float, ...]
    accept: Floats  # [H, packages]
    scale: float  # of acceptance, in money
    value: float  # expected best acceptance
    bound: float  # no set has more
    method: Literal["exact", "greedy"]  # greedy: the search ran out of looks


def package_of(table: Table, cell: int, price: float) -> Package:
    """A cell at a price as a document."""
    return Package(offer=table.offer, alternative=table.alternative, price=price, terms=dict(table.cells[cell].terms))


def iso_prices(table: Table, cost: float) -> Floats:
    """Highest price on the table at which every cell costs no more than this; nan where none does. [C]"""
    return walk_aways(table, table.no_deal - cost)


def permitted(table: Table, cell: int, price: float, margin: float) -> bool:
    """Whether a package may be offered or accepted at all: on the table, and no dearer than the walk-away price that leaves the margin."""
    most = walk_aways(table, margin)[cell]
    return bool(table.low - ROUNDING <= price <= most + ROUNDING)


def counter_offer(
    table: Table,
    supplier: SupplierGains,
    theirs: tuple[int, float],
    target: float,
    *,
    margin: float = 0.0,
    share: float | None = 0.5,
    floor: float = 0.0,
) -> Counter | None:
    """The smallest counter to their package (cell, price) that gains the buyer the target; None if none that the supplier is thought to bear does.

    The supplier's gain is what at least `share` of types have, or the mean over types (`share` None). A target below the margin is raised to it.
    """
    cell, price = theirs
    wanted = max(target, margin)
    most = iso_prices(table, table.no_deal - wanted)
    estimated = supplier.weighed(share)
    levers = moved(table, cell)
    found: list[tuple[tuple[float, ...], Counter]] = []
    for c in range(len(table.cells)):
        if np.isnan(most[c]):
            continue
        kept = [price] if table.low - ROUNDING <= price <= most[c] + ROUNDING else []
        for p in [*kept, *table.prices[table.prices < most[c] - ROUNDING].tolist(), float(most[c])]:
            borne = float(between(table.prices, estimated[c], p))
            if borne >= floor - ROUNDING:
                moves = levers[c] if abs(p - price) <= ROUNDING else (*levers[c], PRICE)
                made = Counter(c, p, moves, table.no_deal - table.cells[c].cost_at(p), borne)
                found.append(((len(moves), -borne, -made.gain, c, p), made))
    return min(found, key=lambda x: x[0])[1] if found else None


def most_to_gain(table: Table, supplier: SupplierGains, *, share: float | None = 0.5, floor: float = 0.0) -> float | None:
    """The most the buyer can gain from a package that the supplier is thought to bear; None if there is none."""
    own = np.where(np.isfinite(table.gains), table.gains, -np.inf)
    _, ours, theirs = crossings(table.prices, own, supplier.weighed(share) - floor)
    borne = ours[theirs >= -ROUNDING]
    return float(borne.max()) if borne.size and np.isfinite(borne.max()) else None


def usual_scale(gains: Floats) -> float:
    """A tenth of the spread of gains: what counts as a noticeable difference where nothing else is known."""
    finite = gains[np.isfinite(gains)]
    return 0.1 * float(np.ptp(finite)) if finite.size and np.ptp(finite) > 0 else 1.0


def acceptance(gains: Floats, scale: float) -> Floats:
    """Chance that each gain is accepted: one half at 0, 73 % at a gain of `scale`. [as given]"""
    exponent = np.clip(np.where(np.isfinite(gains), gains, 0.0) / scale, -700.0, 700.0)
    return np.where(np.isfinite(gains), 1.0 / (1.0 + np.exp(-exponent)), 0.0)


def equivalent_packages(
    table: Table,
    supplier: SupplierGains,
    cost: float,
    *,
    count: int = 3,
    margin: float = 0.0,
    differ: int = 2,
    scale: float | None = None,
    budget: int = BUDGET,
) -> Equivalents:
    """Up to `count` packages that all cost the buyer `cost`, of which the supplier is likeliest to want one.

    Left out are packages from which no type gains. Raises ValueError for a cost above no deal less the margin.
    """
    if cost > table.no_deal - margin + ROUNDING * max(1.0, abs(table.no_deal)):
        raise ValueError(f"packages that cost {cost:,.6g} are worse than no deal ({table.no_deal:,.6g}) less the margin ({margin:,.6g})")
    prices = iso_prices(table, cost)
    near = [c for c, p in enumerate(prices.tolist()) if not np.isnan(p) and abs(table.cells[c].cost_at(p) - cost) <= SAME_COST * abs(table.no_deal)]
    gains = np.array([supplier.at(c, float(prices[c])) for c in near]).reshape(len(near), len(supplier.weights)).T
    borne = np.flatnonzero((gains >= 0).any(axis=0))
    cells = np.array(near, dtype=np.int64)[borne]
    width = usual_scale(gains[:, borne]) if scale is None else scale
    accept = acceptance(gains[:, borne], width)
    chosen, value, bound, exact = cover(accept, supplier.weights, _apart(table, cells, differ), count, budget)
    picked = cells[list(chosen)]
    return Equivalents(
        cells=tuple(picked.tolist()),
        prices=tuple(prices[picked].tolist()),
        costs=tuple(table.cells[c].cost_at(float(prices[c])) for c in picked),
        accept=accept[:, list(chosen)],
        scale=width,
        value=value,
        bound=bound,
        method="exact" if exact else "greedy",
    )


def _apart(table: Table, cells: Ints, differ: int) -> Flags:
    """Which cells differ in enough levers to be put forward together."""
    if not len(cells):
        return np.zeros((0, 0), dtype=bool)
    terms = np.array([[value for _, value in table.cells[c].terms] for c in cells]).reshape(len(cells), -1)
    return np.asarray((terms[:, None] != terms[None]).sum(axis=2) >= differ)


def cover(accept: Floats, weights: Floats, apart: Flags, count: int, budget: int = BUDGET) -> tuple[tuple[int, ...], float, float, bool]:
    """The set of up to `count` columns, any two of them apart, with the largest expected best acceptance; its value, a bound, and whether that is proven.

    Within TIE of the best, what greedy or the search finds first stands.
    """
    every = np.arange(accept.shape[1])
    best, chosen = greedy_cover(accept, weights, apart, count)
    heap: list[tuple[float, int, tuple[int, ...], float, Floats, Ints]] = [(-np.inf, 0, (), 0.0, np.zeros(len(weights)), every)]
    looks = pushed = 0
    while heap and -heap[0][0] > best + TIE:
        limit, _, sofar, value, held, allowed = heappop(heap)
        if looks == budget:
            return tuple(sorted(chosen)), best, min(-limit, 1.0), False
        looks += 1
        more = _more(accept[:, allowed], weights, held)
        order = np.argsort(-more, kind="stable")
        allowed, more, left = allowed[order], more[order], count - len(sofar)
        for i, column in enumerate(allowed.tolist()):
            limit = value + float(more[i : i + left].sum())
            if limit <= best + TIE:
                break
            if value + more[i] > best + TIE:
                best, chosen = value + float(more[i]), (*sofar, column)
            rest = allowed[i + 1 :][apart[column, allowed[i + 1 :]]]
            if left > 1 and len(rest):
                pushed += 1
                heappush(heap, (-limit, pushed, (*sofar, column), value + float(more[i]), np.maximum(held, accept[:, column]), rest))
    return tuple(sorted(chosen)), best, best, True


def greedy_cover(accept: Floats, weights: Floats, apart: Flags, count: int) -> tuple[float, tuple[int, ...]]:
    """Column after column the one that adds most, and its value."""
    chosen: tuple[int, ...] = ()
    value, held, allowed = 0.0, np.zeros(len(weights)), np.arange(accept.shape[1])
    while len(chosen) < count and len(allowed):
        more = _more(accept[:, allowed], weights, held)
        column = int(allowed[more.argmax()])
        value, held, chosen = value + float(more.max()), np.maximum(held, accept[:, column]), (*chosen, column)
        allowed = allowed[apart[column, allowed] & (allowed != column)]
    return value, chosen


def _more(accept: Floats, weights: Floats, held: Floats) -> Floats:
    """What each column adds to what is held."""
    return np.asarray((weights[:, None] * np.maximum(accept - held[:, None], 0.0)).sum(axis=0))
