"""The audit: is the plan feasible, and does it cost what the model says? Plain NumPy over the scenario's data and the plan's volumes.

It shares no algebra with the model: balances are simulated forward, contracts are checked by their clauses' `breach`, cash is billed. Violations are
relative to the size of what is compared, TOLERANCE is what is allowed of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from optimizer.bill import Bill, make_bill, statement_of
from optimizer.clauses import clauses_of
from optimizer.clauses.base import Restricts
from optimizer.clauses.deal import Contract
from optimizer.instance import AlternativeData, Instance, shape_of
from optimizer.outcome import Outcome
from optimizer.tail import tail_mean, weighed, worst_expectation
from scenarios.tree import Floats, Tree

TOLERANCE = 1e-6
OBJECTIVE_TOLERANCE = 1e-6


@dataclass
class _Worst:
    """The largest violation seen so far."""

    size: float = 0.0
    where: str = ""
    checks: int = field(default=0)

    def see(self, violation: Floats | float, scale: Floats | float, where: str, at: Sequence[str] = ()) -> None:
        """Look at some violations; `at` names each of them, where they are a list."""
        relative = np.asarray(violation) / np.maximum(1.0, np.abs(np.asarray(scale)))
        size = float(np.max(relative, initial=0.0))
        if np.isnan(size):
            size = float("inf")
        self.checks += 1
        if size > self.size:
            self.size, self.where = size, f"{where} {at[int(np.argmax(relative))]}" if at else where


@dataclass(frozen=True)
class Findings:
    """What the audit found."""

    violation: float  # largest, relative
    where: str
    bill: Bill
    path_costs: Floats  # [L] present value, penalties included
    path_cash: Floats  # [L] present value of cash
    objective: float
    expected: float
    cvar: float

    def passed(self, solver_objective: float) -> bool:
        """Whether the plan is feasible and its objective the solver's."""
        return self.violation <= TOLERANCE and self.difference(solver_objective) <= OBJECTIVE_TOLERANCE

    def difference(self, solver_objective: float) -> float:
        """Relative difference of the audit's objective from the solver's."""
        return abs(self.objective - solver_objective) / max(1.0, abs(self.objective), abs(solver_objective))


def audit(instance: Instance, contracts: tuple[Contract, ...], outcome: Outcome) -> Findings:
    """Recompute feasibility and every cash flow of `outcome`."""
    worst = _Worst()
    _commitments(instance, contracts, outcome, worst)
    _clauses(instance, contracts, outcome, worst)
    _capacity(instance, contracts, outcome, worst)
    _spot(instance, outcome, worst)
    _balance(instance, outcome, worst)
    bill = make_bill(instance, contracts, outcome)
    for i, (terms, measures) in enumerate(zip(instance.rules, bill.measures, strict=True)):
        if terms.violation_price is None:
            violations, scales = np.array([x.violation for x in measures]), np.array([x.scale for x in measures])
            worst.see(violations, scales, f"rules[{i}]", [x.where for x in measures])
    tree = instance.tree
    path_costs, path_cash = (tree.summed(x * instance.discount)[tree.leaves] for x in (bill.total(tree.size), bill.cash(tree.size)))
    probability = tree.probability[tree.leaves]
    expected = weighed(path_costs, probability)
    cvar = tail_mean(path_costs, probability, instance.risk_tail)
    mean = worst_expectation(path_costs, probability, instance.scenario.risk.radius)
    objective = (1.0 - instance.risk_weight) * mean + instance.risk_weight * cvar
    return Findings(worst.size, worst.where, bill, path_costs, path_cash, objective, expected, cvar)


def _commitments(instance: Instance, contracts: tuple[Contract, ...], outcome: Outcome, worst: _Worst) -> None:
    """At most one alternative, volumes within its range and profile, deliveries equal takes, deliveries only where allowed."""
    for offer, contract in zip(instance.offers, contracts, strict=True):
        signed, volume = outcome.signed[offer.index], outcome.volume[offer.index]
        where = f"offer '{offer.id}'"
        worst.see(np.maximum(signed.sum(axis=0) - 1.0, 0.0), 1.0, f"{where}: alternatives signed")
        moments = np.array(contract.signing_nodes)
        chosen, planned = signed[:, moments] > 0.5, volume[:, offer.start : offer.end, moments]
        unsigned = planned[:, :, ~chosen.any(axis=0)]
        worst.see(unsigned, np.max([a.high.max() for a in contract.alternatives], initial=1.0), f"{where}: volume without signature")
        for j, a in enumerate(contract.alternatives):
            _within_terms(a, planned[:, :, chosen[j] & ~chosen[:j].any(axis=0)], worst, where)
        taken, brought = outcome.take[offer.index], outcome.deliver[offer.index]
        worst.see(np.abs(brought.sum(axis=1) - taken), taken, f"{where}: deliveries against takes")
        elsewhere = [s for s in range(brought.shape[1]) if s not in offer.sites]
        worst.see(brought[:, elsewhere], taken.max(initial=1.0), f"{where}: deliveries to sites it does not serve")


