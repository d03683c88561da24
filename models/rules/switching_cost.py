"""Switching cost: what it costs to leave the suppliers of today."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from models.base import MAX_OFFERS, Identifier, Money, Series, Volume
from models.rules.base import RuleBase


class SwitchingCost(RuleBase):
    """Whoever is signed and is not among the `incumbents` costs `per_supplier`, and what the incumbents deliver less than `volume` costs `per_unit`.

    Violation: money, so `"violation_price": 1` makes it a cost; without a price nothing may switch.
    """

    kind: Literal["switching_cost"]
    incumbents: Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=MAX_OFFERS)]
    """Suppliers of today."""
    product: Identifier | None = None
    """Only this product; none = all."""
    per_supplier: Money = 0.0
    """For each supplier that is not an incumbent and holds a contract: qualification, tooling, legal work."""
    per_unit: Money = 0.0
    """Per unit that leaves the incumbents."""
    volume: Series[Volume] = ()
    """What the incumbents deliver today, per period; needed with `per_unit`."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.per_unit > 0 and not self.volume:
            raise ValueError("`per_unit` needs `volume`: what the incumbents deliver today, per period")
        return self
