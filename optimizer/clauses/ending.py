"""A contract that can be ended before its window does: the part of the kernel behind early termination and extension.

ended[e,m] binary: the buyer decides at node m, under the clause e, that the contract is over `notice` periods later. V committed, L what of it is given
up, R what is left of it, w notice, s[n] 0 where an event interrupts the contract (`event`), else 1. All clauses see R as the committed volume of a node, so
that none of them has to know about endings and events. Per alternative, product, period t, node (sums over e too):

    ended_once:              sum of ended[m] over the path to n <= sum_j signed[j]      (only a contract that was signed, and once)
    given_up_of_volume:      L[j,p,t,m] <= V[j,p,t]
    given_up_where_ended:    L[j,p,t,m] <= V_max ended[m]
    all_is_given_up:         L[j,p,t,m] >= V[j,p,t] - V_max (1 - ended[m])
    left_is_the_rest:        R[j,p,n] = s[n] (V[j,p,t(n)] - sum of L[j,p,t(n),m] over m on the path with t(m) + w <= t(n))
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from optimizer.ledger import Term
from optimizer.protocols import ByClass
from optimizer.varying import Number, anywhere
from scenarios.tree import Floats, Ints

if TYPE_CHECKING:
    from optimizer.clauses.deal import Contract, Deal
    from optimizer.clauses.statement import Statement
    from optimizer.rows import Bounds, Index


@dataclass(frozen=True)
class Ending:
    """When a clause lets the buyer end the contract."""

    clause: str  # the clause's kind
    notice: int  # periods from the decision to the first one without the contract
    after: int = 0  # periods of the window that have to pass before the decision
    last: int | None = None  # the decision is taken when it is about this many periods at the end of the window; none: whenever something is left

    def possible(self, period: Ints, start: int, end: int) -> Any:
        """Whether the decision can be taken in a period, for a window from `start` to before `end`."""
        over = period + self.notice
        return (period >= start + self.after) & (over < end if self.last is None else over == end - self.last)


@runtime_checkable
class Ends(Protocol, metaclass=ByClass):
    """A clause that lets the buyer end the contract."""

    def ending(self) -> Ending | None:
        """When; None if never."""


@dataclass(frozen=True)
class Left:
    """What endings and events leave of a contract's volumes."""

    given_up: Mapping[str, Mapping[Index, Any]]  # by clause: (alternative, product, period, node of the decision)
    left: Mapping[Index, Any]  # (alternative, product, node)


def endings_of(clauses: Iterable[Any]) -> tuple[Ending, ...]:
    """Ways in which a contract with these clauses can be ended."""
    return tuple(found for clause in clauses if isinstance(clause, Ends) and (found := clause.ending()) is not None)


def ending_nodes(contract: Contract, ending: Ending, period: Ints) -> list[int]:
    """Nodes at which a contract can be ended in some way: late enough, and early enough that something is left to be given up."""
    offer = contract.offer
    return [n for n in contract.nodes if ending.possible(period[n], offer.start, offer.end)] if contract.alternatives else []


def leave(deal: Deal) -> Left:
    """Declare what endings and events leave of the committed volumes."""
    contract, tree, end = deal.contract, deal.instance.tree, deal.contract.offer.end
    moments = {ending: ending_nodes(contract, ending, tree.period) for ending in contract.endings}
    path = {n: set(tree.path(n)) for n in deal.nodes}
    rows: dict[str, dict[Index, Bounds]] = {}
    most_left: dict[Index, Number] = {
        (j, p, n): deal.stands(n) * deal.most_committed(j, p, deal.period(n)) for n in deal.nodes for j in deal.js for p in deal.ps
    }
    left = deal.variables("left", most_left)
    gone: dict[Index, list[Term]] = {key: [] for key in left}
    given_up: dict[str, Mapping[Index, Any]] = {}
    for e, (ending, nodes) in enumerate(moments.items()):
        keys = [(j, p, t, m) for m in nodes for j in deal.js for p in deal.ps for t in range(deal.period(m) + ending.notice, end)]
        name = "given_up" if e == 0 else f"given_up_{ending.clause}"
        lost = given_up[ending.clause] = deal.variables(name, {(j, p, t, m): deal.most_committed(j, p, t) for j, p, t, m in keys})
        for key in keys:
            j, p, t, m = key
            most, volume, ended = deal.most_committed(j, p, t), deal.volume_in(j, p, t, deal.signing_node(m)), deal.ended(ending, m)
            found: dict[str, Bounds] = {
                "given_up_of_volume": (None, [(1.0, lost[key]), (-1.0, volume)], 0.0),
                "given_up_where_ended": (None, [(1.0, lost[key]), (-most, ended)], 0.0),
                "all_is_given_up": (-most, [(1.0, lost[key]), (-1.0, volume), (-most, ended)], None),
            }
            for row, bounds in found.items():
                rows.setdefault(row if e == 0 else f"{row}_{ending.clause}", {})[key] = bounds
        for j, p, n in left:
            t = deal.period(n)
            gone[j, p, n] += [(1.0, lost[j, p, t, m]) for m in nodes if m in path[n] and deal.period(m) + ending.notice <= t]
    for n in sorted({m for nodes in moments.values() for m in nodes}):
        before: list[Term] = [(1.0, deal.ended(ending, m)) for ending, nodes in moments.items() for m in nodes if m in path[n]]
        signed: list[Term] = [(-1.0, deal.signed(j, deal.signing_node(n))) for j in deal.js]
        rows.setdefault("ended_once", {})[(n,)] = (None, [*before, *signed], 0.0)
    for j, p, n in left:
        volume, stands = deal.volume_in(j, p, deal.period(n), deal.signing_node(n)), deal.stands(n)
        if anywhere(stands > 0):  # elsewhere the bound says it
            rest = [(-stands, volume), *((stands * c, v) for c, v in gone[j, p, n])]
            rows.setdefault("left_is_the_rest", {})[j, p, n] = (0.0, [(1.0, left[j, p, n]), *rest], 0.0)
    for name, each in rows.items():
        deal.rows(name, each)
    return Left(given_up, left)


def in_effect(parent: Ints, ended: Mapping[Ending, Floats], size: int) -> Floats:
    """How many endings have taken effect at each node: decided on its path, a notice ago or earlier. [N]"""
    found = np.zeros(size)
    for ending, decided in ended.items():
        at = np.arange(size)
        for k in range(size):
            found += decided[at] if k >= ending.notice else 0.0
            if not at.any():
                break
            at = np.maximum(parent[at], 0)
    return found


def misused(statement: Statement, clause: str) -> Floats:
    """Endings under a clause that come too early, too late, a second time, or without a contract: one for each. [N]"""
    found = statement.nothing
    once = {replace(ending, notice=0): decided for ending, decided in statement.ended.items()}
    times = in_effect(statement.parent, once, len(found))
    for ending, decided in statement.ended.items():
        if ending.clause == clause:
            possible = ending.possible(statement.period, statement.start, statement.end) & (statement.signing_node >= 0)
            found += np.where(decided > 0, np.where(possible, np.maximum(times - 1.0, 0.0), 1.0), 0.0)
    return found
