"""Points at which a clause's model and bill are compared: volumes, and what the buyer decides about them."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from optimizer.bill import statement_of
from optimizer.clauses.base import Restricts
from optimizer.clauses.deal import Contract
from optimizer.clauses.ending import ending_nodes, in_effect
from optimizer.instance import Instance
from optimizer.outcome import Outcome
from tests.optimizer.tiny import Tiny

FAR = 1e6  # far more than can be chosen under any election


@dataclass(frozen=True)
class Point:
    """Volumes held: the alternative signed (None: nothing is), V [Po, T, N] at signing nodes, Q [Po, N], elections [E, Po, N], endings [W, N], and
    what is ordered on spot markets [M, N] (None: nothing)."""

    alternative: int | None
    volume: Any
    take: Any
    elected: Any
    ended: Any
    ordered: Any = None


def with_orders(what: Tiny, point: Point, rng: random.Random) -> list[Point]:
    """The point, and with something bought elsewhere: at one node, and at some."""
    found, markets, nodes = [point], len(what.instance.spots), list(what.instance.nodes)
    for several in (False, True) if markets else ():
        ordered = np.zeros((markets, what.instance.tree.size))
        for n in rng.sample(nodes, rng.randint(2, len(nodes)) if several else 1):
            ordered[rng.randrange(markets), n] = rng.choice((1.0, 50.0))
        found.append(replace(point, ordered=ordered))
    return found


def with_endings(what: Tiny, point: Point, rng: random.Random) -> list[Point]:
    """The point, and with the contract ended somewhere: nothing taken afterwards, or the same takes; and ended at several nodes, twice on some paths."""
    contract, tree = what.contract, what.instance.tree
    moments = [(w, m) for w, ending in enumerate(contract.endings) for m in ending_nodes(contract, ending, tree.period)]
    found = [point]
    for several in (False, False, True) if moments else ():
        ended = np.zeros_like(point.ended)
        for place in rng.sample(moments, rng.randint(1, len(moments)) if several else 1):
            ended[place] = 1.0
        gone = in_effect(tree.parent, dict(zip(contract.endings, ended, strict=True)), tree.size) > 0
        found += [replace(point, ended=ended, take=np.where(gone, 0.0, point.take)), *([replace(point, ended=ended)] if several else [])]
    return found


def with_events(what: Tiny, point: Point) -> list[Point]:
    """The point, and in a contract that events interrupt, with nothing taken where they do."""
    standing = what.contract.interruption
    return [point] if standing is None or point.alternative is None else [point, replace(point, take=np.where(standing.stands > 0, point.take, 0.0))]


def with_choices(what: Tiny, point: Point, rng: random.Random) -> list[Point]:
    """The point, and with volumes chosen under its elections: at every node the most that the clauses allow, or some of it; and one unit more somewhere."""
    places = [(e, p, n) for n in what.contract.nodes for e in range(point.elected.shape[0]) for p in range(point.elected.shape[1])]
    found = [point]
    for share in (lambda: 1.0, lambda: rng.choice((0.0, 0.5, 1.0))) if places else ():
        chosen = replace(point, elected=point.elected.copy())
        for t in range(what.contract.offer.start, what.contract.offer.end):
            nodes = [n for n in what.contract.nodes if what.instance.tree.period[n] == t]
            for e, p in product(*map(range, point.elected.shape[:2])):
                most = _most_chosen(what, chosen, e, p, nodes)
                chosen.elected[e, p, nodes] = [share() * x for x in most]
        found.append(chosen)
    for late in (False, True) if places else ():  # a unit too many: in the last period, and somewhere
        beyond = replace(found[2 - late], elected=found[2 - late].elected.copy())
        last = [place for place in places if what.instance.tree.period[place[2]] == what.contract.offer.end - 1]
        beyond.elected[rng.choice(last if late else places)] += 1.0
        found.append(beyond)
    return found


def _most_chosen(what: Tiny, point: Point, e: int, p: int, nodes: list[int]) -> list[float]:
    """The most that may be chosen at each node of a period, which have no say in each other, given what is chosen before: far more than that, less what
    this breaks the clauses by."""
    tried = replace(point, elected=point.elected.copy())
    tried.elected[e, p, nodes] = FAR
    statement = statement_of(what.instance, what.contract.offer, what.contract, outcome_of(what.instance, what.contract, tried))
    breaches = np.max([clause.breach(statement)[nodes] for clause in what.contract.clauses if isinstance(clause, Restricts)], axis=0)
    return [max(0.0, FAR - float(breach)) for breach in breaches]


def outcome_of(instance: Instance, contract: Contract, point: Point) -> Outcome:
    """The point as an outcome, made by hand: no solver has been near it."""
    size, sites = instance.tree.size, len(instance.scenario.sites)
    signed = np.zeros((len(contract.alternatives), size))
    if point.alternative is not None:
        signed[parts_of(contract, point.alternative)[0], list(contract.signing_nodes)] = 1.0
    products, markets = len(instance.scenario.products), len(instance.spots)
    nothing = np.zeros((products, sites, size))
    ordered = np.zeros((markets, size)) if point.ordered is None else point.ordered
    orders, received = tuple(x[None] for x in ordered), (np.zeros((sites, size)),) * markets
    deliver = np.zeros((len(contract.offer.products), sites, size))
    deliver[:, contract.offer.sites[0]] = point.take
    return Outcome(
        (signed,), (point.volume,), (point.take,), (point.elected,), (point.ended,), (deliver,), orders, received, nothing,
        np.zeros((0, size)), np.zeros((0, sites, size)), nothing, np.zeros((0, size)),
    )  # fmt: skip


def parts_of(contract: Contract, alternative: int) -> list[int]:
    """The contract's alternatives (tiers) that an alternative of the document became."""
    name = contract.offer.alternatives[alternative].id
    return [j for j, a in enumerate(contract.alternatives) if a.id == name or a.id.startswith(f"{name}/")]
