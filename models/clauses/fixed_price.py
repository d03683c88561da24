"""Fixed price: the default of the price family."""

from typing import Literal

from models.base import Document


class FixedPrice(Document):
    """The alternative's price holds in every period. This is what an offer without a price clause has."""

    kind: Literal["fixed_price"]
