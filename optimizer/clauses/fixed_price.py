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
from optimizer.clauses.base import Amounts, Deal, Lever, Statement, bill_purchase, charge_purchase
from optimizer.instance import Instance, OfferData
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
        return (Lever("price", "share of base price", -0.5, 0.5, 0.01, "lower"),)

    def explain(self) -> str:
        return "The price is fixed for the whole window."
