"""What every package is worth to each type of supplier, read off the call-offs that the table stores.

The supplier sells what the buyer takes under the package, in every future. With l a future, n a node on its path, d the type's discount factors:

    profit[l](p):  sum over n of d[n] (fixed[n] + p units[n] - unit_cost take[n] - (capacity_cost + alternative_margin) committed[n])
                   - set_up - expansion_cost max(0, largest committed[n] - capacity)
    gain(p):       (1 - w) E[profit] + w (mean profit of the worst futures) - no_deal
    floor:         the lowest price on the table with gain >= 0, straight lines between the prices of the table

For given takes each future's profit is linear in the price. The gain as a whole need not even rise with it: at a higher price the buyer takes less.
Between two solved prices the call-off is that of the nearer one.

Reference: Cachon (2003), Supply chain coordination with contracts, on the supplier's profit under a contract; Rockafellar & Uryasev (2002) for the worst
futures.
Worked number: 100 units a period for two periods at 10, of which 8 each is cost: 200 a period; at a hurdle rate of 25 % the second counts 160, so the
profit is 360; with 60 of set-up and 100 without the deal the gain is 200. A unit of price is worth 100 + 80 = 180, so the floor is 10 - 200/180 = 8.89.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from models.errors import Finding, InvalidScenario
from models.suppliers import SupplierView
from optimizer.negotiation.table import Cell, Table
from scenarios.tree import Floats, Ints

NUMBERS = ("capacity_cost", "capacity", "expansion_cost", "expansion_build_periods", "set_up", "alternative_margin", "no_deal", "risk_weight", "tail")
SLACK = 1e-6  # committed volume beyond the capacity that is no more than rounding


@dataclass(frozen=True)
class SupplierGains:
    """Gains of every type at every package of a table. H types, C cells, Q prices of the table."""

    types: tuple[str, ...]
    weights: Floats  # [H], sum to 1
    prices: Floats  # [Q]
    gains: Floats  # [H, C, Q]; -infinity where the package is impossible, for the buyer or for the type

    def at(self, cell: int, price: float) -> Floats:
        """Gain of every type at any price on the table, between its prices on a straight line; -infinity beyond them. [H]"""
        return between(self.prices, self.gains[:, cell], price)

    @cached_property
    def floors(self) -> Floats:
        """Lowest price at which each type gains from each cell; infinite where none on the table does. [H, C]"""
        gains, q = self.gains, np.arange(len(self.prices))
        first = np.where(gains >= 0, q, len(q)).min(axis=2)
        inside = np.minimum(first, len(q) - 1)
        above = np.take_along_axis(gains, inside[..., None], 2)[..., 0]
        below = np.take_along_axis(gains, np.maximum(inside - 1, 0)[..., None], 2)[..., 0]
        crossed = (first > 0) & (first < len(q)) & np.isfinite(below)
        above, below = np.where(crossed, above, 0.0), np.where(crossed, below, -1.0)
        back = above / (above - below)
        found = self.prices[inside] - back * (self.prices[inside] - self.prices[np.maximum(inside - 1, 0)])
        return np.where(first < len(q), found, np.inf)

    def weighed(self, share: float | None = None) -> Floats:
        """One estimate of the gain at every package: the mean over types, or what at least a share of them gains. [C, Q]"""
        return estimate(self.gains, self.weights, share)


def between(prices: Floats, values: Floats, price: float) -> Floats:
    """Values at the prices of the table (last axis) at any price: straight lines between, -infinity beyond. [...]"""
    step = prices[1] - prices[0] if len(prices) > 1 else 1.0
    place = (price - prices[0]) / step
    if not -1e-9 <= place <= len(prices) - 1 + 1e-9:
        return np.full(values.shape[:-1], -np.inf)
    q = int(max(np.floor(place + 1e-9), 0))
    share = max(place - q, 0.0)
    return np.asarray(values[..., q] if share <= 1e-9 else (1 - share) * values[..., q] + share * values[..., q + 1])


def estimate(gains: Floats, weights: Floats, share: float | None = None) -> Floats:
    """Gains over types (first axis) as one: their mean, or the largest gain that types of at least `share` in all have.

    The mean is -infinity as soon as a type of any weight can't deliver; a share sees past it. Worked number: gains 1, 4, 9 of equally likely types
    have mean 4.67; a share of 0.6 gains at least 4, a share of 0.9 at least 1.
    """
    if share is None:
        each = weights.reshape(-1, *(1,) * (gains.ndim - 1))
        return np.asarray((np.where(each > 0, gains, 0.0) * each).sum(axis=0))
    order = np.argsort(-gains, axis=0, kind="stable")
    reached = np.cumsum(weights[order], axis=0) >= share - 1e-12
    reached[-1] = True
    return np.asarray(np.take_along_axis(gains, np.take_along_axis(order, reached.argmax(axis=0)[None], 0), 0)[0])


def supplier_gains(table: Table, view: SupplierView) -> SupplierGains:
    """Gains of every type of the view at every package of the table. Raises InvalidScenario if a type's unit costs don't fit the offer's products."""
    products = table.cells[0].calls[0].take.shape[0]
    wrong = [(i, len(x.unit_cost)) for i, x in enumerate(view.types) if isinstance(x.unit_cost, tuple) and len(x.unit_cost) != products]
    if wrong:
        told = f"unit costs are given, and offer '{table.offer}' has {products} product{'' if products == 1 else 's'}; give one number, or one per product"
        raise InvalidScenario([Finding(f"types[{i}].unit_cost", f"{count} {told}") for i, count in wrong], "supplier view")
    gains = np.empty((len(view.types), len(table.cells), len(table.prices)))
    groups = _groups(view, products)
    for c, cell in enumerate(table.cells):
        nearest = cell.places(table.prices)
        for rate in sorted({group.rate for group in groups}):
            books = _books(table, cell, rate)
            for group in groups:
                if group.rate == rate:
                    gains[group.places, c] = _gains(books if group.cautious else books.averaged, group, nearest, table.prices)
    gains[:, ~np.isfinite(table.gains)] = -np.inf
    weights = np.array([kind.weight for kind in view.types])
    return SupplierGains(tuple(kind.id for kind in view.types), weights / weights.sum(), table.prices, gains)


