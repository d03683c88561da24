"""Where to begin a large problem over many futures: the first stage that would be right if every future were the average one.

The nodes of a depth are taken together: columns that stand in the same place are one, rows are their average by probability, and the tail is left out. That
is the average future's problem, made of the matrix alone. With its first stage held, the large problem falls into pieces that the simplex method solves many
times faster than the whole, and from where that ends, the whole is a short way off. It is a place to begin, so nothing depends on it but time.
Reference: Birge & Louveaux (2011), Introduction to Stochastic Programming, section 4.2 (the expected value problem).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from models.errors import SolverFailure
from optimizer.solve.highs import solve_problem
from optimizer.solve.problem import Problem
from optimizer.solve.search import Guess
from scenarios.tree import Floats, Ints, Tree

LARGE = 5_000  # rows from which it pays


def first_guess(problem: Problem, tree: Tree, *, seconds: float, seed: int) -> tuple[Guess | None, float]:
    """Values for the columns of node 0, and the time that HiGHS took; None where the problem is small, or its futures differ in more than numbers."""
    free = (problem.column_node == 0) & (problem.lower < problem.upper)
    now = np.flatnonzero(free)
    if len(problem.row_lower) < LARGE or len(tree.leaves) < 2 or not len(now):
        return None, 0.0
    average = _average(problem, tree)
    if average is None:
        return None, 0.0
    chain, place = average
    try:
        found = solve_problem(chain, seconds=seconds, seed=seed, presolve=False)
    except SolverFailure:
        return None, 0.0
    return None if found.x is None else (now, found.x[place[now]]), found.seconds


def _average(problem: Problem, tree: Tree) -> tuple[Problem, Ints] | None:
    """The average future's relaxation, and which of its columns stands for each column."""
    depth = np.zeros(tree.size, dtype=np.int64)
    for n in range(1, tree.size):
        depth[n] = depth[tree.parent[n]] + 1
    columns, rows = _places(problem.column_node, depth), _places(problem.row_node, depth)
    if columns is None or rows is None:
        return None
    probability, single = np.asarray(tree.probability), problem.row_node < 0
    share = np.where(single, 1.0, probability[problem.row_node])  # rows over all futures hold averages already
    kept = ~single | (problem.row_rule >= 0)
    gather = sparse.csr_matrix((share[kept], (rows[kept], np.flatnonzero(kept))), shape=(rows.max() + 1, len(rows)))
    spread = sparse.csr_matrix((np.ones(len(columns)), (np.arange(len(columns)), columns)), shape=(len(columns), columns.max() + 1))
    by_place = sparse.csr_matrix((_shares(problem.column_node, probability), (columns, np.arange(len(columns)))), shape=(columns.max() + 1, len(columns)))
    cost = np.where(problem.column_node < 0, np.where(_in_tail(problem), 0.0, problem.cost), problem.cash.T @ probability)
    chain = replace(
        problem,
        matrix=(gather @ problem.matrix @ spread).tocsr(),
        row_lower=_mean(gather, problem.row_lower),
        row_upper=_mean(gather, problem.row_upper),
        cost=spread.T @ cost,
        offset=0.0,
        lower=_mean(by_place, problem.lower),
        upper=_mean(by_place, problem.upper),
        integer=np.zeros(columns.max() + 1, dtype=bool),
    )
    return chain, columns


def _places(node: Ints, depth: Ints) -> Ints | None:
    """A number for every place that a row or column can have at a depth, and one for each that ties futures together; None if nodes of a depth differ."""
    own = node >= 0
    counts = np.bincount(node[own], minlength=len(depth))
    sizes = np.zeros(depth.max() + 1, dtype=np.int64)
    sizes[depth] = counts
    if (counts != sizes[depth]).any():
        return None
    order = np.argsort(node[own], kind="stable")
    starts = np.concatenate([[0], np.cumsum(counts)])[:-1]
    within = np.empty(int(own.sum()), dtype=np.int64)
    within[order] = np.arange(len(order)) - starts[node[own]][order]
    found = np.empty(len(node), dtype=np.int64)
    found[own] = np.concatenate([[0], np.cumsum(sizes)])[depth[node[own]]] + within
    found[~own] = sizes.sum() + np.arange(int((~own).sum()))
    return found


def _in_tail(problem: Problem) -> Any:
    """Columns over all futures that no rule's row names: the tail's."""
    ruled = problem.matrix[problem.row_rule >= 0]
    named = np.zeros(len(problem.cost), dtype=bool)
    named[ruled.indices] = True
    return ~named


def _shares(node: Ints, probability: Floats) -> Floats:
    """How much each column counts in the average of its place."""
    return np.where(node < 0, 1.0, probability[node])


def _mean(weights: Any, values: Floats) -> Floats:
    """Weighted means of numbers of which some may be infinite."""
    finite = np.isfinite(values)
    endless = weights @ np.where(finite, 0.0, np.sign(values))
    mean = weights @ np.where(finite, values, 0.0)
    mean[endless > 0], mean[endless < 0] = np.inf, -np.inf
    return np.asarray(mean)
