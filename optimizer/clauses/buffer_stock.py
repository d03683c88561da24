"""Buffer stock: volume that the supplier makes early and holds for the buyer.

To the buyer: a disruption does not reach the sites at once, for a fee, and without a warehouse.
V committed, R what is left of it where the contract can be ended or interrupted, rho deliverable share, d[n] volume drawn at n (part of Q), kappa the cap,
F periods in which the stock is filled, h the fee, years the length of the period, B what lies in the stock after node n. The buyer chooses d; the rows stand
in `obligation`. Band and take-or-pay look at Q - d, what is taken under the period's own terms. i[n] = kappa / F rho[n] R[j,p,n] is laid in at the first
F periods of the window, nothing later.

    extra_within_share:       d[j,p,n] <= kappa R[j,p,n]
    extra_is_taken:           d[j,p,n] and what else is on top <= Q[j,p,n]
    drawn_within_available:   d[n] <= B[parent]                        (what is laid in can be drawn from the next period on)
    bank_runs_on:             B[n] = B[parent] - d[n] + i[n]
    charge (buffer_fee):      h years[t(n)] kappa R[j,p,n]

What is drawn is paid at the contract price of the period in which it is drawn; it was made before, so it takes nothing of the supplier's capacity of that
period, nor does a failure to deliver hold it up. What is laid in is made beside what the buyer takes, and what is left at the end is the supplier's.
Everything is linear, so futures can still be taken apart.
Reference: Snyder & Shen (2019), Fundamentals of Supply Chain Theory (Wiley), on supply uncertainty; Tomlin (2006), On the value of mitigation and
contingency strategies for managing supply chain disruption risks, Management Science 52(5).
Worked number: of 1,000 units 30 % are held at 2 a unit and year: 600 a year; a year in which nothing can be delivered still brings 300.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import BufferStock as Terms
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.obligation import Election, build_bank, limit_extra, overdrawn
from optimizer.clauses.standing import Credit, banked
from optimizer.clauses.statement import Amounts, Statement
from optimizer.instance import Instance, OfferData
from optimizer.ledger import BUFFER, Term
from optimizer.varying import Number
from optimizer.wording import Example, Setting, every_periods, number, percent
from scenarios.tree import Floats


@dataclass(frozen=True)
class BufferStock:
    """See the module's text."""

    terms: Terms

    def election(self) -> Election | None:
        return Election("buffer_stock", "extra", self.terms.cap, elsewhere=True) if self.terms.cap > 0 else None

    def supplied_share(self, instance: Instance, offer: OfferData) -> Floats:
        """The cap, once something can have been laid in."""
        tree = instance.tree
        share = np.full_like(tree.states.deliverable[:, offer.index], self.terms.cap)
        share[tree.period <= offer.start] = 0.0
        return share

    def build(self, deal: Deal) -> None:
        if self.election() is None:
            return
        cap, filled = self.terms.cap, deal.contract.offer.start + self.terms.fill_periods

        def laid_in(n: int) -> Number:
            return cap / self.terms.fill_periods * deal.deliverable(n) if deal.period(n) < filled else 0.0

        def comes_in(j: int, p: int, n: int) -> list[Term]:
            return [(laid_in(n), deal.volume(j, p, n))] if deal.period(n) < filled else []

        build_bank(deal, comes_in, lambda j, p, n: laid_in(n) * deal.most_volume(j, p, deal.period(n)), None)
        limit_extra(deal, lambda n: cap if deal.period(n) > deal.contract.offer.start else 0.0)
        for n in deal.nodes:
            fee = self.terms.holding_fee * float(deal.instance.years[deal.period(n)]) * cap
            deal.charge(BUFFER, n, [(fee, deal.volume(j, p, n)) for j in deal.js for p in deal.ps])

    def bill(self, statement: Statement) -> Amounts:
        years = statement.years[np.maximum(statement.period, 0)]
        return {BUFFER: np.asarray(years * self.terms.holding_fee * (self.terms.cap * statement.volume).sum(axis=0))}

    def breach(self, statement: Statement) -> Floats:
        """Volume drawn beyond the cap, beyond what is taken, or beyond what lies in the stock."""
        drawn = statement.chosen("buffer_stock")
        over = overdrawn(statement, self._laid_in(statement), drawn, None)
        most = self.terms.cap * statement.volume
        return np.asarray(np.max([over, drawn - most, -statement.own_take, np.zeros_like(drawn)], axis=0).max(axis=0))

    def standing(self, statement: Statement, n: int) -> tuple[Credit, ...]:
        return banked(statement, n, "buffer stock", self._laid_in(statement), statement.chosen("buffer_stock"), None, None)

    def _laid_in(self, statement: Statement) -> Floats:
        """What is laid in at every node. [Po, N]"""
        filling = (statement.period < statement.start + self.terms.fill_periods) & (statement.in_force > 0)
        return np.asarray(self.terms.cap * statement.deliverable * statement.volume / self.terms.fill_periods * filling)

    def levers(self) -> tuple[Lever, ...]:
        return (
            Lever("cap", "share of committed volume", 0.0, 1.0, 0.05, "higher", "size of the buffer stock"),
            Lever("holding_fee", "money per unit held and year", 0.0, 1e12, 0.5, "lower", "holding fee of the buffer stock"),
        )

    def explain(self) -> str:
        if self.election() is None:
            return "The supplier holds no stock for the buyer."
        return (
            f"The supplier fills a stock of {100 * self.terms.cap:g} % of a period's committed volume in the first {every_periods(self.terms.fill_periods)} "
            f"and holds it for {number(self.terms.holding_fee)} per unit and year; the buyer draws on it at need."
        )

    def wording(self, setting: Setting) -> str:
        if self.election() is None:
            return "The Supplier holds no stock at the Buyer's disposal."
        size = percent(self.terms.cap)
        return (
            f"In the first {every_periods(self.terms.fill_periods)} of the window the Supplier lays in, beside what is delivered and in equal parts, a stock "
            f"of {size} of the committed volume of a period, as far as it can deliver in these periods, and holds it at the Buyer's disposal. From the period "
            f"after the first on the Buyer may draw on what was laid in before, in any part of a {setting.unit}, up to {size} of the committed volume of a "
            "period, on top of what this contract allows otherwise and whether or not the Supplier can deliver then. What is drawn is paid at the contract "
            "price of the period in which it is drawn, and counts neither as what must be taken in that period nor as what is owed; it is not laid in again. "
            f"For each {setting.unit} of the agreed size the Buyer pays {setting.money(self.terms.holding_fee)} a year, in every period of the window. What "
            "has not been drawn by the end of the window is the Supplier's."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volume, size = setting.volume, self.terms.cap * setting.volume
        if self.election() is None:
            return (Example(("nothing is held",), (volume,), (volume,)),)
        filled, step = self.terms.fill_periods, min(setting.step, 0.1 * size)
        if filled > 4:
            return (Example(("while the stock is filled",), (volume,), (volume,)),)
        says = (*("the stock is filled",) * filled, "nothing can be delivered: all of it is drawn")
        more = (*("the stock is filled",) * filled, f"{number(step)} more is drawn")
        shares, before, none = (*(1.0,) * filled, 0.0), (volume,) * filled, (0.0,) * filled
        return (
            Example(says, (volume,), (*before, size), deliverable=shares, chosen=(*none, size)),
            Example(more, (volume,), (*before, size + step), deliverable=shares, chosen=(*none, size + step)),
        )
