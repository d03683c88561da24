"""Make-good: volume that the supplier could not deliver is delivered later, on top."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import MAX_PERIODS, Document, Share


class MakeGood(Document):
    """Committed volume that could not be delivered may be called off later, beyond what a period allows otherwise, at `price_share` of the price.

    What a third party made of it (`step_in`) is not owed once more.
    """

    kind: Literal["make_good"]
    cap: Share = 0.0
    """Share of a period's deliverable committed volume that may be called off on top at most; 0 = nothing is made good."""
    price_share: Share = 1.0
    """Share of the period's contract price paid per unit made good."""
    expiry_periods: Annotated[int, Field(ge=1, le=MAX_PERIODS)] | None = None
    """Periods after the one in which it was not delivered, in which it may still be called off; none = all that are left of the window."""
