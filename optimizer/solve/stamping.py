"""The extensive form by stamping: all futures of a template in one problem, the same as compiling the fan with Pyomo.

Columns: first stage, columns of rules measured on average, futures one after the other, risk. Rows likewise; a row measured on average is the sum of
the futures' rows with their probabilities. Reference: see `template`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from optimizer.risk import cost_range
from optimizer.solve.problem import Problem
from optimizer.solve.template import Parts, Stamp, Template, node_of, parts_of
from scenarios.tree import Floats, Ints, Tree


def stamp_extensive(template: Template, tree: Tree, weight: float, tail: float) -> Problem:
    """All futures in one problem, the same as compiling the fan: first stage, rules on average, futures one after the other, risk.

    `weight` is 0 where the objective holds no CVaR.
    """
    p, where = template.problem, layout(template)
    parts, count = where.parts, template.count
    bounds = [_rows_of(side, parts, template) for side in (template.row_lower, template.row_upper)]
    cash = _cash_of(template, where, tree.size)
    lower = np.concatenate([p.lower[parts.first], p.lower[parts.shared], np.tile(p.lower[parts.recourse], count)])
    upper = np.concatenate(
        [
            template.upper.base[parts.first],
            np.where(parts.violations, 0.0, template.upper.base[parts.shared]),
            template.upper.all(parts.recourse, count).T.ravel(),
        ]
    )
    matrix = _assembled(_entries(template, where), (where.rows, where.columns))
    upper = _with_violations(upper, matrix, lower, bounds, where)
    nodes = _Nodes(template, parts, count)
    problem = Problem(
        matrix=matrix,
        row_lower=bounds[0],
        row_upper=bounds[1],
        cost=(1.0 - weight) * np.asarray(tree.probability @ cash),
        offset=0.0,
        lower=lower,
        upper=upper,
        integer=np.concatenate([p.integer[parts.first], p.integer[parts.shared], np.tile(p.integer[parts.recourse], count)]),
        column_node=nodes.columns(),
        row_node=nodes.rows(),
        row_rule=nodes.rules(),
        cash=cash,
        keys=where.keys(),
        names=(nodes.row_names(), nodes.column_names()),
        naming=nodes,
    )
    return _with_risk(problem, tree, weight, tail) if weight > 0 else problem


def _with_violations(upper: Floats, matrix: Any, lower: Floats, bounds: list[Floats], where: Layout) -> Floats:
    """Bounds of all columns, those of violations of rules measured on average (0 so far) found from the averaged rows, as `rules.base`
    does: the most by which such a row can be violated. Averages of the futures' own bounds could be too small, because units differ."""
    first, count = len(where.parts.first), len(where.parts.shared)
    if not count:
        return upper
    rows = slice(len(where.parts.first_rows), len(where.parts.first_rows) + len(where.parts.shared_rows))
    part, found = matrix[rows].tocoo(), upper.copy()
    low, high = np.where(part.data > 0, lower[part.col], upper[part.col]), np.where(part.data > 0, upper[part.col], lower[part.col])
    least, most = (np.bincount(part.row, weights=part.data * end, minlength=part.shape[0]) for end in (low, high))
    missed = np.where(np.isfinite(bounds[0][rows]), bounds[0][rows] - least, most - bounds[1][rows])
    shared = (part.col >= first) & (part.col < first + count)
    violation = shared & where.parts.violations[np.where(shared, part.col - first, 0)]
    found[part.col[violation]] = np.maximum(0.0, missed[part.row[violation]]) / np.abs(part.data[violation])
    return found


def _entries(template: Template, where: Layout) -> list[tuple[Ints, Ints, Floats]]:
    """Rows, columns and coefficients of all futures."""
    count = template.count
    coo = template.problem.matrix.tocoo()
    kind = np.sign(template.problem.row_node[coo.row])  # 0 first stage, -1 on average, 1 recourse
    now = kind == 0
    found = [(where.row[coo.row[now]], where.column[coo.col[now]], template.matrix.base[now])]
    for sign in (-1, 1):
        at = np.flatnonzero(kind == sign)
        values = template.matrix.all(at, count)
        i, j = np.repeat(coo.row[at], count), np.repeat(coo.col[at], count)
        f = np.tile(np.arange(count), len(at))
        if sign < 0:
            found.append((where.row[i], where.columns_of(j, f), (values * template.paths.probability).ravel()))
        else:
            found.append((where.row[i] + f * len(where.parts.recourse_rows), where.columns_of(j, f), values.ravel()))
    return found


