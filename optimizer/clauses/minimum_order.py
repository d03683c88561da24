"""Minimum order: take nothing, or a worthwhile lot.

To the buyer: no small call-offs. q the least lot, b binary: something is taken.

    order_is_enough:   sum_j Q[j,p,n] >= q b[p,n]
    order_is_zero:     sum_j Q[j,p,n] <= Q_max b[p,n]   (where b is 0)

Reference: Zhou, Zhao & Katehakis (2007), Effective control policies for stochastic inventory systems with a minimum order quantity, IJPE 106(2).
Worked number: q = 500: 0 and 500 may be taken, 499 may not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import MinimumOrder as Terms
from optimizer.algebra import pyo
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.statement import Amounts, Statement
from optimizer.instance import slack
from optimizer.rows import Bounds, Index
from optimizer.varying import largest
from optimizer.wording import Example, Setting, number
from scenarios.tree import Floats


@dataclass(frozen=True)
class MinimumOrder:
    """See the module's text."""

    terms: Terms

    def build(self, deal: Deal) -> None:
        if self.terms.volume <= 0:
            return
        keys = [(p, n) for n in deal.nodes for p in deal.ps]
        ordering = deal.variables("ordering", dict.fromkeys(keys, 1.0), pyo.Binary)
        enough: dict[Index, Bounds] = {}
        zero: dict[Index, Bounds] = {}
        for p, n in keys:
            taken = [(1.0, deal.take(j, p, n)) for j in deal.js]
            most = largest(deal.most_taken(j, p, n) for j in deal.js)
            enough[p, n] = (0.0, [*taken, (-self.terms.volume, ordering[p, n])], None)
            zero[p, n] = (None, [*taken, (-most, ordering[p, n])], 0.0)
        deal.rows("order_is_enough", enough)
        deal.rows("order_is_zero", zero)

    def bill(self, statement: Statement) -> Amounts:  # noqa: ARG002
        return {}

    def breach(self, statement: Statement) -> Floats:
        near = slack(self.terms.volume)
        small = (statement.take > near) & (statement.take < self.terms.volume - near)
        return np.asarray(np.where(small, np.minimum(statement.take, self.terms.volume - statement.take), 0.0).max(axis=0))

    def levers(self) -> tuple[Lever, ...]:
        return (Lever("volume", "volume per period", 0.0, 1e12, 100.0, "lower", "minimum order"),)

    def explain(self) -> str:
        return f"In each period the buyer takes nothing of a product, or at least {number(self.terms.volume)}."

    def wording(self, setting: Setting) -> str:
        return (
            f"In each period the Buyer takes of a product either nothing or at least {setting.units(self.terms.volume)}. The minimum holds for each product "
            "by itself and for what is taken in the whole period, not for single deliveries. Smaller volumes can't be called off; the clause sets no payment "
            "for them. Volumes are not rounded up to the minimum."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        least, step = self.terms.volume, min(setting.step, 0.5 * self.terms.volume)
        cases = [("nothing", 0.0), (f"{number(step)} less than the minimum", least - step), ("the minimum", least), (f"{number(step)} more", least + step)]
        return tuple(Example((shows,), (max(setting.volume, least + step),), (take,)) for shows, take in (cases if least > 0 else cases[:1]))
