"""Small scenarios whose futures are generated, and whose answers can be worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.scenario import Scenario
from scenarios.files import scenario_from


def store_or_wait(*, moves: Mapping[str, float], persistent: bool = False, **changes: Any) -> Scenario:
    """100 are needed in each of two years and can be stored for 1 a unit; today's price of 10 becomes 4 in a glut and 20 in a crisis.

    `persistent`: the first year says already what the second will be.
    """
    first = {"initial": 1.0, "moves": dict(moves)}
    regimes: list[dict[str, Any]] = [
        {"id": "glut", "initial": 0.0, "moves": {"glut": 1.0}, "spot": [{"price_factor": 0.4}]},
        {"id": "crisis", "initial": 0.0, "moves": {"crisis": 1.0}, "spot": [{"price_factor": 2.0}]},
    ]
    if persistent:
        regimes += [
            {"id": f"before-{name}", "initial": share, "moves": {name: 1.0}, "spot": [{"price_factor": 1.0 + 0.001 * i}]}
            for i, (name, share) in enumerate(moves.items())
        ]
    else:
        regimes.append({"id": "normal"} | first)
    return scenario_from(
        {
            "format": "offtake/1",
            "name": "store or wait",
            "periods": ["2027", "2028"],
            "sites": [{"id": "campus"}],
            "products": [{"id": "cable", "unit": "km"}],
            "demand": [{"site": "campus", "product": "cable", "volume": [100.0, 100.0]}],
            "shortage": [{"product": "cable", "kind": "lost", "cost_per_unit": 500.0}],
            "storage": [{"site": "campus", "product": "cable", "holding_cost": 1.0}],
            "spot": [{"id": "spot", "product": "cable", "price": [10.0, 10.0], "available": [1000.0, 1000.0]}],
            "uncertainty": {"kind": "generated", "futures": 20, "seed": 2, "regimes": regimes},
        }
        | changes
    )


def two_suppliers(*, futures: int = 40, periods: int = 3, **changes: Any) -> Scenario:
    """A firm and a flexible contract beside a spot market that tightens, with stock and backlog."""
    years = [str(2027 + t) for t in range(periods)]
    return scenario_from(
        {
            "format": "offtake/1",
            "name": "two suppliers",
            "discount_rate": 0.08,
            "periods": years,
            "sites": [{"id": "campus"}],
            "products": [{"id": "cable", "unit": "km"}],
            "suppliers": [{"id": "maker"}, {"id": "other"}],
            "demand": [{"site": "campus", "product": "cable", "volume": [1000.0] * periods}],
            "shortage": [{"product": "cable", "kind": "delayed", "cost_per_unit_year": 60.0}],
            "storage": [{"site": "campus", "product": "cable", "capacity": 500.0, "holding_cost": 1.0}],
            "spot": [{"id": "spot", "product": "cable", "price": [30.0] * periods, "available": [300.0] * periods}],
            "offers": [
                {
                    "id": name,
                    "supplier": supplier,
                    "products": ["cable"],
                    "window": {"start": years[0], "periods": periods},
                    "alternatives": [{"id": "base", "price": price, "volume_per_period": {"min": 0.0, "max": 1000.0}}],
                    "clauses": [{"kind": "volume_band", "down": down, "up": 0.0}],
                }
                for name, supplier, price, down in (("firm", "maker", 20.0, 0.0), ("flexible", "other", 24.0, 0.8))
            ],
            "risk": {"weight": 0.3, "tail": 0.1},
            "uncertainty": {
                "kind": "generated",
                "futures": futures,
                "seed": 3,
                "regimes": [
                    {"id": "calm", "initial": 0.8, "moves": {"calm": 0.8, "tight": 0.2}},
                    {"id": "tight", "initial": 0.2, "moves": {"calm": 0.3, "tight": 0.7}, "spot": [{"price_factor": 1.8, "available_factor": 0.4}]},
                ],
                "demand": {"common": {"volatility": 0.25, "persistence": 0.8}},
                "spot": [{"price": {"kind": "mean_reverting", "volatility": 0.2, "speed": 1.0}}],
            },
        }
        | changes
    )
