"""The reference problem written down again in other tools, from the docstring and the arrays of `benchmarks.reference_instance` alone.

Each module has one function `solve(futures, gap, seconds, **sizes)` that returns an `Outcome` as a dictionary, and is called in a process of its own
(`benchmarks.isolated`). Nothing here knows the engine's model, apart from `engine`, which is the engine.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from benchmarks.reference_instance import Reference

THREADS = 2  # that every tool may use


@dataclass(frozen=True)
class Outcome:
    """One tool's answer. Seconds by phase: `build` (arrays to model), `hand-over` (model to HiGHS and back), `solve` (inside HiGHS or the method)."""

    objective: float
    bound: float
    phases: dict[str, float]
    note: str = ""
    size: dict[str, int] = field(default_factory=dict)  # rows, columns and nonzeros that HiGHS was given, when it was given one problem
    details: dict[str, float] = field(default_factory=dict)  # the tool's own finer phases, when it has any

    def plain(self) -> dict[str, Any]:
        """As a dictionary that JSON can carry."""
        return asdict(self)


def active(r: Reference) -> np.ndarray:
    """[O, T] whether an offer can deliver in a period."""
    periods = np.arange(len(r.discount))
    return (r.start[:, None] <= periods) & (periods < r.end[:, None])


def size_of(highs: Any) -> dict[str, int]:
    """Rows, columns and nonzeros of the problem in a HiGHS object."""
    return {"rows": int(highs.getNumRow()), "columns": int(highs.getNumCol()), "nonzeros": int(highs.getNumNz())}
