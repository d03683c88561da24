"""Scenarios for tests: dictionaries as `json.load` would give them, made through `scenarios.files.scenario_from`, and solved to proven optimality.

They start from `scenario`, with `offer`, `spot`, `futures` and `demands` for their tables.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from models.errors import Infeasible
from models.options import override
from models.plan import Plan
from optimizer import engine
from scenarios.files import scenario_from

Data = dict[str, Any]

FORWARD = {"kind": "volume_band", "down": 0.0}
"""All that is committed is taken."""
PAY_ALL = {"kind": "take_or_pay", "fraction": 1.0}
"""All that is committed is paid for, taken or not."""


def scenario(*demand: float, short: float = 100.0, **tables: Any) -> Data:
    """One site, one product ("cable"), the given demand in periods "1", "2", ...; a lost unit costs `short`. `tables` replace or add whole tables."""
    offers = tables.get("offers", [])
    data: Data = {
        "format": "offtake/1",
        "name": "test",
        "periods": [str(t + 1) for t in range(len(demand))],
        "sites": [{"id": "site"}],
        "products": [{"id": "cable", "unit": "km"}],
        "suppliers": [{"id": name} for name in sorted({x["supplier"] for x in offers})],
        "demand": [{"site": "site", "product": "cable", "volume": list(demand)}],
        "shortage": [{"product": "cable", "kind": "lost", "cost_per_unit": short}],
    }
    return data | tables


def offer(name: str, price: float, high: float, *clauses: Data, low: float = 0.0, start: str = "1", periods: int = 1, **fields: Any) -> Data:
    """An offer for "cable" with one alternative and a flat profile; the supplier has the offer's name unless given."""
    return {
        "id": name,
        "supplier": name,
        "products": ["cable"],
        "window": {"start": start, "periods": periods},
        "alternatives": [{"id": "base", "price": price, "volume_per_period": {"min": low, "max": high}}],
        "clauses": list(clauses),
    } | fields


def spot(*price: float, available: float = 1e5, **fields: Any) -> Data:
    """A spot market for "cable"."""
    return {"id": "spot", "product": "cable", "price": list(price), "available": [available] * len(price)} | fields


def futures(rows: Iterable[Data], **fields: Any) -> Data:
    """Uncertainty from futures without ids; equally likely unless they say how likely they are."""
    rows = list(rows)
    return {"kind": "futures", "futures": [{"id": f"f{i}", "probability": 1.0 / len(rows)} | row for i, row in enumerate(rows)]} | fields


def demands(*volumes: float | Sequence[float], **fields: Any) -> Data:
    """Equally likely futures that differ in demand for "cable" at "site"."""
    series = [list(v) if isinstance(v, Sequence) else [v] for v in volumes]
    return futures(({"demand": [{"site": "site", "product": "cable", "volume": [float(x) for x in row]}]} for row in series), **fields)


def but(data: Data, **changes: Any) -> Data:
    """A copy of `data` with whole tables replaced."""
    return copy.deepcopy(data | changes)


def solved(data: Data, **settings: Any) -> Plan:
    """The plan with a proof of optimality, without baselines unless asked for."""
    document = scenario_from(data)
    return engine.solve(document, override(document.solve, **{"gap": 0.0, "baselines": False, "time_limit_seconds": 60.0} | settings))


def cost(data: Data) -> float:
    """The optimal objective; infinite where hard rules leave no plan. The same scenario, spelt in the same order, is solved once."""
    return _cost(json.dumps(data))


@lru_cache(maxsize=4096)
def _cost(text: str) -> float:
    try:
        return solved(json.loads(text)).summary.objective
    except Infeasible:
        return float("inf")


def committed(plan: Plan, name: str) -> float:
    """Committed volume of an offer in the first period of its window; 0 where it is not signed now."""
    return sum(award.volumes[0].volume for award in plan.awards if award.offer == name and award.node == "now")


def same(a: float, b: float, scale: float = 1.0) -> bool:
    """Equal within what two proven optima may differ by."""
    return a == b or abs(a - b) <= 2e-6 * max(scale, abs(a), abs(b))


def at_most(a: float, b: float) -> bool:
    """a <= b within the same tolerance."""
    return a <= b or same(a, b)
