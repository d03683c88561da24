"""The frontier: what less risk costs, as points that no plan beats by more than a proven gap in both figures.

Input: the `frontier` table of a scenario. Results: the document `Frontier`. Money is in the scenario's currency, present value, penalties included;
volumes are in the products' units, added up over products.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.base import Document

MAX_POINTS = 200
RiskFigure = Literal["cvar", "shortage"]


# --- Input --------------------------------------------------------------------------------------------------------------------------------------


class FrontierSettings(Document):
    """The `frontier` table of a scenario: which frontiers to trace. A scenario that has one gets them with its plan."""

    risks: Annotated[tuple[RiskFigure, ...], Field(min_length=1, max_length=2)] = ("cvar", "shortage")
    """What is traded against expected cost: `cvar` (mean cost of the worst futures, `risk.tail`), `shortage` (expected unmet volume)."""
    points: Annotated[int, Field(ge=2, le=MAX_POINTS)] = 20
    """How many points each frontier is shown with."""
    gap: Annotated[float, Field(ge=1e-6, le=0.5)] = 1e-3
    """No plan may be better than a point by more than this share of both its figures."""


# --- Results ------------------------------------------------------------------------------------------------------------------------------------


class FrontierVolume(Document):
    """What a plan signs now of one alternative."""

    offer: str
    alternative: str
    volume: float
    """Committed volume over the whole window, all products added up."""


class FrontierPoint(Document):
    """A plan on a frontier, or a mix of two plans that sign the same alternatives. Figures are those of the plan, or upper limits of them."""

    expected_cost: float
    cvar: float
    expected_shortage: float
    """Unmet volume, counted in every period it stays unmet."""
    fill_rate: float
    """1 - expected shortage / expected volume asked for."""
    shortage_probability: float
    """Probability of a future with any unmet demand."""
    gap: float
    """Proven: no plan is better by more than this share in both figures of the frontier; 1: nothing is proven yet."""
    least_cost: float | None
    """Proven: no plan that has no more risk than this point has a smaller expected cost; None: nothing is proven yet."""
    price_of_risk: float | None
    """What one unit less of risk costs in expected cost from here to the next safer point; None at the safest."""
    mix: tuple[int, int] | None
    """Positions in `tried` of the two plans that are mixed; None: a plan as tried."""
    award: tuple[FrontierVolume, ...]
    """What is signed now; signatures without a volume are left out."""


class Tried(Document):
    """A plan that was tried on the way."""

    expected_cost: float
    cvar: float
    expected_shortage: float
    award: tuple[str, ...]
    """Offers signed now."""


class Dominated(Document):
    """A plan that was tried and is beaten in both figures by a plan (or mix) on the frontier."""

    tried: int
    """Its position in `tried`."""
    expected_cost: float
    """Of what beats it."""
    risk: float
    """Of what beats it."""


class FrontierCurve(Document):
    """One frontier, the safest point first."""

    risk: RiskFigure
    unit: str
    """Of the risk: the currency, or the products' unit."""
    status: Literal["proven", "partial"]
    """`proven`: every point to the gap asked for; `partial`: stopped before that, the points and what is proven of them stand."""
    stop_reason: Literal["gap", "time", "user", "stalled"]
    gap: float
    """The largest of the points' gaps."""
    points: tuple[FrontierPoint, ...]
    tried: tuple[Tried, ...]
    dominated: tuple[Dominated, ...]
    given: int | None
    """Position of the point that the scenario's own risk weight would choose; None where risk is not the CVaR."""
    audited: int
    """How many of the plans behind the points were recomputed by the audit, evenly along the frontier, both ends among them."""
    largest_violation: float
    """The audit's, of those plans, relative."""
    relative_difference: float
    """How far the audit's figures lie above the search's, the largest; 0: nowhere."""
    steps: int
    """Looks at all futures, or problems solved."""
    seconds: float


class Frontier(Document):
    """Frontiers of a scenario."""

    format: Literal["offtake-frontier/1"] = "offtake-frontier/1"
    scenario: str
    currency: str
    tail: float
    risk_weight: float
    """The scenario's own."""
    futures: int
    method: str
    gap_asked: float
    sentences: tuple[str, ...]
    notes: tuple[str, ...]
    curves: tuple[FrontierCurve, ...]
    seconds: float
