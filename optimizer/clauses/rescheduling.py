"""Committed volume that is moved after signing: the part of the kernel behind deferral and cancellation.

Both are elections: d[n] is put off at node n into the next period, c_k[n] of the period k later is cancelled at n. Other clauses see R, what a node's period
is left with, as its committed volume, so that none of them has to know. V as signed, a(n) the parent of n, a_k(n) its ancestor k periods before. Per
alternative, product and node:

    volume_is_rescheduled:    R[n] = V[t(n)] - d[n] + d[a(n)] - sum_k c_k[a_k(n)],   R[n] >= 0

Everything is linear, so futures can still be taken apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from optimizer.clauses.obligation import Election
from scenarios.tree import Floats, Ints

if TYPE_CHECKING:
    from optimizer.clauses.deal import Deal
    from optimizer.clauses.statement import Statement
    from optimizer.rows import Bounds, Index

MOVES = ("defer", "cancel")


def deferrable_of(elections: Iterable[Election]) -> float:
    """Share of a period's committed volume that can be put off into the next at most."""
    return sum(election.most for election in elections if election.use == "defer")


def most_moved(election: Election, shape: Floats, t: int) -> float:
    """What may be moved or forecast at most in period t of the window, relative to the committed volume: 0 where the period that it is about lies behind
    the window."""
    then = t + (1 if election.use == "defer" else election.ahead)
    return float(shape[t if election.use == "defer" else then]) if then < len(shape) else 0.0


def reschedule(deal: Deal) -> Mapping[Index, Any] | None:
    """Declare what is left of the committed volumes once some are moved; None in contracts in which none can be."""
    moves = [e for e in deal.contract.elections if e.use in MOVES]
    keys = [(j, p, n) for n in deal.nodes for j in deal.js for p in deal.ps]
    if not moves or not keys:
        return None
    window = set(deal.nodes)
    moved = deal.variables("rescheduled", {(j, p, n): deal.most_volume(j, p, deal.period(n)) for j, p, n in keys})
    rows: dict[Index, Bounds] = {}
    for key in keys:
        j, p, n = key
        terms = [(1.0, moved[key]), (-1.0, deal.volume_in(j, p, deal.period(n), deal.signing_node(n)))]
        for election in moves:
            at = deal.ancestor(n, election.ahead)
            if election.use == "cancel" and at in window:
                terms.append((1.0, deal.elected_by(election, j, p, at)))
            if election.use == "defer":
                terms.append((1.0, deal.elected_by(election, j, p, n)))
                if deal.ancestor(n, 1) in window:
                    terms.append((-1.0, deal.elected_by(election, j, p, deal.ancestor(n, 1))))
        rows[key] = (0.0, terms, 0.0)
    deal.rows("volume_is_rescheduled", rows)
    return dict(moved.items())


def rescheduled(statement: Statement) -> Statement:
    """The statement with the committed volumes that moves leave."""
    if not any(election.use in MOVES for election in statement.elected):
        return statement
    return replace(statement, volume=np.maximum(left_after(statement), 0.0))


def left_after(statement: Statement) -> Floats:
    """What every node's period is left with, below 0 where more is moved than there is. [Po, N]"""
    found = statement.planned.copy()
    for election, chosen in statement.elected.items():
        if election.use == "defer":
            found += earlier(statement, chosen, 1) - chosen
        if election.use == "cancel":
            found -= earlier(statement, chosen, election.ahead)
    return np.asarray(np.where(statement.in_force > 0, found, 0.0))


def earlier(statement: Statement, chosen: Floats, periods: int) -> Floats:
    """What was chosen some periods before each node, under the same contract. [Po, N]"""
    at: Ints = np.arange(chosen.shape[1])
    there = np.asarray(statement.in_force > 0)
    for _ in range(periods):
        at = np.maximum(statement.parent[at], 0)
        there = there & (statement.in_force[at] > 0)
    return np.asarray(np.where(there, chosen[:, at], 0.0))
