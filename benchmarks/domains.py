"""What is negotiated in the tournament: tables of gains, for the buyer and for every kind of supplier.

Closed form, so that no solver is needed: a product of which D is wanted and spot sells at S, both uncertain. A contract over V a period at price p with
take-or-pay share f, of which the share x is paid at signing, costs in a period

    p max(take, f V) + S (D - take)         take = min(D, V) where p <= S, else min(D, f V)

The supplier gets the same payments, later worth less to it (hurdle rate), and bears unit cost per unit taken, capacity cost and what it could earn
elsewhere per unit committed. Both sides weigh the mean of their worst futures. Tables made elsewhere come in by `from_table`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from optimizer.negotiation.table import Table
from scenarios.tree import Floats

PERIODS, FUTURES, PRICES = 3, 40, 41
TAIL = 0.2  # share of the worst futures


@dataclass(frozen=True)
class Domain:
    """One negotiation: all packages are (cell, price), flattened in that order where an index is needed."""

    name: str
    buyer: Floats  # [cells, Q] gain
    truth: Floats  # [cells, Q] gain of the supplier at the table
    types: Floats  # [K, cells, Q] gains of the kinds that the buyer thinks possible
    prior: Floats  # [K]
    terms: Floats  # [cells, levers] on [0, 1]
    known: bool  # whether the true supplier is one of the types


@dataclass(frozen=True)
class Seller:
    """Cost and tastes of a supplier."""

    unit_cost: float
    capacity_cost: float
    alternative_margin: float
    hurdle_rate: float
    risk_weight: float
    capacity: float = 80.0  # a period, free; beyond it expansion has to be paid
    expansion_cost: float = 3.0

    def spread(self, by: float, rng: np.random.Generator) -> Seller:
        """Another supplier: costs off by up to a share `by`, tastes and capacity by up to three times as much."""
        off = dict.fromkeys(("unit_cost", "capacity_cost", "alternative_margin"), by)
        off |= {name: min(3.0 * by, 1.0) for name in ("hurdle_rate", "risk_weight", "capacity")}
        return replace(self, **{name: getattr(self, name) * (1.0 + rng.uniform(-x, x)) for name, x in off.items()})


@dataclass(frozen=True)
class Market:
    """A buyer, its futures, and the grid of terms."""

    name: str
    demand: tuple[float, float]  # mean, spread (share)
    spot: tuple[float, float]
    together: float  # how far spot moves with demand, -1 to 1
    seller: Seller
    rate: float = 0.1  # the buyer's discount rate
    risk_weight: float = 0.5
    volumes: tuple[float, ...] = (30.0, 60.0, 90.0, 120.0, 150.0)
    shares: tuple[float, ...] = (0.0, 0.4, 0.7, 1.0)
    prepaid: tuple[float, ...] = (0.0, 0.25, 0.5)

    def futures(self) -> tuple[Floats, Floats]:
        """Demand and spot price. [FUTURES, PERIODS] each; the same on every call."""
        rng = np.random.default_rng(20_261_129)
        first, other = rng.standard_normal((2, FUTURES, PERIODS)).cumsum(axis=2) / np.sqrt(np.arange(1, PERIODS + 1))
        moved = self.together * first + np.sqrt(1.0 - self.together**2) * other
        made = ((self.demand, first), (self.spot, moved))
        return tuple(mean * np.exp(by * z - by**2 / 2) for (mean, by), z in made)  # type: ignore[return-value]

    def prices(self) -> Floats:
        """Prices on the table. [Q]"""
        return np.linspace(0.5, 1.2, PRICES) * self.spot[0]

    def cells(self) -> list[tuple[float, float, float]]:
        """Volume, take-or-pay share, prepaid share of every cell; what is not bound can't be prepaid."""
        return [x for x in product(self.volumes, self.shares, self.prepaid) if x[2] == 0.0 or x[1] > 0.0]

    def calls(self, cell: tuple[float, float, float]) -> tuple[Floats, Floats, Floats]:
        """Take and payment [Q, FUTURES, PERIODS], and what is paid at signing [Q, 1]."""
        volume, share, prepaid = cell
        demand, spot = self.futures()
        price = self.prices()[:, None, None]
        take = np.where(price <= spot, np.minimum(demand, volume), np.minimum(demand, share * volume))
        advance = prepaid * share * volume * price
        return take, price * np.maximum(take, share * volume) - advance, advance[:, :, 0] * PERIODS

    def buyer_gain(self) -> Floats:
        """[cells, Q]"""
        demand, spot = self.futures()
        years = (1.0 + self.rate) ** -np.arange(1.0, PERIODS + 1)
        found = []
        no_deal = weighed((demand * spot * years).sum(axis=1), self.risk_weight)
        for cell in self.cells():
            take, paid, now = self.calls(cell)
            found.append(no_deal - weighed(now + ((paid + spot * (demand - take)) * years).sum(axis=2), self.risk_weight))
        return np.array(found)

    def seller_gain(self, seller: Seller) -> Floats:
        """[cells, Q]"""
        years = (1.0 + seller.hurdle_rate) ** -np.arange(1.0, PERIODS + 1)
        found = []
        for cell in self.cells():
            take, paid, now = self.calls(cell)
            bound = (seller.capacity_cost + seller.alternative_margin) * cell[0]
            expansion = seller.expansion_cost * max(cell[0] - seller.capacity, 0.0)
            profit = now + ((paid - seller.unit_cost * take - bound) * years).sum(axis=2) - expansion
            found.append(-weighed(-profit, seller.risk_weight))
        return np.array(found)


