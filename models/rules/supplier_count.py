"""Supplier count: how many suppliers hold a contract."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.base import Identifier
from models.rules.base import RuleBase


class SupplierCount(RuleBase):
    """At least `min` and at most `max` suppliers have a signed offer, in every future. Violation: suppliers."""

    kind: Literal["supplier_count"]
    min: Annotated[int, Field(ge=0, le=1_000)] = 0
    max: Annotated[int, Field(ge=0, le=1_000)] | None = None
    product: Identifier | None = None
    """Only offers for this product count; none = all."""
