"""A scenario's rows and bounds as they move with its members: one model, in which any member can be kept, lifted or moved by so much.

    rows at theta:   (A + sum_g theta_g dA_g) x  <=  b + sum_g theta_g db_g

How a member moves rows is read off two builds of the model, as the scenario stands and with every member a step away, because every limit enters affinely;
no clause or rule is asked. What moves without belonging to a member (limits that follow from others) is taken as it is when all members are lifted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from models.scenario import Scenario
from optimizer.conflict_members import Member, Owner, changed, members_of
from optimizer.instance import Instance, build_instance
from optimizer.model import build_model
from optimizer.solve.problem import Problem, compile_problem
from scenarios.tree import Floats, Ints, Tree, build_tree

ALMOST = 0.999  # of the way to where a row would vanish
DUST = 1e-11  # relative: rounding between two builds
COLUMNS = {"order": "spot", "stock": "storage", "move": "lane"}  # columns whose own bound is a member's
UPPER = ("suppliers_at_most", "supplier_share_kept_below")  # rows of a rule's `max`, where it has a `min` too

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Move:
    """How one unit of theta moves the model. R rows, C columns."""

    matrix: Any  # [R, C] csr
    lower: Floats  # [R]
    upper: Floats  # [R]
    bound: Floats  # [C] upper bounds
    rows: Ints  # rows that belong to the member


@dataclass(frozen=True)
class Elastic:
    """The model, its members that matter, and how they move it."""

    problem: Problem  # with nothing to minimise; columns and rows of nobody as when all is lifted
    members: tuple[Member, ...]
    moves: tuple[Move, ...]

    def at(self, theta: Mapping[int, float], freed: Iterable[int] = ()) -> Problem:
        """The problem with some members moved, and the rows of others free."""
        p = self.problem
        matrix, lower, upper, bound = p.matrix, p.row_lower.copy(), p.row_upper.copy(), p.upper.copy()
        for g, amount in theta.items():
            move = self.moves[g]
            matrix = matrix + amount * move.matrix if move.matrix.nnz else matrix
            lower += amount * move.lower
            upper += amount * move.upper
            bound += amount * move.bound
        for g in freed:
            lower[self.moves[g].rows], upper[self.moves[g].rows] = -np.inf, np.inf
        return replace(p, matrix=matrix.tocsr(), row_lower=lower, row_upper=upper, upper=bound)

    def keeping(self, kept: Iterable[int]) -> Problem:
        """The problem with only some members in force."""
        dropped = set(range(len(self.members))) - set(kept)
        rules = {g for g in dropped if self.members[g].is_rule}
        return self.at({g: self.members[g].most for g in dropped - rules}, rules)


def make_elastic(scenario: Scenario, tree: Tree) -> Elastic:
    """Read off how every member of a scenario moves its model."""
    instance = build_instance(scenario, tree)
    members = members_of(instance)
    stepped = {i: min(0.5, 0.5 * m.most) for i, m in enumerate(members) if m.way and not m.whole}
    lifted = {i: ALMOST * m.most if m.way < 0 or m.owner[0] == "band" else m.most for i, m in enumerate(members) if m.way and not m.is_rule}
    base = _compiled(instance)
    step = _other(scenario, tree, members, stepped)
    far = _other(scenario, tree, members, lifted)
    if step is None or far is None:  # what is on offer shapes the tree: it stays as it is
        kept = [m for m in members if m.owner[0] != "spot"]
        stepped, lifted = _of(kept, members, stepped), _of(kept, members, lifted)
        members, step, far = kept, _other(scenario, tree, kept, stepped), _other(scenario, tree, kept, lifted)
        assert step is not None
        assert far is not None
    return _read(instance, members, base, step, far, stepped)


def _of(kept: list[Member], members: list[Member], theta: dict[int, float]) -> dict[int, float]:
    """The same amounts for some of the members."""
    return {i: theta[members.index(m)] for i, m in enumerate(kept) if members.index(m) in theta}


def _compiled(instance: Instance) -> Problem:
    problem = compile_problem(build_model(instance, objective=False))
    return replace(problem, cost=np.zeros_like(problem.cost), offset=0.0)


def _other(scenario: Scenario, tree: Tree, members: list[Member], theta: dict[int, float]) -> Problem | None:
    """The model with members moved; None where that gives another tree."""
    moved = changed(scenario, [(members[i], members[i].at(amount)) for i, amount in theta.items()])
    other = build_tree(moved) if any(members[i].owner[0] == "spot" for i in theta) else tree
    return _compiled(build_instance(moved, other)) if other.ids == tree.ids else None


def _read(instance: Instance, members: list[Member], base: Problem, step: Problem, far: Problem, stepped: dict[int, float]) -> Elastic:
    """Attribute what differs between the builds."""
    owners = {m.owner: i for i, m in enumerate(members)}
    rows = [_member_of(_row_owner(instance, base, r), owners) for r in range(base.matrix.shape[0])]
    columns = _column_owners(instance, base, owners)
    base = _with_implied(base, far, rows, columns, members)
    matrix, low, high = _differences(base, step, rows)
    offered = _offered(base, step)
    moves = []
    for i, member in enumerate(members):
        own = np.array([r for r, g in enumerate(rows) if g == i], dtype=np.int64)
        size = stepped.get(i, 1.0)
        pick = sparse.coo_matrix((np.full(len(own), 1.0 / size), (own, own)), shape=(base.matrix.shape[0],) * 2).tocsr()
        lower, upper, bound = np.zeros(len(rows)), np.zeros(len(rows)), np.zeros(len(base.upper))
        lower[own], upper[own] = low[own] / size, high[own] / size
        if member.whole:  # a number of suppliers is a side of its rows, which may vanish a step away
            lower[own] = np.where(np.isfinite(base.row_lower[own]), member.way * member.scale, 0.0)
            upper[own] = np.where(np.isfinite(base.row_upper[own]), member.way * member.scale, 0.0)
        mine = np.flatnonzero(columns == i)
        bound[mine] = offered[mine] / size if member.owner[0] == "spot" else member.scale
        moves.append(Move((pick @ matrix).tocsr(), lower, upper, bound, own))
    felt = [m.matrix.nnz or m.lower.any() or m.upper.any() or m.bound.any() for m in moves]
    counts = [i for i, m in enumerate(moves) if (len(m.rows) if members[i].is_rule else felt[i])]
    return Elastic(base, tuple(members[i] for i in counts), tuple(moves[i] for i in counts))


def _member_of(candidates: tuple[Owner, ...], owners: dict[Owner, int]) -> int:
    return next((owners[x] for x in candidates if x in owners), -1)


def _row_owner(instance: Instance, problem: Problem, r: int) -> tuple[Owner, ...]:
    """To whom a row may belong, most exactly first."""
    data = problem.names[0][r]
    component = data.parent_component()
    index: Any = data.index() if isinstance(data.index(), tuple) else (data.index(),)
    name, rule = component.local_name, int(problem.row_rule[r])
    period = instance.tree.period
    if rule >= 0:
        return (("rule", rule, "max"), ("rule", rule, "")) if name in UPPER else (("rule", rule, "min"), ("rule", rule, "max"), ("rule", rule, ""))
    if name in ("takes_within_capacity", "commitments_within_capacity"):
        return (("capacity", index[0], index[1], int(period[index[2]])),)
    if name == "demand_is_served":
        return (("initial", index[0], index[1]),) if instance.tree.parent[index[2]] == 0 else ()
    offer = problem.naming.offer_of(component.parent_block())
    if offer is None:
        return ()
    if name in ("committed_at_least", "committed_at_most", "volume_within_ramp_up", "volume_within_ramp_down"):
        end = "low" if name == "committed_at_least" else "high"
        return ((end, offer, index[0], index[1]), (end, offer, index[0], -1))
    of_clauses: dict[str, tuple[Owner, ...]] = {
        "take_within_band_below": (("band", offer),),
        "order_is_enough": (("least", offer),),
        "need_is_bought_here": (("need", offer),),
    }
    return of_clauses.get(name, ())


def _column_owners(instance: Instance, problem: Problem, owners: dict[Owner, int]) -> Ints:
    """The member whose limit is a column's own bound, -1 for none. [C]"""
    found = np.full(len(problem.upper), -1, dtype=np.int64)
    for name, kind in COLUMNS.items():
        index, columns = problem.keys[name]
        for key, j in zip(index.tolist(), columns.tolist(), strict=True):
            owner = {"spot": ("spot", key[0], int(instance.tree.period[key[-1]])), "storage": ("storage", key[0], key[1]), "lane": ("lane", key[0])}[kind]
            found[j] = owners.get(owner, -1)
    return found


