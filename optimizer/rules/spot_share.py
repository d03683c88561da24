"""Spot share: how much may be left to the spot market.

To the buyer: a ceiling on exposure. w weights of the scope, u spot orders, Q takes.

    spot_share_kept_below:   sum_n w[n] u <= max sum_n w[n] (Q + u)

Reference: Seifert, Thonemann & Hausman (2004), Optimal procurement strategies for online spot markets, EJOR 152(3).
Worked number: 100 bought, max 20 %: at most 20.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.rules import SpotShare as Terms
from optimizer.instance import Instance
from optimizer.outcome import Outcome
from optimizer.rules.base import Desk, Measure, Money, counted, share_measures, share_rows, upside_down, when


@dataclass(frozen=True)
class SpotShare:
    """See the module's text."""

    terms: Terms

    def build(self, desk: Desk) -> None:
        rows = share_rows(desk, self.terms, self.terms.product, self.terms.max, lambda kind, who: kind == "spot")  # noqa: ARG005
        desk.impose("spot_share_kept_below", upside_down(rows))

    def check(self, instance: Instance, outcome: Outcome, money: Money) -> list[Measure]:  # noqa: ARG002
        taken, ordered = counted(instance, outcome, self.terms.product)
        spot = ordered.sum(axis=0)
        return share_measures(instance, self.terms, spot, taken.sum(axis=0) + spot, 0.0, self.terms.max)

    def explain(self) -> str:
        what = f" of {self.terms.product}" if self.terms.product else ""
        return f"At most {100 * self.terms.max:g} % of the volume{what} is left to the spot market{when(self.terms)}."
