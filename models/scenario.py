"""The scenario: everything about one sourcing question, in tables that read like a sourcing sheet.

A `Scenario` that exists is sound: ids are unique, references resolve, series have one value per period, probabilities sum to 1
(`models.checks`). What is wrong is reported at once as `InvalidScenario`, each finding with its path.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from models.base import (
    MAX_MARKETS,
    MAX_OFFERS,
    MAX_PERIODS,
    MAX_PRODUCTS,
    MAX_SITES,
    Document,
    Factor,
    Identifier,
    Lead,
    Money,
    Name,
    Positive,
    Series,
    Share,
    Table,
    Text,
    Volume,
    Years,
)
from models.frontier import FrontierSettings
from models.offer import Offer, SiteCost
from models.options import SolveSettings
from models.rules import Rule
from models.stress import Stress
from models.uncertainty import Certain, DemandRow, Uncertainty


class Period(Document):
    """One period of the horizon and its length."""

    id: Identifier
    years: Years = 1.0


class Site(Document):
    """A place where demand arises and goods are delivered."""

    id: Identifier
    name: Name = ""
    region: Name = ""
    service_class: Name = ""
    """Class of service, for rules that ask more of some sites than of others."""


class Product(Document):
    """A thing that is bought; `unit` is the unit of every volume of it."""

    id: Identifier
    name: Name = ""
    unit: Name


class CapacityRow(Document):
    """What a supplier can commit and deliver of one product, per period."""

    product: Identifier
    volume: Series[Volume]


class OpensWhen(Document):
    """What makes a supplier build a capacity step."""

    committed_volume_per_period: Volume = 0.0
    """Average committed volume of the product over the periods in which any of the supplier's offers for it is in its window."""
    prepaid: Money = 0.0
    """Prepayments to the supplier at the signing moment, in the scenario's currency."""


class CapacityStep(Document):
    """A capacity step of a supplier: opened at signing, delivers after its build time."""

    id: Identifier
    product: Identifier | None = None
    """None: the supplier's only product with a capacity row."""
    volume: Volume
    """Added capacity per period."""
    build_periods: Annotated[int, Field(ge=0, le=MAX_PERIODS)] = 0
    opens_when: OpensWhen = OpensWhen()
    cost: Money = 0.0
    """What the buyer pays for it at signing."""


class Supplier(Document):
    """A supplier; without a capacity row for a product its capacity is unlimited."""

    id: Identifier
    name: Name = ""
    domestic: bool = False
    origin: Name = ""
    """Country or region that its goods come from, for tariffs and shares by origin."""
    capacity: Annotated[tuple[CapacityRow, ...], Field(max_length=MAX_PRODUCTS)] = ()
    capacity_steps: Annotated[tuple[CapacityStep, ...], Field(max_length=MAX_PRODUCTS)] = ()


class ShortageStep(Document):
    """Shortage beyond a share of the site's largest demand in a period so far costs more (the largest, because what is carried is short as well)."""

    above_share: Annotated[float, Field(gt=0, lt=1)]
    cost_factor: Annotated[float, Field(ge=1, le=1_000)]


