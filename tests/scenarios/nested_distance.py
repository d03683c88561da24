"""The nested distance of two trees (Pflug & Pichler 2014), by backward induction over pairs of nodes: each pair is one transport problem.

d(n, m) = distance of the data on the paths to n and m, for leaves
d(n, m) = least mean of d over the children, over all joint probabilities with the children's conditional ones as margins
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.optimize import linprog

from scenarios.tree import Floats, Tree


def nested_distance(one: Tree, other: Tree, ours: Floats, theirs: Floats) -> float:
    """Between trees whose nodes have the data `ours` [N, K] and `theirs` [M, K]."""
    children = [[np.flatnonzero(tree.parent == n) for n in range(tree.size)] for tree in (one, other)]

    @cache
    def distance(n: int, m: int) -> float:
        here = float(np.abs(ours[n] - theirs[m]).sum()) if n else 0.0
        a, b = children[0][n], children[1][m]
        if not len(a):
            return here
        costs = np.array([[distance(int(i), int(j)) for j in b] for i in a])
        return here + transport(one.probability[a] / one.probability[n], other.probability[b] / other.probability[m], costs)

    return distance(0, 0)


def transport(p: Floats, q: Floats, costs: Floats) -> float:
    """Least mean cost of moving probabilities `p` to `q`."""
    if len(p) == 1 or len(q) == 1:
        return float(p @ costs @ q)
    rows = np.kron(np.eye(len(p)), np.ones(len(q)))
    columns = np.kron(np.ones(len(p)), np.eye(len(q)))
    found = linprog(costs.ravel(), A_eq=np.vstack([rows, columns[:-1]]), b_eq=np.concatenate([p / p.sum(), (q / q.sum())[:-1]]), method="highs")
    return float(found.fun)
