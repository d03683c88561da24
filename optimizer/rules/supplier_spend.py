"""Supplier spend: how much cash may go to a supplier.

To the buyer: no supplier is paid more than one is ready to have at stake with it, in a period or over the horizon. Counted is what its offers charge, less what
they credit, and its capacity steps; duties and transport go to others. Cash at signing (node 0) counts in the first period.

    spend_with_supplier_within_limit:   sum_n w[n] cash_k[n] <= max

Reference: Monczka, Handfield, Giunipero & Patterson (2015), Purchasing and Supply Chain Management, on spend by supplier.
Worked number: 600 at signing and 500 in the first period, 80 of them credited, against max 1,000: 20 over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models.rules import SupplierSpend as Terms
from optimizer.instance import Instance
from optimizer.ledger import CAPACITY, DELIVERY, ELSEWHERE, HOLDING, NO_CASH, SPOT, SUBSTITUTION, TARIFF, TRANSFER
from optimizer.outcome import Outcome
from optimizer.rows import Bounds, Index
from optimizer.rules.base import Desk, Measure, Money, Scope, cash_scopes, when

OTHERS = NO_CASH | ELSEWHERE | {CAPACITY, DELIVERY, HOLDING, SPOT, SUBSTITUTION, TARIFF, TRANSFER}  # not charged by an offer, or not paid to its supplier


@dataclass(frozen=True)
class SupplierSpend:
    """See the module's text."""

    terms: Terms

    def _limits(self, instance: Instance) -> Iterator[tuple[int, int, Scope]]:
        """Supplier, number and scope of every limit."""
        for i, scope in enumerate(cash_scopes(instance, self.terms)):
            for k, supplier in enumerate(instance.scenario.suppliers):
                if self.terms.supplier in (None, supplier.id):
                    yield k, i, scope

    @staticmethod
    def _paid(instance: Instance, k: int, source: str, category: str) -> bool:
        """Whether a charge is paid to a supplier."""
        if category == CAPACITY:
            return source == instance.scenario.suppliers[k].id
        return category not in OTHERS and any(x.id == source and x.supplier == k for x in instance.offers)

    def build(self, desk: Desk) -> None:
        rows: dict[Index, Bounds] = {}
        for k, i, scope in self._limits(desk.instance):
            charged = [(w, x) for n, w in scope.weights.items() for x in desk.kernel.ledger.by_node.get(n, ())]
            terms = [(w * c, v) for w, x in charged if self._paid(desk.instance, k, x.source, x.category) for c, v in x.terms]
            rows[k, i, scope.node] = (None, terms, self.terms.max)
        desk.impose("spend_with_supplier_within_limit", rows)

    def check(self, instance: Instance, outcome: Outcome, money: Money) -> list[Measure]:  # noqa: ARG002
        found = []
        for k, _, scope in self._limits(instance):
            paid = np.asarray(sum((x for key, x in money.rows.items() if self._paid(instance, k, *key)), np.zeros(instance.tree.size)))
            spent = float(sum(w * paid[n] for n, w in scope.weights.items()))
            over = spent - self.terms.max
            where = f"{instance.scenario.suppliers[k].id}, {scope.label}"
            found.append(Measure(spent, self.terms.max, max(over, 0.0), -over, where, max(self.terms.max, abs(spent), 1.0), scope.node))
        return found

    def explain(self) -> str:
        who = f"'{self.terms.supplier}'" if self.terms.supplier else "any supplier"
        return f"At most {self.terms.max:,.0f} is paid to {who}{when(self.terms)}."
