"""What a contract says is to be paid for each period that is over, by its clauses' own bills, beside what was invoiced.

An invoice that does not match is said with the formula and the numbers. What would explain it is looked for by billing what might have been meant
instead: an index read a period too early or too late, volumes as committed, rights that were not credited.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from models.contract import AT_SIGNING, Invoice
from models.replay import Mismatch, OwedLine
from optimizer.bill import statement_of
from optimizer.clauses import clauses_of
from optimizer.clauses.statement import Statement
from optimizer.instance import Instance
from optimizer.ledger import DELIVERY, ELSEWHERE, PAYMENT_DELAY, SIGNING
from optimizer.outcome import Outcome
from optimizer.replay_past import Past, Signed
from optimizer.wording import number, price
from scenarios.tree import Floats

CENT = 0.01  # per line of an invoice: what rounding may make
TOTAL = "total"


@dataclass(frozen=True)
class Account:
    """One contract's bill on the chain of periods."""

    past: Past
    one: Signed
    statement: Statement
    rows: tuple[tuple[str, str, Floats], ...]  # clause, category, amount at every node [N]

    @property
    def period_ids(self) -> tuple[str, ...]:
        """Of the nodes that have happened."""
        return (AT_SIGNING, *self.past.instance.scenario.period_ids[: self.past.past])

    def owed(self, category: str, n: int) -> float:
        """What is to be paid at a node, in one category or (`total`) in all."""
        return float(sum(amount[n] for _, name, amount in self.rows if category in (name, TOTAL)))


def account_of(past: Past, one: Signed, instance: Instance | None = None, outcome: Outcome | None = None) -> Account:
    """The bill of one contract; with another instance or outcome, what it would have been. What banks and third parties are paid, and what a later date is
    worth, is on no invoice of the supplier's."""
    instance, outcome, offer = instance or past.instance, outcome or past.outcome, one.contract.offer
    statement = statement_of(instance, offer, one.contract, outcome)
    billed = [(clause.terms.kind, category, amount) for clause in clauses_of(offer.clauses) for category, amount in clause.bill(statement).items()]
    rows = [row for row in billed if row[1] not in ELSEWHERE | {PAYMENT_DELAY}]
    brought = np.einsum("ps,psn->n", offer.delivery, outcome.deliver[offer.index])
    rows += [("signing", SIGNING, statement.signing * offer.signing_cost), ("delivery", DELIVERY, brought)]
    return Account(past, one, statement, tuple(rows))


def compared(account: Account) -> tuple[list[OwedLine], list[Mismatch]]:
    """Every period and category: owed, invoiced, and what does not match."""
    lines: list[OwedLine] = []
    found: list[Mismatch] = []
    for n, period in enumerate(account.period_ids):
        invoices = [x for x in account.one.document.invoices if x.period == period]
        owed = {category for _, category, amount in account.rows if abs(amount[n]) > 1e-9}
        charged = {x.category for invoice in invoices for x in invoice.lines}
        whole = any(not x.lines for x in invoices)
        for category in [TOTAL] if whole else sorted(owed | charged):
            line = _line(account, n, period, category, invoices)
            lines.append(line)
            if line.verdict in ("differs", "not in the contract"):
                found.append(_mismatch(account, n, line))
    return lines, found


def _line(account: Account, n: int, period: str, category: str, invoices: list[Invoice]) -> OwedLine:
    owed = account.owed(category, n)
    parts = [x.amount for x in invoices] if category == TOTAL else [x.amount for invoice in invoices for x in invoice.lines if x.category == category]
    invoiced = float(sum(parts)) if invoices else None
    room = CENT * max(1, len(parts)) + 1e-9 * abs(owed)
    known = category == TOTAL or any(name == category for _, name, _ in account.rows)
    if invoiced is None:
        verdict = "not invoiced"
    elif abs(invoiced - owed) <= room:
        verdict = "matches"
    else:
        verdict = "differs" if known else "not in the contract"
    clauses = dict.fromkeys(kind for kind, name, amount in account.rows if name == category and (amount[n] or verdict == "differs"))
    naming = [x.id for x in invoices if category == TOTAL or any(line.category == category for line in x.lines)]
    return OwedLine(
        period=period,
        clause=", ".join(clauses),
        category=category,
        owed=owed + 0.0,
        invoiced=invoiced,
        difference=None if invoiced is None else invoiced - owed,
        verdict=verdict,  # type: ignore[arg-type]
        invoices=tuple(naming or [x.id for x in invoices]),
    )


