"""Expected cost, the worst of it over wrong probabilities, CVaR, and the objective that weighs them.

K[n] discounted cost accumulated on the path to n (declared where paths branch and at leaves), eta the threshold, xi_l the excess of leaf l.

    cost_accumulates[n]:      K[n] = K[previous] + sum of discounted ledger rows since
    cost_beyond_threshold:    xi_l >= K[l] - eta
    minimise                  (1 - weight) sum_n prob_n discount_n charges_n + weight (eta + sum_l prob_l xi_l / tail)

eta is bounded by the range that path costs can have, which keeps every relaxation bounded; `bounds` in the compiled problem sets it.
Reference: Rockafellar & Uryasev (2000), Optimization of conditional value-at-risk, Journal of Risk 2(3).

With an ambiguity of radius r the expected cost is that of the worst probabilities q with (1/2) sum |q_l - prob_l| <= r. They leave the cheapest r of
probability empty and put it on the dearest future, so that it is r max K + (1 - r) CVaR with tail 1 - r: M stands for the maximum, nu and zeta for
that CVaR's threshold and excess (by duality, nu is what the marginal future costs).

    cost_below_dearest:       M >= K[l]
    cost_beyond_cheap:        zeta_l >= K[l] - nu
    worst expected cost       r M + (1 - r) nu + sum_l prob_l zeta_l
Reference: Jiang & Guan (2018), Risk-averse two-stage stochastic program with distributional ambiguity, Operations Research 66(5).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from optimizer.algebra import LinearExpression, pyo
from optimizer.decisions import Kernel
from optimizer.instance import Instance
from optimizer.ledger import Term
from optimizer.rows import Bounds, Index, constrain
from scenarios.tree import Floats, Tree

RISK = ("accumulated", "threshold", "excess", "dearest", "cheap", "beyond_cheap")  # the block's variables, where it has them
EXCESSES = ("excess", "beyond_cheap")  # of these: differences of costs, never negative


def plain(instance: Instance) -> bool:
    """Whether the objective is the mean-CVaR over given probabilities, which every method can minimise; otherwise it takes the extensive form."""
    return _radius(instance) == 0.0


def _radius(instance: Instance) -> float:
    """Radius of the ambiguity; with one future there is nothing to be wrong about."""
    return instance.scenario.risk.radius if len(instance.tree.leaves) > 1 else 0.0


def averse(kernel: Kernel) -> bool:
    """Whether the objective holds a CVaR that is not just the (worst) mean."""
    instance = kernel.instance
    return instance.risk_weight > 0 and len(instance.tree.leaves) > 1 and (instance.risk_tail < 1 or not plain(instance))


def build_risk(kernel: Kernel) -> None:
    """Declare the objective, and the rows of path costs where it needs any."""
    instance, model, tree = kernel.instance, kernel.model, kernel.instance.tree
    weight, radius = instance.risk_weight if averse(kernel) else 0.0, _radius(instance)
    objective: list[Term] = []
    if weight < 1 and radius == 0:
        scale = (1.0 - weight) * tree.probability * instance.discount
        objective += [(float(scale[row.node]) * c, v) for row in kernel.ledger.rows for c, v in row.terms]
    if weight > 0 or radius > 0:
        _accumulate(kernel, weight > 0, weight < 1 and radius > 0)
    if weight > 0:
        objective += _tail(kernel, weight)
    if weight < 1 and radius > 0:
        objective += _worst(kernel, 1.0 - weight, radius)
    model.cost = pyo.Objective(expr=LinearExpression(constant=0, linear_coefs=[c for c, _ in objective], linear_vars=[v for _, v in objective]))


def build_stand_in(kernel: Kernel) -> None:
    """An objective that names every column that is charged, whatever it costs."""
    charged = {id(v): v for row in kernel.ledger.rows for _, v in row.terms}
    kernel.model.cost = pyo.Objective(expr=LinearExpression(constant=0, linear_coefs=[1.0] * len(charged), linear_vars=list(charged.values())))


def _accumulate(kernel: Kernel, tail: bool, ambiguous: bool) -> None:
    """The block's variables, and the accumulated cost of node 0, of branching nodes and of leaves."""
    instance, tree = kernel.instance, kernel.instance.tree
    kernel.model.risk = pyo.Block()
    block = kernel.model.risk
    children = tree.children_count()
    stops = [0, *(n for n in instance.nodes if children[n] != 1)]  # node 0, branching nodes and leaves carry the accumulated cost
    leaves = tree.leaves.tolist()
    block.accumulated = pyo.Var(stops)
    if tail:
        block.threshold = pyo.Var([0])
        block.excess = pyo.Var(leaves, domain=pyo.NonNegativeReals)
    if ambiguous:
        block.dearest, block.cheap = pyo.Var([0]), pyo.Var([0])
        block.beyond_cheap = pyo.Var(leaves, domain=pyo.NonNegativeReals)
    carried = set(stops)
    rows: dict[Index, Bounds] = {}
    for n in stops:
        terms: list[Term] = [(1.0, block.accumulated[n])]
        here = n
        while True:
            terms += [(-float(instance.discount[here]) * c, v) for row in kernel.ledger.by_node.get(here, ()) for c, v in row.terms]
            here = int(tree.parent[here])
            if here < 0:
                break
            if here in carried:
                terms.append((-1.0, block.accumulated[here]))
                break
        rows[(n,)] = (0.0, _merged(terms), 0.0)
    constrain(block, "cost_accumulates", rows)


