"""Prepaid exposure: how much money may lie with a supplier."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.base import Identifier
from models.rules.base import RuleBase


class PrepaidExposure(RuleBase):
    """What is prepaid to a supplier and not yet credited or forfeited is at most `max`, at every moment of every future. Violation: money."""

    kind: Literal["prepaid_exposure"]
    max: Annotated[float, Field(ge=0, le=1e15)]
    supplier: Identifier | None = None
    """Only this supplier; none = each supplier by itself."""
