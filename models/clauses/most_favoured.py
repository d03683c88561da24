"""Most favoured customer: the price never lies above what the market asks."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import Document, Identifier


class MostFavoured(Document):
    """In no period does the contract price of what a spot market sells lie more than `margin` above the price of that market. Where the market has no price
    (0), the contract price stays as it is; how much is on offer there does not matter."""

    kind: Literal["most_favoured"]
    spot: Identifier | None = None
    """The spot market; none = prices are not compared."""
    margin: Annotated[float, Field(ge=0, le=10)] = 0.0
    """How far the price may lie above the market's (0.05 = 5 %)."""
