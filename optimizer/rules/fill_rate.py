"""Fill rate: how much of demand must be met on time.

To the buyer: a service level. What is carried over from the period before is asked for again. w weights of the scope, D demand, l the lost share.

    fill_rate_reached:   sum_n w[n] unmet[n] <= (1 - min) sum_n w[n] (D[n] + (1 - l) unmet[parent])     (violation: percentage points of demand)

A scope without new demand still owes what it carries; a point there is a percent of the largest demand so far.

Reference: Nahmias (2008), Production and Operations Analysis, section 5.5, type 2 service. Worked number: demand 1,000, min 97 %: at most 30 unmet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.rules import FillRate as Terms
from optimizer.instance import Instance
from optimizer.ledger import Term
from optimizer.outcome import Outcome, asked_for
from optimizer.rows import Bounds, Index
from optimizer.rules.base import Desk, Measure, Money, Scope, scopes, when
from optimizer.varying import Number, largest, settled


@dataclass(frozen=True)
class FillRate:
    """See the module's text."""

    terms: Terms

    def _pairs(self, instance: Instance) -> list[tuple[int, int]]:
        """Products and sites that the rule looks at."""
        scenario = instance.scenario
        keep = []
        for p, s in instance.shortage:
            site = scenario.sites[s]
            if (
                self.terms.product in (None, scenario.products[p].id)
                and self.terms.site in (None, site.id)
                and self.terms.service_class in (None, site.service_class)
            ):
                keep.append((p, s))
        return keep

    def _unit(self, instance: Instance, scope: Scope) -> Number:
        """Volume in one percentage point of violation: of the scope's demand, or where nothing new is asked for, of the largest demand so far."""
        states, pairs = instance.tree.states, self._pairs(instance)
        new = sum(w * states.demand[n, p, s] for n, w in scope.weights.items() for p, s in pairs)
        peak = largest(settled(sum(instance.peak[n, p, s] for p, s in pairs)) for n in scope.weights)
        return settled(np.where(new > 0, new, peak) / 100.0)

    def build(self, desk: Desk) -> None:
        instance, kernel = desk.instance, desk.kernel
        rows: dict[Index, Bounds] = {}
        unit: dict[Index, Number] = {}
        pairs = self._pairs(instance)
        for i, scope in enumerate(scopes(instance, self.terms)):
            demand = sum(w * settled(instance.tree.states.demand[n, p, s]) for n, w in scope.weights.items() for p, s in pairs)
            terms: list[Term] = []
            for n, w in scope.weights.items():
                before = int(instance.tree.parent[n])
                for p, s in pairs:
                    blocks, carried = range(len(instance.shortage[p, s].width)), 1.0 - instance.shortage[p, s].lost
                    terms += [(w, kernel.unmet[p, s, b, n]) for b in blocks]
                    if before > 0 and carried > 0:
                        terms += [(-(1.0 - self.terms.min) * carried * w, kernel.unmet[p, s, b, before]) for b in blocks]
            rows[i, scope.node] = (None, terms, (1.0 - self.terms.min) * demand)
            unit[i, scope.node] = self._unit(instance, scope)
        desk.impose("fill_rate_reached", rows, unit)

    def check(self, instance: Instance, outcome: Outcome, money: Money) -> list[Measure]:  # noqa: ARG002
        pairs, every = self._pairs(instance), asked_for(instance, outcome.unmet)
        new, peak = (sum((x[:, p, s] for p, s in pairs), np.zeros(instance.tree.size)) for x in (instance.tree.states.demand, instance.peak))
        asked, unmet = (sum((x[p, s] for p, s in pairs), np.zeros(instance.tree.size)) for x in (every, outcome.unmet))
        found = []
        for scope in scopes(instance, self.terms):
            wanted, whole, missed = (float(sum(w * x[n] for n, w in scope.weights.items())) for x in (new, asked, unmet))
            unit = (wanted if wanted > 0 else float(max(peak[n] for n in scope.weights))) / 100.0
            over = (missed - (1.0 - self.terms.min) * whole) / unit if unit > 0 else 0.0
            rate = 1.0 - missed / whole if whole > 0 else 1.0
            found.append(Measure(rate, self.terms.min, max(0.0, over), -over, scope.label, 100.0, scope.node))
        return found

    def explain(self) -> str:
        of, at, kind = self.terms.product, self.terms.site, self.terms.service_class
        what = "".join([f" for {of}" if of else "", f" at {at}" if at else "", f" at sites of class '{kind}'" if kind is not None else ""])
        return f"At least {100 * self.terms.min:g} % of demand{what} is met on time{when(self.terms)}."
