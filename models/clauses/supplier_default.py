"""Supplier default: the contract is over when its supplier fails."""

from typing import Literal

from models.clauses.event import Event


class SupplierDefault(Event):
    """From the first period after the one of signing in which the event holds, the contract is over: nothing is delivered, owed or reserved any more.

    What is left of a prepayment is lost, apart from what its guarantee pays back.
    """

    kind: Literal["supplier_default"]
