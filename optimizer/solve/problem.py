"""A declared model as matrices, with what each row and column belongs to, so that parts of it can be fixed, cut out or relaxed without Pyomo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from optimizer.algebra import PauseGC
from optimizer.decisions import KERNEL, Kernel
from optimizer.outcome import Values
from optimizer.risk import EXCESSES, RISK, cost_range
from optimizer.solve.compiling import light_forms, linear_form
from optimizer.solve.names import Names
from optimizer.varying import apart
from scenarios.tree import Floats, Ints

Bools = Any
PIN = 1e-7  # relative; a solver's tolerance


@dataclass(frozen=True)
class Problem:
    """minimise cost x + offset, row_lower <= A x <= row_upper, lower <= x <= upper, some x integer. R rows, C columns."""

    matrix: Any  # [R, C] csr
    row_lower: Floats
    row_upper: Floats
    cost: Floats  # [C]
    offset: float
    lower: Floats
    upper: Floats
    integer: Bools  # [C]
    column_node: Ints  # [C] node at which the column is decided, -1: ties futures together
    row_node: Ints  # [R] node the row belongs to, -1: ties futures together
    row_rule: Ints  # [R] index of the hard or priced rule that demands the row, -1: none (also for rows that define a rule's own variables)
    cash: Any  # [N, C] csr, discounted cost and penalties at each node
    keys: Mapping[str, tuple[Ints, Ints]]  # kernel variable -> (index rows [k, i], columns [k])
    names: tuple[Any, Any]  # what rows and columns stand for (Pyomo's data, or labels of a stamped problem), for names
    naming: Any  # spells them out: `Names`, or its like in `stamping`

    def values(self, x: Floats) -> Values:
        """Values of the kernel variables in a solution."""
        return values_of(self.keys, x)

    def fixed(self, columns: Ints, values: Floats) -> Problem:
        """The problem with some columns fixed."""
        lower, upper = self.lower.copy(), self.upper.copy()
        lower[columns] = upper[columns] = values
        return replace(self, lower=lower, upper=upper)

    def without_rules(self, dropped: Bools) -> Problem:
        """The problem with some rows free (`dropped` is a mask over rows)."""
        return replace(self, row_lower=np.where(dropped, -np.inf, self.row_lower), row_upper=np.where(dropped, np.inf, self.row_upper))

    def part(self, rows: Bools, columns: Bools) -> Problem:
        """Some rows and columns (masks); it has no cash and no keys of its own."""
        return replace(
            self,
            matrix=self.matrix[rows][:, columns],
            row_lower=self.row_lower[rows],
            row_upper=self.row_upper[rows],
            cost=self.cost[columns],
            offset=0.0,
            lower=self.lower[columns],
            upper=self.upper[columns],
            integer=self.integer[columns],
            column_node=self.column_node[columns],
            row_node=self.row_node[rows],
            row_rule=self.row_rule[rows],
        )

    def pinned(self, columns: Ints, values: Floats) -> Problem:
        """Columns held near values that another solve has found, within its tolerance and their bounds."""
        slack = np.where(self.integer[columns], 0.0, PIN * np.maximum(1.0, np.abs(values)))
        lower, upper = self.lower.copy(), self.upper.copy()
        lower[columns] = np.maximum(lower[columns], values - slack)
        upper[columns] = np.maximum(np.minimum(upper[columns], values + slack), lower[columns])
        return replace(self, lower=lower, upper=upper)

    def column_name(self, j: int) -> str:
        """The column's name, with ids."""
        return str(self.naming.of(self.names[1][j]))

    def row_name(self, i: int) -> str:
        """The row's name, with ids."""
        return str(self.naming.of(self.names[0][i]))


def values_of(keys: Mapping[str, tuple[Ints, Ints]], x: Floats) -> Values:
    """Values of the variables with these indices and columns in a solution."""
    return {name: (index, x[columns]) for name, (index, columns) in keys.items()}


