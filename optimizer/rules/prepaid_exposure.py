"""Prepaid exposure: how much money may lie with a supplier.

To the buyer: a deposit is lost if the maker fails, so no maker holds more of it than so much. Prepayments A and credits c of the offers whose window has not
ended (what is left at its end is forfeited, and no longer at risk), accumulated along the path to node n.

    prepaid_within_limit:   sum_o sum_{m on the path to n} (A_o[m] - c_o[m]) <= max

Reference: Corning Incorporated, annual reports 2018-2024, customer deposits (unsecured, repaid as credits per shipment); Wang, Gilland & Tomlin (2010),
Mitigating supply risk: dual sourcing or process improvement?, Manufacturing & Service Operations Management 12(3), on suppliers who fail.
Worked number: 1,000 prepaid, 300 credited in 2027: 1,000 at signing and 700 after 2027; against max 600, 400 and 100 over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models.rules import PrepaidExposure as Terms
from optimizer.instance import Instance
from optimizer.ledger import CREDIT, PREPAYMENT
from optimizer.outcome import Outcome
from optimizer.rows import Bounds, Index
from optimizer.rules.base import Desk, Measure, Money

DEPOSITS = frozenset({PREPAYMENT, CREDIT})


@dataclass(frozen=True)
class PrepaidExposure:
    """See the module's text."""

    terms: Terms

    def _moments(self, instance: Instance) -> Iterator[tuple[int, int, frozenset[str]]]:
        """Supplier, node, and the supplier's offers under which a deposit may be at risk there."""
        for k, supplier in enumerate(instance.scenario.suppliers):
            if self.terms.supplier in (None, supplier.id):
                for n in range(instance.tree.size):
                    open_ = frozenset(o.id for o in instance.offers if o.supplier == k and o.sign <= instance.tree.period[n] < o.end)
                    if open_:
                        yield k, n, open_

    def build(self, desk: Desk) -> None:
        rows: dict[Index, Bounds] = {}
        for k, n, offers in self._moments(desk.instance):
            terms = [term for m in desk.instance.tree.path(n) for term in desk.kernel.ledger.of(DEPOSITS, m, offers)]
            rows[k, n] = (None, terms, self.terms.max)
        desk.impose("prepaid_within_limit", rows)

    def check(self, instance: Instance, outcome: Outcome, money: Money) -> list[Measure]:  # noqa: ARG002
        tree, found = instance.tree, []
        held = {o.id: tree.summed(money.of(DEPOSITS, frozenset({o.id}))) for o in instance.offers}
        for k, n, offers in self._moments(instance):
            exposed = float(np.sum([held[o][n] for o in offers]))
            over = exposed - self.terms.max
            where = f"{instance.scenario.suppliers[k].id}, {tree.ids[n]}"
            found.append(Measure(exposed, self.terms.max, max(over, 0.0), -over, where, max(self.terms.max, abs(exposed), 1.0), n))
        return found

    def explain(self) -> str:
        who = f"'{self.terms.supplier}'" if self.terms.supplier else "any supplier"
        return f"What is prepaid to {who} and not yet credited is at most {self.terms.max:,.0f} at any time."
