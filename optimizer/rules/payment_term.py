"""Payment term: how long suppliers wait for their money.

To the buyer: working capital. Whoever wants to be paid sooner than the others has to be made up for by somebody who waits longer. d_o days of the offer's
clause on payment days (0 without one), S_o price x volume taken of the supplier under offer o (without what others make in its place), w weights of the
scope.

    payment_term_is_reached:   sum_n w[n] sum_o (d_o - min) / 365 S_o[n] >= 0

Reference: Goyal (1985), Economic order quantity under conditions of permissible delay in payments, Journal of the Operational Research Society 36(4).
Worked number: 3,000 paid after 60 days and 1,000 at once are 45 days on average; against min 50, 5 / 365 of
4,000 are missing: 54.79 for a year.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import PaymentDays
from models.rules import PaymentTerm as Terms
from optimizer.instance import DAYS_PER_YEAR, Instance, OfferData
from optimizer.ledger import PURCHASE, STEP_IN
from optimizer.outcome import Outcome
from optimizer.rows import Bounds, Index
from optimizer.rules.base import Desk, Measure, Money, scopes, when

BOUGHT = frozenset({PURCHASE, STEP_IN})  # a supplier waits for no money that a third party is paid


@dataclass(frozen=True)
class PaymentTerm:
    """See the module's text."""

    terms: Terms

    def _counted(self, instance: Instance) -> list[tuple[OfferData, float]]:
        """Offers that count, and the days after which they are paid."""
        suppliers = instance.scenario.suppliers
        own = [x for x in instance.offers if self.terms.supplier in (None, suppliers[x.supplier].id)]
        return [(x, next((c.days for c in x.clauses if isinstance(c, PaymentDays)), 0.0)) for x in own]

    def build(self, desk: Desk) -> None:
        ledger, rows = desk.kernel.ledger, dict[Index, Bounds]()
        counted = [(frozenset({x.id}), (days - self.terms.min) / DAYS_PER_YEAR) for x, days in self._counted(desk.instance) if days != self.terms.min]
        for i, scope in enumerate(scopes(desk.instance, self.terms)):
            bought = [(w * more, term) for n, w in scope.weights.items() for who, more in counted for term in ledger.of(BOUGHT, n, who)]
            rows[i, scope.node] = (0.0, [(w * c, v) for w, (c, v) in bought], None)
        desk.impose("payment_term_is_reached", rows)

    def check(self, instance: Instance, outcome: Outcome, money: Money) -> list[Measure]:  # noqa: ARG002
        spent = [(money.of(BOUGHT, frozenset({x.id})), days) for x, days in self._counted(instance)]
        found = []
        for scope in scopes(instance, self.terms):
            each = [(float(sum(w * row[n] for n, w in scope.weights.items())), days) for row, days in spent]
            whole = float(np.sum([amount for amount, _ in each]))
            waited = float(np.sum([amount * days for amount, days in each]))
            missing = (self.terms.min * whole - waited) / DAYS_PER_YEAR
            value = waited / whole if whole > 0 else self.terms.min
            scale = max(self.terms.min / DAYS_PER_YEAR * whole, 1.0)
            found.append(Measure(value, self.terms.min, max(missing, 0.0), -missing, scope.label, scale, scope.node))
        return found

    def explain(self) -> str:
        who = f"'{self.terms.supplier}' is" if self.terms.supplier else "suppliers are"
        return f"For what is bought under contracts {who} paid after at least {self.terms.min:g} days, weighted by its price{when(self.terms)}."
