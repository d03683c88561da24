"""Late delivery: liquidated damages for deliveries behind schedule.

To the buyer: some money back; the shortage stays real (late volume arrives late in the balance, with or without this clause).
W[n] weeks late, d damages per week, c cap, Q taken of the supplier (without what others make in its place).

    charge (damages):   - min(d W[n], c) P[j,p,n] Q[j,p,n]

Reference: FIDIC Conditions of Contract for Plant and Design-Build (1999), sub-clause 8.7, delay damages.
Worked number: price 28, 700 units, 6 weeks late at 1 % a week: 1,176 credited; 20 weeks with a cap of 15 %: 2,940.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import LateDelivery as Terms
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.statement import Amounts, Statement
from optimizer.ledger import DAMAGES
from optimizer.varying import least
from optimizer.wording import Example, Setting, percent


@dataclass(frozen=True)
class LateDelivery:
    """See the module's text."""

    terms: Terms

    def build(self, deal: Deal) -> None:
        for n in deal.nodes:
            rate = least(self.terms.damages_per_week * deal.late_weeks(n), self.terms.cap)
            deal.charge(DAMAGES, n, [(-rate * deal.price(j, p, n) * c, v) for j in deal.js for p in deal.ps for c, v in deal.made_take(j, p, n)])

    def bill(self, statement: Statement) -> Amounts:
        rate = np.clip(statement.late_weeks * self.terms.damages_per_week, 0.0, self.terms.cap)
        return {DAMAGES: -(rate * (statement.price * statement.made_take).sum(axis=0))}

    def levers(self) -> tuple[Lever, ...]:
        return (
            Lever("damages_per_week", "share of price per week", 0.0, 0.1, 0.0025, "higher", "damages per week of delay"),
            Lever("cap", "share of price", 0.0, 1.0, 0.05, "higher", "cap on damages"),
        )

    def explain(self) -> str:
        return f"Late deliveries are credited with {100 * self.terms.damages_per_week:g} % of their price per week, up to {100 * self.terms.cap:g} %."

    def wording(self, setting: Setting) -> str:
        return (
            f"For every week by which the deliveries of a period are late the Supplier credits the Buyer, in {setting.currency}, "
            f"{percent(self.terms.damages_per_week)} of the contract price of what is taken in that period, at most {percent(self.terms.cap)} of it. Parts "
            "of a week count in proportion. The Buyer still takes and pays for late volume; what a third party makes in the Supplier's place earns no credit. "
            "This is the only payment for lateness that is agreed; volume that is never delivered is not covered."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        weekly, volume = self.terms.damages_per_week, setting.volume
        full = self.terms.cap / weekly if weekly else 6.0
        cases = [("on time", 0.0), ("one week before the limit", full - 1.0), ("at the limit", full), ("one week beyond it", full + 1.0)]
        cases = cases if weekly else [("no damages are agreed", full)]
        return tuple(Example((shows,), (volume,), (volume,), weeks=(weeks,)) for shows, weeks in cases if weeks >= 0)
