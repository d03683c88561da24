"""Exclusivity: the buyer buys nowhere else, or pays for it."""

from typing import Literal

from models.base import Document, Money


class Exclusivity(Document):
    """While the contract is in force, the buyer buys its products nowhere else, under no other offer and on no spot market, for any site.

    In a period in which something is bought elsewhere the waiver fee is due, once, whatever the volume. A fee of 0 is no exclusivity.
    """

    kind: Literal["exclusivity"]
    waiver_fee: Money = 0.0
    """Money in the offer's currency, for each period in which something is bought elsewhere."""
    waivable: bool = True
    """No: nothing may be bought elsewhere at any price."""
