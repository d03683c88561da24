"""A tree that branches later than after signing, taken apart where it first branches: the trunk decides, every subtree below it answers.

    trunk   node 0, and on from there as long as a node has a single child; its decisions are the first stage x
    block   one subtree:   min cost_b z   subject to   low_b <= T_b x + W_b z <= high_b,  bottom_b <= z <= top_b,   probabilities in cost_b already

The CVaR's threshold eta joins the first stage; the cost accumulated on the trunk is written out in x, and costs accumulated below it, and excesses,
belong to their blocks. So the objective is the plain sum of the blocks and of what the first stage costs.
Reference: Birge (1985), Decomposition and partitioning methods for multistage stochastic linear programs, Operations Research 33(5), with two levels.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from optimizer.risk import RISK
from optimizer.solve.highs import Dual, Interrupted, Recourse
from optimizer.solve.problem import Problem
from optimizer.solve.recourse import Pass, least_cost
from optimizer.solve.scaling import scale
from scenarios.tree import Floats, Ints, Tree


@dataclass(frozen=True)
class Block:
    """One subtree, scaled; `columns` are its columns in the whole problem."""

    columns: Ints
    first: Any  # T [r, C1] csr
    recourse: Any  # W [r, c] csr
    low: Floats
    high: Floats
    cost: Floats
    bottom: Floats
    top: Floats
    money: float
    scale: Floats  # [c]


@dataclass(frozen=True)
class Blocks:
    """A problem taken apart. C1 columns of the trunk (and eta), B blocks."""

    problem: Problem
    first: Ints  # [C1] columns of the first stage in the whole problem
    carried: dict[int, Floats]  # columns of the cost accumulated on the trunk, written out in the first stage
    blocks: tuple[Block, ...]
    cost0: Floats
    lower: Floats
    upper: Floats
    integer: Any
    master: Any
    master_low: Floats
    master_high: Floats

    @property
    def count(self) -> int:
        """Number of blocks."""
        return len(self.blocks)

    def assembled(self, x: Floats, parts: list[Floats]) -> Floats:
        """A solution of the whole problem from a first stage and the blocks' columns."""
        found = np.zeros(len(self.problem.cost))
        found[self.first] = x
        for j, terms in self.carried.items():
            found[j] = float(terms @ x)
        for block, part in zip(self.blocks, parts, strict=True):
            found[block.columns] = part
        return found


def trunk_of(tree: Tree) -> list[int]:
    """Node 0, and on from there as long as there is a single child."""
    found, children = [0], tree.children_count()
    while children[found[-1]] == 1:
        found.append(int(np.flatnonzero(tree.parent == found[-1])[0]))
    return found


def blocks_in(tree: Tree) -> int:
    """How many subtrees hang on the trunk."""
    return int(tree.children_count()[trunk_of(tree)[-1]])


def take_apart(problem: Problem, tree: Tree) -> Blocks:
    """The blocks of a compiled problem (with Pyomo's data as names) that no rule ties together."""
    trunk = trunk_of(tree)
    column_at, row_at = _places(problem, tree, trunk)
    carried = {j: node for j, (name, node) in _risk(problem.names[1]).items() if name == "accumulated" and node in trunk}
    dropped = {i for i, (name, node) in _risk(problem.names[0]).items() if name == "cost_accumulates" and node in trunk}
    first = np.array([j for j in np.flatnonzero(column_at == 0) if j not in carried], dtype=np.int64)
    written = {j: np.asarray(problem.cash[tree.path(node)].sum(axis=0)).ravel()[first] for j, node in carried.items()}
    rows = np.array([i for i in np.flatnonzero(row_at == 0) if i not in dropped], dtype=np.int64)
    tops = np.flatnonzero(tree.parent == trunk[-1])
    return Blocks(
        problem=problem,
        first=first,
        carried=written,
        blocks=tuple(_block(problem, np.flatnonzero(row_at == b), np.flatnonzero(column_at == b), first, written) for b in tops),
        cost0=problem.cost[first],
        lower=problem.lower[first],
        upper=problem.upper[first],
        integer=problem.integer[first],
        master=problem.matrix[rows][:, first],
        master_low=problem.row_lower[rows],
        master_high=problem.row_upper[rows],
    )


def _risk(data: Any) -> dict[int, tuple[str, int]]:
    """Columns or rows of the risk block: name of the component, node."""
    found = {}
    for j, item in enumerate(data):
        component = item.parent_component()
        if component.parent_block().local_name == "risk":
            index = item.index()
            found[j] = (str(component.local_name), int(index[0] if isinstance(index, tuple) else index))
    return found


