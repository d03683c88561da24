"""Cases that a review found the engine wrong on, each as small as it gets, with its answer worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from models.plan import Plan
from optimizer.engine import solve
from scenarios.files import scenario_from


def plan_of(**tables: Any) -> Plan:
    """The plan of a one-product scenario given by its tables, solved to proven optimality without baselines."""
    document = {
        "format": "offtake/1",
        "name": "review",
        "periods": ["a"],
        "sites": [{"id": "A"}],
        "products": [{"id": "P", "unit": "t"}],
        "demand": [],
        "shortage": [{"product": "P", "kind": "lost", "cost_per_unit": 100.0}],
        "solve": {"gap": 0.0, "time_limit_seconds": 60, "baselines": False},
    }
    return solve(scenario_from({**document, **tables}))


def test_shortage_in_steps_supplies_nobody() -> None:
    """A site whose cheap shortage has steps would be short of more than it needs, and send what nobody supplied to a site where shortage is dear."""
    plan = plan_of(
        sites=[{"id": "A"}, {"id": "B"}],
        demand=[{"site": "A", "product": "P", "volume": [100.0]}, {"site": "B", "product": "P", "volume": [100.0]}],
        shortage=[
            {"product": "P", "site": "A", "kind": "lost", "cost_per_unit": 1.0, "steps": [{"above_share": 0.5, "cost_factor": 2.0}]},
            {"product": "P", "site": "B", "kind": "lost", "cost_per_unit": 1000.0},
        ],
        transfers=[{"product": "P", "from_site": "A", "to_site": "B"}],
    )
    assert plan.summary.objective == pytest.approx(50 * 1 + 50 * 2 + 100 * 1000)


def test_backlog_that_was_served_supplies_nobody() -> None:
    """Demand served in time would count as backlog a period later, and that backlog would be sent to another site as if it were goods."""
    plan = plan_of(
        periods=["a", "b"],
        sites=[{"id": "A"}, {"id": "B"}],
        demand=[{"site": "A", "product": "P", "volume": [100.0, 0.0]}, {"site": "B", "product": "P", "volume": [0.0, 100.0]}],
        shortage=[
            {"product": "P", "site": "A", "kind": "delayed", "cost_per_unit_year": 1.0, "terminal_cost_per_unit": 1.0},
            {"product": "P", "site": "B", "kind": "lost", "cost_per_unit": 1000.0},
        ],
        spot=[{"id": "m", "product": "P", "price": [0.5, 0.5], "available": [100.0, 0.0]}],
        transfers=[{"product": "P", "from_site": "A", "to_site": "B"}],
    )
    assert plan.summary.objective == pytest.approx(100 * 0.5 + 100 * 1000)


def test_stock_may_be_large_enough_to_outlast_spoilage() -> None:
    """A bound on stock that forgets spoilage would cut off the best plan: 400 bought to have 100 left after half is lost twice."""
    plan = plan_of(
        periods=["a", "b", "c"],
        demand=[{"site": "A", "product": "P", "volume": [0.0, 0.0, 100.0]}],
        storage=[{"site": "A", "product": "P", "spoilage": 0.5}],
        spot=[{"id": "m", "product": "P", "price": [1.0, 1.0, 1.0], "available": [1000.0, 0.0, 0.0]}],
    )
    assert plan.summary.objective == pytest.approx(400.0)
