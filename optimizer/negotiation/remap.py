"""What one search has left, for another over much the same problem: rows and columns in another order (`remapped`), or some more of them (`extended`)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from optimizer.light import Label
from optimizer.negotiation.splice import Slot
from optimizer.solve.highs import AT_LOWER, BASIC, basis_of
from optimizer.solve.leaves import Leaf, Start
from optimizer.solve.problem import Problem
from scenarios.tree import Ints


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
        multipliers, basis = None if leaf.multipliers is None else leaf.multipliers[rows], leaf.basis and _basis(leaf.basis, rows, columns)
        return replace(leaf, lower=leaf.lower[binaries], upper=leaf.upper[binaries], basis=basis, multipliers=multipliers)

    tries = tuple(at[binaries] for at in lesson.tries)
    return Start(_basis(lesson.basis, rows, columns), tries, tuple(map(moved, lesson.leaves)))


def extended(lesson: Start | None, names: tuple[Any, Any], problem: Problem, *, far: bool = False) -> Start | None:
    """The lesson of a problem with these rows and columns, for one whose contract may have more of them: rows that are new are slack, columns that are new at
    their bound. None where any is missing, or there are other binaries. (New rows leave multipliers feasible, with which the dual simplex method begins.)
    `far`: only the relaxation is wanted."""
    if lesson is None or lesson.basis is None or not lesson.leaves:
        return None
    if names == problem.names:
        return Start(lesson.basis, far=True) if far else replace(lesson, close=True)
    rows, columns = (_positions(old, new) for old, new in zip(names, problem.names, strict=True))
    if rows is None or columns is None or int(problem.integer.sum()) != len(lesson.leaves[0].lower):
        return None
    shape = problem.matrix.shape

    def moved(leaf: Leaf) -> Leaf:
        multipliers = None
        if leaf.multipliers is not None:
            multipliers = np.zeros(shape[0])
            multipliers[rows] = leaf.multipliers
        return replace(leaf, basis=leaf.basis and _wider(leaf.basis, rows, columns, shape), multipliers=multipliers)

    if far:
        return Start(_wider(lesson.basis, rows, columns, shape), far=True)
    leaves = tuple(map(moved, lesson.leaves))
    return Start(leaves[0].basis or _wider(lesson.basis, rows, columns, shape), lesson.tries, leaves)


def _positions(old: Any, new: Any) -> Ints | None:
    """Where the old ones stand among the new ones; None if one is missing."""
    if len(new) < len(old):
        return None
    first = _shared(old, new)
    place: dict[tuple[Label, int], int] = {}
    seen = Counter[Label]()
    found: list[int | None] = list(range(first))
    for i, label in enumerate(new[first:], first):
        place[label, seen[label]] = i
        seen[label] += 1
    seen.clear()
    for label in old[first:]:
        found.append(place.get((label, seen[label])))
        seen[label] += 1
    return None if None in found else np.array(found, dtype=np.int64)


def _shared(old: Any, new: Any) -> int:
    """How many labels at the beginning are the same: those of the rest of the model, which are nearly all."""
    least, most = 0, min(len(old), len(new))
    while least < most:
        middle = (least + most + 1) // 2
        if old[least:middle] == new[least:middle]:
            least = middle
        else:
            most = middle - 1
    return least


def _wider(basis: Any, rows: Ints, columns: Ints, shape: tuple[int, int]) -> Any:
    at_rows, at_columns = np.full(shape[0], BASIC, dtype=object), np.full(shape[1], AT_LOWER, dtype=object)
    at_rows[rows], at_columns[columns] = basis.row_status, basis.col_status
    return basis_of(at_columns.tolist(), at_rows.tolist())


def _alike(base: Problem, problem: Problem, rows: Ints, columns: Ints) -> bool:
    """Whether the last rows and columns, those of the contract, are the same ones."""
    pairs = ((base.names[0], problem.names[0], rows), (base.names[1], problem.names[1], columns))
    return all(here[i] == there[k] for here, there, order in pairs for k, i in enumerate(order.tolist()) if here[i] is not there[k])


def _basis(basis: Any, rows: Ints, columns: Ints) -> Any:
    at_columns, at_rows = basis.col_status, basis.row_status
    return basis_of([at_columns[j] for j in columns.tolist()], [at_rows[i] for i in rows.tolist()])
