"""Capacity share: a right to a part of whatever the supplier can make.

To the buyer: supply that grows and shrinks with the maker's plant, without committing to it; what is not called off costs nothing.
alpha share, K the supplier's capacity (without steps), rho deliverable share, x volume taken under the right (part of Q), f price factor. The buyer chooses
x. Band and take-or-pay look at Q - x, what is taken under the commitment's own terms.

    taken_within_share:       x[j,p,n] <= alpha rho[n] K[p,t(n)] signed[j]
    share_while_in_force:     sum_j x[j,p,n] <= alpha rho[n] K[p,t(n)] in_force[n]     (only in contracts that can be ended)
    extra_is_taken:           x[j,p,n] and what else is on top <= Q[j,p,n]    (in `obligation`)
    charge (capacity_share_premium):   (f - 1) P[j,p,n] x[j,p,n]

Everything is linear, so futures can still be taken apart. What is taken in all stays within the supplier's capacity.
Reference: Cachon & Lariviere (1999), Capacity choice and allocation: strategic behavior and supply chain performance, Management Science 45(8); Lumen and
Corning (2024), who agreed on a tenth of the maker's capacity for two years.
Worked number: 10 % of a capacity of 5,000, of which 80 % can be delivered: 400 on top; at 1.1 times a price of 28 the premium is 1,120.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import CapacityShare as Terms
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.obligation import Election
from optimizer.clauses.statement import Amounts, Statement
from optimizer.ledger import CAPACITY_SHARE
from optimizer.rows import Bounds, Index
from optimizer.wording import Example, Setting, number, percent
from scenarios.tree import Floats


@dataclass(frozen=True)
class CapacityShare:
    """See the module's text."""

    terms: Terms

    def election(self) -> Election | None:
        return Election("capacity_share", "extra", most=0.0, of_capacity=self.terms.share) if self.terms.share > 0 else None

    def build(self, deal: Deal) -> None:
        if self.election() is None:
            return
        within: dict[Index, Bounds] = {}
        in_force: dict[Index, Bounds] = {}
        for p, n in [(p, n) for n in deal.nodes for p in deal.ps]:
            most = self.terms.share * deal.deliverable(n) * deal.stands(n) * float(deal.contract.offer.capacity[p, deal.period(n)])
            for j in deal.js:
                called = deal.elected(j, p, n)
                within[j, p, n] = (None, [(1.0, called), (-most, deal.signed(j, deal.signing_node(n)))], 0.0)
                deal.charge(CAPACITY_SHARE, n, [((self.terms.price_factor - 1.0) * deal.price(j, p, n), called)])
            if deal.contract.endings:
                force = [(-most * c, v) for c, v in deal.in_force(n)]
                in_force[p, n] = (None, [*((1.0, deal.elected(j, p, n)) for j in deal.js), *force], 0.0)
        deal.rows("taken_within_share", within)
        deal.rows("share_while_in_force", in_force)

    def bill(self, statement: Statement) -> Amounts:
        called = statement.price * statement.chosen("capacity_share")
        return {CAPACITY_SHARE: (called * self.terms.price_factor - called).sum(axis=0)}

    def breach(self, statement: Statement) -> Floats:
        """Volume under the right beyond the share, beyond what is taken, or without a contract."""
        if self.election() is None:
            return statement.nothing
        called = statement.chosen("capacity_share")
        most = np.where(statement.binds > 0, self.terms.share * statement.capacity * statement.deliverable, 0.0)
        return np.asarray(np.max([called - most, -statement.own_take, np.zeros_like(called)], axis=0).max(axis=0))

    def levers(self) -> tuple[Lever, ...]:
        return (
            Lever("share", "share of the supplier's capacity", 0.0, 1.0, 0.01, "higher", "share of capacity"),
            Lever("price_factor", "of the contract price", 0.0, 10.0, 0.05, "lower", "price of the capacity share"),
        )

    def explain(self) -> str:
        if self.election() is None:
            return "The buyer has no right to a share of the supplier's capacity."
        return (
            f"On top of the commitment the buyer may take up to {100 * self.terms.share:g} % of the supplier's capacity that can be delivered, at "
            f"{100 * self.terms.price_factor:g} % of the price."
        )

    def wording(self, setting: Setting) -> str:
        share, factor, unit = percent(self.terms.share), percent(self.terms.price_factor), setting.unit
        if self.election() is None:
            return f"The Buyer has a right to {share} of the Supplier's capacity, at {factor} of the contract price: it has none."
        return (
            f"In each period the Buyer may call off, on top of what this contract allows otherwise, up to {share} of the Supplier's capacity for a product, in "
            f"any part of a {unit}. Where only a part of the committed volume can be delivered, the same part of that capacity counts. For every {unit} called "
            f"off under this clause the Buyer pays {factor} of the contract price of the period, in {setting.currency}; for what is not called off nothing "
            "is paid. The right lapses period by period. It counts neither as what must be taken nor as what is owed, and gives no right to more "
            "than the Supplier can make; capacity that is added on the Buyer's account does not count."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volume, most = setting.volume, self.terms.share * setting.capacity if self.terms.share else 0.0
        if not 0 < most < np.inf:
            return (Example(("no right on top",), (volume,), (volume,)),)
        step = min(setting.step, 0.1 * most)
        return (
            Example(("the most that may be called off on top",), (volume,), (volume + most,), chosen=(most,)),
            Example((f"{number(step)} more",), (volume,), (volume + most + step,), chosen=(most + step,)),
            Example((f"the most, where only {percent(0.5)} can be delivered",), (volume,), (0.5 * (volume + most),), deliverable=(0.5,), chosen=(0.5 * most,)),
            Example(("not called off",), (volume,), (volume,)),
        )
