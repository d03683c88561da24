"""Switching cost: what it costs to leave the suppliers of today.

To the buyer: a new source has to save more than it takes to qualify it and to wind the old one down. y_o an offer is signed, new_k binary: supplier k, who is
not an incumbent, holds a contract on the path; f the fee per supplier, g the fee per unit, W what the incumbents deliver today, Q_k takes from k.

    contract_counts_as_new:          y_o <= new_k       for k's offers o
    nobody_new:                      f new_k <= 0
    incumbents_keep_their_volume:    g sum_k Q_k[n] >= g W[t(n)]       over the incumbents k

Hard, nothing switches. Priced, the penalty is the price times f new_k, at the node where the last of k's offers could be signed, and times what is missing of
g W[t(n)], at every node. It is no cash: what has to be paid out of a budget is a signing cost of the offer.
Reference: Burke, Carrillo & Vakharia (2007), Single versus multiple supplier sourcing strategies, EJOR 182(1), on the cost of a further supplier.
Worked number: a fee of 500 and 10 per unit: one new supplier, and 25 of 60 units that leave the incumbent, cost 750.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.rules import SwitchingCost as Terms
from optimizer.algebra import pyo
from optimizer.instance import Instance
from optimizer.outcome import Outcome
from optimizer.rows import Bounds, Index, constrain, declare
from optimizer.rules.base import Desk, Measure, Money, bought, counted, is_signed, signed_terms, signing_paths


@dataclass(frozen=True)
class SwitchingCost:
    """See the module's text."""

    terms: Terms

    def _new(self, instance: Instance) -> dict[int, list[str]]:
        """Offers of suppliers that are not incumbents, by supplier."""
        products = [x.id for x in instance.scenario.products]
        found: dict[int, list[str]] = {}
        for offer in instance.offers:
            concerned = self.terms.product is None or products.index(self.terms.product) in offer.products
            if concerned and instance.scenario.suppliers[offer.supplier].id not in self.terms.incumbents:
                found.setdefault(offer.supplier, []).append(offer.id)
        return found if self.terms.per_supplier > 0 else {}

    def _old(self, instance: Instance) -> frozenset[int]:
        """The incumbents."""
        return frozenset(k for k, x in enumerate(instance.scenario.suppliers) if x.id in self.terms.incumbents)

    def build(self, desk: Desk) -> None:
        instance, fee, rate = desk.instance, self.terms.per_supplier, self.terms.per_unit
        paths = {k: (names, signing_paths(instance, names)) for k, names in self._new(instance).items()}
        new = declare(desk.block, "new", {(k, i, x.node): 1.0 for k, (_, some) in paths.items() for i, x in enumerate(some)}, pyo.Binary)
        counts: dict[Index, Bounds] = {}
        nobody: dict[Index, Bounds] = {}
        for k, (names, some) in paths.items():
            for i, path in enumerate(some):
                nobody[k, i, path.node] = (None, [(fee, new[k, i, path.node])], 0.0)
                for x, o in enumerate(names):
                    counts[k, x, i, path.node] = (0.0, [(1.0, new[k, i, path.node]), *signed_terms(desk.kernel, o, path, -1.0)], None)
        constrain(desk.block, "contract_counts_as_new", counts)
        desk.impose("nobody_new", nobody)
        if rate > 0:
            old = self._old(instance)
            keep: dict[Index, Bounds] = {}
            for n in instance.nodes:
                terms = [(rate, v) for kind, who, v in bought(desk.kernel, n, self.terms.product) if kind == "supplier" and who in old]
                keep[(n,)] = (rate * self.terms.volume[instance.tree.period[n]], terms, None)
            desk.impose("incumbents_keep_their_volume", keep)

    def check(self, instance: Instance, outcome: Outcome, money: Money) -> list[Measure]:  # noqa: ARG002
        found, suppliers = [], instance.scenario.suppliers
        for k, names in self._new(instance).items():
            for path in signing_paths(instance, names):
                cost = self.terms.per_supplier * any(is_signed(instance, outcome, o, path) for o in names)
                found.append(Measure(cost, 0.0, cost, -cost, f"{suppliers[k].id}, {path.label}", max(self.terms.per_supplier, 1.0), path.node))
        if self.terms.per_unit > 0:
            taken = counted(instance, outcome, self.terms.product)[0][sorted(self._old(instance))].sum(axis=0)
            for n in instance.nodes:
                before = float(self.terms.volume[instance.tree.period[n]])
                over = self.terms.per_unit * (before - float(taken[n]))
                scale = max(self.terms.per_unit * before, 1.0)
                found.append(Measure(max(over, 0.0), 0.0, max(over, 0.0), -over, instance.tree.ids[n], scale, n))
        return found

    def explain(self) -> str:
        who, what = " and ".join(f"'{x}'" for x in self.terms.incumbents), f" of {self.terms.product}" if self.terms.product else ""
        fees = [f"{self.terms.per_supplier:,.0f} for each new supplier"] if self.terms.per_supplier else []
        fees += [f"{self.terms.per_unit:,.2f} for each unit that leaves {who}"] if self.terms.per_unit else []
        return f"Switching{what} from {who} costs {' and '.join(fees) or 'nothing'}."
