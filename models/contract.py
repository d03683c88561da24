"""A contract file: contracts that were signed, and what has happened under them so far, period by period.

It goes with a scenario, whose offers the contracts are. Periods up to `today` are over and have happened as the file says; later ones are open. Volumes are
in the products' units, money is in each offer's currency; what is paid is positive, what is credited negative.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from models.base import MAX_MARKETS, MAX_OFFERS, Document, Identifier, Mapped, Name, Positive, Series, Table, Volume
from models.uncertainty import DeliverabilityRow, DemandRow, LatenessRow, SpotAvailableRow, SpotLeadRow, SpotPriceRow

Amount = Annotated[float, Field(ge=-1e15, le=1e15)]
Reference = Annotated[Name, Field(min_length=1)]
AT_SIGNING = "now"
"""Stands for the signing moment where a period is asked for."""


class CommittedRow(Document):
    """Committed volume of one product."""

    product: Identifier
    period: Identifier | None = None
    """None: every period of the window."""
    volume: Volume


class TakenRow(Document):
    """What was taken of one product in one period; a period without a take has a row with 0."""

    product: Identifier
    period: Identifier
    site: Identifier | None = None
    """Where it was delivered to; none = the only site that the offer delivers to."""
    volume: Volume


class ChosenRow(Document):
    """Volume of a take, or of a shortfall, that was declared under a clause (make_up, carry_forward, make_good), or what else a clause lets the buyer choose;
    cancelled volume is named by its notice (cancellation_2)."""

    clause: Reference
    product: Identifier
    period: Identifier
    volume: Volume


class NoticeRow(Document):
    """Word given under a clause by which the contract can end (early_termination, extension)."""

    clause: Reference
    period: Identifier
    """In which it was given."""
    ends: bool = True
    """False: the contract goes on; an extension is extended."""


class InvoiceLine(Document):
    """One line of an invoice: a category of the contract's bill, e.g. `purchase` or `take_or_pay`."""

    category: Reference
    amount: Amount


class Invoice(Document):
    """An invoice for one period; a period may have several."""

    id: Reference
    period: Identifier
    """`now`: at signing."""
    lines: Annotated[tuple[InvoiceLine, ...], Field(max_length=100)] = ()
    total: Amount | None = None
    """None: the sum of the lines."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.lines and self.total is None:
            raise ValueError("give `lines`, or a `total`")
        return self

    @property
    def amount(self) -> float:
        """What it asks for."""
        return sum(x.amount for x in self.lines) if self.total is None else self.total


class SignedContract(Document):
    """One offer of the scenario, signed."""

    offer: Identifier
    alternative: Name
    """As the scenario names it, or as a plan does, with its tier (`base/tier-2`)."""
    volumes: Annotated[tuple[CommittedRow, ...], Field(min_length=1)]
    takes: Table[TakenRow] = ()
    chosen: Table[ChosenRow] = ()
    notices: Annotated[tuple[NoticeRow, ...], Field(max_length=100)] = ()
    invoices: Annotated[tuple[Invoice, ...], Field(max_length=10_000)] = ()


class Observed(Document):
    """What has come true of the uncertain data: one value for each period up to `today`. What is not given must be the same in all futures, or must not
    matter to a signed contract; the sites' past is then that of the average future."""

    index: Mapped[Series[Positive]] = Field(default_factory=dict)
    fx: Mapped[Series[Positive]] = Field(default_factory=dict)
    deliverability: Annotated[tuple[DeliverabilityRow, ...], Field(max_length=MAX_OFFERS)] = ()
    """Below 1 where a supplier failed."""
    lateness: Annotated[tuple[LatenessRow, ...], Field(max_length=MAX_OFFERS)] = ()
    demand: Table[DemandRow] = ()
    spot_price: Annotated[tuple[SpotPriceRow, ...], Field(max_length=MAX_MARKETS)] = ()
    spot_available: Annotated[tuple[SpotAvailableRow, ...], Field(max_length=MAX_MARKETS)] = ()
    spot_lead: Annotated[tuple[SpotLeadRow, ...], Field(max_length=MAX_MARKETS)] = ()


class SiteState(Document):
    """What stands at a site at the end of `today`."""

    site: Identifier
    product: Identifier
    stock: Volume = 0.0
    unmet: Volume = 0.0
    """Demand of the last period that was not met; of delayed demand it is carried into the next."""


class SpotOrder(Document):
    """What was ordered in a spot market in one period; what is still under way arrives."""

    spot: Identifier
    period: Identifier
    volume: Volume


class OpenedStep(Document):
    """A supplier's capacity step that was opened."""

    supplier: Identifier
    step: Identifier
    period: Identifier | None = None
    """None: now, at signing; otherwise the period in which something was signed with the supplier."""


class ContractFile(Document):
    """Signed contracts, and what has happened so far."""

    format: Literal["offtake-contract/1"] = "offtake-contract/1"
    contracts: Annotated[tuple[SignedContract, ...], Field(min_length=1, max_length=MAX_OFFERS)]
    """Offers of the scenario that could have been signed by now and are not among them were not signed."""
    today: Identifier | None = None
    """The last period that is over; none = the contracts have just been signed."""
    observed: Observed = Observed()
    sites: Table[SiteState] = ()
    """Pairs of site and product without a row have neither stock nor unmet demand."""
    orders: Table[SpotOrder] = ()
    opened: Annotated[tuple[OpenedStep, ...], Field(max_length=MAX_OFFERS)] = ()
    node: Identifier | None = None
    """The node of the scenario's tree that has been reached; none = every future is still possible, with the probability it had."""
