"""Parts of a generator of futures: a market view in a few tables, from which any number of futures can be drawn.

Everything is said around the scenario's base values, which are the means of what is drawn (`scenarios.sampling` has the formulas). What is not
given does not move. A *driver* is one source of randomness that may be correlated with others: `regime`, `demand`, `site:ID`, `product:ID`,
`spot:ID`, `index:ID`, `fx:ID`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self, TypeVar

from pydantic import Field, model_validator

from models.base import MAX_MARKETS, MAX_PERIODS, Document, Factor, Identifier, Lead, Mapped, Name, Share, Table, Weeks

REGIME_NAMES = ("glut", "normal", "tight", "crisis")
"""What the regimes of a market are usually called, from the loosest to the tightest."""
MAX_REGIMES = 20
MAX_RIVALS = 100
MAX_BRANCHES = 20
MAX_CORRELATIONS = 2_000
PerYear = Annotated[float, Field(ge=0, le=12)]
Volatility = Annotated[float, Field(ge=0, le=3)]  # standard deviation of the logarithm, per square root of a year
Raise = Annotated[float, Field(ge=1, le=100)]
Duration = Annotated[float, Field(gt=0, le=50)]

Row = TypeVar("Row", bound=Document)


def own_row(rows: Sequence[Row], field: str, which: str) -> Row | None:
    """The row of a table that holds for `which`: its own, otherwise the one that names nothing in `field`; None when there is neither."""
    found = {getattr(row, field): row for row in rows}
    return found.get(which, found.get(None))


# --- Market regimes -----------------------------------------------------------------------------------------------------------------------------


class RegimeSpot(Document):
    """What a regime does to a spot market. A market's own row goes before the row for all markets."""

    spot: Identifier | None = None
    """None: all spot markets."""
    price_factor: Factor = 1.0
    """On the base price."""
    available_factor: Factor = 1.0
    """On the base volume on offer."""
    lead_periods: Lead | None = None
    """Lead time in periods; none = the market's own."""


class RegimeAllocation(Document):
    """What a regime leaves of an offer's (or a supplier's) deliveries. An offer's own row goes before its supplier's."""

    offer: Identifier | None = None
    supplier: Identifier | None = None
    deliverable_share: Share = 1.0
    """Share of the committed volume that is delivered."""
    weeks_late: Weeks = 0.0


class Regime(Document):
    """One state of the market. Regimes follow each other by a Markov chain, one step per period; list them from the loosest to the tightest."""

    id: Identifier
    name: Name = ""
    initial: Share = 0.0
    """Probability that the first period is in this regime; over all regimes they sum to 1."""
    moves: Mapped[Share]
    """Probability of each regime in the next period; what is not listed has none. They sum to 1."""
    spot: Annotated[tuple[RegimeSpot, ...], Field(max_length=MAX_MARKETS)] = ()
    allocation: Annotated[tuple[RegimeAllocation, ...], Field(max_length=MAX_MARKETS)] = ()
    index: Mapped[Annotated[float, Field(gt=0, le=100)]] = Field(default_factory=dict)
    """Factor on the base level of an index."""


# --- Demand -------------------------------------------------------------------------------------------------------------------------------------


class Wander(Document):
    """A factor with mean 1 whose logarithm follows a first-order autoregression, starting at 0 now."""

    volatility: Volatility = 0.0
    """Standard deviation of one year's shock to the logarithm."""
    persistence: Share = 1.0
    """Share of the deviation that is left after a year: 1 = a random walk, 0 = every period on its own."""


class SiteWander(Wander):
    """A factor on the demand of a site. A site's own row goes before the row for all sites, of which each still has a factor of its own."""

    site: Identifier | None = None
    """None: every site."""


class ProductWander(Wander):
    """A factor on the demand of a product. A product's own row goes before the row for all products, of which each still has a factor of its own."""

    product: Identifier | None = None
    """None: every product."""


class DemandBranch(Document):
    """A discrete turn of demand: with a probability, all demand is multiplied by a factor from a period on."""

    id: Identifier
    probability: Annotated[float, Field(gt=0, le=1)]
    """At most one branch comes true; what the probabilities leave to 1 stays at the base values."""
    factor: Factor
    from_period: Identifier
    phase_in_periods: Annotated[int, Field(ge=1, le=MAX_PERIODS)] = 1
    """The factor is reached in that many equal steps; 1 = at once, 2 = half of it in `from_period`, all of it in the next."""


class DemandView(Document):
    """How demand may differ from its base values: the product of a common factor, a factor per site and per product, and a branch."""

    common: Wander = Wander()
    sites: Table[SiteWander] = ()
    products: Table[ProductWander] = ()
    branches: Annotated[tuple[DemandBranch, ...], Field(max_length=MAX_BRANCHES)] = ()


