"""Supplier share: how much of the volume one supplier must or may have.

To the buyer: not depending on one maker, or keeping a second source alive. w weights of the scope, Q_k takes from supplier k.

    supplier_share_reached:    sum_n w[n] Q_k >= min sum_n w[n] (Q + u)
    supplier_share_kept_below: sum_n w[n] Q_k <= max sum_n w[n] (Q + u)

Reference: Tomlin (2006), On the value of mitigation and contingency strategies, Management Science 52(5). Worked number: 100 bought, max 70 %: at most 70.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.rules import SupplierShare as Terms
from optimizer.instance import Instance
from optimizer.outcome import Outcome
from optimizer.rules.base import Desk, Measure, Money, counted, share_measures, share_rows, upside_down, when


@dataclass(frozen=True)
class SupplierShare:
    """See the module's text."""

    terms: Terms

    def build(self, desk: Desk) -> None:
        k = [x.id for x in desk.instance.scenario.suppliers].index(self.terms.supplier)

        def theirs(kind: str, who: int) -> bool:
            return kind == "supplier" and who == k

        if self.terms.min > 0:
            desk.impose("supplier_share_reached", share_rows(desk, self.terms, self.terms.product, self.terms.min, theirs))
        if self.terms.max < 1:
            desk.impose("supplier_share_kept_below", upside_down(share_rows(desk, self.terms, self.terms.product, self.terms.max, theirs)))

    def check(self, instance: Instance, outcome: Outcome, money: Money) -> list[Measure]:  # noqa: ARG002
        taken, ordered = counted(instance, outcome, self.terms.product)
        k = [x.id for x in instance.scenario.suppliers].index(self.terms.supplier)
        return share_measures(instance, self.terms, taken[k], taken.sum(axis=0) + ordered.sum(axis=0), self.terms.min, self.terms.max)

    def explain(self) -> str:
        what = f" of {self.terms.product}" if self.terms.product else ""
        return f"'{self.terms.supplier}' has between {100 * self.terms.min:g} % and {100 * self.terms.max:g} % of the volume{what}{when(self.terms)}."
