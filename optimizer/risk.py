"""Expected cost and CVaR, and the objective that weighs them.

K[n] discounted cost accumulated on the path to n (declared where paths branch and at leaves), eta the threshold, xi_l the excess of leaf l.

    cost_accumulates[n]:      K[n] = K[previous] + sum of discounted ledger rows since
    cost_beyond_threshold:    xi_l >= K[l] - eta
    minimise                  (1 - weight) sum_n prob_n discount_n charges_n + weight (eta + sum_l prob_l xi_l / tail)

eta is bounded by the range that path costs can have, which keeps every relaxation bounded; `bounds` in the compiled problem sets it.
Reference: Rockafellar & Uryasev (2000), Optimization of conditional value-at-risk, Journal of Risk 2(3).
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo
from pyomo.core.expr.numeric_expr import LinearExpression

from optimizer.clauses.base import Bounds, Index, constrain
from optimizer.decisions import Kernel
from optimizer.ledger import Term

RISK = ("accumulated", "threshold", "excess")  # the block's variables


def averse(kernel: Kernel) -> bool:
    """Whether the objective holds a CVaR that is not just the mean."""
    return kernel.instance.risk_weight > 0 and kernel.instance.risk_tail < 1 and len(kernel.instance.tree.leaves) > 1


def build_risk(kernel: Kernel) -> None:
    """Declare the objective, and the CVaR's rows where it has any."""
    instance, model, tree = kernel.instance, kernel.model, kernel.instance.tree
    weight = instance.risk_weight if averse(kernel) else 0.0
    objective: list[Term] = []
    if weight < 1:
        scale = (1.0 - weight) * tree.probability * instance.discount
        objective += [(float(scale[row.node]) * c, v) for row in kernel.ledger.rows for c, v in row.terms]
    if weight > 0:
        objective += _tail(kernel, weight)
    model.cost = pyo.Objective(expr=LinearExpression(constant=0, linear_coefs=[c for c, _ in objective], linear_vars=[v for _, v in objective]))


def build_stand_in(kernel: Kernel) -> None:
    """An objective that names every column that is charged, whatever it costs."""
    charged = {id(v): v for row in kernel.ledger.rows for _, v in row.terms}
    kernel.model.cost = pyo.Objective(expr=LinearExpression(constant=0, linear_coefs=[1.0] * len(charged), linear_vars=list(charged.values())))


def _tail(kernel: Kernel, weight: float) -> list[Term]:
    instance, tree = kernel.instance, kernel.instance.tree
    kernel.model.risk = pyo.Block()
    block = kernel.model.risk
    children = tree.children_count()
    stops = [0, *(n for n in instance.nodes if children[n] != 1)]  # node 0, branching nodes and leaves carry the accumulated cost
    leaves = tree.leaves.tolist()
    block.accumulated = pyo.Var(stops)
    block.threshold = pyo.Var([0])
    block.excess = pyo.Var(leaves, domain=pyo.NonNegativeReals)
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
    beyond: dict[Index, Bounds] = {(n,): (0.0, [(1.0, block.excess[n]), (1.0, block.threshold[0]), (-1.0, block.accumulated[n])], None) for n in leaves}
    constrain(block, "cost_beyond_threshold", beyond)
    tail = weight / instance.risk_tail
    return [(weight, block.threshold[0]), *((tail * float(tree.probability[n]), block.excess[n]) for n in leaves)]


def _merged(terms: list[Term]) -> list[Term]:
    """Terms with each variable once."""
    coefficients: dict[int, float] = {}
    variables: dict[int, Any] = {}
    for c, v in terms:
        coefficients[id(v)] = coefficients.get(id(v), 0.0) + c
        variables[id(v)] = v
    return [(c, variables[key]) for key, c in coefficients.items()]


def cost_range(lower: Any, upper: Any, cash: Any, leaf_nodes: list[list[int]]) -> tuple[float, float]:
    """Least and largest cost that any path can have, from the bounds of the variables; `cash` is nodes x columns, discounted."""
    positive, negative = cash.maximum(0), cash.minimum(0)
    most = positive @ upper + negative @ lower
    least = positive @ lower + negative @ upper
    return float(min(least[nodes].sum() for nodes in leaf_nodes)), float(max(most[nodes].sum() for nodes in leaf_nodes))
