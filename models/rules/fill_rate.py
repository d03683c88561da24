"""Fill rate: how much of demand must be met on time."""

from __future__ import annotations

from typing import Literal

from models.base import Identifier, Share
from models.rules.base import MeasuredRule


class FillRate(MeasuredRule):
    """1 - unmet / demand is at least `min`; volume that stays unmet counts again in every period. Violation: percentage points."""

    kind: Literal["fill_rate"]
    min: Share
    product: Identifier | None = None
    """Only this product; none = all."""
    site: Identifier | None = None
    """Only this site; none = all."""