def refuse_hopeless(table: Table, view: SupplierView, found: SupplierGains) -> None:
    """Raise InvalidScenario if no type of the view gains from any package of the table: no deal could ever be struck with such a supplier."""
    best = found.gains.max(axis=(1, 2))
    if best.max() >= 0:
        return
    nearest = int(best.argmax())
    if np.isfinite(best[nearest]):
        short = f"the nearest, '{found.types[nearest]}', still loses {-best[nearest]:,.0f} at its best package"
    else:
        short = "none of them can deliver what any package commits"
    advice = "lower their costs or `no_deal`, raise `capacity`, or put higher prices and other terms on the table"
    told = f"no type of supplier '{view.supplier}' gains from any package of offer '{table.offer}': {short}; {advice}"
    raise InvalidScenario([Finding("types", told)], "supplier view")


@dataclass(frozen=True)
class _Books:
    """What the call-offs of a cell mean in every future, discounted at one rate. K solved prices, P products, L futures, N nodes."""

    period: Ints  # [N]
    probability: Floats  # [L]
    fixed: Floats  # [K, L]
    units: Floats  # [K, L]
    take: Floats  # [P, K, L]
    committed: Floats  # [K, L]
    by_node: Floats  # [K, N] committed volume, all products, as it is
    peak: Floats  # [K, L] its largest along each future, or [K, 1] if that is the same in all

    @cached_property
    def averaged(self) -> _Books:
        """The futures as one, for who only looks at means; not where what must be built differs between them."""
        if self.peak.shape[1] > 1:
            return self
        fixed, units, take, committed = ((x * self.probability).sum(axis=-1, keepdims=True) for x in (self.fixed, self.units, self.take, self.committed))
        return replace(self, probability=np.ones(1), fixed=fixed, units=units, take=take, committed=committed)


