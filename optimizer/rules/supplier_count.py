"""Supplier count: how many suppliers hold a contract.

To the buyer: enough sources, but not too many to look after. used_k binary: some offer of supplier k is signed on the path.

    used_needs_a_contract:   used_k <= sum of y_o over k's offers      contract_counts_as_used:   y_o <= used_k
    suppliers_at_least:      sum_k used_k >= min                       suppliers_at_most:         sum_k used_k <= max

Reference: Burke, Carrillo & Vakharia (2007), Single versus multiple supplier sourcing strategies, EJOR 182(1). Worked number: one supplier, min 2: 1 missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

from models.rules import SupplierCount as Terms
from optimizer.algebra import pyo
from optimizer.instance import Instance
from optimizer.outcome import Outcome
from optimizer.rows import Bounds, Index, constrain, declare
from optimizer.rules.base import Desk, Measure, Money, count_measure, is_signed, signed_terms, signing_paths


@dataclass(frozen=True)
class SupplierCount:
    """See the module's text."""

    terms: Terms

    def _offers(self, instance: Instance) -> dict[int, list[str]]:
        """Offers that count, by supplier."""
        products = [x.id for x in instance.scenario.products]
        found: dict[int, list[str]] = {}
        for offer in instance.offers:
            if self.terms.product is None or products.index(self.terms.product) in offer.products:
                found.setdefault(offer.supplier, []).append(offer.id)
        return found

    def build(self, desk: Desk) -> None:
        offers = self._offers(desk.instance)
        paths = signing_paths(desk.instance, chain.from_iterable(offers.values()))
        used = declare(desk.block, "used", {(k, i, path.node): 1.0 for i, path in enumerate(paths) for k in offers}, pyo.Binary)
        needs: dict[Index, Bounds] = {}
        counts: dict[Index, Bounds] = {}
        least: dict[Index, Bounds] = {}
        most: dict[Index, Bounds] = {}
        for i, path in enumerate(paths):
            for k, names in offers.items():
                signed = [t for o in names for t in signed_terms(desk.kernel, o, path, -1.0)]
                needs[k, i, path.node] = (None, [(1.0, used[k, i, path.node]), *signed], 0.0)
                for x, o in enumerate(names):
                    counts[k, x, i, path.node] = (0.0, [(1.0, used[k, i, path.node]), *signed_terms(desk.kernel, o, path, -1.0)], None)
            total = [(1.0, used[k, i, path.node]) for k in offers]
            least[i, path.node] = (float(self.terms.min), total, None)
            most[i, path.node] = (None, total, float(self.terms.max if self.terms.max is not None else len(offers)))
        constrain(desk.block, "used_needs_a_contract", needs)
        constrain(desk.block, "contract_counts_as_used", counts)
        if self.terms.min > 0:
            desk.impose("suppliers_at_least", least)
        if self.terms.max is not None:
            desk.impose("suppliers_at_most", most)

    def check(self, instance: Instance, outcome: Outcome, money: Money) -> list[Measure]:  # noqa: ARG002
        found = []
        offers = self._offers(instance)
        for path in signing_paths(instance, chain.from_iterable(offers.values())):
            used = sum(any(is_signed(instance, outcome, o, path) for o in names) for names in offers.values())
            high = float("inf") if self.terms.max is None else float(self.terms.max)
            found.append(count_measure(float(used), float(self.terms.min), high, path))
        return found

    def explain(self) -> str:
        what = f" for {self.terms.product}" if self.terms.product else ""
        most = "" if self.terms.max is None else f" and at most {self.terms.max}"
        return f"At least {self.terms.min}{most} suppliers hold a contract{what}."
