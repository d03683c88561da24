"""Smallest share: whoever is awarded a contract gets a worthwhile part."""

from __future__ import annotations

from typing import Literal

from models.base import Identifier, Share
from models.rules.base import MeasuredRule


class SmallestShare(MeasuredRule):
    """Every supplier with a signed contract has at least `min` of the volume taken under contracts. Violation: units of volume."""

    kind: Literal["smallest_share"]
    min: Share
    product: Identifier | None = None
    """Only this product; none = all products together."""
