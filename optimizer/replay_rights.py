"""What is the buyer's under a contract from today on: what lapses when, what has to be said by when, what the next period asks for; and what was broken.

All of it is read off the clauses: what stands to the buyer's credit (`standing`), ways to end (`Ending`), fees and limits by billing what has not happened.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.replay import Holding, Minimum, Option
from optimizer.bill import statement_of
from optimizer.clauses import clauses_of
from optimizer.clauses.base import Restricts
from optimizer.clauses.ending import Ending
from optimizer.clauses.standing import Credit, Keeps
from optimizer.clauses.statement import Statement
from optimizer.instance import slack
from optimizer.replay_bills import Account, currency_of
from optimizer.wording import number, price


def holdings_of(account: Account) -> list[Holding]:
    """What stands to the buyer's credit, what lapses first before the rest."""
    found: list[tuple[int, Holding]] = []
    for clause in clauses_of(account.one.contract.offer.clauses):
        if isinstance(clause, Keeps):
            for credit in clause.standing(account.statement, account.past.past):
                found.append((credit.last, _holding(account, clause.terms.kind, credit)))
    return [x for _, x in sorted(found, key=lambda x: x[0])]


def _holding(account: Account, clause: str, credit: Credit) -> Holding:
    scenario, offer, today = account.past.instance.scenario, account.one.contract.offer, account.past.past - 1
    product = None if credit.product is None else scenario.products[offer.products[credit.product]]
    unit = currency_of(account) if credit.money else "" if product is None else product.unit
    since = "" if credit.since is None else scenario.period_ids[credit.since]
    until = scenario.period_ids[credit.last]
    what = f"{'' if product is None else f' of {product.id}'}, {credit.what}"
    size = f"{unit} {price(round(credit.amount, 2))}" if credit.money else f"{_volume(credit.amount)} {unit}"
    came = f" from {since}" if since else ""
    if credit.last <= today:
        end = f"lapsed at the end of {until}, unused"
    elif credit.money or not since:
        end = f"{credit.says}; the contract ends after {until}"
    else:
        saves = "" if credit.worth is None else f"; at today's price that saves {currency_of(account)} {price(round(credit.worth, 2))}"
        end = f"can be used until the end of {until}{saves}"
    return Holding(
        clause=clause, what=credit.what, product="" if product is None else product.id, since=since, until=until, amount=credit.amount, unit=unit,
        worth=0.0 if credit.last <= today else credit.worth, sentence=f"{size}{what}{came}: {end}.",
    )  # fmt: skip


def options_of(account: Account) -> list[tuple[int, Option]]:
    """Decisions that can still be taken, the one with the nearest deadline first; each with its place among the contract's endings."""
    offer, outcome = account.one.contract.offer, account.past.outcome
    if not len(outcome.ended[offer.index]) or (outcome.ended[offer.index] > 0).any() or account.statement.failed[account.past.past] > 0:
        return []
    found = [(w, x) for w, ending in enumerate(account.one.contract.endings) if (x := _option(account, w, ending)) is not None]
    order = account.past.instance.scenario.period_ids
    return sorted(found, key=lambda x: order.index(x[1].last))


def _option(account: Account, w: int, ending: Ending) -> Option | None:
    offer, periods = account.one.contract.offer, account.past.instance.scenario.period_ids
    possible = [t for t in range(account.past.past, len(periods)) if ending.possible(np.array(t), offer.start, offer.end)]
    if not possible:
        return None
    first, last = possible[0], possible[-1]
    cost = _fee(account, w, ending, first)
    money = f"{currency_of(account)} {price(round(cost, 2))}"
    over = periods[first + ending.notice]
    if ending.last is not None:
        end = periods[min(offer.end, len(periods)) - 1]
        said = f"By the end of {periods[last]} say whether the contract is extended from {over} to {end}; if it is not, it is over when {over} begins."
    else:
        when = f"in {periods[first]}" if first == last else f"from {periods[first]} to {periods[last]}"
        said = f"The contract can be ended {when}; said in {periods[first]} it is over from {over} on and costs {money}."
        later = _fee(account, w, ending, possible[1]) if len(possible) > 1 else None
        if later is not None:
            said += f" A period later it costs {currency_of(account)} {price(round(later, 2))}."
    return Option(clause=ending.clause, first=periods[first], last=periods[last], over=over, cost=cost, probability=None, worth=None, sentence=said)


def _fee(account: Account, w: int, ending: Ending, t: int) -> float:
    """What the clause charges in the period in which the contract is ended."""
    past, offer = account.past, account.one.contract.offer
    ended = list(past.outcome.ended)
    ended[offer.index] = ended[offer.index].copy()
    ended[offer.index][w, t + 1] = 1.0
    statement = statement_of(past.instance, offer, account.one.contract, replace(past.outcome, ended=tuple(ended)))
    clauses = [x for x in clauses_of(offer.clauses) if x.terms.kind == ending.clause]
    return float(sum(amount[t + 1] for clause in clauses for amount in clause.bill(statement).values())) + 0.0


def minima_of(account: Account) -> list[Minimum]:
    """What the next period asks for of each product, at the deliverable share expected for it."""
    past, statement, offer = account.past, account.statement, account.one.contract.offer
    n = past.past + 1
    if n > len(past.instance.years) or statement.in_force[n] == 0:
        return []
    period, found = past.instance.scenario.period_ids[n - 1], []
    for p, local in enumerate(offer.products):
        product = past.instance.scenario.products[local]
        owed = float(statement.owed_share * statement.deliverable[n] * statement.volume[p, n])
        least = _least(account, p, n)
        if max(owed, least) <= slack(0.0):
            continue
        said = [f"at least {_volume(least)} {product.unit} of {product.id} have to be taken"] if least > slack(0.0) else []
        said += [f"what is taken of {product.id} below {_volume(owed)} {product.unit} is paid for without being taken"] if owed > least + slack(least) else []
        found.append(Minimum(product=product.id, period=period, owed=owed, least=least, unit=product.unit, sentence=f"In {period} {', and '.join(said)}."))
    return found


def _least(account: Account, p: int, n: int) -> float:
    """By how much the contract is broken if nothing of a product is taken at a node, and of the others what is committed."""
    statement, take = account.statement, account.statement.take.copy()
    take[:, n] = statement.deliverable[n] * statement.volume[:, n]
    committed: Statement = replace(statement, take=take.copy())
    take[p, n] = 0.0
    nothing: Statement = replace(statement, take=take)
    clauses = [x for x in clauses_of(account.one.contract.offer.clauses) if isinstance(x, Restricts)]
    broken = [(float(x.breach(nothing)[n]), float(x.breach(committed)[n])) for x in clauses]
    return max([0.0, *(by for by, anyway in broken if by > anyway)])  # what the others break anyway is not this product's


def breaches_of(account: Account) -> list[str]:
    """What happened that a clause forbids."""
    found, most = [], slack(float(account.statement.schedule.max(initial=0.0)))
    for clause in clauses_of(account.one.contract.offer.clauses):
        if not isinstance(clause, Restricts):
            continue
        breach = clause.breach(account.statement)
        for n in range(1, account.past.past + 1):
            if breach[n] > most:
                kind = clause.terms.kind.replace("_", " ")
                found.append(f"In {account.period_ids[n]} what happened is off by {_volume(float(breach[n]))} under {kind}: {clause.explain()}")
    return found


def _volume(value: float) -> str:
    """A volume in a sentence: to a thousandth of its unit."""
    return number(round(value, 3))
