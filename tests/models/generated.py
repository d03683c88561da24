"""A sound generator of futures for the base scenario of these tests, with something in every table."""

from __future__ import annotations

from typing import Any

from tests.models.edits import Edit, edited

EUR = {"id": "EUR", "rate": [1.1, 1.1, 1.1]}


def view() -> dict[str, Any]:
    """A fresh copy of the generator."""
    return {
        "kind": "generated",
        "futures": 64,
        "regimes": [
            {"id": "glut", "moves": {"glut": 0.5, "normal": 0.5}, "spot": [{"price_factor": 0.65}]},
            {"id": "normal", "initial": 1.0, "moves": {"glut": 0.1, "normal": 0.7, "tight": 0.2}},
            {
                "id": "tight", "moves": {"normal": 0.4, "tight": 0.6}, "index": {"inputs": 1.2},
                "spot": [{"price_factor": 1.5}, {"spot": "spot-us", "price_factor": 1.6, "available_factor": 0.5, "lead_periods": 0.4}],
                "allocation": [{"supplier": "maker", "deliverable_share": 0.9, "weeks_late": 2}, {"offer": "importer-frame", "deliverable_share": 0.7}],
            },
        ],
        "demand": {
            "common": {"volatility": 0.1}, "sites": [{"volatility": 0.1, "persistence": 0.5}, {"site": "ohio", "volatility": 0.2}],
            "products": [{"product": "cable", "volatility": 0.05}],
            "branches": [
                {"id": "low", "probability": 0.25, "factor": 0.6, "from_period": "2028"},
                {"id": "high", "probability": 0.25, "factor": 1.8, "from_period": "2028", "phase_in_periods": 2},
            ],
        },
        "spot": [{
            "spot": "spot-us", "follows_demand": 0.5, "price": {"kind": "mean_reverting", "volatility": 0.2, "jumps": {"rate_per_year": 0.2, "mean": 0.3}},
        }],
        "index": [{"index": "inputs", "level": {"kind": "geometric", "volatility": 0.1, "drift": 0.02}}],
        "fx": [{"currency": "EUR", "rate": {"kind": "geometric", "volatility": 0.1}}],
        "disruptions": [
            {"supplier": "maker", "rate_per_year": 0.1, "mean_years": 0.5, "weeks_late": 4},
            {"offer": "importer-frame", "rate_per_year": 0.2, "duration": "lognormal", "mean_years": 0.3, "spread": 0.5, "deliverable_share": 0.4},
        ],
        "rivals": [{"id": "other-buyer", "probability": 0.1, "probability_in": {"tight": 0.4}, "market_share": 0.3, "price_factor": 1.2, "periods": 2}],
        "correlations": [
            {"between": ["regime", "demand"], "value": 0.3}, {"between": ["spot:spot-us", "index:inputs"], "value": 0.5},
            {"between": ["fx:EUR", "site:ohio"], "value": -0.2}, {"between": ["fx:EUR", "product:cable"], "value": 0.1},
        ],
        "tree": {"branching": [4, 2, 2]},
    }  # fmt: skip


def generated(*edits: Edit, **fields: Any) -> dict[str, Any]:
    """The base scenario with the generator, some of its fields replaced, then edited."""
    return edited(("uncertainty", {**view(), **fields}), ("currencies", [EUR]), *edits)
