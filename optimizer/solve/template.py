"""Compile once, stamp many: one future declared in Pyomo, the matrices of all futures of a fan made from it in NumPy.

The futures of a fan (a tree that branches once, after signing) differ in numbers and not in structure. One of them is declared with the figures of
all F futures side by side (`varying`); Pyomo compiles it once, with stand-ins for what differs; every position that differs keeps its F values.

    Fan        first stage x and recourse z_f of every future:   row_lower_f <= T_f x + W_f z_f <= row_upper_f,  cost_f = c1_f x + c2_f z_f
    extensive  all futures in one problem, rows that rules measure on average summed with the probabilities

Rules that are measured on average are linear in what they measure; two are not stamped, and `obstacle` says so: a shortage CVaR, and a priced
fill rate on average in a period without demand in some future (there it is measured in the demand of earlier periods).
Reference: Gassmann & Ireland (1995), Scenario formulation in an algebraic modelling language, Annals of Operations Research 59 (core and stochastics).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from models.rules.base import MeasuredRule
from models.scenario import Scenario
from optimizer.decisions import Kernel
from optimizer.instance import Instance, build_instance
from optimizer.ledger import NO_CASH
from optimizer.model import build_model
from optimizer.solve.problem import Problem, compile_problem
from scenarios.tree import Floats, Ints, Paths, side_by_side


@dataclass(frozen=True)
class Stamp:
    """Figures that differ between futures: `values` [K, F] at the positions `at` [K]; everything else has its one value in `base`."""

    base: Floats
    at: Ints
    values: Floats

    def of(self, f: int) -> Floats:
        """The figures of future f."""
        if not len(self.at):
            return self.base
        found = self.base.copy()
        found[self.at] = self.values[:, f]
        return found

    def all(self, where: Ints, count: int) -> Floats:
        """The figures at some positions, of all futures. [len(where), F]"""
        found = np.repeat(self.base[where][:, None], count, axis=1)
        if len(self.at):
            slot = np.full(len(self.base), -1)
            slot[self.at] = np.arange(len(self.at))
            some = slot[where]
            found[some >= 0] = self.values[some[some >= 0]]
        return found


@dataclass(frozen=True)
class Template:
    """One future's problem and what differs between F of them. R rows, C columns, those of the one future."""

    instance: Instance  # a chain with the data of all futures side by side
    kernel: Kernel
    problem: Problem  # structure; figures that differ are stand-ins
    paths: Paths
    matrix: Stamp  # over the matrix's entries
    row_lower: Stamp
    row_upper: Stamp
    upper: Stamp
    cash: tuple[Ints, Ints, Floats]  # nodes [K], columns [K], discounted amounts [K, F]

    @property
    def count(self) -> int:
        """Number of futures."""
        return self.paths.count

    def largest(self) -> Problem:
        """A problem like that of one future, in which every figure that differs between futures is as large as it gets."""
        p, (nodes, columns, amounts) = self.problem, self.cash
        cash = sparse.csr_matrix((np.abs(amounts).max(axis=1, initial=0.0), (nodes, columns)), shape=p.cash.shape)
        matrix = sparse.csr_matrix((self.matrix.base, p.matrix.indices, p.matrix.indptr), shape=p.matrix.shape)
        cost: Floats = np.asarray(cash.sum(axis=0), dtype=float).ravel()
        return replace(p, matrix=matrix, cash=cash, cost=cost, row_lower=self.row_lower.base, row_upper=self.row_upper.base, upper=self.upper.base)

    @cached_property
    def _cash_pattern(self) -> tuple[Ints, Any]:
        """Order of the amounts by node and column, and the matrix in which they stand, the same for every future."""
        nodes, columns, _ = self.cash
        pattern = sparse.csr_matrix((np.arange(1.0, len(nodes) + 1), (nodes, columns)), shape=self.problem.cash.shape)
        return pattern.data.astype(np.int64) - 1, pattern

    def future(self, f: int) -> Problem:
        """Future f as a problem of its own, on the chain: it knows what will come, and no rule ties it to others (if there are any)."""
        p = self.problem
        order, pattern = self._cash_pattern
        amounts = self.cash[2][order, f]
        cash = sparse.csr_matrix((amounts, pattern.indices, pattern.indptr), shape=p.cash.shape)
        matrix = sparse.csr_matrix((self.matrix.of(f), p.matrix.indices, p.matrix.indptr), shape=p.matrix.shape)
        found = replace(
            p, matrix=matrix, row_lower=self.row_lower.of(f), row_upper=self.row_upper.of(f), upper=self.upper.of(f), cash=cash,
            cost=np.bincount(pattern.indices, weights=amounts, minlength=p.cash.shape[1]).astype(float), naming=Named(p.naming, self.paths.ids[f]),
        )  # fmt: skip
        if self.count == 1:
            return replace(found, row_node=np.maximum(p.row_node, 0), column_node=np.maximum(p.column_node, 0))
        return found.part(p.row_node >= 0, p.column_node >= 0) if (p.row_node < 0).any() or (p.column_node < 0).any() else found


@dataclass(frozen=True)
class Named:
    """Names of one future's rows and columns."""

    naming: Any
    future: str

    def of(self, data: Any) -> str:
        """The name of a row or column."""
        return str(self.naming.of(data, self.future))


