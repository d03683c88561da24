"""What comes back from HiGHS, and how a solve ends that doesn't end by itself. No solver is needed to know these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scenarios.tree import Floats

OnBest = Callable[[float | None, float | None], None]  # incumbent, bound


@dataclass(frozen=True)
class Answer:
    """What HiGHS says. `x` is None without a solution; `objective` and `bound` in the problem's own units."""

    status: str  # optimal, feasible, infeasible, no_solution
    stop_reason: str  # gap, time, user
    x: Floats | None
    objective: float
    bound: float
    nodes: int
    seconds: float


class Distant(Exception):
    """A basis that was thought close is not."""


class Interrupted(Exception):
    """A linear solve was cut short: by the clock ("time") or by the caller ("user")."""
