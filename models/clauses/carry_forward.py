"""Carry-forward: volume taken beyond what is owed lowers what is owed later."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import MAX_PERIODS, Document, Share


class CarryForward(Document):
    """Volume taken beyond what take-or-pay makes owed is credited; a later shortfall may be met from the credit, up to `cap` of what is owed then.

    It needs take-or-pay in the same offer.
    """

    kind: Literal["carry_forward"]
    cap: Share = 0.0
    """Share of what is owed in a period that can be met from the credit at most."""
    expiry_periods: Annotated[int, Field(ge=1, le=MAX_PERIODS)] | None = None
    """Periods after the one in which it was taken, in which volume still counts; none = all that are left of the window."""
