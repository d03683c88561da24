"""Make-good: volume that the supplier could not deliver is delivered later, on top.

To the buyer: a disruption costs time and not volume. It does not end the shortage while it lasts, and gives a claim on the recovery.
rho deliverable share, V committed, g[n] volume made good at n (part of Q), kappa the cap, pi the price share, E expiry, B what is outstanding, A what of it
has not lapsed, x what others make in the supplier's place. The buyer chooses g; the rows stand in `obligation`. Band and take-or-pay look at Q - g, what is
taken under the period's own terms. i[n] = (1 - rho[n]) V[j,p,t(n)] - x[j,p,n] comes to be outstanding.

    extra_within_share:       g[j,p,n] <= kappa rho[n] V[j,p,t(n)]
    extra_is_taken:           g[j,p,n] and what else is on top <= Q[j,p,n]
    available_was_banked:     A[n] <= B[parent]
    available_is_recent:      A[n] <= sum of i[a] over the ancestors a of n within E periods
    drawn_within_available:   g[n] <= A[n]
    bank_runs_on:             B[n] = A[n] - g[n] + i[n]
    charge (make_good_credit):  - (1 - pi) P[j,p,n] g[j,p,n]

Everything is linear, so futures can still be taken apart. The oldest volume is made good first.
Reference: Roberts, Gas and LNG Sales and Transportation Agreements (Sweet & Maxwell), on the seller's shortfall; Pertamina and Osaka Gas (1992), LNG Sales
Contract, articles 7.9 and 7.10 (restoration quantities).
Worked number: of 1,000 units 600 could be delivered; a year later 300 of the 400 are called off on top of 1,000, at 90 % of 28: 840 is credited.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import MakeGood as Terms
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.obligation import Election, build_bank, limit_extra, overdrawn
from optimizer.clauses.standing import Credit, banked
from optimizer.clauses.statement import Amounts, Statement
from optimizer.ledger import MAKE_GOOD
from optimizer.varying import Number
from optimizer.wording import Example, Setting, number, percent
from scenarios.tree import Floats


@dataclass(frozen=True)
class MakeGood:
    """See the module's text."""

    terms: Terms

    def election(self) -> Election | None:
        return Election("make_good", "extra", self.terms.cap) if self.terms.cap > 0 else None

    def build(self, deal: Deal) -> None:
        if self.election() is None:
            return

        def missing(n: int) -> Number:
            return 1.0 - deal.deliverable(n)

        build_bank(
            deal,
            lambda j, p, n: [(missing(n), deal.volume(j, p, n)), *((-c, v) for c, v in deal.made_by_others(j, p, n))],
            lambda j, p, n: missing(n) * deal.most_volume(j, p, deal.period(n)),
            self.terms.expiry_periods,
        )
        limit_extra(deal, lambda n: self.terms.cap * deal.deliverable(n))
        for n in deal.nodes:
            saved = -(1.0 - self.terms.price_share)
            deal.charge(MAKE_GOOD, n, [(saved * deal.price(j, p, n), deal.elected(j, p, n)) for j in deal.js for p in deal.ps])

    def bill(self, statement: Statement) -> Amounts:
        owing = statement.price * self.terms.price_share
        return {MAKE_GOOD: ((owing - statement.price) * statement.chosen("make_good")).sum(axis=0)}

    def breach(self, statement: Statement) -> Floats:
        """Volume made good beyond the cap, beyond what is taken, beyond what is outstanding, or after it has lapsed."""
        restored = statement.chosen("make_good")
        over = overdrawn(statement, _lost(statement), restored, self.terms.expiry_periods)
        most = self.terms.cap * statement.deliverable * statement.volume
        return np.asarray(np.max([over, restored - most, -statement.own_take, np.zeros_like(restored)], axis=0).max(axis=0))

    def standing(self, statement: Statement, n: int) -> tuple[Credit, ...]:
        if self.election() is None:
            return ()
        saves = 1.0 - self.terms.price_share if self.terms.price_share < 1 else None  # at the full price it is volume that is won, no money
        return banked(statement, n, "volume to be made good", _lost(statement), statement.chosen("make_good"), self.terms.expiry_periods, saves)

    def levers(self) -> tuple[Lever, ...]:
        return (
            Lever("cap", "share of committed volume", 0.0, 1.0, 0.05, "higher", "volume made good per period"),
            Lever("price_share", "share of contract price", 0.0, 1.0, 0.1, "lower", "price of volume made good"),
        )

    def explain(self) -> str:
        if self.election() is None:
            return "Volume that the supplier could not deliver is not made good."
        return (
            f"Volume that could not be delivered may be called off later, up to {100 * self.terms.cap:g} % of a period's commitment on top, at "
            f"{100 * self.terms.price_share:g} % of the price{_until(self.terms.expiry_periods)}."
        )

    def wording(self, setting: Setting) -> str:
        cap, share, unit = percent(self.terms.cap), percent(self.terms.price_share), setting.unit
        until = _until(self.terms.expiry_periods)
        if self.election() is None:
            return f"Committed volume that the Supplier can't deliver is not made good later: {cap} of it, at {share} of the contract price."
        return (
            "Committed volume of a product that the Supplier can't deliver in a period, whether or not the Buyer would have taken it, is outstanding, apart "
            "from what the Buyer has a third party make of it under this contract. In a later period the Buyer may call off outstanding volume on top of "
            f"what this contract allows otherwise, in any part of a {unit}, up to {cap} of the deliverable committed volume of that period{until}. For every "
            f"{unit} of it the Buyer pays {share} of the contract price of the period, in {setting.currency}. It counts neither as what must be taken in that "
            "period nor as what is owed. The oldest volume is called off first; what has not been called off by then lapses without payment."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volume, expiry = setting.volume, self.terms.expiry_periods
        step = min(setting.step, 0.1 * self.terms.cap * volume)
        if self.election() is None or step <= 0:
            return (Example(("half could be delivered", "nothing is made good"), (volume,), (0.5 * volume, volume), deliverable=(0.5, 1.0)),)
        most = min(self.terms.cap, 0.5) * volume
        what = "half could be delivered"
        cases = [
            Example((what, "the most that is made good"), (volume,), (0.5 * volume, volume), deliverable=(0.5, 1.0), chosen=(0.0, most)),
            Example((what, f"{number(step)} more"), (volume,), (0.5 * volume, volume), deliverable=(0.5, 1.0), chosen=(0.0, most + step)),
        ]
        if expiry is not None and expiry <= 4:
            says = (what, *("all delivered",) * expiry, "too late: it has lapsed")
            takes, shares = (0.5 * volume, *(volume,) * (expiry + 1)), (0.5, *(1.0,) * (expiry + 1))
            cases.append(Example(says, (volume,), takes, deliverable=shares, chosen=(*(0.0,) * (expiry + 1), step)))
        return tuple(cases)


def _lost(statement: Statement) -> Floats:
    """Committed volume that could not be delivered, and that nobody else has made. [Po, N]"""
    return np.asarray(statement.volume * (1.0 - statement.deliverable) * (statement.in_force > 0) - statement.made_by_others)


def _until(expiry: int | None) -> str:
    """Until when it may be called off."""
    return "" if expiry is None else f", within {number(expiry)} period{'s' if expiry > 1 else ''}"
