"""Shortage CVaR: a ceiling on the average shortage of the worst futures."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.base import Identifier, Volume
from models.rules.base import RuleBase


class ShortageCvar(RuleBase):
    """Mean total unmet volume (summed over periods) of the worst `tail` share of futures is at most `max`. Violation: units of volume."""

    kind: Literal["shortage_cvar"]
    max: Volume
    tail: Annotated[float, Field(ge=1e-6, le=1)] = 0.1
    product: Identifier | None = None
    """Only this product; none = all products together."""

    @property
    def over_futures(self) -> bool:
        return True
