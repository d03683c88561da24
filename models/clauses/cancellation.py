"""Cancellation: a part of a period's committed volume may be given up, for a fee that depends on the notice."""

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from models.base import MAX_PERIODS, Document, Share


class CancellationNotice(Document):
    """What cancelling costs, with a notice of so many periods."""

    periods: Annotated[int, Field(ge=0, le=MAX_PERIODS)]
    """Periods from the notice to the period whose volume is cancelled; 0 = in that period itself, with what is known then."""
    fee_share: Annotated[float, Field(ge=0, le=2)] = 1.0
    """Share of the price after tiers and before anything moves it, for every unit cancelled; due with the notice."""


class Cancellation(Document):
    """Up to `share` of the committed volume of a period may be cancelled, with one of the notices of the schedule: it is then neither owed nor delivered.

    `notices` is the schedule, in rising order of the notice; without rows nothing can be cancelled. Notice is given in a period of the window.
    """

    kind: Literal["cancellation"]
    share: Share = 0.0
    """Share of a period's committed volume, as signed, that may be cancelled at most, all notices together; 0 = none."""
    notices: Annotated[tuple[CancellationNotice, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for one, other in pairwise(self.notices):
            if other.periods <= one.periods:
                raise ValueError(f"the notice of {other.periods} periods stands behind the one of {one.periods}; list the notices by length")
        return self