def compile_problem(kernel: Kernel, *, coupled: bool | None = None) -> Problem:
    """The matrices of a declared model. `coupled`: whether there is more than one future for rules to tie together; by default the tree says so."""
    with PauseGC():  # all of it stays
        return _compiled(kernel, len(kernel.instance.tree.leaves) > 1 if coupled is None else coupled)


def _compiled(kernel: Kernel, coupled: bool) -> Problem:
    form = linear_form(kernel.model)
    of = {id(v): j for j, v in enumerate(form.columns)}
    bounds = [v.bounds for v in form.columns]
    coupling = _coupling_rules(kernel) if coupled else frozenset[int]()
    row_node, row_rule = _owners(form.rows, coupling)
    problem = Problem(
        matrix=form.matrix,
        row_lower=form.row_lower,
        row_upper=form.row_upper,
        cost=form.cost,
        offset=form.offset,
        lower=np.array([-np.inf if low is None else low for low, _ in bounds], dtype=float),
        upper=np.array([np.inf if high is None else high for _, high in bounds], dtype=float),
        integer=np.array([v.is_integer() for v in form.columns], dtype=bool),
        column_node=_owners(form.columns, coupling)[0],
        row_node=row_node,
        row_rule=row_rule,
        cash=_cash(kernel, of, len(form.columns)),
        keys={name: _keys(getattr(kernel, name), of) for name in KERNEL},
        names=(form.rows, form.columns),
        naming=Names(kernel),
    )
    return bounded_risk(kernel, problem)


def compile_light(kernel: Kernel, count: int = 1) -> tuple[Problem, ...]:
    """The matrices of contracts that were declared in light objects, with labels in the place of Pyomo's data; one for each of `count` figures that stand side
    by side."""
    with PauseGC():
        declared = kernel.model.declared
        nodes = np.repeat([row.node for row in kernel.ledger.rows], [len(row.terms) for row in kernel.ledger.rows]).astype(np.int64)
        charges = [term for row in kernel.ledger.rows for term in row.terms]
        forms = light_forms(declared, list({id(v): v for _, v in charges}.values()), count)
        labels = [(name, index) for name, _, found in declared.variables for index in found]
        binary = np.repeat([binary for _, binary, _ in declared.variables], [len(found) for _, _, found in declared.variables]).astype(bool)
        uppers = apart([np.inf if x.ub is None else x.ub for _, _, found in declared.variables for x in found.values()], count)
        charged, discount = np.array([v.number for _, v in charges], dtype=np.int64), kernel.instance.discount
        amounts, tree = apart([c for c, _ in charges], count) * discount[nodes], kernel.instance.tree
        problems = []
        for form, upper, amount in zip(forms, uppers, amounts, strict=True):
            numbers = np.array([column.number for column in form.columns], dtype=np.int64)
            place = np.full(declared.columns, -1)
            place[numbers] = np.arange(len(numbers))
            at, own = place[charged], tuple([labels[i] for i in numbers.tolist()])
            cash = sparse.coo_matrix((amount[at >= 0], (nodes[at >= 0], at[at >= 0])), shape=(tree.size, len(numbers))).tocsr()
            problems.append(Problem(
                matrix=form.matrix, row_lower=form.row_lower, row_upper=form.row_upper, cost=form.cost, offset=form.offset,
                lower=np.zeros(len(numbers)), upper=upper[numbers], integer=binary[numbers], column_node=_last(own), row_node=_last(form.rows),
                row_rule=np.full(len(form.rows), -1), cash=cash, keys={name: _placed(getattr(kernel, name), place) for name in KERNEL},
                names=(form.rows, own), naming=None,
            ))  # fmt: skip
        return tuple(problems)


