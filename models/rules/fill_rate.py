"""Fill rate: how much of demand must be met on time."""

from __future__ import annotations

from typing import Literal

from models.base import Identifier, Name, Share
from models.rules.base import MeasuredRule


class FillRate(MeasuredRule):
    """1 - unmet / asked for is at least `min`; asked for is new demand plus what is carried over. Violation: percentage points of demand."""

    kind: Literal["fill_rate"]
    min: Share
    product: Identifier | None = None
    """Only this product; none = all."""
    site: Identifier | None = None
    """Only this site; none = all."""
    service_class: Name | None = None
    """Only sites of this class, added up; none = all."""
