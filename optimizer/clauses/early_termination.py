"""Early termination: leaving a contract before its end, for a fee.

To the buyer: a limit on what a bad turn can cost. In a glut the rest of the contract is bought off for a share of its value.
ended[m] binary, decided at node m with what is known there; L[j,p,t,m] volume of period t that is given up, phi the fee's share (it depends on how many
periods of the window have passed), p0 base price after tiers, w notice. The rows stand in `ending`; other clauses see the volume that is left.

    ended_once:              sum of ended over a path <= sum_j signed[j]     (what is ended stays ended)
    charge (exit_fee, at m):   phi[t(m)] sum_{t >= t(m) + w} p0[j,p] L[j,p,t,m]

A prepayment is not paid back: what is left of it is forfeited, as at the end of the contract. A supplier's capacity is not freed for other offers.
Reference: United States District Court, Eastern District of Michigan, Hemlock Semiconductor v. SolarWorld (2016): leaving cost the whole of the remaining
price; European Federation of Energy Traders (2007), General Agreement, section 11, calculation of the termination amount.
Worked number: two periods of 100 units at 28 are left and given up for 60 %: 3,360.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import EarlyTermination as Terms
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.ending import Ending, misused
from optimizer.clauses.statement import Amounts, Statement
from optimizer.ledger import EXIT, Term
from optimizer.wording import Example, Setting, percent, periods
from scenarios.tree import Floats


@dataclass(frozen=True)
class EarlyTermination:
    """See the module's text."""

    terms: Terms

    def ending(self) -> Ending | None:
        return Ending("early_termination", self.terms.notice_periods, self.terms.fees[0].after_periods) if self.terms.fees else None

    def build(self, deal: Deal) -> None:
        if deal.left is None or self.ending() is None:
            return
        fees: dict[int, list[Term]] = {}
        for (j, p, _, m), given_up in deal.left.given_up["early_termination"].items():
            passed = deal.period(m) - deal.contract.offer.start
            share = next(fee.share for fee in reversed(self.terms.fees) if fee.after_periods <= passed)
            fees.setdefault(m, []).append((share * deal.base_price(j, p), given_up))
        for m, terms in fees.items():
            deal.charge(EXIT, m, terms)

    def bill(self, statement: Statement) -> Amounts:
        fee, starts = statement.nothing, np.array([x.after_periods for x in self.terms.fees])
        for m in np.flatnonzero(statement.decided("early_termination") > 0):
            t, signing = int(statement.period[m]), statement.signing_node[m]
            row = int(np.searchsorted(starts, t - statement.start, side="right")) - 1
            rest = statement.schedule[:, t + self.terms.notice_periods : statement.end, signing].sum(axis=1)
            fee[m] = (self.terms.fees[row].share if row >= 0 else 0.0) * float(statement.base_price[:, signing] @ rest)
        return {EXIT: fee}

    def breach(self, statement: Statement) -> Floats:
        """Contracts that are ended too early, too late, twice, or without having been signed: one unit each."""
        return misused(statement, "early_termination")

    def levers(self) -> tuple[Lever, ...]:
        return tuple(
            Lever(f"fees[{i}].share", "share of the value given up", 0.0, 1.0, 0.05, "lower", f"exit fee {i + 1}") for i in range(len(self.terms.fees))
        )

    def explain(self) -> str:
        fees = "; ".join(f"after {x.after_periods} period{'s' if x.after_periods > 1 else ''} for {100 * x.share:g} %" for x in self.terms.fees)
        if not fees:
            return "The contract can't be ended before its window does."
        return f"The buyer may leave, paying a share of the committed value that is given up: {fees}."

    def wording(self, setting: Setting) -> str:
        if not self.terms.fees:
            return "Neither party may end this contract before its last period."
        rows = "; ".join(f"once {periods(x.after_periods)} of the window have passed: {percent(x.share)}" for x in self.terms.fees)
        notice = self.terms.notice_periods
        when = f"{periods(notice)} after the period of the notice" if notice else "with the period in which the Buyer says so"
        return (
            f"The Buyer may end this contract for all products together. It is then over {when}: from then on nothing is committed, owed, reserved or "
            "delivered. The Buyer pays once, when giving notice, a share of the committed volume that is given up, valued at the base price in "
            f"{setting.currency}: {rows}. Each share holds until the next one begins; before the first the contract can't be ended. Periods that the notice "
            "leaves are carried out in full. What is left of a prepayment is forfeited. A contract that has been ended is not taken up again."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volume, notice = setting.volume, self.terms.notice_periods
        if not self.terms.fees or len(setting.schedule) > 24:
            return (Example(("carried out to its end",), (volume,), (volume,)),)
        first = self.terms.fees[0].after_periods
        cases = [(x.after_periods, f"ended after {periods(x.after_periods)}") for x in self.terms.fees]
        if first > 1:
            cases.append((first - 1, "a period too early"))
        found = []
        for passed, shows in cases:
            kept, count = passed + notice, passed + notice + 2
            says = [("carried out" if t < kept else "over") if t != passed else shows for t in range(count)]
            ends = [float(t == passed) for t in range(count)]
            found.append(Example(tuple(says), (volume,) * count, tuple(volume if t < kept else 0.0 for t in range(count)), ended=tuple(ends)))
        return tuple(found)
