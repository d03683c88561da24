"""Carry-forward: volume taken beyond what is owed lowers what is owed later.

To the buyer: a strong year pays for a weak one. Make-up looks back from a strong year to a weak one before it, carry-forward the other way.
e'[n] excess not claimed as make-up, s[n] shortfall, r[n] relief: the part of a shortfall that is met from the credit, kappa the cap, theta the owed share,
E expiry, B the credit, A what of it has not lapsed. The buyer chooses r; the rows of the credit stand in `obligation`.

    relief_within_shortfall:  r[j,p,n] <= s[j,p,n]
    relief_within_cap:        r[j,p,n] <= kappa theta rho[n] V[j,p,t(n)]
    available_was_banked:     A[n] <= B[parent]
    available_is_recent:      A[n] <= sum of e'[a] over the ancestors a of n within E periods
    drawn_within_available:   r[n] <= A[n]
    bank_runs_on:             B[n] = A[n] - r[n] + e'[n]

It charges nothing: take-or-pay charges what is left of the shortfall, s - r. The oldest credit is used first.
Reference: Roberts, Gas and LNG Sales and Transportation Agreements (Sweet & Maxwell), on make up and carry forward.
Worked number: 80 of 100 owed; 100 taken give a credit of 20. 50 taken a year later are 30 short: with a cap of 20 % 16 are met, 14 are paid for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import CarryForward as Terms
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.obligation import Election, build_bank, overdrawn
from optimizer.clauses.standing import Credit, banked
from optimizer.clauses.statement import Amounts, Statement
from optimizer.rows import Bounds, Index
from optimizer.varying import Number
from optimizer.wording import Example, Setting, number, percent
from scenarios.tree import Floats


@dataclass(frozen=True)
class CarryForward:
    """See the module's text."""

    terms: Terms

    def election(self) -> Election | None:
        return Election("carry_forward", "shortfall", self.terms.cap) if self.terms.cap > 0 else None

    def build(self, deal: Deal) -> None:
        if deal.settled is None or self.election() is None:
            return
        owed, contract = deal.contract.owed_share, deal.contract
        beyond = max(contract.own_factor - owed, 0.0)  # most that may be taken beyond what is owed, relative to the deliverable committed volume

        def most(j: int, p: int, n: int) -> Number:
            return beyond * deal.deliverable(n) * deal.most_volume(j, p, deal.period(n))

        build_bank(deal, deal.beyond, most, self.terms.expiry_periods)
        capped: dict[Index, Bounds] = {}
        for j, p, n in [(j, p, n) for n in deal.nodes for j in deal.js for p in deal.ps]:
            capped[j, p, n] = (None, [(1.0, deal.elected(j, p, n)), (-self.terms.cap * owed * deal.deliverable(n), deal.volume(j, p, n))], 0.0)
        deal.rows("relief_within_cap", capped)

    def bill(self, statement: Statement) -> Amounts:  # noqa: ARG002
        return {}

    def breach(self, statement: Statement) -> Floats:
        """Relief beyond the cap, beyond the shortfall, beyond the credit, or from credit that has lapsed."""
        relief = statement.chosen("carry_forward")
        missing = overdrawn(statement, statement.excess, relief, self.terms.expiry_periods)
        most = self.terms.cap * statement.owed_share * statement.deliverable * statement.volume
        return np.asarray(np.max([missing, relief - most, -statement.shortfall, np.zeros_like(relief)], axis=0).max(axis=0))

    def standing(self, statement: Statement, n: int) -> tuple[Credit, ...]:
        if self.election() is None:
            return ()
        relief = statement.chosen("carry_forward")
        return banked(statement, n, "volume carried forward", statement.excess, relief, self.terms.expiry_periods, None)

    def levers(self) -> tuple[Lever, ...]:
        return (Lever("cap", "share of owed volume", 0.0, 1.0, 0.05, "higher", "cap on carry-forward"),)

    def explain(self) -> str:
        if self.election() is None:
            return "Volume taken beyond what is owed does not lower what is owed later."
        return f"Volume taken beyond what is owed meets up to {100 * self.terms.cap:g} % of what is owed {_until(self.terms.expiry_periods)}."

    def wording(self, setting: Setting) -> str:
        cap, when = percent(self.terms.cap), _until(self.terms.expiry_periods)
        if self.election() is None:
            return f"Volume taken beyond what is owed gives no credit: at most {cap} of what is owed later can be met from it."
        return (
            "What the Buyer takes of a product in a period beyond what is owed under take-or-pay, and does not declare as make-up volume, is credited in "
            f"volume. Where the Buyer takes less than is owed {when}, the Buyer may have the shortfall met from the credit, in any part of a {setting.unit}, "
            f"up to {cap} of what is owed in that period; what is met so counts as taken under take-or-pay, and nothing is paid for it. "
            "The oldest credit is used first. Credit that has not been used by then lapses, and is never paid out."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volume, owed = setting.volume, setting.owed_share * setting.volume
        most, room = self.terms.cap * owed, volume - owed
        step = min(setting.step, 0.25 * most, 0.25 * room)
        expiry = self.terms.expiry_periods
        if self.election() is None or step <= 0:
            return (Example(("nothing is carried forward",), (volume,), (volume,)),)
        credit = min(2.0 * step, most)
        earned = f"{number(credit)} {setting.unit} beyond what is owed"
        cases = [
            Example((earned, "all of it used a period later"), (volume,), (owed + credit, owed - credit), chosen=(0.0, credit)),
            Example((earned, f"{number(step)} more used than was earned"), (volume,), (owed + credit, owed - credit - step), chosen=(0.0, credit + step)),
        ]
        if most + step <= min(room, owed):
            beyond = ("credit to spare", f"{number(step)} more used than the cap")
            cases.append(Example(beyond, (volume,), (owed + most + step, owed - most - step), chosen=(0.0, most + step)))
        if expiry is not None and expiry <= 4:
            waiting = ("just what is owed",) * expiry
            takes = (owed + credit, *[owed] * expiry, owed - credit)
            cases.append(Example((earned, *waiting, "too late: it has lapsed"), (volume,), takes, chosen=(*[0.0] * (expiry + 1), credit)))
        return tuple(cases)


def _until(expiry: int | None) -> str:
    """Until when it counts."""
    if expiry is None:
        return "in any later period"
    return f"in one of the {number(expiry)} periods after that" if expiry > 1 else "in the period after that"
