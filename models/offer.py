"""Offers: the contracts on the table."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from models.base import MAX_PERIODS, MAX_PRODUCTS, MAX_SITES, Document, Identifier, Money, Name, Positive, Series, Table, Text, Volume
from models.clauses import Clause


class Window(Document):
    """When an offer delivers: from the period `start`, for `periods` periods."""

    start: Identifier
    periods: Annotated[int, Field(ge=1, le=MAX_PERIODS)]


class ProductPrice(Document):
    """Price of one product of an offer, per unit taken."""

    product: Identifier
    price: Money


class VolumeRange(Document):
    """Between how much and how much can be committed per period, if the alternative is signed."""

    min: Volume
    max: Volume

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"`min` ({self.min:g}) is above `max` ({self.max:g})")
        return self


class ProductVolume(VolumeRange):
    """Committable volume per period of one product of an offer."""

    product: Identifier


class FlatProfile(Document):
    """The same volume in every period of the window."""

    kind: Literal["flat"] = "flat"


class ShapedProfile(Document):
    """Volumes in fixed proportions: period i of the window has `shape[i]` times the committed volume."""

    kind: Literal["shaped"]
    shape: Series[Annotated[float, Field(ge=0, le=100)]]


class FreeProfile(Document):
    """A volume of its own for every period, within min and max; `ramp` limits the change from one period to the next (share of the alternative's max)."""

    kind: Literal["free"]
    ramp: Positive | None = None


Profile = Annotated[FlatProfile | ShapedProfile | FreeProfile, Field(discriminator="kind")]


class Alternative(Document):
    """One variant of an offer's price and volume; at most one alternative of an offer is signed."""

    id: Identifier
    price: Money | Annotated[tuple[ProductPrice, ...], Field(min_length=1, max_length=MAX_PRODUCTS)]
    """Per unit taken, in the offer's currency: one price for all products, or one per product."""
    volume_per_period: VolumeRange | Annotated[tuple[ProductVolume, ...], Field(min_length=1, max_length=MAX_PRODUCTS)]
    """One range for each product of the offer, or one range per product."""
    profile: Profile = FlatProfile()


class SiteCost(Document):
    """Cost of bringing a unit to a site."""

    site: Identifier
    cost: Money
    product: Identifier | None = None
    """Only this product; none = every product."""


class Offer(Document):
    """A contract on the table: one supplier, its products, a delivery window, alternatives and clauses."""

    id: Identifier
    name: Name = ""
    supplier: Identifier
    products: Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=MAX_PRODUCTS)]
    unit: Name | None = None
    """Unit of the volumes as a check: must be the unit of each of its products; none = the products'."""
    window: Window
    sign: Literal["now"] | Identifier = "now"
    """"now", or the period in which it can be signed, with what is known then."""
    alternatives: Annotated[tuple[Alternative, ...], Field(min_length=1, max_length=50)]
    clauses: Annotated[tuple[Clause, ...], Field(max_length=30)] = ()
    sites: Annotated[tuple[Identifier, ...], Field(max_length=MAX_SITES)] | None = None
    """Sites that can be delivered to; none = all."""
    delivery_cost: Table[SiteCost] = ()
    signing_cost: Money = 0.0
    """Paid once at signing (legal work, qualification)."""
    currency: Identifier | None = None
    """Currency of all money in this offer; none = the scenario's."""
    note: Text = ""
