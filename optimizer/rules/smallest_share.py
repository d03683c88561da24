"""Smallest share: whoever is awarded a contract gets a worthwhile part.

To the buyer: when the award is split, no splinters. w weights of the scope, Q_k takes from supplier k, Q of all suppliers, M the most that can be taken of all,
holds_k binary: a contract of k is in force somewhere in the scope.

    contract_counts_as_holding:   y_o <= holds_k       for k's offers o, where they are signed
    holders_share_is_reached:     sum_n w[n] Q_k >= min sum_n w[n] Q - min M (1 - holds_k)

Reference: Chaudhry, Forst & Zydiak (1993), Vendor selection with price breaks, European Journal of Operational Research 70(1), on least quantities for vendors.
Worked number: 100 taken under contracts, 8 of them from a supplier, min 10 %: 2 missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models.rules import SmallestShare as Terms
from optimizer.algebra import pyo
from optimizer.instance import Instance
from optimizer.ledger import Term
from optimizer.outcome import Outcome
from optimizer.rows import Bounds, Index, constrain, declare, upper_bound
from optimizer.rules.base import Desk, Measure, Money, Scope, bought, counted, scopes, when
from optimizer.varying import largest, settled


@dataclass(frozen=True)
class SmallestShare:
    """See the module's text."""

    terms: Terms

    def _contracts(self, instance: Instance, scope: Scope) -> Iterator[tuple[int, int, int]]:
        """Supplier, offer and signing node of contracts that may be in force in a scope."""
        products = [x.id for x in instance.scenario.products]
        wanted = None if self.terms.product is None else products.index(self.terms.product)
        for offer in instance.offers:
            if wanted is None or wanted in offer.products:
                at = instance.tree.ancestor_at(offer.sign)
                yield from sorted({(offer.supplier, offer.index, int(at[n])) for n in scope.weights if offer.start <= instance.tree.period[n] < offer.end})

    def build(self, desk: Desk) -> None:
        instance, kernel, least = desk.instance, desk.kernel, self.terms.min
        if least == 0:
            return
        parts = {(i, scope.node): (scope, list(self._contracts(instance, scope))) for i, scope in enumerate(scopes(instance, self.terms))}
        holds = declare(desk.block, "holds", {(k, *key): 1.0 for key, (_, some) in parts.items() for k in {k for k, _, _ in some}}, pyo.Binary)
        counts: dict[Index, Bounds] = {}
        shares: dict[Index, Bounds] = {}
        for (i, at), (scope, some) in parts.items():
            for k, o, m in some:
                signed = [(-1.0, kernel.signed[o, j, m]) for j in range(len(kernel.contracts[o].alternatives))]
                counts[k, o, m, i, at] = (0.0, [(1.0, holds[k, i, at]), *signed], None)
            taken = [(w, who, v) for n, w in scope.weights.items() for kind, who, v in bought(kernel, n, self.terms.product) if kind == "supplier"]
            most = least * largest([0.0, settled(sum(w * upper_bound(kernel.model, v) for w, _, v in taken))])
            for k in {k for k, _, _ in some}:
                own: list[Term] = [(w * ((1.0 if who == k else 0.0) - least), v) for w, who, v in taken]
                shares[k, i, at] = (-most, [*own, (-most, holds[k, i, at])], None)
        constrain(desk.block, "contract_counts_as_holding", counts)
        desk.impose("holders_share_is_reached", shares)

    def check(self, instance: Instance, outcome: Outcome, money: Money) -> list[Measure]:  # noqa: ARG002
        taken, _ = counted(instance, outcome, self.terms.product)
        found = []
        for scope in scopes(instance, self.terms):
            part = np.array([[w * taken[k, n] for n, w in scope.weights.items()] for k in range(len(taken))]).sum(axis=1)
            whole = float(part.sum())
            for k in sorted({k for k, o, m in self._contracts(instance, scope) if outcome.signed[o][:, m].sum() > 0.5}):
                missing = self.terms.min * whole - float(part[k])
                share = float(part[k]) / whole if whole > 0 else 1.0
                where = f"{instance.scenario.suppliers[k].id}, {scope.label}"
                found.append(Measure(share, self.terms.min, max(missing, 0.0), -missing, where, max(whole, 1.0), scope.node))
        return found or [Measure(1.0, self.terms.min, 0.0, float("inf"), "nothing is signed", 1.0)]

    def explain(self) -> str:
        what = f" of {self.terms.product}" if self.terms.product else ""
        return f"A supplier that holds a contract has at least {100 * self.terms.min:g} % of what is taken under contracts{what}{when(self.terms)}."
