"""Domestic share: how much of the volume must come from domestic sources."""

from __future__ import annotations

from typing import Literal

from models.base import Identifier, Share
from models.rules.base import MeasuredRule


class DomesticShare(MeasuredRule):
    """Volume taken from domestic suppliers and domestic spot markets is at least `min` of all volume bought. Violation: units of volume."""

    kind: Literal["domestic_share"]
    min: Share
    product: Identifier | None = None
    """Only this product; none = all products together."""
