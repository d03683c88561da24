"""All-units tiers: committing more lowers the price of every unit.

To the buyer: a step in the price list; just above a step the whole commitment is cheaper.
The alternative is split into one alternative per tier, each with its range of committed volume and its price; at most one is signed, so no
constraint is needed beyond the kernel's (the disjunction is the formulation).

    tier i of alternative j:   max(lo, from_i) <= V <= min(hi, to_i),  price = base price x (1 - d_i)
    tier_volume_within_range:  the kernel's lo y <= V <= hi y on each tier

The tier is read from the committed volume per period of each product; all periods and products of a contract lie in one tier. At a threshold both tiers
touch and the buyer has the better one, so the charge there is exact only under minimisation. With a single product the dearer tier ends two tolerances
below the threshold: it could otherwise be signed there, for its larger prepayment or within a wide gap, and be billed as the better one.
Reference: Chaudhry, Forst & Zydiak (1993), Vendor selection with price breaks, European Journal of Operational Research 70(1).
Worked number: price 28, 5 % off from 4,000: 3,999 units cost 111,972, 4,000 cost 106,400.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from models.clauses import AllUnitsTiers as Terms
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.statement import Amounts, Statement
from optimizer.instance import AlternativeData, slack
from optimizer.wording import Example, Setting, number, percent
from scenarios.tree import Floats


def _end(threshold: float, alternative: AlternativeData) -> float:
    """Where the tier before a threshold ends."""
    return threshold - 2.0 * slack(threshold) if len(alternative.low) == 1 else threshold


@dataclass(frozen=True)
class AllUnitsTiers:
    """See the module's text."""

    terms: Terms
    exact_only_at_minimum = True

    def split(self, alternative: AlternativeData) -> list[AlternativeData]:
        found = []
        for i, tier in enumerate(self.terms.tiers):
            low = np.maximum(alternative.low, tier.from_volume)
            high = np.minimum(alternative.high, np.inf if tier.to_volume is None else _end(tier.to_volume, alternative))
            if (low <= high).all():
                price = alternative.price * (1.0 - tier.discount)
                found.append(replace(alternative, id=f"{alternative.id}/tier-{i + 1}", price=price, low=low, high=high))
        return found

    def price_factor(self, instance: object, offer: object) -> Floats:  # noqa: ARG002
        """The tier's discount is in the split alternative's price already."""
        return np.ones(1)

    def billed_factor(self, statement: Statement) -> Floats:
        factor = np.ones_like(statement.take)
        smallest = statement.schedule[:, statement.start : statement.end].min(axis=(0, 1), initial=np.inf)
        committed = np.where(statement.signing_node >= 0, smallest[statement.signing_node], -np.inf)
        for tier in self.terms.tiers:
            factor[:, committed >= tier.from_volume - slack(tier.from_volume)] = 1.0 - tier.discount
        return factor

    def build(self, deal: Deal) -> None:
        """Nothing beyond the kernel: the split alternatives carry the tiers."""

    def bill(self, statement: Statement) -> Amounts:  # noqa: ARG002
        return {}

    def breach(self, statement: Statement) -> Floats:
        """Volumes that lie in different tiers: by how much the nearest tier fails to hold them all."""
        committed = statement.schedule[:, statement.start : statement.end]
        low, high = committed.min(axis=(0, 1)), committed.max(axis=(0, 1))
        ends = [(tier.from_volume, np.inf if tier.to_volume is None else tier.to_volume) for tier in self.terms.tiers]
        missed = np.min([np.maximum(np.maximum(start - low, high - end), 0.0) for start, end in ends], axis=0)
        return np.where(statement.signing_node >= 0, missed[statement.signing_node], 0.0)

    def levers(self) -> tuple[Lever, ...]:
        return tuple(
            Lever(f"tiers[{i}].discount", "share of price", 0.0, 1.0, 0.005, "higher", f"discount of tier {i + 1}") for i in range(len(self.terms.tiers))
        )

    def explain(self) -> str:
        steps = "; ".join(f"from {number(tier.from_volume)} per period {100 * tier.discount:g} % off" for tier in self.terms.tiers if tier.discount)
        return f"Committed volume sets the price of every unit: {steps or 'no discount'}."

    def wording(self, setting: Setting) -> str:
        ends = ["" if tier.to_volume is None else f" and below {number(tier.to_volume)}" for tier in self.terms.tiers]
        steps = [f"from {number(x.from_volume)}{end} {setting.unit} per period: {percent(x.discount)}" for x, end in zip(self.terms.tiers, ends, strict=True)]
        return (
            f"The committed volume sets the base price of every unit, through a discount on the list price: {'; '.join(steps)}. The tier is "
            "read from the volume committed, not from what is taken, and is the same for all products and periods: each of them must lie in it. A volume "
            "that meets a threshold has the better tier."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        step, low, high = setting.step, setting.low, setting.high
        edges = [tier.from_volume for tier in self.terms.tiers if max(low, step) < tier.from_volume <= high]
        cases = [
            (f"{text} {number(edge)}", v) for edge in edges for text, v in (("just below", edge - step), ("at", edge), ("above", edge + step)) if v <= high
        ]
        found = [Example((shows,), (v,), (v,)) for shows, v in cases or [("the committed volume", setting.volume)]]
        split = [Example(("volumes in two tiers", ""), (edge + step, edge - step), (edge + step, edge - step)) for edge in edges[:1]]
        return (*found, *split)