def weighed(cost: Floats, weight: float) -> Floats:
    """(1 - weight) mean + weight x mean of the worst TAIL, all futures alike. [..., FUTURES] -> [...]"""
    worst = np.sort(cost, axis=-1)[..., -round(TAIL * FUTURES) :].mean(axis=-1)
    return np.asarray((1.0 - weight) * cost.mean(axis=-1) + weight * worst)


PLAIN = Seller(unit_cost=4.0, capacity_cost=1.5, alternative_margin=0.5, hurdle_rate=0.1, risk_weight=0.3)
MARKETS = (
    Market("steady", (100.0, 0.1), (10.0, 0.15), 0.0, PLAIN),
    Market("unsure demand", (100.0, 0.6), (10.0, 0.3), 0.0, replace(PLAIN, unit_cost=6.5, capacity_cost=0.4, alternative_margin=0.2)),
    Market("tight spot", (100.0, 0.2), (10.0, 0.6), 0.7, replace(PLAIN, unit_cost=6.0, capacity_cost=0.6, risk_weight=0.1)),
    Market("poor supplier", (100.0, 0.25), (10.0, 0.3), 0.3, replace(PLAIN, hurdle_rate=0.3, risk_weight=0.1)),
    Market("anxious supplier", (100.0, 0.35), (10.0, 0.3), 0.3, replace(PLAIN, risk_weight=0.7, capacity_cost=2.5, unit_cost=3.0)),
    Market("other uses", (100.0, 0.3), (10.0, 0.4), -0.4, replace(PLAIN, alternative_margin=2.0, unit_cost=3.5)),
)
BY, TYPES = 0.25, 30


class Domains:
    """All synthetic domains; the table of a market and of its types is made once."""

    def __init__(self, markets: tuple[Market, ...] = MARKETS) -> None:
        self.markets = markets
        rng = np.random.default_rng(7)
        self.buyers = [market.buyer_gain() for market in markets]
        self.types = [np.array([market.seller_gain(market.seller.spread(BY, rng)) for _ in range(TYPES)]) for market in markets]

    def drawn(self, seed: int) -> list[Domain]:
        """Every market once. Even seeds: the supplier is one of the types. Odd seeds: it is none of them."""
        found = []
        for m, market in enumerate(self.markets):
            rng = np.random.default_rng([seed, m])
            known = seed % 2 == 0
            truth = self.types[m][rng.integers(TYPES)] if known else market.seller_gain(market.seller.spread(BY, rng))
            cells = np.array(market.cells())
            prior = np.full(TYPES, 1.0 / TYPES)
            found.append(Domain(market.name, self.buyers[m], truth, self.types[m], prior, (cells - cells.min(0)) / np.ptp(cells, axis=0), known))
        return found


def from_table(table: Table, types: Floats, prior: Floats, truth: Floats, *, known: bool) -> Domain:
    """A table made by the desk, with supplier gains [K, cells, Q] of the types and [cells, Q] of the supplier at the table."""
    names = sorted({name for cell in table.cells for name, _ in cell.terms})
    values = np.array([[dict(cell.terms).get(name, np.nan) for name in names] for cell in table.cells])
    low, reach = np.nanmin(values, axis=0), np.ptp(np.nan_to_num(values), axis=0)
    return Domain(table.offer, table.gains, truth, types, prior, np.nan_to_num((values - low) / np.where(reach > 0, reach, 1.0)), known)
