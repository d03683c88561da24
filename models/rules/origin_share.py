"""Origin share: how much of the volume must or may come from one country or region."""

from __future__ import annotations

from typing import Literal

from models.base import Identifier, Name, Share
from models.rules.base import MeasuredRule


class OriginShare(MeasuredRule):
    """Volume from suppliers and spot markets of `origin` is at least `min` and at most `max` of all volume bought. Violation: units of volume."""

    kind: Literal["origin_share"]
    origin: Name
    min: Share = 0.0
    max: Share = 1.0
    product: Identifier | None = None
    """Only this product; none = all products together."""
