"""Price review: a fixed price that is moved towards the market from time to time.

To the buyer: certainty for a few years, and not far from the market after them.
X[n] index level, r reference, sigma the share of the gap that a review closes, [f, c] collar, k periods between reviews, F[n] price relative to the base.

    price before a review:  F[n] = F[parent],  1 in the first k periods of the window
    price at a review:      F[n] = F[parent] (1 + clip(sigma (X[n] / (r F[parent]) - 1), f, c))   every k periods after the start of the window
    price:                  P[j,p,n] = base price x F[n];  the level is known before anything is taken, so a price is data, never optimised
    charge (purchase):      P[j,p,n] Q[j,p,n]

Reference: Crocker & Masten (1991), Pretia ex machina? Prices and process in long-term contracts, Journal of Law and Economics 34(1).
Worked number: base 28, half of the gap, at most 10 %: at a level of 1.10 the review makes it 29.40, at 1.50 it is held at 30.80.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import PriceReview as Terms
from optimizer.clauses.base import Lever, bill_purchase, charge_purchase
from optimizer.clauses.deal import Deal
from optimizer.clauses.statement import Amounts, Statement
from optimizer.instance import Instance, OfferData
from optimizer.wording import Example, Setting, every_periods, number, percent
from scenarios.tree import Floats


@dataclass(frozen=True)
class PriceReview:
    """See the module's text."""

    terms: Terms

    def price_factor(self, instance: Instance, offer: OfferData) -> Floats:
        tree, terms = instance.tree, self.terms
        column = [x.id for x in instance.scenario.indices].index(terms.index)
        market = tree.states.index[:, column] / terms.reference
        factor = np.ones_like(market)
        for nodes in tree.levels():
            before, passed = factor[tree.parent[nodes]], int(tree.period[nodes[0]]) - offer.start
            if passed > 0 and passed % terms.every_periods == 0 and passed < offer.end - offer.start:
                change = terms.share * (market[nodes] / before - 1.0)
                before = before * (1.0 + np.clip(change, terms.floor, np.inf if terms.cap is None else terms.cap))
            factor[nodes] = before
        return factor

    def billed_factor(self, statement: Statement) -> Floats:
        relative = statement.nothing + 1.0
        seen = np.arange(len(relative))
        for t in range(statement.start + self.terms.every_periods, statement.end, self.terms.every_periods):
            at = seen.copy()  # each node's ancestor, or itself, in the period of the review
            while (statement.period[at] > t).any():
                at = np.where(statement.period[at] > t, statement.parent[at], at)
            gap = statement.index[self.terms.index][at] / self.terms.reference - relative
            reviewed = np.maximum(relative + self.terms.share * gap, relative + self.terms.floor * relative)
            if self.terms.cap is not None:
                reviewed = np.minimum(reviewed, relative + self.terms.cap * relative)
            relative = np.where(statement.period >= t, reviewed, relative)
        return np.ones_like(statement.take) * relative

    def build(self, deal: Deal) -> None:
        charge_purchase(deal)

    def bill(self, statement: Statement) -> Amounts:
        return bill_purchase(statement)

    def levers(self) -> tuple[Lever, ...]:
        return (
            Lever("share", "share of the gap to the market", 0.0, 1.0, 0.1, "lower", "share of the gap that a price review closes"),
            Lever("cap", "relative change of the price", 0.0, 1.0, 0.01, "lower", "cap on a price review"),
            Lever("floor", "relative change of the price", -1.0, 0.0, 0.01, "lower", "floor under a price review"),
        )

    def explain(self) -> str:
        if not self.terms.share:
            return "The price is fixed for the whole window; no review moves it."
        cap = "without a cap" if self.terms.cap is None else f"at most {100 * self.terms.cap:g} % up"
        return (
            f"Every {every_periods(self.terms.every_periods)} a review closes {100 * self.terms.share:g} % of the gap between the price and the index "
            f"'{self.terms.index}', at most {-100 * self.terms.floor:g} % down and {cap}."
        )

    def wording(self, setting: Setting) -> str:
        up = "without an upper limit" if self.terms.cap is None else f"by at most {percent(self.terms.cap)} upwards"
        return (
            "The contract price is the base price of the price table until the first review. A review takes place every "
            f"{every_periods(self.terms.every_periods)}, counted from the start of the window, and sets the price from the period in which it takes place. "
            "It compares the price that held before with the market price, which is "
            f"the base price times the level of the index '{self.terms.index}' in that period over its reference level "
            f"{number(self.terms.reference)}, and moves the price towards the market price by {percent(self.terms.share)} of the distance. A review changes "
            f"the price by at most {percent(-self.terms.floor)} downwards and {up}, relative to what it was; what a limit holds back is left to later reviews. "
            f"The price is paid in {setting.currency} for what is taken, and is not rounded."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        every, floor, cap, share = self.terms.every_periods, self.terms.floor, self.terms.cap, self.terms.share
        if every > 12 or not share:
            return (Example(("no review",), (setting.volume,), (setting.volume,)),)
        gaps = [("the market where it was", 0.0), *([("the market at half of the lowest change", 0.5 * floor / share)] if floor > -share else [])]
        gaps += [("the market below the lowest change", 1.5 * floor / share)] if -share < 1.5 * floor < 0 else []
        gaps += [("no upper limit", 0.5)] if cap is None else [("the highest change", cap / share), ("the market above the highest change", 1.5 * cap / share)]
        cases = []
        for text, gap in gaps:
            level = self.terms.reference * (1.0 + gap)
            says = (*("before the review",) * every, f"index {number(level)}: {text}")
            cases.append(Example(says, (setting.volume,), (setting.volume,), levels=(*(self.terms.reference,) * every, level)))
        return tuple(cases)
