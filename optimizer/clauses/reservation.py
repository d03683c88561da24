"""Reservation fee: the price of holding capacity.

To the buyer: pay for the right, taken or not; with a volume band open downwards this is a capacity option.
f fee per committed unit (or a share of the base price after tiers), delta the deductible share, Q volume taken under the period's own terms (without what
other clauses let the buyer take on top of them), c[n] volume on which the fee is credited.

    credited_was_taken:            c[j,p,n] <= Q[j,p,n]
    credited_was_reserved:         c[j,p,n] <= V[j,p,t(n)]
    charge (reservation):          f V[j,p,t(n)] at every node of the window
    charge (reservation_credit):   - delta f c[j,p,n]

The credit is pressed up by the minimum, to delta f min(Q, V); with nothing deductible there is neither row nor credit.
Reference: Martinez-de-Albeniz & Simchi-Levi (2005), A portfolio approach to procurement contracts, Production and Operations Management 14(1); Erkoc & Wu
(2005), Managing high-tech capacity expansion via reservation contracts, Production and Operations Management 14(2), for deductible fees.
Worked number: fee 2, V = 1,000: 2,000 a period. With half of it deductible and 700 taken, 700 is credited.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import Reservation as Terms
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.statement import Amounts, Statement
from optimizer.ledger import RESERVATION, RESERVATION_CREDIT
from optimizer.rows import Bounds, Index
from optimizer.varying import least
from optimizer.wording import Example, Setting, number, percent


@dataclass(frozen=True)
class Reservation:
    """See the module's text."""

    terms: Terms

    @property
    def exact_only_at_minimum(self) -> bool:
        return self.terms.deductible > 0

    def build(self, deal: Deal) -> None:
        if self.terms.deductible > 0:
            self._credit(deal)
        for n in deal.nodes:
            fees = []
            for j in deal.js:
                for p in deal.ps:
                    fee = self.terms.fee_per_unit + self.terms.share_of_price * deal.base_price(j, p)
                    fees.append((fee, deal.volume(j, p, n)))
            deal.charge(RESERVATION, n, fees)

    def _credit(self, deal: Deal) -> None:
        keys = [(j, p, n) for n in deal.nodes for j in deal.js for p in deal.ps]
        credited = deal.variables("credited", {(j, p, n): least(deal.most_volume(j, p, deal.period(n)), deal.most_taken(j, p, n)) for j, p, n in keys})
        taken: dict[Index, Bounds] = {}
        reserved: dict[Index, Bounds] = {}
        for key in keys:
            j, p, n = key
            taken[key] = (None, [(1.0, credited[key]), *((-c, v) for c, v in deal.own_take(j, p, n))], 0.0)
            reserved[key] = (None, [(1.0, credited[key]), (-1.0, deal.volume(j, p, n))], 0.0)
            fee = self.terms.fee_per_unit + self.terms.share_of_price * deal.base_price(j, p)
            deal.charge(RESERVATION_CREDIT, n, [(-self.terms.deductible * fee, credited[key])])
        deal.rows("credited_was_taken", taken)
        deal.rows("credited_was_reserved", reserved)

    def bill(self, statement: Statement) -> Amounts:
        fee = self.terms.fee_per_unit + self.terms.share_of_price * statement.base_price
        held = statement.volume * statement.in_force
        paid = {RESERVATION: np.asarray((fee * held).sum(axis=0))}
        if not self.terms.deductible:
            return paid
        back = fee * self.terms.deductible * np.minimum(statement.own_take, held)
        return {**paid, RESERVATION_CREDIT: -back.sum(axis=0)}

    def levers(self) -> tuple[Lever, ...]:
        return (
            Lever("fee_per_unit", "money per committed unit and period", 0.0, 1e12, 1.0, "lower", "reservation fee"),
            Lever("share_of_price", "share of base price", 0.0, 1.0, 0.01, "lower", "reservation fee as a share of the price"),
            Lever("deductible", "share of the fee", 0.0, 1.0, 0.1, "higher", "deductible share of the reservation fee"),
        )

    def explain(self) -> str:
        fee = f"{100 * self.terms.share_of_price:g} % of the base price" if self.terms.share_of_price else number(self.terms.fee_per_unit)
        back = f"; {100 * self.terms.deductible:g} % of it is credited on what is taken" if self.terms.deductible else ""
        return f"Each committed unit costs {fee} per period for holding the capacity, taken or not{back}."

    def wording(self, setting: Setting) -> str:
        share = f"{percent(self.terms.share_of_price)} of its base price (after tiers, before an index or escalator moves it)"
        fee = share if self.terms.share_of_price else setting.money(self.terms.fee_per_unit)
        without = "The fee is not credited against the price of what is taken, and"
        back = (
            f"{percent(self.terms.deductible)} of the fee is credited for every {setting.unit} of it that is taken in the same period, and for none that is "
            "taken beyond the committed volume or on top of it under another clause; the rest of the fee is paid beside the price. The fee"
        )
        return (
            f"For every {setting.unit} of the committed volume the Buyer pays {fee} in each period of the window for holding the capacity, taken or not. "
            f"{back if self.terms.deductible else without} is due as well on committed volume that the Supplier can't deliver."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volume = setting.volume
        cases = (("nothing taken", 0.0, 1.0), ("all taken", volume, 1.0), ("all that can be delivered taken", 0.5 * volume, 0.5))
        more = (("more taken than is committed", volume + setting.step, 1.0),) if self.terms.deductible else ()
        return tuple(Example((shows,), (volume,), (take,), deliverable=(share,)) for shows, take, share in (*cases, *more))
