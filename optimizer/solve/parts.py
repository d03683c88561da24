"""The recourse of a fan in parts that nothing connects: products that never meet, say. First-stage columns may be seen by several parts.

    cost_f(x) = c1_f x + sum_p cost_fp(x)

A part of a future is a linear program of its own, smaller and quicker than the whole. And it has cuts of its own: taking the best look for each part by
itself makes of K looks at P parts what K^P looks at the whole would say, so that far fewer are needed.
Reference: Birge & Louveaux (1988), A multicut algorithm for two-stage stochastic linear programs, EJOR 34(3), here over blocks of rows too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from optimizer.solve.fan import Fan, Sparse
from scenarios.tree import Ints

MOST_PARTS = 16  # beyond it, small parts are kept together
LARGE = 6_000  # rows and columns from which a part is quicker solved by itself; below, every call of the solver costs more than it saves


@dataclass(frozen=True)
class Part:
    """Which rows and columns of the recourse belong together, and the columns of the first stage that their rows see."""

    rows: Ints
    columns: Ints
    seen: Ints


def separate(fan: Fan) -> tuple[Part, ...]:
    """The parts of a fan's recourse: its connected components, shared out so that the parts are of a size."""
    rows = fan.recourse.matrix.shape[0]
    label = _components(fan.recourse.matrix)
    size = np.bincount(label, minlength=1)
    complete = np.zeros(len(size), dtype=bool)  # lone rows and columns go with the first part
    complete[np.intersect1d(label[:rows], label[rows:])] = True
    place, load = np.zeros(len(size), dtype=np.int64), np.zeros(min(max(int(complete.sum()), 1), MOST_PARTS))
    for component in np.argsort(-size, kind="stable"):
        if complete[component]:
            place[component] = int(load.argmin())
            load[place[component]] += size[component]
    part, first = place[label], fan.first.matrix
    found = []
    for p in range(len(load)):
        mine = np.flatnonzero(part[:rows] == p)
        found.append(Part(mine, np.flatnonzero(part[rows:] == p), np.unique(first[mine].indices).astype(np.int64)))
    return tuple(found)


def together(parts: tuple[Part, ...]) -> tuple[tuple[int, ...], ...]:
    """Which parts are solved as one program."""
    found: list[list[int]] = []
    size = 0
    for p, part in enumerate(parts):
        if not found or size >= LARGE:
            found.append([])
            size = 0
        found[-1].append(p)
        size += len(part.rows) + len(part.columns)
    return tuple(tuple(group) for group in found)


def union(parts: list[Part]) -> Part:
    """Several parts as one."""
    rows, columns, seen = (np.unique(np.concatenate([getattr(part, name) for part in parts])) for name in ("rows", "columns", "seen"))
    return Part(rows, columns, seen)


def _components(matrix: Any) -> Ints:
    """A label for every row and then every column; what is connected has the same."""
    rows, columns = matrix.shape
    i, j = np.repeat(np.arange(rows), np.diff(matrix.indptr)), rows + matrix.indices
    links = sparse.csr_matrix((np.ones(matrix.nnz), (i, j)), shape=(rows + columns, rows + columns))
    return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)


def picked(whole: Sparse, rows: Ints, columns: Ints) -> tuple[Sparse, Ints]:
    """Some rows and columns, and where their entries stand in the whole's data."""
    matrix = whole.matrix
    numbered = sparse.csr_matrix((np.arange(1.0, matrix.nnz + 1), matrix.indices, matrix.indptr), shape=matrix.shape)[rows][:, columns].tocsr()
    entry = numbered.data.astype(np.int64) - 1
    slot = np.full(matrix.nnz, -1)
    slot[whole.at] = np.arange(len(whole.at))
    differs = np.flatnonzero(slot[entry] >= 0)
    numbered.data = matrix.data[entry]
    return Sparse(numbered, differs, whole.values[slot[entry[differs]]]), entry
