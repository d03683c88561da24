"""The verifier of rules: a rule's rows (Pyomo) against its `check` (NumPy), outcome by outcome.

Outcomes are drawn from the model without the rule: every way to sign, with volumes from random objectives and mixtures of two such. The rule's limit
is put at what an outcome measures, and a step to both sides of it. The outcome's decisions are then held, and

    hard:    feasible exactly when `check` finds no violation
    priced:  always feasible, and the penalty at every node is the price times the violation that `check` finds there
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import sparse

from optimizer.bill import make_bill
from optimizer.ledger import RULE
from optimizer.outcome import Outcome, Values, read_outcome
from optimizer.rules.base import Measure
from optimizer.solve.highs import solve_problem
from scenarios.files import scenario_from
from tests.optimizer.tiny import Tiny, tiny

PRICE = 7.0
TOLERANCE = 1e-6
STEP = 0.02  # how far a limit is moved to either side of what an outcome measures, relative
MOST_OUTCOMES = 3

NODES = (
    {"id": "calm", "parent": None, "period": "2027", "probability": 0.6},
    {"id": "tight", "parent": None, "period": "2027", "probability": 0.4, "spot_available_factor": 0.5},
    {"id": "calm.calm", "parent": "calm", "period": "2028", "probability": 0.5},
    {"id": "calm.idle", "parent": "calm", "period": "2028", "probability": 0.5, "demand_factor": 0.0},
    {"id": "tight.on", "parent": "tight", "period": "2028", "probability": 1.0, "demand_factor": 1.5, "fx": {"EUR": 1.4}},
)


class Disagreement(AssertionError):
    """The rule's rows and its check tell different stories about the same outcome."""


@dataclass(frozen=True)
class Case:
    """A rule to verify. `limit` is the field to put at what outcomes measure (None: the rule has no number)."""

    name: str
    rule: Mapping[str, Any]
    limit: str | None = None

    def __str__(self) -> str:
        return self.name


def market(rules: Sequence[Mapping[str, Any]] = ()) -> Tiny:
    """Three suppliers, four offers (one signed in 2027, at two nodes), two products, two sites, two spot markets, a tree of two years."""
    wide, big = {"min": 10.0, "max": 80.0}, {"min": 40.0, "max": 90.0}
    offers = [
        {"id": "home", "supplier": "home", "products": ["cable", "ducts"], "window": {"start": "2027", "periods": 2},
         "alternatives": [{"id": "short", "price": 20.0, "volume_per_period": wide}, {"id": "long", "price": 18.0, "volume_per_period": big}],
         "clauses": [{"kind": "take_or_pay", "fraction": 0.5}, {"kind": "payment_days", "days": 45.0}], "signing_cost": 50.0},
        {"id": "home.ducts", "supplier": "home", "products": ["ducts"], "window": {"start": "2028", "periods": 1},
         "alternatives": [{"id": "base", "price": 21.0, "volume_per_period": wide}]},
        {"id": "abroad", "supplier": "abroad", "products": ["cable"], "window": {"start": "2027", "periods": 2}, "currency": "EUR",
         "alternatives": [{"id": "base", "price": 16.0, "volume_per_period": wide}],
         "clauses": [{"kind": "all_units_tiers", "tiers": [{"from_volume": 0, "to_volume": 40}, {"from_volume": 40}]},
                     {"kind": "prepayment", "amount": 200.0, "credit_per_unit": 3.0}]},
        {"id": "late", "supplier": "third", "products": ["cable", "ducts"], "window": {"start": "2028", "periods": 1}, "sign": "2027",
         "alternatives": [{"id": "base", "price": 19.0, "volume_per_period": wide}]},
    ]  # fmt: skip
    return tiny(
        scenario_from(
            {
                "format": "offtake/1",
                "name": "market",
                "discount_rate": 0.06,
                "periods": ["2027", "2028"],
                "sites": [{"id": "north", "service_class": "core"}, {"id": "south"}],
                "products": [{"id": "cable", "unit": "km"}, {"id": "ducts", "unit": "km"}],
                "suppliers": [{"id": "home", "domestic": True}, {"id": "abroad", "origin": "far"}, {"id": "third", "domestic": True}],
                "currencies": [{"id": "EUR", "rate": [1.1, 1.1]}],
                "demand": [{"site": s, "product": p, "volume": [30.0, 40.0]} for s in ("north", "south") for p in ("cable", "ducts")],
                "shortage": [{"product": "cable", "kind": "split", "cost_per_unit": 60.0, "cost_per_unit_year": 30.0, "lost_share": 0.25,
                              "steps": [{"above_share": 0.4, "cost_factor": 2.0}]},
                             {"product": "ducts", "kind": "lost", "cost_per_unit": 45.0}],
                "spot": [{"id": "fair", "product": "cable", "price": [24.0, 25.0], "available": [40.0, 40.0], "domestic": True},
                         {"id": "dock", "product": "ducts", "price": [26.0, 22.0], "available": [60.0, 60.0], "origin": "far"}],
                "tariffs": [{"origin": "far", "rate": [0.1, 0.25]}],
                "offers": offers,
                "rules": [dict(rule) for rule in rules],
                "uncertainty": {"kind": "tree", "nodes": NODES},
            }
        )
    )  # fmt: skip


