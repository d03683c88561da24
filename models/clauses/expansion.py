"""Expansion: the buyer pays for capacity, and has its volume first."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import MAX_PERIODS, Document, Money, Share


class Expansion(Document):
    """A payment at signing adds volume in later periods of the window, which the buyer may take beyond what a period allows otherwise."""

    kind: Literal["expansion"]
    volume_share: Annotated[float, Field(ge=0, le=10)] = 0.0
    """Volume added in each period as a share of its committed volume; 0 = nothing is added."""
    payment_per_unit: Money = 0.0
    """Paid once at signing for each unit that is added over the whole window."""
    after_periods: Annotated[int, Field(ge=0, le=MAX_PERIODS)] = 1
    """Periods of the window that pass while the capacity is built."""
    priority: Share = 0.0
    """Least share of the added volume that is delivered, whatever is allocated to others; more where more of the commitment can be delivered."""
