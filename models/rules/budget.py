"""Budget: how much cash may be spent."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.rules.base import MeasuredRule


class Budget(MeasuredRule):
    """Undiscounted cash out is at most `max`; cash at signing counts in the first period. Violation: units of money."""

    kind: Literal["budget"]
    max: Annotated[float, Field(ge=0, le=1e15)]
