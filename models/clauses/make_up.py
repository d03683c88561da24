"""Make-up: volume that was paid for and not taken may be taken later."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import MAX_PERIODS, Document, Share


class MakeUp(Document):
    """What take-or-pay has made the buyer pay for may be taken later at `price_share` of the price, beyond what is owed by then, until it lapses.

    It needs take-or-pay in the same offer, and room in the volume band above what is owed.
    """

    kind: Literal["make_up"]
    price_share: Share = 1.0
    """Share of the period's contract price paid per unit when it is taken; 1 = the right is worth nothing."""
    expiry_periods: Annotated[int, Field(ge=1, le=MAX_PERIODS)] | None = None
    """Periods after the one in which it was paid for, in which it may still be taken; none = all that are left of the window."""
