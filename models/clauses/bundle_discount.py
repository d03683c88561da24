"""Bundle discount: cheaper where several things are bought together."""

from typing import Literal

from models.base import Document, Share, Volume


class BundleDiscount(Document):
    """In a period in which every part of the bundle reaches `min_volume`, everything that is taken is credited with `discount`.

    The parts are the offer's products (what is taken of each), or the sites that it serves (what is called off for each, of all its products together).
    """

    kind: Literal["bundle_discount"]
    across: Literal["products", "sites"] = "products"
    discount: Share = 0.0
    """Share of the contract price."""
    min_volume: Volume = 0.0
    """Least volume per period of each part."""
