"""Shortage probability: a ceiling on how likely a shortage is."""

from __future__ import annotations

from typing import Literal

from models.base import Identifier, Share, Volume
from models.rules.base import RuleBase


class ShortageProbability(RuleBase):
    """The probability that more than `above` is unmet is at most `max`. Violation: percentage points of probability."""

    kind: Literal["shortage_probability"]
    max: Share
    above: Volume = 0.0
    """Unmet volume that is not yet called a shortage."""
    period: Identifier | None = None
    """Only what is unmet in this period; none = over the whole horizon, added up."""
    product: Identifier | None = None
    """Only this product; none = all products together."""

    @property
    def over_futures(self) -> bool:
        return True
