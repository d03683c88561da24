"""Origin share: how much of the volume must or may come from one country or region.

To the buyer: not depending on one country, whoever sells from there. w weights of the scope, Q takes and u spot orders, "there" those of the origin.

    origin_share_reached:     sum_n w[n] (Q there + u there) >= min sum_n w[n] (Q + u)
    origin_share_kept_below:  sum_n w[n] (Q there + u there) <= max sum_n w[n] (Q + u)

Reference: European Union, Critical Raw Materials Act, Regulation (EU) 2024/1252, article 5: at most 65 % of a material from one third country.
Worked number: 100 bought, max 65 %: at most 65 from there.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.rules import OriginShare as Terms
from optimizer.instance import Instance
from optimizer.outcome import Outcome
from optimizer.rules.base import Desk, Measure, Money, counted, share_measures, share_rows, upside_down, when


@dataclass(frozen=True)
class OriginShare:
    """See the module's text."""

    terms: Terms

    def build(self, desk: Desk) -> None:
        suppliers, spots = desk.instance.scenario.suppliers, desk.instance.scenario.spot

        def there(kind: str, who: int) -> bool:
            return (suppliers if kind == "supplier" else spots)[who].origin == self.terms.origin

        if self.terms.min > 0:
            desk.impose("origin_share_reached", share_rows(desk, self.terms, self.terms.product, self.terms.min, there))
        if self.terms.max < 1:
            desk.impose("origin_share_kept_below", upside_down(share_rows(desk, self.terms, self.terms.product, self.terms.max, there)))

    def check(self, instance: Instance, outcome: Outcome, money: Money) -> list[Measure]:  # noqa: ARG002
        taken, ordered = counted(instance, outcome, self.terms.product)
        suppliers, spots = ([x.origin == self.terms.origin for x in table] for table in (instance.scenario.suppliers, instance.scenario.spot))
        there = taken[suppliers].sum(axis=0) + ordered[spots].sum(axis=0)
        return share_measures(instance, self.terms, there, taken.sum(axis=0) + ordered.sum(axis=0), self.terms.min, self.terms.max)

    def explain(self) -> str:
        what = f"of {self.terms.product} " if self.terms.product else ""
        low, high = 100 * self.terms.min, 100 * self.terms.max
        return f"Between {low:g} % and {high:g} % of the volume {what}comes from '{self.terms.origin}'{when(self.terms)}."
