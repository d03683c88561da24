"""The model, declared: kernel, clauses, balance, rules, risk."""

from __future__ import annotations

from dataclasses import replace

from optimizer.algebra import PauseGC, pyo
from optimizer.balance import build_balance
from optimizer.clauses.deal import Contract, Deal
from optimizer.clauses.ending import leave
from optimizer.clauses.obligation import Settled, include_extra, settle
from optimizer.clauses.rescheduling import reschedule
from optimizer.contracts import build_contracts
from optimizer.decisions import Kernel, declare_decisions, require_prepayments
from optimizer.instance import Instance
from optimizer.ledger import PURCHASE
from optimizer.risk import build_risk, build_stand_in
from optimizer.rows import inner
from optimizer.rules import rule_of
from optimizer.rules.base import Desk
from optimizer.tariffs import charge_duties


def build_model(instance: Instance, *, objective: bool = True, probed: bool = False) -> Kernel:
    """Declare everything in Pyomo. The order matters only in that charges come before what is built on them.

    Without `objective`: what is charged gets a stand-in, because it differs between the futures that stand side by side in the instance.
    `probed`: a column `probe[n]` charges one unit of money at every node, so that its coefficients say how money enters each row.
    """
    with PauseGC():  # hundreds of thousands of objects that all stay: the collector would look through them again and again
        return _build(instance, objective, probed)


def build_contracts_alone(instance: Instance, *, light: bool) -> Kernel:
    """Declare the contracts of an instance, their clauses and charges, and nothing that joins them; `light`: without Pyomo, which takes half as long."""
    with PauseGC():
        kernel = _contracts(instance, light)
        if not light:
            build_stand_in(kernel)
        return kernel


def _contracts(instance: Instance, light: bool = False) -> Kernel:
    kernel = declare_decisions(instance, build_contracts(instance), light=light)
    for contract in kernel.contracts:
        left = leave(_deal(kernel, contract, "ending")) if contract.endings or contract.interruption else None
        moved = reschedule(_deal(kernel, contract, "rescheduling")) if contract.elections else None
        settled = _obligation(replace(_deal(kernel, contract, "obligation"), left=left, moved=moved)) if contract.elections else None
        for clause in contract.clauses:
            clause.build(replace(_deal(kernel, contract, clause.terms.kind), left=left, moved=moved, settled=settled))
    charge_duties(instance, kernel.ledger, "offer")
    return kernel


def _obligation(deal: Deal) -> Settled | None:
    """What elections are about: what lies on top of what is taken, and what is owed."""
    include_extra(deal)
    return settle(deal)


def _deal(kernel: Kernel, contract: Contract, part: str) -> Deal:
    """A clause's view of the kernel, with a block of its own."""
    block = inner(inner(kernel.model, "offers", contract.offer.id), part)
    decided = (kernel.signed, kernel.volume, kernel.take, kernel.elected, kernel.ended, kernel.order, kernel.deliver)
    return Deal(kernel.instance, contract, part, block, kernel.ledger, *decided)


def _build(instance: Instance, objective: bool, probed: bool) -> Kernel:
    kernel = _contracts(instance)
    if probed:
        kernel.model.probe = pyo.Var(range(instance.tree.size), bounds=(0.0, 0.0))  # it moves no bound that is worked out from what is charged
        for n, unit in kernel.model.probe.items():
            kernel.ledger.charge("probe", "probe", "probe", PURCHASE, n, [(1.0, unit)])
    build_balance(kernel)
    charge_duties(instance, kernel.ledger, "spot")
    require_prepayments(kernel)
    kernel.model.rules = pyo.Block(pyo.Any)
    for i, terms in enumerate(instance.rules):
        kernel.model.rules[i].imposed = frozenset()  # names of the rows that make the rule's demand; its other rows define variables
        rule_of(terms).build(Desk(kernel, kernel.model.rules[i], f"rules[{i}]", terms.kind, terms.violation_price))
    if objective:
        build_risk(kernel)
    else:
        build_stand_in(kernel)
    return kernel
