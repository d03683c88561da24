"""Expansion: the buyer pays for capacity, and has its volume first.

To the buyer: growth can be served before anybody else is, by a line that would not have been built without the payment.
V committed, R what is left of it where the contract can be ended or interrupted, rho deliverable share, x[n] volume of the expansion taken at n (part of
Q), sigma the added share, a periods while it is built, u the least share that is delivered (priority), c the payment, s the first period of the window. The
buyer chooses x; the rows stand in `obligation`. Band and take-or-pay look at Q - x, what is taken under the period's own terms.

    extra_within_share:        x[j,p,n] <= sigma max(rho[n], u) R[j,p,n] from period s + a on, 0 before
    extra_is_taken:            x[j,p,n] and what else is on top <= Q[j,p,n]
    charge (expansion, at m):  c sigma sum_p sum_{t >= s + a} V[j,p,t]

What is taken is paid at the contract price besides. It comes from the new line, so it takes nothing of the supplier's capacity. The payment is not given
back where the contract ends early. Everything is linear, so futures can still be taken apart.
Reference: Cachon (2003), Supply chain coordination with contracts, in Handbooks in Operations Research and Management Science 11; Van Mieghem (2003), Capacity
management, investment, and hedging, Manufacturing & Service Operations Management 5(4).
Worked number: 30 % of 1,000 units is added in two of three years, at 5 a unit: 3,000 at signing; where half of the commitment is delivered and the priority
is 80 %, 240 of the 300 may be taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import Expansion as Terms
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.obligation import Election, limit_extra
from optimizer.clauses.statement import Amounts, Statement
from optimizer.instance import Instance, OfferData
from optimizer.ledger import EXPANSION
from optimizer.varying import Number, largest
from optimizer.wording import Example, Setting, number, percent, periods
from scenarios.tree import Floats


@dataclass(frozen=True)
class Expansion:
    """See the module's text."""

    terms: Terms

    def election(self) -> Election | None:
        return Election("expansion", "extra", self.terms.volume_share, elsewhere=True) if self.terms.volume_share > 0 else None

    def supplied_share(self, instance: Instance, offer: OfferData) -> Floats:
        """What is delivered of the added share, once it is built."""
        share = self.terms.volume_share * np.maximum(instance.tree.states.deliverable[:, offer.index], self.terms.priority)
        share[instance.tree.period < offer.start + self.terms.after_periods] = 0.0
        return share

    def build(self, deal: Deal) -> None:
        if self.election() is None:
            return
        offer, added = deal.contract.offer, self.terms.volume_share
        built = offer.start + self.terms.after_periods

        def share(n: int) -> Number:
            return added * largest([deal.deliverable(n), self.terms.priority]) if deal.period(n) >= built else 0.0

        limit_extra(deal, share)
        for m in deal.contract.signing_nodes:
            whole = [deal.volume_in(j, p, t, m) for j in deal.js for p in deal.ps for t in range(built, offer.end)]
            deal.charge(EXPANSION, m, [(self.terms.payment_per_unit * added, volume) for volume in whole])

    def bill(self, statement: Statement) -> Amounts:
        bought = statement.schedule[:, statement.start + self.terms.after_periods : statement.end].sum(axis=(0, 1)) * self.terms.volume_share
        return {EXPANSION: np.where(statement.signing > 0, bought * self.terms.payment_per_unit, 0.0)}

    def breach(self, statement: Statement) -> Floats:
        """Volume of the expansion beyond what is delivered of it, beyond what is taken, or before it is built."""
        taken = statement.chosen("expansion")
        served = np.where(statement.deliverable > self.terms.priority, statement.deliverable, self.terms.priority)
        most = np.where(statement.period - statement.start >= self.terms.after_periods, served * statement.volume * self.terms.volume_share, 0.0)
        return np.asarray(np.max([taken - most, -statement.own_take, np.zeros_like(taken)], axis=0).max(axis=0))

    def levers(self) -> tuple[Lever, ...]:
        return (
            Lever("volume_share", "share of committed volume", 0.0, 10.0, 0.05, "higher", "volume added by the expansion"),
            Lever("payment_per_unit", "money per added unit", 0.0, 1e12, 0.5, "lower", "payment for the expansion"),
            Lever("priority", "share of the added volume", 0.0, 1.0, 0.1, "higher", "priority of the expansion's volume"),
        )

    def explain(self) -> str:
        if self.election() is None:
            return "The buyer pays for no expansion."
        return (
            f"For {number(self.terms.payment_per_unit)} per added unit, paid at signing, {100 * self.terms.volume_share:g} % of the committed volume may be "
            f"taken on top after {periods(self.terms.after_periods)}, and at least {100 * self.terms.priority:g} % of that is delivered."
        )

    def wording(self, setting: Setting) -> str:
        if self.election() is None:
            return "The Buyer pays for no expansion of the Supplier's capacity."
        added = percent(self.terms.volume_share)
        return (
            f"The Supplier expands its capacity for the Buyer. Once {periods(self.terms.after_periods)} of the window have passed, the Buyer may take in each "
            f"period, in any part of a {setting.unit} and on top of what this contract allows otherwise, {added} of the committed volume of the period (the "
            f"added volume). The Buyer pays {setting.money(self.terms.payment_per_unit)} at signing, once, for every {setting.unit} of added volume of all "
            "periods of the window; the payment is not given back. What is taken of the added volume is paid at the contract price besides and counts neither "
            "as what must be taken in a period nor as what is owed. Where the Supplier can deliver only a part of the committed volume, it delivers the same "
            f"part of the added volume, and at least {percent(self.terms.priority)} of it before it serves others."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volume, added, wait = setting.volume, self.terms.volume_share * setting.volume, self.terms.after_periods
        if self.election() is None or wait > 4:
            return (Example(("nothing is taken on top",), setting.schedule, setting.schedule),)
        step, building, none = min(setting.step, 0.1 * added), (volume,) * wait, (0.0,) * wait
        served = max(0.5, self.terms.priority) * added
        cases = [
            ((*("it is built",) * wait, "all of it is taken"), added, 1.0),
            ((*("it is built",) * wait, f"{number(step)} more"), added + step, 1.0),
            ((*("it is built",) * wait, f"where {percent(0.5)} can be delivered"), served, 0.5),
        ]
        return tuple(
            Example(says, (volume,), (*building, share * volume + extra), deliverable=(*(1.0,) * wait, share), chosen=(*none, extra))
            for says, extra, share in cases
        )
