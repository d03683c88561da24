"""Contradictions: each can't be kept by itself and could be without any one of its members, data are named where they take part, several are found."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from models.infeasibility import Infeasibility
from optimizer.conflict import analyse
from optimizer.conflict_minimal import smallest
from scenarios.files import scenario_from
from tests.optimizer.clashing import Row, clashing, conflict_faults
from tests.optimizer.test_conflict import BUDGET, DOMESTIC, FILL, LOOSE, scenario

SEEDS = range(30)  # hundreds by hand: python -m benchmarks.conflicts


def analysed(document: Row, **most: int) -> Infeasibility:
    """What is found out about a document."""
    made = scenario_from(document)
    return analyse(made, made.solve, lambda: 120.0, **most)


def test_data_that_take_part_are_named() -> None:
    """The buyer would not learn that it is the maker's capacity that makes the domestic share impossible."""
    found = analyse(scenario(*LOOSE, DOMESTIC, FILL), scenario().solve, lambda: 60.0)
    assert [[x.path for x in c.members] for c in found.conflicts] == [["rules[3].min", "rules[4].min", "suppliers[0].capacity[0].volume[0]"]]
    assert "(3) maker can deliver at most 60 km of cable in 2027." in found.conflicts[0].sentence
    assert not found.notes


def test_several_contradictions_are_found() -> None:
    """The buyer would mend one contradiction and run into the next."""
    more: Row = {"kind": "supplier_count", "min": 4}
    found = analyse(scenario(DOMESTIC, FILL, BUDGET, more), scenario().solve, lambda: 60.0)
    rules = [frozenset(x.path for x in c.members if x.path.startswith("rules[")) for c in found.conflicts]
    assert frozenset({"rules[3].min"}) in rules
    assert frozenset({"rules[0].min", "rules[1].min"}) in rules
    assert frozenset({"rules[1].min", "rules[2].max"}) in rules


def test_a_rule_that_vanishes_a_step_away_takes_part() -> None:
    """ "At least one supplier" would never be named: lowered by one it writes no rows, so that nothing seemed to move with it."""
    document = scenario({"kind": "supplier_count", "min": 1}, *({"kind": "force", "offer": x, "signed": False} for x in ("home", "abroad", "spare")))
    found = analyse(document, document.solve, lambda: 60.0)
    assert [[x.path for x in c.members] for c in found.conflicts] == [["rules[0].min", "rules[1]", "rules[2]", "rules[3]"]]
    assert {tuple(x.path for x in repair.changes) for repair in found.repairs} == {("rules[0].min",), ("rules[1]",), ("rules[2]",), ("rules[3]",)}


def test_a_scenario_with_a_plan_has_no_contradiction() -> None:
    """A plan that exists would be called impossible."""
    found = analyse(scenario(FILL), scenario().solve, lambda: 60.0)
    assert found.conflicts == found.repairs == ()


@pytest.mark.parametrize("seed", SEEDS)
def test_random_contradictions_are_minimal(seed: int) -> None:
    """A rule or limit would be blamed that has no part in the contradiction, or one would be left out."""
    document = clashing(seed)
    assert conflict_faults(document, analysed(document, repairs=0)) == []


def test_smallest_finds_exactly_what_is_needed() -> None:
    """The search itself would keep what is not needed, or ask far too often."""
    asked = []

    def infeasible(kept: Iterable[int]) -> bool:
        asked.append(set(kept))
        return {17, 40, 41} <= set(kept)

    assert smallest(infeasible, [99], list(range(64))) == [17, 40, 41]
    assert len(asked) < 40