@dataclass(frozen=True)
class Layout:
    """Where the rows and columns of a template come to stand when all futures are put one after the other."""

    template: Template
    parts: Parts
    column: Ints  # [C] column of the first future (or of all)
    own: Any  # [C] whether every future has its own
    row: Ints  # [R]
    columns: int
    rows: int

    def columns_of(self, j: Ints, f: Ints) -> Ints:
        """Columns that stand for the template's columns j in futures f."""
        return np.asarray(self.column[j] + np.where(self.own[j], f * len(self.parts.recourse), 0))

    def keys(self) -> dict[str, tuple[Ints, Ints]]:
        """Kernel variables: their indices and columns."""
        found, count = {}, self.template.count
        for name, (index, columns) in self.template.problem.keys.items():
            now = index[:, -1] == 0 if len(index) else np.zeros(0, dtype=bool)
            later = np.flatnonzero(~now)
            f = np.tile(np.arange(count), len(later))
            many = np.repeat(index[later], count, axis=0)
            if len(many):
                many[:, -1] = node_of(many[:, -1], f, count)
            here = self.columns_of(columns[now], np.zeros(now.sum(), dtype=np.int64))
            found[name] = (np.concatenate([index[now], many]), np.concatenate([here, self.columns_of(np.repeat(columns[later], count), f)]))
        return found


def layout(template: Template) -> Layout:
    """First stage, columns and rows of rules measured on average, futures one after the other."""
    p, parts = template.problem, parts_of(template)

    def placed(size: int, first: Ints, shared: Ints, recourse: Ints) -> tuple[Ints, int]:
        found, near = np.zeros(size, dtype=np.int64), len(first) + len(shared)
        found[first], found[shared], found[recourse] = np.arange(len(first)), np.arange(len(first), near), near + np.arange(len(recourse))
        return found, near + len(recourse) * template.count

    column, columns = placed(p.matrix.shape[1], parts.first, parts.shared, parts.recourse)
    row, rows = placed(p.matrix.shape[0], parts.first_rows, parts.shared_rows, parts.recourse_rows)
    return Layout(template, parts, column, p.column_node > 0, row, columns, rows)


def _rows_of(side: Stamp, parts: Parts, template: Template) -> Floats:
    """One side of all rows: first stage, on average (weighted sums), futures one after the other."""
    average = side.all(parts.shared_rows, template.count) @ template.paths.probability
    return np.concatenate([side.base[parts.first_rows], average, side.all(parts.recourse_rows, template.count).T.ravel()])


def _assembled(triplets: list[tuple[Ints, Ints, Floats]], shape: tuple[int, int]) -> Any:
    i, j, v = (np.concatenate([t[k] for t in triplets]) for k in range(3))
    matrix = sparse.coo_matrix((v, (i, j)), shape=shape).tocsr()
    matrix.eliminate_zeros()
    matrix.sort_indices()
    return matrix


def _cash_of(template: Template, where: Layout, nodes: int) -> Any:
    at, columns, amounts = template.cash
    now = at == 0
    futures, later = np.arange(template.count), np.flatnonzero(~now)
    f = np.tile(futures, len(later))
    n, j = np.repeat(at[later], template.count), np.repeat(columns[later], template.count)
    return _assembled(
        [
            (at[now], where.columns_of(columns[now], np.zeros(now.sum(), dtype=np.int64)), amounts[now, 0]),
            (node_of(n, f, template.count), where.columns_of(j, f), amounts[later].ravel()),
        ],
        (nodes, where.columns),
    )


@dataclass(frozen=True)
class _Nodes:
    """Nodes, rules and names of the stamped rows and columns."""

    template: Template
    parts: Parts
    count: int

    def columns(self) -> Ints:
        return self._nodes(self.template.problem.column_node, self.parts.first, self.parts.shared, self.parts.recourse)

    def rows(self) -> Ints:
        return self._nodes(self.template.problem.row_node, self.parts.first_rows, self.parts.shared_rows, self.parts.recourse_rows)

    def rules(self) -> Ints:
        rule, parts = self.template.problem.row_rule, self.parts
        return np.concatenate([rule[parts.first_rows], rule[parts.shared_rows], np.tile(rule[parts.recourse_rows], self.count)])

    def _nodes(self, node: Ints, first: Ints, shared: Ints, recourse: Ints) -> Ints:
        many = node_of(node[recourse][None, :], np.arange(self.count)[:, None], self.count).ravel()
        tied = -1 if self.count > 1 else 0
        return np.concatenate([np.zeros(len(first), dtype=np.int64), np.full(len(shared), tied), many]).astype(np.int64)

    def row_names(self) -> Any:
        return self._names(0, self.parts.first_rows, self.parts.shared_rows, self.parts.recourse_rows)

    def column_names(self) -> Any:
        return self._names(1, self.parts.first, self.parts.shared, self.parts.recourse)

    def _names(self, which: int, first: Ints, shared: Ints, recourse: Ints) -> Any:
        return _Labels(self.template.problem.names[which], np.concatenate([first, shared]), recourse, self.count)

    def of(self, label: Any) -> str:
        """The name that a label stands for."""
        data, f = label
        return data if isinstance(data, str) else self.template.problem.naming.of(data, "" if f < 0 else self.template.paths.ids[f])


