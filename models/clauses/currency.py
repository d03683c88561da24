"""Currency: moves of the exchange rate beyond a band are shared."""

from typing import Literal

from models.base import Document, Positive, Share


class CurrencyBand(Document):
    """In a contract in a foreign currency, the buyer bears moves of the rate within `band` of the agreed rate, and the supplier bears `supplier_share` of
    what lies beyond it, in both directions: the contract price of the period is adjusted."""

    kind: Literal["currency"]
    band: Share = 0.0
    """How far the rate may move to either side before it is shared (0.05 = 5 % of the agreed rate)."""
    supplier_share: Share = 0.0
    """Share of the move beyond the band that the supplier bears."""
    reference: Positive | None = None
    """Agreed rate, in the scenario's currency per unit of the offer's; none = the rate when the offer is signed."""
