"""Stress tests: what is to be tried on a plan, and what came out.

Input: named what-ifs, groups of futures whose probability is varied, radii of doubt about the probabilities. Results: the document `StressTest`.
Money in results is in the scenario's currency, present value, penalties included; volumes are in the products' units.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from models.base import MAX_FUTURES, MAX_PERIODS, Document, Factor, Identifier, Lead, Name, Share, Weeks

MAX_WHAT_IFS = 50
MAX_GROUPS = 50
Part = Literal["what_ifs", "break_even", "ambiguity"]


# --- Input --------------------------------------------------------------------------------------------------------------------------------------


class WhatIfBase(Document):
    """A change to every future at once, over some periods."""

    id: Identifier
    name: Name = ""
    """What people call it; none = a description is made."""
    from_period: Identifier | None = None
    """None: from the first period on."""
    periods: Annotated[int, Field(ge=1, le=MAX_PERIODS)] | None = None
    """For how many periods; none = to the end."""


class SupplierOut(WhatIfBase):
    """A supplier (all its offers) or one offer delivers nothing, or only a share of what is committed."""

    kind: Literal["supplier_out"]
    supplier: Identifier | None = None
    offer: Identifier | None = None
    share_left: Share = 0.0

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.offer is None) == (self.supplier is None):
            raise ValueError("name an `offer` or a `supplier`, one of them")
        return self


class DemandChanged(WhatIfBase):
    """Demand is multiplied by a factor."""

    kind: Literal["demand"]
    factor: Factor
    site: Identifier | None = None
    """None: every site."""
    product: Identifier | None = None
    """None: every product."""


class SpotGone(WhatIfBase):
    """A spot market has nothing on offer, or only a share of what it has otherwise."""

    kind: Literal["spot_gone"]
    spot: Identifier | None = None
    """None: every spot market."""
    share_left: Share = 0.0


class Glut(WhatIfBase):
    """Spot markets are cheap and full."""

    kind: Literal["glut"]
    spot: Identifier | None = None
    """None: every spot market."""
    price_factor: Factor = 0.6
    available_factor: Factor = 1.5


class PriceSpike(WhatIfBase):
    """Spot prices are multiplied by a factor."""

    kind: Literal["price_spike"]
    factor: Factor
    spot: Identifier | None = None
    """None: every spot market."""


class FxShock(WhatIfBase):
    """Exchange rates are multiplied by a factor; above 1 the foreign currency becomes dearer. Rates at signing stay."""

    kind: Literal["fx_shock"]
    factor: Annotated[float, Field(gt=0, le=100)]
    currency: Identifier | None = None
    """None: every currency."""


class IndexShock(WhatIfBase):
    """Indices that prices follow are multiplied by a factor."""

    kind: Literal["index_shock"]
    factor: Annotated[float, Field(gt=0, le=100)]
    index: Identifier | None = None
    """None: every index."""


class RivalLocksIn(WhatIfBase):
    """A rival buyer locks in capacity: a share of the spot market's volume is gone, prices and lead times rise."""

    kind: Literal["rival_locks_in"]
    market_share: Share
    spot: Identifier | None = None
    """None: every spot market."""
    price_factor: Annotated[float, Field(ge=1, le=100)] = 1.0
    added_lead_periods: Lead = 0.0


class LateDeliveries(WhatIfBase):
    """Deliveries under contracts run late by so many weeks more."""

    kind: Literal["late_deliveries"]
    weeks: Weeks
    supplier: Identifier | None = None
    offer: Identifier | None = None
    """None, and no supplier: all offers."""

    @model_validator(mode="after")
    def _not_both(self) -> Self:
        if self.offer is not None and self.supplier is not None:
            raise ValueError("name an `offer` or a `supplier`, not both")
        return self


WHAT_IFS = (SupplierOut, DemandChanged, SpotGone, Glut, PriceSpike, FxShock, IndexShock, RivalLocksIn, LateDeliveries)
WhatIf = Annotated[
    SupplierOut | DemandChanged | SpotGone | Glut | PriceSpike | FxShock | IndexShock | RivalLocksIn | LateDeliveries, Field(discriminator="kind")
]


class FutureGroup(Document):
    """Futures whose probability rises and falls together."""

    id: Identifier
    name: Name = ""
    futures: Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=MAX_FUTURES)]
    """Ids of futures."""


