"""Indexed price: part of the price follows a published index, within a collar."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import MAX_PERIODS, Document, Identifier, Positive, Share


class IndexedPrice(Document):
    """Price = base x (1 + weight x clip(index / reference - 1, floor, cap)), the index read `lag_periods` earlier.

    Before the first period the index stands at its reference, so a lagged price starts at the base price.
    """

    kind: Literal["indexed_price"]
    index: Identifier
    weight: Share = 0.0
    """Share of the price that follows the index."""
    lag_periods: Annotated[int, Field(ge=0, le=MAX_PERIODS)] = 0
    floor: Annotated[float, Field(ge=-1, le=0)] = -1.0
    """Lowest relative move of the index that counts (-0.12 = at most 12 % down)."""
    cap: Annotated[float, Field(ge=0, le=1e4)] | None = None
    """Highest relative move of the index that counts; none = no cap."""
    reference: Positive = 1.0
    """Index level at which the base price holds."""
