"""Force majeure: while an event lasts, neither party owes the other anything."""

from typing import Literal

from models.clauses.event import Event


class ForceMajeure(Event):
    """In a period in which the event holds the contract stands still: nothing is delivered, taken, owed or reserved. What is prepaid stays."""

    kind: Literal["force_majeure"]
