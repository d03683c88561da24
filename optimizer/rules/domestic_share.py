"""Domestic share: how much of the volume must come from domestic sources.

To the buyer: policy or law that ties part of the supply to the home country. w weights of the scope, Q takes, u spot orders.

    domestic_share_reached:   sum_n w[n] (domestic Q + domestic u) >= min sum_n w[n] (Q + u)

Reference: Build America, Buy America Act, Pub. L. 117-58, sections 70901-70927. Worked number: 100 bought, min 60 %: at least 60 domestic.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.rules import DomesticShare as Terms
from optimizer.instance import Instance
from optimizer.outcome import Outcome
from optimizer.rules.base import Desk, Measure, Money, counted, share_measures, share_rows, when


@dataclass(frozen=True)
class DomesticShare:
    """See the module's text."""

    terms: Terms

    def build(self, desk: Desk) -> None:
        suppliers, spots = desk.instance.scenario.suppliers, desk.instance.spots

        def domestic(kind: str, who: int) -> bool:
            return suppliers[who].domestic if kind == "supplier" else spots[who].domestic

        desk.impose("domestic_share_reached", share_rows(desk, self.terms, self.terms.product, self.terms.min, domestic))

    def check(self, instance: Instance, outcome: Outcome, money: Money) -> list[Measure]:  # noqa: ARG002
        taken, ordered = counted(instance, outcome, self.terms.product)
        home = taken[[x.domestic for x in instance.scenario.suppliers]].sum(axis=0) + ordered[[x.domestic for x in instance.spots]].sum(axis=0)
        return share_measures(instance, self.terms, home, taken.sum(axis=0) + ordered.sum(axis=0), self.terms.min, 1.0)

    def explain(self) -> str:
        what = f"of {self.terms.product} " if self.terms.product else ""
        return f"At least {100 * self.terms.min:g} % of the volume {what}comes from domestic sources{when(self.terms)}."
