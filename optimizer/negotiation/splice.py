"""One contract of a compiled problem replaced by another, without building the rest again.

A contract touches the rest of the model in three ways only: through its kernel columns (signed, volume, take, elected), whose coefficients in other
rows no term moves; through their bounds; and through its charges, which enter every row by way of the ledger. So the problem with other terms is

    rows of the rest:      A + L (D' - D)        L[r, n] coefficient of a unit of money at node n in row r, D[n, c] charge of column c at node n
    rows of the contract:  those of the contract built alone

and L is read off a column that charges a unit at each node (`build_model(probed=True)`). What does not fit (other nodes, other alternatives, a
capacity step that waits for a prepayment) is built as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy import sparse

from models.rules import CATEGORY_RULES
from optimizer.algebra import PauseGC
from optimizer.clauses import clauses_of
from optimizer.clauses.base import looks_elsewhere
from optimizer.instance import Instance, OfferData
from optimizer.light import Label
from optimizer.model import build_contracts_alone, build_model
from optimizer.risk import EXCESSES, RISK, cost_range
from optimizer.solve.problem import Problem, compile_light, compile_problem
from scenarios.tree import Floats, Ints

ROUNDING = 1e-12  # relative: a difference that is no more
Names = tuple[tuple[Label, ...], tuple[Label, ...]]  # of rows and columns
OWN = ("signed", "volume", "take", "elected", "ended", "deliver")  # kernel variables of a contract


class Misfit(Exception):
    """The contract can't be put in place of the other; the whole has to be built."""


@dataclass(frozen=True)
class Base:
    """A compiled problem, and how money enters it. R rows, C columns, N nodes."""

    instance: Instance
    problem: Problem
    enters: Any  # [R, N] csr: coefficient of a unit of nominal money at a node
    enters_cost: Floats  # [N] the same in the objective
    row_offer: Ints  # [R] offer that the row belongs to, -1: none
    column_offer: Ints  # [C] offer to whose clauses the column belongs, -1: none or kernel
    risk: dict[str, Ints]  # variable of the risk block -> its columns
    violations: Ints  # columns that measure by how much a priced rule is broken
    fits: bool  # whether no capacity step waits for a prepayment


def make_base(instance: Instance) -> Base:
    """Compile a scenario for splicing. Raises Misfit where a rule counts some charges and not others: a unit of money at a node enters its rows or does not;
    and where a contract looks at others."""
    if any(rule.kind in CATEGORY_RULES for rule in instance.rules) or any(map(binds_others, instance.offers)):
        raise Misfit
    with PauseGC():  # which would look through hundreds of thousands of objects again and again
        return _base(instance, compile_problem(build_model(instance, probed=True)))


def _base(instance: Instance, problem: Problem) -> Base:
    offers = {offer.id: offer.index for offer in instance.offers}
    row_offer, column_offer = _owners(problem.names[0], offers), _owners(problem.names[1], offers)
    problem = replace(problem, names=(labels_of(problem.names[0]), labels_of(problem.names[1])), naming=None)  # nothing holds on to Pyomo's objects
    probe = np.array([name == "probe" for name, _ in problem.names[1]])
    node = np.array([index for name, index in problem.names[1] if name == "probe"], dtype=np.int64)
    place = np.flatnonzero(probe)[np.argsort(node)]
    if len(place) < instance.tree.size:  # where no row and no cost names a node's money, it does not count
        raise Misfit
    rest = np.flatnonzero(~probe)
    enters, enters_cost = problem.matrix[:, place].tocsr(), problem.cost[place]
    problem = _roomy(instance, _columns(problem, rest))
    named: dict[str, list[int]] = {}
    for j, (name, _) in enumerate(problem.names[1]):
        named.setdefault(name, []).append(j)
    violations = sorted(j for name, columns in named.items() if name.endswith("_violation") for j in columns)
    return Base(
        instance, problem, enters, enters_cost, row_offer=row_offer, column_offer=column_offer[rest],
        risk={name: np.array(named.get(f"risk.{name}", []), dtype=np.int64) for name in RISK}, violations=np.array(violations, dtype=np.int64),
        fits=not any(step.prepaid > 0 for step in instance.steps),
    )  # fmt: skip


