"""What is not known when contracts are signed: futures given one by one, a tree given node by node, or a generator from which futures are drawn.

All become the same node-indexed tree (`scenarios.tree`). Anything a future or node does not give takes its base value.
Factors multiply base values; a full table replaces base values (and factors) for its rows.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.base import (
    MAX_FUTURES,
    MAX_MARKETS,
    MAX_NODES,
    Document,
    Factor,
    Identifier,
    Lead,
    Mapped,
    Money,
    Name,
    Positive,
    Probability,
    Series,
    Share,
    Table,
    Volume,
    Weeks,
)
from models.generator import (
    MAX_CORRELATIONS,
    MAX_REGIMES,
    MAX_RIVALS,
    Branching,
    Correlation,
    DemandView,
    Disruption,
    FxProcess,
    IndexProcess,
    Regime,
    Rival,
    SpotProcess,
)


class DemandRow(Document):
    """Demand of one site for one product, per period."""

    site: Identifier
    product: Identifier
    volume: Series[Volume]
    unit: Name | None = None
    """Unit of the volumes as a check: must be the product's unit; none = the product's."""


class SpotPriceRow(Document):
    """Price of one spot market per period."""

    spot: Identifier
    price: Series[Money]


class SpotAvailableRow(Document):
    """Volume on offer in one spot market per period."""

    spot: Identifier
    available: Series[Volume]


class SpotLeadRow(Document):
    """Lead time of one spot market per period, in periods; 0.4 means that 60 % of an order arrives in the period it is placed, 40 % in the next."""

    spot: Identifier
    lead_periods: Series[Lead]


class DeliverabilityRow(Document):
    """Share of the committed volume that can be delivered, per period; an offer's own row goes before its supplier's."""

    offer: Identifier | None = None
    supplier: Identifier | None = None
    share: Series[Share]


class LatenessRow(Document):
    """Weeks by which deliveries run late, per period; an offer's own row goes before its supplier's."""

    offer: Identifier | None = None
    supplier: Identifier | None = None
    weeks: Series[Weeks]


class Future(Document):
    """One course of the uncertain data over the whole horizon, with its probability."""

    id: Identifier
    probability: Probability
    demand_factor: Series[Factor] | None = None
    spot_price_factor: Series[Factor] | None = None
    spot_available_factor: Series[Factor] | None = None
    demand: Table[DemandRow] = ()
    spot_price: Table[SpotPriceRow] = ()
    spot_available: Table[SpotAvailableRow] = ()
    spot_lead: Table[SpotLeadRow] = ()
    deliverability: Table[DeliverabilityRow] = ()
    lateness: Table[LatenessRow] = ()
    index: Mapped[Series[Positive]] = Field(default_factory=dict)
    """Level of each index per period (1.0 = its level at signing)."""
    fx: Mapped[Series[Positive]] = Field(default_factory=dict)
    """Exchange rate of each currency per period: scenario currency per unit of it."""


class Futures(Document):
    """Futures given one by one."""

    kind: Literal["futures"]
    futures: Annotated[tuple[Future, ...], Field(min_length=1, max_length=MAX_FUTURES)]
    revealed: Literal["by_data", "after_signing"] = "by_data"
    """`by_data`: futures stay indistinguishable for as long as their data are the same. `after_signing`: which future has come true is known
    as soon as contracts are signed (a tree that branches once), which lets the plan see further ahead than a buyer could."""
    tree: Branching | None = None
    """Bundle the futures to a smaller tree that is told apart step by step; `revealed` then has no effect."""


class NodeDemand(Document):
    """Demand of one site for one product at a node."""

    site: Identifier
    product: Identifier
    volume: Volume
    unit: Name | None = None
    """As in a demand row."""


class NodeSpotPrice(Document):
    """Price of a spot market at a node."""

    spot: Identifier
    price: Money


class NodeSpotAvailable(Document):
    """Volume on offer in a spot market at a node."""

    spot: Identifier
    available: Volume


class NodeSpotLead(Document):
    """Lead time of a spot market at a node, in periods."""

    spot: Identifier
    lead_periods: Lead


class NodeDeliverability(Document):
    """Deliverable share of the committed volume at a node."""

    offer: Identifier | None = None
    supplier: Identifier | None = None
    share: Share


class NodeLateness(Document):
    """Weeks by which deliveries run late at a node."""

    offer: Identifier | None = None
    supplier: Identifier | None = None
    weeks: Weeks


class TreeNode(Document):
    """One node of a tree: a state of the world in one period. `parent: null` means that it follows directly on signing."""

    id: Identifier
    parent: Identifier | None
    period: Identifier
    probability: Probability
    """Conditional on the parent; children of one parent sum to 1."""
    name: Name = ""
    demand_factor: Factor | None = None
    spot_price_factor: Factor | None = None
    spot_available_factor: Factor | None = None
    demand: Table[NodeDemand] = ()
    spot_price: Table[NodeSpotPrice] = ()
    spot_available: Table[NodeSpotAvailable] = ()
    spot_lead: Table[NodeSpotLead] = ()
    deliverability: Table[NodeDeliverability] = ()
    lateness: Table[NodeLateness] = ()
    index: Mapped[Positive] = Field(default_factory=dict)
    fx: Mapped[Positive] = Field(default_factory=dict)


class GivenTree(Document):
    """A tree given node by node, parents before children."""

    kind: Literal["tree"]
    nodes: Annotated[tuple[TreeNode, ...], Field(min_length=1, max_length=MAX_NODES)]


class Generated(Document):
    """A generator of futures: market regimes, demand, prices, disruptions and rivals, from which any number of futures is drawn.

    What is not given does not move. Other futures of the same view (to try a plan on) are drawn with another seed.
    """

    kind: Literal["generated"]
    futures: Annotated[int, Field(ge=1, le=MAX_FUTURES)]
    """How many futures the plan is made for."""
    seed: Annotated[int, Field(ge=0, le=2_147_483_647)] = 1
    """The same seed gives the same futures."""
    sampling: Literal["sobol", "monte_carlo", "antithetic"] = "sobol"
    """`sobol`: scrambled Sobol points, which fill the space evenly. `monte_carlo`: independent draws. `antithetic`: draws in opposite pairs."""
    stratified: bool = True
    """Futures that visit a rare regime are drawn on purpose, with lower weights to make up for it, so that no regime is missing by chance."""
    least_share: Share = 0.05
    """With `stratified`, the least share of the futures that each rare regime gets (never more than an equal share)."""
    revealed: Literal["after_signing"] = "after_signing"
    """Without a `tree`, which future has come true is known as soon as contracts are signed (a tree that branches once)."""
    tree: Branching | None = None
    """Bundle the futures to a tree that is told apart step by step."""
    regimes: Annotated[tuple[Regime, ...], Field(max_length=MAX_REGIMES)] = ()
    """States of the market, from the loosest to the tightest; none = the market stays as the base values say."""
    demand: DemandView = DemandView()
    spot: Annotated[tuple[SpotProcess, ...], Field(max_length=MAX_MARKETS)] = ()
    index: Annotated[tuple[IndexProcess, ...], Field(max_length=MAX_MARKETS)] = ()
    fx: Annotated[tuple[FxProcess, ...], Field(max_length=MAX_MARKETS)] = ()
    disruptions: Annotated[tuple[Disruption, ...], Field(max_length=MAX_MARKETS)] = ()
    rivals: Annotated[tuple[Rival, ...], Field(max_length=MAX_RIVALS)] = ()
    correlations: Annotated[tuple[Correlation, ...], Field(max_length=MAX_CORRELATIONS)] = ()


class Certain(Document):
    """Nothing is uncertain: the base values come true."""

    kind: Literal["certain"] = "certain"


Uncertainty = Annotated[Futures | GivenTree | Generated | Certain, Field(discriminator="kind")]