def _tail(kernel: Kernel, weight: float) -> list[Term]:
    """The CVaR under the given probabilities, times `weight`."""
    instance, tree, block = kernel.instance, kernel.instance.tree, kernel.model.risk
    leaves = tree.leaves.tolist()
    beyond: dict[Index, Bounds] = {(n,): (0.0, [(1.0, block.excess[n]), (1.0, block.threshold[0]), (-1.0, block.accumulated[n])], None) for n in leaves}
    constrain(block, "cost_beyond_threshold", beyond)
    tail = weight / instance.risk_tail
    return [(weight, block.threshold[0]), *((tail * float(tree.probability[n]), block.excess[n]) for n in leaves)]


def _worst(kernel: Kernel, share: float, radius: float) -> list[Term]:
    """The expected cost under the worst probabilities within `radius`, times `share`."""
    tree, block = kernel.instance.tree, kernel.model.risk
    leaves = tree.leaves.tolist()
    below: dict[Index, Bounds] = {(n,): (0.0, [(1.0, block.dearest[0]), (-1.0, block.accumulated[n])], None) for n in leaves}
    constrain(block, "cost_below_dearest", below)
    beyond: dict[Index, Bounds] = {(n,): (0.0, [(1.0, block.beyond_cheap[n]), (1.0, block.cheap[0]), (-1.0, block.accumulated[n])], None) for n in leaves}
    constrain(block, "cost_beyond_cheap", beyond)
    worst = [(share * radius, block.dearest[0]), (share * (1.0 - radius), block.cheap[0])]
    return [*worst, *((share * float(tree.probability[n]), block.beyond_cheap[n]) for n in leaves)]


def _merged(terms: list[Term]) -> list[Term]:
    """Terms with each variable once."""
    coefficients: dict[int, float] = {}
    variables: dict[int, Any] = {}
    for c, v in terms:
        coefficients[id(v)] = coefficients.get(id(v), 0.0) + c
        variables[id(v)] = v
    return [(c, variables[key]) for key, c in coefficients.items()]


def cost_range(lower: Floats, upper: Floats, cash: Any, tree: Tree) -> tuple[float, float]:
    """Least and largest cost that any path can have, from the bounds of the variables; `cash` is nodes x columns (csr), discounted."""
    used = np.flatnonzero(cash.data)
    amount, column = cash.data[used], cash.indices[used]
    node = np.repeat(np.arange(tree.size), np.diff(cash.indptr))[used]
    low, high = amount * lower[column], amount * upper[column]

    def of_leaves(each: Floats) -> Floats:
        return tree.summed(np.asarray(np.bincount(node, weights=each, minlength=tree.size), dtype=float))[tree.leaves]

    return float(of_leaves(np.minimum(low, high)).min()), float(of_leaves(np.maximum(low, high)).max())
