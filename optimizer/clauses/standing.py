"""What stands to the buyer's credit under a contract: volume that may still be taken or set off, money that is still to be credited.

The part of the kernel that a contract's keeper asks: a clause under which something piles up says what of it there is at a node, and until when.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from optimizer.clauses.obligation import vintages
from optimizer.protocols import ByClass
from scenarios.tree import Floats

if TYPE_CHECKING:
    from optimizer.clauses.statement import Statement

DUST = 1e-9  # relative to the committed volume: what rounding leaves of a bank


@dataclass(frozen=True)
class Credit:
    """Something that the buyer has and may lose."""

    what: str  # "make-up volume"
    amount: float
    money: bool  # or volume
    product: int | None  # of the offer's own; None: all together
    since: int | None  # period in which it came in; None: that does not matter
    last: int  # last period in which it can be used
    worth: float | None  # money, at the price of the node; None: it depends on what the buyer does
    says: str = ""  # what else is to be said of it


@runtime_checkable
class Keeps(Protocol, metaclass=ByClass):
    """A clause under which something piles up."""

    def standing(self, statement: Statement, n: int) -> tuple[Credit, ...]:
        """What stands to the buyer's credit at the end of node n, in the offer's currency; nothing where no contract is in force."""


def banked(statement: Statement, n: int, what: str, comes_in: Floats, drawn: Floats, periods: int | None, saves: float | None) -> tuple[Credit, ...]:
    """The bank of a clause at node n, vintage by vintage; `saves` is the share of the price that a unit of it saves."""
    if statement.in_force[n] == 0:
        return ()
    held = vintages(statement, comes_in, drawn, periods)[1][:, n]
    found = []
    for p, t in zip(*(held > DUST * max(1.0, float(statement.volume.max(initial=0.0)))).nonzero(), strict=True):
        last = statement.end - 1 if periods is None else min(int(t) + periods, statement.end - 1)
        amount = float(held[p, t])
        worth = None if saves is None else saves * float(statement.price[p, n]) * amount
        found.append(Credit(what, amount, False, int(p), int(t), last, worth))
    return tuple(found)
