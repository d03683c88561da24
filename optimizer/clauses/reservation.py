"""Reservation fee: the price of holding capacity.

To the buyer: pay for the right, taken or not; with a volume band open downwards this is a capacity option.
f fee per committed unit (or a share of the base price after tiers).

    charge (reservation):   f V[j,p,t(n)] at every node of the window

Reference: Martinez-de-Albeniz & Simchi-Levi (2005), A portfolio approach to procurement contracts, Production and Operations Management 14(1).
Worked number: fee 2, V = 1,000: 2,000 a period.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import Reservation as Terms
from optimizer.clauses.base import Amounts, Deal, Lever, Statement
from optimizer.ledger import RESERVATION
from optimizer.wording import Example, Setting, number, percent


@dataclass(frozen=True)
class Reservation:
    """See the module's text."""

    terms: Terms

    def build(self, deal: Deal) -> None:
        for n in deal.nodes:
            fees = []
            for j in deal.js:
                for p in deal.ps:
                    fee = self.terms.fee_per_unit + self.terms.share_of_price * float(deal.contract.alternatives[j].price[p])
                    fees.append((fee, deal.volume(j, p, n)))
            deal.charge(RESERVATION, n, fees)

    def bill(self, statement: Statement) -> Amounts:
        fee = self.terms.fee_per_unit + self.terms.share_of_price * statement.base_price
        return {RESERVATION: np.asarray((fee * statement.volume * statement.in_force).sum(axis=0))}

    def levers(self) -> tuple[Lever, ...]:
        return (
            Lever("fee_per_unit", "money per committed unit and period", 0.0, 1e12, 1.0, "lower", "reservation fee"),
            Lever("share_of_price", "share of base price", 0.0, 1.0, 0.01, "lower", "reservation fee as a share of the price"),
        )

    def explain(self) -> str:
        fee = f"{100 * self.terms.share_of_price:g} % of the base price" if self.terms.share_of_price else number(self.terms.fee_per_unit)
        return f"Each committed unit costs {fee} per period for holding the capacity, taken or not."

    def wording(self, setting: Setting) -> str:
        share = f"{percent(self.terms.share_of_price)} of its base price (after tiers, before an index or escalator moves it)"
        fee = share if self.terms.share_of_price else setting.money(self.terms.fee_per_unit)
        return (
            f"For every {setting.unit} of the committed volume the Buyer pays {fee} in each period of the window for holding the capacity, taken or not. The "
            "fee is not credited against the price of what is taken, and is due as well on committed volume that the Supplier can't deliver."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volume = setting.volume
        cases = (("nothing taken", 0.0, 1.0), ("all taken", volume, 1.0), ("all that can be delivered taken", 0.5 * volume, 0.5))
        return tuple(Example((shows,), (volume,), (take,), deliverable=(share,)) for shows, take, share in cases)