def binds_others(offer: OfferData) -> bool:
    """Whether an offer has rows about what is bought elsewhere, whose bounds move with the terms of others."""
    return looks_elsewhere(clauses_of(offer.clauses))


def labels_of(data: Any) -> tuple[Label, ...]:
    """Name of the component and index of rows or columns: what is left of them once the model they were declared in is gone."""
    known: dict[int, Label] = {}
    found = []
    for item in data:
        label = known.get(id(item))
        if label is None:  # the whole component at once: asking each item for its index takes ten times as long
            component = item.parent_component()
            name = component.name
            known.update((id(each), (name, index)) for index, each in component.items())
            label = known[id(item)]
        found.append(label)
    return tuple(found)


def _columns(problem: Problem, kept: Ints) -> Problem:
    """The problem with some columns only, keys and names with it."""
    place = np.full(len(problem.cost), -1)
    place[kept] = np.arange(len(kept))
    return replace(
        problem,
        matrix=problem.matrix[:, kept].tocsr(), cost=problem.cost[kept], lower=problem.lower[kept], upper=problem.upper[kept],
        integer=problem.integer[kept], column_node=problem.column_node[kept], cash=problem.cash[:, kept].tocsr(),
        keys={name: (index, place[columns]) for name, (index, columns) in problem.keys.items()},
        names=(problem.names[0], tuple(problem.names[1][j] for j in kept.tolist())),
    )  # fmt: skip


def _owners(data: Any, offers: dict[str, int]) -> Ints:
    """Index of the offer in whose block each row or column is declared, -1 for none."""
    known: dict[int, int] = {}
    found = np.full(len(data), -1)
    for i, item in enumerate(data):
        component = item.parent_component()
        owner = known.get(id(component))
        if owner is None:
            block, owner = component.parent_block(), -1
            while block is not None and owner < 0:
                parent = block.parent_component()
                if parent is not block and parent.local_name == "offers":
                    owner = offers[block.index()]
                block = block.parent_block()
            known[id(component)] = owner
        found[i] = owner
    return found


def _roomy(instance: Instance, problem: Problem) -> Problem:
    """The problem with stocks and transfers limited by what can be used, instead of by what the contracts' terms can bring."""
    upper = problem.upper.copy()
    for (p, s, n), j in _entries(problem, "stock"):
        x = instance.stocks[p, s]
        upper[j] = min(x.capacity, max(float(instance.remaining[n]), x.initial))
    for (r, n), j in _entries(problem, "move"):
        upper[j] = min(instance.lanes[r].capacity, float(instance.remaining[n]))
    return replace(problem, upper=upper)


def _entries(problem: Problem, name: str) -> Iterator[tuple[tuple[int, ...], int]]:
    """Index and column of every entry of a kernel variable."""
    index, columns = problem.keys[name]
    return zip(map(tuple, index.tolist()), columns.tolist(), strict=True)


@dataclass(frozen=True)
class Slot:
    """The place of one contract in a base: what stays when its terms move."""

    base: Base
    offer: OfferData
    kept_rows: Ints  # rows of the rest
    kept: Ints  # columns of the rest, the contract's kernel columns among them
    matrix: Any  # [kept rows, kept] coefficients without the contract's money
    cost: Floats  # [kept]
    cash: Any  # [N, kept]
    enters: Any  # [kept rows, N] coefficient of a unit of discounted money
    enters_cost: Floats  # [N]
    own: dict[str, tuple[Ints, Ints]]  # kernel variable -> its indices in order, and their positions in `kept`
    names: Names  # of the kept rows and columns
    rest: Problem  # what stays of the base: its vectors, and where its kernel variables are now; the matrices are `matrix` and `cash`
    place: Ints  # [columns of the base] their positions in `kept`, -1: not kept
    broken: tuple[Ints, Any]  # rows of priced rules' violations among the kept ones, and their coefficients of `violations` in them (csc)
    seen: list[tuple[Names, Names]] = field(default_factory=list)  # names of contracts that were put here, and of the whole with them

    def named(self, own: Names) -> Names:
        """Names of the whole with a contract whose own rows and columns are named so: the same object for all that are named alike, because values keep it."""
        for known, whole in self.seen:
            if known == own:
                return whole
        whole = self.names[0] + own[0], self.names[1] + own[1]
        self.seen.append((own, whole))
        return whole


