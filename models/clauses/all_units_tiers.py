"""All-units tiers: committing more lowers the price of every unit."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import Document
from models.clauses.tier import Tier


class AllUnitsTiers(Document):
    """Every unit is priced by the tier that the committed volume per period falls into; it must stay in one tier in all periods."""

    kind: Literal["all_units_tiers"]
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1, max_length=20)]
