"""Histories simulated from known parameters, and the CSV files that hold them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scenarios.fitting_history import Column, History
from scenarios.tree import Floats, Ints

MONTH = 1 / 12


def log_prices(seed: int, rows: int, *, volatility: float, speed: float = 0.0, drift: float = 0.0, jumps: tuple[float, float, float] | None = None) -> Floats:
    """Monthly logarithms of a geometric (speed 0) or mean-reverting price, from its exact transition; `jumps` are rate, mean and deviation."""
    rng = np.random.default_rng(seed)
    carry = np.exp(-speed * MONTH)
    spread = volatility * np.sqrt(MONTH if speed == 0 else (1 - carry**2) / (2 * speed))
    x = np.zeros(rows)
    for t in range(1, rows):
        x[t] = carry * x[t - 1] + (drift - volatility**2 / 2 if speed == 0 else 0.0) * MONTH + spread * rng.standard_normal()
        if jumps is not None:
            count = rng.poisson(jumps[0] * MONTH)
            x[t] += count * jumps[1] + np.sqrt(count) * jumps[2] * rng.standard_normal()
    return x


def chain_path(rng: np.random.Generator, moves: Floats, rows: int, first: int = 0) -> Ints:
    """A course of a Markov chain."""
    path = np.empty(rows, dtype=np.int64)
    for t in range(rows):
        first = path[t] = rng.choice(len(moves), p=moves[first])
    return path


def volumes(seed: int, years: int, *, common: float, site: float, product: float, growth: float = 0.0, per_year: int = 1) -> list[Column]:
    """Volumes of four sites and three products from independent random walks, whose steps have these deviations per year."""
    rng = np.random.default_rng(seed)
    rows = years * per_year

    def walk(spread: float) -> Floats:
        return np.asarray(np.cumsum(spread / np.sqrt(per_year) * rng.standard_normal(rows)))

    shared = walk(common) + growth * np.arange(rows) / per_year
    sites, products = {s: walk(site) for s in "abcd"}, {p: walk(product) for p in "xyz"}
    return [Column("volume", f"{s}/{p}", 1_000 * np.exp(shared + sites[s] + products[p])) for s in sites for p in products]


def history(columns: Sequence[Column], step: int = 1, first_year: int = 2000) -> History:
    """Columns side by side from January of a year."""
    rows = len(columns[0].values)
    return History(tuple(first_year * 12 + step * t for t in range(rows)), step, tuple(columns))


def csv_of(what: History) -> str:
    """A history as the file that it is read from."""
    head = ",".join(["date", *(column.name for column in what.columns)])
    rows = zip(what.dates, *(column.values for column in what.columns), strict=True)
    return "\n".join([head, *(",".join([row[0], *("" if np.isnan(value) else f"{value:.9g}" for value in row[1:])]) for row in rows)]) + "\n"
