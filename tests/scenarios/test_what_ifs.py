"""What-ifs change what they name, in the periods they name, in every future, and nothing else."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from models.errors import InvalidScenario
from models.scenario import Scenario
from models.stress import WHAT_IFS
from scenarios import library
from scenarios.files import scenario_from
from scenarios.tree import Paths, States, paths_of
from scenarios.what_ifs import apply, default_what_ifs, describe, largest_supplier
from tests.optimizer.build import Data, demands, offer, scenario, spot

TABLES: Data = {
    "offers": [offer("maker", 10, 300, periods=3), offer("rival", 12, 100, periods=2, start="2", supplier="other")],
    "spot": [spot(15.0, 16.0, 17.0)],
    "currencies": [{"id": "EUR", "rate": [1.1, 1.1, 1.1]}],
    "indices": [{"id": "copper"}],
}
DATA = scenario(100.0, 200.0, 150.0, **TABLES, uncertainty=demands((100, 200, 150), (50, 60, 70)))


def changed(what_if: Data) -> tuple[Scenario, Paths, Paths]:
    """The scenario with one what-if, its futures, and the changed ones."""
    found = scenario_from(DATA | {"stress": {"what_ifs": [{"id": "test"} | what_if]}})
    paths = paths_of(found)
    assert found.stress is not None
    return found, paths, apply(found, paths, found.stress.what_ifs[0])


# kind and fields; the array that changes, where, and what it becomes there
CASES: list[tuple[Data, str, Any, Any]] = [
    ({"kind": "supplier_out", "supplier": "other", "from_period": "2", "periods": 1}, "deliverable", np.s_[:, 1, 1], 0.0),
    ({"kind": "supplier_out", "offer": "maker", "share_left": 0.25}, "deliverable", np.s_[:, :, 0], 0.25),
    ({"kind": "demand", "factor": 1.8, "from_period": "3"}, "demand", np.s_[:, 2], 1.8),
    ({"kind": "demand", "factor": 0.5, "site": "site", "product": "cable", "periods": 1}, "demand", np.s_[:, 0, 0, 0], 0.5),
    ({"kind": "spot_gone", "from_period": "2", "periods": 1}, "spot_available", np.s_[:, 1], 0.0),
    ({"kind": "price_spike", "factor": 3.0, "spot": "spot"}, "spot_price", np.s_[:], 3.0),
    ({"kind": "fx_shock", "factor": 1.2, "currency": "EUR"}, "fx", np.s_[:], 1.2),
    ({"kind": "index_shock", "factor": 1.3, "periods": 2}, "index", np.s_[:, :2], 1.3),
    ({"kind": "late_deliveries", "weeks": 8.0, "supplier": "maker"}, "late_weeks", np.s_[:, :, 0], 8.0),
]


@pytest.mark.parametrize(("what_if", "name", "where", "value"), CASES, ids=lambda x: x["kind"] if isinstance(x, dict) else None)
def test_changes_what_it_names_and_nothing_else(what_if: Data, name: str, where: Any, value: float) -> None:
    """If this fails, a what-if tests something else than it says."""
    _, before, after = changed(what_if)
    for field in fields(States):
        old, new = getattr(before.states, field.name), getattr(after.states, field.name)
        expected = old.copy()
        if field.name == name:
            expected[where] = value if name in ("deliverable", "late_weeks") else expected[where] * value
        np.testing.assert_array_equal(new, expected)
    np.testing.assert_array_equal(after.probability, before.probability)


def test_glut_and_rival_change_several_things_at_once() -> None:
    """If this fails, a glut is cheap without being full, or a rival's capacity is still on the market."""
    _, before, after = changed({"kind": "glut", "price_factor": 0.5, "available_factor": 2.0})
    np.testing.assert_allclose(after.states.spot_price, 0.5 * before.states.spot_price)
    np.testing.assert_allclose(after.states.spot_available, 2.0 * before.states.spot_available)
    _, before, after = changed({"kind": "rival_locks_in", "market_share": 0.25, "price_factor": 1.4, "added_lead_periods": 0.5, "from_period": "2"})
    np.testing.assert_allclose(after.states.spot_price[:, 1:], 1.4 * before.states.spot_price[:, 1:])
    np.testing.assert_allclose(after.states.spot_available[:, 1:], 0.75 * before.states.spot_available[:, 1:])
    np.testing.assert_allclose(after.states.spot_lead[:, 1:], before.states.spot_lead[:, 1:] + 0.5)
    np.testing.assert_array_equal(after.states.spot_price[:, 0], before.states.spot_price[:, 0])


