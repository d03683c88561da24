"""The decisions of the kernel as Pyomo variables, each with its tightest data bound. Every index ends with the node at which it is decided.

signed[o,j,m]      alternative j of offer o is signed at node m (binary)
volume[o,j,p,t,m]  committed volume of period t, as signed at m
take[o,j,p,n]      volume taken            deliver[o,p,s,n]  its delivery to a site, as called off at n
ended[o,w,n]       the buyer decides to end the contract of offer o, in the way w (binary)
elected[o,e,j,p,n] volume chosen under an election e of the offer's clauses (make-up taken, credit used)
order[i,b,n]       spot order in block b   receive[i,s,n]    spot volume brought to a site at n
stock[p,s,n]       stock at the end        move[r,n]         transfer on lane r
swap[u,s,n]        need met by substitute  unmet[p,s,b,n]    unmet demand in cost block b
opened[e,m]        capacity step opened (binary)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from models.offer import FreeProfile
from optimizer.algebra import pyo
from optimizer.clauses.deal import Contract
from optimizer.clauses.ending import ending_nodes
from optimizer.clauses.obligation import OF_COMMITTED, most_elected
from optimizer.clauses.rescheduling import most_moved
from optimizer.instance import Instance
from optimizer.ledger import CAPACITY, PREPAYMENT, SIGNING, Ledger, Term
from optimizer.light import LightBlock
from optimizer.rows import Bounds, Index, Varying, constrain, declare, inner
from optimizer.varying import Number, anywhere, largest, least, settled
from scenarios.tree import Floats

Arrivals = list[list[tuple[int, Number]]]


@dataclass(frozen=True)
class Kernel:
    """The model under construction: the instance, its contracts, the Pyomo model and its kernel variables."""

    instance: Instance
    contracts: tuple[Contract, ...]
    model: Any
    ledger: Ledger
    signed: Any
    volume: Any
    take: Any
    elected: Any
    ended: Any
    deliver: Any
    order: Any
    receive: Any
    stock: Any
    move: Any
    swap: Any
    unmet: Any
    opened: Any

    @cached_property
    def spot_arrivals(self) -> tuple[Arrivals, ...]:
        """What arrives at every node, of each spot market."""
        return tuple(self.instance.arrivals(self.instance.tree.states.spot_lead[:, x.index]) for x in self.instance.spots)

    @cached_property
    def offer_arrivals(self) -> tuple[Arrivals, ...]:
        """The same of each offer, which only what joins contracts asks for."""
        return tuple(self.instance.arrivals(self.instance.late_share(o.index)) for o in self.instance.offers)


PREPAID = frozenset({PREPAYMENT})
KERNEL = ("signed", "volume", "take", "elected", "ended", "deliver", "order", "receive", "stock", "move", "swap", "unmet", "opened")


def declare_decisions(instance: Instance, contracts: tuple[Contract, ...], *, light: bool = False) -> Kernel:
    """Declare all kernel variables, and what binds them to each other within one contract; in Pyomo, or in `light` objects."""
    model = LightBlock() if light else _pyomo_model()
    tree = instance.tree
    signed: dict[Index, float] = {}
    volume: dict[Index, float] = {}
    take: dict[Index, Number] = {}
    elected: dict[Index, Number] = {}
    ended: dict[Index, Number] = {}
    deliver: dict[Index, Number] = {}
    for c in contracts:
        o, offer = c.offer.index, c.offer
        shapes = c.shapes
        for m in c.signing_nodes:
            for j, a in enumerate(c.alternatives):
                signed[o, j, m] = 1.0
                for p in range(len(offer.products)):
                    for t in range(offer.start, offer.end):
                        volume[o, j, p, t, m] = float(a.high[p] * shapes[j][t - offer.start])
        ended |= {(o, w, m): 1.0 for w, ending in enumerate(c.endings) for m in ending_nodes(c, ending, tree.period)}
        deliverable = tree.states.deliverable[:, o]
        if c.interruption is not None:
            deliverable = deliverable * c.interruption.stands
        share, apart = deliverable * c.take_factor, sum(c.supplied.values(), np.zeros_like(deliverable))
        for n in c.nodes:
            t = int(tree.period[n]) - offer.start
            for p in range(len(offer.products)):
                reach = [shape[t] + (c.deferrable * shape[t - 1] if t > 0 else 0.0) for shape in shapes]  # with what may have been put off into it
                usual = [settled(share[n] * a.high[p] * reach[j]) for j, a in enumerate(c.alternatives)]
                most = [bound + settled(apart[n] * a.high[p] * reach[j]) for j, (a, bound) in enumerate(zip(c.alternatives, usual, strict=True))]
                beside = settled(deliverable[n] * c.of_capacity[p, offer.start + t])
                for j, (a, bound) in enumerate(zip(c.alternatives, usual, strict=True)):
                    take[o, j, p, n] = most[j] + beside
                    for e, election in enumerate(c.elections):
                        within = bound * most_elected(election, c.owed_share, c.own_factor) / c.take_factor
                        if election in c.supplied:
                            within = settled(c.supplied[election][n] * a.high[p] * reach[j])
                        moved = float(election.most * a.high[p] * most_moved(election, shapes[j], t))
                        elected[o, e, j, p, n] = moved if election.use in OF_COMMITTED else beside if election.of_capacity else within
                for s in offer.sites:
                    deliver[o, p, s, n] = largest(most) + beside
    orders, receives = _spot(instance)
    swaps = _swaps(instance)
    useful = np.minimum(instance.remaining, _supplied(instance, take, orders, swaps))
    stock: dict[Index, Number] = {
        (p, s, n): least(x.capacity, largest([settled(useful[n]), x.initial])) for (p, s), x in instance.stocks.items() for n in instance.nodes
    }
    lanes: dict[Index, Number] = {(r, n): least(x.capacity, settled(useful[n])) for r, x in enumerate(instance.lanes) for n in instance.nodes}
    unmet = _unmet(instance)
    kernel = Kernel(
        instance=instance,
        contracts=contracts,
        model=model,
        ledger=Ledger(),
        signed=_columns(declare(model, "signed", signed, pyo.Binary)),
        volume=_columns(declare(model, "volume", volume)),
        take=_columns(declare(model, "take", take)),
        elected=_columns(declare(model, "elected", elected)),
        ended=_columns(declare(model, "ended", ended, pyo.Binary)),
        deliver=_columns(declare(model, "deliver", deliver)),
        order=_columns(declare(model, "order", orders)),
        receive=_columns(declare(model, "receive", receives)),
        stock=_columns(declare(model, "stock", stock)),
        move=_columns(declare(model, "move", lanes)),
        swap=_columns(declare(model, "swap", swaps)),
        unmet=_columns(declare(model, "unmet", unmet)),
        opened=_columns(declare(model, "opened", {(e.index, m): 1.0 for e in instance.steps for m in _moments(contracts, e.supplier)}, pyo.Binary)),
    )
    for c in contracts:
        _bind(kernel, c)
    _capacity(kernel)
    return kernel


def _pyomo_model() -> Any:
    model = pyo.ConcreteModel()
    model.varying = Varying()
    return model


def _columns(variable: Any) -> dict[Index, Any]:
    """A variable's columns by index, which are looked up hundreds of thousands of times; Pyomo would check every index each time."""
    return dict(variable.items())


