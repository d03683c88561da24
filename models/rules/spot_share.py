"""Spot share: how much may be left to the spot market."""

from __future__ import annotations

from typing import Literal

from models.base import Identifier, Share
from models.rules.base import MeasuredRule


class SpotShare(MeasuredRule):
    """Volume ordered on spot markets is at most `max` of all volume bought. Violation: units of volume."""

    kind: Literal["spot_share"]
    max: Share
    product: Identifier | None = None
    """Only this product; none = all products together."""
