"""What the buyer takes and pays under one contract, read from an outcome by the contract's own bills.

    paid[n] = fixed[n] + p units[n]     p headline price; for given volumes every clause's bill is linear in it, the credits of a prepayment piecewise

What carriers and lawyers are paid (delivery, signing cost) is not the supplier's, nor is what banks and third parties are, and what these make.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.negotiation import Package
from models.scenario import Scenario
from optimizer.bill import statement_of
from optimizer.clauses import clauses_of
from optimizer.clauses.deal import Contract
from optimizer.contracts import build_contracts
from optimizer.instance import Instance, OfferData, build_instance
from optimizer.ledger import ELSEWHERE
from optimizer.negotiation.levers import headline, packaged_among_others, price_of, with_offer
from optimizer.negotiation.table import CallOff
from optimizer.outcome import Outcome
from scenarios.tree import Floats

NUDGE = 1e-3  # relative; how far the price is moved to see what is linear in it


def call_off(scenario: Scenario, instance: Instance, package: Package, outcome: Outcome) -> CallOff:
    """What happens under a package in an outcome of the instance that holds it."""
    o = next(i for i, x in enumerate(scenario.offers) if x.id == package.offer)
    offer, price = instance.offers[o], price_of(scenario, package)
    paid = _paid(instance, offer, outcome)
    if price > 0:
        step, dearer = NUDGE * price, _dearer(offer, 1.0 + NUDGE, package.alternative)
    else:  # prices that are 0 don't say in what proportion they rise
        step = NUDGE * (headline(scenario, package).price or 1.0)
        dearer = _offer_at(scenario, instance, package.model_copy(update={"price": step}), o) if headline(scenario, package).price else offer
    units = (_paid(instance, dearer, outcome) - paid) / step
    statement = statement_of(instance, offer, _contract(instance, offer), outcome)
    return CallOff(fixed=paid - price * units, units=units, take=statement.made_take, committed=statement.volume)


def _contract(instance: Instance, offer: OfferData) -> Contract:
    return build_contracts(replace(instance, offers=(offer,)))[0]


def _paid(instance: Instance, offer: OfferData, outcome: Outcome) -> Floats:
    """What the supplier is paid at every node, in the scenario's currency. [N]"""
    contract = _contract(instance, offer)
    statement = statement_of(instance, offer, contract, outcome)
    rate = 1.0 if offer.currency < 0 else instance.tree.states.fx[:, offer.currency]
    total = np.zeros(instance.tree.size)
    for clause in clauses_of(offer.clauses):
        for category, amount in clause.bill(statement).items():
            total = total + (0.0 if category in ELSEWHERE else amount * rate)
    return total


def _offer_at(scenario: Scenario, instance: Instance, package: Package, o: int) -> OfferData:
    """The offer with the package's terms and price."""
    changed = with_offer(scenario, packaged_among_others(scenario, package))
    return build_instance(changed, instance.tree).offers[o]


def _dearer(offer: OfferData, factor: float, alternative: str | None) -> OfferData:
    """The offer with the prices of its alternatives (or of the one that is negotiated) moved."""
    moved = tuple(replace(a, price=a.price * factor) if alternative in (None, a.id) else a for a in offer.alternatives)
    return replace(offer, alternatives=moved)