def _mismatch(account: Account, n: int, line: OwedLine) -> Mismatch:
    assert line.invoiced is not None
    assert line.difference is not None
    currency = currency_of(account)
    invoices = ("Invoice " if len(line.invoices) == 1 else "Invoices ") + ", ".join(line.invoices)
    asks = "asks" if len(line.invoices) == 1 else "ask"
    when = "at signing" if n == 0 else f"in {line.period}"
    what = "" if line.category == TOTAL else f" of {line.category.replace('_', ' ')}"
    formula, cause = _formula(account, n, line), _cause(account, n, line)
    if line.verdict == "not in the contract":
        said = f"{invoices} {asks} for {currency} {price(round(line.invoiced, 2))}{what} {when}, which the contract does not know."
    else:
        one = len(line.invoices) == 1
        left_out = line.category != TOTAL and not any(x.category == line.category for invoice in _of(account, line) for x in invoice.lines)
        claim = f"{'says' if one else 'say'} nothing{what}" if left_out else f"{asks} for {currency} {price(round(line.invoiced, 2))}{what}"
        much = f"{price(abs(round(line.difference, 2)))} too {'much' if line.difference > 0 else 'little'}"
        said = f"{invoices} {claim} {when}; by the contract it is {price(round(line.owed, 2))}, so {much}. {formula}{f' {cause}' if cause else ''}"
    return Mismatch(
        invoices=line.invoices, period=line.period, category=line.category, owed=line.owed, invoiced=line.invoiced, difference=line.difference,
        formula=formula, cause=cause, sentence=said.strip(),
    )  # fmt: skip


def _of(account: Account, line: OwedLine) -> list[Invoice]:
    """The invoices of a line's period."""
    return [x for x in account.one.document.invoices if x.period == line.period]


def _formula(account: Account, n: int, line: OwedLine) -> str:
    """The clauses in a sentence each, and the numbers of the period."""
    kinds = set(line.clause.split(", "))
    clauses = [x.explain() for x in clauses_of(account.one.contract.offer.clauses) if x.terms.kind in kinds]
    return " ".join([*clauses, f"Here: {'; '.join(_numbers(account, n))}."]) if n else " ".join(clauses)


def _numbers(account: Account, n: int) -> Iterator[str]:
    statement, scenario = account.statement, account.past.instance.scenario
    for p, local in enumerate(account.one.contract.offer.products):
        product = scenario.products[local]
        volumes = f"{number(float(statement.take[p, n]))} of {number(float(statement.volume[p, n]))} {product.unit} of {product.id} taken"
        yield f"{volumes} at {price(float(statement.price[p, n]))} (base price {price(float(statement.base_price[p, n]))})"
        for election, volume in statement.elected.items():
            if volume[p, n]:
                yield f"{number(float(volume[p, n]))} {product.unit} under {election.label}"
    if statement.deliverable[n] < 1:
        yield f"{number(100 * float(statement.deliverable[n]))} % deliverable"
    if statement.late_weeks[n]:
        yield f"{number(float(statement.late_weeks[n]))} weeks late"
    for name in indices_of(account):
        before = f", {number(float(statement.index[name][n - 1]))} the period before" if n > 1 else ""
        yield f"index '{name}' at {number(float(statement.index[name][n]))}{before}"


def indices_of(account: Account) -> list[str]:
    """Indices that the contract's clauses name."""
    named = {value for terms in account.one.contract.offer.clauses for value in terms.model_dump().values() if isinstance(value, str)}
    return [x.id for x in account.past.instance.scenario.indices if x.id in named]


def _cause(account: Account, n: int, line: OwedLine) -> str:
    """What was billed instead, where something that is often mistaken explains the amount to the cent."""
    assert line.invoiced is not None
    for text, instance, outcome in _mistakes(account, n):
        other = account_of(account.past, account.one, instance, outcome).owed(line.category, n)
        if abs(other - line.invoiced) <= CENT + 1e-9 * abs(other):
            return f"It is what the contract says {text}."
    return ""


def _mistakes(account: Account, n: int) -> Iterator[tuple[str, Instance, Outcome]]:
    """What is often mistaken, as an instance and an outcome in which it is true."""
    instance, outcome, o = account.past.instance, account.past.outcome, account.one.contract.offer.index
    tree, states = instance.tree, instance.tree.states
    columns = {x.id: i for i, x in enumerate(instance.scenario.indices)}
    for name in indices_of(account):
        for step, words in ((-1, "earlier"), (1, "later")):
            if 0 < n + step <= account.past.past:
                moved = states.index.copy()
                moved[1:, columns[name]] = np.roll(states.index[1:, columns[name]], -step)
                yield (f"with index '{name}' read a period {words}", replace(instance, tree=replace(tree, states=replace(states, index=moved))), outcome)
    full = states.deliverable.copy()
    full[:, o] = 1.0
    yield "if all had been deliverable", replace(instance, tree=replace(tree, states=replace(states, deliverable=full))), outcome
    punctual = states.late_weeks.copy()
    punctual[:, o] = 0.0
    yield "if nothing had been late", replace(instance, tree=replace(tree, states=replace(states, late_weeks=punctual))), outcome
    takes, elected = list(outcome.take), list(outcome.elected)
    takes[o], elected[o] = account.statement.volume, np.zeros_like(outcome.elected[o])
    yield "if the committed volume had been taken", instance, replace(outcome, take=tuple(takes))
    yield "without what was declared as chosen", instance, replace(outcome, elected=tuple(elected))


def currency_of(account: Account) -> str:
    """Of the contract's money."""
    offer, scenario = account.one.contract.offer, account.past.instance.scenario
    return scenario.currency if offer.currency < 0 else scenario.currencies[offer.currency].id
