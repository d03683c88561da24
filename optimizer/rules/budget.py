"""Budget: how much cash may be spent.

To the buyer: a cash ceiling, nominal, for a period or the whole horizon; cash at signing (node 0) counts in the first period.

    spend_within_budget:   sum_n w[n] cash[n] <= max

Reference: Birge & Louveaux (2011), Introduction to Stochastic Programming, section 2.4. Worked number: 600 now and 500 in 2027 against max 1,000: 100 over.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.rules import Budget as Terms
from optimizer.instance import Instance
from optimizer.outcome import Outcome
from optimizer.rows import Bounds, Index
from optimizer.rules.base import Desk, Measure, Money, Scope, scopes, when


@dataclass(frozen=True)
class Budget:
    """See the module's text."""

    terms: Terms

    def _scopes(self, instance: Instance) -> list[Scope]:
        """The scopes of the rule, with cash at node 0 in those that hold the first period."""
        found = []
        for scope in scopes(instance, self.terms):
            first = any(instance.tree.period[n] == 0 for n in scope.weights)
            found.append(Scope(scope.label, scope.node, {0: 1.0, **scope.weights} if first else scope.weights))
        return found

    def build(self, desk: Desk) -> None:
        rows: dict[Index, Bounds] = {}
        for i, scope in enumerate(self._scopes(desk.instance)):
            terms = [(weight * c, v) for n, weight in scope.weights.items() for c, v in desk.kernel.ledger.cash(n)]
            rows[i, scope.node] = (None, terms, self.terms.max)
        desk.impose("spend_within_budget", rows)

    def check(self, instance: Instance, outcome: Outcome, money: Money) -> list[Measure]:  # noqa: ARG002
        found = []
        for scope in self._scopes(instance):
            spent = float(sum(w * money.cash[n] for n, w in scope.weights.items()))
            over = spent - self.terms.max
            found.append(Measure(spent, self.terms.max, max(over, 0.0), -over, scope.label, max(abs(self.terms.max), abs(spent), 1.0), scope.node))
        return found

    def explain(self) -> str:
        return f"Cash spent is at most {self.terms.max:,.0f}{when(self.terms)}."
