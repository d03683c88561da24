"""A model in which the past is what it was: what happened is held, and what is left to decide lies ahead.

Rows that speak of held columns alone are facts and no conditions any more, so they are let go: what happened may have broken a contract or left a site short.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from optimizer.decisions import Kernel
from optimizer.instance import Instance
from optimizer.outcome import Outcome, Values
from optimizer.replay_past import Past
from optimizer.solve.problem import Bools, Problem, bounded_risk, compile_problem
from scenarios.tree import Floats, Ints

ROUNDING = 1e-9
NOTHING = 1e-6  # volume that a plan does not mean


def held(kernel: Kernel, past: Past) -> Problem:
    """The declared model as matrices, with everything up to the end of the past held as it was."""
    problem = compile_problem(kernel)
    problem = problem.fixed(*_facts(problem, past))
    return bounded_risk(kernel, _let_go(_implied(problem, past.past), past.past))


def onward_values(values: Values, origin: Ints) -> dict[str, dict[tuple[int, ...], float]]:
    """Decisions about contracts of a solution on the tree as it was at signing, by the index that they have on the tree as it is seen now."""
    new = {int(old): n for n, old in enumerate(origin) if old > 0}
    found: dict[str, dict[tuple[int, ...], float]] = {}
    for name in ("signed", "volume", "take", "ended"):
        index, amounts = values[name]
        found[name] = {(*key[:-1], new[key[-1]]): float(x) for key, x in zip(map(tuple, index.tolist()), amounts, strict=True) if key[-1] in new}
    return found


def kept(problem: Problem, decisions: Mapping[str, Mapping[tuple[int, ...], float]]) -> Problem:
    """The problem with some decisions kept, within a solver's tolerance."""
    where, values = [], []
    for name, amounts in decisions.items():
        index, columns = problem.keys[name]
        for key, j in zip(map(tuple, index.tolist()), columns, strict=True):
            if key in amounts and problem.lower[j] < problem.upper[j]:
                where.append(int(j))
                values.append(round(amounts[key]) if problem.integer[j] else amounts[key])
    at, held_at = np.array(where, dtype=np.int64), np.array(values, dtype=float)
    nothing = (np.abs(held_at) <= NOTHING) & (problem.lower[at] <= 0.0) & (problem.upper[at] >= 0.0)
    return problem.pinned(at, held_at).fixed(at[nothing], np.zeros(int(nothing.sum())))  # exact: a tolerance on nothing looks like a better plan


def without(problem: Problem, o: int, w: int) -> Problem:
    """The problem in which a contract is not ended in one of the ways that it could be."""
    index, columns = problem.keys["ended"]
    if not len(columns):
        return problem
    mine = columns[(index[:, 0] == o) & (index[:, 1] == w)]
    mine = mine[problem.lower[mine] < problem.upper[mine]]
    return problem.fixed(mine, np.zeros(len(mine)))


def _facts(problem: Problem, past: Past) -> tuple[Ints, Floats]:
    """Kernel columns of the past, and what they were; what was taken beyond the most that a contract knows counts for later as that most."""
    chosen = {x.contract.offer.index: x.j for x in past.signed}
    blocks = _unmet_blocks(past.instance, past.outcome)
    out = past.outcome
    where, values = [], []
    for name, (index, columns) in problem.keys.items():
        for key, column in zip(map(tuple, index.tolist()), columns, strict=True):
            if key[-1] > past.past:
                continue
            where.append(int(column))
            match name:
                case "signed":
                    value = out.signed[key[0]][key[1], key[2]]
                case "volume":
                    o, j, p, t, m = key
                    value = out.volume[o][p, t, m] if chosen.get(o) == j else 0.0
                case "take":
                    o, j, p, n = key
                    value = min(out.take[o][p, n], problem.upper[column]) if chosen.get(o) == j else 0.0
                case "elected":
                    o, e, j, p, n = key
                    value = min(out.elected[o][e, p, n], problem.upper[column]) if chosen.get(o) == j else 0.0
                case "unmet":
                    value = blocks[key]
                case "ended" | "deliver" | "order" | "receive":
                    value = getattr(out, name)[key[0]][key[1:]]
                case _:
                    value = getattr(out, name)[key]
            values.append(float(value))
    return np.array(where, dtype=np.int64), np.array(values, dtype=float)


class _Blocks(dict[tuple[int, ...], float]):
    def __missing__(self, key: tuple[int, ...]) -> float:
        return 0.0


def _unmet_blocks(instance: Instance, outcome: Outcome) -> _Blocks:
    """Unmet demand in its cost blocks, the cheapest filled first."""
    found = _Blocks()
    for (p, s), x in instance.shortage.items():
        for n in np.flatnonzero(outcome.unmet[p, s] > 0).tolist():
            left = float(outcome.unmet[p, s, n])
            for b, width in enumerate(x.width):
                part = min(left, float(width * instance.peak[n, p, s])) if np.isfinite(width) else left
                found[p, s, b, n], left = part, left - part
    return found


def _implied(problem: Problem, past: int) -> Problem:
    """The problem with what follows from what is held: a column that stands alone in rows of the past that leave it one value has that value."""
    lower, upper = problem.lower.copy(), problem.upper.copy()
    rows = np.flatnonzero((problem.row_node >= 0) & (problem.row_node <= past))
    matrix = problem.matrix[rows].tocsr()
    moved = True
    while moved:  # every round but the last fixes a column
        free = upper > lower
        pattern = matrix.copy()
        pattern.data = ((pattern.data != 0) & free[pattern.indices]).astype(float)
        alone = np.flatnonzero(np.asarray(pattern.sum(axis=1)).ravel() == 1)
        known = np.where(free, 0.0, lower)
        moved = False
        for r in alone.tolist():
            begin, end = matrix.indptr[r], matrix.indptr[r + 1]
            own = [k for k in range(begin, end) if matrix.data[k] != 0 and free[matrix.indices[k]]]
            j, c = int(matrix.indices[own[0]]), float(matrix.data[own[0]])
            rest = float(matrix.data[begin:end] @ known[matrix.indices[begin:end]])
            ends = sorted([(problem.row_lower[rows[r]] - rest) / c, (problem.row_upper[rows[r]] - rest) / c])
            low, high = max(lower[j], ends[0]), min(upper[j], ends[1])
            room = ROUNDING * max(1.0, abs(rest), abs(low) if np.isfinite(low) else 1.0)
            if low <= high + room and high - low <= room and upper[j] > lower[j]:
                lower[j] = upper[j] = round(low) if problem.integer[j] else low
                moved = True
            elif low <= high and (low > lower[j] or high < upper[j]):
                lower[j], upper[j] = low, high
        if not moved:
            break
    return replace(problem, lower=lower, upper=upper)


def _let_go(problem: Problem, past: int) -> Problem:
    """The problem without rows of the past that have nothing left to decide."""
    free: Bools = problem.upper > problem.lower
    pattern = problem.matrix.copy()
    pattern.data = ((pattern.data != 0) & free[pattern.indices]).astype(float)
    decided = np.asarray(pattern.sum(axis=1)).ravel() == 0
    return problem.without_rules(decided & (problem.row_node >= 0) & (problem.row_node <= past))
