"""Step-in: where the supplier fails to deliver, a third party may make the volume."""

from typing import Literal

from models.base import Money, Share
from models.clauses.event import Event


class StepIn(Event):
    """In a period in which the event holds the buyer may have a third party make what the supplier can't deliver, and pays its cost instead of the price.

    The supplier is not paid for it: no rebate, damages or credit of the contract is computed from it, and it is not made good once more.
    """

    kind: Literal["step_in"]
    cap: Share = 0.0
    """Share of the volume that can't be delivered in a period that a third party may make at most; 0 = the buyer can't step in."""
    cost_per_unit: Money = 0.0
    """What a unit made by the third party costs the buyer in all, instead of the contract price."""
