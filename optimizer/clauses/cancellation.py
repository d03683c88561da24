"""Cancellation: a part of a period's committed volume may be given up, for a fee that depends on the notice.

To the buyer: a commitment that can still shrink when a project falls away; the earlier it is said, the cheaper.
c_k[n] volume of the period k later that is cancelled at node n, one k for each notice of the schedule, sigma the share, V committed as signed, R what the
period is left with (the volume that all other clauses see), phi_k the fee's share, p0 base price after tiers. The buyer chooses c; the row of R stands in
`rescheduling`. Sums over k go over the decisions on the path to n.

    cancelled_within_share:   sum_k c_k[j,p, ancestor of n k periods before] <= sigma V[j,p,t(n)]
    volume_is_rescheduled:    R[n] = V[t(n)] - sum_k c_k[ancestor of n k periods before]
    charge (cancellation_fee, at the notice):   phi_k p0[j,p] c_k[j,p,n]

A supplier's capacity is not freed for other offers. Everything is linear, so futures can still be taken apart.
Reference: Eppen & Iyer (1997), Backup agreements in fashion buying: the value of upstream flexibility, Management Science 43(11), where units that are not
wanted after all are given back for a penalty.
Worked number: 200 of next year's 1,000 units at 28 are cancelled for 30 %: 1,680 now, and 800 are left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import Cancellation as Terms
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.obligation import Election
from optimizer.clauses.rescheduling import earlier, left_after
from optimizer.clauses.statement import Amounts, Statement
from optimizer.ledger import CANCELLATION, Term
from optimizer.rows import Bounds, Index
from optimizer.wording import Example, Setting, number, percent, periods
from scenarios.tree import Floats


@dataclass(frozen=True)
class Cancellation:
    """See the module's text."""

    terms: Terms

    def elections(self) -> tuple[Election, ...]:
        notices = self.terms.notices if self.terms.share > 0 else ()
        return tuple(Election("cancellation", "cancel", self.terms.share, ahead=notice.periods) for notice in notices)

    def build(self, deal: Deal) -> None:
        window = set(deal.nodes)
        within: dict[Index, Bounds] = {}
        for j, p, n in [(j, p, n) for n in deal.nodes for j in deal.js for p in deal.ps]:
            cancelled: list[Term] = []
            for election, notice in zip(self.elections(), self.terms.notices, strict=False):
                at = deal.ancestor(n, election.ahead)
                if at in window:
                    cancelled.append((1.0, deal.elected_by(election, j, p, at)))
                fee = notice.fee_share * deal.base_price(j, p)
                deal.charge(CANCELLATION, n, [(fee, deal.elected_by(election, j, p, n))])
            if cancelled:
                within[j, p, n] = (None, [*cancelled, (-self.terms.share, deal.planned(j, p, n))], 0.0)
        deal.rows("cancelled_within_share", within)

    def bill(self, statement: Statement) -> Amounts:
        rates = {notice.periods: notice.fee_share for notice in self.terms.notices}
        fees = statement.nothing
        for election, cancelled in statement.elected.items():
            if election.clause == "cancellation":
                fees = fees + rates[election.ahead] * (statement.base_price * cancelled).sum(axis=0)
        return {CANCELLATION: fees}

    def breach(self, statement: Statement) -> Floats:
        """Volume cancelled beyond the share of its period, by the time of each notice; for periods outside the window; or beyond what there is."""
        own = {election.ahead: cancelled for election, cancelled in statement.elected.items() if election.clause == "cancellation"}
        found = np.maximum(-left_after(statement), 0.0) if own else statement.take * 0.0
        for ahead in own:
            so_far = sum((earlier(statement, cancelled, k - ahead) for k, cancelled in own.items() if k > ahead), own[ahead])
            found = np.maximum(found, np.where(own[ahead] > 0, so_far - self.terms.share * statement.planned_in(ahead), 0.0))
        return np.asarray(found.max(axis=0))

    def levers(self) -> tuple[Lever, ...]:
        fees = (
            Lever(f"notices[{i}].fee_share", "share of price", 0.0, 2.0, 0.05, "lower", f"cancellation fee with {number(x.periods)} periods of notice")
            for i, x in enumerate(self.terms.notices)
        )
        return (Lever("share", "share of committed volume", 0.0, 1.0, 0.05, "higher", "cancellable share"), *fees)

    def explain(self) -> str:
        if not self.elections():
            return "No committed volume can be cancelled."
        fees = ", ".join(f"{100 * x.fee_share:g} % of the price with {periods(x.periods)} of notice" for x in self.terms.notices)
        return f"Up to {100 * self.terms.share:g} % of a period's committed volume may be cancelled, for {fees}."

    def wording(self, setting: Setting) -> str:
        share = percent(self.terms.share)
        if not self.elections():
            fees = f" ({', '.join(percent(x.fee_share) for x in self.terms.notices)} of the base price)" if self.terms.notices else ""
            return f"The Buyer may cancel {share} of a period's committed volume{fees}, on no notice: nothing can be cancelled."
        rows = "; ".join(f"with {periods(x.periods)} of notice: {percent(x.fee_share)}" for x in self.terms.notices)
        return (
            f"The Buyer may cancel up to {share} of the volume that was committed for a period at signing, of each product by itself and in any part of a "
            f"{setting.unit}, all notices together. What is cancelled is neither owed nor delivered. Notice is given in a period of the window. For every "
            f"{setting.unit} the Buyer pays, with the notice, a share of the base price in {setting.currency}: {rows}. No notice "
            "is needed where there are 0 periods of it, and no other notice can be given. What has been cancelled is not restored."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volume, most = setting.volume, self.terms.share * setting.volume
        if not self.elections() or most <= 0 or self.terms.notices[0].periods > 10:
            return (Example(("nothing is cancelled",), (volume,), (volume,)),)
        ahead, step = self.terms.notices[0].periods, min(setting.step, 0.1 * most)
        found = []
        for shows, cancelled in (("the most that may be cancelled", most), (f"{number(step)} more", most + step)):
            says = (shows, *("carried out in full",) * (ahead - 1), *(("what is left",) if ahead else ()))
            takes = (*(volume,) * ahead, volume - cancelled)
            found.append(Example(says, (volume,) * (ahead + 1), takes, chosen=(cancelled, *(0.0,) * ahead)))
        return tuple(found)
