"""Price review: a fixed price that is moved towards the market from time to time."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import MAX_PERIODS, Document, Identifier, Positive, Share


class PriceReview(Document):
    """The price is fixed between reviews. Every `every_periods` periods after the start of the window a review closes `share` of the gap between it and the
    market, which is the base price x index / reference, and moves it by at most `cap` up and `floor` down, relative to what it was before the review."""

    kind: Literal["price_review"]
    index: Identifier
    every_periods: Annotated[int, Field(ge=1, le=MAX_PERIODS)] = 1
    share: Share = 0.0
    """Share of the gap between price and market that a review closes."""
    floor: Annotated[float, Field(ge=-1, le=0)] = -1.0
    """Lowest relative change of the price in a review (-0.1 = at most 10 % down)."""
    cap: Annotated[float, Field(ge=0, le=1e4)] | None = None
    """Highest relative change of the price in a review; none = no cap."""
    reference: Positive = 1.0
    """Index level at which the base price is that of the market."""
