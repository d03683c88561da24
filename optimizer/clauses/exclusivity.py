"""Exclusivity: the buyer buys nowhere else, or pays for it.

To the buyer: what a supplier asks for in return for its best price; the waiver fee is what it costs to have a second source after all, in a bad year.
e[p,n] what is bought elsewhere: taken under other offers and ordered on spot markets, E_max[p,n] the most of it that there is (data), in_force 1 while
the contract is, waived[n] binary, phi the fee.

    bought_nowhere_else:      e[p,n] <= E_max[p,n] (1 - in_force[n] + waived[n])     (without waived[n] where it can't be waived)
    charge (waiver_fee):      phi waived[n]

The fee is pressed down by the minimum, so it is exact there; without a waiver everything is linear after signing. What is ordered counts when it is ordered,
and what was ordered before the window may still arrive in it.
Reference: Segal & Whinston (2000), Exclusive contracts and protection of investments, RAND Journal of Economics 31(4).
Worked number: 5,000 for a year in which 3 units are bought elsewhere, and 5,000 for one with 300.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from models.clauses import Exclusivity as Terms
from optimizer.algebra import pyo
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.statement import Amounts, Statement
from optimizer.instance import slack
from optimizer.ledger import WAIVER
from optimizer.rows import Bounds, Index
from optimizer.varying import anywhere, settled
from optimizer.wording import Example, Setting, number
from scenarios.tree import Floats


@dataclass(frozen=True)
class Exclusivity:
    """See the module's text."""

    terms: Terms
    exact_only_at_minimum: ClassVar[bool] = True

    def binds_others(self) -> bool:
        return not self.terms.waivable or self.terms.waiver_fee > 0

    def build(self, deal: Deal) -> None:
        if not self.binds_others():
            return
        elsewhere = {(p, n): deal.elsewhere(p, n) for n in deal.nodes for p in deal.ps}
        nodes = [n for n in deal.nodes if any(elsewhere[p, n] for p in deal.ps)]
        if not nodes:
            return
        waived = deal.variables("waived", {(n,): 1.0 for n in nodes}, pyo.Binary) if self.terms.waivable else {}
        rows: dict[Index, Bounds] = {}
        for n in nodes:
            for p in deal.ps:
                bought = elsewhere[p, n]
                most = settled(sum((deal.most_of(v) for _, v in bought), 0.0))
                if not anywhere(most > 0):
                    continue
                force = [(most * c, v) for c, v in deal.in_force(n)]
                rows[p, n] = (None, [*bought, *force, *([(-most, waived[n])] if self.terms.waivable else [])], most)
            if self.terms.waivable:
                deal.charge(WAIVER, n, [(self.terms.waiver_fee, waived[n])])
        deal.rows("bought_nowhere_else", rows)

    def bill(self, statement: Statement) -> Amounts:
        if not self.terms.waivable:
            return {}
        return {WAIVER: np.where(self._trespass(statement) > 0, self.terms.waiver_fee, 0.0)}

    def breach(self, statement: Statement) -> Floats:
        """What is bought elsewhere where that can't be paid for."""
        return statement.nothing if self.terms.waivable else self._trespass(statement)

    def _trespass(self, statement: Statement) -> Floats:
        """The most that is bought of any product elsewhere while the contract is in force. [N]"""
        trickle = slack(float(max(statement.need.max(initial=0.0), statement.volume.max(initial=0.0))))
        bought = np.where(statement.elsewhere > trickle, statement.elsewhere, 0.0).max(axis=0)
        return np.asarray(np.where(statement.binds > 0, bought, 0.0))

    def levers(self) -> tuple[Lever, ...]:
        return (Lever("waiver_fee", "money per period", 0.0, 1e12, 1000.0, "lower", "waiver fee"),) if self.terms.waivable else ()

    def explain(self) -> str:
        if not self.binds_others():
            return "The buyer may buy the products elsewhere."
        if not self.terms.waivable:
            return "While the contract is in force the products are bought nowhere else."
        return f"In a period in which a product is bought elsewhere {number(self.terms.waiver_fee)} is due."

    def wording(self, setting: Setting) -> str:
        if not self.terms.waivable:
            return (
                "While this contract is in force, the Buyer orders and takes its products nowhere else, for none of its sites. What was ordered before may "
                "still arrive. The clause sets no payment: purchases elsewhere are not allowed."
            )
        return (
            "While this contract is in force, the Buyer orders and takes its products nowhere else, for none of its sites, unless it pays a waiver fee of "
            f"{setting.money(self.terms.waiver_fee)} for the period. The fee is due once for every period in which anything of any product is bought "
            "elsewhere, whatever the volume, and is not credited on purchases. What was ordered before may still arrive."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volume, step = setting.volume, setting.step
        cases = [("nothing bought elsewhere", 0.0), (f"{number(step)} {setting.unit} bought elsewhere", step), ("ten times as much", 10.0 * step)]
        return tuple(Example((shows,), (volume,), (volume,), elsewhere=(bought,)) for shows, bought in cases)