def _within_terms(a: AlternativeData, planned: Floats, worst: _Worst, where: str) -> None:
    """Volumes [Po, W, M] that are committed under an alternative at M moments, within its range and profile."""
    if not planned.size:
        return
    shape = shape_of(a.profile, planned.shape[1])[:, None]
    low, high = a.low[:, None, None] * shape, a.high[:, None, None] * shape
    worst.see(np.maximum(low - planned, planned - high), high, f"{where}: volume range")
    if a.profile.kind != "free":
        steady = planned.max(axis=1, keepdims=True) * shape / shape.max()
        worst.see(np.abs(planned - steady), high, f"{where}: volume profile")
    elif a.profile.ramp is not None:
        worst.see(np.abs(np.diff(planned, axis=1)) - a.profile.ramp * a.high[:, None, None], high[:, 1:], f"{where}: ramp")


def _clauses(instance: Instance, contracts: tuple[Contract, ...], outcome: Outcome, worst: _Worst) -> None:
    for offer, contract in zip(instance.offers, contracts, strict=True):
        statement = statement_of(instance, offer, contract, outcome)
        size = max((float(a.high.max()) for a in contract.alternatives), default=1.0)
        worst.see(outcome.take[offer.index][:, contract.signed_at < 0], size, f"offer '{offer.id}': takes outside its window")
        for clause in clauses_of(offer.clauses):
            if isinstance(clause, Restricts):
                worst.see(clause.breach(statement), size, f"offer '{offer.id}': {clause.terms.kind}")


def _capacity(instance: Instance, contracts: tuple[Contract, ...], outcome: Outcome, worst: _Worst) -> None:
    """Takes and commitments within what each supplier has, its opened steps included; steps opened only when earned, once per path."""
    tree = instance.tree
    opened = tree.summed(outcome.opened)
    for k, p in np.argwhere(np.isfinite(instance.capacity).any(axis=2)).tolist():
        capacity = instance.capacity[k, p][np.maximum(tree.period, 0)]
        for e in instance.steps:
            if (e.supplier, e.product) == (k, p):
                capacity = capacity + e.volume * _standing(tree, opened[e.index], e.build)
        takes, commits = np.zeros(tree.size), np.zeros(tree.size)
        for offer, contract in zip(instance.offers, contracts, strict=True):
            if offer.supplier == k and p in offer.products:
                local, nodes = offer.products.index(p), np.flatnonzero(contract.signed_at >= 0)
                takes[nodes] += outcome.take[offer.index][local, nodes]
                for election, chosen in zip(contract.elections, outcome.elected[offer.index], strict=True):
                    takes[nodes] -= chosen[local, nodes] if election.elsewhere else 0.0
                commits[nodes] += outcome.volume[offer.index][local, tree.period[nodes], contract.signed_at[nodes]]
        for what, volume in (("takes", takes), ("commitments", commits)):
            worst.see((volume - capacity)[1:], capacity[1:], f"{what} within capacity at", tree.ids[1:])
    for e in instance.steps:
        worst.see(opened[e.index] - 1.0, 1.0, f"capacity step '{e.id}' opened twice")
        theirs = [o for o in instance.offers if o.supplier == e.supplier and e.product in o.products]
        needed = e.committed * len({t for o in theirs for t in range(o.start, o.end)})
        committed = tree.summed(sum((outcome.volume[o.index][o.products.index(e.product)].sum(axis=0) for o in theirs), np.zeros(tree.size)))
        earned = committed[outcome.opened[e.index] > 0.5]
        worst.see(needed - earned, needed, f"capacity step '{e.id}' opened without enough commitment")


def _standing(tree: Tree, opened: Floats, build: int) -> Floats:
    """What of `opened` (summed over the paths) was opened at least `build` periods before each node; signing counts as the first period. [N]"""
    before = np.arange(tree.size)
    for _ in range(build):
        before = np.maximum(tree.parent[before], 0)
    return np.where(tree.period >= build, opened[before], 0.0)


