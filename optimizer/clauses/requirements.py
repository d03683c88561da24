"""Share of requirements: the buyer covers a part of its need under this contract.

To the buyer: a commitment that follows demand; when less is needed less is owed, and when more is needed it can't be bought elsewhere only.
sigma share, D[p,n] new demand for the product at the offer's sites, rho deliverable share, Q volume taken, in_force 1 while the contract is.

    need_is_bought_here:   sum_j Q[j,p,n] >= sigma rho[n] D[p,n] in_force[n]

What may be taken depends on the commitment, so enough has to be committed for the largest demand that may come: (1 + up) V >= sigma D. Nothing is
charged, and everything is linear after signing, so futures can still be taken apart.
Reference: American Law Institute & Uniform Law Commission, Uniform Commercial Code, section 2-306 (output, requirements and exclusive dealings).
Worked number: 60 % of a need of 1,000 is 600; where 80 % can be delivered, 480.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import Requirements as Terms
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.statement import Amounts, Statement
from optimizer.rows import Bounds, Index
from optimizer.wording import Example, Setting, number, percent
from scenarios.tree import Floats


@dataclass(frozen=True)
class Requirements:
    """See the module's text."""

    terms: Terms

    def build(self, deal: Deal) -> None:
        rows: dict[Index, Bounds] = {}
        for n in deal.nodes if self.terms.share > 0 else ():
            for p in deal.ps:
                least = self.terms.share * deal.deliverable(n) * deal.need(p, n)
                taken = [(1.0, deal.take(j, p, n)) for j in deal.js]
                rows[p, n] = (0.0, [*taken, *((-least * c, v) for c, v in deal.in_force(n))], None)
        deal.rows("need_is_bought_here", rows)

    def bill(self, statement: Statement) -> Amounts:  # noqa: ARG002
        return {}

    def breach(self, statement: Statement) -> Floats:
        """What is missing to the share of the need."""
        owed = statement.need * self.terms.share * (statement.deliverable * statement.binds)
        return np.asarray(np.maximum(owed - statement.take, 0.0).max(axis=0))

    def levers(self) -> tuple[Lever, ...]:
        return (Lever("share", "share of the need", 0.0, 1.0, 0.05, "lower", "share of requirements"),)

    def explain(self) -> str:
        if not self.terms.share:
            return "The buyer need not cover any share of its need here."
        return f"In each period the buyer takes at least {100 * self.terms.share:g} % of what it needs of each product here."

    def wording(self, setting: Setting) -> str:
        return (
            f"In each period, and of each product by itself, the Buyer takes under this contract at least {percent(self.terms.share)} of what its sites under "
            f"this contract newly need of it in the period, wherever else it buys, in any part of a {setting.unit}. Need that an earlier period has left "
            "open does not count, and stock does not lower it. Where the Supplier can deliver only a part of the committed volume, only "
            "the same part of this share is owed. It gives no right to more than the contract allows otherwise: the Buyer commits enough for it. The clause "
            "sets no payment."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volume, share = setting.volume, self.terms.share
        need = volume  # as much as is committed, so that every share can be taken
        if share * need <= 0:
            return (Example(("nothing taken",), (volume,), (0.0,), need=(need,)),)
        step = min(setting.step, 0.1 * share * need)
        return (
            Example(("just the share",), (volume,), (share * need,), need=(need,)),
            Example((f"{number(step)} less",), (volume,), (share * need - step,), need=(need,)),
            Example(("half the need, half the volume",), (volume,), (0.5 * share * need,), need=(0.5 * need,)),
            Example((f"only {percent(0.5)} can be delivered",), (volume,), (0.5 * share * need,), deliverable=(0.5,), need=(need,)),
        )
