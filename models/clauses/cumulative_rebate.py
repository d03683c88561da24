"""Cumulative rebate: the more has been taken since the start, the cheaper is what comes next."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import Document
from models.clauses.tier import Tier


class CumulativeRebate(Document):
    """Of what is taken of a product, the part that lifts the volume taken since the start of the window through a tier is credited with its discount.

    The tiers' volumes are totals over all periods of the window, and only volume that is taken counts.
    """

    kind: Literal["cumulative_rebate"]
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1, max_length=20)]
