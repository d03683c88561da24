"""What an outcome costs, recomputed from the scenario and the volumes alone: no Pyomo, no ledger, no solver variable.

The same rows as the ledger's (source, clause, category, node), nominal, in the scenario's currency. Contracts are billed by their clauses' `bill`;
spot, storage, transfers, substitution, shortage and rule penalties are computed here in their own way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from optimizer.clauses import clauses_of
from optimizer.clauses.base import Clause, LimitsPrice, SetsPrice, SplitsAlternatives, looks_elsewhere
from optimizer.clauses.deal import Contract
from optimizer.clauses.ending import in_effect
from optimizer.clauses.event import interrupted
from optimizer.clauses.rescheduling import rescheduled
from optimizer.clauses.statement import Statement
from optimizer.instance import Instance, OfferData
from optimizer.ledger import CAPACITY, DELIVERY, HOLDING, NO_CASH, RULE, SHORTAGE, SIGNING, SPOT, SUBSTITUTION, TARIFF, TRANSFER
from optimizer.outcome import Outcome
from optimizer.rules import rule_of
from optimizer.rules.base import Measure, Money
from optimizer.tariffs import billed_duties
from scenarios.tree import Floats


@dataclass(frozen=True)
class Billed:
    """One row of the bill: amounts at every node. [N]"""

    source_kind: str
    source: str
    clause: str
    category: str
    amount: Floats

    @property
    def is_cash(self) -> bool:
        return self.category not in NO_CASH


@dataclass(frozen=True)
class Bill:
    """All rows, and the rules measured on the way (a priced rule's violation is billed)."""

    rows: tuple[Billed, ...]
    measures: tuple[tuple[Measure, ...], ...]  # per rule

    def cash(self, size: int) -> Floats:
        """Nominal cash per node. [N]"""
        return np.asarray(sum((row.amount for row in self.rows if row.is_cash), np.zeros(size)))

    def total(self, size: int) -> Floats:
        """Nominal cost per node, penalties included. [N]"""
        return np.asarray(sum((row.amount for row in self.rows), np.zeros(size)))


def make_bill(instance: Instance, contracts: tuple[Contract, ...], outcome: Outcome) -> Bill:
    """Bill everything in `outcome`."""
    rows: list[Billed] = []
    for offer, contract in zip(instance.offers, contracts, strict=True):
        rows += _contract(instance, offer, contract, outcome)
    rows += _spot(instance, outcome)
    duties = billed_duties(instance, ((x.source_kind, x.source, x.category, x.amount) for x in rows))
    rows += [Billed(kind, source, TARIFF, TARIFF, amount) for kind, source, amount in duties]
    rows += _sites(instance, outcome)
    rows += _sideways(instance, outcome)
    money = _money(rows, instance.tree.size)
    measures = tuple(tuple(rule_of(terms).check(instance, outcome, money)) for terms in instance.rules)
    for i, (terms, found) in enumerate(zip(instance.rules, measures, strict=True)):
        if terms.violation_price:
            amount = np.zeros(instance.tree.size)
            for measure in found:
                amount[measure.node] += terms.violation_price * measure.violation
            rows.append(Billed("rule", f"rules[{i}]", terms.kind, RULE, amount))
    return Bill(tuple(row for row in rows if np.any(row.amount)), measures)


def _money(rows: list[Billed], size: int) -> Money:
    """What rules see of the bill."""
    found: dict[tuple[str, str], Floats] = {}
    for row in rows:
        key = (row.source, row.category)
        found[key] = found.get(key, np.zeros(size)) + row.amount
    return Money(Bill(tuple(rows), ()).cash(size), found)


def statement_of(instance: Instance, offer: OfferData, contract: Contract, outcome: Outcome) -> Statement:
    """What happened under one offer, as its clauses' bills see it. The price is put together from the statement itself."""
    tree, o, size = instance.tree, offer.index, instance.tree.size
    names = {a.id: a for a in offer.alternatives}
    base = np.zeros((len(offer.products), size))  # of the alternative signed at each signing node
    signing = np.zeros(size)
    for j, a in enumerate(contract.alternatives):
        original = names.get(a.id) or names[a.id.rsplit("/tier-", 1)[0]]
        chosen = outcome.signed[o][j] > 0.5
        base[:, chosen] = original.price[:, None]
        signing[chosen] = 1.0
    at = np.where(contract.signed_at >= 0, contract.signed_at, 0)
    covered, ended = np.where(contract.signed_at >= 0, signing[at], 0.0), dict(zip(contract.endings, outcome.ended[o], strict=True))
    in_force = covered * (in_effect(tree.parent, ended, size) == 0)
    period = np.maximum(tree.period, 0)
    every = np.arange(size)
    statement = Statement(
        parent=tree.parent,
        period=tree.period,
        years=instance.years,
        begin=instance.begin,
        start=offer.start,
        end=offer.end,
        in_force=in_force,
        signing=signing,
        signing_node=np.where(signing > 0, every, np.where(covered > 0, at, -1)),
        base_price=np.where(signing > 0, base, base[:, at] * covered),
        price=base,
        volume=outcome.volume[o][:, period, at] * in_force,
        schedule=outcome.volume[o],
        take=outcome.take[o],
        deliver=outcome.deliver[o][:, list(offer.sites)],
        discount_rate=instance.scenario.discount_rate,
        rate=None if offer.currency < 0 else tree.states.fx[:, offer.currency],
        spot=_market(instance, offer),
        ended=ended,
        owed_share=contract.owed_share,
        elected=dict(zip(contract.elections, outcome.elected[o], strict=True)),
        deliverable=tree.states.deliverable[:, o],
        late_weeks=tree.states.late_weeks[:, o],
        capacity=offer.capacity[:, period],
        need=np.stack([tree.states.demand[:, p, list(offer.sites)].sum(axis=1) for p in offer.products]),
        elsewhere=_elsewhere(instance, offer, outcome) if looks_elsewhere(contract.clauses) else np.zeros_like(outcome.take[o]),
        index={x.id: tree.states.index[:, i] for i, x in enumerate(instance.scenario.indices)},
        failed=np.zeros(size),
    )
    clauses = clauses_of(offer.clauses)
    return priced(rescheduled(interrupted(statement, clauses)), clauses)


def _elsewhere(instance: Instance, offer: OfferData, outcome: Outcome) -> Floats:
    """What is bought of an offer's products under other offers and on spot markets. [Po, N]"""
    taken, ordered = outcome.bought(len(instance.scenario.products), instance)
    whole = taken.sum(axis=0)
    for x in instance.spots:
        whole[x.product] += ordered[x.index]
    return np.asarray(whole[list(offer.products)] - outcome.take[offer.index])


def _market(instance: Instance, offer: OfferData) -> dict[str, Floats]:
    """What each spot market asks for the offer's products, in the scenario's currency; 0 for those it does not sell. [Po, N] each"""
    asked = {x.id: instance.tree.states.spot_price[:, x.index] for x in instance.spots}
    return {x.id: np.stack([asked[x.id] * (p == x.product) for p in offer.products]) for x in instance.spots if x.product in offer.products}


def priced(statement: Statement, clauses: Iterable[Clause]) -> Statement:
    """A statement whose base price is the list price so far, with its prices put together: tiers first, then what moves the price later, then limits."""
    clauses = tuple(clauses)
    moving = [clause for clause in clauses if isinstance(clause, SetsPrice)]
    for clause in moving:
        if isinstance(clause, SplitsAlternatives):
            statement = replace(statement, base_price=statement.base_price * clause.billed_factor(statement))
    price = statement.base_price
    for clause in moving:
        if not isinstance(clause, SplitsAlternatives):
            price = price * clause.billed_factor(statement)
    for limit in (clause for clause in clauses if isinstance(clause, LimitsPrice)):
        price = np.minimum(price, limit.billed_limit(statement))
    return replace(statement, price=price)


def _contract(instance: Instance, offer: OfferData, contract: Contract, outcome: Outcome) -> list[Billed]:
    statement = statement_of(instance, offer, contract, outcome)
    rate = 1.0 if offer.currency < 0 else instance.tree.states.fx[:, offer.currency]
    rows = []
    for terms, clause in ((c.terms, c) for c in clauses_of(offer.clauses)):
        for category, amount in clause.bill(statement).items():
            rows.append(Billed("offer", offer.id, terms.kind, category, amount * rate))
    rows.append(Billed("offer", offer.id, "signing", SIGNING, statement.signing * offer.signing_cost * rate))
    brought = np.einsum("ps,psn->n", offer.delivery, outcome.deliver[offer.index])
    rows.append(Billed("offer", offer.id, "delivery", DELIVERY, brought * rate))
    return rows


def _spot(instance: Instance, outcome: Outcome) -> list[Billed]:
    rows = []
    for x, order, receive in zip(instance.spots, outcome.order, outcome.receive, strict=True):
        price = instance.tree.states.spot_price[:, x.index]
        rows.append(Billed("spot", x.id, "spot", SPOT, (x.factor[:, None] * order).sum(axis=0) * price))
        rows.append(Billed("spot", x.id, "delivery", DELIVERY, np.einsum("s,sn->n", x.delivery, receive)))
    return rows


def _sites(instance: Instance, outcome: Outcome) -> list[Billed]:
    """Holding cost, and the penalty of unmet demand: the convex cost of the whole shortage, filled from the cheapest step."""
    tree, size = instance.tree, instance.tree.size
    years = instance.years[np.maximum(tree.period, 0)] * (tree.period >= 0)
    last = np.isin(np.arange(size), tree.leaves)
    holding: dict[int, Floats] = {}
    penalty: dict[int, Floats] = {}
    for (p, s), stock in instance.stocks.items():
        holding[s] = holding.get(s, np.zeros(size)) + stock.holding * years * outcome.stock[p, s]
    for (p, s), x in instance.shortage.items():
        unmet, peak = outcome.unmet[p, s], instance.peak[:, p, s]
        weighted, left = np.zeros(size), unmet.copy()
        for width, factor in zip(x.width, x.factor, strict=True):
            part = np.minimum(left, width * peak) if np.isfinite(width) else left
            weighted += factor * part
            left = left - part
        carried = 1.0 - x.lost
        cost = (x.lost * x.cost_lost + carried * x.cost_year * years) * weighted + carried * x.terminal * unmet * last
        penalty[s] = penalty.get(s, np.zeros(size)) + cost
    sites = instance.scenario.sites
    rows = [Billed("site", sites[s].id, "storage", HOLDING, amount) for s, amount in holding.items()]
    return rows + [Billed("site", sites[s].id, "shortage", SHORTAGE, amount) for s, amount in penalty.items()]


def _sideways(instance: Instance, outcome: Outcome) -> list[Billed]:
    sites, products = instance.scenario.sites, instance.scenario.products
    rows = []
    for r, lane in enumerate(instance.lanes):
        rows.append(Billed("transfer", f"{sites[lane.origin].id}-{sites[lane.target].id}", "transfer", TRANSFER, lane.cost * outcome.move[r]))
    for u, swap in enumerate(instance.swaps):
        name = f"{products[swap.substitute].id}-for-{products[swap.product].id}"
        rows.append(Billed("substitution", name, "substitution", SUBSTITUTION, swap.cost * outcome.swap[u].sum(axis=0)))
    for e in instance.steps:
        rows.append(Billed("supplier", instance.scenario.suppliers[e.supplier].id, e.id, CAPACITY, e.cost * outcome.opened[e.index]))
    return rows
