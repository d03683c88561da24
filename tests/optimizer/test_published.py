"""Cases that others have published with their optimum, written as scenarios."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from tests.optimizer.build import FORWARD, Data, offer, scenario, solved

PERIODS = 10


def purchasing_contracts() -> Data:
    """Medium-term purchasing contracts: Trespalacios & Grossmann (2015), Lagrangean relaxation of the hull-reformulation of linear generalized disjunctive
    programs, p. 25; as Pyomo's example `gdp/small_lit/contracts_problem.py` draws its data (seed 1, ten periods).

    In every period raw material is bought under one contract: at the list price, in bulk at a discount from a least volume on, or under a long-term
    contract made earlier, at the list price of its first period less a discount, with a least volume in each of its periods. Storage costs differ by
    period, which a period's length says here: a unit kept for a year costs 1.
    """
    draw = Random(1)
    draw.randint(PERIODS, PERIODS)
    periods = range(1, PERIODS + 1)

    def series(low: int, high: int) -> dict[int, int]:
        return {t: draw.randint(low, high) for t in periods}

    def table(low: int, high: int) -> dict[tuple[int, int], int]:
        return {(t, q): draw.randint(low, high) for t in periods for q in periods}

    demand, storage, price, bulk, bulk_least = series(50, 100), series(5, 20), series(10, 30), series(50, 500), series(50, 100)
    long, long_least = table(10, 999), table(50, 100)
    offers, covering = [], {t: list[str]() for t in periods}

    def add(name: str, first: int, last: int, unit: float, least: float, **fields: Any) -> None:
        most = max(least, sum(demand[t] for t in periods if t >= first))
        row = offer(name, unit, most, FORWARD, low=least, start=str(first), periods=last - first + 1, **fields)
        row["alternatives"][0]["profile"] = {"kind": "free"}
        offers.append(row)
        for t in range(first, last + 1):
            covering[t].append(name)

    for t in periods:
        add(f"list-{t}", t, t, price[t], 0.0)
        add(f"bulk-{t}", t, t, price[t] * (1 - bulk[t] / 1000), bulk_least[t])
        for q in range(1, PERIODS - t + 1):
            add(f"long-{t}-{q}", t, t + q, price[t] * (1 - long[t, q] / 1000), long_least[t, q])
    return scenario(
        *(float(demand[t]) for t in periods),
        short=1e4,
        periods=[{"id": str(t), "years": float(storage[t])} for t in periods],
        storage=[{"site": "site", "product": "cable", "holding_cost": 1.0}],
        offers=offers,
        rules=[{"kind": "exclusive", "offers": names} for names in covering.values()],
    )


def test_purchasing_contracts_reach_the_published_optimum() -> None:
    """Firm volumes with a least lot, prices fixed at signing, contracts that exclude each other or stock would be modelled otherwise than others do."""
    assert solved(purchasing_contracts()).summary.objective == pytest.approx(1208.998, abs=1e-3)
