"""Force majeure: while an event lasts, neither party owes the other anything.

To the buyer: no minimum and no fee in a year in which the goods can't be made, shipped or used; nor a claim for them.
e[n] is 1 at nodes at which the data say that the event holds (`event`), else 0; V committed volume, R what of it stands, Q volume taken, Q_max the most
that may be taken at a node.

    left_is_the_rest:    R[j,p,n] = (1 - e[n]) V[j,p,t(n)]
    nothing_is_taken:    Q[j,p,n] <= (1 - e[n]) Q_max[j,p,n]     (the bound of the take)

All clauses see R as the committed volume, so nothing is owed, reserved or outstanding in such a period. What is prepaid stays and is credited on what is
taken later; the window is not prolonged. Everything is data, so futures can still be taken apart.
Reference: International Chamber of Commerce (2020), ICC Force Majeure Clause; United Nations Convention on Contracts for the International Sale of Goods
(1980), article 79.
Worked number: a fee of 2 on 1,000 units is 2,000 a year; in the year of the event nothing is taken, and neither the fee nor what take-or-pay owes is due.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import ForceMajeure as Terms
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.event import amid, happens, marked, marks
from optimizer.clauses.statement import Amounts, Statement
from optimizer.instance import Instance, OfferData
from optimizer.wording import Example, Setting
from scenarios.tree import Floats


@dataclass(frozen=True)
class ForceMajeure:
    """See the module's text."""

    terms: Terms
    for_good = False

    def stops(self, instance: Instance, offer: OfferData) -> Floats:
        return marks(self.terms, instance, offer)

    def stopped(self, statement: Statement) -> Floats:
        return marked(self.terms, statement)

    def build(self, deal: Deal) -> None:
        """Nothing beyond the kernel: what the event leaves is data."""

    def bill(self, statement: Statement) -> Amounts:  # noqa: ARG002
        return {}

    def breach(self, statement: Statement) -> Floats:
        """Volume taken while the event holds."""
        return np.asarray(np.where(self.stopped(statement) > 0, statement.take, 0.0).max(axis=0))

    def levers(self) -> tuple[Lever, ...]:
        return ()  # which events count is no quantity of which one side wants more

    def explain(self) -> str:
        if not happens(self.terms):
            return "No event suspends the contract."
        return f"In a period in which {happens(self.terms)}, nothing is delivered, taken, owed or reserved; what is prepaid stays."

    def wording(self, setting: Setting) -> str:  # noqa: ARG002
        if not happens(self.terms):
            return "No event beyond the control of the parties suspends this contract."
        return (
            f"It is an event of force majeure when {happens(self.terms)}. In a period in which it holds, this contract is suspended for all products: the "
            "Supplier delivers nothing, the Buyer takes nothing, no minimum, no fee on committed volume and no payment for volume not taken falls due, and "
            "neither party is liable to the other for it. The volume of such a period is neither owed nor delivered later, and the last period of the window "
            "remains the last. What is prepaid remains with the Supplier and is credited on what is taken afterwards. The contract goes on in the first "
            "period in which the event no longer holds."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volume, event = setting.volume, self.terms
        if not happens(event):
            return (Example(("nothing suspends the contract",), (volume,), (volume,)),)
        says = ("before the event", "while it holds", "after it")
        taken = ("before the event", f"{setting.units(setting.step)} taken while it holds", "after it")
        return (
            Example(says, (volume,), (volume, 0.0, volume), **amid(event)),
            Example(taken, (volume,), (volume, setting.step, volume), **amid(event)),
        )
