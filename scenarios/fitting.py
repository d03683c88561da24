"""Generator settings from a history of prices and volumes.

    CSV -> History -> regimes of the market -> a process per price, within them -> factors of demand -> what moves together -> settings, sentences

The buyer's base values are taken as the forecast: a history says how far and how fast things move around it, not where to. Drift and growth are reported
and stay out of the settings unless asked for. Each step has its formulas in its own module (`fitting_*.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.uncertainty import Generated
from scenarios.fitting_correlation import MOST_DRIVERS, Moves, Tie, ties_of
from scenarios.fitting_demand import DemandFit, fit_demand
from scenarios.fitting_history import PRICES, VOLUMES, History, yearly_mean_changes
from scenarios.fitting_markets import Market, Outages, find_regimes, market_of, means_in, outages_of, price_in
from scenarios.fitting_paths import paths_of
from scenarios.fitting_prices import PriceFit, fit_price
from scenarios.fitting_regimes import RegimeFit
from scenarios.fitting_settings import regimes_of, settings_of
from scenarios.tree import Floats

DRIVERS = {"spot_price": "spot", "index": "index", "fx": "fx"}
FUTURES = 200
FAN_YEARS, FAN_PATHS = 5.0, 1_000


@dataclass(frozen=True)
class Fit:
    """What a history says, and the settings that draw such futures."""

    history: History
    period_years: float
    drift: bool
    """Whether drift went into the settings."""
    asked: int | None
    """Number of regimes asked for; None: as many as the data show, 0: none."""
    regimes: RegimeFit | None
    markets: tuple[Market, ...]
    prices: tuple[PriceFit, ...]
    demand: DemandFit | None
    outages: tuple[Outages, ...]
    shares: dict[str, Floats]
    """What suppliers delivered in each regime. [R] by supplier"""
    ties: tuple[Tie, ...]
    untied: int
    """Drivers beyond those that correlations are fitted between."""
    settings: Generated

    def fan(self, price: PriceFit, *, seed: int = 1) -> Floats:
        """Paths of a price after its last value, step by step. [FAN_PATHS, steps]"""
        return paths_of(price, *self._levels(price), self.history.step_years, steps=self.fan_steps, count=FAN_PATHS, seed=seed)

    @property
    def settings_moves(self) -> Floats:
        """Moves between regimes per period, as the settings have them. [R, R]"""
        regimes = self.settings.regimes
        return np.array([[row.moves.get(other.id, 0.0) for other in regimes] for row in regimes])

    @property
    def fan_steps(self) -> int:
        """How many steps the fan looks ahead: FAN_YEARS, but never more than half of the history."""
        return max(2, min(round(FAN_YEARS / self.history.step_years), len(self.history.months) // 2))

    def _levels(self, price: PriceFit) -> tuple[RegimeFit | None, Floats | None]:
        """The regimes that `price` lives in, and its logarithm in each."""
        kind, _, name = price.driver.partition(":")
        market = next((market for market in self.markets if kind == "spot" and market.spot == name and market.price), None)
        if self.regimes is None or market is None or market.price is None:
            return None, None
        last = int(np.flatnonzero(~np.isnan(price.values))[-1])
        shape = np.log([factor.value for factor in market.price])
        now = price.centre[last] - self.regimes.probabilities[last - self.regimes.rows[0]] @ shape
        return self.regimes, shape + now


def fit(history: History, *, period_years: float = 1.0, regimes: int | None = None, drift: bool = False, futures: int = FUTURES, seed: int = 1) -> Fit:
    """Fit everything that `history` tells of. `period_years`: length of the scenario's periods; `regimes`: that many (0: none, None: by BIC).

    `futures` and `seed` go into the settings. The same history gives the same settings.
    """
    found = find_regimes(history, regimes)
    prices, factors = [], {}
    for column in history.of(*PRICES):
        if found is not None and column.kind == "spot_price":
            price, factors[column.id] = price_in(found, column, history)
        else:
            price = fit_price(f"{DRIVERS[column.kind]}:{column.id}", column.name, column.values, history.step_years)
        prices.append(price)
    spots = dict.fromkeys(column.id for column in history.of("spot_price", "available", "lead_weeks"))
    markets = tuple(market_of(found, spot, factors.get(spot), history) for spot in spots) if found else ()
    delivered = history.of("deliverability")
    shares = {column.id: _whole(means_in(found, column.values[slice(*found.rows)])) for column in delivered} if found else {}
    outages = tuple(x for column in delivered if (x := outages_of(column, history.step_years))) if not found else ()
    volumes = history.of(*VOLUMES)
    demand = fit_demand(volumes, history.per_year) if volumes else None
    chain = regimes_of(found, markets, shares, history.step_years, period_years) if found else ()
    bare = settings_of(tuple(prices), chain, demand, outages, (), period_years=period_years, drift=drift, futures=futures, seed=seed)
    moves = _moves(prices, demand, bare, history.per_year)
    ties = ties_of(moves[:MOST_DRIVERS], history.per_year)
    settings = settings_of(tuple(prices), chain, demand, outages, ties, period_years=period_years, drift=drift, futures=futures, seed=seed)
    return Fit(history, period_years, drift, regimes, found, markets, tuple(prices), demand, outages, shares, ties, max(0, len(moves) - MOST_DRIVERS), settings)


def _whole(shares: Floats) -> Floats:
    """Shares of regimes that were hardly seen count as whole."""
    return np.where(np.isnan(shares), 1.0, np.clip(shares, 0.0, 1.0))


def _moves(prices: list[PriceFit], demand: DemandFit | None, settings: Generated, per_year: int) -> list[Moves]:
    """The shocks of every driver that moves in the settings, prices first."""
    still = {f"spot:{x.spot}" for x in settings.spot if x.price is None or x.price.volatility == 0}
    still |= {f"index:{x.index}" for x in settings.index if x.level.volatility == 0} | {f"fx:{x.currency}" for x in settings.fx if x.rate.volatility == 0}
    found = [Moves(x.driver, x.shocks, yearly_mean_changes(np.log(x.values) - x.centre, per_year)) for x in prices if x.driver not in still]
    if demand is not None and settings.demand.common.volatility > 0:
        found += [Moves(row.driver, None, row.changes) for row in (demand.common, *demand.products, *demand.sites)]
    return found