class Shortage(Document):
    """What unmet demand for a product costs.

    `lost`: demand is gone, `cost_per_unit` once. `delayed`: it stays on the books, `cost_per_unit_year` for every year unmet, and
    `terminal_cost_per_unit` for what is still open at the end (none = one more year's cost). `split`: of what is unmet in a period,
    `lost_share` is lost and the rest delayed. `steps` make deeper shortage dearer.
    """

    product: Identifier
    site: Identifier | None = None
    """Only this site (goes before the row for all sites); none = all sites."""
    kind: Literal["lost", "delayed", "split"]
    cost_per_unit: Money | None = None
    cost_per_unit_year: Money | None = None
    terminal_cost_per_unit: Money | None = None
    lost_share: Share | None = None
    steps: Annotated[tuple[ShortageStep, ...], Field(max_length=10)] = ()

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needs = {"lost": ("cost_per_unit",), "delayed": ("cost_per_unit_year",), "split": ("cost_per_unit", "cost_per_unit_year", "lost_share")}[self.kind]
        for field in needs:
            if getattr(self, field) is None:
                raise ValueError(f"a {self.kind} shortage needs `{field}`")
        for field in ("cost_per_unit", "cost_per_unit_year", "terminal_cost_per_unit", "lost_share"):
            unused = (self.kind == "lost" and field != "cost_per_unit") or (self.kind == "delayed" and field in ("cost_per_unit", "lost_share"))
            if unused and getattr(self, field) is not None:
                raise ValueError(f"a {self.kind} shortage has no `{field}`; remove it or change `kind`")
        for earlier, later in zip(self.steps, self.steps[1:], strict=False):
            if later.above_share <= earlier.above_share or later.cost_factor < earlier.cost_factor:
                raise ValueError("`steps` must rise in `above_share` and must not fall in `cost_factor`")
        return self

    @property
    def lost(self) -> float:
        """Share of unmet volume that is lost (the rest is carried to the next period)."""
        return {"lost": 1.0, "delayed": 0.0}.get(self.kind, self.lost_share or 0.0)

    @property
    def terminal(self) -> float:
        """Cost per unit still owed to a site at the end of the horizon."""
        if self.terminal_cost_per_unit is not None:
            return self.terminal_cost_per_unit
        return self.cost_per_unit_year or 0.0


class Storage(Document):
    """Stock of a product at a site."""

    site: Identifier
    product: Identifier
    capacity: Volume | None = None
    """None: unlimited."""
    holding_cost: Money = 0.0
    """Per unit held at the end of a period, and year."""
    initial: Volume = 0.0
    spoilage: Share = 0.0
    """Share of the stock lost from one period to the next."""


class Transfer(Document):
    """Moving a product from one site to another within a period."""

    product: Identifier
    from_site: Identifier
    to_site: Identifier
    cost: Money = 0.0
    capacity: Volume | None = None
    """Per period; none = unlimited."""


class Substitution(Document):
    """Meeting demand for one product with another at the same site."""

    product: Identifier
    """The product that is needed."""
    substitute: Identifier
    """The product that is used instead."""
    sites: Annotated[tuple[Identifier, ...], Field(max_length=MAX_SITES)] | None = None
    ratio: Annotated[float, Field(gt=0, le=1e4)] = 1.0
    """Units of the substitute used per unit of need met; must be given where the two products have different units."""
    cost: Money = 0.0
    """Per unit of need met."""
    max_share: Share = 1.0
    """Most of a period's demand that may be met this way."""


class PriceBlock(Document):
    """A step of a spot market's supply ladder."""

    share: Annotated[float, Field(gt=0, le=1)]
    """Share of the available volume."""
    price_factor: Factor = 1.0


class Spot(Document):
    """A spot market for one product."""

    id: Identifier
    name: Name = ""
    product: Identifier
    price: Series[Money] | None = None
    """Base price per period; none = every future or node gives its own."""
    available: Series[Volume]
    """Volume on offer per period."""
    unit: Name | None = None
    """Unit of the volumes as a check: must be the product's unit; none = the product's."""
    blocks: Annotated[tuple[PriceBlock, ...], Field(min_length=1, max_length=20)] = (PriceBlock(share=1.0),)
    lead_periods: Lead = 0.0
    """Order lead time in periods; 0.4 = 60 % of an order arrives in its own period, 40 % in the next. Paid when ordered."""
    domestic: bool = False
    origin: Name = ""
    """Country or region that its goods come from, for tariffs and shares by origin."""
    delivery_cost: Table[SiteCost] = ()


class Tariff(Document):
    """Duty on what comes from one origin."""

    origin: Name
    rate: Series[Annotated[float, Field(ge=0, le=10)]]
    """Share of the price that is paid on top of it, per period; the price before volume discounts."""


class Index(Document):
    """A published index that prices can follow."""

    id: Identifier
    name: Name = ""
    level: Series[Positive] | None = None
    """Base level per period; none = 1 throughout."""


class Currency(Document):
    """A foreign currency: units of the scenario's currency per unit of it."""

    id: Identifier
    rate: Series[Positive]
    rate_now: Positive | None = None
    """At signing; none = the rate of the first period."""


