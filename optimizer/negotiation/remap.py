"""What one search has left, for another over much the same problem: rows and columns in another order (`remapped`), or some more of them (`extended`)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from optimizer.negotiation.splice import Label, Slot
from optimizer.solve.highs import AT_LOWER, BASIC, basis_from, codes_of
from optimizer.solve.leaves import Leaf, Start
from optimizer.solve.problem import Problem
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


def extended(lesson: Start | None, names: tuple[Any, Any], problem: Problem) -> Start | None:
    """The lesson of a problem with these rows and columns, for one whose contract may have more of them: rows that are new are slack, columns that are new at
    their bound. None where any is missing, or there are other binaries. (New rows leave multipliers feasible, with which the dual simplex method begins.)"""
    if lesson is None or lesson.basis is None or not lesson.leaves:
        return None
    if names == problem.names:
        return replace(lesson, close=True)
    rows, columns = (_positions(old, new) for old, new in zip(names, problem.names, strict=True))
    if rows is None or columns is None or int(problem.integer.sum()) != len(lesson.leaves[0].lower):
        return None
    shape = problem.matrix.shape

    def moved(leaf: Leaf) -> Leaf:
        multipliers = None
        if leaf.multipliers is not None:
            multipliers = np.zeros(shape[0])
            multipliers[rows] = leaf.multipliers
        return replace(leaf, basis=_wider(leaf.basis, rows, columns, shape), multipliers=multipliers)

    return Start(_wider(lesson.basis, rows, columns, shape), lesson.tries, tuple(map(moved, lesson.leaves)))


def _positions(old: Any, new: Any) -> Ints | None:
    """Where the old ones stand among the new ones; None if one is missing."""
    if len(new) < len(old):
        return None
    place: dict[tuple[Label, int], int] = {}
    seen, found = Counter[Label](), []
    for i, label in enumerate(new):
        place[label, seen[label]] = i
        seen[label] += 1
    seen.clear()
    for label in old:
        found.append(place.get((label, seen[label])))
        seen[label] += 1
    return None if None in found else np.array(found, dtype=np.int64)


def _wider(basis: Any, rows: Ints, columns: Ints, shape: tuple[int, int]) -> Any:
    codes, count = np.array(codes_of(basis)), len(basis.col_status)
    whole = np.concatenate([np.full(shape[1], AT_LOWER), np.full(shape[0], BASIC)])
    whole[columns], whole[shape[1] + rows] = codes[:count], codes[count:]
    return basis_from(whole.tolist(), shape[1])


def _alike(base: Problem, problem: Problem, rows: Ints, columns: Ints) -> bool:
    """Whether the last rows and columns, those of the contract, are the same ones."""
    pairs = ((base.names[0], problem.names[0], rows), (base.names[1], problem.names[1], columns))
    return all(here[i] == there[k] for here, there, order in pairs for k, i in enumerate(order.tolist()) if here[i] is not there[k])


def _basis(basis: Any, rows: Ints, columns: Ints) -> Any:
    codes: Floats = np.array(codes_of(basis))
    count = len(basis.col_status)
    return basis_from([*codes[:count][columns].tolist(), *codes[count:][rows].tolist()], count)