def make_slot(base: Base, o: int) -> Slot:
    """The place of offer `o`."""
    problem, discount = base.problem, base.instance.discount
    kept_rows, kept = np.flatnonzero(base.row_offer != o), np.flatnonzero(base.column_offer != o)
    place = np.full(len(problem.cost), -1)
    place[kept] = np.arange(len(kept))
    keys = {name: problem.keys[name] for name in OWN}
    own = {name: _in_order(index[index[:, 0] == o], place[columns[index[:, 0] == o]]) for name, (index, columns) in keys.items()}
    money = np.zeros(len(kept), dtype=bool)
    for name in ("signed", "volume", "take", "elected"):
        money[own[name][1]] = True
    cash = problem.cash[:, kept].tocsr()
    charged = cash @ sparse.diags(money.astype(float))
    enters = (base.enters[kept_rows] @ sparse.diags(1.0 / discount)).tocsr()
    enters_cost = base.enters_cost / discount
    matrix = _less(problem.matrix[kept_rows][:, kept], enters @ charged)
    rest = replace(
        problem,
        row_lower=problem.row_lower[kept_rows], row_upper=problem.row_upper[kept_rows], row_node=problem.row_node[kept_rows],
        row_rule=problem.row_rule[kept_rows], lower=problem.lower[kept], upper=problem.upper[kept], integer=problem.integer[kept],
        column_node=problem.column_node[kept], keys={name: (index, place[columns]) for name, (index, columns) in problem.keys.items()},
    )  # fmt: skip
    measured = matrix[:, place[base.violations]].tocsc()
    return Slot(
        base, base.instance.offers[o], kept_rows, kept, rest=rest, place=place, broken=(np.unique(measured.indices), measured),
        matrix=matrix,
        cost=_less(sparse.csr_matrix(problem.cost[kept]), sparse.csr_matrix(charged.T @ enters_cost)).toarray()[0],
        cash=_less(cash, charged), enters=enters, enters_cost=enters_cost, own=own,
        names=(tuple(problem.names[0][i] for i in kept_rows.tolist()), tuple(problem.names[1][j] for j in kept.tolist())),
    )  # fmt: skip


def _in_order(index: Ints, columns: Ints) -> tuple[Ints, Ints]:
    """Indices in ascending order, and their columns."""
    order = np.lexsort(index.T[::-1])
    return index[order], columns[order]


@dataclass(frozen=True)
class Spliced:
    """A problem with another contract in a slot."""

    problem: Problem
    at_most_one: Ints  # rows by which at most one of its alternatives is signed
    base: Base
    risk: dict[str, Ints]  # variable of the risk block -> its columns


def by_itself(instance: Instance, offer: OfferData) -> Instance:
    """A world with one contract and nothing else."""
    nothing: dict[str, Any] = {"spots": (), "stocks": {}, "lanes": (), "swaps": (), "steps": (), "shortage": {}}
    return replace(instance, offers=(offer,), **nothing, capacity=np.full_like(instance.capacity, np.inf))


def alone(instance: Instance, offer: OfferData) -> Problem:
    """One contract, compiled alone."""
    return compile_light(build_contracts_alone(by_itself(instance, offer), light=True))[0]


