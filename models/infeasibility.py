"""Why no plan keeps all hard rules, and what would have to change: smallest contradictions, and the cheapest repairs.

Places are written as in findings (`suppliers[0].capacity[0].volume[2]`). Prices of changes are relative: 1 is a limit changed by its own size, a share
changed from nothing to all, or a decision dropped.
"""

from __future__ import annotations

from typing import Any, Literal

from models.base import Document


class ConflictMember(Document):
    """One rule or one number of the scenario that takes part in a contradiction."""

    path: str
    text: str
    """What it demands, in a sentence."""


class MinimalConflict(Document):
    """Rules and data that can't hold together, while without any one of them they could; checked by solving each of these scenarios."""

    members: tuple[ConflictMember, ...]
    sentence: str


class Change(Document):
    """One change of a repair."""

    path: str
    text: str
    """The change in words."""
    unit: str
    before: float | None
    """None: a decision, which can only be dropped."""
    after: float | None
    """None: dropped."""
    needed: float | None
    """The least change that is enough, before it was rounded outward to `after`."""
    price: float
    """Size of the change, relative."""


class Repair(Document):
    """Changes after which a plan keeps all hard rules; checked by solving the changed scenario."""

    sentence: str
    changes: tuple[Change, ...]
    price: float
    """Sum of the changes' prices before rounding; the first repair has the least of all, up to its gap."""
    gap: float
    """By how much, relative to `price`, a cheaper one that does without the same rules and data could be cheaper, as far as proven."""
    objective: float | None
    """Risk-adjusted cost of the best plan of the repaired scenario; none = its search was cut short."""
    patch: tuple[dict[str, Any], ...]
    """The same as a JSON Patch (RFC 6902) on the scenario."""


class Infeasibility(Document):
    """Why a scenario has no plan, and how it could have one."""

    format: Literal["offtake-infeasibility/1"] = "offtake-infeasibility/1"
    scenario: str
    currency: str
    conflicts: tuple[MinimalConflict, ...]
    """Different contradictions, the first found first."""
    repairs: tuple[Repair, ...]
    """Cheapest first, each of other rules and data than those before it."""
    notes: tuple[str, ...] = ()
    """What there was no time for."""
    solves: int
    seconds: float