def _spot(instance: Instance) -> tuple[dict[Index, Number], dict[Index, Number]]:
    states = instance.tree.states
    orders: dict[Index, Number] = {
        (x.index, b, n): settled(states.spot_available[n, x.index] * x.share[b]) for x in instance.spots for b in range(len(x.share)) for n in instance.nodes
    }
    receives: dict[Index, Number] = {}
    for x in instance.spots:
        arrivals = instance.arrivals(states.spot_lead[:, x.index])
        for n in instance.nodes:
            most = settled(sum(share * settled(states.spot_available[m, x.index]) for m, share in arrivals[n]))
            if anywhere(most > 0):
                for s in range(len(instance.scenario.sites)):
                    receives[x.index, s, n] = most
    return orders, receives


def _unmet(instance: Instance) -> dict[Index, Number]:
    """Unmet demand can be at most the demand of the period and what is carried to it. Blocks are filled from the cheapest (their cost rises), so their
    bounds share that sum out, and together they never exceed it."""
    bounds: dict[Index, Number] = {}
    tree = instance.tree
    for (p, s), x in instance.shortage.items():
        most = tree.states.demand[:, p, s].copy()
        for n in instance.nodes:
            most[n] += (1.0 - x.lost) * most[tree.parent[n]]
            left = settled(most[n])
            for b, width in enumerate(x.width):
                bounds[p, s, b, n] = least(left, settled(width * instance.peak[n, p, s])) if np.isfinite(width) else left
                left = left - bounds[p, s, b, n]
    return bounds


