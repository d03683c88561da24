"""Offers as the kernel sees them: alternatives after tiers, nodes covered, prices as data."""

from __future__ import annotations

import numpy as np

from optimizer.clauses import clauses_of
from optimizer.clauses.base import LimitsPrice, SetsPrice, SplitsAlternatives, WidensTake
from optimizer.clauses.deal import Contract
from optimizer.clauses.ending import endings_of
from optimizer.clauses.event import interruption_of
from optimizer.clauses.obligation import elections_of, owed_share, supplied_by
from optimizer.clauses.rescheduling import deferrable_of
from optimizer.instance import AlternativeData, Instance, OfferData


def build_contracts(instance: Instance) -> tuple[Contract, ...]:
    """One contract per offer. Price[j, p, n] = base price x every price clause's factor, within every limit; exchange rates enter in the ledger."""
    return tuple(_contract(instance, offer) for offer in instance.offers)


def split_alternatives(offer: OfferData) -> list[AlternativeData]:
    """An offer's alternatives after tiers."""
    alternatives = list(offer.alternatives)
    for clause in clauses_of(offer.clauses):
        if isinstance(clause, SplitsAlternatives):
            alternatives = [part for whole in alternatives for part in clause.split(whole)]
    return alternatives


def _contract(instance: Instance, offer: OfferData) -> Contract:
    tree = instance.tree
    clauses = clauses_of(offer.clauses)
    alternatives = split_alternatives(offer)
    beside = tree.states.fx.ndim - 2  # axes in which the figures of all futures stand side by side
    factor, widest = np.ones((tree.size, *(1,) * beside)), 1.0
    for clause in clauses:
        if isinstance(clause, SetsPrice):
            factor = (clause.price_factor(instance, offer).T * factor.T).T
        if isinstance(clause, WidensTake):
            widest *= clause.take_factor()
    interruption, elections = interruption_of(clauses, instance, offer), elections_of(clauses)
    stands = 1.0 if interruption is None else interruption.stands
    supplied = {election: stands * share for election, share in supplied_by(clauses, instance, offer).items()}
    covered = (tree.period >= offer.start) & (tree.period < offer.end)
    signed_at = np.where(covered, tree.ancestor_at(offer.sign), -1)
    of_capacity = sum(e.of_capacity for e in elections)
    base = np.stack([alternative.price for alternative in alternatives]) if alternatives else np.zeros((0, len(offer.products)))
    price = base[(..., None, *(None,) * beside)] * factor if base.ndim == 2 else base[:, :, None] * factor[:, None]  # or at several base prices
    for clause in clauses:
        if isinstance(clause, LimitsPrice):
            price = np.minimum(price, clause.price_limit(instance, offer))
    return Contract(
        offer=offer,
        alternatives=tuple(alternatives),
        clauses=clauses,
        nodes=tuple(np.flatnonzero(covered).tolist()),
        signed_at=signed_at,
        signing_nodes=(0,) if offer.sign < 0 else tuple(np.flatnonzero(tree.period == offer.sign).tolist()),
        price=price,
        take_factor=widest + sum(e.most for e in elections if e.use == "extra" and e not in supplied),
        own_factor=widest,
        of_capacity=of_capacity * offer.capacity if of_capacity else np.zeros_like(offer.capacity),
        owed_share=owed_share(clauses),
        elections=elections,
        deferrable=deferrable_of(elections),
        endings=endings_of(clauses),
        interruption=interruption,
        supplied=supplied,
    )
