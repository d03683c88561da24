"""What a contract owes against what is taken under it: the part of the kernel that clauses about past and future obligations have in common.

One clause says which share of the deliverable committed volume is owed in a period (take-or-pay). Others give the buyer a volume to choose at every node,
an election: it lowers a shortfall (carry-forward), or is claimed out of what is taken beyond what is owed (make-up). The clauses do not see each other;
they see what is left of shortfall and excess once all elections are counted.

theta owed share, rho deliverable share, V committed, Q taken (without what is made good on top), s shortfall, e excess, short binary. Per alternative,
product and node:

    obligation_is_settled:    Q + s - e = theta rho V
    shortfall_where_short:    s <= theta rho V_max short
    excess_where_not_short:   e <= (Q_max / (rho V_max) - theta) rho V_max (1 - short)
    relief_within_shortfall:  sum of the elections that lower a shortfall <= s
    claims_within_excess:     sum of the elections that claim excess <= e

What is taken on top of a period's own terms (make-good, a buffer stock, an expansion, a third party) is an election e, too; z the most of it as a share of
what is left of the committed volume, R, at each node:

    extra_within_share:       e <= z R
    extra_is_taken:           sum of the elections on top <= Q, which they are a part of    (once for a contract)

Shortfall and excess are exact in both directions, and an election can't feed on a shortfall that was never there. These rows stand only in contracts with
elections.

Volumes that are banked and drawn later run through a bank, oldest first; what is not drawn within `periods` periods lapses. A bank from which the oldest
is drawn first always holds what came in last, so no vintage needs a variable of its own (i what comes in, d what is drawn, B balance, A available):

    available_was_banked:     A[n] <= B[parent]
    available_is_recent:      A[n] <= sum of i[a] over the ancestors a of n within `periods` periods
    drawn_within_available:   d[n] <= A[n]
    bank_runs_on:             B[n] = A[n] - d[n] + i[n]

Where nothing can have lapsed, A[n] is B[parent] itself. `overdrawn` follows every vintage instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import numpy as np

from optimizer.algebra import pyo
from optimizer.instance import Instance, OfferData
from optimizer.ledger import Term
from optimizer.protocols import ByClass
from optimizer.varying import Number, anywhere
from scenarios.tree import Floats

if TYPE_CHECKING:
    from optimizer.clauses.deal import Deal
    from optimizer.clauses.statement import Statement
    from optimizer.rows import Bounds, Index

ABOUT_OWED = ("shortfall", "excess")
OF_COMMITTED = ("defer", "cancel", "forecast")  # limited by what is committed, whatever of it can be delivered
Terms = Callable[[int, int, int], list[Term]]  # of alternative, product and node


@dataclass(frozen=True)
class Election:
    """A volume that a clause lets the buyer choose at every node, for each product."""

    clause: str  # the clause's kind
    use: Literal["shortfall", "excess", "extra", "defer", "cancel", "forecast"]
    """`extra`: taken on top of what the period's own terms allow; `defer` and `cancel`: committed volume that is moved (`rescheduling`); `forecast`: said of
    a later period."""
    most: float = 1.0  # of a shortfall: at most this share of what is owed; of an extra: of the deliverable committed volume; else of the committed
    of_capacity: float = 0.0  # of an extra: at most this share of the supplier's capacity that can be delivered, whatever is committed
    ahead: int = 0  # periods from the choice to the period that it is about
    elsewhere: bool = False  # an extra that does not come out of the supplier's capacity of the period
    by_others: bool = False  # an extra that the supplier does not make

    @property
    def label(self) -> str:
        """What the volume is called: volume that is cancelled by its notice, because a clause may have several."""
        return f"{self.clause}_{self.ahead}" if self.use == "cancel" else self.clause


@runtime_checkable
class Owes(Protocol, metaclass=ByClass):
    """A clause that makes volume owed."""

    def owed_share(self) -> float:
        """Share of the deliverable committed volume that is owed in each period."""


@runtime_checkable
class Elects(Protocol, metaclass=ByClass):
    """A clause that lets the buyer choose volumes about what is owed."""

    def election(self) -> Election | None:
        """The volume to choose; None where the terms make it worthless."""


@runtime_checkable
class Moves(Protocol, metaclass=ByClass):
    """A clause that lets the buyer move committed volume."""

    def elections(self) -> tuple[Election, ...]:
        """The volumes to choose; none where the terms make them worthless."""


@runtime_checkable
class Supplies(Protocol, metaclass=ByClass):
    """A clause whose extra volume does not depend on what can be delivered in the way that everything else does."""

    def supplied_share(self, instance: Instance, offer: OfferData) -> Floats:
        """Most of it at every node, as a share of the committed volume. [N], or [N, F] where futures stand side by side"""


@dataclass(frozen=True)
class Settled:
    """What is owed against what is taken, at every (alternative, product, node)."""

    shortfall: Mapping[Index, Any]
    excess: Mapping[Index, Any]


def owed_share(clauses: Iterable[Any]) -> float:
    """Share of the deliverable committed volume that is owed in each period of a contract with these clauses."""
    return max((clause.owed_share() for clause in clauses if isinstance(clause, Owes)), default=0.0)


def elections_of(clauses: Iterable[Any]) -> tuple[Election, ...]:
    """What a buyer may choose under a contract with these clauses: nothing about what is owed where nothing is."""
    clauses = tuple(clauses)
    found = [election for clause in clauses for election in elections_by(clause)]
    owed = owed_share(clauses) > 0
    return tuple(election for election in found if owed or election.use not in ABOUT_OWED)


def elections_by(clause: Any) -> tuple[Election, ...]:
    """What a clause lets the buyer choose."""
    if isinstance(clause, Moves):
        return clause.elections()
    election = clause.election() if isinstance(clause, Elects) else None
    return () if election is None else (election,)


def supplied_by(clauses: Iterable[Any], instance: Instance, offer: OfferData) -> dict[Election, Floats]:
    """What clauses bring from elsewhere: the most of each as a share of the committed volume, where nothing interrupts the contract."""
    return {election: clause.supplied_share(instance, offer) for clause in clauses if isinstance(clause, Supplies) for election in elections_by(clause)}


def most_elected(election: Election, owed: float, factor: float) -> float:
    """Upper bound of an election relative to the deliverable committed volume; `factor`: most that may be taken under the period's own terms."""
    if election.use == "extra":
        return election.most
    return election.most * owed if election.use == "shortfall" else max(factor - owed, 0.0)


