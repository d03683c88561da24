"""Requires: one offer only together with another.

To the buyer: a contract that makes no sense alone. y_o: offer o is signed on a path.

    need_is_signed_too:   y_needs >= y_offer

Reference: Nemhauser & Wolsey (1988), section I.1. Worked number: offer signed, need not: violation 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.rules import Requires as Terms
from optimizer.instance import Instance
from optimizer.outcome import Outcome
from optimizer.rows import Bounds, Index
from optimizer.rules.base import Desk, Measure, Money, count_measure, is_signed, signed_terms, signing_paths


@dataclass(frozen=True)
class Requires:
    """See the module's text."""

    terms: Terms

    def build(self, desk: Desk) -> None:
        rows: dict[Index, Bounds] = {}
        for i, path in enumerate(signing_paths(desk.instance, (self.terms.offer, self.terms.needs))):
            terms = signed_terms(desk.kernel, self.terms.needs, path) + signed_terms(desk.kernel, self.terms.offer, path, -1.0)
            rows[i, path.node] = (0.0, terms, None)
        desk.impose("need_is_signed_too", rows)

    def check(self, instance: Instance, outcome: Outcome, money: Money) -> list[Measure]:  # noqa: ARG002
        found = []
        for path in signing_paths(instance, (self.terms.offer, self.terms.needs)):
            missing = is_signed(instance, outcome, self.terms.offer, path) and not is_signed(instance, outcome, self.terms.needs, path)
            found.append(count_measure(float(missing), 0.0, 0.0, path))
        return found

    def explain(self) -> str:
        return f"'{self.terms.offer}' is signed only together with '{self.terms.needs}'."
