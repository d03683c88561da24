"""Bundle discount: cheaper where several things are bought together.

To the buyer: a reason to give one maker all of it. It is earned period by period, by what is taken and not by what is committed.
m least volume of each part, Q taken of the supplier (without what others make in its place), x delivered (whoever made it), b[n] binary: the bundle is
complete, y discounted volume, delta the discount, P price. Parts are products, or sites:

    product_reaches_least:      sum_j Q[j,p,n] >= m b[n]   for every product, or
    site_reaches_least:         sum_p x[p,s,n] >= m b[n]   for every site served
    discounted_is_taken:        y[j,p,n] <= Q[j,p,n]
    discounted_where_complete:  y[j,p,n] <= Q_max b[n]
    incomplete_for_a_reason:    b[n] + sum_i short[i,n] >= 1    over the parts i, short[i,n] binary: part i misses the least, where that is not 0
    short_below_least:          part i <= m - two tolerances + part_max (1 - short[i,n])
    all_is_discounted:          y[j,p,n] >= sum_j Q[j,p,n] - Q_max (1 - b[n])    (per alternative)
    charge (bundle_discount):   - delta P[j,p,n] y[j,p,n]

The contract discounts everything as soon as the bundle is complete, and so does the model, also in an answer within a wide gap: a bundle is incomplete for a
reason only. Volumes just below the least (two tolerances) are left out, where bill and model could read the threshold differently; exactly at the least
the solver's own tolerance may still read a part as short, so there the charge is exact only at a minimum.
Reference: Stremersch & Tellis (2002), Strategic bundling of products and prices: a new synthesis for marketing, Journal of Marketing 66(1).
Worked number: 100 units at 30 and 100 at 10, 10 % off where 50 of each are taken: 400 is credited; with 49 of the second, nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.clauses import BundleDiscount as Terms
from optimizer.algebra import pyo
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.statement import Amounts, Statement
from optimizer.instance import slack
from optimizer.ledger import BUNDLE
from optimizer.rows import Bounds, Index
from optimizer.wording import Example, Setting, number, percent


@dataclass(frozen=True)
class BundleDiscount:
    """See the module's text."""

    terms: Terms

    @property
    def _least(self) -> float:
        """Least volume of each part; 0 where the bill can't tell it from nothing."""
        return self.terms.min_volume if self.terms.min_volume > slack(self.terms.min_volume) else 0.0

    @property
    def exact_only_at_minimum(self) -> bool:
        return self._least > 0

    def build(self, deal: Deal) -> None:
        if self.terms.discount == 0:
            return
        keys = [(j, p, n) for n in deal.nodes for j in deal.js for p in deal.ps]
        bundled = deal.variables("bundled", {(n,): 1.0 for n in deal.nodes}, pyo.Binary)
        discounted = deal.variables("discounted", {(j, p, n): deal.most_taken(j, p, n) for j, p, n in keys})
        complete: dict[Index, Bounds] = {}
        taken: dict[Index, Bounds] = {}
        where: dict[Index, Bounds] = {}
        for n in deal.nodes:
            if self.terms.across == "products":
                parts = {p: [term for j in deal.js for term in deal.made_take(j, p, n)] for p in deal.ps}
            else:
                parts = {s: [(1.0, deal.deliver(p, s, n)) for p in deal.ps] for s in deal.contract.offer.sites}
            complete |= {(part, n): (0.0, [*volume, (-self._least, bundled[n])], None) for part, volume in parts.items()}
        for j, p, n in keys:
            taken[j, p, n] = (None, [(1.0, discounted[j, p, n]), *((-c, v) for c, v in deal.made_take(j, p, n))], 0.0)
            where[j, p, n] = (None, [(1.0, discounted[j, p, n]), (-deal.most_taken(j, p, n), bundled[n])], 0.0)
            deal.charge(BUNDLE, n, [(-self.terms.discount * deal.price(j, p, n), discounted[j, p, n])])
        if self.terms.across == "products":
            deal.rows("product_reaches_least", complete)
        else:
            deal.rows("site_reaches_least", complete)
        self._complete_in_earnest(deal, complete, bundled, discounted)
        deal.rows("discounted_is_taken", taken)
        deal.rows("discounted_where_complete", where)

    def _complete_in_earnest(self, deal: Deal, complete: dict[Index, Bounds], bundled: Any, discounted: Any) -> None:
        """Without these rows an answer within a wide gap could leave a discount aside that the contract gives."""
        parts = {key: [term for term in terms if term[1] is not bundled[key[-1]]] for key, (_, terms, _) in complete.items()}
        if self._least == 0:
            parts = {}  # nothing is short of it, not even where nothing can be taken
        short = deal.variables("short_part", dict.fromkeys(parts, 1.0), pyo.Binary)
        below: dict[Index, Bounds] = {}
        reason: dict[Index, Bounds] = {}
        fully: dict[Index, Bounds] = {}
        limit = max(self._least - 2.0 * slack(self._least), 0.0)
        for key, volume in parts.items():
            most = sum((deal.most_of(v) for c, v in volume if c > 0), 0.0)
            below[key] = (None, [*volume, (most, short[key])], limit + most)
        for n in deal.nodes:
            reason[(n,)] = (1.0, [(1.0, bundled[n]), *((1.0, short[key]) for key in parts if key[-1] == n)], None)
        for j, p, n in discounted:
            most = deal.most_taken(j, p, n)
            made = [(-c, v) for c, v in deal.made_take(j, p, n)]
            fully[j, p, n] = (-most, [(1.0, discounted[j, p, n]), *made, (-most, bundled[n])], None)
        deal.rows("short_below_least", below)
        deal.rows("incomplete_for_a_reason", reason)
        deal.rows("all_is_discounted", fully)

    def bill(self, statement: Statement) -> Amounts:
        parts = statement.made_take if self.terms.across == "products" else statement.deliver.sum(axis=0)
        smallest = parts.min(axis=0)
        share = np.where(smallest >= self.terms.min_volume - slack(self.terms.min_volume), self.terms.discount, 0.0)
        return {BUNDLE: -(share * statement.price * statement.made_take).sum(axis=0)}

    def levers(self) -> tuple[Lever, ...]:
        return (
            Lever("discount", "share of price", 0.0, 1.0, 0.005, "higher", "bundle discount"),
            Lever("min_volume", "volume per period", 0.0, 1e12, 100.0, "lower", "least volume of each part of the bundle"),
        )

    def explain(self) -> str:
        part = "product is taken" if self.terms.across == "products" else "site is served"
        return f"{100 * self.terms.discount:g} % is credited in a period in which every {part} with at least {number(self.terms.min_volume)}."

    def wording(self, setting: Setting) -> str:
        least, discount = setting.units(self.terms.min_volume), percent(self.terms.discount)
        reached = (
            f"the Buyer takes from the Supplier at least {least} of every product of this contract"
            if self.terms.across == "products"
            else f"the Buyer calls off at least {least}, of all products together and whoever makes it, for every site that is served under this contract"
        )
        return (
            f"In a period in which {reached}, the Supplier credits {discount} of the contract price on everything that is taken in that period, in "
            f"{setting.currency}. The discount holds from the first {setting.unit} on. Where a single part falls short, nothing is credited in that period; "
            "other periods are not looked at. Volume that is committed, owed or paid for without being taken does not count, and nothing is credited on what a "
            "third party makes in the Supplier's place."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        least, step = self.terms.min_volume, min(setting.step, 0.5 * self.terms.min_volume)
        volume = max(setting.volume, least)
        cases = [(f"{number(step)} less than the least", least - step), ("the least", least)] if least > 0 else []
        return tuple(Example((shows,), (volume,), (take,)) for shows, take in (*cases, ("all taken", volume)))
