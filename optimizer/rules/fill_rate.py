"""Fill rate: how much of demand must be met on time.

To the buyer: a service level. Volume that stays unmet counts again in every period. w weights of the scope, D demand.

    fill_rate_reached:   sum_n w[n] unmet <= (1 - min) sum_n w[n] D     (violation: percentage points)

Reference: Nahmias (2008), Production and Operations Analysis, section 5.5, type 2 service. Worked number: demand 1,000, min 97 %: at most 30 unmet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.rules import FillRate as Terms
from optimizer.clauses.base import Bounds, Index
from optimizer.instance import Instance
from optimizer.outcome import Outcome
from optimizer.rules.base import Desk, Measure, scopes, when
from scenarios.tree import Floats


@dataclass(frozen=True)
class FillRate:
    """See the module's text."""

    terms: Terms

    def _pairs(self, instance: Instance) -> list[tuple[int, int]]:
        """Products and sites that the rule looks at."""
        scenario = instance.scenario
        keep = []
        for p, s in instance.shortage:
            if self.terms.product in (None, scenario.products[p].id) and self.terms.site in (None, scenario.sites[s].id):
                keep.append((p, s))
        return keep

    def build(self, desk: Desk) -> None:
        instance, kernel = desk.instance, desk.kernel
        rows: dict[Index, Bounds] = {}
        unit: dict[Index, float] = {}
        pairs = self._pairs(instance)
        for i, scope in enumerate(scopes(instance, self.terms)):
            demand = sum(w * float(instance.tree.states.demand[n, p, s]) for n, w in scope.weights.items() for p, s in pairs)
            terms = [(w, kernel.unmet[p, s, b, n]) for n, w in scope.weights.items() for p, s in pairs for b in range(len(instance.shortage[p, s].width))]
            rows[i, scope.node] = (None, terms, (1.0 - self.terms.min) * demand)
            unit[i, scope.node] = demand / 100.0
        desk.impose("fill_rate_reached", rows, unit)

    def check(self, instance: Instance, outcome: Outcome, cash: Floats) -> list[Measure]:  # noqa: ARG002
        pairs = self._pairs(instance)
        demand = sum((instance.tree.states.demand[:, p, s] for p, s in pairs), np.zeros(instance.tree.size))
        unmet = sum((outcome.unmet[p, s] for p, s in pairs), np.zeros(instance.tree.size))
        found = []
        for scope in scopes(instance, self.terms):
            asked = float(sum(w * demand[n] for n, w in scope.weights.items()))
            missed = float(sum(w * unmet[n] for n, w in scope.weights.items()))
            rate = 1.0 - missed / asked if asked > 0 else 1.0
            found.append(Measure(rate, self.terms.min, max(0.0, 100.0 * (self.terms.min - rate)), 100.0 * (rate - self.terms.min), scope.label, 100.0, scope.node))
        return found

    def explain(self) -> str:
        what = "".join([f" for {self.terms.product}" if self.terms.product else "", f" at {self.terms.site}" if self.terms.site else ""])
        return f"At least {100 * self.terms.min:g} % of demand{what} is met on time{when(self.terms)}."
