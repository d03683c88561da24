"""Most favoured customer: the price never lies above what the market asks.

To the buyer: never to be the one who pays more under a contract than others do without one.
S[n] price of the spot market (scenario currency), e[n] rate of exchange (1 in the scenario's own), h margin, P'[j,p,n] price by all other terms.

    price:                  P[j,p,n] = min(P'[j,p,n], (1 + h) S[n] / e[n]) for the product that the market sells;  data at every node, never optimised

What else is charged on the contract price follows it; fees and deposits are charged on the base price and do not. The market's price is its first block's
before delivery. A price is no longer in proportion to what is agreed where the limit holds, so the negotiation desk builds every price of such an offer anew.
Reference: Crocker & Lyon (1994), What do "facilitating practices" facilitate? An empirical investigation of most-favored-nation clauses in natural gas
contracts, Journal of Law and Economics 37(2).
Worked number: price 28, margin 5 %: with the market at 26 the price is 27.30, at 27 it is 28 (28.35 would be allowed).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import MostFavoured as Terms
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.statement import Amounts, Statement
from optimizer.instance import Instance, OfferData
from optimizer.wording import Example, Setting, percent, price
from scenarios.tree import Floats


@dataclass(frozen=True)
class MostFavoured:
    """See the module's text."""

    terms: Terms

    def price_limit(self, instance: Instance, offer: OfferData) -> Floats:
        states, beside = instance.tree.states, instance.tree.states.spot_price.shape[2:]  # axes in which the figures of all futures stand side by side
        found = np.full((len(offer.products), instance.tree.size, *beside), np.inf)
        products = [x.id for x in instance.scenario.products]
        for m, market in enumerate(instance.scenario.spot):  # also where a contract is declared alone, and there is nothing to buy on it
            if market.id != self.terms.spot:
                continue
            asked = states.spot_price[:, m]
            own = asked if offer.currency < 0 else asked / states.fx[:, offer.currency]
            found[offer.products.index(products.index(market.product))] = np.where(asked > 0, (1.0 + self.terms.margin) * own, np.inf)
        return found

    def billed_limit(self, statement: Statement) -> Floats:
        asked = statement.spot.get(self.terms.spot or "")
        if asked is None:
            return np.full_like(statement.take, np.inf)
        allowed = asked + self.terms.margin * asked
        return np.where(asked > 0, allowed if statement.rate is None else allowed / statement.rate, np.inf)

    def build(self, deal: Deal) -> None:
        """Nothing beyond the kernel: the price is data."""

    def bill(self, statement: Statement) -> Amounts:  # noqa: ARG002
        return {}

    def levers(self) -> tuple[Lever, ...]:
        return (Lever("margin", "share of the market price", 0.0, 10.0, 0.01, "lower", "margin above the market price"),)

    def explain(self) -> str:
        if self.terms.spot is None:
            return "The price is not compared with a market."
        above = f"more than {100 * self.terms.margin:g} % above that of" if self.terms.margin else "above that of"
        return f"The price never lies {above} the spot market '{self.terms.spot}'."

    def wording(self, setting: Setting) -> str:
        margin = percent(self.terms.margin)
        if self.terms.spot is None:
            return f"The contract price is not compared with a market, and a margin of {margin} above one is without effect."
        return (
            f"Where in a period the contract price by all other terms lies more than {margin} above the price at which the market '{self.terms.spot}' offers "
            f"the same product, the contract price of that period is lowered to the market price plus {margin}, in {setting.currency} at the rate of exchange "
            "of the period. This holds whatever volume the market has on offer, and before delivery. It is judged period by period; nothing is paid back for "
            "earlier ones. Where the market shows no price, nothing is compared. Fees and deposits are not changed."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volume = setting.volume
        if self.terms.spot is None or setting.price <= 0:
            return (Example(("no market is compared",), (volume,), (volume,)),)
        edge = setting.price / (1.0 + self.terms.margin)
        asked = (("just at the limit", edge), ("a tenth above it", 1.1 * edge), ("a tenth below it", 0.9 * edge))
        return (Example(tuple(f"market at {price(level)}: {says}" for says, level in asked), (volume,), (volume,), market=tuple(x for _, x in asked)),)
