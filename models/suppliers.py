"""What is believed about the supplier across the table: a few types, each with costs, capacity and an alternative of its own.

Nobody knows a supplier's books. A view is a weighted set of types, for instance the ends and the middle of a should-cost range; every answer that leans
on it can then say how sure it is. Money is in the scenario's currency; volumes are in the products' units, products added up.
Reference: Raiffa (1982), The Art and Science of Negotiation, on reservation prices known only as a distribution.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from models.base import MAX_PERIODS, MAX_PRODUCTS, Document, Identifier, Money, Positive, Share, Text, Volume

MAX_TYPES = 2_000
UnitCosts = Annotated[tuple[Money, ...], Field(min_length=1, max_length=MAX_PRODUCTS)]


class SupplierType(Document):
    """One way the supplier may be made."""

    id: Identifier
    weight: Positive = 1.0
    """How likely it is against the view's other types; only proportions count."""
    unit_cost: Money | UnitCosts
    """Money per unit taken: one number, or one per product in the order of the offer's products."""
    capacity_cost: Money = 0.0
    """Money per unit committed and period, taken or not."""
    capacity: Volume | None = None
    """Volume that can be committed per period without building anything; none = as much as is asked for."""
    expansion_cost: Money = 0.0
    """Money, paid at signing, per unit of volume per period beyond the capacity."""
    expansion_build_periods: Annotated[int, Field(ge=0, le=MAX_PERIODS)] = 0
    """Periods until capacity that is built stands; commitments beyond the capacity before that are impossible."""
    set_up: Money = 0.0
    """Money, paid at signing, whatever is committed."""
    alternative_margin: Money = 0.0
    """What a unit of committed capacity would earn elsewhere, per period."""
    hurdle_rate: Annotated[float, Field(ge=0, le=1)] = 0.0
    """The supplier's discount rate, per year."""
    no_deal: Annotated[float, Field(ge=-1e15, le=1e15)] = 0.0
    """What the supplier has without the deal, present value, apart from `alternative_margin`."""
    risk_weight: Share = 0.0
    """Weight of the mean of the worst futures against the mean of all."""
    tail: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Share of futures that are the worst ones."""

    @model_validator(mode="after")
    def _capacity_to_build(self) -> Self:
        if self.capacity is None and (self.expansion_cost or self.expansion_build_periods):
            raise ValueError(f"type '{self.id}' has a cost or time of expansion and no `capacity` to expand; say the capacity, or leave expansion out")
        return self


class SupplierView(Document):
    """The types that a supplier may be of."""

    format: Literal["offtake-supplier-view/1"] = "offtake-supplier-view/1"
    supplier: Identifier
    types: Annotated[tuple[SupplierType, ...], Field(min_length=1, max_length=MAX_TYPES)]
    note: Text = ""
    """Where the figures come from."""

    @model_validator(mode="after")
    def _types_told_apart(self) -> Self:
        ids = [kind.id for kind in self.types]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"types of supplier '{self.supplier}' need ids of their own; there more than once: {', '.join(twice)}")
        return self