def _swaps(instance: Instance) -> dict[Index, Number]:
    """Substitution is limited by a share of the period's demand; without demand there is none."""
    demand = instance.tree.states.demand
    return {
        (u, s, n): settled(x.max_share * demand[n, x.product, s])
        for u, x in enumerate(instance.swaps)
        for s in x.sites
        for n in instance.nodes
        if anywhere(demand[n, x.product, s] > 0)
    }


def _supplied(instance: Instance, *sources: dict[Index, Number]) -> Floats:
    """Most volume that can have come in on the way to each node: initial stock, and the bounds of all that brings volume (last index: the node). [N]"""
    found = np.zeros_like(instance.remaining)
    found[0] = sum(x.initial for x in instance.stocks.values())
    for source in sources:
        for key, bound in source.items():
            found[key[-1]] += bound
    for n in instance.nodes:
        found[n] += found[instance.tree.parent[n]]
    return found


def _moments(contracts: tuple[Contract, ...], supplier: int) -> list[int]:
    """Nodes at which something can be signed with a supplier; its capacity steps are decided there. Node 0 without any."""
    return sorted({m for c in contracts if c.offer.supplier == supplier for m in c.signing_nodes}) or [0]


def _bind(kernel: Kernel, c: Contract) -> None:
    """What holds within one contract, whatever its clauses: one alternative, volumes within its range and profile, deliveries equal takes.

    at_most_one_alternative:  sum_j signed <= 1           committed_at_least / committed_at_most:  lo signed <= volume <= hi signed
    volume_follows_shape:     volume[t] shape[t'] = volume[t'] shape[t]     volume_within_ramp:  |volume[t] - volume[t-1]| <= ramp hi signed
    all_taken_is_delivered:   sum_s deliver = sum_j take
    """
    o, offer = c.offer.index, c.offer
    block = inner(kernel.model, "offers", offer.id)
    rows: dict[str, dict[Index, Bounds]] = {}

    def row(name: str, key: Index, lower: float | None, terms: list[Term], upper: float | None) -> None:
        rows.setdefault(name, {})[key] = (lower, terms, upper)

    for m in c.signing_nodes:
        js = range(len(c.alternatives))
        row("at_most_one_alternative", (m,), None, [(1.0, kernel.signed[o, j, m]) for j in js], 1.0)
        if offer.signing_cost:
            rate = kernel.instance.rate(offer, m)
            kernel.ledger.charge("offer", offer.id, "signing", SIGNING, m, [(rate * offer.signing_cost, kernel.signed[o, j, m]) for j in js])
        for j, a in enumerate(c.alternatives):
            shape = c.shapes[j]
            for p in range(len(offer.products)):
                volumes = [kernel.volume[o, j, p, t, m] for t in range(offer.start, offer.end)]
                gate = kernel.signed[o, j, m]
                first = int(np.argmax(shape > 0))
                for t, volume in enumerate(volumes):
                    key = (j, p, offer.start + t, m)
                    if shape[t] > 0:
                        row("committed_at_least", key, 0.0, [(1.0, volume), (-float(a.low[p] * shape[t]), gate)], None)
                    row("committed_at_most", key, None, [(1.0, volume), (-float(a.high[p] * shape[t]), gate)], 0.0)
                    if not isinstance(a.profile, FreeProfile) and t != first and shape[t] > 0:
                        row("volume_follows_shape", key, 0.0, [(float(shape[first]), volume), (-float(shape[t]), volumes[first])], 0.0)
                    if isinstance(a.profile, FreeProfile) and a.profile.ramp is not None and t > 0:
                        change = float(a.profile.ramp * a.high[p])
                        row("volume_within_ramp_up", key, None, [(1.0, volume), (-1.0, volumes[t - 1]), (-change, gate)], 0.0)
                        row("volume_within_ramp_down", key, None, [(-1.0, volume), (1.0, volumes[t - 1]), (-change, gate)], 0.0)
    for n in c.nodes:
        for p in range(len(offer.products)):
            terms = [(1.0, kernel.deliver[o, p, s, n]) for s in offer.sites]
            row("all_taken_is_delivered", (p, n), 0.0, [*terms, *((-1.0, kernel.take[o, j, p, n]) for j in range(len(c.alternatives)))], 0.0)
    for name, found in rows.items():
        constrain(block, name, found)


