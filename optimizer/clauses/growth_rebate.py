"""Growth rebate: a discount on what is taken beyond the period before, or beyond a base.

To the buyer: a bonus that is earned by growing, year by year. It is lost where demand stands still, however much is taken.
Q taken of the supplier (without what others make in its place), B what it is compared with: Q[parent], or base x signed; u[n] growth, d[n] decline,
grows[p,n] binary, delta the discount, P price. Per alternative, product and node (compared with the period before: from the second period of the window on):

    growth_is_the_change:     u[n] - d[n] = Q[n] - B[n]
    growth_where_it_grows:    u[n] <= Q_max[n] grows[p,n]
    decline_where_it_falls:   d[n] <= B_max[n] (1 - grows[p,n])
    charge (growth_rebate):   - delta P[j,p,n] u[n]

Growth and decline exclude each other, so the charge is exact in both directions. Volumes of periods are compared as they are, whatever their lengths.
Reference: Taylor (2002), Supply chain coordination under channel rebates with sales effort effects, Management Science 48(8) (target rebates).
Worked number: price 28, 10 % on growth: 700 units, then 1,000, then 900 are credited nothing, 840 and nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import GrowthRebate as Terms
from optimizer.algebra import pyo
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.statement import Amounts, Statement
from optimizer.ledger import GROWTH
from optimizer.rows import Bounds, Index
from optimizer.varying import Number, largest
from optimizer.wording import Example, Setting, number, percent


@dataclass(frozen=True)
class GrowthRebate:
    """See the module's text."""

    terms: Terms

    def build(self, deal: Deal) -> None:
        base, window, parent = self.terms.base_volume, set(deal.nodes), deal.instance.tree.parent
        if self.terms.discount == 0:
            return
        most: dict[Index, Number] = {}  # growth
        least: dict[Index, Number] = {}  # decline
        for j, p, n in [(j, p, n) for n in deal.nodes for j in deal.js for p in deal.ps if base is not None or int(parent[n]) in window]:
            if deal.most_planned(j, p, deal.period(n)) > (base or 0.0):  # the same in all futures
                most[j, p, n] = deal.most_taken(j, p, n) if base is None else largest([deal.most_taken(j, p, n) - base, 0.0])
                least[j, p, n] = deal.most_taken(j, p, int(parent[n])) if base is None else base
        growth, decline = deal.variables("growth", most), deal.variables("decline", least)
        grows = deal.variables("grows", {(p, n): 1.0 for _, p, n in most}, pyo.Binary)
        change: dict[Index, Bounds] = {}
        up: dict[Index, Bounds] = {}
        down: dict[Index, Bounds] = {}
        for j, p, n in most:
            key = (j, p, n)
            before = deal.made_take(j, p, int(parent[n])) if base is None else [(base, deal.signed(j, deal.signing_node(n)))]
            now = [(-c, v) for c, v in deal.made_take(j, p, n)]
            change[key] = (0.0, [(1.0, growth[key]), (-1.0, decline[key]), *now, *before], 0.0)
            up[key] = (None, [(1.0, growth[key]), (-most[key], grows[p, n])], 0.0)
            down[key] = (None, [(1.0, decline[key]), (least[key], grows[p, n])], least[key])
            deal.charge(GROWTH, n, [(-self.terms.discount * deal.price(j, p, n), growth[key])])
        deal.rows("growth_is_the_change", change)
        deal.rows("growth_where_it_grows", up)
        deal.rows("decline_where_it_falls", down)

    def bill(self, statement: Statement) -> Amounts:
        taken = statement.made_take
        if self.terms.base_volume is None:
            compared = taken[:, np.maximum(statement.parent, 0)]
            counts = statement.period > statement.start  # nothing comes before the first period
        else:
            compared, counts = np.full_like(taken, self.terms.base_volume), statement.period >= statement.start
        grown = np.where(counts & (taken > compared), taken - compared, 0.0)
        return {GROWTH: -self.terms.discount * (statement.price * grown).sum(axis=0)}

    def levers(self) -> tuple[Lever, ...]:
        return (
            Lever("discount", "share of price", 0.0, 1.0, 0.005, "higher", "rebate on growth"),
            Lever("base_volume", "volume per period", 0.0, 1e12, 100.0, "lower", "base of the growth rebate"),
        )

    def explain(self) -> str:
        compared = "what was taken in the period before" if self.terms.base_volume is None else f"a base of {number(self.terms.base_volume)}"
        return f"{100 * self.terms.discount:g} % of the price is credited on what is taken in a period beyond {compared}."

    def wording(self, setting: Setting) -> str:
        base = self.terms.base_volume
        compared = "than in the period before" if base is None else f"than {setting.units(base)}"
        first = "In the first period of the window nothing is credited, because no period comes before it. " if base is None else ""
        return (
            f"Where the Buyer takes more of a product in a period {compared}, the Supplier credits {percent(self.terms.discount)} of the contract price of "
            f"the period on what is taken beyond that, in {setting.currency} and for any part of a {setting.unit}. {first}Products and periods are looked at "
            "one by one, and periods of different length are compared as they are. A decline costs nothing. Volume that is committed, owed or paid for without "
            "being taken does not count, nor does what a third party makes in the Supplier's place."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volume, base, step = setting.volume, self.terms.base_volume, setting.step
        if base is None:
            says = ("first period", f"{number(step)} more", "as much", f"{number(step)} less")
            return (Example(says, (volume,), (volume - step, volume, volume, volume - step)),)
        most = max(volume, base + step)
        return tuple(Example((says,), (most,), (take,)) for says, take in (("the base", base), (f"{number(step)} more", base + step)))