class Stress(Document):
    """The `stress` table of a scenario: what its plan is tried on. A scenario that has one gets the results with its plan."""

    parts: Annotated[tuple[Part, ...], Field(min_length=1, max_length=3)] = ("what_ifs", "break_even", "ambiguity")
    """Which parts: changes to all futures, probabilities at which the award changes, doubt about all probabilities."""
    what_ifs: Annotated[tuple[WhatIf, ...], Field(max_length=MAX_WHAT_IFS)] = ()
    """None: a set made from the scenario (the largest supplier out for two periods, demand + 50 %, no spot market for a period, a glut)."""
    groups: Annotated[tuple[FutureGroup, ...], Field(max_length=MAX_GROUPS)] = ()
    """None: every market regime of a generator, otherwise every future given."""
    radii: Annotated[tuple[Share, ...], Field(max_length=10)] = (0.05, 0.1, 0.2)
    """Shares of probability that may lie on other futures than said."""
    gap: Annotated[float, Field(ge=0, le=0.5)] = 1e-3
    """Relative optimality gap of every solve of the tests."""
    futures: Annotated[int, Field(ge=1, le=MAX_FUTURES)] = 100
    """With a generator, how many of its futures are used here; futures that are given are all used."""


# --- Results ------------------------------------------------------------------------------------------------------------------------------------


class StressedPlan(Document):
    """A first stage that was tried."""

    plan: str
    """`plan` (this plan), `spot_only` (nothing signed), `average_future`, or `best:ID`, the best plan had one known the what-if ID."""
    award: tuple[str, ...]
    """Offers signed now."""
    largest_regret: float | None
    """Over all what-ifs; None where it has no figures in some of them."""
    largest_in: str
    """The what-if in which that is."""


class PlanOutcome(Document):
    """A first stage in a what-if. None: a hard rule can't be kept."""

    plan: str
    objective: float | None
    """Risk-adjusted cost."""
    expected_cost: float | None
    cvar: float | None
    expected_shortage: float | None
    """Unmet volume, counted in every period it stays unmet."""
    fill_rate: float | None
    """None also where sites differ in how much of unmet demand is lost."""
    regret: float | None
    """Objective minus that of the best plan had one known the what-if."""
    regret_high: float | None
    """The same against the proven bound of the best plan: the regret is at most this."""
    not_kept: float
    """Probability of futures in which a hard rule can't be kept."""


class WhatIfOutcome(Document):
    """What a what-if does to the plans."""

    id: str
    """`as_given`: nothing is changed."""
    text: str
    """What is assumed, in words."""
    outcomes: tuple[PlanOutcome, ...]
    best_award: tuple[str, ...]
    """Offers that the best plan signs, had one known."""
    note: str = ""


class ValuePoint(Document):
    """The best plan at one probability of a group of futures."""

    probability: float
    objective: float
    bound: float
    award: tuple[str, ...]


class Change(Document):
    """Where the award changes as a group of futures becomes more (or less) likely."""

    probability: float
    low: float
    high: float
    """It changes between the two: verified by solving just below and just above, and widened by what the solver's gaps leave open."""
    award: tuple[str, ...]
    """What is signed beyond it."""


class BreakEven(Document):
    """How likely a group of futures must become before the award changes, all others scaled down in proportion."""

    group: str
    text: str
    """What the group is, in words."""
    probability: float
    """As given."""
    rises_to: Change | None
    """None: it does not change at any higher probability tried."""
    falls_to: Change | None
    """None: it does not change at any lower probability tried."""
    values: tuple[ValuePoint, ...]
    """By probability."""
    proven: bool
    """Whether the award is known to stay at all probabilities between those tried, within the solver's gaps (needs a risk weight of 0)."""
    complete: bool
    """False: there was no time, or no plan, for all probabilities wanted."""


class Doubt(Document):
    """How dear the expected cost can get when the probabilities are wrong within a radius, and what guarding against it is worth."""

    radius: float
    expected_cost: float
    """Of the plan, under the probabilities as given."""
    kullback_leibler: float
    """Expected cost of the plan under the worst probabilities within a divergence of 2 radius² (nats)."""
    chi_square: float
    """The same within a chi-square divergence of 4 radius²."""
    total_variation: float
    """The same when up to `radius` of probability may lie on other futures."""
    wasserstein: float | None
    """The same when probability may move over a mean distance of up to `radius` (the two most different futures are 1 apart); None: too many futures."""
    protection: float | None
    """What the best plan against total variation saves, risk-adjusted, under the worst probabilities, compared with the best plan for the
    probabilities as given. None: there was no time for it."""
    price: float | None
    """What it costs more under the probabilities as given: the price of robustness."""
    robust_award: tuple[str, ...] | None
    """What it signs."""


class StressTest(Document):
    """How a plan fares when the world is not what the scenario says."""

    sentences: tuple[str, ...]
    notes: tuple[str, ...]
    futures: int
    """Futures used."""
    plans: tuple[StressedPlan, ...]
    what_ifs: tuple[WhatIfOutcome, ...]
    minimax_regret: str | None
    """The plan with the least largest regret, of those tried."""
    break_even: tuple[BreakEven, ...]
    doubts: tuple[Doubt, ...]
    seconds: float
