"""Minimum order: take nothing, or a worthwhile lot."""

from typing import Literal

from models.base import Document, Volume


class MinimumOrder(Document):
    """In each period the take of each product is either 0 or at least `volume`."""

    kind: Literal["minimum_order"]
    volume: Volume = 0.0
