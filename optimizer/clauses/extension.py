"""Extension: the last periods of the window are the buyer's option.

To the buyer: cheap supply can be kept when it turns out to be needed, without owing anything for it when it is not.
k periods of extension, w notice, f price factor, T the end of the window. At the nodes m of period T - k - w the buyer extends (ended[m] = 0) or lets the
contract end (ended[m] = 1), and the committed volume of the last k periods is given up; the rows stand in `ending`.

    ended_once:   ended[m] <= sum_j signed[j]
    price:        P[j,p,n] = base price x f in the last k periods, x what other clauses on the price say

Nothing is paid for not extending.
Reference: Burnetas & Ritchken (2005), Option pricing with downward-sloping demand curves: the case of supply chain options, Management Science 51(4);
Edison Electric Institute (2000), Master Power Purchase and Sale Agreement, whose transactions may hold options.
Worked number: price 28, 5 % more in the extension: 29.40 for what is taken in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import Extension as Terms
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.ending import Ending, misused
from optimizer.clauses.statement import Amounts, Statement
from optimizer.instance import Instance, OfferData
from optimizer.wording import Example, Setting, percent, periods
from scenarios.tree import Floats


@dataclass(frozen=True)
class Extension:
    """See the module's text."""

    terms: Terms

    def ending(self) -> Ending | None:
        return Ending("extension", self.terms.notice_periods, last=self.terms.periods) if self.terms.periods else None

    def price_factor(self, instance: Instance, offer: OfferData) -> Floats:
        return np.where(instance.tree.period >= offer.end - self.terms.periods, self.terms.price_factor, 1.0)

    def billed_factor(self, statement: Statement) -> Floats:
        left = statement.end - statement.period  # periods to go, this one included
        return np.ones_like(statement.take) + (self.terms.price_factor - 1.0) * (left <= self.terms.periods)

    def build(self, deal: Deal) -> None:
        """Nothing beyond the kernel: it declares the decision, and the price is data."""

    def bill(self, statement: Statement) -> Amounts:  # noqa: ARG002
        return {}

    def breach(self, statement: Statement) -> Floats:
        """Decisions in another period than agreed, twice, or without a contract: one unit each."""
        return misused(statement, "extension")

    def levers(self) -> tuple[Lever, ...]:
        return (Lever("price_factor", "of the contract price", 0.0, 10.0, 0.05, "lower", "price in the extension"),)

    def explain(self) -> str:
        if not self.terms.periods:
            return "The window has no part that is left to the buyer's decision."
        early = f", said {periods(self.terms.notice_periods)} before" if self.terms.notice_periods else ""
        return f"The last {periods(self.terms.periods)} are the buyer's option{early}, at {100 * self.terms.price_factor:g} % of the price."

    def wording(self, setting: Setting) -> str:
        share, count, notice = percent(self.terms.price_factor), self.terms.periods, self.terms.notice_periods
        if not count:
            return f"The window has no extension; a price in it, of {share} of the contract price, is without effect."
        when = f"{periods(notice)} before the first of them begins, in that period" if notice else "in the first of them"
        return (
            f"The last {periods(count)} of the window are an extension. The Buyer says {when}, whether this contract is extended, for all products "
            "together and for all of these periods. If it is not, the contract is over when they begin: nothing is committed, owed, reserved or delivered "
            f"in them, and nothing is paid for that. If it is, all terms hold in them, and the contract price is {share} of what it would be otherwise, in "
            f"{setting.currency}."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        count, notice, volume = self.terms.periods, self.terms.notice_periods, setting.volume
        if not count or count + notice > 12:
            return (Example(("no extension",), (volume,), (volume,)),)
        before = max(notice, 1)
        size = before + count
        extended = Example((*("agreed from the start",) * before, *("extended",) * count), (volume,) * size, (volume,) * size)
        decided = tuple(float(t == before - notice) for t in range(size))
        over = Example(
            (*("agreed from the start",) * before, *("not extended",) * count), (volume,) * size, (*(volume,) * before, *(0.0,) * count), ended=decided
        )
        return (extended, over)
