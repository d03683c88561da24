"""Volume band: how far each period's take may leave the committed volume.

To the buyer: room to take a bit more or less than was committed. Every offer has one; without the clause it is a pure option (down 1, up 0).
V committed volume, Q volume taken (without what is made good on top), rho deliverable share.

    take_within_band_above:   Q[j,p,n] <= (1 + up) rho[n] V[j,p,t(n)]
    take_within_band_below:   Q[j,p,n] >= (1 - down) rho[n] V[j,p,t(n)]

Reference: Tsay (1999), The quantity flexibility contract, Management Science 45(10).
Worked number: V = 1,000, up 15 %, rho = 0.9: at most 1,035 may be taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import VolumeBand as Terms
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.statement import Amounts, Statement
from optimizer.rows import Bounds, Index
from optimizer.wording import Example, Setting, number, percent
from scenarios.tree import Floats


@dataclass(frozen=True)
class VolumeBand:
    """See the module's text."""

    terms: Terms

    def take_factor(self) -> float:
        return 1.0 + self.terms.up

    def build(self, deal: Deal) -> None:
        above: dict[Index, Bounds] = {}
        below: dict[Index, Bounds] = {}
        for n in deal.nodes:
            most, least = (1.0 + self.terms.up) * deal.deliverable(n), (1.0 - self.terms.down) * deal.deliverable(n)
            for j in deal.js:
                for p in deal.ps:
                    above[j, p, n] = (None, [*deal.own_take(j, p, n), (-most, deal.volume(j, p, n))], 0.0)
                    if self.terms.down < 1 and deal.takeable(n):
                        below[j, p, n] = (0.0, [*deal.own_take(j, p, n), (-least, deal.volume(j, p, n))], None)
        deal.rows("take_within_band_above", above)
        deal.rows("take_within_band_below", below)

    def bill(self, statement: Statement) -> Amounts:  # noqa: ARG002
        return {}

    def breach(self, statement: Statement) -> Floats:
        owed = statement.deliverable * statement.volume
        over = statement.own_take - owed * (1.0 + self.terms.up)
        under = owed * (1.0 - self.terms.down) - statement.own_take
        return np.asarray(np.maximum(np.maximum(over, under), 0.0).max(axis=0))

    def levers(self) -> tuple[Lever, ...]:
        return (
            Lever("up", "share of committed volume", 0.0, 1.0, 0.05, "higher", "upward flexibility"),
            Lever("down", "share of committed volume", 0.0, 1.0, 0.05, "higher", "downward flexibility"),
        )

    def explain(self) -> str:
        if self.terms.down >= 1:
            return f"The buyer may take anything from nothing to {100 * (1 + self.terms.up):g} % of the committed volume in each period."
        return f"The buyer takes between {100 * (1 - self.terms.down):g} % and {100 * (1 + self.terms.up):g} % of the committed volume in each period."

    def wording(self, setting: Setting) -> str:
        most = percent(1 + self.terms.up)
        may = f"may take anything from nothing to {most}" if self.terms.down >= 1 else f"shall take at least {percent(1 - self.terms.down)} and at most {most}"
        return (
            f"In each period, and of each product by itself, the Buyer {may} of the deliverable committed volume. Outside this band nothing can be called off; "
            "the clause sets no payment for it. Volumes are not rounded to reach the band, periods do not make up for each other, and any part of a "
            f"{setting.unit} may be taken."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volume, step = setting.volume, setting.step
        most, least = (1.0 + self.terms.up) * volume, (1.0 - self.terms.down) * volume
        cases = [("the most that may be taken", most, 1.0), (f"{number(step)} more than that", most + step, 1.0)]
        less = [("the least that must be taken", least, 1.0), (f"{number(step)} less than that", least - step, 1.0)]
        cases += [*(less if least > step else [("nothing", 0.0, 1.0)]), (f"the most, where only {percent(0.9)} can be delivered", 0.9 * most, 0.9)]
        return tuple(Example((shows,), (volume,), (take,), deliverable=(share,)) for shows, take, share in cases)
