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
from optimizer.rules.base import Desk, Measure, Money, cash_scopes, when


@dataclass(frozen=True)
class Budget:
    """See the module's text."""

    terms: Terms

    def build(self, desk: Desk) -> None:
        rows: dict[Index, Bounds] = {}
        for i, scope in enumerate(cash_scopes(desk.instance, self.terms)):
            terms = [(weight * c, v) for n, weight in scope.weights.items() for c, v in desk.kernel.ledger.cash(n)]
            rows[i, scope.node] = (None, terms, self.terms.max)
        desk.impose("spend_within_budget", rows)

    def check(self, instance: Instance, outcome: Outcome, money: Money) -> list[Measure]:  # noqa: ARG002
        found = []
        for scope in cash_scopes(instance, self.terms):
            spent = float(sum(w * money.cash[n] for n, w in scope.weights.items()))
            over = spent - self.terms.max
            found.append(Measure(spent, self.terms.max, max(over, 0.0), -over, scope.label, max(abs(self.terms.max), abs(spent), 1.0), scope.node))
        return found

    def explain(self) -> str:
        return f"Cash spent is at most {self.terms.max:,.0f}{when(self.terms)}."
