"""The futures of a fan as arrays, scaled once for all, for methods that solve them one by one.

    future f, given the first stage x:   min c1_f x + c2_f z   subject to   low_f <= T_f x + W_f z <= high_f,   0 <= z <= top_f

Recourse columns and rows are scaled by powers of two that are the same for every future (exact, and undone exactly), and so is money; the first stage
keeps its units. F futures, C1 first-stage columns, C2 recourse columns, R recourse rows, R1 first-stage rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from optimizer.solve.highs import scale
from optimizer.solve.template import Stamp, Template, parts_of
from scenarios.tree import Floats, Ints


@dataclass(frozen=True)
class Sparse:
    """A csr matrix of which some entries differ between futures."""

    matrix: Any
    at: Ints  # [K] positions in its data
    values: Floats  # [K, F]

    def of(self, f: int) -> Any:
        """The matrix of future f; what is returned must not be changed."""
        if not len(self.at):
            return self.matrix
        data = self.matrix.data.copy()
        data[self.at] = self.values[:, f]
        return sparse.csr_matrix((data, self.matrix.indices, self.matrix.indptr), shape=self.matrix.shape)


@dataclass(frozen=True)
class Fan:
    """See the module's text."""

    probability: Floats  # [F]
    cost0: Floats  # [C1] what the first stage costs in every future
    cost1: Floats  # [C1, F] what it costs beyond, later
    cost2: Floats  # [F, C2] scaled
    low: Floats  # [F, R] scaled
    high: Floats  # [F, R]
    bottom: Floats  # [C2]
    top: Floats  # [F, C2]
    first: Sparse  # T [R, C1], rows scaled
    recourse: Sparse  # W [R, C2]
    money: float  # one unit of scaled cost in money
    column_scale: Floats  # [C2]: z = column_scale x scaled z
    row_scale: Floats  # [R]
    master: Any  # [R1, C1] csr rows of the first stage
    master_low: Floats  # [R1]
    master_high: Floats  # [R1]
    lower: Floats  # [C1]
    upper: Floats  # [C1]
    integer: Any  # [C1]

    @property
    def count(self) -> int:
        """Number of futures."""
        return len(self.probability)

    @property
    def unseen(self) -> Ints:
        """Continuous columns of the first stage that no future sees: violations of rules on what is signed, and the like."""
        seen = np.bincount(self.first.matrix.indices, minlength=len(self.cost0)) > 0
        return np.flatnonzero(~seen & ~self.cost1.any(axis=1) & ~np.asarray(self.integer))


def make_fan(template: Template) -> Fan:
    """The arrays of a template without rows that tie futures together."""
    p, parts, count = template.problem, parts_of(template), template.count
    place = np.zeros(p.matrix.shape[1], dtype=np.int64)
    place[parts.first], place[parts.recourse] = np.arange(len(parts.first)), np.arange(len(parts.recourse))
    is_first = p.column_node == 0
    nodes, columns, amounts = template.cash
    now, then = (nodes == 0) & is_first[columns], (nodes > 0) & is_first[columns]  # what rules on average cost belongs to no single future
    later = p.column_node[columns] > 0
    cost0 = np.zeros(len(parts.first))
    np.add.at(cost0, place[columns[now]], amounts[now, 0])
    cost1, cost2 = np.zeros((len(parts.first), count)), np.zeros((len(parts.recourse), count))
    np.add.at(cost1, place[columns[then]], amounts[then])
    np.add.at(cost2, place[columns[later]], amounts[later])
    rows = parts.recourse_rows
    nominal = replace(
        p, matrix=_with(p.matrix, template.matrix.base)[rows], row_lower=template.row_lower.base[rows], row_upper=template.row_upper.base[rows],
        cost=_spread(cost2, parts.recourse, p.matrix.shape[1]), upper=template.upper.base, integer=is_first,
    )  # fmt: skip
    scaled, column, money = scale(nominal)
    size = np.diff(nominal.matrix.indptr)
    row = np.ones(len(rows))
    filled = np.flatnonzero(size)
    row[filled] = (scaled.matrix.data / (nominal.matrix.data * column[nominal.matrix.indices]))[nominal.matrix.indptr[:-1][filled]]
    column = column[parts.recourse]
    return Fan(
        probability=template.paths.probability, cost0=cost0, cost1=cost1, cost2=np.ascontiguousarray((cost2 * (column / money)[:, None]).T),
        low=_side(template.row_lower, rows, row, count), high=_side(template.row_upper, rows, row, count),
        bottom=p.lower[parts.recourse] / column, top=_side(template.upper, parts.recourse, 1.0 / column, count),
        first=_part(template, rows, parts.first, row, np.ones(len(parts.first))), recourse=_part(template, rows, parts.recourse, row, column),
        money=money, column_scale=column, row_scale=row,
        master=p.matrix[parts.first_rows][:, parts.first], master_low=template.row_lower.base[parts.first_rows],
        master_high=template.row_upper.base[parts.first_rows], lower=p.lower[parts.first], upper=template.upper.base[parts.first],
        integer=p.integer[parts.first],
    )  # fmt: skip


def _with(matrix: Any, data: Floats) -> Any:
    found = matrix.copy()
    found.data = np.where(data == 0.0, 1.0, data)  # an entry that is 0 where it is the largest is 0 everywhere: its size does not matter
    return found


def _spread(cost: Floats, where: Ints, size: int) -> Floats:
    found = np.zeros(size)
    found[where] = np.abs(cost).max(axis=1, initial=0.0)
    return found


def _side(stamp: Stamp, where: Ints, factor: Floats, count: int) -> Floats:
    return np.ascontiguousarray((stamp.all(where, count) * factor[:, None]).T)


def _part(template: Template, rows: Ints, columns: Ints, row: Floats, column: Floats) -> Sparse:
    """Some rows and columns of the template's matrix, scaled; every entry that may differ is kept, zero or not."""
    matrix = template.problem.matrix
    numbered = sparse.csr_matrix((np.arange(1, matrix.nnz + 1, dtype=float), matrix.indices, matrix.indptr), shape=matrix.shape)[rows][:, columns].tocsr()
    entry = numbered.data.astype(np.int64) - 1
    factor = np.repeat(row, np.diff(numbered.indptr)) * column[numbered.indices]
    slot = np.full(matrix.nnz, -1)
    slot[template.matrix.at] = np.arange(len(template.matrix.at))
    differs = np.flatnonzero(slot[entry] >= 0)
    numbered.data = template.matrix.base[entry] * factor
    return Sparse(numbered, differs, template.matrix.values[slot[entry[differs]]] * factor[differs, None])


def part_of(fan: Fan, chosen: Ints) -> Fan:
    """Some of the futures, their probabilities scaled to sum to 1."""
    weights = fan.probability[chosen]
    return replace(
        fan,
        probability=weights / weights.sum(),
        cost1=fan.cost1[:, chosen],
        cost2=fan.cost2[chosen],
        low=fan.low[chosen],
        high=fan.high[chosen],
        top=fan.top[chosen],
        first=replace(fan.first, values=fan.first.values[:, chosen]),
        recourse=replace(fan.recourse, values=fan.recourse.values[:, chosen]),
    )
