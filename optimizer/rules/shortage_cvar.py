"""Shortage CVaR: a ceiling on the average shortage of the worst futures.

To the buyer: how bad the bad futures may be. U_l total unmet volume on the path to leaf l, eta threshold (0 <= eta <= largest possible U), xi excess.

    shortage_beyond_threshold:   xi_l >= U_l - eta
    worst_shortage_kept_below:   eta + sum_l prob_l xi_l / tail <= max

Reference: Rockafellar & Uryasev (2002), Conditional value-at-risk for general loss distributions, Journal of Banking & Finance 26(7).
Worked number: shortages 0 (90 %), 50 (10 %), tail 20 %: CVaR 25.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.rules import ShortageCvar as Terms
from optimizer.instance import Instance
from optimizer.ledger import Term
from optimizer.outcome import Outcome
from optimizer.rows import Bounds, Index, constrain, declare, upper_bound
from optimizer.rules.base import Desk, Measure, Money
from optimizer.tail import tail_mean
from optimizer.varying import largest, settled


@dataclass(frozen=True)
class ShortageCvar:
    """See the module's text."""

    terms: Terms

    def _pairs(self, instance: Instance) -> list[tuple[int, int]]:
        return [(p, s) for p, s in instance.shortage if self.terms.product in (None, instance.scenario.products[p].id)]

    def build(self, desk: Desk) -> None:
        instance, kernel, tree = desk.instance, desk.kernel, desk.instance.tree
        pairs = self._pairs(instance)
        paths: dict[int, list[Term]] = {}
        for leaf in tree.leaves.tolist():
            nodes = tree.path(leaf)[1:]
            paths[leaf] = [(1.0, kernel.unmet[p, s, b, n]) for n in nodes for p, s in pairs for b in range(len(instance.shortage[p, s].width))]
        most = {leaf: settled(sum(upper_bound(kernel.model, v) for _, v in terms)) for leaf, terms in paths.items()}
        threshold = declare(desk.block, "shortage_threshold", {(0,): largest(most.values())})
        excess = declare(desk.block, "shortage_excess", {(leaf,): bound for leaf, bound in most.items()})
        rows: dict[Index, Bounds] = {
            (leaf,): (0.0, [(1.0, excess[leaf]), (1.0, threshold[0]), *((-c, v) for c, v in terms)], None) for leaf, terms in paths.items()
        }
        constrain(desk.block, "shortage_beyond_threshold", rows)
        worst = [(1.0, threshold[0]), *((float(tree.probability[leaf]) / self.terms.tail, excess[leaf]) for leaf in paths)]
        desk.impose("worst_shortage_kept_below", {(0,): (None, worst, self.terms.max)})

    def check(self, instance: Instance, outcome: Outcome, money: Money) -> list[Measure]:  # noqa: ARG002
        tree = instance.tree
        unmet = sum((outcome.unmet[p, s] for p, s in self._pairs(instance)), np.zeros(tree.size))
        value = tail_mean(tree.summed(unmet)[tree.leaves], tree.probability[tree.leaves], self.terms.tail)
        scale = max(1.0, float(instance.tree.states.demand.sum(axis=(1, 2)).max()))
        return [Measure(value, self.terms.max, max(0.0, value - self.terms.max), self.terms.max - value, "in the worst futures", scale)]

    def explain(self) -> str:
        what = f" of {self.terms.product}" if self.terms.product else ""
        return f"In the worst {100 * self.terms.tail:g} % of futures the shortage{what} is at most {self.terms.max:,g} on average."