def alone_at(instance: Instance, offer: OfferData, alternative: str | None, factor: float) -> tuple[Problem, Problem]:
    """One contract, compiled alone at its prices and at `factor` times those of an alternative, or of all. It is declared once, with both side by side, in
    three quarters of the time that it takes to do so twice."""
    wanted = [factor if alternative in (None, a.id) else 1.0 for a in offer.alternatives]
    both = tuple(replace(a, price=np.stack([a.price, a.price * dearer], axis=1)) for a, dearer in zip(offer.alternatives, wanted, strict=True))
    one, other = compile_light(build_contracts_alone(by_itself(instance, replace(offer, alternatives=both)), light=True), 2)
    return one, other


def _less(whole: Any, part: Any) -> Any:
    """whole - part, without what is left by rounding only: scaling would take it for a coefficient, and give up the row for it."""
    found = (whole - part).tocsr()
    found = found.multiply(abs(found) > ROUNDING * (abs(whole) + abs(part))).tocsr()
    found.eliminate_zeros()
    found.sum_duplicates()
    return found


def splice(slot: Slot, offer: OfferData) -> Spliced:
    """The base with `offer` in the slot. Raises Misfit."""
    _check(slot, offer)
    return _put(slot, alone(slot.base.instance, offer))


def splice_at(slot: Slot, offer: OfferData, alternative: str | None, factor: float) -> tuple[Spliced, Callable[[], Spliced]]:
    """The base with `offer` in the slot, and with it at another price (`alone_at`) for whoever asks. Raises Misfit."""
    _check(slot, offer)
    one, other = alone_at(slot.base.instance, offer, alternative, factor)
    found = _put(slot, one)
    if other.names == one.names:  # then it fits
        return found, lambda: _put(slot, other)
    further = _put(slot, other)
    return found, lambda: further


def _check(slot: Slot, offer: OfferData) -> None:
    was = slot.offer
    if (
        not slot.base.fits
        or binds_others(offer)
        or (offer.start, offer.end, offer.sign, offer.products, offer.sites) != (was.start, was.end, was.sign, was.products, was.sites)
    ):
        raise Misfit


def _put(slot: Slot, contract: Problem) -> Spliced:
    """The base with a contract in the slot. Raises Misfit."""
    place, fresh = _places(slot, contract)
    rest, extra = slot.rest, len(fresh)
    width = len(slot.kept) + extra
    charged = _moved(contract.cash, place, width)
    among = _sum(_wider(slot.matrix, extra), _sorted(slot.enters @ charged))
    lower, upper = np.append(rest.lower, contract.lower[fresh]), np.append(rest.upper, contract.upper[fresh])
    lower[place], upper[place] = contract.lower, contract.upper
    found = replace(
        rest,
        matrix=_below(among, _moved(contract.matrix, place, width)),
        row_lower=np.append(rest.row_lower, contract.row_lower), row_upper=np.append(rest.row_upper, contract.row_upper),
        cost=np.append(slot.cost, np.zeros(extra)) + charged.T @ slot.enters_cost,
        lower=lower, upper=_violation_bounds(slot, among, lower, upper), integer=np.append(rest.integer, contract.integer[fresh]),
        column_node=np.append(rest.column_node, contract.column_node[fresh]), row_node=np.append(rest.row_node, contract.row_node),
        row_rule=np.append(rest.row_rule, np.full(len(contract.row_node), -1)), cash=_sum(_wider(slot.cash, extra), charged),
        names=slot.named((contract.names[0], tuple(contract.names[1][j] for j in fresh.tolist()))),
    )  # fmt: skip
    rule = [i for i, (name, _) in enumerate(contract.names[0]) if name.endswith(".at_most_one_alternative")]
    risk = {name: slot.place[columns] for name, columns in slot.base.risk.items()}
    spliced = Spliced(found, len(slot.kept_rows) + np.array(rule, dtype=np.int64), slot.base, risk)
    return replace(spliced, problem=risk_bounded(spliced, found))


def _sorted(matrix: Any) -> Any:
    """A matrix (csr) without double entries, with its entries in order."""
    matrix.sort_indices()
    matrix.has_canonical_format = True
    return matrix


