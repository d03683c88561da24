"""Buffer stock: volume that the supplier makes early and holds for the buyer."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import MAX_PERIODS, Document, Money, Share


class BufferStock(Document):
    """The supplier fills a stock in the first periods of the window and holds it; the buyer draws on it later, on top of what a period allows otherwise."""

    kind: Literal["buffer_stock"]
    cap: Share = 0.0
    """Size of the stock as a share of a period's committed volume, and the most that may be drawn in a period; 0 = there is none."""
    fill_periods: Annotated[int, Field(ge=1, le=MAX_PERIODS)] = 1
    """Periods of the window in which the stock is filled, in equal parts, as far as the supplier can deliver in them."""
    holding_fee: Money = 0.0
    """Per unit of the agreed size and year, in all periods of the window."""
