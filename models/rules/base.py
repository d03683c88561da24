"""What rules have in common: whether they are hard or priced, and over which part of the future they are measured."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from models.base import Document, Identifier, Money, Name

In = Literal["expected", "every_future", "every_node"]


class RuleBase(Document):
    """A business rule of the buyer: hard, unless `violation_price` says what a unit of violation costs."""

    name: Name = ""
    """What the buyer calls this rule; used in messages."""
    violation_price: Money | None = None
    """None: the rule is hard. Otherwise what one unit of violation costs (the unit is given with each rule); it counts in the objective, not in cash."""

    @property
    def over_futures(self) -> bool:
        """Whether it is measured over several futures at once, which ties them together."""
        return False


class MeasuredRule(RuleBase):
    """A rule measured over nodes of the tree.

    `in`: "expected" (on average), "every_future" (over each future's whole horizon) or "every_node" (in each period of each future).
    `period`: only that period; none = the whole horizon (for "every_node": every period).
    """

    period: Identifier | None = None
    in_: In = Field(default="expected", alias="in")

    model_config = ConfigDict(serialize_by_alias=True)

    @property
    def over_futures(self) -> bool:
        return self.in_ == "expected"
