"""What a search over the base has left, for a search over the base with one contract spliced in: the same parts, rows and columns in another order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from optimizer.negotiation.splice import Slot
from optimizer.solve.highs import basis_from, codes_of
from optimizer.solve.problem import Problem
from optimizer.solve.search import Leaf, Start
from scenarios.tree import Floats, Ints


def remapped(lesson: Start | None, slot: Slot, problem: Problem) -> Start | None:
    """The lesson in the order of a problem spliced with the contract as it stands; None where they don't match."""
    if lesson is None or lesson.basis is None:
        return None
    base, o = slot.base, slot.offer.index
    rows = np.concatenate([slot.kept_rows, np.flatnonzero(base.row_offer == o)])
    columns = np.concatenate([slot.kept, np.flatnonzero(base.column_offer == o)])
    if (len(rows), len(columns)) != problem.matrix.shape or not _alike(base.problem, problem, rows, columns):
        return None
    whole = np.flatnonzero(base.problem.integer)
    place = np.full(len(base.problem.cost), -1)
    place[whole] = np.arange(len(whole))
    binaries = place[columns[base.problem.integer[columns]]]

    def moved(leaf: Leaf) -> Leaf:
        multipliers = None if leaf.multipliers is None else leaf.multipliers[rows]
        return replace(leaf, lower=leaf.lower[binaries], upper=leaf.upper[binaries], basis=_basis(leaf.basis, rows, columns), multipliers=multipliers)

    tries = tuple(at[binaries] for at in lesson.tries)
    return Start(_basis(lesson.basis, rows, columns), tries, tuple(map(moved, lesson.leaves)))


def _alike(base: Problem, problem: Problem, rows: Ints, columns: Ints) -> bool:
    """Whether the last rows and columns, those of the contract, are the same ones."""
    pairs = ((base.names[0], problem.names[0], rows), (base.names[1], problem.names[1], columns))
    return all(here[i].name == there[k].name for here, there, order in pairs for k, i in enumerate(order.tolist()) if here[i] is not there[k])


def _basis(basis: Any, rows: Ints, columns: Ints) -> Any:
    codes: Floats = np.array(codes_of(basis))
    count = len(basis.col_status)
    return basis_from([*codes[:count][columns].tolist(), *codes[count:][rows].tolist()], count)