def test_every_kind_is_described() -> None:
    """If this fails, a what-if has no words, or there is one that no test applies."""
    kinds = {x.model_fields["kind"].annotation.__args__[0] for x in WHAT_IFS}
    assert kinds == {case[0]["kind"] for case in CASES} | {"glut", "rival_locks_in"}
    for what_if, *_ in CASES:
        found, _, _ = changed(what_if)
        assert found.stress is not None
        text = describe(found, found.stress.what_ifs[0])
        assert text.endswith(".")
        assert "None" not in text
    found, _, _ = changed(CASES[0][0])
    assert found.stress is not None
    assert describe(found, found.stress.what_ifs[0]) == "other delivers nothing in 2."


def test_default_set() -> None:
    """If this fails, a scenario without what-ifs of its own is not tried on its largest supplier, or on the period of most demand."""
    found = scenario_from(DATA)
    assert largest_supplier(found) == "maker"
    out, demand, gone, glut = default_what_ifs(found)
    assert (out.kind, out.from_period, out.periods) == ("supplier_out", "1", 2)
    assert (demand.kind, gone.kind, gone.from_period, glut.kind) == ("demand", "spot_gone", "2", "glut")
    bare = scenario_from(scenario(10.0))
    assert [x.kind for x in default_what_ifs(bare)] == ["demand"]
    assert len(default_what_ifs(library.load("fibre"))) == 4


@pytest.mark.parametrize(
    ("stress", "path"),
    [
        ({"what_ifs": [{"id": "a", "kind": "supplier_out", "supplier": "makr"}]}, "stress.what_ifs[0].supplier"),
        ({"what_ifs": [{"id": "a", "kind": "supplier_out"}]}, "stress.what_ifs[0]"),
        ({"what_ifs": [{"id": "a", "kind": "late_deliveries", "weeks": 1.0, "offer": "maker", "supplier": "maker"}]}, "stress.what_ifs[0]"),
        ({"what_ifs": [{"id": "a", "kind": "demand", "factor": 2.0, "from_period": "3", "periods": 2}]}, "stress.what_ifs[0].periods"),
        ({"what_ifs": [{"id": "a", "kind": "demand", "factor": 2.0, "from_period": "9"}]}, "stress.what_ifs[0].from_period"),
        ({"what_ifs": [{"id": "a", "kind": "glut"}] * 2}, "stress.what_ifs[1]"),
        ({"what_ifs": [{"id": "as_given", "kind": "glut"}]}, "stress.what_ifs[0].id"),
        ({"groups": [{"id": "g", "futures": ["f9"]}]}, "stress.groups[0].futures[0]"),
        ({"groups": [{"id": "g", "futures": ["f0", "f1"]}]}, "stress.groups[0].futures"),
    ],
)
def test_what_is_wrong_is_said_with_its_path(stress: Data, path: str) -> None:
    """If this fails, a misspelt supplier is a what-if in which nothing happens."""
    with pytest.raises(InvalidScenario) as error:
        scenario_from(DATA | {"stress": stress})
    assert any(x.path.startswith(path) for x in error.value.findings)


def test_what_a_scenario_lacks_can_t_be_changed() -> None:
    """If this fails, a what-if about a table that is empty passes as harmless."""
    with pytest.raises(InvalidScenario, match="the scenario has none"):
        scenario_from(scenario(10.0, stress={"what_ifs": [{"id": "a", "kind": "fx_shock", "factor": 2.0}]}))
    with pytest.raises(InvalidScenario, match="given one by one"):
        scenario_from(scenario(10.0, stress={"groups": [{"id": "g", "futures": ["f0"]}]}))