class Ambiguity(Document):
    """How far the probabilities of the futures may be wrong; the expected cost is then the worst that any probabilities within reach can give."""

    kind: Literal["total_variation"] = "total_variation"
    """`total_variation`: half the sum of the absolute differences, which is the probability that lies elsewhere than was thought."""
    radius: Share
    """0.1: a tenth of all probability may lie on other futures; 0 = as given, 1 = only the dearest future counts."""


class Risk(Document):
    """How much the worst futures count: minimise (1 - weight) x expected cost + weight x CVaR.

    With `ambiguity` the expected cost is that of the worst probabilities within reach of the given ones; CVaR stays with the given ones.
    """

    weight: Share = 0.0
    tail: Annotated[float, Field(ge=1e-6, le=1)] = 0.1
    """Share of worst futures that CVaR averages over."""
    ambiguity: Ambiguity | None = None
    """None: the probabilities are taken as given."""

    @property
    def radius(self) -> float:
        """Radius of the ambiguity, 0 where the probabilities are taken as given."""
        return 0.0 if self.ambiguity is None else self.ambiguity.radius


class Scenario(Document):
    """One sourcing question."""

    format: Literal["offtake/1"]
    name: Name
    description: Text = ""
    currency: Identifier = "USD"
    discount_rate: Annotated[float, Field(gt=-1, le=1)] = 0.0
    """Per year, 0.08 = 8 %; cash of a period is discounted from the period's start."""
    periods: Annotated[tuple[Identifier | Period, ...], Field(min_length=1, max_length=MAX_PERIODS)]
    """Period ids (one year each), or `{"id": ..., "years": ...}`."""
    sites: Annotated[tuple[Site, ...], Field(min_length=1, max_length=MAX_SITES)]
    products: Annotated[tuple[Product, ...], Field(min_length=1, max_length=MAX_PRODUCTS)]
    suppliers: Annotated[tuple[Supplier, ...], Field(max_length=MAX_OFFERS)] = ()
    demand: Table[DemandRow]
    """Base demand; pairs of site and product without a row have none."""
    shortage: Table[Shortage]
    """Every demanded product needs a row."""
    storage: Table[Storage] = ()
    transfers: Table[Transfer] = ()
    substitutions: Annotated[tuple[Substitution, ...], Field(max_length=MAX_MARKETS)] = ()
    spot: Annotated[tuple[Spot, ...], Field(max_length=MAX_MARKETS)] = ()
    indices: Annotated[tuple[Index, ...], Field(max_length=MAX_MARKETS)] = ()
    currencies: Annotated[tuple[Currency, ...], Field(max_length=MAX_MARKETS)] = ()
    tariffs: Annotated[tuple[Tariff, ...], Field(max_length=MAX_MARKETS)] = ()
    """Duties by origin; what comes from elsewhere is free of duty."""
    offers: Annotated[tuple[Offer, ...], Field(max_length=MAX_OFFERS)] = ()
    rules: Annotated[tuple[Rule, ...], Field(max_length=1_000)] = ()
    risk: Risk = Risk()
    uncertainty: Uncertainty = Certain()
    stress: Stress | None = None
    """What the plan is to be tried on besides its futures; none = nothing."""
    frontier: FrontierSettings | None = None
    """Which frontiers of cost and risk are traced with the plan; none = none."""
    solve: SolveSettings = SolveSettings()

    @model_validator(mode="after")
    def _sound(self) -> Self:
        from models.checks import findings  # the checks read scenarios, so they are imported where both exist
        from models.errors import InvalidScenario

        found = findings(self)
        if found:
            raise InvalidScenario(found)
        return self

    @property
    def period_ids(self) -> tuple[str, ...]:
        """Ids of the periods, in order."""
        return tuple(p if isinstance(p, str) else p.id for p in self.periods)

    @property
    def period_years(self) -> tuple[float, ...]:
        """Length of each period in years."""
        return tuple(1.0 if isinstance(p, str) else p.years for p in self.periods)
