"""All-units tiers: committing more lowers the price of every unit."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import Document, Share, Volume


class Tier(Document):
    """A range of committed volume per period, and the discount that holds in it."""

    from_volume: Volume
    to_volume: Volume | None = None
    """Upper end (not part of the tier); none = no upper end."""
    discount: Share = 0.0
    """Share taken off the contract price."""


class AllUnitsTiers(Document):
    """Every unit is priced by the tier that the committed volume per period falls into; it must stay in one tier in all periods."""

    kind: Literal["all_units_tiers"]
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1, max_length=20)]
