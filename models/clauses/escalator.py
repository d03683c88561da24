"""Escalator: the price rises (or falls) by a fixed rate."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import Document


class Escalator(Document):
    """The price moves by `rate` per year, compounded, from the start of the offer's window."""

    kind: Literal["escalator"]
    rate: Annotated[float, Field(ge=-0.5, le=1)] = 0.0
