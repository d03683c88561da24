"""A tier: what clauses that grade by committed volume are made of."""

from models.base import Document, Share, Volume


class Tier(Document):
    """A range of committed volume per period, and the discount that holds in it."""

    from_volume: Volume
    to_volume: Volume | None = None
    """Upper end (not part of the tier); none = no upper end."""
    discount: Share = 0.0
    """Share taken off the contract price."""