def _books(table: Table, cell: Cell, rate: float) -> _Books:
    tree, calls = table.tree, cell.calls
    at = np.concatenate([[0.0], table.begin])[tree.period + 1]
    discount = (1.0 + rate) ** -at

    def present(amount: Floats) -> Floats:
        return np.asarray(tree.summed(discount * amount)[..., tree.leaves])

    committed = np.stack([call.committed.sum(axis=0) for call in calls])
    peak = committed.copy()
    for nodes in tree.levels():
        peak[:, nodes] = np.maximum(peak[:, nodes], peak[:, tree.parent[nodes]])
    fixed, units = (present(np.stack([getattr(call, name) for call in calls])) for name in ("fixed", "units"))
    take = present(np.stack([call.take for call in calls], axis=1))
    peak = peak[:, tree.leaves]
    peak = peak[:, :1] if (peak == peak[:, :1]).all() else peak
    return _Books(tree.period, tree.probability[tree.leaves], fixed, units, take, present(committed), committed, peak)


@dataclass(frozen=True)
class _Group:
    """Types that are reckoned side by side: one hurdle rate, and all of them cautious or none. H types."""

    rate: float
    cautious: bool
    places: Ints  # [H] in the view
    unit_cost: Floats  # [H, P]
    columns: dict[str, Floats]  # [H] the types' other numbers, by field

    def __getitem__(self, field: str) -> Floats:
        """Numbers that spread over solved prices and futures. [H, 1, 1]"""
        return self.columns[field][:, None, None]


def _groups(view: SupplierView, products: int) -> list[_Group]:
    keys = [(kind.hurdle_rate, kind.risk_weight > 0) for kind in view.types]
    found = []
    for rate, cautious in sorted(set(keys)):
        at = np.array([i for i, key in enumerate(keys) if key == (rate, cautious)], dtype=np.int64)
        kinds = [view.types[i] for i in at]
        columns = {name: np.array([np.inf if getattr(x, name) is None else getattr(x, name) for x in kinds], dtype=float) for name in NUMBERS}
        costs = np.array([np.broadcast_to(np.asarray(x.unit_cost, dtype=float), products) for x in kinds])
        found.append(_Group(rate, cautious, at, costs, columns))
    return found


def _gains(books: _Books, group: _Group, nearest: Ints, prices: Floats) -> Floats:
    """Gains at every price, each with the call-off of its nearest solved price. [H, Q]"""
    taken = sum((group.unit_cost[:, p, None, None] * take for p, take in enumerate(books.take)), start=np.zeros(()))
    held = (group["capacity_cost"] + group["alternative_margin"]) * books.committed
    built = group["expansion_cost"] * np.maximum(books.peak - group["capacity"], 0.0)
    profit = books.fixed - taken - held - built - group["set_up"]  # [H, K, L] at headline price 0
    if group.cautious:
        gain = _cautious(profit[:, nearest] + books.units[nearest] * prices[:, None], books.probability, group)
    else:
        gain = (profit * books.probability).sum(axis=2)[:, nearest] + (books.units * books.probability).sum(axis=1)[nearest] * prices
    early = np.where(books.period < group["expansion_build_periods"], books.by_node, 0.0).max(axis=2)
    capacity = group.columns["capacity"][:, None]
    late = early > capacity + SLACK * np.maximum(capacity, 1.0)
    return np.where(late[:, nearest], -np.inf, gain - group.columns["no_deal"][:, None])


def _cautious(profit: Floats, probability: Floats, group: _Group) -> Floats:
    """(1 - w) mean + w mean of the worst futures. [H, Q]"""
    order = np.argsort(profit, axis=2)
    sizes = probability[order]
    used = np.clip(group["tail"] - (np.cumsum(sizes, axis=2) - sizes), 0.0, sizes)
    worst = (np.take_along_axis(profit, order, 2) * used).sum(axis=2) / used.sum(axis=2)
    weight = group.columns["risk_weight"][:, None]
    return np.asarray((1 - weight) * (profit * probability).sum(axis=2) + weight * worst)
