"""Expedite: more than was agreed, at once, at a premium.

To the buyer: a second source in the first one's hands. Whoever can be late with a forecast pays for it only where it was wrong.
rho deliverable share, V committed, g[n] volume expedited at n (part of Q), kappa the cap, mu the premium. The buyer chooses g. Band and take-or-pay look at
what is taken under the period's own terms, Q - g (less what other clauses let the buyer take on top). The rows stand in `obligation`.

    extra_within_share:        g[j,p,n] <= kappa rho[n] V[j,p,t(n)]
    extra_is_taken:            g[j,p,n] and what else is on top <= Q[j,p,n]
    charge (expedite_premium): mu P[j,p,n] g[j,p,n]

The unit itself is charged with the purchase, like every unit of Q. Everything is linear, so futures can still be taken apart.
Reference: Lawson & Porteus (2000), Multistage inventory management with expediting, Operations Research 48(6).
Worked number: 1,000 committed, a cap of 20 %, a premium of 30 % on 28: of 1,150 taken at most 200 are expedited; 150 of them cost 1,260 more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import Expedite as Terms
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.obligation import Election, limit_extra
from optimizer.clauses.statement import Amounts, Statement
from optimizer.ledger import EXPEDITE
from optimizer.wording import Example, Setting, number, percent
from scenarios.tree import Floats


@dataclass(frozen=True)
class Expedite:
    """See the module's text."""

    terms: Terms

    def election(self) -> Election | None:
        return Election("expedite", "extra", self.terms.cap) if self.terms.cap > 0 else None

    def build(self, deal: Deal) -> None:
        if self.election() is None:
            return
        limit_extra(deal, lambda n: self.terms.cap * deal.deliverable(n))
        for n in deal.nodes:
            deal.charge(EXPEDITE, n, [(self.terms.premium * deal.price(j, p, n), deal.elected(j, p, n)) for j in deal.js for p in deal.ps])

    def bill(self, statement: Statement) -> Amounts:
        surcharge = statement.price * (1.0 + self.terms.premium) - statement.price
        return {EXPEDITE: (surcharge * statement.chosen("expedite")).sum(axis=0)}

    def breach(self, statement: Statement) -> Floats:
        """Volume expedited beyond the cap, or beyond what is taken."""
        rushed = statement.chosen("expedite")
        most = self.terms.cap * statement.deliverable * statement.volume
        return np.asarray(np.max([rushed - most, -statement.own_take, np.zeros_like(rushed)], axis=0).max(axis=0))

    def levers(self) -> tuple[Lever, ...]:
        return (
            Lever("cap", "share of committed volume", 0.0, 10.0, 0.05, "higher", "volume that can be expedited"),
            Lever("premium", "share of contract price", 0.0, 10.0, 0.05, "lower", "premium on expedited volume"),
        )

    def explain(self) -> str:
        if self.election() is None:
            return "Nothing can be called off on top at a premium."
        return f"Up to {100 * self.terms.cap:g} % of a period's commitment may be called off on top, at {100 * self.terms.premium:g} % more than the price."

    def wording(self, setting: Setting) -> str:
        cap, premium, unit = percent(self.terms.cap), percent(self.terms.premium), setting.unit
        if self.election() is None:
            return f"Nothing can be expedited: {cap} of the committed volume, at a premium of {premium}."
        return (
            f"In each period, and of each product by itself, the Buyer may call off further volume at short notice, in any part of a {unit}, up to {cap} of "
            "the deliverable committed volume of that period and on top of what this contract allows otherwise. It is delivered in the same period. For every "
            f"{unit} of it the Buyer pays the contract price and a premium of {premium} of that price, in {setting.currency}. It counts neither as what must "
            "be taken in the period nor as what is owed. What is not called off lapses with the period, without payment."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volume, most = setting.volume, self.terms.cap * setting.volume
        step = min(setting.step, 0.5 * most)
        if self.election() is None or step <= 0:
            return (Example(("nothing is expedited",), (volume,), (volume,)),)
        cases = (("nothing", 0.0), ("the most that can be expedited", most), (f"{number(step)} more than that", most + step))
        return tuple(Example((shows,), (volume,), (volume + rushed,), chosen=(rushed,)) for shows, rushed in cases)