def _offered(base: Problem, step: Problem) -> Floats:
    """By how much the bounds of columns that both have differ. [C]"""
    place = {key: j for j, key in enumerate(_keys(step.names[1]))}
    at = np.array([place.get(key, -1) for key in _keys(base.names[1])], dtype=np.int64)
    return np.where(at >= 0, step.upper[at] - base.upper, 0.0)


def _with_implied(base: Problem, far: Problem, rows: list[int], columns: Ints, members: list[Member]) -> Problem:
    """The model with rows and bounds of nobody as they are when all is lifted; stocks and lanes may use all of their own limits."""
    upper = np.maximum(base.upper, base.upper + _offered(base, far))
    for j, g in enumerate(columns.tolist()):
        if g >= 0:
            upper[j] = base.upper[j] if members[g].owner[0] == "spot" else members[g].value
    matrix, low, high = _differences(base, far, [-1 if g >= 0 else 0 for g in rows])
    free = np.array([g < 0 for g in rows], dtype=float)
    return replace(
        base,
        matrix=(base.matrix + sparse.diags(free) @ matrix).tocsr(),
        row_lower=base.row_lower + free * low,
        row_upper=base.row_upper + free * high,
        upper=upper,
    )


def _differences(base: Problem, other: Problem, wanted: list[int]) -> tuple[Any, Floats, Floats]:
    """other - base in the rows with `wanted` >= 0 that both have: coefficients and sides."""
    place = {key: j for j, key in enumerate(_keys(base.names[1]))}
    column = np.array([place.get(key, -1) for key in _keys(other.names[1])], dtype=np.int64)
    there = {key: r for r, key in enumerate(_keys(other.names[0]))}
    triplets: list[tuple[int, int, float]] = []
    low, high = np.zeros(base.matrix.shape[0]), np.zeros(base.matrix.shape[0])
    for r, key in enumerate(_keys(base.names[0])):
        if wanted[r] < 0 or key not in there:
            continue
        q = there[key]
        mine, theirs = base.matrix[r], other.matrix[q]
        coefficients = dict(zip(mine.indices.tolist(), (-mine.data).tolist(), strict=True))
        size = float(np.abs(mine.data).max(initial=0.0))
        for j, value in zip(column[theirs.indices].tolist(), theirs.data.tolist(), strict=True):
            coefficients[j] = coefficients.get(j, 0.0) + value
        triplets += [(r, j, value) for j, value in coefficients.items() if j >= 0 and abs(value) > DUST * max(size, 1e-9)]
        low[r], high[r] = (_moved(getattr(base, side)[r], getattr(other, side)[q]) for side in ("row_lower", "row_upper"))
    values: Any = [v for _, _, v in triplets]
    at: Any = ([r for r, _, _ in triplets], [j for _, j, _ in triplets])
    return sparse.coo_matrix((values, at), shape=base.matrix.shape).tocsr(), low, high


def _moved(before: float, after: float) -> float:
    moved = after - before if np.isfinite(before) and np.isfinite(after) else 0.0
    return moved if abs(moved) > DUST * max(abs(before), 1e-9) else 0.0


def _keys(data: Iterable[Any]) -> list[Key]:
    """What rows or columns are, comparable between two builds: component, index, and which of the two sides of one row."""
    found: list[Key] = []
    seen: dict[int, int] = {}
    for item in data:
        seen[id(item)] = seen.get(id(item), -1) + 1
        found.append((item.parent_component().name, item.index(), seen[id(item)]))
    return found
