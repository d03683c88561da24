"""All or none: offers that come as a bundle.

To the buyer: a package deal. y_o: offer o is signed on a path, started: any of them is.

    bundle_is_started:   started >= y_o for every offer of the bundle
    bundle_is_whole:     y_o >= started for every offer of the bundle     (violation: offers missing)

Reference: de Vries & Vohra (2003), Combinatorial auctions: a survey, INFORMS Journal on Computing 15(3). Worked number: two of three signed: violation 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.rules import AllOrNone as Terms
from optimizer.instance import Instance
from optimizer.outcome import Outcome
from optimizer.rows import Bounds, Index, constrain, declare
from optimizer.rules.base import Desk, Measure, Money, count_measure, is_signed, signed_terms, signing_paths


@dataclass(frozen=True)
class AllOrNone:
    """See the module's text."""

    terms: Terms

    def build(self, desk: Desk) -> None:
        paths = signing_paths(desk.instance, self.terms.offers)
        started = declare(desk.block, "started", {(i, path.node): 1.0 for i, path in enumerate(paths)})
        starts: dict[Index, Bounds] = {}
        whole: dict[Index, Bounds] = {}
        for i, path in enumerate(paths):
            for k, offer in enumerate(self.terms.offers):
                starts[i, k, path.node] = (0.0, [(1.0, started[i, path.node]), *signed_terms(desk.kernel, offer, path, -1.0)], None)
                whole[i, k, path.node] = (0.0, [(-1.0, started[i, path.node]), *signed_terms(desk.kernel, offer, path)], None)
        constrain(desk.block, "bundle_is_started", starts)
        desk.impose("bundle_is_whole", whole)

    def check(self, instance: Instance, outcome: Outcome, money: Money) -> list[Measure]:  # noqa: ARG002
        found = []
        for path in signing_paths(instance, self.terms.offers):
            signed = [is_signed(instance, outcome, o, path) for o in self.terms.offers]
            missing = signed.count(False) if any(signed) else 0
            found.append(count_measure(float(missing), 0.0, 0.0, path))
        return found

    def explain(self) -> str:
        return f"Either all of {', '.join(self.terms.offers)} are signed, or none."
