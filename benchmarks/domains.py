"""What is negotiated in the tournament: tables of packages, and suppliers to negotiate them with.

The synthetic markets are closed forms, so that no solver is needed: a product of which D is wanted and spot sells at S, both uncertain. A contract over V a
period at price p with take-or-pay share f, of which the share x of what is bound is paid at signing, costs in a period

    p max(take, f V) + S (D - take)         take = min(D, V) where p <= S, else min(D, f V)

Tables made elsewhere come in as `Setting`s: a table of the desk's and the supplier around which the types are drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from models.suppliers import SupplierType, SupplierView
from optimizer.negotiation.supplier import supplier_gains
from optimizer.negotiation.table import CallOff, Cell, Table
from scenarios.tree import Floats, States, Tree

PERIODS, FUTURES, PRICES = 3, 40, 41
TAIL = 0.2  # share of the worst futures, of both sides
OFF = 0.25  # suppliers differ in costs by up to this share, in tastes and capacity by up to three times as much
FEW = 6
Terms = tuple[float, float, float]  # volume, take-or-pay share, prepaid share


@dataclass(frozen=True)
class Setting:
    """A table, and the supplier around which those are drawn that may sit across it."""

    table: Table
    plain: SupplierType


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
    wrong: Floats  # [FEW, cells, Q] gains of types that are all wrong in the same direction

    def thinking_of(self, types: Floats) -> Domain:
        """The same for a buyer that thinks of these types only."""
        return replace(self, types=types, prior=np.full(len(types), 1.0 / len(types)))


def domains_of(settings: Sequence[Setting], types: int, seeds: int, draw: int = 0) -> list[list[Domain]]:
    """Domains of every seed. Even seeds: the supplier is one of the FEW first types that the buyer thinks possible. Odd seeds: it is none of them."""
    found: list[list[Domain]] = [[] for _ in range(seeds)]
    for s, setting in enumerate(settings):
        table, rng = setting.table, np.random.default_rng([7 + draw, s])
        kinds = [drawn(setting.plain, rng, f"type-{k}") for k in range(types + seeds)]
        kinds += [misjudged(kind) for kind in kinds[:FEW]]
        gains = supplier_gains(table, SupplierView(supplier=table.offer, types=tuple(kinds))).gains
        for seed in range(seeds):
            true = int(rng.integers(min(FEW, types))) if seed % 2 == 0 else types + seed
            prior = np.full(types, 1.0 / types)
            found[seed].append(Domain(table.offer, table.gains, gains[true], gains[:types], prior, scaled_terms(table), true < types, gains[-FEW:]))
    return found


def drawn(plain: SupplierType, rng: np.random.Generator, name: str) -> SupplierType:
    """Another supplier like this one. Hurdle rates are a few: suppliers with the same one are reckoned together."""
    off = {"unit_cost": OFF, "capacity_cost": OFF, "alternative_margin": OFF, "risk_weight": 3 * OFF, "capacity": 3 * OFF}
    moved = {field: getattr(plain, field) * (1.0 + rng.uniform(-by, by)) for field, by in off.items() if getattr(plain, field) is not None}
    rate = plain.hurdle_rate * rng.choice(np.linspace(1 - 3 * OFF, 1 + 3 * OFF, 5))
    return plain.model_copy(update={"id": name, **moved, "hurdle_rate": float(rate), "risk_weight": min(moved["risk_weight"], 1.0)})


def misjudged(kind: SupplierType) -> SupplierType:
    """The supplier as somebody sees it who thinks that it is cheaper, more anxious and more patient than it is."""
    bolder = {"unit_cost": 0.8 * kind.unit_cost, "hurdle_rate": 0.5 * kind.hurdle_rate, "risk_weight": min(2.0 * kind.risk_weight, 1.0)}  # type: ignore[operator]
    return kind.model_copy(update={"id": f"misjudged-{kind.id}", **bolder})


def scaled_terms(table: Table) -> Floats:
    """Terms of every cell on [0, 1]. [cells, levers]"""
    names = sorted({name for cell in table.cells for name, _ in cell.terms})
    values = np.array([[dict(cell.terms).get(name, 0.0) for name in names] for cell in table.cells])
    reach = np.ptp(values, axis=0)
    return np.asarray((values - values.min(axis=0)) / np.where(reach > 0, reach, 1.0))


# --- Synthetic markets --------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Market:
    """A buyer, its futures, and the grid of terms."""

    name: str
    demand: tuple[float, float]  # mean, spread (share)
    spot: tuple[float, float]
    together: float  # how far spot moves with demand, -1 to 1
    plain: SupplierType
    rate: float = 0.1  # the buyer's discount rate
    risk_weight: float = 0.5
    draw: int = 0  # of the futures
    volumes: tuple[float, ...] = (30.0, 60.0, 90.0, 120.0, 150.0)
    shares: tuple[float, ...] = (0.0, 0.4, 0.7, 1.0)
    prepaid: tuple[float, ...] = (0.0, 0.25, 0.5)

    def futures(self) -> tuple[Floats, Floats]:
        """Demand and spot price. [PERIODS, FUTURES] each; the same on every call."""
        rng = np.random.default_rng(20_261_129 + self.draw)
        first, other = rng.standard_normal((2, PERIODS, FUTURES)).cumsum(axis=1) / np.sqrt(np.arange(1, PERIODS + 1))[:, None]
        moved = self.together * first + np.sqrt(1.0 - self.together**2) * other
        demand, spot = (mean * np.exp(by * z - by**2 / 2) for (mean, by), z in ((self.demand, first), (self.spot, moved)))
        return demand, spot

    def setting(self) -> Setting:
        """The table of all packages, solved at every price."""
        low, high = 0.5 * self.spot[0], 1.2 * self.spot[0]
        step = (high - low) / (PRICES - 1)
        demand, spot = self.futures()
        begin, years = np.arange(1.0, PERIODS + 1), np.ones(PERIODS)
        no_deal = self._cost(demand * spot, 0.0)
        cells = tuple(self._cell(terms, low + step * np.arange(PRICES)) for terms in product(self.volumes, self.shares, self.prepaid) if _sensible(terms))
        return Setting(Table(self.name, None, self.spot[0], "money per unit", low, high, step, no_deal, fan(), begin, years, self.rate, cells), self.plain)

    def _cell(self, terms: Terms, prices: Floats) -> Cell:
        calls, cost = [], []
        for price in prices.tolist():
            call, spot_cost = self._call(terms, price)
            paid = call.paid(price)
            calls.append(call)
            cost.append(self._cost(paid[1:].reshape(PERIODS, FUTURES) + spot_cost, float(paid[0])))
        named = tuple(zip(("prepayment", "take_or_pay", "volume"), terms[::-1], strict=True))
        return Cell(named, prices, np.array(cost), False, tuple(calls))

    def _call(self, terms: Terms, price: float) -> tuple[CallOff, Floats]:
        """What is taken and paid for, and the cost of spot. [PERIODS, FUTURES]"""
        volume, share, prepaid = terms
        demand, spot = self.futures()
        take = np.where(price <= spot, np.minimum(demand, volume), np.minimum(demand, share * volume))
        advance = prepaid * share * volume
        units = _by_node(np.maximum(take, share * volume) - advance, now=advance * PERIODS)
        return CallOff(np.zeros_like(units), units, _by_node(take)[None], _by_node(np.full_like(take, volume))[None]), spot * (demand - take)

    def _cost(self, later: Floats, now: float) -> float:
        """Risk-adjusted cost of amounts. [PERIODS, FUTURES]"""
        cost = now + (later * ((1.0 + self.rate) ** -np.arange(1.0, PERIODS + 1))[:, None]).sum(axis=0)
        worst = np.sort(cost)[-round(TAIL * FUTURES) :].mean()
        return float((1.0 - self.risk_weight) * cost.mean() + self.risk_weight * worst)


def fan() -> Tree:
    """Futures that have only node 0 in common."""
    size = 1 + PERIODS * FUTURES
    empty = np.zeros((size, 0))
    return Tree(
        ids=("now", *(f"{t}.{f}" for t in range(PERIODS) for f in range(FUTURES))),
        parent=np.concatenate([[-1], np.maximum(np.arange(1, size) - FUTURES, 0)]).astype(np.int64),
        period=np.concatenate([[-1], np.repeat(np.arange(PERIODS), FUTURES)]).astype(np.int64),
        probability=np.concatenate([[1.0], np.full(size - 1, 1.0 / FUTURES)]),
        states=States(np.zeros((size, 0, 0)), *(empty,) * 7),
        leaves=np.arange(size - FUTURES, size, dtype=np.int64),
        futures=tuple(str(f) for f in range(FUTURES)),
        foresight="which future has come true is known right after signing",
    )


def _sensible(terms: Terms) -> bool:
    """What is not bound can't be prepaid."""
    return terms[2] == 0.0 or terms[1] > 0.0


