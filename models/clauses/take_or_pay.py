"""Take-or-pay: volume not taken is paid for."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import Document, Share


class TakeOrPay(Document):
    """What is taken below `fraction` of the deliverable committed volume of a period is paid at `price_share` of the contract price."""

    kind: Literal["take_or_pay"]
    fraction: Share = 0.0
    """Share of the deliverable committed volume that is owed each period."""
    price_share: Annotated[float, Field(ge=0, le=2)] = 1.0
    """Share of the period's contract price paid per unit short."""
