"""Fixed price: the default of the price family.

To the buyer: the alternative's price holds in every period.

    charge (purchase):   P[j,p,n] Q[j,p,n]   with P[j,p,n] = base price of j for p

Reference: Cachon (2003), Supply chain coordination with contracts, section 2 (the wholesale-price contract).
Worked number: price 28, 700 units taken: 19,600.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import FixedPrice as Terms
from optimizer.clauses.base import Lever, bill_purchase, charge_purchase
from optimizer.clauses.deal import Deal
from optimizer.clauses.statement import Amounts, Statement
from optimizer.instance import Instance, OfferData
from optimizer.wording import Example, Setting, percent
from scenarios.tree import Floats


@dataclass(frozen=True)
class FixedPrice:
    """See the module's text."""

    terms: Terms

    def price_factor(self, instance: Instance, offer: OfferData) -> Floats:  # noqa: ARG002
        return np.ones(instance.tree.size)

    def billed_factor(self, statement: Statement) -> Floats:
        return np.ones_like(statement.take)

    def build(self, deal: Deal) -> None:
        charge_purchase(deal)

    def bill(self, statement: Statement) -> Amounts:
        return bill_purchase(statement)

    def levers(self) -> tuple[Lever, ...]:
        return (Lever("price", "share of base price", -0.5, 0.5, 0.01, "lower", "price"),)

    def explain(self) -> str:
        return "The price is fixed for the whole window."

    def wording(self, setting: Setting) -> str:
        return (
            f"The contract price is the base price of the price table, in {setting.currency} per {setting.unit}. It holds in every period of the window; no "
            "index, rate or review moves it. It is paid for what is taken, in the period in which it is taken."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volume = setting.volume
        cases = (("nothing taken", 0.0), (f"{percent(0.7)} taken", 0.7 * volume), ("all taken", volume))
        return tuple(Example((shows,), (volume,), (take,)) for shows, take in cases)
