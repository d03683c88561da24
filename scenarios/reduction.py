"""From many futures to a tree of few nodes, and to few futures that stand for many.

Clusters are nested: all futures are at node 0; in period t the futures at a node are divided into at most `branching[t]` clusters, its children
(`reduction_clusters`), whose data are averaged and stretched (`reduction_levels`). A node's probability is that of its futures. What is compared are the data
of period t, and of the periods up to the next branching, which nothing will divide any more: each driver standardised over all futures, the columns of
one kind of data weighing 1 together. Beside them stands, with weight h, the *hardship* so far: discounted rough cost up to t (`reduction_cost`), so that
futures that turn bad are told apart from the others before anything else. Nothing later is looked at, because a tree that is divided by what is to come
would tell the plan what a buyer can't know.

h, the strength of the stretching and the start of the clustering are chosen by measurement: of a few trees the one whose rough total costs (bought on the
spot market only, and with all of mean demand under contract) come closest to those of the futures in mean, standard deviation, median, P95 and P99.

References: Heitsch & Romisch (2009), Scenario tree modeling for multistage stochastic programs; Pflug & Pichler (2014), Multistage Stochastic
Optimization (nested distance: why not to look ahead); Dupacova, Growe-Kuska & Romisch (2003), Scenario reduction in stochastic programming (futures that
stand for others).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from itertools import product

import numpy as np

from models.errors import Finding, InvalidScenario
from models.scenario import Scenario
from models.tree_report import Figures, Kept
from scenarios.reduction_clusters import clusters, mass_of
from scenarios.reduction_cost import rough_cost
from scenarios.reduction_levels import ROUNDING, Level, each, level_of, means
from scenarios.reduction_report import PLANS, figures_of
from scenarios.tree import Floats, Ints, Paths, States, Tree, base_states, known_now

HARDSHIP = (1.0, 2.0, 4.0)  # weights of the cost so far that are tried
STRENGTH = (0.0, 0.25, 0.5, 0.75, 1.0)  # shares of the lost spread to give back that are tried
STARTS = 2  # clusterings tried per weight
COMPARED = {"mean": 4.0, "deviation": 1.0, "p50": 1.0, "p95": 1.0, "p99": 1.0}  # how much a relative difference in rough cost counts
DRAWS = 8  # draws of representative futures tried per clustering


def reduce_paths(scenario: Scenario, paths: Paths, branching: tuple[int, ...], seed: int) -> Tree:
    """The futures as a tree in which a node has at most `branching[t]` children in period t (missing = 1: divided no further).

    Futures with the same data share nodes, and where a node has no more different futures than children, each gets its own: branching (F, 1, ..., 1)
    with F different futures is the fan, and branching without limit is the tree of all data. The same seed gives the same tree.
    """
    periods = len(scenario.periods)
    if not branching or len(branching) > periods or min(branching) < 1:
        raise InvalidScenario([Finding("uncertainty.tree.branching", f"must be 1 to {periods} whole numbers of at least 1, not {list(branching)}")])
    children = (*branching, *(1,) * (periods - len(branching)))
    yardstick = _yardstick(scenario, paths)
    best: tuple[float, list[Level], list[States]] | None = None
    for hardship, start in product(HARDSHIP, range(STARTS)):
        rng = np.random.default_rng([seed, start])
        labels = _divided(_columns(paths, yardstick.hardship, hardship), paths.probability, children, rng)
        levels = [level_of(paths, t, label) for t, label in enumerate(labels)]
        for strength in STRENGTH:
            states = [level.stretched(strength) for level in levels]
            error = yardstick.error(_along(levels, states))
            if best is None or error < best[0]:
                best = error, levels, states
        if best is not None and best[0] < ROUNDING:
            break  # nothing was lost
    assert best is not None
    return _tree(scenario, paths, children, best[1], best[2], yardstick)


def thin(paths: Paths, count: int, seed: int, cost: Floats | None = None) -> Paths:
    """At most `count` of the futures, with the probabilities of those they stand for; the same seed gives the same futures.

    Futures are clustered on all their data, and on what they `cost` [F] under some plan where that is known: rare dear futures then stand for themselves.
    From each cluster one future is drawn by probability, which makes a stratified sample, or the one nearest to the mean is taken: of several such
    choices the one that comes closest to mean and standard deviation of all futures.
    """
    if count >= paths.count:
        return paths
    best: tuple[float, Ints, Floats] = np.inf, np.arange(0), np.zeros(0)
    for hardship, start in product(HARDSHIP if cost is not None else (0.0,), range(STARTS)):
        rng = np.random.default_rng([seed, start])
        points = _columns(paths, None if cost is None else cost[:, None, None], hardship).reshape(paths.count, -1)
        label = clusters(points, paths.probability, count, rng)
        mass = mass_of(label, paths.probability)
        nearness = -((points - means(points, paths.probability, label)[label]) ** 2).sum(axis=1)
        for draw in range(DRAWS + 1):
            # the largest of log w + Gumbel noise is a draw with probability proportional to w
            pull = nearness if draw == 0 else np.log(paths.probability) + rng.gumbel(size=paths.count)
            order = np.lexsort((-pull, label))
            chosen = order[np.searchsorted(label[order], np.arange(len(mass)))]
            error = _missed(points, paths.probability, points[chosen], mass)
            if error < best[0]:
                best = error, chosen, mass
    order = np.argsort(best[1])
    return replace(paths.pick(best[1][order]), probability=best[2][order] / best[2].sum())


@dataclass(frozen=True)
class _Yardstick:
    """Rough costs of the futures, and how far those of a tree are from them."""

    scenario: Scenario
    hardship: Floats  # [F, T, plans] discounted rough cost so far
    total: tuple[Figures, ...]  # of every rough plan's total cost

    def differences(self, leaves: Paths, figure: str) -> list[float]:
        """Relative difference of a figure of total cost, plan by plan."""
        here = (figures_of(rough_cost(self.scenario, leaves, share).sum(axis=1), leaves.probability) for share in PLANS)
        return [Kept(name="", period=None, futures=there, tree=x).difference(figure) for there, x in zip(self.total, here, strict=True)]

    def error(self, leaves: Paths) -> float:
        """One figure for how far a tree is from the futures."""
        return sum(importance * abs(by) for figure, importance in COMPARED.items() for by in self.differences(leaves, figure))


def _yardstick(scenario: Scenario, paths: Paths) -> _Yardstick:
    so_far = np.stack([rough_cost(scenario, paths, share).cumsum(axis=1) for share in PLANS], axis=2)
    return _Yardstick(scenario, so_far, tuple(figures_of(so_far[:, -1, i], paths.probability) for i in range(len(PLANS))))


def _columns(paths: Paths, cost: Floats | None, hardship: float) -> Floats:
    """What futures are compared by: every kind of data, standardised per period, and `cost` [F, T or 1, plans] with a weight. [F, T, K]"""
    count, periods = paths.states.demand.shape[:2]
    blocks = [(getattr(paths.states, field.name).reshape(count, periods, -1), 1.0) for field in fields(States)]
    if cost is not None:
        blocks.append((np.broadcast_to(cost, (count, periods, cost.shape[2])), hardship))
    found = []
    for data, importance in blocks:
        mean = np.tensordot(paths.probability, data, 1)
        spread = np.sqrt(np.tensordot(paths.probability, (data - mean) ** 2, 1))
        varies = spread > ROUNDING * np.abs(mean)
        scale = importance / np.sqrt(np.maximum(varies.sum(axis=1, keepdims=True), 1))
        found.append(np.where(varies, (data - mean) * scale / np.where(varies, spread, 1.0), 0.0))
    return np.concatenate(found, axis=2)


def _divided(columns: Floats, weight: Floats, children: tuple[int, ...], rng: np.random.Generator) -> list[Ints]:
    """Node of every future in every period, numbered from 0 in each. T arrays [F]"""
    count, periods = columns.shape[:2]
    label, found = np.zeros(count, dtype=np.int64), []
    for t in range(periods):
        if children[t] > 1:
            until = next((later for later in range(t + 1, periods) if children[later] > 1), periods)
            points, finer, nodes = columns[:, t:until].reshape(count, -1), label.copy(), 0
            for node in range(int(label.max()) + 1):
                members = np.flatnonzero(label == node)
                inside = clusters(points[members], weight[members], children[t], rng)
                finer[members] = nodes + inside
                nodes += int(inside.max()) + 1
            label = finer
        found.append(label)
    return found


def _along(levels: list[Level], states: list[States]) -> Paths:
    """The paths to the leaves."""
    last = levels[-1]
    rows = [state.at(level.label[last.first]) for level, state in zip(levels, states, strict=True)]
    ids = tuple(str(leaf) for leaf in range(len(last.first)))
    return Paths(ids, last.probability / last.probability.sum(), each(lambda *x: np.stack(x, axis=1), *rows))


def _missed(points: Floats, weight: Floats, chosen: Floats, mass: Floats) -> float:
    """How far mean and standard deviation of some points are from those of all."""
    found = []
    for x, w in ((points, weight), (chosen, mass)):
        mean = w @ x / w.sum()
        found.append((mean, np.sqrt(w @ (x - mean) ** 2 / w.sum())))
    return float(sum(np.linalg.norm(there - here) for there, here in zip(*found, strict=True)))


def _tree(scenario: Scenario, paths: Paths, children: tuple[int, ...], levels: list[Level], states: list[States], yardstick: _Yardstick) -> Tree:
    """Levels as a tree, period by period; a node has the name of the first of its futures."""
    sizes = [len(level.first) for level in levels]
    start = np.cumsum([1, *sizes])
    parent = [np.array([-1]), np.zeros(sizes[0])]
    parent += [start[t - 1] + levels[t - 1].label[levels[t].first] for t in range(1, len(levels))]
    now = known_now(scenario, base_states(scenario))
    leaves = levels[-1]
    count = np.bincount(leaves.label)
    return Tree(
        ids=("now", *(f"{period}.{paths.ids[f]}" for period, level in zip(scenario.period_ids, levels, strict=True) for f in level.first)),
        parent=np.concatenate(parent).astype(np.int64),
        period=np.repeat(np.arange(-1, len(levels)), [1, *sizes]),
        probability=np.concatenate([[1.0], *(level.probability for level in levels)]),
        states=each(lambda known, *x: np.concatenate([known[None], *x]), now, *states),
        leaves=np.arange(start[-2], start[-1], dtype=np.int64),
        futures=tuple(paths.ids[f] if n == 1 else f"{paths.ids[f]} and {n - 1} like it" for f, n in zip(leaves.first, count, strict=True)),
        foresight=_foresight(paths, children, sizes, yardstick, _along(levels, states)),
    )


def _foresight(paths: Paths, children: tuple[int, ...], sizes: list[int], yardstick: _Yardstick, leaves: Paths) -> str:
    """What the tree assumes about who knows what when, and how well it stands for the futures."""
    if sizes[-1] == 1:
        return f"one future, known in advance: the mean of {paths.count:,}" if paths.count > 1 else "one future, known in advance"
    if max(children[1:], default=1) == 1:
        known = "which future has come true is known right after signing"
        if sizes[-1] == paths.count:
            return known
        shape = f"a fan of {sizes[-1]:,} futures clustered from {paths.count:,}; {known}"
    else:
        shape = f"a tree of {', '.join(f'{n:,}' for n in (1, *sizes))} nodes clustered from {paths.count:,} futures; data become known "
        branching = [t for t, n in enumerate(children) if n > 1]
        gaps = branching[0] > 0 or len(branching) < len(children)
        shape += "where the tree branches, for all periods up to the next branching" if gaps else "period by period"
    off = (max(abs(by) for by in yardstick.differences(leaves, figure)) for figure in ("p95", "p99"))
    return shape + "; P95 and P99 of a rough total cost are kept within {:.1%} and {:.1%}".format(*off).replace("%", " %")
