"""Step-in: where the supplier fails to deliver, a third party may make the volume.

To the buyer: drawings, tools and licences are there when the maker can't use them, so a failure costs a higher price and not a shortage.
e[n] is 1 at nodes at which the data say that the supplier fails (`event`), else 0; V committed, R what is left of it where the contract can be ended or
interrupted, rho deliverable share, x[n] volume made by the third party at n (part of Q), kappa the cap, c its cost, P the contract price. The buyer
chooses x; the rows stand in `obligation`. Band and take-or-pay look at Q - x, what is taken under the period's own terms.

    extra_within_share:   x[j,p,n] <= kappa e[n] (1 - rho[n]) R[j,p,n]
    extra_is_taken:       x[j,p,n] and what else is on top <= Q[j,p,n]
    charge (third_party):     c x[j,p,n]
    charge (step_in_credit):  - P[j,p,n] x[j,p,n]     (the purchase has charged it, and the supplier is not paid for it)

Clauses about what the supplier is paid for (rebates, damages, credits, days of payment) look at Q - x, and what was made is not made good once more.
The third party's volume takes nothing of the supplier's capacity. A contract that has ended, or stands still, gives no right to it. Everything is linear, so
futures can still be taken apart.
Reference: Tomlin (2006), On the value of mitigation and contingency strategies for managing supply chain disruption risks, Management Science 52(5), on
rerouting; United Nations Convention on Contracts for the International Sale of Goods (1980), article 75, on substitute transactions.
Worked number: 400 of 1,000 units can't be delivered; half of them is made elsewhere at 35 instead of 28: 200 units, 1,400 dearer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import StepIn as Terms
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.event import happens, marked, marks
from optimizer.clauses.obligation import Election, limit_extra
from optimizer.clauses.statement import Amounts, Statement
from optimizer.instance import Instance, OfferData
from optimizer.ledger import STEP_IN, THIRD_PARTY
from optimizer.varying import settled
from optimizer.wording import Example, Setting, number, percent
from scenarios.tree import Floats


@dataclass(frozen=True)
class StepIn:
    """See the module's text."""

    terms: Terms

    def election(self) -> Election | None:
        return Election("step_in", "extra", self.terms.cap, elsewhere=True, by_others=True) if self.terms.cap > 0 and happens(self.terms) else None

    def supplied_share(self, instance: Instance, offer: OfferData) -> Floats:
        """The cap on what is missing where the supplier fails."""
        return np.asarray(self.terms.cap * (1.0 - instance.tree.states.deliverable[:, offer.index]) * marks(self.terms, instance, offer))

    def build(self, deal: Deal) -> None:
        if self.election() is None:
            return
        fails = marks(self.terms, deal.instance, deal.contract.offer)
        limit_extra(deal, lambda n: self.terms.cap * settled(fails[n]) * (1.0 - deal.deliverable(n)))
        for n in deal.nodes:
            made = [(deal.price(j, p, n), deal.elected(j, p, n)) for j in deal.js for p in deal.ps]
            deal.charge(THIRD_PARTY, n, [(self.terms.cost_per_unit, volume) for _, volume in made])
            deal.charge(STEP_IN, n, [(-1.0 * price, volume) for price, volume in made])

    def bill(self, statement: Statement) -> Amounts:
        made = statement.chosen("step_in")
        return {THIRD_PARTY: self.terms.cost_per_unit * made.sum(axis=0), STEP_IN: np.asarray(-(statement.price * made).sum(axis=0))}

    def breach(self, statement: Statement) -> Floats:
        """Volume made elsewhere beyond the cap on what is missing, beyond what is taken, or where the supplier does not fail."""
        made, missing = statement.chosen("step_in"), statement.volume - statement.deliverable * statement.volume
        most = np.where(marked(self.terms, statement) > 0, missing * self.terms.cap, 0.0)
        return np.asarray(np.max([made - most, -statement.own_take, np.zeros_like(made)], axis=0).max(axis=0))

    def levers(self) -> tuple[Lever, ...]:
        return (
            Lever("cap", "share of what can't be delivered", 0.0, 1.0, 0.1, "higher", "volume that a third party may make"),
            Lever("cost_per_unit", "money per unit", 0.0, 1e12, 1.0, "lower", "cost of volume made by a third party"),
        )

    def explain(self) -> str:
        if self.election() is None:
            return "The buyer can't have the volume made elsewhere."
        return (
            f"In a period in which {happens(self.terms)}, a third party may make up to {100 * self.terms.cap:g} % of what the supplier can't deliver, at "
            f"{number(self.terms.cost_per_unit)} per unit instead of the contract price."
        )

    def wording(self, setting: Setting) -> str:
        if self.election() is None:
            return "The Buyer has no right to have the volume made by others."
        return (
            f"In a period in which {happens(self.terms)}, the Buyer may have a third party make, in any part of a {setting.unit}, up to "
            f"{percent(self.terms.cap)} of the committed volume that the Supplier can't deliver in that period; the Supplier provides drawings, tools and "
            f"licences for it without charge. For every {setting.unit} so made the Buyer bears {setting.money(self.terms.cost_per_unit)} in all, instead of "
            "the contract price. It counts neither as what must be taken in that period nor as what is owed; no rebate, damages or credit of this contract is "
            "computed from it, and the Supplier does not owe it once more. The right ends with the period in which the "
            "event no longer holds, and with this contract."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volume, level = setting.volume, self.terms.from_level
        if self.election() is None:
            return (Example(("half could be delivered", "nothing is made elsewhere"), (volume,), (0.5 * volume, volume), deliverable=(0.5, 1.0)),)
        share = 0.5 if level is not None else 0.5 * self.terms.deliverable_below
        most, step = self.terms.cap * (1.0 - share) * volume, min(setting.step, 0.1 * self.terms.cap * volume)
        cases = [
            ("as much as may be is made elsewhere", most, share, level),
            (f"{number(step)} more", most + step, share, level),
            ("the supplier does not fail", step, 1.0, None if level is None else 0.5 * level),
        ]
        return tuple(
            Example((says,), (volume,), (part * volume + made,), deliverable=(part,), levels=(1.0 if stands is None else stands,), chosen=(made,))
            for says, made, part, stands in cases
        )