@dataclass(frozen=True)
class _Labels:
    """What the stamped rows or columns stand for, without a list of them: (row or column of the template, future)."""

    data: Any
    once: Ints
    each: Ints
    count: int
    extra: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.once) + len(self.each) * self.count + len(self.extra)

    def __getitem__(self, i: int) -> tuple[Any, int]:
        if i < len(self.once):
            return self.data[int(self.once[i])], -1
        f, k = divmod(i - len(self.once), max(len(self.each), 1))
        if f < self.count:
            return self.data[int(self.each[k])], f
        return self.extra[i - len(self.once) - len(self.each) * self.count], -1


def _with_risk(problem: Problem, tree: Tree, weight: float, tail: float) -> Problem:
    """Add the CVaR's columns and rows (as `optimizer.risk` declares them): K now and at the leaves, eta, xi."""
    leaves, size = tree.leaves, len(problem.cost)
    count, rows = len(leaves), problem.matrix.shape[0]
    least, most = cost_range(problem.lower, problem.upper, problem.cash, tree)
    on_path = sparse.csr_matrix((np.ones(tree.size - 1), (_leaf_of(tree), np.arange(1, tree.size))), shape=(count, tree.size))
    after = sparse.vstack([-problem.cash[0], -(on_path @ problem.cash)])
    one, eye = sparse.csr_matrix(([1.0], ([0], [0])), shape=(1, 1)), sparse.identity(count, format="csr")
    ones, none = sparse.csr_matrix(np.ones((count, 1))), sparse.csr_matrix
    accumulate = sparse.bmat([[one, none((1, count))], [-ones, eye]])  # columns: K now, K of every leaf
    carried = sparse.hstack([after, accumulate, none((count + 1, 1 + count))])
    beyond = sparse.hstack([none((count, size)), none((count, 1)), -eye, ones, eye])
    matrix = sparse.vstack([sparse.hstack([problem.matrix, none((rows, 2 * count + 2))]), carried, beyond]).tocsr()
    matrix.sort_indices()
    low, high = min(least, 0.0), max(most, 0.0)
    finite = bool(np.isfinite(least) and np.isfinite(most))
    low, high, excess = (low, high, most - least) if finite else (-np.inf, np.inf, np.inf)
    probability = tree.probability[leaves]
    names = problem.names
    new_rows = (
        "risk.cost_accumulates[now]",
        *(f"risk.cost_accumulates[{tree.ids[n]}]" for n in leaves),
        *(f"risk.cost_beyond_threshold[{tree.ids[n]}]" for n in leaves),
    )
    new_columns = (
        "risk.accumulated[now]",
        *(f"risk.accumulated[{tree.ids[n]}]" for n in leaves),
        "risk.threshold[now]",
        *(f"risk.excess[{tree.ids[n]}]" for n in leaves),
    )
    return Problem(
        matrix=matrix,
        row_lower=np.concatenate([problem.row_lower, np.zeros(2 * count + 1)]),
        row_upper=np.concatenate([problem.row_upper, np.zeros(count + 1), np.full(count, np.inf)]),
        cost=np.concatenate([problem.cost, np.zeros(count + 1), [weight], weight / tail * probability]),
        offset=0.0,
        lower=np.concatenate([problem.lower, np.full(count + 2, low), np.zeros(count)]),
        upper=np.concatenate([problem.upper, np.full(count + 2, high), np.full(count, excess)]),
        integer=np.concatenate([problem.integer, np.zeros(2 * count + 2, dtype=bool)]),
        column_node=np.concatenate([problem.column_node, np.full(2 * count + 2, -1)]),
        row_node=np.concatenate([problem.row_node, np.full(2 * count + 1, -1)]),
        row_rule=np.concatenate([problem.row_rule, np.full(2 * count + 1, -1)]),
        cash=sparse.hstack([problem.cash, none((tree.size, 2 * count + 2))]).tocsr(),
        keys=problem.keys,
        names=(_extended(names[0], new_rows), _extended(names[1], new_columns)),
        naming=problem.naming,
    )


def _extended(labels: Any, extra: tuple[str, ...]) -> Any:
    return replace(labels, extra=extra)


def _leaf_of(tree: Tree) -> Ints:
    """Position of the leaf below every node of a fan but node 0. [N - 1]"""
    return np.asarray((np.arange(1, tree.size) - 1) % len(tree.leaves))
