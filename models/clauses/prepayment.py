"""Prepayment: cash at signing, credited on later invoices."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from models.base import Document, Money, Share


class Prepayment(Document):
    """Cash paid at signing; every unit taken earns a credit of `credit_per_unit` until the prepaid sum is used up, the rest is forfeited at the end.

    The sum is the total of `amount`, `share_of_first_period` (of committed volume x price of the first period of the window) and
    `share_of_contract_value` (the same over the whole window); the price is the alternative's after tiers, before anything moves it.
    """

    kind: Literal["prepayment"]
    amount: Money = 0.0
    share_of_first_period: Annotated[float, Field(ge=0, le=1)] = 0.0
    share_of_contract_value: Annotated[float, Field(ge=0, le=1)] = 0.0
    credit_per_unit: Money = 0.0
    guarantee_share: Share = 0.0
    """Share of what is prepaid and not yet credited that a guarantee pays back when the supplier fails (the clause `supplier_default` says when)."""
    guarantee_fee: Share = 0.0
    """Paid for the guarantee at signing, as a share of the sum that it covers then: `guarantee_share` of what is prepaid."""

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if sum(map(bool, (self.amount, self.share_of_first_period, self.share_of_contract_value))) > 1:
            raise ValueError("give one of `amount`, `share_of_first_period` and `share_of_contract_value`")
        return self
