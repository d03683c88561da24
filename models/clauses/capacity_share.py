"""Capacity share: a right to a part of whatever the supplier can make."""

from typing import Literal

from models.base import Document, Factor, Share


class CapacityShare(Document):
    """On top of what is committed, the buyer may take up to `share` of the supplier's capacity that can be delivered in a period, and need not.

    The supplier needs a capacity row for every product of the offer. Capacity steps do not count.
    """

    kind: Literal["capacity_share"]
    share: Share = 0.0
    """Share of the supplier's capacity, product by product; 0 = no right."""
    price_factor: Factor = 1.0
    """On the period's contract price, for what is taken under the right."""
