"""Incremental tiers: each further slice of commitment earns its own discount.

To the buyer: units are billed at the contract price as taken, and every period the committed volume inside tier i is credited with d_i of the price.
s_i committed volume inside tier i (width u_i), full_i binary: tier i is open, so the tier before it is full. Per alternative, product, period.

    volume_is_sum_of_slices:   V = sum_i s_i
    tier_opens_when_full:      s_{i-1} >= u_{i-1} full_i
    slice_needs_open_tier:     s_i <= u_i full_i   (s_0 <= u_0 y)
    charge (volume_discount):  - sum_i d_i P[j,p,n] s_i

Reference: Balakrishnan & Graves (1989), A composite algorithm for a concave-cost network flow problem, Networks 19(2).
Worked number: price 28, 10 % off above 3,000: a commitment of 4,000 is credited 2,800 a period.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.clauses import IncrementalTiers as Terms
from optimizer.algebra import pyo
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.statement import Amounts, Statement
from optimizer.ledger import DISCOUNT, Term
from optimizer.rows import Bounds, Index
from optimizer.wording import Example, Setting, number, percent


@dataclass(frozen=True)
class IncrementalTiers:
    """See the module's text."""

    terms: Terms

    def build(self, deal: Deal) -> None:
        offer = deal.contract.offer
        width: dict[Index, float] = {}
        for m in deal.contract.signing_nodes:
            for j in deal.js:
                for p in deal.ps:
                    for t in range(offer.start, offer.end):
                        most = deal.most_committed(j, p, t)
                        for i, tier in enumerate(self.terms.tiers):
                            top = most if tier.to_volume is None else min(tier.to_volume, most)
                            if i == 0 or top > tier.from_volume:
                                width[j, p, t, i, m] = max(top - tier.from_volume, 0.0)
        inside = deal.variables("slice", width)
        is_open = deal.variables("full", {key: 1.0 for key in width if key[3] > 0}, pyo.Binary)
        sums: dict[Index, list[Term]] = {}
        needs: dict[Index, Bounds] = {}
        opens: dict[Index, Bounds] = {}
        for (j, p, t, i, m), most in width.items():
            key = (j, p, t, i, m)
            sums.setdefault((j, p, t, m), []).append((-1.0, inside[key]))
            gate = is_open[key] if i else deal.signed(j, m)
            needs[key] = (None, [(1.0, inside[key]), (-most, gate)], 0.0)
            if i:
                before = (j, p, t, i - 1, m)
                opens[key] = (0.0, [(1.0, inside[before]), (-width[before], is_open[key])], None)
        deal.rows("volume_is_sum_of_slices", {(j, p, t, m): (0.0, [(1.0, deal.volume_in(j, p, t, m)), *terms], 0.0) for (j, p, t, m), terms in sums.items()})
        deal.rows("slice_needs_open_tier", needs)
        deal.rows("tier_opens_when_full", opens)
        for n in deal.nodes:
            t, m = deal.period(n), deal.signing_node(n)
            slices = [(j, p, i) for j in deal.js for p in deal.ps for i in range(len(self.terms.tiers)) if (j, p, t, i, m) in width]
            rate = -1.0 * deal.stands(n)  # what is committed and interrupted earns nothing
            deal.charge(DISCOUNT, n, [(rate * self.terms.tiers[i].discount * deal.price(j, p, n), inside[j, p, t, i, m]) for j, p, i in slices])

    def bill(self, statement: Statement) -> Amounts:
        credit = statement.volume * 0.0
        for tier in self.terms.tiers:
            top = float("inf") if tier.to_volume is None else tier.to_volume
            credit += tier.discount * (statement.volume.clip(tier.from_volume, top) - tier.from_volume)
        return {DISCOUNT: -(statement.price * credit * statement.in_force).sum(axis=0)}

    def levers(self) -> tuple[Lever, ...]:
        return tuple(
            Lever(f"tiers[{i}].discount", "share of price", 0.0, 1.0, 0.005, "higher", f"discount of tier {i + 1}") for i in range(len(self.terms.tiers))
        )

    def explain(self) -> str:
        steps = "; ".join(f"the part above {number(tier.from_volume)} per period earns {100 * tier.discount:g} %" for tier in self.terms.tiers if tier.discount)
        return f"The committed volume is credited slice by slice: {steps or 'no discount'}."

    def wording(self, setting: Setting) -> str:
        ends = ["" if tier.to_volume is None else f" up to {number(tier.to_volume)}" for tier in self.terms.tiers]
        steps = [f"above {number(x.from_volume)}{end} {setting.unit}: {percent(x.discount)}" for x, end in zip(self.terms.tiers, ends, strict=True)]
        return (
            f"In each period, and of each product by itself, the committed volume is cut into slices, and each slice earns a discount: {'; '.join(steps)}. "
            f"The Buyer is credited, in {setting.currency}, the discount of the slice on the contract price of the period for every unit of the committed "
            "volume in it, whether or not it is taken or can be delivered. What is taken is billed at the full contract price."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        step, low, high = setting.step, setting.low, setting.high
        edges = [tier.from_volume for tier in self.terms.tiers if max(low, step) < tier.from_volume <= high]
        cases = [
            (f"{text} {number(edge)}", v) for edge in edges for text, v in (("just below", edge - step), ("at", edge), ("above", edge + step)) if v <= high
        ]
        cases += [("the committed volume, all taken", setting.volume)]
        found = [Example((shows,), (v,), (v,)) for shows, v in cases]
        return (*found, Example(("the committed volume, nothing taken",), (setting.volume,), (0.0,)))
