"""Growth rebate: a discount on what is taken beyond the period before, or beyond a base."""

from typing import Literal

from models.base import Document, Share, Volume


class GrowthRebate(Document):
    """Of what is taken of a product in a period, the part beyond what was taken of it in the period before is credited with `discount`; with a
    `base_volume`, the part beyond that volume. In the first period of the window nothing comes before, and only a base earns anything."""

    kind: Literal["growth_rebate"]
    discount: Share = 0.0
    """Share of the contract price."""
    base_volume: Volume | None = None
    """Volume per period, the same for each product; none = what was taken in the period before."""
