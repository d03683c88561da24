"""Small scenarios around one or two offers, whose values can be worked out by hand."""

from __future__ import annotations

from typing import Any

from models.scenario import Scenario
from scenarios.files import scenario_from

Row = dict[str, Any]


def offer(name: str = "frame", price: float = 10.0, volume: tuple[float, float] = (0.0, 100.0), *clauses: Row, **more: Any) -> Row:
    """An offer of the maker with its own name."""
    return {
        "id": name, "supplier": name, "products": ["cable"], "window": {"start": "1", "periods": 1},
        "alternatives": [{"id": "base", "price": price, "volume_per_period": {"min": volume[0], "max": volume[1]}}], "clauses": list(clauses), **more,
    }  # fmt: skip


def future(name: str, probability: float, demand: float | None = None, spot: float | None = None) -> Row:
    """One future: what is demanded, and what a unit costs on the spot market."""
    row: Row = {"id": name, "probability": probability}
    if demand is not None:
        row["demand"] = [{"site": "campus", "product": "cable", "volume": [demand]}]
    if spot is not None:
        row["spot_price_factor"] = [spot]
    return row


def deal(
    offers: list[Row], *, demand: float = 100.0, blocks: list[tuple[float, float]] | None = None, futures: list[Row] | None = None, **more: Any
) -> Scenario:
    """One site, one period; the spot market has the blocks (volume, price), by default all that is wanted at 20."""
    blocks = blocks or [(1_000.0, 20.0)]
    total = sum(volume for volume, _ in blocks)
    cheapest = blocks[0][1]
    makers = sorted({x["supplier"] for x in offers})
    return scenario_from({
        "format": "offtake/1", "name": "deal", "periods": ["1"], "sites": [{"id": "campus"}], "products": [{"id": "cable", "unit": "km"}],
        "suppliers": [{"id": x} for x in makers], "demand": [{"site": "campus", "product": "cable", "volume": [demand]}],
        "shortage": [{"product": "cable", "kind": "lost", "cost_per_unit": 1_000.0}],
        "spot": [{"id": "spot", "product": "cable", "price": [cheapest], "available": [total],
                  "blocks": [{"share": volume / total, "price_factor": price / cheapest} for volume, price in blocks]}],
        "offers": offers, "solve": {"gap": 0.0, "time_limit_seconds": 120.0, "baselines": False},
        **({"uncertainty": {"kind": "futures", "futures": futures}} if futures else {}), **more,
    })  # fmt: skip


PAID_IN_FULL: Row = {"kind": "take_or_pay", "fraction": 1.0}
