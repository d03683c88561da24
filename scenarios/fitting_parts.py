"""Small things that all fits are made of: an estimate with its standard error, jumps, the interval of a rate, and how they read."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp, floor, isfinite, isnan, log10

import numpy as np

from scenarios.tree import Floats

CONFIDENCE = 0.95
WEAK = 2.0  # a difference of BIC that tells hardly anything (Kass & Raftery 1995, Bayes factors, JASA 90)
FEW_SPELLS = 3
STILL = 1e-18  # a variance below this is none


@dataclass(frozen=True)
class Estimate:
    """A number found from data, and its standard error (NaN where the data don't tell)."""

    value: float
    error: float


@dataclass(frozen=True)
class JumpFit:
    """Jumps of a logarithm: Poisson arrivals per year of normally distributed size."""

    rate: Estimate
    mean: Estimate
    deviation: Estimate
    expected: float
    """How many the history is likely to hold."""

    @property
    def variance(self) -> float:
        """What one arrival adds to the variance, its mean squared included."""
        return self.mean.value**2 + self.deviation.value**2

    @property
    def growth(self) -> float:
        """By how much one jump raises the price on average."""
        return exp(self.mean.value + self.deviation.value**2 / 2) - 1


@dataclass
class Section:
    """Sentences about one subject, and what to beware of."""

    title: str
    sentences: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def rate_interval(events: float, years: float) -> tuple[float, float]:
    """The exact 95 % interval of a Poisson rate per year, seen `events` times in `years` (Garwood 1936, Fiducial limits for the Poisson distribution)."""
    from scipy.stats import chi2

    tail = (1 - CONFIDENCE) / 2
    low = float(chi2.ppf(tail, 2 * events)) / 2 if events > 0 else 0.0
    return low / years, float(chi2.ppf(1 - tail, 2 * events + 2)) / 2 / years


def correlation(a: Floats, b: Floats) -> float:
    """Correlation of two series; 0 where one of them does not move."""
    one, other = a - a.mean(), b - b.mean()
    size = float(np.sqrt(one @ one) * np.sqrt(other @ other))
    return float(one @ other) / size if size > STILL * len(a) else 0.0


def share(value: float, digits: int = 1) -> str:
    """A share in percent."""
    return f"{100 * value:,.{digits}f} %"


def plus_minus(one: Estimate, scale: float = 1.0, digits: int = 2, unit: str = "") -> str:
    """`1.04 ± 0.03`; without the second part where the data don't tell."""
    error = "" if isnan(one.error) or one.error == 0 else f" ± {scale * one.error:,.{digits}f}"
    return f"{scale * one.value:,.{digits}f}{error}{unit}"


def number(value: float, digits: int = 4) -> str:
    """`value` with thousands separators and so many significant digits, never as a power of ten."""
    if value == 0 or not isfinite(value):
        return f"{value:g}"
    places = digits - 1 - floor(log10(abs(value)))
    return f"{round(value, places):,.{max(places, 0)}f}"
