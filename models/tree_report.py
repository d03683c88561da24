"""What a tree kept of the futures that were bundled to it: driver by driver and period by period, in figures and in words.

A driver is one uncertain figure: demand for a product over all sites, price, volume on offer and lead time of a spot market, deliverable share and weeks late
of an offer, an index, an exchange rate. Quantiles are the smallest value that is not exceeded with the given probability.
"""

from __future__ import annotations

from models.base import Document


class Figures(Document):
    """The distribution of one quantity."""

    mean: float
    deviation: float
    """Standard deviation."""
    p5: float
    p50: float
    p95: float
    p99: float


class Kept(Document):
    """One quantity over the futures, and over the tree."""

    name: str
    period: str | None
    """None: over the whole horizon."""
    futures: Figures
    tree: Figures

    def difference(self, figure: str) -> float:
        """(tree - futures) / size of the futures' figure, or of their standard deviation where that is larger; 0 where both are nothing."""
        there, here = float(getattr(self.futures, figure)), float(getattr(self.tree, figure))
        return (here - there) / (max(abs(there), self.futures.deviation) or 1.0)


class CorrelationKept(Document):
    """Correlation of two drivers in one period."""

    one: str
    other: str
    period: str
    futures: float
    tree: float | None
    """None: one of them does not vary in the tree."""


class TreeReport(Document):
    """What a tree kept of the futures that were bundled to it."""

    words: tuple[str, ...]
    """What was lost, in sentences."""
    futures: int
    nodes: tuple[int, ...]
    """Per period, the signing moment first."""
    drivers: tuple[Kept, ...]
    """Those that differ between futures, period by period."""
    costs: tuple[Kept, ...]
    """Total cost under two rough fixed plans: everything bought on the spot market, and all of mean demand under contract."""
    correlations: tuple[CorrelationKept, ...]
    """Of pairs of drivers in one period: those that moved most, at most 1,000."""
