"""Prepayment: cash at signing, credited on later invoices.

To the buyer: a deposit that pays for the maker's capacity and comes back unit by unit; what is not used up by the end is lost.
A prepaid sum, c credit per unit, Q taken of the supplier (without what others make in its place), B balance after node n, m(n) the signing node. A
guarantee for the share g costs the share f of what it covers, and pays where the supplier fails: at the first node of the window from which on the contract
is over because of that.

    prepaid_sum (charge prepayment, at m):  A = amount y + share sum_p base price V[first period] + share' sum_p,t base price V[t]
    credit_within_take:                     credit[n] <= c sum_j,p Q[j,p,n]
    balance_runs_down:                      B[n] = B[parent] - credit[n] >= 0,  B before the window = A
    charge (prepayment_credit):             - credit[n]
    charge (guarantee_fee, at m):           f g A
    charge (guarantee, where it fails):     - g B[parent]

The contract credits as early as it can: credit[n] = min(c Q, B). That is what a minimum does too, because earlier credits are worth more, so the
charge is exact only under minimisation, unless something is built on the charges (a budget); then a binary per node makes it exact. A guarantee gives no
reason to wait for a credit: it pays back at most the whole of it, and later.

    credit_is_full:       credit[n] >= c Q - c Q_max used_up[n]
    credit_is_all_left:   credit[n] >= B[parent] - A_max (1 - used_up[n])

Reference: Corning Incorporated, annual reports 2018-2024, customer deposits (non-refundable, repaid as credits per shipment); International Chamber of
Commerce (2010), Uniform Rules for Demand Guarantees, publication 758.
Worked number: 1,000,000 prepaid, 150 credited per unit: 4,000 units taken a year bring 600,000, then 400,000, then nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.clauses import Prepayment as Terms
from optimizer.algebra import pyo
from optimizer.clauses.base import Lever
from optimizer.clauses.deal import Deal
from optimizer.clauses.standing import DUST, Credit
from optimizer.clauses.statement import Amounts, Statement
from optimizer.ledger import CREDIT, GUARANTEE, GUARANTEE_FEE, PREPAYMENT, Term
from optimizer.rows import Bounds, Index
from optimizer.varying import Number, anywhere, largest, least
from optimizer.wording import Example, Setting, number, percent
from scenarios.tree import Floats


@dataclass(frozen=True)
class Prepayment:
    """See the module's text."""

    terms: Terms
    exact_only_at_minimum = True

    def build(self, deal: Deal) -> None:
        credit_rate = self.terms.credit_per_unit
        sums = {m: self._sum(deal, m) for m in deal.contract.signing_nodes}
        for m, terms in sums.items():
            deal.charge(PREPAYMENT, m, terms)
            deal.charge(GUARANTEE_FEE, m, [(self.terms.guarantee_fee * self.terms.guarantee_share * c, v) for c, v in terms])
        most = self._most(deal)
        if credit_rate == 0 or not anywhere(most != 0):
            self._guarantee(deal, {n: sums[deal.signing_node(n)] for n in deal.nodes})
            return
        window, left = set(deal.nodes), {}
        full = {n: credit_rate * largest(sum(deal.most_taken(j, p, n) for p in deal.ps) for j in deal.js) for n in deal.nodes}
        credit = deal.variables("credit", {(n,): least(full[n], most) for n in deal.nodes})
        balance = deal.variables("balance", {(n,): most for n in deal.nodes})
        used_up = deal.variables("used_up", {(n,): 1.0 for n in deal.nodes}, pyo.Binary) if deal.exact else None
        rows: dict[str, dict[Index, Bounds]] = {"credit_within_take": {}, "balance_runs_down": {}, "credit_is_full": {}, "credit_is_all_left": {}}
        for n in deal.nodes:
            parent = int(deal.instance.tree.parent[n])
            before: list[Term] = [(1.0, balance[parent])] if parent in window else sums[deal.signing_node(n)]
            left[n] = before
            taken: list[Term] = [(-credit_rate * c, v) for j in deal.js for p in deal.ps for c, v in deal.made_take(j, p, n)]
            rows["credit_within_take"][(n,)] = (None, [(1.0, credit[n]), *taken], 0.0)
            rows["balance_runs_down"][(n,)] = (0.0, [(1.0, balance[n]), (1.0, credit[n]), *((-c, v) for c, v in before)], 0.0)
            if used_up is not None:
                rows["credit_is_full"][(n,)] = (0.0, [(1.0, credit[n]), *taken, (full[n], used_up[n])], None)
                rows["credit_is_all_left"][(n,)] = (-most, [(1.0, credit[n]), *((-c, v) for c, v in before), (-most, used_up[n])], None)
            deal.charge(CREDIT, n, [(-1.0, credit[n])])
        for name, found in rows.items():
            deal.rows(name, found)
        self._guarantee(deal, left)

    def _guarantee(self, deal: Deal, left: dict[int, list[Term]]) -> None:
        """Charge what a guarantee pays of what is left before each node."""
        for n in deal.nodes:
            if self.terms.guarantee_share > 0 and anywhere(deal.fails(n) > 0):
                deal.charge(GUARANTEE, n, [(-self.terms.guarantee_share * deal.fails(n) * c, v) for c, v in left[n]])

    def _sum(self, deal: Deal, m: int) -> list[Term]:
        offer = deal.contract.offer
        terms: list[Term] = []
        for j in deal.js:
            terms.append((self.terms.amount, deal.signed(j, m)))
            for p in deal.ps:
                price = deal.base_price(j, p)
                terms.append((self.terms.share_of_first_period * price, deal.volume_in(j, p, offer.start, m)))
                terms += [(self.terms.share_of_contract_value * price, deal.volume_in(j, p, t, m)) for t in range(offer.start, offer.end)]
        return [term for term in terms if anywhere(term[0] != 0)]

    def _most(self, deal: Deal) -> Number:
        """Largest prepaid sum over the alternatives."""
        offer, found = deal.contract.offer, 0.0
        for j in deal.js:
            value = [[deal.base_price(j, p) * deal.most_committed(j, p, t) for t in range(offer.start, offer.end)] for p in deal.ps]
            first, whole = sum(row[0] for row in value), sum(map(sum, value))
            found = largest([found, self.terms.amount + self.terms.share_of_first_period * first + self.terms.share_of_contract_value * whole])
        return found

    def bill(self, statement: Statement) -> Amounts:
        prepaid, credit, balance = self._credited(statement)
        found = {PREPAYMENT: prepaid, CREDIT: -credit}
        covered = self.terms.guarantee_share
        if covered > 0:
            found |= {GUARANTEE_FEE: self.terms.guarantee_fee * covered * prepaid, GUARANTEE: -covered * self._paid_back(statement, prepaid, balance)}
        return found

    def standing(self, statement: Statement, n: int) -> tuple[Credit, ...]:
        prepaid, _, balance = self._credited(statement)
        early, m = n == 0 or statement.period[n] < statement.start, n
        while early and m > 0 and statement.signing[m] == 0:
            m = int(statement.parent[m])
        left = float(prepaid[m] if early else balance[n] * statement.in_force[n])
        if left <= DUST * max(1.0, float(prepaid.max(initial=0.0))):
            return ()
        rate = self.terms.credit_per_unit
        says = f"taking {number(round(left / rate, 3))} more brings all of it back" if rate else "nothing of it is credited"
        return (Credit("prepayment not yet credited", left, True, None, None, statement.end - 1, left if rate else 0.0, says),)

    def _credited(self, statement: Statement) -> tuple[Floats, Floats, Floats]:
        """What was prepaid, what is credited, and what is left, at every node. [N] each"""
        price = statement.base_price
        first = (statement.schedule[:, statement.start] * price).sum(axis=0)
        whole = (statement.schedule.sum(axis=1) * price).sum(axis=0)
        paid = self.terms.amount + self.terms.share_of_first_period * first + self.terms.share_of_contract_value * whole
        prepaid = np.where(statement.signing > 0, paid, 0.0)
        earned = self.terms.credit_per_unit * statement.made_take.sum(axis=0)
        credit, balance = statement.nothing, statement.nothing
        for t in range(statement.start, statement.end):  # the balance goes from period to period
            nodes = np.flatnonzero((statement.period == t) & (statement.in_force > 0))
            before = statement.parent[nodes]
            left = np.where(statement.in_force[before] > 0, balance[before], prepaid[statement.signing_node[nodes]])
            credit[nodes] = np.minimum(earned[nodes], left)
            balance[nodes] = left - credit[nodes]
        return prepaid, credit, balance

    def _paid_back(self, statement: Statement, prepaid: Floats, balance: Floats) -> Floats:
        """What is left of the prepaid sum where the supplier fails. [N]"""
        left = statement.nothing
        for n in np.flatnonzero((statement.failed > 0) & (statement.signing_node >= 0) & (statement.period >= statement.start)).tolist():
            before = int(statement.parent[n])
            if statement.in_force[before] > 0:  # it fails here
                left[n] = balance[before]
            elif statement.period[before] < statement.start or before == 0:  # it has failed before the window began
                left[n] = prepaid[statement.signing_node[n]]
        return left

    def levers(self) -> tuple[Lever, ...]:
        secured = (
            Lever("guarantee_share", "share of what is not yet credited", 0.0, 1.0, 0.1, "higher", "guaranteed share of the prepayment"),
            Lever("guarantee_fee", "share of the sum that is covered", 0.0, 1.0, 0.005, "lower", "fee of the guarantee"),
        )
        return (
            Lever("amount", "money at signing", 0.0, 1e12, 1e5, "lower", "prepayment"),
            Lever("share_of_first_period", "share of the first period's value", 0.0, 1.0, 0.05, "lower", "prepaid share of the first period"),
            Lever("share_of_contract_value", "share of the contract's value", 0.0, 1.0, 0.05, "lower", "prepaid share of the contract"),
            Lever("credit_per_unit", "money per unit", 0.0, 1e12, 10.0, "higher", "credit per unit"),
            *(secured if self.terms.guarantee_share > 0 else ()),
        )

    def explain(self) -> str:
        parts = [
            (f"{self.terms.amount:,.0f}", self.terms.amount),
            (f"{100 * self.terms.share_of_first_period:g} % of the first period's committed value", self.terms.share_of_first_period),
            (f"{100 * self.terms.share_of_contract_value:g} % of the contract's committed value", self.terms.share_of_contract_value),
        ]
        what = next((text for text, given in parts if given), "Nothing")
        text = f"{what} is prepaid at signing and credited at {number(self.terms.credit_per_unit)} per unit taken; what is left at the end is forfeited."
        share, fee = 100 * self.terms.guarantee_share, 100 * self.terms.guarantee_fee
        return f"{text} If the supplier fails, a guarantee pays {share:g} % of the rest back, for {fee:g} % of what it covers." if share else text

    def wording(self, setting: Setting) -> str:
        base, terms = "committed volume at base prices (after tiers, before an index or escalator moves them)", self.terms
        parts = [
            (setting.money(terms.amount), terms.amount),
            (f"{percent(terms.share_of_first_period)} of the first period's {base}", terms.share_of_first_period),
            (f"{percent(terms.share_of_contract_value)} of all periods' {base}", terms.share_of_contract_value),
        ]
        credited = (
            f"For every {setting.unit} taken the Supplier credits {setting.money(terms.credit_per_unit)} on the invoice of the period, until the prepaid sum "
            "is used up. Credits are given as early as possible and never exceed what is left; what a third party makes in the Supplier's place earns none."
        )
        return (
            f"At signing the Buyer prepays {next((text for text, given in parts if given), 'nothing')}. "
            f"{credited if terms.credit_per_unit else 'Nothing of it is credited later.'} "
            f"The prepaid sum bears no interest and is not paid back: what is left after the last period is forfeited.{self._secured()}"
        )

    def _secured(self) -> str:
        """What the guarantee says, if there is one."""
        share = percent(self.terms.guarantee_share)
        if not self.terms.guarantee_share:
            return ""
        return (
            f" The Supplier provides a bank's guarantee on first demand of {share} of what is prepaid and not yet credited. The Buyer bears its cost: "
            f"{percent(self.terms.guarantee_fee)} of the sum covered at signing, once, then. When the Supplier is in default, the guarantee pays the Buyer "
            f"{share} of what has not been credited by then."
        )

    def examples(self, setting: Setting) -> tuple[Example, ...]:
        volumes, periods, terms = setting.schedule, len(setting.schedule), self.terms
        paid = terms.amount + setting.price * (terms.share_of_first_period * volumes[0] + terms.share_of_contract_value * sum(volumes))
        cases = [("nothing taken: all is forfeited", 0.0)]
        if paid > 0 and terms.credit_per_unit > 0:
            each = paid / terms.credit_per_unit / periods
            cases += [("used up with the last unit", each), ("a tenth less taken: the rest is forfeited", 0.9 * each), ("a tenth more taken", 1.1 * each)]
        found = [Example((shows,), volumes, (take,) * periods) for shows, take in cases]
        if periods > 1 and terms.guarantee_share > 0:
            fails = (*("taken in full",) * (periods - 1), "the supplier fails")
            found.append(Example(fails, volumes, (*volumes[:-1], 0.0), failed=(*(0.0,) * (periods - 1), 1.0)))
        return tuple(found)
