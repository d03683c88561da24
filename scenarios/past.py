"""A tree seen from later than signing: the periods that are over have happened, as one chain of nodes; what can still come hangs below its end.

now -> first period -> ... -> last period that is over -> the futures that are still possible, with the probabilities they have by now
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from models.contract import Observed
from models.scenario import Scenario
from models.uncertainty import Future
from scenarios.tree import Floats, Ints, States, Tree, overwrite

SAME = 1e-12  # values of futures that differ by less are one


@dataclass(frozen=True)
class SeenTree:
    """A tree seen from the end of `past` periods."""

    tree: Tree
    past: int  # periods that are over: nodes 1 to `past` are theirs
    origin: Ints  # [N] node of the tree as it was seen at signing; -1 for the periods that are over


def reached(tree: Tree, past: int, node: str | None) -> Ints:
    """Nodes in which the world may be after `past` periods: the one named, or all of that period; empty where there is no such node there."""
    return np.array([n for n in np.flatnonzero(tree.period == past - 1) if node in (None, tree.ids[n])], dtype=np.int64)


def past_states(scenario: Scenario, tree: Tree, at: Ints, observed: Observed, past: int) -> States:
    """What was true in each of the periods that are over: as observed, elsewhere the mean of the futures that go through the nodes `at`. [past, ...]"""
    rows = [_mean(tree, at, t) for t in range(past)]
    states = States(*(np.stack([getattr(row, f.name) for row in rows]) for f in fields(States)))
    overwrite(scenario, states, _future(observed))
    return states


def doubtful(tree: Tree, at: Ints, past: int) -> States:
    """By how much the futures that go through the nodes `at` differ in each of the periods that are over. [past, ...]"""
    rows = [tree.states.at(_ancestors(tree, at, t)) for t in range(past)]
    return States(*(np.stack([np.ptp(getattr(row, f.name), axis=0) for row in rows]) for f in fields(States)))


def seen_from(scenario: Scenario, tree: Tree, at: Ints, states: States) -> SeenTree:
    """The tree from the end of the periods that `states` tells of [past, ...]; the world is in one of the nodes `at`."""
    past = len(states.demand)
    if past == 0:
        return SeenTree(tree, 0, np.arange(tree.size, dtype=np.int64))
    below = np.zeros(tree.size, dtype=bool)
    below[at] = True
    for nodes in tree.levels():
        below[nodes] |= below[tree.parent[nodes]]
    later = np.flatnonzero(below & (tree.period >= past))
    new = np.full(tree.size, past, dtype=np.int64)  # whatever lies before is the end of the chain
    new[later] = past + 1 + np.arange(len(later))
    leaves = np.flatnonzero(np.isin(later, tree.leaves))
    over = not len(later)
    seen = Tree(
        ids=("now", *(f"past.{name}" for name in scenario.period_ids[:past]), *(tree.ids[n] for n in later)),
        parent=np.concatenate([np.arange(-1, past), new[tree.parent[later]]]).astype(np.int64),
        period=np.concatenate([np.arange(-1, past), tree.period[later]]).astype(np.int64),
        probability=np.concatenate([np.ones(past + 1), tree.probability[later] / tree.probability[at].sum()]),
        states=States(
            *(np.concatenate([getattr(tree.states, f.name)[:1], getattr(states, f.name), getattr(tree.states, f.name)[later]]) for f in fields(States))
        ),
        leaves=np.array([past]) if over else past + 1 + leaves.astype(np.int64),
        futures=("as it happened",) if over else tuple(name for name, leaf in zip(tree.futures, tree.leaves, strict=True) if below[leaf]),
        foresight=tree.foresight,
    )
    return SeenTree(seen, past, np.concatenate([[0], np.full(past, -1), later]).astype(np.int64))


def _ancestors(tree: Tree, at: Ints, period: int) -> Ints:
    return tree.ancestor_at(period)[at]


def _mean(tree: Tree, at: Ints, period: int) -> States:
    states = tree.states.at(_ancestors(tree, at, period))
    weights = tree.probability[at]
    return States(*(np.average(getattr(states, f.name), axis=0, weights=weights) for f in fields(States)))


def _future(observed: Observed) -> Future:
    """What was observed, as a future gives it."""
    given = {name: getattr(observed, name) for name in Observed.model_fields}
    return Future(id="past", probability=1.0, **given)


def undecided(apart: Floats) -> bool:
    """Whether futures differ in something."""
    return bool((apart > SAME).any())
