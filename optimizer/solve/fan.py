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

from optimizer.solve.scaling import scale
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
    scaled, _, column, money = scale(nominal)
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


def with_hindsight(fan: Fan) -> Fan:
    """The same futures, each with a first stage of its own (yes-or-no decisions in parts), and nothing decided before: what each could cost at least."""
    first, own, stage = fan.first.matrix, fan.recourse.matrix, fan.master
    rows, columns = own.shape
    above = sparse.hstack([_counted(stage, 0), sparse.csr_matrix((stage.shape[0], columns))])
    below = sparse.hstack([_counted(first, stage.nnz), _counted(own, stage.nnz + first.nnz)])
    numbered = sparse.csr_matrix(sparse.vstack([above, below]))
    where = np.empty(numbered.nnz, dtype=np.int64)
    where[numbered.data.astype(np.int64) - 1] = np.arange(numbered.nnz)
    matrix = numbered.copy()
    matrix.data = np.concatenate([stage.data, first.data, own.data])[numbered.data.astype(np.int64) - 1]
    differs = np.concatenate([fan.first.at + stage.nnz, fan.recourse.at + stage.nnz + first.nnz])
    count, size = fan.count, len(fan.cost0)
    beside = (count, len(fan.master_low))
    reach = np.maximum(np.maximum(np.abs(fan.lower), np.abs(fan.upper)), 1e-6)
    factor = np.concatenate([np.exp2(np.round(np.log2(reach))), np.ones(columns)])  # of the first stage, which has its own units
    matrix.data = matrix.data * factor[matrix.indices]
    nothing = sparse.csr_matrix((rows + beside[1], 0))
    return replace(
        fan,
        cost0=np.zeros(0),
        cost1=np.zeros((0, count)),
        cost2=np.ascontiguousarray(np.hstack([(fan.cost0[:, None] + fan.cost1).T * factor[:size] / fan.money, fan.cost2])),
        low=np.hstack([np.broadcast_to(fan.master_low, beside), fan.low]),
        high=np.hstack([np.broadcast_to(fan.master_high, beside), fan.high]),
        bottom=np.concatenate([fan.lower / factor[:size], fan.bottom]),
        top=np.ascontiguousarray(np.hstack([np.broadcast_to(fan.upper / factor[:size], (count, size)), fan.top])),
        first=Sparse(nothing, np.zeros(0, dtype=np.int64), np.zeros((0, count))),
        recourse=Sparse(matrix, where[differs], np.vstack([fan.first.values, fan.recourse.values]) * factor[matrix.indices[where[differs]]][:, None]),
        column_scale=np.concatenate([factor[:size], fan.column_scale]),
        row_scale=np.concatenate([np.ones(beside[1]), fan.row_scale]),
        master=sparse.csr_matrix((0, 0)),
        master_low=np.zeros(0),
        master_high=np.zeros(0),
        lower=np.zeros(0),
        upper=np.zeros(0),
        integer=np.zeros(0, dtype=bool),
    )


def _counted(matrix: Any, before: int) -> Any:
    """The matrix with its entries numbered, from 1 on."""
    return sparse.csr_matrix((before + np.arange(1.0, matrix.nnz + 1), matrix.indices, matrix.indptr), shape=matrix.shape)
