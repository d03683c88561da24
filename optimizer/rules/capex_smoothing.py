"""Capex smoothing: by how much spending may change from one period to the next.

To the buyer: no year in which building has to stop because the year before ate the money. S[n] what is taken under contracts and ordered on spot markets at
node n, times its price before volume discounts (fees, prepayments and penalties don't count), nominal; y_t years in period t.

    spend_rises_gently:   S[n] / y - S[parent] / y' <= max
    spend_falls_gently:   S[parent] / y' - S[n] / y <= max       (on average: the same of sum_n prob_n S[n])

Reference: Brealey, Myers & Allen (2020), Principles of Corporate Finance, chapter 10, on capital rationing; the row is the ramp limit of production planning:
Nahmias (2008), Production and Operations Analysis, section 3.5.
Worked number: 1,000 in 2027 and 1,700 in 2028 against max 500: 200 over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from models.rules import CapexSmoothing as Terms
from optimizer.instance import Instance
from optimizer.ledger import PURCHASE, SPOT
from optimizer.outcome import Outcome
from optimizer.rows import Bounds, Index
from optimizer.rules.base import Desk, Measure, Money

BOUGHT = frozenset({PURCHASE, SPOT})


@dataclass(frozen=True)
class CapexSmoothing:
    """See the module's text."""

    terms: Terms

    def _changes(self, instance: Instance) -> Iterator[tuple[int, str, Mapping[int, float]]]:
        """Node where a change counts, its name, and weights whose sum over purchases is the change per year."""
        tree, years = instance.tree, instance.years
        if self.terms.in_ == "every_node":
            for n in instance.nodes:
                before = int(tree.parent[n])
                if before > 0:
                    yield n, tree.ids[n], {n: 1.0 / years[tree.period[n]], before: -1.0 / years[tree.period[before]]}
            return
        for t in range(1, len(years)):
            weights = {
                n: float(tree.probability[n]) / years[tree.period[n]] * (1.0 if tree.period[n] == t else -1.0)
                for n in instance.nodes
                if tree.period[n] in (t - 1, t)
            }
            yield 0, f"on average in {instance.scenario.period_ids[t]}", weights

    def build(self, desk: Desk) -> None:
        rises: dict[Index, Bounds] = {}
        falls: dict[Index, Bounds] = {}
        for i, (at, _, weights) in enumerate(self._changes(desk.instance)):
            terms = [(w * c, v) for n, w in weights.items() for c, v in desk.kernel.ledger.of(BOUGHT, n)]
            rises[i, at] = (None, terms, self.terms.max)
            falls[i, at] = (None, [(-c, v) for c, v in terms], self.terms.max)
        desk.impose("spend_rises_gently", rises)
        desk.impose("spend_falls_gently", falls)

    def check(self, instance: Instance, outcome: Outcome, money: Money) -> list[Measure]:  # noqa: ARG002
        bought, found = money.of(BOUGHT), []
        for at, where, weights in self._changes(instance):
            change = abs(float(sum(w * bought[n] for n, w in weights.items())))
            over = change - self.terms.max
            size = max((abs(w * bought[n]) for n, w in weights.items()), default=0.0)
            found.append(Measure(change, self.terms.max, max(over, 0.0), -over, where, max(self.terms.max, float(size), 1.0), at))
        return found

    def explain(self) -> str:
        where = "on average over the futures" if self.terms.in_ == "expected" else "in every future"
        return f"What is bought in a period differs from the period before by at most {self.terms.max:,.0f} a year {where}."