def include_extra(deal: Deal) -> None:
    """Declare, once for a contract, that all that is on top lies within what is taken."""
    if any(e.use == "extra" for e in deal.contract.elections):
        keys = [(j, p, n) for n in deal.nodes if deal.takeable(n) for j in deal.js for p in deal.ps]
        deal.rows("extra_is_taken", {(j, p, n): (0.0, deal.own_take(j, p, n), None) for j, p, n in keys})


def settle(deal: Deal) -> Settled | None:
    """Declare what is owed against what is taken; None in a contract without elections."""
    owed, elections = deal.contract.owed_share, [e for e in deal.contract.elections if e.use in ABOUT_OWED]
    keys = [(j, p, n) for n in deal.nodes for j in deal.js for p in deal.ps]
    if not elections or not keys:
        return None
    beyond = max(deal.contract.own_factor - owed, 0.0)
    size = {(j, p, n): deal.deliverable(n) * deal.stands(n) * deal.most_volume(j, p, deal.period(n)) for j, p, n in keys}
    shortfall = deal.variables("shortfall", {key: owed * size[key] for key in keys})
    excess = deal.variables("excess", {key: beyond * size[key] for key in keys})
    short = deal.variables("short", {(p, n): 1.0 for _, p, n in keys}, pyo.Binary)
    rows: dict[str, dict[Index, Bounds]] = {}
    for key in keys:
        j, p, n = key
        found = {
            "obligation_is_settled": (
                0.0, [*deal.own_take(j, p, n), (1.0, shortfall[key]), (-1.0, excess[key]), (-owed * deal.deliverable(n), deal.volume(j, p, n))], 0.0,
            ),
            "shortfall_where_short": (None, [(1.0, shortfall[key]), (-owed * size[key], short[p, n])], 0.0),
            "excess_where_not_short": (None, [(1.0, excess[key]), (beyond * size[key], short[p, n])], beyond * size[key]),
        }  # fmt: skip
        for use, name, whole in (("shortfall", "relief_within_shortfall", shortfall), ("excess", "claims_within_excess", excess)):
            elected = [(1.0, deal.elected_by(e, j, p, n)) for e in elections if e.use == use]
            if elected:
                found[name] = (None, [*elected, (-1.0, whole[key])], 0.0)
        for name, row in found.items():
            rows.setdefault(name, {})[key] = row
    for name, each in rows.items():
        deal.rows(name, each)
    return Settled(shortfall, excess)