def _placed(columns: Mapping[Any, Any], place: Ints) -> tuple[Ints, Ints]:
    """Indices of light columns, and where those stand that are left."""
    if not columns:
        return np.zeros((0, 5), dtype=np.int64), np.zeros(0, dtype=np.int64)
    index, at = np.array(list(columns), dtype=np.int64), place[[column.number for column in columns.values()]]
    return index[at >= 0], at[at >= 0]


def _last(labels: Sequence[tuple[str, Any]]) -> Ints:
    """The node of each label: the last figure of its index."""
    return np.array([index[-1] if index.__class__ is tuple else index for _, index in labels], dtype=np.int64)


def _owners(data: Sequence[Any], coupling: frozenset[int]) -> tuple[Ints, Ints]:
    """Of some rows or columns: the node, which is the last index, or -1 where futures are tied together; and the rule that imposes it, -1 for none."""
    known: dict[int, tuple[int, int]] = {}
    found = []
    for item in data:
        if (owner := known.get(id(item))) is None:  # the whole component at once, because there are few of those
            component = item.parent_component()
            rule, shared = _owner(component, coupling)
            known.update((id(each), (-1 if shared else index[-1] if index.__class__ is tuple else index, rule)) for index, each in component.items())
            owner = known[id(item)]
        found.append(owner)
    both = np.array(found, dtype=np.int64).reshape(len(found), 2)
    return both[:, 0], both[:, 1]


def _owner(component: Any, coupling: frozenset[int]) -> tuple[int, bool]:
    """Index of the rule that imposes a component, -1 for none; whether it ties futures together."""
    block = component.parent_block()
    owner = block.parent_component()
    rule = int(block.index()) if owner is not None and owner.local_name == "rules" else -1
    imposed = rule >= 0 and component.local_name in block.imposed
    return rule if imposed else -1, block.local_name == "risk" or rule in coupling


def _coupling_rules(kernel: Kernel) -> frozenset[int]:
    """Rules measured over several futures at once."""
    return frozenset(i for i, rule in enumerate(kernel.instance.rules) if rule.over_futures)


def _cash(kernel: Kernel, of: Mapping[int, int], count: int) -> Any:
    nodes, where, amounts = [], [], []
    for row in kernel.ledger.rows:
        for c, v in row.terms:
            nodes.append(row.node)
            where.append(of.get(id(v), -1))
            amounts.append(0.0 if isinstance(c, np.ndarray) else c * float(kernel.instance.discount[row.node]))  # `template` fills in what differs
    keep = np.array(where, dtype=np.int64) >= 0
    data = (np.array(amounts)[keep], (np.array(nodes, dtype=np.int64)[keep], np.array(where, dtype=np.int64)[keep]))
    return sparse.coo_matrix(data, shape=(kernel.instance.tree.size, count)).tocsr()


def _keys(component: Any, of: Mapping[int, int]) -> tuple[Ints, Ints]:
    found = [(key, of[id(v)]) for key, v in component.items() if id(v) in of]
    if not found:
        return np.zeros((0, 5), dtype=np.int64), np.zeros(0, dtype=np.int64)
    return np.array([key for key, _ in found], dtype=np.int64), np.array([j for _, j in found], dtype=np.int64)


def bounded_risk(kernel: Kernel, problem: Problem) -> Problem:
    """Bound the risk block's columns by the range of path costs."""
    block = kernel.model.component("risk")
    if block is None:
        return problem
    tree = kernel.instance.tree
    least, most = cost_range(problem.lower, problem.upper, problem.cash, tree)
    if not (np.isfinite(least) and np.isfinite(most)):
        return problem
    lower, upper = problem.lower.copy(), problem.upper.copy()
    of = {id(v): j for j, v in enumerate(problem.names[1])}
    for name in RISK:
        for v in (block.component(name) or {}).values():
            j = of.get(id(v))
            if j is not None:
                lower[j], upper[j] = (0.0, most - least) if name in EXCESSES else (min(least, 0.0), max(most, 0.0))
    return replace(problem, lower=lower, upper=upper)
