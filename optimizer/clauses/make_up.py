"""Make-up: volume that was paid for and not taken may be taken later.

To the buyer: take-or-pay turns from a fine into a loan. A weak year is paid for, and the volume is there in a strong one, until it lapses.
u[n] volume unpaid at n before the payment (what take-or-pay charges), m[n] make-up taken, e[n] excess: what is taken beyond what is owed, pi the price
share, E expiry, B the bank, A what of it has not lapsed. The buyer chooses m; the rows of the bank stand in `obligation`.

    claims_within_excess:     m[j,p,n] <= e[j,p,n]        (only beyond the period's own obligation)
    available_was_banked:     A[n] <= B[parent]
    available_is_recent:      A[n] <= sum of u[a] over the ancestors a of n within E periods
    drawn_within_available:   m[n] <= A[n]
    bank_runs_on:             B[n] = A[n] - m[n] + u[n]
    charge (make_up_credit):  - (1 - pi) P[j,p,n] m[j,p,n]

What is taken is billed at the contract price by the clause on the price; the credit takes it down to pi. The oldest volume is taken first.
Reference: Roberts, Gas and LNG Sales and Transportation Agreements (Sweet & Maxwell), on make up; Pertamina and Osaka Gas (1992), LNG Sales Contract,
articles 7.6 and 7.8 (quantity deficiency, make-up LNG).
Worked number: 90 of 100 owed, 60 taken at 10: 300 paid for 30 units. 95 taken a year later with pi 10 %: 5 of them are make-up, 45 is credited.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import MakeUp as Terms
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.obligation import Election, build_bank, overdrawn
from optimizer.clauses.standing import Credit, banked
from optimizer.clauses.statement import Amounts, Statement
from optimizer.ledger import MAKE_UP
from optimizer.wording import Example, Setting, number, percent
from scenarios.tree import Floats


@dataclass(frozen=True)
class MakeUp:
    """See the module's text."""

    terms: Terms

    def election(self) -> Election | None:
        return Election("make_up", "excess") if self.terms.price_share < 1 else None

    def build(self, deal: Deal) -> None:
        if deal.settled is None or self.election() is None:
            return
        owed = deal.contract.owed_share
        build_bank(deal, deal.unpaid, lambda j, p, n: owed * deal.deliverable(n) * deal.most_volume(j, p, deal.period(n)), self.terms.expiry_periods)
        credit = 1.0 - self.terms.price_share
        for n in deal.nodes:
            deal.charge(MAKE_UP, n, [(-credit * deal.price(j, p, n), deal.elected(j, p, n)) for j in deal.js for p in deal.ps])

    def bill(self, statement: Statement) -> Amounts:
        owing = statement.price * self.terms.price_share
        return {MAKE_UP: ((owing - statement.price) * statement.chosen("make_up")).sum(axis=0)}

    def breach(self, statement: Statement) -> Floats:
        """Make-up that is not taken beyond what is owed, was not paid for, or has lapsed."""
        missing = overdrawn(statement, statement.shortfall, statement.chosen("make_up"), self.terms.expiry_periods)
        return np.asarray(np.maximum(np.maximum(missing, -statement.excess), 0.0).max(axis=0))

    def standing(self, statement: Statement, n: int) -> tuple[Credit, ...]:
        if self.election() is None:
            return ()
        drawn, saves = statement.chosen("make_up"), 1.0 - self.terms.price_share
        return banked(statement, n, "make-up volume", statement.shortfall, drawn, self.terms.expiry_periods, saves)

    def levers(self) -> tuple[Lever, ...]:
        return (Lever("price_share", "share of contract price", 0.0, 1.0, 0.1, "lower", "price of make-up volume"),)

    def explain(self) -> str:
        if self.election() is None:
            return "Volume that was paid for and not taken can't be taken later for less than its price."
        return f"Volume that was paid for and not taken may be taken at {100 * self.terms.price_share:g} % of the price {_until(self.terms.expiry_periods)}."

    def wording(self, setting: Setting) -> str:
        if self.election() is None:
            return "Volume that was paid for and not taken may be taken later only at 100\u00a0% of the contract price, as any other volume."
        share, unit, when = percent(self.terms.price_share), setting.unit, _until(self.terms.expiry_periods)
        return (
            f"Volume of a product that the Buyer has paid for under take-or-pay and not taken is make-up volume, and may be taken {when}. "
            f"In a period the Buyer may declare as make-up what is taken of the product beyond what is owed in that period, in any part of a {unit}. For "
            f"every {unit} of it the Buyer pays {share} of the contract price of the period in which it is taken, in {setting.currency}, and nothing more. "
            "The oldest make-up volume is taken first. It gives no right to take more than this contract allows in the period. What has not been taken by then "
            "lapses; nothing is paid back."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volume, owed = setting.volume, setting.owed_share * setting.volume
        step = min(setting.step, 0.25 * owed)
        expiry = self.terms.expiry_periods
        if self.election() is None or step <= 0:
            return (Example(("nothing can be made up",), (volume,), (volume,)),)
        beyond = owed + 2.0 * step
        missed = f"{number(2.0 * step)} {setting.unit} paid for, not taken"
        cases = [
            Example((missed, "all of it taken a period later"), (volume,), (owed - 2.0 * step, beyond), chosen=(0.0, 2.0 * step)),
            Example((missed, f"{number(step)} more declared than was paid for"), (volume,), (owed - 2.0 * step, beyond + step), chosen=(0.0, 3.0 * step)),
            Example((missed, f"{number(step)} more declared than is taken beyond"), (volume,), (owed - 2.0 * step, owed + step), chosen=(0.0, 2.0 * step)),
        ]
        if expiry is not None and expiry <= 4:
            waiting = ("nothing beyond what is owed",) * expiry
            late = Example(
                (missed, *waiting, "too late: it has lapsed"),
                (volume,),
                (owed - 2.0 * step, *[owed] * expiry, beyond),
                chosen=(*[0.0] * (expiry + 1), 2.0 * step),
            )
            cases.append(late)
        return tuple(cases)


def _until(expiry: int | None) -> str:
    """Until when it may be taken."""
    if expiry is None:
        return "until the end of the contract"
    return f"in the {number(expiry)} period{'s' if expiry > 1 else ''} after the one in which it was paid for"
