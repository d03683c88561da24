"""Infeasible scenarios: the rules in conflict are named, no more of them than needed, with what is missing; claims are checked; nothing is unbounded."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benchmarks.fuzz import compiled
from models.errors import Conflict, Infeasible, SolverFailure
from models.plan import Plan
from models.scenario import Scenario
from optimizer import engine
from optimizer.solve import extensive
from optimizer.solve.conflict import find_conflict
from optimizer.solve.highs import Answer
from scenarios.files import scenario_from
from tests.optimizer.random_scenarios import random_document

Row = dict[str, Any]
SQUEEZED_SEEDS = (0, 2, 9, 13, 19, 23, 26, 30, 34, 43, 47, 52, 54)


def offer(name: str, supplier: str, price: float, most: float = 200.0) -> Row:
    """A pure option on cable in the only period."""
    return {
        "id": name, "supplier": supplier, "products": ["cable"], "window": {"start": "2027", "periods": 1},
        "alternatives": [{"id": "base", "price": price, "volume_per_period": {"min": 0, "max": most}}],
    }  # fmt: skip


def scenario(*rules: Row) -> Scenario:
    """100 units are needed; the domestic maker has 60 at 10, the importer enough at 8."""
    return scenario_from(
        {
            "format": "offtake/1",
            "name": "conflict",
            "periods": ["2027"],
            "sites": [{"id": "campus"}],
            "products": [{"id": "cable", "unit": "km"}],
            "suppliers": [{"id": "maker", "domestic": True, "capacity": [{"product": "cable", "volume": [60]}]}, {"id": "importer"}],
            "demand": [{"site": "campus", "product": "cable", "volume": [100]}],
            "shortage": [{"product": "cable", "kind": "lost", "cost_per_unit": 1000}],
            "offers": [offer("home", "maker", 10), offer("abroad", "importer", 8), offer("spare", "importer", 9)],
            "rules": list(rules),
            "solve": {"gap": 0, "baselines": False},
        }
    )


def conflicts(*rules: Row) -> tuple[Conflict, ...]:
    """What the engine says is in conflict."""
    with pytest.raises(Infeasible) as caught:
        engine.solve(scenario(*rules))
    return caught.value.conflicts


DOMESTIC: Row = {"kind": "domestic_share", "min": 0.7}
FILL: Row = {"kind": "fill_rate", "min": 1.0, "name": "no shortage"}
BUDGET: Row = {"kind": "budget", "max": 600}
LOOSE: tuple[Row, ...] = ({"kind": "budget", "max": 1e9}, {"kind": "spot_share", "max": 0.5}, {"kind": "supplier_count", "min": 1})

# rules -> (which of them are in conflict, by how much each alone would have to give, in what)
HAND_MADE: dict[str, tuple[list[Row], list[tuple[int, float, str]]]] = {
    "60 of the 70 % that must be domestic": ([DOMESTIC, FILL], [(0, 10, "units of volume"), (1, 100 - 60 / 0.7, "units of volume")]),
    "800 needed, 600 to spend": ([FILL, BUDGET], [(0, 25, "units of volume"), (1, 200, "USD")]),
    "other rules are not blamed": ([*LOOSE, DOMESTIC, FILL], [(3, 10, "units of volume"), (4, 100 - 60 / 0.7, "units of volume")]),
    "more suppliers than there are": ([*LOOSE, {"kind": "supplier_count", "min": 4}], [(3, 2, "suppliers")]),
    "three that can't hold together": (
        [{"kind": "exclusive", "offers": ["home", "abroad"]}, {"kind": "force", "offer": "home"}, {"kind": "force", "offer": "abroad"}],
        [(0, 1, "offers"), (1, 1, "offers"), (2, 1, "offers")],
    ),
    "signed without what it needs": (
        [{"kind": "force", "offer": "spare", "signed": False}, {"kind": "requires", "offer": "home", "needs": "spare"}, {"kind": "force", "offer": "home"}],
        [(0, 1, "offers"), (1, 1, "offers"), (2, 1, "offers")],
    ),
    "half a bundle": (
        [{"kind": "all_or_none", "offers": ["home", "abroad"]}, {"kind": "supplier_count", "max": 1}, {"kind": "force", "offer": "home"}],
        [(0, 1, "offers"), (1, 1, "suppliers"), (2, 1, "offers")],
    ),
    "worst shortage too small for the budget": (
        [{"kind": "shortage_cvar", "max": 10, "tail": 0.5}, BUDGET],
        [(0, 15, "units of volume"), (1, 120, "USD")],
    ),
    "a share that excludes the domestic maker": (
        [{"kind": "supplier_share", "supplier": "importer", "min": 0.9}, DOMESTIC, {"kind": "fill_rate", "min": 0.5}],
        [(0, 30, "units of volume"), (1, 30, "units of volume"), (2, 50, "units of volume")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HAND_MADE)
def test_conflict_is_named_with_what_is_missing(name: str) -> None:
    """The buyer would be told to loosen the wrong rule, or by the wrong amount."""
    rules, expected = HAND_MADE[name]
    found = conflicts(*rules)
    assert [conflict.path.partition(" ")[0] for conflict in found] == [f"rules[{i}]" for i, _, _ in expected]
    assert [conflict.missing for conflict in found] == pytest.approx([missing for _, missing, _ in expected], rel=1e-4)
    assert [conflict.unit for conflict in found] == [unit for _, _, unit in expected]


def test_message_says_path_kind_name_and_text() -> None:
    """The buyer would have to guess which rule is meant."""
    with pytest.raises(Infeasible) as caught:
        engine.solve(scenario(DOMESTIC, FILL))
    head, domestic, fill = str(caught.value).splitlines()
    assert head == "No plan keeps all hard rules. These can't hold together; loosen or price (`violation_price`) one of them:"
    assert re.fullmatch(r"  - rules\[0\] \(domestic_share\): At least 70 % .*domestic.* \(misses by at least 10 units of volume\)", domestic)
    assert re.fullmatch(r"  - rules\[1\] \(fill_rate, no shortage\): At least 100 % of demand .* \(misses by at least 14\.2857 units of volume\)", fill)


def squeezed(seed: int) -> Row:
    """A random document with more hard rules than it can keep."""
    document = random_document(seed)
    document["rules"] = [
        {"kind": "fill_rate", "min": 0.5},
        {"kind": "budget", "max": 400.0},
        {"kind": "spot_share", "max": 0.3, "in": "every_node"},
        {"kind": "supplier_count", "min": 1},
        {"kind": "shortage_cvar", "max": 40, "tail": 0.5},
        {"kind": "domestic_share", "min": 0.5},
        {"kind": "force", "offer": document["offers"][0]["id"], "signed": False},
    ]
    return document


def rebuilt(document: Row, kept: list[int]) -> Scenario:
    """A document with only some of its rules."""
    return scenario_from({**document, "rules": [document["rules"][i] for i in kept]})


def attempt(document: Row, kept: list[int]) -> Plan | Infeasible:
    """A plan, or why there is none."""
    try:
        return engine.solve(rebuilt(document, kept))
    except Infeasible as error:
        return error


@pytest.mark.parametrize("seed", SQUEEZED_SEEDS)
def test_random_conflicts_are_minimal(seed: int) -> None:
    """A rule would be blamed that has no part in the contradiction: without any one of those named there is a plan, with all of them there is none."""
    document = squeezed(seed)
    error = attempt(document, list(range(len(document["rules"]))))
    assert isinstance(error, Infeasible)
    named = [int(str(re.match(r"rules\[(\d+)\]", conflict.path)[1])) for conflict in error.conflicts]  # type: ignore[index]
    assert named
    assert isinstance(attempt(document, named), Infeasible)
    for i in named:
        assert isinstance(attempt(document, [k for k in named if k != i]), Plan), f"rules[{i}] is not needed for the contradiction"
    for conflict in error.conflicts:
        assert conflict.missing is not None
        assert conflict.missing > 0


def claim_infeasible(*_: Any, **__: Any) -> Answer:
    """A solver that is wrong."""
    return Answer("infeasible", "gap", None, float("inf"), float("-inf"), 0, 0.0)


def test_false_claim_of_infeasibility_is_the_solvers_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The buyer would be told that rules clash which do not."""
    monkeypatch.setattr(extensive, "solve", claim_infeasible)
    with pytest.raises(SolverFailure, match="a plan exists"):
        engine.solve(scenario(FILL))
    with pytest.raises(SolverFailure, match="a plan exists"):
        engine.solve(scenario())


