"""Supplier share: how much of the volume one supplier must or may have."""

from __future__ import annotations

from typing import Literal

from models.base import Identifier, Share
from models.rules.base import MeasuredRule


class SupplierShare(MeasuredRule):
    """Volume taken from `supplier` is at least `min` and at most `max` of all volume bought. Violation: units of volume."""

    kind: Literal["supplier_share"]
    supplier: Identifier
    min: Share = 0.0
    max: Share = 1.0
    product: Identifier | None = None
    """Only this product; none = all products together."""
