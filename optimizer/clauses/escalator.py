"""Escalator: the price rises (or falls) by a fixed rate.

To the buyer: a price that is known for all years, and grows.
g rate per year, b(t) years from signing to the start of period t.

    price:               P[j,p,n] = base price x (1 + g) ** (b(t(n)) - b(window start))
    charge (purchase):   P[j,p,n] Q[j,p,n]

Reference: Goldberg & Erickson (1987), Quantity and price adjustment in long-term contracts, Journal of Law and Economics 30(2).
Worked number: 28 at 3 % a year costs 29.7052 in the third year.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import Escalator as Terms
from optimizer.clauses.base import Lever, bill_purchase, charge_purchase
from optimizer.clauses.deal import Deal
from optimizer.clauses.statement import Amounts, Statement
from optimizer.instance import Instance, OfferData
from optimizer.wording import Example, Setting, percent
from scenarios.tree import Floats


@dataclass(frozen=True)
class Escalator:
    """See the module's text."""

    terms: Terms

    def price_factor(self, instance: Instance, offer: OfferData) -> Floats:
        since = instance.begin[np.maximum(instance.tree.period, 0)] - instance.begin[offer.start]
        return np.asarray((1.0 + self.terms.rate) ** np.maximum(since, 0.0))

    def billed_factor(self, statement: Statement) -> Floats:
        growth = np.cumprod([1.0, *((1.0 + self.terms.rate) ** statement.years[statement.start : statement.end])])  # period after period
        factor = np.where(statement.in_force > 0, growth[np.clip(statement.period - statement.start, 0, len(growth) - 1)], 1.0)
        return np.ones_like(statement.take) * factor

    def build(self, deal: Deal) -> None:
        charge_purchase(deal)

    def bill(self, statement: Statement) -> Amounts:
        return bill_purchase(statement)

    def levers(self) -> tuple[Lever, ...]:
        return (Lever("rate", "per year", -0.1, 0.2, 0.005, "lower", "yearly price increase"),)

    def explain(self) -> str:
        return f"The price {'rises' if self.terms.rate >= 0 else 'falls'} by {abs(100 * self.terms.rate):g} % a year from the start of the window."

    def wording(self, setting: Setting) -> str:
        move = "rises" if self.terms.rate >= 0 else "falls"
        return (
            f"The contract price is the base price of the price table in the first period of the window. From then on it {move} by "
            f"{percent(abs(self.terms.rate))} a year, compounded: the price of a period is the base price times the growth over the years from the start of "
            f"the window to the start of the period, parts of a year included. Prices are not rounded. It is paid in {setting.currency} for what is taken."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        schedule = setting.schedule
        return (Example(("all taken",), schedule, schedule), Example((f"{percent(0.6)} taken",), schedule, tuple(0.6 * v for v in schedule)))
