"""Currency: moves of the exchange rate beyond a band are shared.

To the buyer: a price in somebody else's currency, with the tails of the exchange rate cut down; what is gained there is shared as well.
e[n] rate (scenario currency per unit of the offer's), r the agreed rate, b the band, s the supplier's share, e'[n] the rate at which the price is paid.

    rate inside the band:   i[n] = clip(e[n], (1 - b) r, (1 + b) r)
    rate paid:              e'[n] = e[n] - s (e[n] - i[n])
    price:                  P[j,p,n] = base price x e'[n] / e[n], x what other clauses on the price say;  rates are data, never optimised

The price is adjusted, in the offer's currency, and is converted at e[n] as ever, so it comes to base price x e'[n]. What is charged on the base price (fees,
deposits) is not adjusted. In a contract in the scenario's own currency there is nothing to share.
Reference: Eiteman, Stonehill & Moffett, Multinational Business Finance, on risk-sharing agreements (the Ford and Mazda case).
Worked number: agreed 1.00, band 10 %, half shared; at 1.50 the excess is 0.40 and 1.30 is paid: a price of 20 becomes 17.3333, which is 26 at that rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import CurrencyBand as Terms
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.statement import Amounts, Statement
from optimizer.instance import Instance, OfferData
from optimizer.wording import Example, Setting, number, percent
from scenarios.tree import Floats

FAR = 0.1  # of the agreed rate: how far beyond the band the examples stand


@dataclass(frozen=True)
class CurrencyBand:
    """See the module's text."""

    terms: Terms

    def price_factor(self, instance: Instance, offer: OfferData) -> Floats:
        tree, band = instance.tree, self.terms.band
        if offer.currency < 0:
            return np.ones(tree.size)
        rate = tree.states.fx[:, offer.currency]
        agreed = rate[np.maximum(tree.ancestor_at(offer.sign), 0)] if self.terms.reference is None else self.terms.reference
        inside = np.clip(rate, (1.0 - band) * agreed, (1.0 + band) * agreed)
        return np.asarray(1.0 - self.terms.supplier_share * (1.0 - inside / rate))

    def billed_factor(self, statement: Statement) -> Floats:
        rate = statement.rate
        if rate is None:
            return np.ones_like(statement.take)
        signed = np.where(statement.signing_node >= 0, rate[statement.signing_node], rate)
        agreed = signed if self.terms.reference is None else self.terms.reference
        above = np.maximum(rate - agreed - self.terms.band * agreed, 0.0)
        below = np.maximum(agreed - self.terms.band * agreed - rate, 0.0)
        paid = rate + self.terms.supplier_share * (below - above)
        return np.ones_like(statement.take) * (paid / rate)

    def build(self, deal: Deal) -> None:
        """Nothing beyond the kernel: the price is data."""

    def bill(self, statement: Statement) -> Amounts:  # noqa: ARG002
        return {}

    def levers(self) -> tuple[Lever, ...]:
        return (
            Lever("supplier_share", "share of the move beyond the band", 0.0, 1.0, 0.05, "higher", "supplier's share of currency moves"),
            Lever("band", "share of the agreed rate", 0.0, 1.0, 0.01, "lower", "currency band"),
        )

    def explain(self) -> str:
        if not self.terms.supplier_share:
            return "The buyer bears every move of the exchange rate."
        agreed = "the rate at signing" if self.terms.reference is None else number(self.terms.reference)
        return (
            f"The supplier bears {100 * self.terms.supplier_share:g} % of what the exchange rate moves beyond {100 * self.terms.band:g} % to either side of "
            f"{agreed}."
        )

    def wording(self, setting: Setting) -> str:
        band, share = percent(self.terms.band), percent(self.terms.supplier_share)
        reference = self.terms.reference
        agreed = "that on the date of signing" if reference is None else f"{number(reference)} of the Buyer's currency per {setting.currency}"
        return (
            f"Prices are in {setting.currency}. The agreed rate of exchange between it and the Buyer's currency is {agreed}. Within a band of {band} to either "
            f"side of it the Buyer bears every move of the rate. Of what the rate of a period lies above or below the band the Supplier bears {share}: the "
            "contract price of that period is lowered or raised so that the Buyer pays for it, in the Buyer's own currency, what it would come to at a rate "
            "nearer to the band by this share of the distance. The agreed rate stays as it is. Fees and deposits are not adjusted, and nothing is rounded."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        agreed, band = self.terms.reference or 1.0, self.terms.band
        moves = [("the agreed rate", 0.0), *([("the upper end of the band", band)] if band else []), ("above the band", band + FAR)]
        moves += [*([("the lower end of the band", -band)] if 0 < band < 1 else []), *([("below the band", -band - FAR)] if band + FAR < 1 else [])]
        return (Example(tuple(text for text, _ in moves), (setting.volume,), (setting.volume,), rates=tuple(agreed * (1.0 + move) for _, move in moves)),)
