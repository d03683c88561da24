"""Rolling forecast: what is taken stays near what was forecast."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import MAX_PERIODS, Document, Share


class RollingForecast(Document):
    """In every period of the window the buyer forecasts, for each product, what it will take `periods_ahead` periods later, and then takes near it.

    A forecast is at most the committed volume of its period. For the first periods of the window there is none, and only the volume band holds.
    """

    kind: Literal["rolling_forecast"]
    periods_ahead: Annotated[int, Field(ge=1, le=MAX_PERIODS)] = 1
    """Periods from the forecast to the period that it is about."""
    down: Share = 1.0
    """How far below the deliverable forecast may be taken, as a share of it; 1 = to nothing, so that the forecast binds nobody."""
    up: Annotated[float, Field(ge=0, le=10)] = 0.0
    """How far above, as a share of it; within the volume band."""
