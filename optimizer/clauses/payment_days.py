"""Payment days: what is taken is paid for later.

To the buyer: a loan without interest, as large as the invoices that are open. The amount of an invoice does not change, only its date.
P contract price, Q volume taken of the supplier (without what others make in its place), d days, r discount rate per year, v what money d days later is
worth today.

    v = (1 + r) ** (-d / 365)
    charge (payment_delay):   - (1 - v) P[j,p,n] Q[j,p,n]

So the purchase counts with v P Q, as if it were charged d days later, and it is the purchase itself that tariffs and the rules about spending look at.
The rate of exchange is that of the period. Nothing is gained at a discount rate of 0. Other charges of the contract (fees, deposits, credits) keep their dates.
Reference: Goyal (1985), Economic order quantity under conditions of permissible delay in payments, Journal of the Operational Research Society 36(4).
Worked number: 1,000 units at 28, paid 90 days later at a discount rate of 8 %: v = 0.9812, so that the delay is worth 526.34.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import PaymentDays as Terms
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.statement import Amounts, Statement
from optimizer.instance import DAYS_PER_YEAR
from optimizer.ledger import PAYMENT_DELAY
from optimizer.wording import Example, Setting, number, percent


@dataclass(frozen=True)
class PaymentDays:
    """See the module's text."""

    terms: Terms

    def build(self, deal: Deal) -> None:
        worth = (1.0 + deal.instance.scenario.discount_rate) ** (-self.terms.days / DAYS_PER_YEAR)
        if worth == 1.0:
            return
        for n in deal.nodes:
            deal.charge(PAYMENT_DELAY, n, [((worth - 1.0) * deal.price(j, p, n) * c, v) for j in deal.js for p in deal.ps for c, v in deal.made_take(j, p, n)])

    def bill(self, statement: Statement) -> Amounts:
        invoice = (statement.price * statement.made_take).sum(axis=0)
        years = self.terms.days / DAYS_PER_YEAR
        return {PAYMENT_DELAY: invoice * np.expm1(-years * np.log1p(statement.discount_rate))}

    def levers(self) -> tuple[Lever, ...]:
        return (Lever("days", "days", 0.0, 365.0, 15.0, "higher", "payment days"),)

    def explain(self) -> str:
        return f"What is taken is paid for {number(self.terms.days)} days later, without interest."

    def wording(self, setting: Setting) -> str:
        return (
            f"What is taken is paid for {number(self.terms.days)} days after it would be due otherwise, in {setting.currency}, at the contract price of the "
            "period in which it is taken. No interest is owed for that time and no deduction is made for paying earlier. Fees, deposits, and what is owed for "
            "volume that is not taken, keep their dates; so do credits, and what a third party is paid that makes volume in the "
            "Supplier's place. The amounts below are what the delay is worth to the Buyer; nobody pays them."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volume = setting.volume
        cases = (("nothing taken", 0.0), (f"{percent(0.6)} taken", 0.6 * volume), ("all taken", volume))
        return tuple(Example((shows,), (volume,), (take,)) for shows, take in cases)