def _by_node(amount: Floats, now: float = 0.0) -> Floats:
    return np.concatenate([[now], amount.ravel()])


PLAIN = SupplierType(
    id="plain", unit_cost=4.0, capacity_cost=1.5, alternative_margin=0.5, hurdle_rate=0.1, risk_weight=0.3, tail=TAIL, capacity=80.0, expansion_cost=3.0
)


def _like(**fields: float) -> SupplierType:
    return PLAIN.model_copy(update=fields)


LEAN = _like(unit_cost=6.5, capacity_cost=0.4, alternative_margin=0.2)
MARKETS = (
    Market("steady", (100.0, 0.1), (10.0, 0.15), 0.0, PLAIN),
    Market("unsure-demand", (100.0, 0.6), (10.0, 0.3), 0.0, LEAN),
    Market("tight-spot", (100.0, 0.2), (10.0, 0.6), 0.7, _like(unit_cost=6.0, capacity_cost=0.6, risk_weight=0.1)),
    Market("poor-supplier", (100.0, 0.25), (10.0, 0.3), 0.3, _like(hurdle_rate=0.3, risk_weight=0.1)),
    Market("anxious-supplier", (100.0, 0.35), (10.0, 0.3), 0.3, _like(risk_weight=0.7, capacity_cost=2.5, unit_cost=3.0)),
    Market("other-uses", (100.0, 0.3), (10.0, 0.4), -0.4, _like(alternative_margin=2.0, unit_cost=3.5)),
    replace(Market("few-terms", (100.0, 0.4), (10.0, 0.4), 0.5, LEAN), volumes=(40.0, 80.0, 120.0), shares=(0.0, 0.5, 1.0), prepaid=(0.0,)),
)