# --- Prices, indices, exchange rates ------------------------------------------------------------------------------------------------------------


class Jumps(Document):
    """Sudden moves of a logarithm: Poisson arrivals of normally distributed size."""

    rate_per_year: PerYear
    mean: Annotated[float, Field(ge=-2, le=2)] = 0.0
    """Mean size in the logarithm: 0.4 is about +49 %."""
    deviation: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Standard deviation of the size in the logarithm."""


class Geometric(Document):
    """Geometric Brownian motion around the base values: shocks stay."""

    kind: Literal["geometric"]
    volatility: Volatility = 0.0
    """Standard deviation of the shocks to the logarithm, per square root of a year."""
    drift: Annotated[float, Field(ge=-1, le=1)] = 0.0
    """Growth of the mean per year, continuously compounded, on top of the base values."""
    jumps: Jumps | None = None


class MeanReverting(Document):
    """An Ornstein-Uhlenbeck process of the logarithm around the base values: shocks and jumps fade."""

    kind: Literal["mean_reverting"]
    volatility: Volatility = 0.0
    """Standard deviation of the shocks to the logarithm, per square root of a year."""
    speed: Annotated[float, Field(gt=0, le=50)] = 1.0
    """Rate of return per year: a deviation has halved after ln 2 / speed years."""
    jumps: Jumps | None = None


Process = Annotated[Geometric | MeanReverting, Field(discriminator="kind")]


class SpotProcess(Document):
    """How the price of a spot market moves within its regime. A market's own row goes before the row for all markets."""

    spot: Identifier | None = None
    """None: every spot market, each with shocks of its own."""
    price: Process | None = None
    """None: the price moves with regimes and rivals only."""
    follows_demand: Share = 0.0
    """How far the volume on offer follows the buyer's own demand for the product: 0 = not at all, 1 = in proportion."""


class IndexProcess(Document):
    """How an index moves around its base level."""

    index: Identifier
    level: Process


class FxProcess(Document):
    """How an exchange rate moves around its base values."""

    currency: Identifier
    rate: Process


# --- Disruption and rivals ----------------------------------------------------------------------------------------------------------------------


class Disruption(Document):
    """Outages of a supplier (all its offers at once) or of one offer: arrivals at a rate while nothing is disrupted, each with a random duration.

    A period that is disrupted for a part of its length delivers and delays in proportion.
    """

    offer: Identifier | None = None
    supplier: Identifier | None = None
    rate_per_year: PerYear
    duration: Literal["fixed", "exponential", "lognormal"] = "exponential"
    mean_years: Duration
    """Mean duration in years."""
    spread: Annotated[float, Field(gt=0, le=5)] | None = None
    """Standard deviation of a lognormal duration relative to its mean."""
    deliverable_share: Share = 0.0
    """What can still be delivered meanwhile."""
    weeks_late: Weeks = 0.0
    """By how much deliveries run late meanwhile, on top of the regime's delay."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.duration == "lognormal" and self.spread is None:
            raise ValueError("a lognormal duration needs a `spread`")
        if self.duration != "lognormal" and self.spread is not None:
            raise ValueError(f"{'an exponential' if self.duration == 'exponential' else 'a fixed'} duration has no `spread`; remove it or change `duration`")
        return self


class Rival(Document):
    """A rival buyer who may lock in capacity for some periods: a share of the market's volume is gone from the spot market meanwhile."""

    id: Identifier
    name: Name = ""
    probability: Share = 0.0
    """Per period in which nothing is locked in, that the rival locks in from that period on."""
    probability_in: Mapped[Share] = Field(default_factory=dict)
    """The same in a regime, where it differs."""
    spot: Identifier | None = None
    """None: all spot markets."""
    market_share: Share
    """Share of the volume on offer that leaves the spot market."""
    price_factor: Raise = 1.0
    added_lead_periods: Lead = 0.0
    periods: Annotated[int, Field(ge=1, le=MAX_PERIODS)] = 1
    """For how many periods the capacity is locked in."""


# --- How futures are drawn ----------------------------------------------------------------------------------------------------------------------


class Correlation(Document):
    """Correlation of the shocks of two drivers in the same period (Gaussian copula); pairs without a row are independent."""

    between: tuple[Name, Name]
    """Two drivers: `regime`, `demand`, `site:ID`, `product:ID`, `spot:ID`, `index:ID`, `fx:ID`. A higher `regime` is a tighter one."""
    value: Annotated[float, Field(ge=-1, le=1)]


class Branching(Document):
    """How the futures are bundled to a tree of several stages."""

    branching: Annotated[tuple[Annotated[int, Field(ge=1, le=10_000)], ...], Field(min_length=1, max_length=MAX_PERIODS)]
    """Most children of a node per stage: the first for the signing moment, the next for a node of the first period, and so on; 1 from there on."""
