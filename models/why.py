"""Why the plan is what it is: every decision and rule beside the best plan in which it is otherwise, each solved exactly.

Money is in the scenario's currency, present value, penalties included; volumes are in the products' units. A difference is always the other plan minus the
best one, so that a positive cost says by how much the other is dearer.
"""

from __future__ import annotations

from typing import Literal

from models.base import Document
from models.negotiation import Interval


class Figures(Document):
    """What a plan costs and leaves short."""

    objective: float
    """Risk-adjusted cost."""
    expected_cost: float
    cvar: float
    expected_shortage: float
    """Mean unmet volume, all products added up."""


class CategoryDifference(Document):
    """What of a difference in expected cost lies in one category of the ledger."""

    category: str
    amount: float


class Difference(Document):
    """Another plan minus the best one."""

    objective: Interval
    """As far as proven; both ends are the same where both searches ran to a gap of 0."""
    expected_cost: float
    cvar: float
    expected_shortage: float
    categories: tuple[CategoryDifference, ...]
    """Largest first; they sum to `expected_cost`."""


class PriceFlip(Document):
    """The factor on an offer's prices at which the decision about it changes: worth signing at `low`, not worth it at `high`, both solved."""

    low: float
    high: float
    price: float
    """Headline price at `low`, in the offer's currency: the dearest alternative's first product."""
    currency: str


class OfferWhy(Document):
    """Why an offer is signed or not."""

    offer: str
    supplier: str
    signed: bool
    """In the best plan: now, or later in some future."""
    possible: bool
    """Whether any plan that decides otherwise keeps the hard rules."""
    otherwise: Difference | None
    """The best plan that decides otherwise; none = there is none."""
    flip: PriceFlip | None
    """None: no price from nothing to sixteen times the price offered changes the decision, or none was looked for."""
    sentence: str


class RuleWhy(Document):
    """What a rule or a limit in the data costs."""

    path: str
    text: str
    hard: bool
    price: Interval
    """What the best plan without it saves; never negative."""
    without: Difference
    """The best plan without it; for a priced rule its penalty is gone as well."""
    slope: float | None
    """What a little more room saves per unit of `unit`, what is signed now held: the dual value where it is unique. None: no such number."""
    unit: str
    sentence: str


class DriverFlip(Document):
    """Where the award changes: still best at `from_value`, beaten by `award` at `to_value`, both solved."""

    from_value: float
    to_value: float
    award: tuple[str, ...]
    """Offers signed in the best plan just beyond."""
    worth: float
    """By how much the best plan there beats the best one that keeps to what was signed."""


class DriverWhy(Document):
    """How far something uncertain or chosen may move before another award is best."""

    driver: Literal[
        "demand", "spot_price", "spot_available", "deliverable", "spot_lead", "late_weeks", "index", "fx", "shortage_cost", "risk_weight", "discount_rate"
    ]
    text: str
    kind: Literal["factor", "level", "added"]
    """Values are factors on every period of every future, levels, or what is added."""
    value: float
    """As the scenario has it: 1 for a factor, 0 for what is added."""
    lowest: float
    """Down to where it was looked."""
    highest: float
    falls: DriverFlip | None
    rises: DriverFlip | None
    sentence: str


class Why(Document):
    """Why the plan is what it is."""

    format: Literal["offtake-why/1"] = "offtake-why/1"
    scenario: str
    currency: str
    plan: Figures
    award: tuple[str, ...]
    """Offers signed in the best plan, now or later."""
    offers: tuple[OfferWhy, ...]
    rules: tuple[RuleWhy, ...]
    limits: tuple[RuleWhy, ...]
    """Limits in the data without which the best plan would be cheaper, dearest first."""
    drivers: tuple[DriverWhy, ...]
    notes: tuple[str, ...]
    """What there was no time for."""
    solves: int
    seconds: float
