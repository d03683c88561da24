"""Early termination: leaving a contract before its end, for a fee."""

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from models.base import MAX_PERIODS, Document


class ExitFee(Document):
    """What leaving costs, from some period of the window on."""

    after_periods: Annotated[int, Field(ge=1, le=MAX_PERIODS)]
    """Periods of the window that have passed when the fee begins to hold."""
    share: Annotated[float, Field(ge=0, le=2)] = 1.0
    """Share of the value of the committed volume that is given up, at the price after tiers and before anything moves it."""


class EarlyTermination(Document):
    """In a period of the window the buyer may end the contract: nothing is committed, owed or delivered any more, and a fee is paid.

    `fees` is the schedule: each row holds until the next one begins; before the first one the contract can't be ended.
    """

    kind: Literal["early_termination"]
    fees: Annotated[tuple[ExitFee, ...], Field(max_length=20)] = ()
    notice_periods: Annotated[int, Field(ge=0, le=MAX_PERIODS)] = 0
    """Periods between the decision and the first one without the contract; 0 = it is over at once, with what is known in that period."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for one, other in pairwise(self.fees):
            if other.after_periods <= one.after_periods:
                raise ValueError(f"the fee after {other.after_periods} periods stands behind the one after {one.after_periods}; list the fees by time")
        return self
