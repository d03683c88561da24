"""What a running solve tells its caller, and how the caller tells it to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """One event: which phase, how long so far, and the best plan and bound of the main search as far as known."""

    phase: str
    """read, build, solve, baselines, audit, report."""
    seconds: float
    incumbent: float | None = None
    """Objective of the best plan so far."""
    bound: float | None = None
    gap: float | None = None
    """(incumbent - bound) / |incumbent|."""


OnProgress = Callable[[Progress], None]


def ignore(event: Progress) -> None:
    """The listener of those who do not listen."""
