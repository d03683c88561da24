"""Spot markets in their regimes, and suppliers: what price, volume on offer, lead time and deliveries were like in each.

With p_r,t the probability of regime r at row t given the whole history, a mean in regime r is sum_t p_r,t y_t / sum_t p_r,t. Outages of a supplier in a
history without regimes: spells in which less than WHOLE is delivered, rate = spells begun / time without one, mean duration = time in them / spells ended
(maximum likelihood of an alternating exponential process, cut off at both ends of the history).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp

import numpy as np

from scenarios.fitting_chain import visits_of
from scenarios.fitting_history import Column, History
from scenarios.fitting_parts import Estimate
from scenarios.fitting_prices import Candidate, PriceFit, fit_price, price_of
from scenarios.fitting_regimes import LEAST_ROWS, LEAST_ROWS_ASKED, RegimeFit, fit_regimes
from scenarios.tree import Floats

WHOLE = 0.95
LEAST_WEIGHT = 1.0  # rows that a regime must be worth for a mean to be taken


@dataclass(frozen=True)
class Market:
    """What the regimes do to one spot market. Entries are NaN where the history has nothing to say. [R] each"""

    spot: str
    price: tuple[Estimate, ...] | None
    """Relative to the normal regime."""
    available: Floats | None
    """Volume on offer relative to the normal regime."""
    lead_weeks: Floats | None


@dataclass(frozen=True)
class Outages:
    """Spells in which a supplier did not deliver in full."""

    supplier: str
    spells: int
    begun: int
    rate: Estimate
    mean_years: float
    share: float
    """What was still delivered meanwhile."""


def market_rows(history: History, asked: int | None) -> tuple[int, int] | None:
    """First and last + 1 row in which all spot prices are known, if that is long enough to look for regimes."""
    columns = history.of("spot_price")
    if not columns or (asked is not None and asked < 2):
        return None
    known = np.flatnonzero(~np.isnan([column.values for column in columns]).any(axis=0))
    if len(known) < (LEAST_ROWS if asked is None else LEAST_ROWS_ASKED):
        return None
    return int(known[0]), int(known[-1]) + 1


def find_regimes(history: History, asked: int | None) -> RegimeFit | None:
    """The regimes that all spot prices share; None where there are none, or too little to find them in."""
    rows = market_rows(history, asked)
    if rows is None:
        return None
    logs = np.log([column.values[rows[0] : rows[1]] for column in history.of("spot_price")])
    x = logs[0] if len(logs) == 1 else (logs - logs.mean(axis=1, keepdims=True)).mean(axis=0)
    return fit_regimes(x, rows, history.step_years, asked)


def price_in(regimes: RegimeFit, column: Column, history: History) -> tuple[PriceFit, tuple[Estimate, ...]]:
    """How a spot price moves within its regime, and its price factors. [R]"""
    h = history.step_years
    alone = len(history.of("spot_price")) == 1
    x = np.log(column.values[slice(*regimes.rows)])
    levels = regimes.levels if alone else means_in(regimes, x)
    levels = np.where(np.isnan(levels), levels[regimes.normal] + regimes.levels - regimes.levels[regimes.normal], levels)  # hardly seen: as the others
    values, centre = np.full(len(column.values), np.nan), np.zeros(len(column.values))
    values[slice(*regimes.rows)] = column.values[slice(*regimes.rows)]
    centre[slice(*regimes.rows)] = regimes.probabilities @ levels
    driver = f"spot:{column.id}"
    if alone:
        errors = (regimes.carry.error, 0.0, regimes.deviation.error)
        size = len(regimes.levels)
        one = Candidate("mean_reverting", None, regimes.carry.value, 0.0, regimes.deviation.value, errors, regimes.log_likelihood, size**2 + 2, len(x) - 1)
        price, factors = price_of(driver, column.name, values, centre, one, (one,), h), regimes.factors
    else:
        price = fit_price(driver, column.name, values, h, centre, chosen="mean_reverting")
        normal = levels[regimes.normal]
        factors = tuple(Estimate(exp(level - normal), float("nan") if r != regimes.normal else 0.0) for r, level in enumerate(levels))
    if price.chosen.kind == "mean_reverting":
        price = replace(price, level=price.level * exp(levels[regimes.normal]))
    return price, factors


def means_in(regimes: RegimeFit, values: Floats) -> Floats:
    """Mean of `values` (rows of the regimes, NaN where not known) in every regime; NaN where it was hardly seen. [R]"""
    known = ~np.isnan(values)
    weight = regimes.probabilities[known].sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(weight >= LEAST_WEIGHT, values[known] @ regimes.probabilities[known] / weight, np.nan)


def market_of(regimes: RegimeFit, spot: str, factors: tuple[Estimate, ...] | None, history: History) -> Market:
    """The regimes' effects on `spot`, from whatever columns the history has of it."""

    def seen(kind: str) -> Floats | None:
        values = next((column.values for column in history.of(kind) if column.id == spot), None)
        return None if values is None else means_in(regimes, values[slice(*regimes.rows)])

    available = seen("available")
    if available is not None:
        normal = available[regimes.normal]
        available = available / normal if normal > 0 else None
    return Market(spot, factors, available, seen("lead_weeks"))


def outages_of(column: Column, step_years: float) -> Outages | None:
    """Outages in a supplier's deliverable shares; None where there were none."""
    share = column.values[~np.isnan(column.values)]
    out = (share < WHOLE).astype(np.int64)
    seen = visits_of(out, 2)[1]
    if seen.spells == 0:
        return None
    up, down = float((out == 0).sum()) * step_years, float(out.sum()) * step_years
    begun = max(seen.begun, 0.5)  # only one that had begun before the history: half an event
    rate = begun / max(up, step_years)
    return Outages(column.id, seen.spells, seen.begun, Estimate(rate, rate / begun**0.5), down / max(seen.ended, 1), float(share[out == 1].mean()))
