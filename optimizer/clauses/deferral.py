"""Deferral: committed volume may be put off into the next period.

To the buyer: a site that is late needs its cable late, too; what is put off is neither owed nor paid for yet.
d[n] volume put off at node n, sigma the share, V committed as signed, R what the period is left with (the volume that all other clauses see), T the last
period of the window, phi the fee's share, p0 base price after tiers. The buyer chooses d; the row of R stands in `rescheduling`.

    put_off_within_share:     d[j,p,n] <= sigma V[j,p,t(n)],   d = 0 in T
    volume_is_rescheduled:    R[n] = V[t(n)] - d[n] + d[parent]
    charge (deferral_fee):    phi p0[j,p] d[j,p,n]

What is put off meets the terms and the deliverability of the next period. Everything is linear, so futures can still be taken apart.
Reference: Li & Kouvelis (1999), Flexible and risk-sharing supply contracts under price uncertainty, Management Science 45(10).
Worked number: 200 of 1,000 units at 28 are put off for 5 %: 280, and 1,200 are committed for the next period.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import Deferral as Terms
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.obligation import Election
from optimizer.clauses.rescheduling import left_after
from optimizer.clauses.statement import Amounts, Statement
from optimizer.ledger import DEFERRAL
from optimizer.rows import Bounds, Index
from optimizer.wording import Example, Setting, number, percent
from scenarios.tree import Floats


@dataclass(frozen=True)
class Deferral:
    """See the module's text."""

    terms: Terms

    def elections(self) -> tuple[Election, ...]:
        return (Election("deferral", "defer", self.terms.share),) if self.terms.share > 0 else ()

    def build(self, deal: Deal) -> None:
        if not self.elections():
            return
        within: dict[Index, Bounds] = {}
        for j, p, n in [(j, p, n) for n in deal.nodes for j in deal.js for p in deal.ps]:
            within[j, p, n] = (None, [(1.0, deal.elected(j, p, n)), (-self.terms.share, deal.planned(j, p, n))], 0.0)
            deal.charge(DEFERRAL, n, [(self.terms.fee_share * deal.base_price(j, p), deal.elected(j, p, n))])
        deal.rows("put_off_within_share", within)

    def bill(self, statement: Statement) -> Amounts:
        return {DEFERRAL: self.terms.fee_share * (statement.base_price * statement.chosen("deferral")).sum(axis=0)}

    def breach(self, statement: Statement) -> Floats:
        """Volume put off beyond the share, in the last period, or beyond what there is."""
        if not self.elections():
            return statement.nothing
        put_off = statement.chosen("deferral")
        most = np.where(statement.period < statement.end - 1, self.terms.share * statement.planned, 0.0)
        return np.asarray(np.max([put_off - most, -left_after(statement), np.zeros_like(put_off)], axis=0).max(axis=0))

    def levers(self) -> tuple[Lever, ...]:
        return (
            Lever("share", "share of committed volume", 0.0, 1.0, 0.05, "higher", "deferrable share"),
            Lever("fee_share", "share of price", 0.0, 2.0, 0.01, "lower", "deferral fee"),
        )

    def explain(self) -> str:
        if not self.elections():
            return "No committed volume can be put off."
        fee = f"for {100 * self.terms.fee_share:g} % of the price" if self.terms.fee_share else "without a fee"
        return f"Up to {100 * self.terms.share:g} % of a period's committed volume may be put off into the next period, {fee}."

    def wording(self, setting: Setting) -> str:
        share, fee = percent(self.terms.share), percent(self.terms.fee_share)
        if not self.elections():
            return f"The Buyer may put off {share} of a period's committed volume, for {fee} of the base price: that is none of it."
        return (
            f"In any period but the last, and of each product by itself, the Buyer may put off up to {share} of the volume that was committed for the period "
            f"at signing, in any part of a {setting.unit}. What is put off is committed for the next period instead, and is there subject to all terms, as if "
            "it had been committed for it from the start; in that period it may be put off again, within the share of that period. For every "
            f"{setting.unit} put off the Buyer pays {fee} of the base price, in {setting.currency}, when it is put off; this is not credited later."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volume = setting.volume
        most = self.terms.share * volume
        if most <= 0:
            return (Example(("nothing is put off",), (volume,), (volume,)),)
        step = min(setting.step, 0.1 * most)
        over = (volume, volume)
        return (
            Example(("the most that may be put off", "taken a period later"), over, (volume - most, volume + most), chosen=(most, 0.0)),
            Example((f"{number(step)} more", "taken a period later"), over, (volume - most - step, volume + most + step), chosen=(most + step, 0.0)),
            Example(("nothing put off", "too late: it is the last period"), over, (volume, volume - most), chosen=(0.0, most)),
        )
