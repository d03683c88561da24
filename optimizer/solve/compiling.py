"""A declared model as matrices.

Every row of the house is a list of coefficients and variables between two sides (`rows.constrain`), and so is the objective. This reads them off;
Pyomo's own compiler, which walks any expression, takes five times as long and gives the same rows and columns in the same order (a test compares them).

A row with two different sides becomes two, upper side first. Columns come component by component, as the objective and the rows first name them; what
nothing names is left out. Terms of one variable are added up; rows in which nothing is left are left out where they hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from optimizer.algebra import pyo
from optimizer.light import Column, Declared
from optimizer.varying import apart
from scenarios.tree import Floats, Ints


@dataclass(frozen=True)
class Form:
    """minimise cost x + offset over rows of `matrix`; what rows and columns are. R rows, C columns."""

    matrix: Any  # [R, C] csr
    cost: Floats  # [C]
    offset: float
    rows: tuple[Any, ...]  # Pyomo's data of every row
    row_lower: Floats
    row_upper: Floats
    columns: tuple[Any, ...]  # Pyomo's data of every column; of a light model the columns themselves, and labels of rows


class _Terms:
    """Rows of coefficients and variables."""

    def __init__(self) -> None:
        self.coefficients: list[float] = []
        self.variables: list[Any] = []
        self.ends: list[int] = [0]

    def add(self, body: Any) -> float:
        """Note one row; its constant."""
        constant, terms = 0.0, body.args
        if terms and terms[0].__class__ in (int, float):
            constant, terms = float(terms[0]), terms[1:]
        pairs = [term.args for term in terms]
        self.coefficients += [c for c, _ in pairs]
        self.variables += [v for _, v in pairs]
        self.ends.append(len(self.variables))
        return constant

    def matrix(self) -> tuple[Any, list[Any]]:
        """All rows so far, and the columns, component by component. [R, C] csr"""
        ids = np.fromiter(map(id, self.variables), dtype=np.int64, count=len(self.variables))
        _, first, which = np.unique(ids, return_index=True, return_inverse=True)
        columns: dict[int, Any] = {}
        for i in np.sort(first).tolist():
            variable = self.variables[i]
            if id(variable) not in columns:
                columns.update((id(v), v) for v in variable.parent_component().values())
        place = {key: j for j, key in enumerate(columns)}
        where = np.array([place[key] for key in ids[first].tolist()], dtype=np.int64)[which]
        found = _added_up(np.array(self.coefficients, dtype=float), where, np.array(self.ends), len(columns))
        return found, list(columns.values())


def linear_form(model: Any) -> Form:
    """Read a model off."""
    terms = _Terms()
    offset = terms.add(model.cost.expr)
    declared = list(model.component_data_objects(pyo.Constraint, active=True, sort=pyo.SortComponents.ORDERED_INDICES))
    sides = [_sides(row, terms) for row in declared]
    whole, columns = terms.matrix()
    low, high = np.array(sides, dtype=float).reshape(-1, 2).T
    return _form(whole, offset, declared, low, high, columns)


def light_forms(declared: Declared, charged: list[Column], count: int) -> list[Form]:
    """Read a light model off, whose objective is a stand-in that names what is charged; once for each of the figures that stand side by side."""
    blocks = sorted(declared.rows, key=lambda one: one[0])  # a block's own rows, then those of the blocks in it
    rows = [((name, index), row) for _, name, found in blocks for index, row in sorted(found.items(), key=lambda item: item[0])]
    bodies = [[(1.0, column) for column in charged], *(terms for _, (_, terms, _) in rows)]
    number = np.array([column.number for body in bodies for _, column in body], dtype=np.int64)
    coefficients = apart([c for body in bodies for c, _ in body], count)
    ends = np.cumsum([0, *map(len, bodies)])
    columns = [column for _, _, found in declared.variables for column in found.values()]
    owner = np.repeat(np.arange(len(declared.variables)), [len(found) for _, _, found in declared.variables])
    order = _by_component(owner, number)
    place = np.full(len(columns), -1)
    place[order] = np.arange(len(order))
    low = apart([-np.inf if lower is None else lower for _, (lower, _, _) in rows], count)
    high = apart([np.inf if upper is None else upper for _, (_, _, upper) in rows], count)
    labels, kept = [label for label, _ in rows], [columns[j] for j in order.tolist()]
    found = []
    for k in range(count):
        found.append(_form(_added_up(coefficients[k], place[number], ends, len(order)), 0.0, labels, low[k], high[k], kept))
    return found


def _by_component(owner: Ints, named: Ints) -> Ints:
    """Columns of all components that are named, the component that is named first before the others. `owner` of every column, columns that are `named`."""
    components, first = np.unique(owner[named], return_index=True)
    rank = np.full(owner.max(initial=-1) + 1, len(owner))
    rank[components[np.argsort(first)]] = np.arange(len(components))
    order = np.argsort(rank[owner], kind="stable")
    return order[rank[owner[order]] < len(owner)]


def _added_up(coefficients: Floats, columns: Ints, ends: Ints, width: int) -> Any:
    """The matrix of lists of terms, those of one variable added up."""
    found = sparse.csr_matrix((coefficients, columns.astype(np.int32), ends.astype(np.int32)), shape=(len(ends) - 1, width)).tocsc()
    found.sum_duplicates()  # by columns first: this way terms of one variable are added in the order in which they are declared
    found.eliminate_zeros()
    return found.tocsr()


def _form(whole: Any, offset: float, declared: list[Any], low: Floats, high: Floats, columns: list[Any]) -> Form:
    """The form from the objective and all rows (`whole`, the objective first), the rows' data and sides, and the columns' data."""
    row_of, lower, upper = _split(low, high, np.diff(whole.indptr)[1:])
    named = np.flatnonzero(np.bincount(whole.indices, minlength=whole.shape[1]))
    cost = whole[0].toarray().ravel()
    return Form(
        matrix=whole[1:][row_of][:, named],
        cost=cost[named],
        offset=offset,
        rows=tuple(declared[i] for i in row_of.tolist()),
        row_lower=lower,
        row_upper=upper,
        columns=tuple(columns[j] for j in named.tolist()),
    )


def _sides(row: Any, terms: _Terms) -> tuple[float, float]:
    """Note a row's terms; its sides without the body's constant."""
    lower, body, upper = row.to_bounded_expression()
    constant = terms.add(body)
    return -np.inf if lower is None else lower - constant, np.inf if upper is None else upper - constant


def _split(low: Floats, high: Floats, sizes: Ints) -> tuple[Ints, Floats, Floats]:
    """Which rows there will be, and between what: one for every side, or for two that are the same."""
    holds = (sizes == 0) & (low <= 0) & (high >= 0)
    same = low == high
    below, above = ~holds & (same | np.isfinite(high)), ~holds & ~same & np.isfinite(low)
    row_of = np.concatenate([np.flatnonzero(below), np.flatnonzero(above)])
    is_upper = np.concatenate([np.ones(int(below.sum()), dtype=bool), np.zeros(int(above.sum()), dtype=bool)])
    order = np.argsort(2 * row_of + ~is_upper, kind="stable")
    row_of, is_upper = row_of[order], is_upper[order]
    lower = np.where(is_upper & ~same[row_of], -np.inf, low[row_of])
    return row_of, lower, np.where(is_upper, high[row_of], np.inf)
