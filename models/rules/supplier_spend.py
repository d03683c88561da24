"""Supplier spend: how much cash may go to a supplier."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.base import Identifier
from models.rules.base import MeasuredRule


class SupplierSpend(MeasuredRule):
    """What is paid to a supplier, undiscounted and less what it credits, is at most `max`; cash at signing counts in the first period.

    Duties and transport are paid to others and do not count. Violation: units of money.
    """

    kind: Literal["supplier_spend"]
    max: Annotated[float, Field(ge=0, le=1e15)]
    supplier: Identifier | None = None
    """Only this supplier; none = each supplier by itself."""
