"""What lies around the solver grows with the number of futures as it should. Counted in lines of our code that are run, so that no clock is needed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.scenario import Scenario
from optimizer.answer import make_tables
from optimizer.audit import audit
from optimizer.contracts import build_contracts
from optimizer.instance import Instance, build_instance
from optimizer.outcome import Outcome, Values, read_outcome
from scenarios.files import scenario_from
from scenarios.tree import Tree, build_tree
from tests.models.edits import Edit, edited

FEW, MANY = 30, 300
OURS = str(Path(__file__).parents[2])
SEVERAL_CLAUSES = [
    {"kind": "reservation", "fee_per_unit": 1900},
    {"kind": "escalator", "rate": 0.02},
    {"kind": "minimum_order", "volume": 10},
    {"kind": "all_units_tiers", "tiers": [{"from_volume": 0, "to_volume": 1000, "discount": 0}, {"from_volume": 1000, "discount": 0.1}]},
]
SEVERAL_RULES = [
    {"kind": "budget", "max": 1e9, "in": "every_future"},
    {"kind": "fill_rate", "min": 0.9, "in": "every_node"},
    {"kind": "spot_share", "max": 0.5},
    {"kind": "shortage_cvar", "max": 1e6, "tail": 0.1},
    {"kind": "supplier_count", "min": 1},
    {"kind": "exclusive", "offers": ["maker-long-term", "importer-frame"]},
]


def fan(futures: int, *edits: Edit) -> Scenario:
    """A fan of futures, each with its own demand."""
    given = [{"id": f"f{i}", "probability": 1 / futures, "demand_factor": [1 + i / futures, 1, 1 - i / (2 * futures)]} for i in range(futures)]
    uncertainty = {"kind": "futures", "revealed": "after_signing", "futures": given}
    later = [("offers[1].sign", "2028"), ("offers[1].currency", "EUR"), ("currencies", [{"id": "EUR", "rate": [1.1, 1.2, 1.1]}])]
    whole = [("uncertainty", uncertainty), ("spot[0].price", [100, 100, 100]), ("offers[1].clauses", SEVERAL_CLAUSES), *later]
    return scenario_from(edited(*whole, ("rules", []), *edits))


def all_in_use(instance: Instance) -> Values:
    """Values of every kernel variable: each alternative with its share of everything, whether allowed or not."""
    scenario, size = instance.scenario, instance.tree.size
    sites, products, periods = len(scenario.sites), len(scenario.products), len(instance.years)
    shapes: dict[str, list[tuple[int, ...]]] = {
        "signed": [(o.index, j) for o in instance.offers for j in range(len(o.alternatives))],
        "volume": [(o.index, 0, p, t) for o in instance.offers for p in range(len(o.products)) for t in range(periods)],
        "take": [(o.index, 0, p) for o in instance.offers for p in range(len(o.products))],
        "elected": [],
        "ended": [],
        "deliver": [(o.index, p, s) for o in instance.offers for p in range(len(o.products)) for s in o.sites],
        "order": [(x.index, b) for x in instance.spots for b in range(len(x.share))],
        "receive": [(x.index, s) for x in instance.spots for s in range(sites)],
        "stock": [(p, s) for p in range(products) for s in range(sites)],
        "move": [(r,) for r in range(len(instance.lanes))],
        "swap": [(u, s) for u in range(len(instance.swaps)) for s in range(sites)],
        "unmet": [(p, s, 0) for p in range(products) for s in range(sites)],
        "opened": [(e.index,) for e in instance.steps],
    }
    nodes = {name: np.arange(size) for name in shapes}
    found = {}
    for name, keys in shapes.items():
        index = np.array([(*key, n) for key in keys for n in nodes[name]], dtype=np.int64).reshape(-1, 5 if not keys else len(keys[0]) + 1)
        found[name] = index, np.ones(len(index))
    return found


@cache
def prepared(futures: int, ruled: bool) -> tuple[Instance, Any, Values, Outcome]:
    """A fan with everything in use."""
    scenario = fan(futures, ("rules", SEVERAL_RULES if ruled else []))
    instance = build_instance(scenario, build_tree(scenario))
    contracts = build_contracts(instance)
    values = all_in_use(instance)
    return instance, contracts, values, read_outcome(instance, contracts, values)


def lines_of(work: Callable[[], object]) -> int:
    """Lines of our code that `work` runs."""
    count = 0

    def line(_frame: object, event: str, _arg: object) -> Any:
        nonlocal count
        count += event == "line"
        return line

    before = sys.gettrace()
    sys.settrace(lambda frame, _event, _arg: line if frame.f_code.co_filename.startswith(OURS) else None)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def whole_audit(futures: int, ruled: bool) -> object:
    """Audit, with all that is billed."""
    instance, contracts, _, outcome = prepared(futures, ruled)
    return audit(instance, contracts, outcome)


def tables(futures: int, ruled: bool, nodes: bool) -> object:
    """All tables of the plan, the audit included."""
    instance, contracts, _, outcome = prepared(futures, ruled)
    return make_tables(instance, contracts, outcome, audit(instance, contracts, outcome), 1.0, 1.0, nodes)


AS_FEW_AS_MANY: dict[str, Callable[[int], object]] = {
    "contracts": lambda futures: build_contracts(prepared(futures, False)[0]),
    "instance": lambda futures: build_instance(prepared(futures, False)[0].scenario, prepared(futures, False)[0].tree),
    "outcome": lambda futures: read_outcome(*prepared(futures, False)[:3]),
    "audit": lambda futures: whole_audit(futures, False),
}
IN_PROPORTION: dict[str, Callable[[int], object]] = {
    "tree": lambda futures: build_tree(prepared(futures, False)[0].scenario),
    "audit with rules": lambda futures: whole_audit(futures, True),
    "tables": lambda futures: tables(futures, True, False),
    "tables with rows per node": lambda futures: tables(futures, True, True),
}


@pytest.mark.parametrize("name", AS_FEW_AS_MANY)
def test_futures_side_by_side_cost_no_steps(name: str) -> None:
    """A loop over nodes in Python would make thousands of futures slower to audit than to solve."""
    work = AS_FEW_AS_MANY[name]
    few, many = (prepared(futures, False) and lines_of(lambda futures=futures: work(futures)) for futures in (FEW, MANY))  # type: ignore[misc]
    assert many <= 1.05 * few + 20, f"{few} lines for {FEW} futures, {many} for {MANY}"


@pytest.mark.parametrize("name", IN_PROPORTION)
def test_what_is_told_of_each_future_grows_in_proportion(name: str) -> None:
    """Something looked up in a list, or followed to the root, for every node would grow with the square of the futures."""
    work = IN_PROPORTION[name]
    few, many = (prepared(futures, True) and lines_of(lambda futures=futures: work(futures)) for futures in (FEW, MANY))  # type: ignore[misc]
    assert many <= 1.05 * MANY / FEW * few, f"{few} lines for {FEW} futures, {many} for {MANY}"


def test_audit_follows_no_single_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """A walk to the root for every node would make the audit slow on long horizons."""
    instance, contracts, _, outcome = prepared(MANY, False)
    monkeypatch.setattr(Tree, "path", lambda *_: pytest.fail("the audit asks for the path of a node"))
    audit(instance, contracts, outcome)
