"""The grid of packages of one offer, solved once; everything at the table is read off it.

Non-price terms span the grid (`Cell`); the price comes last. A cell knows what the buyer's whole portfolio costs with the package signed at some prices,
and what the buyer then takes; between two prices the cost is interpolated (exact where `exact`, within the two neighbours' costs elsewhere, because cost
only rises with the price). What is paid is linear in the price for given takes.

    gain(w, p) = no_deal - W_w(p)        payment at node n: fixed[n] + p units[n]
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.errors import Finding, InvalidScenario
from models.negotiation import Package
from scenarios.tree import Floats, Ints, Tree

Terms = tuple[tuple[str, float], ...]  # (lever, value), sorted by lever


@dataclass(frozen=True)
class CallOff:
    """What happens under the signed package at one price. N nodes, P the offer's products. Money is nominal, in the scenario's currency."""

    fixed: Floats  # [N] paid to the supplier at headline price 0
    units: Floats  # [N] money paid to the supplier per unit of headline price
    take: Floats  # [P, N] volume taken
    committed: Floats  # [P, N] committed volume of the node's period, 0 outside the window

    def paid(self, price: float) -> Floats:
        """What the supplier is paid at every node. [N]"""
        return self.fixed + price * self.units


@dataclass(frozen=True)
class Cell:
    """One package without its price, solved at K prices."""

    terms: Terms
    prices: Floats  # [K] ascending
    cost: Floats  # [K] cost of the portfolio with it signed at that price; infinite where that is impossible
    exact: bool  # whether cost is linear between neighbouring prices
    calls: tuple[CallOff, ...]  # [K] at each price; of an exact cell [K - 1] on each piece, if it has any

    @cached_property
    def lists(self) -> tuple[list[float], list[float]]:
        """Prices and costs as plain lists, which a single look-up reads ten times as fast."""
        return self.prices.tolist(), self.cost.tolist()

    def cost_at(self, price: float) -> float:
        """Cost at a price, interpolated; beyond the ends as the last piece goes on."""
        prices, cost = self.lists
        if len(prices) == 1:
            return cost[0]
        k = min(max(bisect_right(prices, price) - 1, 0), len(prices) - 2)
        return cost[k] + (cost[k + 1] - cost[k]) * (price - prices[k]) / (prices[k + 1] - prices[k])

    def places(self, prices: Floats) -> Ints:
        """Which call-off holds at some prices: of an exact cell its piece's, elsewhere that of the nearest price that was solved."""
        if self.by_piece:
            return np.clip(np.searchsorted(self.prices, prices, side="right") - 1, 0, len(self.calls) - 1)
        return np.asarray(np.abs(self.prices[:, None] - prices).argmin(axis=0))

    def call_at(self, price: float) -> CallOff:
        """What is taken at a price."""
        return self.calls[int(self.places(np.array([price]))[0])]

    @property
    def by_piece(self) -> bool:
        """Whether call-offs belong to pieces between prices."""
        return len(self.calls) < len(self.prices)

    def price_for(self, cost: float) -> float | None:
        """The highest price at which the package costs no more than this; None if none does."""
        prices, costs = self.lists
        if costs[0] > cost:
            return None
        for k in range(len(prices) - 1, 0, -1):
            if costs[k] <= cost:
                return prices[k]
            if costs[k - 1] <= cost:
                return prices[k - 1] + (prices[k] - prices[k - 1]) * (cost - costs[k - 1]) / (costs[k] - costs[k - 1])
        return prices[0]


@dataclass(frozen=True)
class Table:
    """All packages of one offer, and the cost without it."""

    offer: str
    alternative: str | None
    headline: float  # as offered
    price_unit: str
    low: float  # lowest and highest price on the table, and the step between prices
    high: float
    step: float
    no_deal: float
    tree: Tree
    begin: Floats  # [T] years from signing to the start of each period
    years: Floats  # [T] length of each period in years
    discount_rate: float  # the buyer's, per year
    cells: tuple[Cell, ...]
    spread: float = 0.0  # by how much costs were seen to leave straight lines where cells were halved; between other prices it may be more
    stands: Terms = ()  # where the levers on the table stand as offered, as far as that is on it

    def cell(self, terms: Mapping[str, float]) -> Cell:
        """The cell with these terms; levers that are not named stand as offered, or if that is not on the table as in the first cell. Raises InvalidScenario
        for terms that are not on the grid."""
        wanted = {**self._usual, **terms}
        place = self._places.get(tuple(sorted(wanted.items())))
        if place is None:
            raise InvalidScenario([Finding("terms", f"{dict(terms)} is not on the table of offer '{self.offer}'")], "package")
        return self.cells[place]

    @cached_property
    def _places(self) -> dict[Terms, int]:
        return {tuple(sorted(cell.terms)): i for i, cell in enumerate(self.cells)}

    @cached_property
    def _usual(self) -> dict[str, float]:
        return {**dict(self.cells[0].terms), **dict(self.stands)}

    def gain(self, package: Package) -> float:
        """What signing the package is worth to the buyer against no deal, in money. Made for automated opponents: microseconds."""
        cell = self.cell(package.terms)
        return self.no_deal - cell.cost_at(self.headline if package.price is None else package.price)

    @cached_property
    def prices(self) -> Floats:
        """The prices on the table. [Q]"""
        count = int(np.floor((self.high - self.low) / self.step + 1e-9)) + 1
        return np.asarray(self.low + self.step * np.arange(count))

    @cached_property
    def gains(self) -> Floats:
        """The buyer's gain of every package. [cells, Q]"""
        return np.array([[self.no_deal - cell.cost_at(p) for p in self.prices.tolist()] for cell in self.cells])