@lru_cache(maxsize=1)
def outcomes() -> tuple[Values, ...]:
    """Feasible outcomes of the market without rules: all ways to sign (one alternative each), volumes at random."""
    what, rng = market(), np.random.default_rng(5)
    index, columns = what.problem.keys["signed"]
    places = sorted({(o, m) for o, _, m in index.tolist()})
    found = []
    for signed in itertools.product((False, True), repeat=len(places)):
        kinds = {(o, m): int(((index[:, 0] == o) & (index[:, 2] == m)).sum()) for o, m in places}
        chosen = {place: rng.integers(0, kinds[place]) for place, is_signed in zip(places, signed, strict=True) if is_signed}
        values = np.array([float(chosen.get((o, m)) == j) for o, j, m in index.tolist()])
        held = what.problem.fixed(columns, values)
        ends = [solve_problem(replace(held, cost=rng.uniform(-1, 1, len(held.cost)))).x for _ in range(2)]
        assert all(x is not None for x in ends)
        share = rng.uniform()
        found.append(what.problem.values(share * ends[0] + (1 - share) * ends[1]))
    return tuple(found)


def verify(case: Case) -> int:
    """Compare rows and check on outcomes; returns how many pairs of rule and outcome there were. Raises Disagreement."""
    if case.limit is None:
        both = market((case.rule, {**case.rule, "violation_price": PRICE}))
        return sum(_compare(case.rule, both, values) for values in outcomes())
    what, count = market((case.rule,)), 0
    for values in random.Random(case.name).sample(outcomes(), len(outcomes())):
        for rule in _limits(case, what, values) if count < 3 * MOST_OUTCOMES else ():
            count += _compare(rule, market((rule, {**rule, "violation_price": PRICE})), values)
    return count


def _limits(case: Case, what: Tiny, values: Values) -> list[dict[str, Any]]:
    """The rule with its limit at one of the values it measures, and a step to both sides; nothing where there is no room for the steps."""
    name, top = str(case.limit), 1.0 if case.rule[str(case.limit)] <= 1 else np.inf
    least, most = (case.rule.get("min", 0.0), top) if name == "max" else (0.0, case.rule.get("max", top))
    outcome = read_outcome(what.instance, what.kernel.contracts, values)
    room = [(m.value, STEP * max(m.value, 1.0)) for m in measures_of(what, outcome)]
    room = sorted((value, step) for value, step in room if least <= value - step and value + step <= most)
    if not room:
        return []
    value, step = room[len(room) // 2]
    hair = 1e-6 * max(value, 1.0) * (-1 if name == "min" else 1)  # the limit itself is kept, whatever the last digit says
    return [{**case.rule, name: limit} for limit in (value - step, value + hair, value + step)]


def measures_of(what: Tiny, outcome: Outcome, rule: int = 0) -> tuple[Measure, ...]:
    """The rule measured on an outcome."""
    return make_bill(what.instance, what.kernel.contracts, outcome).measures[rule]


def _compare(rule: Mapping[str, Any], what: Tiny, values: Values) -> int:
    """rules[0] is the hard rule, rules[1] the priced one."""
    outcome = read_outcome(what.instance, what.kernel.contracts, values)
    measures = measures_of(what, outcome)
    kept = all(m.violation <= TOLERANCE * max(1.0, m.scale) for m in measures)
    columns, held = _columns(what, values)
    only = {0: what.problem.without_rules(what.problem.row_rule == 1), 1: what.problem.without_rules(what.problem.row_rule == 0)}
    hard = solve_problem(only[0].fixed(columns, held))
    if (hard.x is not None) != kept:
        raise Disagreement(f"{dict(rule)}: the check finds {[m.violation for m in measures]}, the rows are {'kept' if hard.x is not None else 'broken'}")
    priced = solve_problem(only[1].fixed(columns, held))
    if priced.x is None:
        raise Disagreement(f"{dict(rule)}: priced, it still forbids an outcome")
    expected = np.zeros(what.instance.tree.size)
    for m in measures:
        expected[m.node] += PRICE * m.violation
    charged = _penalties(what) @ priced.x
    if np.abs(charged - expected).max() > TOLERANCE * max(1.0, np.abs(expected).max()) * max(m.scale for m in measures):
        raise Disagreement(f"{dict(rule)}: the penalties are {charged}, the check makes them {expected}")
    return 1


def _columns(what: Tiny, values: Values) -> tuple[Any, Any]:
    """The kernel's columns in this problem, and the outcome's values for them."""
    columns, held = [], []
    for name, (index, places) in what.problem.keys.items():
        of = {tuple(key): value for key, value in zip(values[name][0].tolist(), values[name][1], strict=True)}
        for key, column in zip(index.tolist(), places, strict=True):
            columns.append(column)
            held.append(np.clip(of.get(tuple(key), 0.0), what.problem.lower[column], what.problem.upper[column]))
    return np.array(columns), np.array(held)


def _penalties(what: Tiny) -> Any:
    """The ledger's rule penalties as a matrix over the problem's columns. [N, C]"""
    of = {id(v): j for j, v in enumerate(what.problem.names[1])}
    found = sparse.lil_matrix((what.instance.tree.size, len(of)))
    for row in what.kernel.ledger.rows:
        if row.category == RULE:
            for coefficient, variable in row.terms:
                found[row.node, of[id(variable)]] += coefficient
    return found.tocsr()
