"""Take-or-pay: volume not taken is paid for.

To the buyer: a floor under the bill. The maker may rely on being paid for part of the commitment, the buyer may still leave the goods.
w unused volume, theta the owed share, tau the price share, P price.

    unused_volume_is_paid:   w[j,p,n] >= theta rho[n] V[j,p,t(n)] - Q[j,p,n],  w >= 0
    charge (take_or_pay):    tau P[j,p,n] w[j,p,n]

The charge is exact only under minimisation (w may exceed the gap where nothing presses it down); nothing builds on it except upper limits. Where other
clauses of the contract let the buyer choose volumes about what is owed, the kernel settles it exactly (`obligation`), and w is what is left unpaid there.
Reference: Masten & Crocker (1985), Efficient adaptation in long-term contracts: take-or-pay provisions, American Economic Review 75(5).
Worked number: V = 1,000, theta 80 %, rho 1, Q = 700, P = 28: 100 units unused, 2,800 to pay.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.clauses import TakeOrPay as Terms
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.statement import Amounts, Statement
from optimizer.ledger import TAKE_OR_PAY
from optimizer.rows import Bounds, Index
from optimizer.wording import Example, Setting, number, percent


@dataclass(frozen=True)
class TakeOrPay:
    """See the module's text."""

    terms: Terms
    exact_only_at_minimum = True

    def owed_share(self) -> float:
        return self.terms.fraction

    def build(self, deal: Deal) -> None:
        theta, tau = self.terms.fraction, self.terms.price_share
        if deal.settled is not None:
            for n in deal.nodes:
                left = [(j, p, term) for j in deal.js for p in deal.ps for term in deal.unpaid(j, p, n)]
                deal.charge(TAKE_OR_PAY, n, [(tau * deal.price(j, p, n) * c, v) for j, p, (c, v) in left])
            return
        keys = [(j, p, n) for n in deal.nodes for j in deal.js for p in deal.ps if theta > 0 and deal.takeable(n)]
        ready = {n: deal.deliverable(n) * deal.stands(n) for n in deal.nodes}
        unused = deal.variables("unused", {(j, p, n): theta * ready[n] * deal.most_volume(j, p, deal.period(n)) for j, p, n in keys})
        paid: dict[Index, Bounds] = {}
        for j, p, n in keys:
            owed = theta * deal.deliverable(n)
            paid[j, p, n] = (0.0, [(1.0, unused[j, p, n]), (-owed, deal.volume(j, p, n)), *deal.own_take(j, p, n)], None)
            deal.charge(TAKE_OR_PAY, n, [(tau * deal.price(j, p, n), unused[j, p, n])])
        deal.rows("unused_volume_is_paid", paid)

    def bill(self, statement: Statement) -> Amounts:
        return {TAKE_OR_PAY: (self.terms.price_share * statement.price * statement.shortfall).sum(axis=0)}

    def levers(self) -> tuple[Lever, ...]:
        return (
            Lever("fraction", "share of committed volume", 0.0, 1.0, 0.05, "lower", "take-or-pay share"),
            Lever("price_share", "share of contract price", 0.0, 1.0, 0.1, "lower", "price owed on volume not taken"),
        )

    def explain(self) -> str:
        owed, share = 100 * self.terms.fraction, 100 * self.terms.price_share
        return f"Volume below {owed:g} % of the commitment of a period is paid at {share:g} % of the price, taken or not."

    def wording(self, setting: Setting) -> str:
        owed, share = percent(self.terms.fraction), percent(self.terms.price_share)
        return (
            f"In each period, and of each product by itself, the Buyer owes {owed} of the deliverable committed volume. For every {setting.unit} taken less "
            f"than that the Buyer pays {share} of the contract price of the period in {setting.currency}, whether or not it is taken later. What the "
            "Supplier can't deliver is not owed. Unless another clause of this contract says so, volume beyond what is owed is not set off against other "
            "periods or products, and paying gives no right to volume later. Nothing is rounded."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volume, step, owed = setting.volume, setting.step, self.terms.fraction * setting.volume
        cases = [("more than is owed", owed + step, 1.0)] if owed + step <= volume else []
        cases += [("just what is owed", owed, 1.0)] if owed > 0 else [("nothing is owed", 0.0, 1.0)]
        less = [(owed - step, 1.0), (0.875 * owed, 1.0), (0.875 * owed, 0.9)] if owed > step else []
        cases += [
            (f"{number(share * owed - take)} {setting.unit} unused" + (f", {percent(share)} deliverable" if share < 1 else ""), take, share)
            for take, share in less
        ]
        return tuple(Example((shows,), (volume,), (take,), deliverable=(share,)) for shows, take, share in cases)
