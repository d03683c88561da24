"""Supplier default: the contract is over when its supplier fails.

To the buyer: volume that was counted on has to be found elsewhere, and a deposit lies with somebody who can't pay it back.
e[n] is 1 at nodes at which the data say that the event holds (`event`), d[n] = 1 where it holds or has held after the period of signing, else 0; V committed
volume, R what is left of it, Q volume taken, Q_max the most that may be taken at a node.

    left_is_the_rest:    R[j,p,n] = (1 - d[n]) V[j,p,t(n)],  d[n] = max(d[parent], e[n]) after the period of signing, 0 until then
    nothing_is_taken:    Q[j,p,n] <= (1 - d[n]) Q_max[j,p,n]     (the bound of the take)

All clauses see R as the committed volume, so nothing is owed or reserved any more. What is left of a prepayment is lost; what its guarantee pays back is the
prepayment's (`guarantee_share`). A failure before the window counts from the window's first period on. Everything is data, so futures can still be taken
apart.
Reference: Wang, Gilland & Tomlin (2010), Mitigating supply risk: dual sourcing or process improvement?, Manufacturing & Service Operations Management
12(3); International Chamber of Commerce (2010), Uniform Rules for Demand Guarantees, publication 758.
Worked number: 1,000 prepaid, 400 of it credited when the supplier fails; 600 are lost, or 120 where a guarantee pays 80 % back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import SupplierDefault as Terms
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.event import amid, happens, marked, marks
from optimizer.clauses.statement import Amounts, Statement
from optimizer.instance import Instance, OfferData
from optimizer.wording import Example, Setting
from scenarios.tree import Floats


@dataclass(frozen=True)
class SupplierDefault:
    """See the module's text."""

    terms: Terms
    for_good = True

    def stops(self, instance: Instance, offer: OfferData) -> Floats:
        tree, found = instance.tree, marks(self.terms, instance, offer)
        found[tree.period <= offer.sign] = 0.0  # what holds when it is signed is known then, and agreed to
        for nodes in tree.levels():
            found[nodes] = np.maximum(found[nodes], found[tree.parent[nodes]])
        return found

    def stopped(self, statement: Statement) -> Floats:
        holds = marked(self.terms, statement)
        found = statement.nothing  # what holds until it is signed is known then, and agreed to
        for n in range(1, len(found)):
            if not statement.signing[n]:
                found[n] = max(holds[n], found[statement.parent[n]])
        return found

    def build(self, deal: Deal) -> None:
        """Nothing beyond the kernel: what a failure leaves is data."""

    def bill(self, statement: Statement) -> Amounts:  # noqa: ARG002
        return {}

    def breach(self, statement: Statement) -> Floats:
        """Volume taken after the supplier has failed."""
        return np.asarray(np.where(self.stopped(statement) > 0, statement.take, 0.0).max(axis=0))

    def levers(self) -> tuple[Lever, ...]:
        return ()  # whether a supplier fails is not agreed; the guarantee is a lever of the prepayment

    def explain(self) -> str:
        if not happens(self.terms):
            return "The supplier is taken never to fail."
        return (
            f"The contract is over from the first period after signing in which {happens(self.terms)}; what is left of a prepayment is lost unless guaranteed."
        )

    def wording(self, setting: Setting) -> str:  # noqa: ARG002
        if not happens(self.terms):
            return "No event is agreed to be a default of the Supplier."
        return (
            f"The Supplier is in default when {happens(self.terms)} in any period after the one of signing. This contract then ends for all products "
            "with that period, without notice: from it on nothing is delivered, taken, owed or reserved, and the Buyer pays for nothing that has not been "
            "delivered. The contract is not resumed when the event has passed. What is left of a prepayment is not paid back by the Supplier; a guarantee that "
            "secures it pays what the clause on the prepayment says."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volume, event = setting.volume, self.terms
        if not happens(event):
            return (Example(("carried out to its end",), (volume,), (volume,)),)
        says = ("delivered", "the supplier fails", "the event has passed")
        resumed = ("delivered", "the supplier fails", f"{setting.units(setting.step)} taken all the same")
        return (Example(says, (volume,), (volume, 0.0, 0.0), **amid(event)), Example(resumed, (volume,), (volume, 0.0, setting.step), **amid(event)))
