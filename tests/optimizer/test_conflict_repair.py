"""Repairs: every one leads to a plan, its price is what its changes amount to, and no cheaper one is found by brute force."""

from __future__ import annotations

import pytest

from models.infeasibility import Repair
from optimizer.conflict import analyse
from optimizer.conflict_elastic import make_elastic
from optimizer.conflict_words import rounded
from scenarios.tree import build_tree
from tests.optimizer.clashing import Row, clashing, repair_faults
from tests.optimizer.test_conflict import BUDGET, DOMESTIC, FILL, scenario
from tests.optimizer.test_conflict_minimal import SEEDS, analysed

CHEAPER = 0.985  # of the price: what brute force tries to get away with


def repairs(*rules: Row) -> dict[tuple[str, ...], Repair]:
    """Repairs of the scenario with these rules, by what they change."""
    found = analyse(scenario(*rules), scenario().solve, lambda: 60.0)
    return {tuple(x.path for x in repair.changes): repair for repair in found.repairs}


def test_domestic_share_or_fill_rate_or_capacity() -> None:
    """The buyer would be told the wrong amount: 60 of 100 can be domestic, or 85.7 of 100 be met, or the maker must have 70."""
    found = repairs(DOMESTIC, FILL)
    assert found["rules[0].min",].changes[0].after == pytest.approx(0.6)
    assert found["rules[1].min",].changes[0].after == pytest.approx(0.857)
    assert found["suppliers[0].capacity[0].volume[0]",].changes[0].after == pytest.approx(70.0)
    assert min(found.values(), key=lambda x: x.price).price == pytest.approx(0.1, rel=1e-3)
    assert all(x.gap <= 0.01 for x in found.values())


def test_budget_is_raised_to_what_is_needed_and_the_cost_is_told() -> None:
    """The repair would not be enough, or what it costs would be another plan's cost."""
    found = repairs(FILL, BUDGET)["rules[1].max",]
    assert found.changes[0].after == pytest.approx(800.0)
    assert found.objective == pytest.approx(800.0)
    assert found.sentence == "Raise the budget from USD 600 to USD 800. The best plan then costs USD 800, risk included."
    assert found.patch == ({"op": "add", "path": "/rules/1/max", "value": 800.0},)


def test_decisions_are_dropped() -> None:
    """A decision that clashes with another could not be given up."""
    found = repairs({"kind": "exclusive", "offers": ["home", "abroad"]}, {"kind": "force", "offer": "home"}, {"kind": "force", "offer": "abroad"})
    assert set(found) == {("rules[0]",), ("rules[1]",), ("rules[2]",)}
    assert found["rules[1]",].patch == ({"op": "remove", "path": "/rules/1"},)


def test_suppliers_are_counted_in_whole_ones() -> None:
    """Half a supplier would be asked for."""
    found = repairs({"kind": "supplier_count", "min": 4})["rules[0].min",]
    assert found.changes[0].after == 2.0
    assert found.patch[0]["value"] == 2


def test_a_chance_of_shortage_is_borne() -> None:
    """A ceiling on the probability of a shortage could only be dropped, though it is a number."""
    document = scenario({"kind": "shortage_probability", "max": 0.1}, BUDGET).model_dump(mode="json", by_alias=True)
    rows = [{"id": f"f{i}", "probability": 0.25, "demand_factor": [0.5 + 0.2 * i]} for i in range(4)]  # 50, 70, 90 and 110 at 8 each, 600 to spend
    document["rules"][1]["in"] = "every_future"
    document["uncertainty"] = {"kind": "futures", "futures": rows}
    found = {tuple(x.path for x in repair.changes): repair for repair in analysed(document).repairs}
    assert found["rules[0].max",].changes[0].after == pytest.approx(0.5)
    assert found["rules[1].max",].changes[0].after == pytest.approx(880.0)


def test_two_changes_together_where_one_is_not_enough() -> None:
    """Two contradictions that have nothing in common would be called beyond repair."""
    found = repairs(FILL, BUDGET, {"kind": "supplier_count", "min": 4})
    assert all("rules[2].min" in paths for paths in found)
    assert ("rules[1].max", "rules[2].min") in found


@pytest.mark.parametrize("seed", SEEDS)
def test_random_repairs_are_enough_and_none_is_cheaper(seed: int) -> None:
    """A repaired scenario would have no plan, or a cheaper repair of the same rules and data would have been missed."""
    document = clashing(seed)
    found = analysed(document, conflicts=1, repairs=3)
    assert not found.conflicts or repair_faults(document, found) == []


def test_figures_are_rounded_outward() -> None:
    """A figure rounded to be said would no longer be enough."""
    elastic = make_elastic(scenario(DOMESTIC, BUDGET), build_tree(scenario()))
    share, budget = elastic.members[0], elastic.members[1]
    assert rounded(share, 0.1) == 0.6
    assert rounded(share, 0.10001) == 0.599
    assert rounded(budget, 1 / 3) == 800.0
    assert rounded(budget, 0.33341) == 800.1
