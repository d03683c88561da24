"""Random fans of futures for the tests of stamping and of taking apart, and what is compared with them: problems by name, futures solved one by one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.errors import OfftakeError
from models.options import SolveSettings
from models.plan import Plan
from models.scenario import Scenario
from optimizer import engine
from optimizer.solve.fan import Fan, make_fan
from optimizer.solve.highs import solve_problem
from optimizer.solve.master import Measure
from optimizer.solve.problem import Problem
from optimizer.solve.template import Template, make_template, parts_of
from scenarios.files import scenario_from
from scenarios.tree import Floats, build_tree, fan_paths
from tests.optimizer.random_scenarios import Draw, Row

Column = tuple[float, float, bool, int, float, dict[int, float]]  # lower, upper, whole, node, cost, cash
Line = tuple[dict[str, float], float, float, int, int]  # entries, lower, upper, node, rule


def fan_document(seed: int, count: int | None = None, *, apart: bool = False) -> Row:
    """A random scenario whose futures differ in everything that may differ; `apart`: nothing ties them together, and all is decided now."""
    draw = Draw(seed)
    for part in (draw.suppliers, draw.sites, draw.markets, draw.offers, draw.rules):
        part()
    count = count or draw.r.randint(1, 6)
    shares = draw.shares(count)
    futures = [{"id": f"f{i}", "probability": share, **draw.changes(draw.series)} for i, share in enumerate(shares)]
    draw.data["uncertainty"] = {"kind": "futures", "revealed": "after_signing", "futures": futures}
    return untied(draw) if apart else draw.data


def tree_document(seed: int) -> Row:
    """A random tree, or random futures that are told apart by their data, whose subtrees nothing ties together."""
    draw = Draw(seed)
    for part in (draw.suppliers, draw.sites, draw.markets, draw.offers, draw.rules):
        part()
    draw.data["uncertainty"] = {"kind": "tree", "nodes": draw.nodes()}
    return untied(draw)


def many(count: int, seed: int = 0) -> Row:
    """Many futures of three years and two sites, in which contracts pay: demand and prices differ, suppliers fail, signing costs."""
    draw = np.random.default_rng(seed)
    periods, sites = ["1", "2", "3"], ["east", "west"]

    def future(f: int) -> Row:
        level, price = draw.lognormal(0.0, 0.3), draw.lognormal(0.0, 0.4)
        demand = [{"site": s, "product": "cable", "volume": (60 * level * draw.uniform(0.7, 1.4, 3)).round(3).tolist()} for s in sites]
        row: Row = {"id": f"f{f}", "probability": 1.0 / count, "demand": demand, "spot_price_factor": (price * draw.uniform(0.8, 1.3, 3)).round(3).tolist()}
        failing = [{"supplier": f"maker-{draw.integers(5)}", "share": draw.uniform(0.2, 1.0, 3).round(3).tolist()}] if draw.random() < 0.4 else []
        return row | {"deliverability": failing}

    def offer(i: int) -> Row:
        volume = {"min": 5.0 + 3 * i, "max": 30.0 + 8 * i}
        return {
            "id": f"offer-{i}", "supplier": f"maker-{i}", "products": ["cable"], "window": {"start": "1", "periods": 3}, "signing_cost": 300.0 + 100 * i,
            "alternatives": [{"id": "base", "price": 22.0 - 1.5 * i, "volume_per_period": volume, "profile": {"kind": "free"}}],
            "clauses": [{"kind": "take_or_pay", "fraction": 0.5 + 0.1 * i}, {"kind": "volume_band", "up": 0.1}],
        }  # fmt: skip

    return {
        "format": "offtake/1", "name": "many", "discount_rate": 0.05, "periods": periods, "sites": [{"id": s} for s in sites],
        "products": [{"id": "cable", "unit": "km"}], "suppliers": [{"id": f"maker-{i}"} for i in range(5)],
        "demand": [{"site": s, "product": "cable", "volume": [60.0] * 3} for s in sites],
        "shortage": [{"product": "cable", "kind": "lost", "cost_per_unit": 120.0}],
        "storage": [{"site": s, "product": "cable", "capacity": 40.0, "holding_cost": 2.0} for s in sites],
        "spot": [{"id": "spot", "product": "cable", "price": [25.0, 27.0, 29.0], "available": [80.0] * 3}],
        "offers": [offer(i) for i in range(5)], "risk": {"weight": 0.5, "tail": 0.1},
        "uncertainty": {"kind": "futures", "revealed": "after_signing", "futures": [future(f) for f in range(count)]},
    }  # fmt: skip


DECIDED_LATER = (
    "minimum_order",
    "make_up",
    "carry_forward",
    "early_termination",
    "extension",
    "cumulative_rebate",
    "exclusivity",
    "growth_rebate",
    "bundle_discount",
)  # clauses with yes-or-no decisions after signing


def untied(draw: Draw) -> Row:
    """A document without decisions after signing that are yes or no, and without rules over several futures."""
    for offer in draw.data["offers"]:
        offer |= {"sign": "now", "clauses": [clause for clause in offer["clauses"] if clause["kind"] not in DECIDED_LATER]}
    rules = [rule for rule in draw.data["rules"] if rule["kind"] != "shortage_cvar"]
    for rule in rules:
        if rule.get("in") == "expected":
            rule["in"] = "every_node" if rule["period"] else draw.r.choice(["every_future", "every_node"])
    return draw.data | {"rules": rules}


@dataclass(frozen=True)
class Case:
    """A scenario and its futures in all their forms."""

    scenario: Scenario
    template: Template
    fan: Fan

    @property
    def measure(self) -> Measure:
        """The objective that the scenario asks for."""
        risk = self.scenario.risk
        return Measure(self.fan.probability, risk.weight if self.fan.count > 1 else 0.0, risk.tail)

    def points(self, count: int, seed: int = 0) -> list[Floats]:
        """Random first stages between bounds, some at a bound."""
        draw, fan = np.random.default_rng(seed), self.fan
        return [fan.lower + draw.choice([0.0, 1.0, draw.random()], size=len(fan.cost0)) * (fan.upper - fan.lower) for _ in range(count)]

    def alone(self, x: Floats) -> Floats:
        """What each future costs from the first period on under x, each solved as a problem of its own with all that the adapter does. [F]"""
        return np.array([self._one(f, x) for f in range(self.fan.count)]) - self.fan.cost0 @ x

    def _one(self, f: int, x: Floats) -> float:
        problem = self.template.future(f)
        now = problem.row_node == 0
        problem = replace(problem.without_rules(now).fixed(np.flatnonzero(problem.column_node == 0), x), integer=np.zeros_like(problem.integer))
        answer = solve_problem(problem, seconds=20)
        assert answer.status in ("optimal", "infeasible")
        return answer.objective


def case_of(document: Row) -> Case:
    """The case of a document whose tree is a fan."""
    scenario = scenario_from(document)
    paths = fan_paths(build_tree(scenario))
    assert paths is not None
    template = make_template(scenario, paths)
    return Case(scenario, template, make_fan(template))


def can_be_taken_apart(case: Case) -> bool:
    """Whether all recourse is linear and bounded, and nothing ties futures together."""
    parts = parts_of(case.template)
    return not (len(parts.shared) or len(parts.shared_rows) or case.template.problem.integer[parts.recourse].any()) and bool(np.isfinite(case.fan.top).all())


def planned(scenario: Scenario, **settings: Any) -> Plan | OfftakeError:
    """The plan, or why there is none."""
    try:
        return engine.solve(scenario, SolveSettings(**{"gap": 0.0, "baselines": False, "detail": "summary", "out_of_sample": 0} | settings))
    except OfftakeError as error:
        return error


def differences(compiled: Problem, stamped: Problem) -> list[tuple[Any, ...]]:
    """Where two problems differ, by the names of rows and columns. Bounds of a violation and of the risk's columns may be tighter in the second."""
    (columns, rows), (other_columns, other_rows) = contents(compiled), contents(stamped)
    found: list[tuple[Any, ...]] = [("column", name) for name in columns.keys() ^ other_columns.keys()] + [
        ("row", name) for name in rows.keys() ^ other_rows.keys()
    ]
    for name in columns.keys() & other_columns.keys():
        a, b = columns[name], other_columns[name]
        loose = a[3] < 0
        ends = b[0] >= a[0] - 1e-9 * abs(a[0]) and b[1] <= a[1] * (1 + 1e-9) if loose else near(a[0], b[0]) and near(a[1], b[1])
        same_cash = all(near(a[5].get(n, 0.0), b[5].get(n, 0.0)) for n in a[5].keys() | b[5].keys())
        if not (ends and a[2:4] == b[2:4] and near(a[4], b[4]) and same_cash):
            found.append(("column", name, a, b))
    for name in rows.keys() & other_rows.keys():
        line, other = rows[name], other_rows[name]
        same_entries = all(near(line[0].get(key, 0.0), other[0].get(key, 0.0)) for key in line[0].keys() | other[0].keys())
        if not (same_entries and near(line[1], other[1]) and near(line[2], other[2]) and line[3:] == other[3:]):
            found.append(("row", name, line, other))
    return found


