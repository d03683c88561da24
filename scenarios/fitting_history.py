"""A history of a market: recorded series side by side, one row per month, quarter or year.

What can be recorded, and what a volume says from year to year:

    change_t = log(V_t + ... + V_(t-q+1)) - log(V_(t-q) + ... + V_(t-2q+1)),  q the rows of a year

so that seasons and the noise of single deliveries cancel. Reference: Brockwell & Davis (2016), Introduction to Time Series and Forecasting, chapter 1.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenarios.fitting_cells import date_text
from scenarios.tree import Floats

LEAST_PRICES = 8  # values of a price, an index or a rate
LEAST_YEARS = 3  # of a volume: two yearly changes
STEPS = {1: "monthly", 3: "quarterly", 12: "yearly"}
KINDS = {
    "spot_price": "SPOT",
    "available": "SPOT",
    "lead_weeks": "SPOT",
    "volume": "SITE/PRODUCT",
    "demand": "PRODUCT",
    "index": "INDEX",
    "fx": "CURRENCY",
    "deliverability": "SUPPLIER",
}
PRICES = ("spot_price", "index", "fx")
VOLUMES = ("volume", "demand")


@dataclass(frozen=True)
class Column:
    """One recorded series. `id` is what it is about (for a volume `SITE/PRODUCT`); `values` are NaN before its first and after its last value. [T]"""

    kind: str
    id: str
    values: Floats

    @property
    def name(self) -> str:
        """The column's head."""
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True)
class History:
    """Recorded series side by side, in the order of time."""

    months: tuple[int, ...]
    """Of every row, since year 0. [T]"""
    step: int
    """Months from row to row: 1, 3 or 12."""
    columns: tuple[Column, ...]

    @property
    def step_years(self) -> float:
        """Years from row to row."""
        return self.step / 12

    @property
    def per_year(self) -> int:
        """Rows of a year."""
        return 12 // self.step

    @property
    def dates(self) -> tuple[str, ...]:
        """The rows' dates as people write them. [T]"""
        return tuple(date_text(month, self.step) for month in self.months)

    @property
    def years(self) -> float:
        """What the rows cover, in years."""
        return len(self.months) * self.step_years

    def of(self, *kinds: str) -> tuple[Column, ...]:
        """The columns of some kinds, in the file's order."""
        return tuple(column for column in self.columns if column.kind in kinds)


def yearly_sums(values: Floats, per_year: int) -> Floats:
    """Sums of the last year, NaN where it is not complete. [T]"""
    sums = np.full(len(values), np.nan)
    if len(values) >= per_year:
        sums[per_year - 1 :] = np.lib.stride_tricks.sliding_window_view(values, per_year).sum(axis=1)
    return sums


def yearly_changes(values: Floats, per_year: int) -> Floats:
    """Logarithm of a year's sum over that of the year before, at every row; NaN where either is not complete. [T]"""
    with np.errstate(divide="ignore"):
        logs = np.log(yearly_sums(values, per_year))
    changes = np.full(len(values), np.nan)
    changes[per_year:] = logs[per_year:] - logs[:-per_year]
    return changes


def yearly_mean_changes(x: Floats, per_year: int) -> Floats:
    """A year's mean of logarithms less that of the year before, at every row; NaN where either is not complete. [T]"""
    means = yearly_sums(x, per_year) / per_year
    changes = np.full(len(x), np.nan)
    changes[per_year:] = means[per_year:] - means[:-per_year]
    return changes