def test_infeasibility_without_rules_is_our_fault() -> None:
    """A fault of the model would be reported as a conflict of no rules."""
    instance, problem = compiled(scenario(FILL))
    served = np.flatnonzero(problem.row_rule < 0)[-1]
    broken = replace(problem, row_lower=problem.row_lower.copy(), row_upper=problem.row_upper.copy())
    broken.row_lower[served] = broken.row_upper[served] = 1e9
    with pytest.raises(SolverFailure, match="even without its hard rules"):
        find_conflict(broken, instance, 10.0, 1)


@pytest.mark.parametrize("seed", range(0, 120, 3))
def test_nothing_is_unbounded(seed: int) -> None:
    """A valid document could have no least cost: every column must have finite bounds, so the objective has, too."""
    _, problem = compiled(scenario_from(random_document(seed)))
    assert np.isfinite(problem.lower).all()
    assert np.isfinite(problem.upper).all()
    assert (problem.lower <= problem.upper).all()
    whole = problem.integer
    assert (problem.lower[whole] == np.round(problem.lower[whole])).all()
    assert (problem.upper[whole] == np.round(problem.upper[whole])).all()


def test_unlimited_tables_leave_nothing_unbounded() -> None:
    """Storage, transfers and suppliers without a limit would let a column grow for ever."""
    document = random_document(1)
    sites = [{"id": "north"}, {"id": "south"}]
    document |= {"sites": sites, "storage": [{"site": s["id"], "product": "cable"} for s in sites]}
    document["transfers"] = [{"product": "cable", "from_site": "north", "to_site": "south"}, {"product": "cable", "from_site": "south", "to_site": "north"}]
    _, problem = compiled(scenario_from(document))
    assert np.isfinite(problem.upper).all()
