"""Cumulative rebate: the more has been taken since the start, the cheaper is what comes next.

To the buyer: a bonus for growth that is earned by taking, not by committing; a forecast that does not come true earns nothing.
Q taken of the supplier (without what others make in its place), y_i the part of it that lies inside tier i, x_i the same of all that was taken since the
start of the window (width u_i), reached_i binary: tier i is reached, so the tier before it is full. Per alternative, product and node:

    taken_fills_tiers:        sum_i y_i[n] = Q[n]
    taken_so_far:             x_i[n] = x_i[parent] + y_i[n]
    tier_holds_its_width:     x_i[n] <= u_i reached_i[n]           (x_0 <= u_0)
    tier_reached_when_full:   x_{i-1}[n] >= u_{i-1} reached_i[n]
    charge (volume_rebate):   - sum_i d_i P[j,p,n] y_i[n]

The volume so far determines every x_i and y_i, so the charge is exact in both directions. The discount is on the contract price of the period.
Reference: Munson & Rosenblatt (1998), Theories and realities of quantity discounts: an exploratory study, Production and Operations Management 7(4)
(discounts on volume accumulated over time).
Worked number: price 28, 10 % off above 1,500 in all: 1,000 units a year are credited nothing in the first year, 1,400 in the second, 2,800 after that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import CumulativeRebate as Terms
from optimizer.algebra import pyo
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.standing import Credit
from optimizer.clauses.statement import Amounts, Statement
from optimizer.ledger import REBATE
from optimizer.rows import Bounds, Index
from optimizer.varying import Number, largest, least
from optimizer.wording import Example, Setting, number, percent


@dataclass(frozen=True)
class CumulativeRebate:
    """See the module's text."""

    terms: Terms

    def build(self, deal: Deal) -> None:
        if not any(tier.discount for tier in self.terms.tiers):
            return
        width = self._widths(deal)
        inside = deal.variables("inside", width)
        newly = deal.variables("newly", {(j, p, t, i, n): least(u, deal.most_taken(j, p, n)) for (j, p, t, i, n), u in width.items()})
        reached = deal.variables("reached", {key: 1.0 for key in width if key[3] > 0}, pyo.Binary)
        fills: dict[Index, Bounds] = {}
        so_far: dict[Index, Bounds] = {}
        holds: dict[Index, Bounds] = {}
        full: dict[Index, Bounds] = {}
        for j, p, n in [(j, p, n) for n in deal.nodes for j in deal.js for p in deal.ps]:
            t, before = deal.period(n), int(deal.instance.tree.parent[n])
            tiers = range(len(self.terms.tiers))
            now = {i: inside[j, p, t, i, n] for i in tiers if (j, p, t, i, n) in width}
            then = {i: inside[j, p, t - 1, i, before] for i in tiers if (j, p, t - 1, i, before) in width}
            fills[j, p, n] = (0.0, [*((1.0, newly[j, p, t, i, n]) for i in now), *((-c, v) for c, v in deal.made_take(j, p, n))], 0.0)
            for i, x in now.items():
                so_far[j, p, t, i, n] = (0.0, [(1.0, x), (-1.0, newly[j, p, t, i, n]), *([(-1.0, then[i])] if i in then else [])], 0.0)
            for i in sorted(now.keys() - {0}):
                key, below = (j, p, t, i, n), self.terms.tiers[i].from_volume - self.terms.tiers[i - 1].from_volume
                holds[key] = (None, [(1.0, inside[key]), (-width[key], reached[key])], 0.0)
                full[key] = (0.0, [(1.0, now[i - 1]), (-below, reached[key])], None)
            deal.charge(REBATE, n, [(-self.terms.tiers[i].discount * deal.price(j, p, n), newly[j, p, t, i, n]) for i in now])
        deal.rows("taken_fills_tiers", fills)
        deal.rows("taken_so_far", so_far)
        deal.rows("tier_holds_its_width", holds)
        deal.rows("tier_reached_when_full", full)

    def _widths(self, deal: Deal) -> dict[Index, Number]:
        """Most that can lie inside each tier at each node; tiers that no commitment reaches are left out. Which they are is the same in all futures."""
        most: dict[Index, Number] = {}
        reach: dict[Index, float] = {}
        found: dict[Index, Number] = {}
        for n in sorted(deal.nodes, key=deal.period):
            for j, p in [(j, p) for j in deal.js for p in deal.ps]:
                before = (j, p, int(deal.instance.tree.parent[n]))
                most[j, p, n] = most.get(before, 0.0) + deal.most_taken(j, p, n)
                reach[j, p, n] = reach.get(before, 0.0) + deal.most_planned(j, p, deal.period(n))
                for i, tier in enumerate(self.terms.tiers):
                    top = most[j, p, n] if tier.to_volume is None else least(tier.to_volume, most[j, p, n])
                    if i == 0 or reach[j, p, n] > tier.from_volume:
                        found[j, p, deal.period(n), i, n] = largest([top - tier.from_volume, 0.0])
        return found

    def bill(self, statement: Statement) -> Amounts:
        taken, now = np.zeros_like(statement.take), statement.made_take  # since the start of the window
        credit = np.zeros_like(statement.take)
        for t in range(statement.start, statement.end):
            nodes = np.flatnonzero(statement.period == t)
            earlier = np.where(t > statement.start, taken[:, statement.parent[nodes]], 0.0)
            taken[:, nodes] = earlier + now[:, nodes]
            for tier in self.terms.tiers:
                top = np.inf if tier.to_volume is None else tier.to_volume
                credit[:, nodes] += tier.discount * (np.clip(taken[:, nodes], tier.from_volume, top) - np.clip(earlier, tier.from_volume, top))
        return {REBATE: -(statement.price * credit).sum(axis=0)}

    def standing(self, statement: Statement, n: int) -> tuple[Credit, ...]:
        if statement.in_force[n] == 0:
            return ()
        made = statement.made_take
        taken, m = made[:, n].copy(), int(statement.parent[n])
        while m > 0:
            taken, m = taken + made[:, m], int(statement.parent[m])
        found = []
        for p, volume in enumerate(taken.tolist()):
            later = next((x for x in self.terms.tiers if x.from_volume > volume and x.discount), None)
            says = (
                "no higher rebate follows"
                if later is None
                else f"{number(round(later.from_volume - volume, 3))} more, and what follows earns {percent(later.discount)}"
            )
            found.append(Credit("volume taken toward the rebate", volume, False, p, None, statement.end - 1, None, says))
        return tuple(found) if any(tier.discount for tier in self.terms.tiers) else ()

    def levers(self) -> tuple[Lever, ...]:
        return tuple(
            Lever(f"tiers[{i}].discount", "share of price", 0.0, 1.0, 0.005, "higher", f"rebate of tier {i + 1}") for i in range(len(self.terms.tiers))
        )

    def explain(self) -> str:
        steps = "; ".join(f"{100 * tier.discount:g} % on what is taken above {number(tier.from_volume)} in all" for tier in self.terms.tiers if tier.discount)
        return f"Volume taken since the start earns rebates: {steps or 'none'}."

    def wording(self, setting: Setting) -> str:
        ends = ["" if tier.to_volume is None else f" up to {number(tier.to_volume)}" for tier in self.terms.tiers]
        steps = [f"above {number(x.from_volume)}{end} {setting.unit}: {percent(x.discount)}" for x, end in zip(self.terms.tiers, ends, strict=True)]
        return (
            "What the Buyer has taken of a product since the start of the window is added up, for each product by itself. Whatever lifts this total through a "
            f"tier earns the rebate of the tier: {'; '.join(steps)}. The rebate is a share of the contract price of the period in which the volume is taken, "
            f"and is credited in that period, in {setting.currency}, for any part of a {setting.unit}. Volume that is committed, owed or paid for without "
            "being taken does not count, nor does what a third party makes in the Supplier's place. Nothing is credited again on what was taken before."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volume = setting.volume
        edges = [tier.from_volume for tier in self.terms.tiers if 0 < tier.from_volume < 2.0 * volume]
        if not edges:
            return (Example(("all taken, twice", ""), (volume, volume), (volume, volume)),)
        return tuple(
            Example(
                (f"{number(edge - 0.5 * edge)} {setting.unit} taken", f"through {number(edge)} in all"),
                (volume, volume),
                (0.5 * edge, min(volume, 0.5 * edge + setting.step)),
            )
            for edge in edges
        )
