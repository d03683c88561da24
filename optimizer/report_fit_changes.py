"""What a fit did not foresee: how often changes of each size came, against the density of the fit, and what is left between one change and the next."""

from __future__ import annotations

from math import factorial, sqrt
from typing import TYPE_CHECKING

import numpy as np

from optimizer.report_plotly import Chart, Trace, bar, layout_of, rounded, sentence
from optimizer.report_tables import Column, Table

if TYPE_CHECKING:
    from scenarios.fitting_prices import PriceFit
    from scenarios.tree import Floats

BINS, FURTHEST = 24, 4.0  # of a histogram; in standard deviations
LAGS = 24
UNITS = {1: "months", 3: "quarters", 12: "years"}


def name_of(driver: str) -> str:
    """A driver at the beginning of a sentence."""
    from scenarios.fitting_words import subject

    return sentence(subject(driver))


def changes_chart(price: PriceFit, name: str) -> Chart:
    """How often changes of each size came, against the density of the fit."""
    shocks = price.shocks[~np.isnan(price.shocks)]
    edges = np.linspace(-FURTHEST, FURTHEST, BINS + 1)
    seen = np.histogram(np.clip(shocks, -FURTHEST, FURTHEST), edges)[0]
    middle = (edges[1:] + edges[:-1]) / 2
    wide = edges[1] - edges[0]
    fine = np.linspace(-FURTHEST, FURTHEST, 201)
    share = _beyond(price, edges)
    expected = len(shocks) * np.diff(share)
    expected[0] += len(shocks) * share[0]  # those further out are counted in the outermost bins
    expected[-1] += len(shocks) * (1 - share[-1])
    far, tail = int((np.abs(shocks) > 3).sum()), len(shocks) * float(1 - np.diff(_beyond(price, np.array([-3.0, 3.0])))[0])
    traces: list[Trace] = [
        bar("History", rounded(middle), seen, "@other") | {"width": wide},
        {
            "type": "scatter",
            "mode": "lines",
            "name": "Fit",
            "x": rounded(fine),
            "y": rounded(len(shocks) * wide * _density(price, fine)),
            "line": {"color": "@c0", "width": 2},
            "hovertemplate": "%{y:,.3~g}",
        },
    ]
    columns = (Column("From", "volume"), Column("To", "volume"), Column("Seen", "volume"), Column("Expected", "volume"))
    rows = [(float(a), float(b), int(n), round(float(m), 1)) for a, b, n, m in zip(edges, edges[1:], seen, expected, strict=False) if n or m >= 0.05]
    return Chart(
        name,
        f"{name_of(price.driver)}: {far} of {len(shocks)} changes beyond three standard deviations, {tail:.1f} expected",
        "Changes of the logarithm that the fit did not foresee, in standard deviations, against its density.",
        traces,
        layout_of("number", "standard deviations"),
        Table("Unforeseen changes", columns, rows),
        320,
    )


def _mixture(price: PriceFit) -> tuple[Floats, Floats, Floats]:
    """Weight, mean and standard deviation of the normal parts of a standardised change."""
    one = price.chosen
    if one.jumps is None:
        return np.ones(1), np.zeros(1), np.ones(1)
    n, arrivals = np.arange(8), one.jumps.rate.value * price.step_years
    weight = np.exp(-arrivals) * arrivals**n / np.array([factorial(int(k)) for k in n])
    variance = one.deviation**2 + arrivals * one.jumps.variance
    mean = (n - arrivals) * one.jumps.mean.value / sqrt(variance)
    return weight / weight.sum(), np.asarray(mean), np.asarray(np.sqrt((one.deviation**2 + n * one.jumps.deviation.value**2) / variance))


def _density(price: PriceFit, x: Floats) -> Floats:
    weight, mean, spread = _mixture(price)
    z = (x[:, None] - mean) / spread
    return np.asarray((weight * np.exp(-(z**2) / 2) / (spread * sqrt(2 * np.pi))).sum(axis=1))


def _beyond(price: PriceFit, x: Floats) -> Floats:
    """Share of changes below `x` that the fit expects."""
    from scipy.special import ndtr

    weight, mean, spread = _mixture(price)
    return np.asarray((weight * ndtr((x[:, None] - mean) / spread)).sum(axis=1))


def echo_chart(price: PriceFit, name: str, step: int) -> Chart:
    """Autocorrelation of what was not foreseen: nothing should be left."""
    shocks = price.shocks[~np.isnan(price.shocks)]
    centred = shocks - shocks.mean()
    lags = np.arange(1, min(LAGS, len(shocks) // 3) + 1)
    found = np.array([float(centred[k:] @ centred[:-k]) for k in lags]) / max(float(centred @ centred), 1e-300)
    band = 1.96 / sqrt(len(shocks))
    out = int((np.abs(found) > band).sum())
    edge = {"type": "scatter", "mode": "lines", "line": {"color": "@ink", "width": 1, "dash": "dot"}, "hoverinfo": "skip"}
    ends = [0.5, float(lags[-1]) + 0.5]
    traces: list[Trace] = [
        bar("Autocorrelation", lags.tolist(), found, "@c0"),
        edge | {"name": "19 of 20 lie between, by chance", "x": ends, "y": rounded([band, band])},
        edge | {"name": "", "x": ends, "y": rounded([-band, -band]), "showlegend": False},
    ]
    told = "follow each other" if abs(found[0]) > band and found[0] > 0 else "swing back" if abs(found[0]) > band else "tell nothing about the next ones"
    columns = (Column(f"{sentence(UNITS[step])} later", "volume"), Column("Autocorrelation", "volume"))
    return Chart(
        name,
        f"{name_of(price.driver)}: unforeseen changes {told}",
        f"Autocorrelation of unforeseen changes; {out} of {len(lags)} stand out, {0.05 * len(lags):.1f} would by chance.",
        traces,
        layout_of("", f"{UNITS[step]} later"),
        Table("Autocorrelation", columns, list(zip(lags.tolist(), rounded(found), strict=True))),
        320,
    )
