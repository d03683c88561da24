"""What a search for repairs is made of: a model with columns and rows on top, and the rows that a member moves."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy import sparse

from optimizer.conflict_elastic import Elastic
from optimizer.solve.problem import Problem
from scenarios.tree import Floats

FAR = 1e3  # a member may move by so many times its scale


@dataclass
class Program:
    """Columns and rows on top of the model's, in the making."""

    base: Problem
    cost: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    integer: list[bool] = field(default_factory=list)
    triplets: list[tuple[int, int, float]] = field(default_factory=list)
    sides: list[float] = field(default_factory=list)  # upper sides of added rows

    def column(self, cost: float, lower: float, upper: float, integer: bool = False) -> int:
        self.cost.append(cost)
        self.lower.append(lower)
        self.upper.append(upper)
        self.integer.append(integer)
        return len(self.base.cost) + len(self.cost) - 1

    def row(self, terms: list[tuple[int, float]], upper: float) -> None:
        r = len(self.base.row_lower) + len(self.sides)
        self.triplets += [(r, j, c) for j, c in terms]
        self.sides.append(upper)

    def problem(self) -> Problem:
        """The whole as one problem."""
        base, more = self.base, len(self.sides)
        shape = (len(base.row_lower) + more, len(base.cost) + len(self.cost))
        old = base.matrix.tocoo()
        rows, columns, values = (np.array([x[k] for x in self.triplets]) for k in range(3)) if self.triplets else (np.zeros(0),) * 3
        matrix: Any = sparse.coo_matrix(
            (np.concatenate([old.data, values]), (np.concatenate([old.row, rows]).astype(int), np.concatenate([old.col, columns]).astype(int))), shape=shape
        )
        return replace(
            base,
            matrix=matrix.tocsr(),
            row_lower=np.concatenate([base.row_lower, np.full(more, -np.inf)]),
            row_upper=np.concatenate([base.row_upper, self.sides]),
            cost=np.concatenate([np.zeros(len(base.cost)), self.cost]),
            lower=np.concatenate([base.lower, self.lower]),
            upper=np.concatenate([base.upper, self.upper]),
            integer=np.concatenate([base.integer, np.array(self.integer, dtype=bool)]),
        )


@dataclass(frozen=True)
class Row:
    """A row that a member moves, as sum <= side:  D(x) = constant - terms x  is what one unit of theta relieves it by."""

    index: int
    sign: float  # +1: an upper side, -1: a lower side
    columns: Any
    terms: Floats
    constant: float
    most: float  # largest D(x)

    def relief(self, x: Floats) -> float:
        return self.constant - float(self.terms @ x[self.columns])


def widened(elastic: Elastic) -> Problem:
    """The problem with every column as wide as members can make it."""
    upper = elastic.problem.upper.copy()
    for member, move in zip(elastic.members, elastic.moves, strict=True):
        upper += min(member.most, FAR) * move.bound
    return replace(elastic.problem, upper=upper)


def rows_of(elastic: Elastic, problem: Problem, g: int) -> list[Row]:
    """The rows that member g moves; `problem` has the bounds. A decision relieves each row by as much as it can ever be violated."""
    move, member = elastic.moves[g], elastic.members[g]
    found = []
    for r in move.rows.tolist():
        sign = 1.0 if np.isfinite(problem.row_upper[r]) else -1.0
        if not member.way:
            row = problem.matrix[r]
            side = problem.row_upper[r] if sign > 0 else problem.row_lower[r]
            found.append(Row(r, sign, row.indices[:0], row.data[:0], max(_largest(sign * row.data, row.indices, problem) - sign * side, 0.0), 0.0))
            continue
        row = move.matrix[r]
        terms, constant = sign * row.data, sign * (move.upper[r] if sign > 0 else move.lower[r])
        if len(terms) or constant:
            found.append(Row(r, sign, row.indices, terms, float(constant), float(constant) + _largest(-terms, row.indices, problem)))
    return found


def _largest(terms: Floats, columns: Any, problem: Problem) -> float:
    """Most that a sum can be, from the bounds of its columns."""
    return float(np.where(terms > 0, terms * problem.upper[columns], terms * problem.lower[columns]).sum())