def _sum(one: Any, other: Any) -> Any:
    """The sum of two matrices (csr) with their entries in order, which it has as well."""
    found = one + other
    found.has_canonical_format = True  # nobody has to look
    return found


def _moved(matrix: Any, place: Ints, width: int) -> Any:
    """A matrix (csr) whose columns stand elsewhere among `width`."""
    return _sorted(sparse.csr_matrix((matrix.data.copy(), place[matrix.indices], matrix.indptr), shape=(matrix.shape[0], width)))


def _below(upper: Any, lower: Any) -> Any:
    """Two matrices (csr) with their entries in order, one below the other."""
    ends = np.append(upper.indptr, lower.indptr[1:] + upper.indptr[-1])
    shape = (upper.shape[0] + lower.shape[0], upper.shape[1])
    found = sparse.csr_matrix((np.append(upper.data, lower.data), np.append(upper.indices, lower.indices), ends), shape=shape)
    found.has_canonical_format = True
    return found


def _wider(matrix: Any, extra: int) -> Any:
    """A matrix with empty columns at its end."""
    found = sparse.csr_matrix((matrix.data, matrix.indices, matrix.indptr), shape=(matrix.shape[0], matrix.shape[1] + extra))
    found.has_canonical_format = matrix.has_canonical_format
    return found


def _places(slot: Slot, contract: Problem) -> tuple[Ints, Ints]:
    """Where the contract's columns go, and which of them are its clauses' own. Raises Misfit where it has other kernel columns."""
    place = np.full(len(contract.cost), -1)
    for name in OWN:
        index, columns = _in_order(*contract.keys[name])
        known, position = slot.own[name]
        if len(index) != len(known) or (len(index) > 0 and not np.array_equal(index, known)):  # without any, indices have no length that says anything
            raise Misfit
        place[columns] = position
    fresh = np.flatnonzero(place < 0)
    place[fresh] = len(slot.kept) + np.arange(len(fresh))
    return place, fresh


def _violation_bounds(slot: Slot, matrix: Any, lower: Floats, upper: Floats) -> Floats:
    """Upper bounds with violations as large as the contract's volumes can make them: what their rows exceed their sides by at most, if that is more.
    `matrix` of the kept rows."""
    rows, columns = slot.broken
    if not len(rows):
        return upper
    violations = slot.place[slot.base.violations]
    measured, found, other = matrix[rows], upper.copy(), upper.copy()
    other[violations] = 0.0
    up, down = measured.maximum(0), measured.minimum(0)
    most, least = up @ other + down @ lower, up @ lower + down @ other
    low, high = slot.rest.row_lower[rows], slot.rest.row_upper[rows]
    for column, j in enumerate(violations.tolist()):
        at, size = columns.indices[columns.indptr[column] : columns.indptr[column + 1]], columns.data[columns.indptr[column] : columns.indptr[column + 1]]
        i = np.searchsorted(rows, at)
        over = np.where(size < 0, most[i] - high[i], low[i] - least[i]) / np.abs(size)
        found[j] = max(found[j], over[np.isfinite(over)].max(initial=0.0))
    return found


def risk_bounded(spliced: Spliced, problem: Problem) -> Problem:
    """The problem with the risk block's columns bounded by the range of path costs."""
    if not any(len(columns) for columns in spliced.risk.values()):
        return problem
    tree, lower, upper = spliced.base.instance.tree, problem.lower.copy(), problem.upper.copy()
    least, most = cost_range(lower, upper, problem.cash, tree)
    finite = np.isfinite(least) and np.isfinite(most)
    for name, columns in spliced.risk.items():
        bounds = (0.0, most - least) if name in EXCESSES else (min(least, 0.0), max(most, 0.0))
        lower[columns], upper[columns] = bounds if finite else (0.0 if name in EXCESSES else -np.inf, np.inf)
    return replace(problem, lower=lower, upper=upper)