def contents(problem: Problem) -> tuple[dict[str, Column], dict[str, Line]]:
    """Columns and rows by name, without columns that can only be 0 or stand nowhere, and without rows that say nothing."""
    names = [without_scope(problem.column_name(j)) for j in range(len(problem.cost))]
    assert not [name for name, times in Counter(names).items() if times > 1]
    cash, matrix = problem.cash.tocsc(), problem.matrix
    used = (np.asarray(abs(cash).sum(axis=0)).ravel() > 0) | (problem.cost != 0)
    used[matrix.indices[matrix.data != 0]] = True
    alive = used & ((problem.lower != 0) | (problem.upper != 0))
    columns: dict[str, Column] = {}
    for j in np.flatnonzero(alive):
        part = slice(cash.indptr[j], cash.indptr[j + 1])
        money = {int(n): float(v) for n, v in zip(cash.indices[part], cash.data[part], strict=True) if v}
        columns[names[j]] = (problem.lower[j], problem.upper[j], bool(problem.integer[j]), int(problem.column_node[j]), problem.cost[j], money)
    rows: dict[str, Line] = {}
    for i in range(matrix.shape[0]):
        part = slice(matrix.indptr[i], matrix.indptr[i + 1])
        entries = {names[j]: float(v) for j, v in zip(matrix.indices[part], matrix.data[part], strict=True) if v and alive[j]}
        low, high = float(problem.row_lower[i]), float(problem.row_upper[i])
        if entries or not low <= 0 <= high:
            name = without_scope(problem.row_name(i))
            assert name not in rows
            rows[name] = (entries, low, high, int(problem.row_node[i]), int(problem.row_rule[i]))
    return columns, rows


def without_scope(name: str) -> str:
    """The name of a rule's row or column without the number of its scope, which differs between one future and many; the node tells them apart."""
    if not name.startswith("rules[") or ".prepaid_within_limit" in name:  # that one counts suppliers
        return name
    head, _, tail = name.rpartition("[")
    keys = tail[:-1].split(",")
    kept = keys[1:] if ".bundle_" in head else keys[:-2] + keys[-1:]
    return f"{head}[{','.join(kept)}]"


def near(a: float, b: float) -> bool:
    """Equal to rounding."""
    return a == b or (bool(np.isfinite(a) and np.isfinite(b)) and abs(a - b) <= 1e-11 * max(1.0, abs(a), abs(b)))
