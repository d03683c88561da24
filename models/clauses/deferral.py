"""Deferral: committed volume may be put off into the next period."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import Document, Share


class Deferral(Document):
    """In a period of the window the buyer may put off a part of its committed volume: it is then committed for the next period instead, and a fee is paid.

    What is put off may be put off again, within the share of that period. In the last period of the window nothing can be put off.
    """

    kind: Literal["deferral"]
    share: Share = 0.0
    """Share of a period's committed volume, as signed, that may be put off at most; 0 = none."""
    fee_share: Annotated[float, Field(ge=0, le=2)] = 0.0
    """Share of the price after tiers and before anything moves it, for every unit put off."""
