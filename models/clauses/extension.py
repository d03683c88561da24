"""Extension: the last periods of the window are the buyer's option."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import MAX_PERIODS, Document, Factor


class Extension(Document):
    """The last `periods` of the window are carried out only if the buyer says so, `notice_periods` before they begin; otherwise the contract is over then.

    The window is the whole of it, extension included; what is committed for the last periods is what the buyer may extend by.
    """

    kind: Literal["extension"]
    periods: Annotated[int, Field(ge=0, le=MAX_PERIODS)] = 0
    """Periods at the end of the window that need the buyer's word; 0 = none."""
    notice_periods: Annotated[int, Field(ge=0, le=MAX_PERIODS)] = 0
    """Periods before the extension begins in which the buyer has to say so; 0 = in its first period, with what is known then."""
    price_factor: Factor = 1.0
    """On the contract price in the extension."""
