"""All or none: offers that come as a bundle.

To the buyer: a package deal. y_o: offer o is signed on a path.

    bundle_is_whole:   y_o >= y_o' for each neighbouring pair, round the circle

Reference: de Vries & Vohra (2003), Combinatorial auctions: a survey, INFORMS Journal on Computing 15(3). Worked number: two of three signed: violation 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from models.rules import AllOrNone as Terms
from optimizer.clauses.base import Bounds, Index
from optimizer.instance import Instance
from optimizer.outcome import Outcome
from optimizer.rules.base import Desk, Measure, count_measure, is_signed, signed_terms, signing_paths
from scenarios.tree import Floats


@dataclass(frozen=True)
class AllOrNone:
    """See the module's text."""

    terms: Terms

    def build(self, desk: Desk) -> None:
        rows: dict[Index, Bounds] = {}
        circle = (*self.terms.offers, self.terms.offers[0])
        for i, path in enumerate(signing_paths(desk.instance)):
            for k, (one, other) in enumerate(pairwise(circle)):
                rows[i, k, path.node] = (0.0, signed_terms(desk.kernel, one, path) + signed_terms(desk.kernel, other, path, -1.0), None)
        desk.impose("bundle_is_whole", rows)

    def check(self, instance: Instance, outcome: Outcome, cash: Floats) -> list[Measure]:  # noqa: ARG002
        found = []
        circle = (*self.terms.offers, self.terms.offers[0])
        for path in signing_paths(instance):
            signed = [is_signed(instance, outcome, o, path) for o in circle]
            steps = sum(later and not earlier for earlier, later in pairwise(signed))
            found.append(count_measure(float(steps), 0.0, 0.0, path))
        return found

    def explain(self) -> str:
        return f"Either all of {', '.join(self.terms.offers)} are signed, or none."
