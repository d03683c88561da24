"""Force: a decision already taken.

To the buyer: sign this, or keep away from it, and see what it costs. y_o: offer o (or the named alternative of it) is signed.

    decision_is_kept:   y_o >= 1 where signed, y_o <= 0 where not

Reference: Nemhauser & Wolsey (1988), section I.1. Worked number: forced and not signed: violation 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.rules import Force as Terms
from optimizer.contracts import build_contracts
from optimizer.instance import Instance
from optimizer.outcome import Outcome
from optimizer.rows import Bounds, Index
from optimizer.rules.base import Desk, Measure, Money, count_measure, signing_paths


@dataclass(frozen=True)
class Force:
    """See the module's text."""

    terms: Terms

    def _js(self, instance: Instance, names: list[str]) -> tuple[int, list[int]]:
        """The offer, and the alternatives (tiers of the named one) that count."""
        o = [x.id for x in instance.offers].index(self.terms.offer)
        wanted = self.terms.alternative
        return o, [j for j, name in enumerate(names) if wanted is None or name == wanted or name.startswith(f"{wanted}/")]

    def build(self, desk: Desk) -> None:
        o = [x.id for x in desk.instance.offers].index(self.terms.offer)
        _, js = self._js(desk.instance, [a.id for a in desk.kernel.contracts[o].alternatives])
        rows: dict[Index, Bounds] = {}
        for i, path in enumerate(signing_paths(desk.instance, (self.terms.offer,))):
            terms = [(1.0, desk.kernel.signed[o, j, path.at[o]]) for j in js]
            rows[i, path.node] = (1.0, terms, None) if self.terms.signed else (None, terms, 0.0)
        desk.impose("decision_is_kept", rows)

    def check(self, instance: Instance, outcome: Outcome, money: Money) -> list[Measure]:  # noqa: ARG002
        o = [x.id for x in instance.offers].index(self.terms.offer)
        wanted = [a.id for a in build_contracts(instance)[o].alternatives]
        _, js = self._js(instance, wanted)
        asked = 1.0 if self.terms.signed else 0.0
        return [count_measure(float(outcome.signed[o][js, path.at[o]].sum()), asked, asked, path) for path in signing_paths(instance, (self.terms.offer,))]

    def explain(self) -> str:
        which = f" in the alternative '{self.terms.alternative}'" if self.terms.alternative else ""
        return f"'{self.terms.offer}' is {'signed' if self.terms.signed else 'not signed'}{which}."