def _spot(instance: Instance, outcome: Outcome, worst: _Worst) -> None:
    """Orders within each block; receipts within what arrives, followed order by order."""
    tree = instance.tree
    for x, order, receive in zip(instance.spots, outcome.order, outcome.receive, strict=True):
        room = x.share[:, None] * tree.states.spot_available[:, x.index]
        room[:, 0] = 0.0
        worst.see(order - room, room, f"spot market '{x.id}': orders within what is on offer")
        arriving = _arrivals(instance, order.sum(axis=0), tree.states.spot_lead[:, x.index])
        worst.see(receive.sum(axis=0) - arriving, arriving, f"spot market '{x.id}': receipts within arrivals")


def _arrivals(instance: Instance, volume: Floats, lead: Floats) -> Floats:
    """What arrives at every node of volumes sent at every node with a lead in periods, by handing on what is under way from node to node. [..., N]

    Of a lead of whole + part periods, the share 1 - part arrives after `whole` periods and the share part one period later.
    """
    tree, sent = instance.tree, np.moveaxis(volume, -1, 0)
    whole = np.minimum(np.floor(lead + 1e-12), len(instance.years)).astype(int)  # what arrives after the horizon never does
    part = np.maximum(0.0, lead - whole)
    under_way = np.zeros((tree.size, int(whole.max()) + 2, *sent.shape[1:]))  # arriving at the node, one period on, two periods on, ...
    for nodes in tree.levels():
        under_way[nodes, :-1] = under_way[tree.parent[nodes], 1:]
        under_way[nodes, whole[nodes]] += (sent[nodes].T * (1.0 - part[nodes])).T
        under_way[nodes, whole[nodes] + 1] += (sent[nodes].T * part[nodes]).T
    return np.moveaxis(under_way[:, 0], 0, -1)


def _balance(instance: Instance, outcome: Outcome, worst: _Worst) -> None:
    """Every site's volumes simulated from node to node: nothing is used that was not there, unmet demand is not understated."""
    tree = instance.tree
    products, sites = outcome.unmet.shape[:2]
    inflow = np.zeros((products, sites, tree.size))
    for offer in instance.offers:
        arriving = _arrivals(instance, outcome.deliver[offer.index], instance.late_share(offer.index))
        for local, p in enumerate(offer.products):
            inflow[p] += arriving[local]
    for x, receive in zip(instance.spots, outcome.receive, strict=True):
        inflow[x.product] += receive
    for r, lane in enumerate(instance.lanes):
        inflow[lane.product, lane.target] += outcome.move[r]
        inflow[lane.product, lane.origin] -= outcome.move[r]
        worst.see(outcome.move[r] - lane.capacity, min(lane.capacity, 1e12), f"transfer {r}: capacity")
    for u, swap in enumerate(instance.swaps):
        inflow[swap.product] += outcome.swap[u]
        inflow[swap.substitute] -= swap.ratio * outcome.swap[u]
        allowed = swap.max_share * tree.states.demand[:, swap.product, :].T
        worst.see(outcome.swap[u] - allowed, allowed, f"substitution {u}: share of demand")
    for p in range(products):
        for s in range(sites):
            stock, shortage = instance.stocks.get((p, s)), instance.shortage.get((p, s))
            kept = 0.0 if stock is None else 1.0 - stock.spoilage
            carried = 0.0 if shortage is None else 1.0 - shortage.lost
            before, backlog = np.zeros(tree.size), np.zeros(tree.size)
            before[1:] = outcome.stock[p, s][tree.parent[1:]]
            backlog[1:] = outcome.unmet[p, s][tree.parent[1:]]
            if stock is not None:
                before[tree.parent == 0] = stock.initial
                worst.see(outcome.stock[p, s] - stock.capacity, min(stock.capacity, 1e12), "stock within capacity")
            demand = tree.states.demand[:, p, s]
            needs = demand + carried * backlog + outcome.stock[p, s]
            there = kept * before + inflow[p, s] + outcome.unmet[p, s]
            where = f"balance of '{instance.scenario.products[p].id}' at '{instance.scenario.sites[s].id}'"
            worst.see((needs - there)[1:], np.maximum(needs, demand.max(initial=1.0))[1:], where)
            asked = demand + carried * backlog
            worst.see((outcome.unmet[p, s] - asked)[1:], np.maximum(asked, demand.max(initial=1.0))[1:], f"{where}: more unmet than asked for")
