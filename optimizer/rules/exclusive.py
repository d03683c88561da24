"""Exclusive: offers that rule each other out.

To the buyer: either this contract or that one. y_o: offer o is signed on a path.

    at_most_one_is_signed:   sum_o y_o <= 1

Reference: Nemhauser & Wolsey (1988), Integer and Combinatorial Optimization, section I.1. Worked number: two of three signed: 1 too many.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.rules import Exclusive as Terms
from optimizer.instance import Instance
from optimizer.outcome import Outcome
from optimizer.rows import Bounds, Index
from optimizer.rules.base import Desk, Measure, Money, count_measure, is_signed, signed_terms, signing_paths


@dataclass(frozen=True)
class Exclusive:
    """See the module's text."""

    terms: Terms

    def build(self, desk: Desk) -> None:
        paths = signing_paths(desk.instance, self.terms.offers)
        rows: dict[Index, Bounds] = {
            (i, path.node): (None, [t for o in self.terms.offers for t in signed_terms(desk.kernel, o, path)], 1.0) for i, path in enumerate(paths)
        }
        desk.impose("at_most_one_is_signed", rows)

    def check(self, instance: Instance, outcome: Outcome, money: Money) -> list[Measure]:  # noqa: ARG002
        return [
            count_measure(float(sum(is_signed(instance, outcome, o, path) for o in self.terms.offers)), 0.0, 1.0, path)
            for path in signing_paths(instance, self.terms.offers)
        ]

    def explain(self) -> str:
        return f"At most one of {', '.join(self.terms.offers)} is signed."