def limit_extra(deal: Deal, share: Callable[[int], Number]) -> None:
    """Keep the clause's extra volume within a share of what is left of the committed volume."""
    within: dict[Index, Bounds] = {}
    for j, p, n in [(j, p, n) for n in deal.nodes for j in deal.js for p in deal.ps]:
        if anywhere(share(n) > 0):  # elsewhere its bound is 0
            within[j, p, n] = (None, [(1.0, deal.elected(j, p, n)), (-share(n), deal.volume(j, p, n))], 0.0)
    deal.rows("extra_within_share", within)


def build_bank(deal: Deal, comes_in: Terms, most: Callable[[int, int, int], Number], periods: int | None) -> None:
    """Declare the bank from which a clause's election is drawn; `most` comes in at a node at most."""
    window, parent, end = set(deal.nodes), deal.instance.tree.parent, deal.contract.offer.end
    recent: dict[int, list[int]] = {}  # ancestors whose volume has not lapsed
    for n in sorted(deal.nodes, key=deal.period):
        before = int(parent[n])
        recent[n] = [a for a in [*recent[before], before] if periods is None or deal.period(n) - deal.period(a) <= periods] if before in window else []
    lapses = {n for n in deal.nodes if int(parent[n]) in window and len(recent[n]) < deal.period(n) - deal.contract.offer.start}
    keys = [(j, p, n) for n in deal.nodes for j in deal.js for p in deal.ps]
    room = {(j, p, n): sum((most(j, p, a) for a in recent[n]), 0.0) for j, p, n in keys}
    balance = deal.variables("balance", {(j, p, n): room[j, p, n] + most(j, p, n) for j, p, n in keys if deal.period(n) < end - 1})
    available = deal.variables("available", {key: room[key] for key in keys if key[-1] in lapses})
    rows: dict[str, dict[Index, Bounds]] = {name: {} for name in ("available_was_banked", "available_is_recent", "drawn_within_available", "bank_runs_on")}
    for key in keys:
        j, p, n = key
        drawn, before = deal.elected(j, p, n), int(parent[n])
        there: list[Term] = [(1.0, available[key])] if n in lapses else [(1.0, balance[j, p, before])] if before in window else []
        if n in lapses:
            came = [(-c, v) for a in recent[n] for c, v in comes_in(j, p, a)]
            rows["available_was_banked"][key] = (None, [(1.0, available[key]), (-1.0, balance[j, p, before])], 0.0)
            rows["available_is_recent"][key] = (None, [(1.0, available[key]), *came], 0.0)
        rows["drawn_within_available"][key] = (None, [(1.0, drawn), *((-c, v) for c, v in there)], 0.0)
        if key in balance:
            inflow = [(-c, v) for c, v in comes_in(j, p, n)]
            rows["bank_runs_on"][key] = (0.0, [(1.0, balance[key]), *((-c, v) for c, v in there), (1.0, drawn), *inflow], 0.0)
    for name, found in rows.items():
        deal.rows(name, found)


def overdrawn(statement: Statement, comes_in: Floats, drawn: Floats, periods: int | None) -> Floats:
    """By how much more is drawn than has come in and not lapsed, following every vintage, the oldest drawn first. [Po, N]"""
    return vintages(statement, comes_in, drawn, periods)[0]


def vintages(statement: Statement, comes_in: Floats, drawn: Floats, periods: int | None) -> tuple[Floats, Floats]:
    """A bank followed vintage by vintage, the oldest drawn first: what is overdrawn at every node [Po, N], and what the bank holds after it, by the period
    in which it came in, what lapses with the node's period included. [Po, N, T]"""
    held = np.zeros((*drawn.shape, statement.end))
    over = np.zeros_like(drawn)
    for t in range(statement.start, statement.end):
        nodes = np.flatnonzero((statement.period == t) & (statement.in_force > 0))
        before = statement.parent[nodes]
        left = np.where((statement.in_force[before] > 0)[:, None], held[:, before], 0.0)
        if periods is not None:
            left[:, :, : max(t - periods, 0)] = 0.0
        older = left.cumsum(axis=2) - left
        part = np.clip(drawn[:, nodes, None] - older, 0.0, left)
        over[:, nodes] = drawn[:, nodes] - part.sum(axis=2)
        held[:, nodes] = left - part
        held[:, nodes, t] += comes_in[:, nodes]
    return np.where(statement.in_force > 0, over, drawn), held
