"""What the tree kept of the futures that were bundled to it, as tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from models.plan import Plan
from models.tree_report import Kept
from optimizer.report_tables import Column, Table
from optimizer.report_text import number

FIGURES = {"mean": "Mean", "deviation": "Standard deviation", "p5": "P5", "p50": "P50", "p95": "P95", "p99": "P99"}


SHOWN = ("deviation", "p50", "p95", "p99")


def tree_contents(plan: Plan) -> dict[str, tuple[Sequence[str], list[Sequence[Any]]]]:
    """The tables' columns and rows, as they are written to CSV."""
    found = plan.tree
    columns = ("driver", "period", *(f"{figure}_{where}" for figure in FIGURES for where in ("futures", "tree")))
    rows: list[Sequence[Any]] = [(x.name, x.period, *_pairs(x, FIGURES)) for x in found.drivers] if found else []
    rows += [(f"rough total cost, {x.name}", None, *_pairs(x, FIGURES)) for x in found.costs] if found else []
    correlations: list[Sequence[Any]] = [(x.one, x.other, x.period, x.futures, x.tree) for x in found.correlations] if found else []
    return {"tree": (columns, rows), "tree_correlations": (("driver", "other", "period", "futures", "tree"), correlations)}


def tree_tables(plan: Plan) -> Iterator[Table]:
    """The same to read: what moved most comes first."""
    if plan.tree is None:
        return
    columns = ("Driver", "Period", *(f"{FIGURES[figure]}, {where}" for figure in SHOWN for where in ("futures", "tree")))
    drivers = sorted(plan.tree.drivers, key=lambda x: -max(abs(x.difference(figure)) for figure in FIGURES))
    rows = [(x.name, x.period, *(number(value) for value in _pairs(x, SHOWN))) for x in drivers]
    yield Table("What the tree kept of every driver", tuple(Column(x) for x in columns), rows, empty="Nothing differs between the futures.")
    columns = ("Driver", "And", "Period", "Correlation, futures", "Correlation, tree")
    pairs = [(x.one, x.other, x.period, f"{x.futures:.2f}", None if x.tree is None else f"{x.tree:.2f}") for x in plan.tree.correlations]
    yield Table("Correlations that moved most", tuple(Column(x) for x in columns), pairs, empty="No two drivers vary.")


def _pairs(kept: Kept, figures: Iterable[str]) -> Iterator[float]:
    """Each figure of the futures, then of the tree."""
    for figure in figures:
        yield float(getattr(kept.futures, figure))
        yield float(getattr(kept.tree, figure))