def obstacle(scenario: Scenario, paths: Paths) -> str:
    """Why the futures of `scenario` can't be stamped; empty if they can."""
    for rule in scenario.rules:
        if rule.over_futures and not isinstance(rule, MeasuredRule):
            return f"a rule of kind '{rule.kind}' ties the futures together"
        if rule.kind == "fill_rate" and rule.in_ == "expected" and rule.violation_price is not None and rule.period is not None:
            asked = paths.states.demand[:, scenario.period_ids.index(rule.period)]
            asked = asked if rule.product is None else asked[:, [x.id == rule.product for x in scenario.products]]
            asked = asked[:, :, [rule.site in (None, x.id) and rule.service_class in (None, x.service_class) for x in scenario.sites]]
            if not (asked > 0).any(axis=(1, 2)).all():
                return "a priced fill rate on average is measured in units that differ between futures"
    return ""


def make_template(scenario: Scenario, paths: Paths) -> Template:
    """Declare and compile one future for all of `paths`."""
    instance = build_instance(scenario, side_by_side(scenario, paths))
    kernel = build_model(instance, objective=False)
    problem = compile_problem(kernel, coupled=True)
    rows: dict[int, list[int]] = {}
    for i, row in enumerate(problem.names[0]):
        rows.setdefault(id(row), []).append(i)
    data, lower, upper = problem.matrix.data.astype(float), problem.row_lower.copy(), problem.row_upper.copy()
    column_of = {id(v): j for j, v in enumerate(problem.names[1])}
    entries: dict[int, Floats] = {}
    lows: dict[int, Floats] = {}
    highs: dict[int, Floats] = {}
    varying = kernel.model.varying
    for row, low, terms, high in varying.rows:
        for i in rows[id(row)]:
            start, end = problem.matrix.indptr[i], problem.matrix.indptr[i + 1]
            place = {int(j): start + k for k, j in enumerate(problem.matrix.indices[start:end])}
            for c, v in terms:
                _put(data, entries, place[column_of[id(v)]], c)
            if np.isfinite(lower[i]):
                _put(lower, lows, i, low)
            if np.isfinite(upper[i]):
                _put(upper, highs, i, high)
    top = problem.upper.copy()
    tops: dict[int, Floats] = {}
    for v, bound in varying.upper.values():
        if id(v) in column_of:
            _put(top, tops, column_of[id(v)], bound)
    count = paths.count
    return Template(
        instance, kernel, problem, paths,
        _stamp(data, entries, count), _stamp(lower, lows, count), _stamp(upper, highs, count), _stamp(top, tops, count), _cash(kernel, column_of, count),
    )  # fmt: skip


def _put(base: Floats, differing: dict[int, Floats], at: int, value: Any) -> None:
    if isinstance(value, np.ndarray):
        differing[at] = value
        sizes = np.abs(value[np.isfinite(value)])
        base[at] = sizes.max(initial=0.0)  # a size to scale by
    else:
        base[at] = value


def _stamp(base: Floats, differing: dict[int, Floats], count: int) -> Stamp:
    at = np.array(sorted(differing), dtype=np.int64)
    return Stamp(base, at, np.array([differing[int(i)] for i in at]).reshape(len(at), count))


def paid(template: Template) -> tuple[Ints, Ints, Floats]:
    """As `cash`, without what nobody pays: penalties, and what a later date is worth."""
    column_of = {id(v): j for j, v in enumerate(template.problem.names[1])}
    return _cash(template.kernel, column_of, template.count, without=NO_CASH)


def _cash(kernel: Kernel, column_of: dict[int, int], count: int, without: frozenset[str] = frozenset()) -> tuple[Ints, Ints, Floats]:
    """Every charge of the ledger, discounted: node, column, amount in each future. Charges on one column at one node are added up."""
    amounts: dict[tuple[int, int], Any] = {}
    for row in kernel.ledger.rows:
        if row.category in without:
            continue
        discount = float(kernel.instance.discount[row.node])
        for c, v in row.terms:
            j = column_of.get(id(v), -1)
            if j >= 0:
                amounts[row.node, j] = amounts.get((row.node, j), 0.0) + c * discount
    values = np.empty((len(amounts), count))
    for k, amount in enumerate(amounts.values()):
        values[k] = amount
    keys = np.array(list(amounts), dtype=np.int64).reshape(-1, 2)
    return keys[:, 0], keys[:, 1], values


@dataclass(frozen=True)
class Parts:
    """Which rows and columns of a template are decided now, which belong to every future, and which tie futures together."""

    first: Ints
    shared: Ints  # columns of rules measured on average
    violations: Any  # [shared] whether they measure by how much such a rule is broken
    recourse: Ints
    first_rows: Ints
    shared_rows: Ints
    recourse_rows: Ints


def parts_of(template: Template) -> Parts:
    """The parts of a template."""
    column, row = template.problem.column_node, template.problem.row_node
    shared, names = np.flatnonzero(column < 0), template.problem.names[1]
    return Parts(
        first=np.flatnonzero(column == 0), shared=shared,
        violations=np.array([names[j].parent_component().local_name.endswith("_violation") for j in shared.tolist()], dtype=bool),
        recourse=np.flatnonzero(column > 0), first_rows=np.flatnonzero(row == 0), shared_rows=np.flatnonzero(row < 0), recourse_rows=np.flatnonzero(row > 0),
    )  # fmt: skip


def node_of(template_node: Ints | int, f: Ints | int, count: int) -> Any:
    """Node of future f in the fan that stands for a node of the template's chain."""
    return np.where(np.asarray(template_node) > 0, 1 + (np.asarray(template_node) - 1) * count + f, 0)