def _capacity(kernel: Kernel) -> None:
    """Suppliers' capacity and its steps.

    commitments_within_capacity:  sum_o,j volume[o,j,p,t,m on the path] <= K[k,p,t] + opened steps that stand in t
    takes_within_capacity:        sum_o,j take[o,j,p,n] <= K[k,p,t(n)] + opened steps that stand at n + what elections bring from elsewhere
    step_needs_commitment:        sum of committed volume >= threshold x periods offered x opened
    step_opens_once:              sum of opened over a path <= 1
    """
    instance, tree = kernel.instance, kernel.instance.tree
    rows: dict[str, dict[Index, Bounds]] = {name: {} for name in ("commitments_within_capacity", "takes_within_capacity", "step_opens_once")}
    for k, p in np.argwhere(np.isfinite(instance.capacity).all(axis=2)):
        contracts = [c for c in kernel.contracts if c.offer.supplier == k and p in c.offer.products]
        for n in instance.nodes:
            t = int(tree.period[n])
            path = set(tree.path(n))
            room: list[Term] = []
            for e in instance.steps:
                if (e.supplier, e.product) == (k, p):
                    standing = [m for m in _moments(kernel.contracts, int(k)) if m in path and max(int(tree.period[m]), 0) + e.build <= t]
                    room += [(-e.volume, kernel.opened[e.index, m]) for m in standing]
            takes, commits = list(room), list(room)
            for c in contracts:
                if c.signed_at[n] >= 0:
                    local = c.offer.products.index(int(p))
                    elsewhere = [i for i, election in enumerate(c.elections) if election.elsewhere]
                    for j in range(len(c.alternatives)):
                        takes.append((1.0, kernel.take[c.offer.index, j, local, n]))
                        takes += [(-1.0, kernel.elected[c.offer.index, i, j, local, n]) for i in elsewhere]
                        commits.append((1.0, kernel.volume[c.offer.index, j, local, t, int(c.signed_at[n])]))
            if len(takes) > len(room):
                limit = float(instance.capacity[k, p, t])
                rows["takes_within_capacity"][int(k), int(p), n] = (None, takes, limit)
                rows["commitments_within_capacity"][int(k), int(p), n] = (None, commits, limit)
    _steps(kernel, rows)
    for name, found in rows.items():
        constrain(kernel.model, name, found)


def _steps(kernel: Kernel, rows: dict[str, dict[Index, Bounds]]) -> None:
    tree = kernel.instance.tree
    rows["step_needs_commitment"] = {}
    for e in kernel.instance.steps:
        contracts = [c for c in kernel.contracts if c.offer.supplier == e.supplier and e.product in c.offer.products]
        offered = {t for c in contracts for t in range(c.offer.start, c.offer.end)}
        moments = _moments(kernel.contracts, e.supplier)
        for m in moments:
            path = set(tree.path(m))
            on_path = [(1.0, kernel.opened[e.index, x]) for x in moments if x in path]
            rows["step_opens_once"][e.index, m] = (None, on_path, 1.0)
            committed: list[Term] = []
            for c in contracts:
                local = c.offer.products.index(e.product)
                committed += [
                    (1.0, kernel.volume[c.offer.index, j, local, t, x])
                    for x in c.signing_nodes
                    if x in path
                    for j in range(len(c.alternatives))
                    for t in range(c.offer.start, c.offer.end)
                ]
            if e.committed > 0:
                rows["step_needs_commitment"][e.index, m] = (0.0, [*committed, (-e.committed * len(offered), kernel.opened[e.index, m])], None)
            kernel.ledger.charge("supplier", kernel.instance.scenario.suppliers[e.supplier].id, e.id, CAPACITY, m, [(e.cost, kernel.opened[e.index, m])])


def require_prepayments(kernel: Kernel) -> None:
    """Written once all clauses have charged, because the ledger knows what is prepaid.

    step_needs_prepayment:  prepayments to the supplier at the moment >= threshold x opened
    """
    rows: dict[Index, Bounds] = {}
    for e in kernel.instance.steps:
        sources = frozenset(c.offer.id for c in kernel.contracts if c.offer.supplier == e.supplier)
        if e.prepaid > 0:
            for m in _moments(kernel.contracts, e.supplier):
                rows[e.index, m] = (0.0, [*kernel.ledger.of(PREPAID, m, sources), (-e.prepaid, kernel.opened[e.index, m])], None)
    constrain(kernel.model, "step_needs_prepayment", rows)
