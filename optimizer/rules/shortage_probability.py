"""Shortage probability: a ceiling on how likely a shortage is (a chance constraint).

To the buyer: not more than so many futures in a hundred may run short. U_l unmet volume on the path to l (or at the node l of the period), a what is not yet
called a shortage, M_l the most that can be unmet there, short_l binary: it is a shortage.

    shortage_is_counted:        U_l <= a + (M_l - a) short_l
    shortage_is_seldom_enough:  sum_l prob_l short_l <= max       (violation: percentage points of probability)

Reference: Charnes & Cooper (1959), Chance-constrained programming, Management Science 6(1); Luedtke, Ahmed & Nemhauser (2010), An integer programming approach
for linear programs with probabilistic constraints, Mathematical Programming 122(2).
Worked number: shortages of 50 in one future of 10 % and of 5 in another of 20 %; above 10, max 5 %: 5 percentage points too likely.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.rules import ShortageProbability as Terms
from optimizer.algebra import pyo
from optimizer.instance import Instance, slack
from optimizer.ledger import Term
from optimizer.outcome import Outcome
from optimizer.rows import Bounds, Index, constrain, declare, upper_bound
from optimizer.rules.base import Desk, Measure, Money
from optimizer.varying import settled


@dataclass(frozen=True)
class ShortageProbability:
    """See the module's text."""

    terms: Terms

    def _pairs(self, instance: Instance) -> list[tuple[int, int]]:
        return [(p, s) for p, s in instance.shortage if self.terms.product in (None, instance.scenario.products[p].id)]

    def _events(self, instance: Instance) -> dict[int, list[int]]:
        """Nodes whose unmet volume counts together, by the node that stands for them: paths by their leaf, or the nodes of one period."""
        tree = instance.tree
        if self.terms.period is None:
            return {leaf: tree.path(leaf)[1:] for leaf in tree.leaves.tolist()}
        wanted = instance.scenario.period_ids.index(self.terms.period)
        return {n: [n] for n in instance.nodes if tree.period[n] == wanted}

    def build(self, desk: Desk) -> None:
        instance, kernel, above = desk.instance, desk.kernel, self.terms.above
        events, pairs = self._events(instance), self._pairs(instance)
        short = declare(desk.block, "short", {(at,): 1.0 for at in events}, pyo.Binary)
        rows: dict[Index, Bounds] = {}
        for at, nodes in events.items():
            unmet: list[Term] = [(1.0, kernel.unmet[p, s, b, n]) for n in nodes for p, s in pairs for b in range(len(instance.shortage[p, s].width))]
            most = settled(sum(upper_bound(kernel.model, v) for _, v in unmet))
            rows[(at,)] = (None, [*unmet, (-max(0.0, float(most) - above), short[at])], above)
        constrain(desk.block, "shortage_is_counted", rows)
        likely = [(float(instance.tree.probability[at]), short[at]) for at in events]
        desk.impose("shortage_is_seldom_enough", {(0,): (None, likely, self.terms.max)}, 0.01)

    def check(self, instance: Instance, outcome: Outcome, money: Money) -> list[Measure]:  # noqa: ARG002
        unmet = sum((outcome.unmet[p, s] for p, s in self._pairs(instance)), np.zeros(instance.tree.size))
        events, above = self._events(instance), self.terms.above
        value = float(sum(instance.tree.probability[at] for at, nodes in events.items() if unmet[nodes].sum() > above + slack(above)))
        over = 100.0 * (value - self.terms.max)
        return [Measure(value, self.terms.max, max(0.0, over), -over, "over the futures", 100.0)]

    def explain(self) -> str:
        what = f" of {self.terms.product}" if self.terms.product else ""
        when = f" in {self.terms.period}" if self.terms.period else ""
        much = f" of more than {self.terms.above:,g}" if self.terms.above else ""
        return f"A shortage{what}{much}{when} has a probability of at most {100 * self.terms.max:g} %."
