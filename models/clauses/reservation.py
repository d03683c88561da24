"""Reservation fee: the price of holding capacity."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from models.base import Document, Money, Share


class Reservation(Document):
    """A fee per committed unit and period, whether or not it is taken; `deductible` of it is credited on what is taken. Give `fee_per_unit`, or
    `share_of_price`, which is a share of the alternative's price after its tier and before anything moves it."""

    kind: Literal["reservation"]
    fee_per_unit: Money = 0.0
    share_of_price: Annotated[float, Field(ge=0, le=1)] = 0.0
    deductible: Share = 0.0
    """Share of a unit's fee that is credited for every unit taken under the period's own terms, up to the committed volume; 0 = it is paid beside the price."""

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if self.fee_per_unit and self.share_of_price:
            raise ValueError("give `fee_per_unit` or `share_of_price`, not both")
        return self
