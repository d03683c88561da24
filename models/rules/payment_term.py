"""Payment term: how long suppliers wait for their money."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.base import Identifier
from models.rules.base import MeasuredRule


class PaymentTerm(MeasuredRule):
    """What is bought under contracts is paid at least `min` days late on average, weighted by its price; spot purchases do not count.

    The days are those of each offer's clause `payment_days`, 0 without one. Violation: money paid a year too early.
    A price of it is what capital costs a year.
    """

    kind: Literal["payment_term"]
    min: Annotated[float, Field(ge=0, le=1_000)]
    """Days."""
    supplier: Identifier | None = None
    """Only this supplier; none = all of them together."""
