"""Payment days: what is taken is paid for later."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import Document


class PaymentDays(Document):
    """What is taken is paid for `days` days after the date on which it would be due otherwise; no interest is owed for that.

    The delay is worth what the scenario's discount rate makes of it. Other payments under the contract keep their dates.
    """

    kind: Literal["payment_days"]
    days: Annotated[float, Field(ge=0, le=1_000)] = 0.0