def _places(problem: Problem, tree: Tree, trunk: list[int]) -> tuple[Ints, Ints]:
    """For every column and row the top node of its block, 0 for the first stage."""
    block = np.zeros(tree.size, dtype=np.int64)
    for n in range(1, tree.size):
        parent = int(tree.parent[n])
        block[n] = 0 if n in trunk else n if parent == trunk[-1] else block[parent]
    columns, rows = block[np.maximum(problem.column_node, 0)], block[np.maximum(problem.row_node, 0)]
    for place, data in ((columns, problem.names[1]), (rows, problem.names[0])):
        for j, (name, node) in _risk(data).items():
            place[j] = 0 if name == RISK[1] else block[node]
    return columns, rows


def _block(problem: Problem, rows: Ints, columns: Ints, first: Ints, carried: dict[int, Floats]) -> Block:
    matrix = problem.matrix[rows]
    link = matrix[:, first]
    for j, terms in carried.items():  # what the trunk has cost, in terms of its decisions
        link = link + sparse.csr_matrix(matrix[:, [j]] @ sparse.csr_matrix(terms[None]))
    own = problem.part(np.isin(np.arange(problem.matrix.shape[0]), rows), np.isin(np.arange(problem.matrix.shape[1]), columns))
    scaled, _, column, money = scale(replace(own, integer=np.zeros(len(columns), dtype=bool)))
    size = np.diff(own.matrix.indptr)
    row = np.ones(len(rows))
    filled = np.flatnonzero(size)
    starts = own.matrix.indptr[:-1][filled]
    row[filled] = scaled.matrix.data[starts] / (own.matrix.data[starts] * column[own.matrix.indices[starts]])
    return Block(
        columns, sparse.csr_matrix(sparse.diags(row) @ link), scaled.matrix, own.row_lower * row, own.row_upper * row, own.cost * column / money,
        own.lower / column, own.upper / column, money, column,
    )  # fmt: skip


class BlockLooks:
    """The blocks, solved again and again as the first stage changes; each keeps its basis."""

    def __init__(self, blocks: Blocks, threads: int = 2, seed: int = 0) -> None:
        self.blocks, self.threads = blocks.blocks, threads
        self.seconds = self.cold_seconds = 0.0
        self.passes = 0
        self._live = [Recourse(b.cost, b.bottom, b.top, b.recourse, seed) for b in self.blocks]

    @property
    def floor(self) -> Pass:
        """What every block costs at least."""
        least = np.array([b.money * float(least_cost(b.cost[None], b.bottom, b.top[None])[0]) for b in self.blocks])
        return Pass(np.zeros(len(least)), least, np.zeros((len(least), self.blocks[0].first.shape[1])))

    def look(self, x: Floats, deadline: float = np.inf, stop: threading.Event | None = None, *, wanted: bool = False) -> Pass:
        """Solve every block at x. Raises Interrupted."""
        found = self._each(x, deadline, stop, lambda b, dual: (*self._cut(b, dual), self._columns(b) if wanted else None))
        columns = [f[3] for f in found] if wanted else None
        return Pass(np.array([f[0] for f in found]), np.array([f[1] for f in found]), np.array([f[2] for f in found]), columns)

    def _columns(self, b: int) -> Floats:
        return self._live[b].values() * self.blocks[b].scale

    def values(self, x: Floats, deadline: float = np.inf, stop: threading.Event | None = None) -> tuple[list[Floats], Floats]:
        """Columns of every block at x in their own units, and its cost."""
        found = self._each(x, deadline, stop, lambda b, dual: (self._columns(b), dual.objective * self.blocks[b].money))
        return [f[0] for f in found], np.array([f[1] for f in found])

    def _each(self, x: Floats, deadline: float, stop: threading.Event | None, then: Callable[[int, Dual], Any]) -> list[Any]:
        started = time.perf_counter()

        def one(b: int) -> Any:
            left = deadline - time.monotonic()
            if stop is not None and stop.is_set():
                raise Interrupted("user")
            if left <= 0:
                raise Interrupted("time")
            block = self.blocks[b]
            used = block.first @ x
            return then(b, self._live[b].solve(block.low - used, block.high - used, left))

        with ThreadPoolExecutor(self.threads) as pool:
            found = list(pool.map(one, range(len(self.blocks))))
        self.seconds += time.perf_counter() - started
        self.cold_seconds = self.cold_seconds or self.seconds
        self.passes += 1
        return found

    def _cut(self, b: int, dual: Dual) -> tuple[float, float, Floats]:
        """As in `recourse`, for one block: cost, constant, slope."""
        block, y = self.blocks[b], dual.multipliers
        low, high = np.isfinite(block.low), np.isfinite(block.high)
        y = np.where(low, y, np.minimum(y, 0.0))
        y = np.where(high, y, np.maximum(y, 0.0))
        constant = float((np.maximum(y, 0.0) * np.where(low, block.low, 0.0) + np.minimum(y, 0.0) * np.where(high, block.high, 0.0)).sum())
        reduced = block.cost * dual.feasible - block.recourse.T @ y
        constant += float(least_cost(reduced[None], block.bottom, block.top[None])[0])
        return dual.objective * block.money, block.money * constant, -block.money * np.asarray(block.first.T @ y)
