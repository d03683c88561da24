"""One scenario with every clause and every rule there is: clauses from the registry, each in the first of four offers that takes it, or in one more.

A clause joins with its first terms among the random contracts (`random_contracts.TERMS`), a rule with those in RULES here. Most rules are hard, with limits
that leave room, so that there is a plan; the one that is a cost is priced.
"""

from __future__ import annotations

from typing import Any

from tests.optimizer.build import Data
from tests.optimizer.random_contracts import PERIODS, TERMS, sound

MAKERS = ("maker", "home", "abroad")
RULES: dict[str, Data] = {
    "domestic_share": {"min": 0.1},
    "origin_share": {"origin": "far", "max": 0.9},
    "supplier_share": {"supplier": "maker", "max": 0.9},
    "supplier_count": {"min": 1, "max": 4},
    "spot_share": {"max": 0.8, "in": "every_future"},
    "budget": {"max": 50_000.0, "in": "every_future"},
    "fill_rate": {"min": 0.5},
    "shortage_cvar": {"max": 200.0, "tail": 0.5},
    "shortage_probability": {"max": 0.9, "above": 20.0},
    "smallest_share": {"min": 0.02},
    "prepaid_exposure": {"max": 5_000.0},
    "capex_smoothing": {"max": 10_000.0},
    "supplier_spend": {"max": 30_000.0},
    "payment_term": {"min": 1.0},
    "switching_cost": {"incumbents": ["maker"], "per_supplier": 40.0, "per_unit": 0.5, "volume": [20.0, 20.0, 20.0], "violation_price": 1.0},
    "exclusive": {"offers": ["deal-1", "deal-2"]},
    "requires": {"offer": "deal-1", "needs": "deal-3"},
    "all_or_none": {"offers": ["deal-3", "deal-4"]},
    "force": {"offer": "deal-3"},
}


def everything() -> Data:
    """The scenario."""
    data = _without_terms()
    for i, kind in enumerate(TERMS):
        offers = data["offers"]
        for offer in [*offers[i % 4 :], *offers[: i % 4]]:
            offer["clauses"].append({"kind": kind, **TERMS[kind](_first)})
            if sound(data):
                break
            offer["clauses"].pop()
        else:
            more = len(offers)
            offers.append(_offer(more, MAKERS[more % 3]) | {"clauses": [{"kind": kind, **TERMS[kind](_first)}]})
    data["rules"] = [{"kind": kind, **terms} for kind, terms in RULES.items()]
    return data


def _first(*options: Any) -> Any:
    return options[0]


def _without_terms() -> Data:
    """Four offers of three suppliers for two products at two sites, in three futures of three years."""
    makers, sites, products = MAKERS, ("east", "west"), ("cable", "tube")
    swings = ((1.0, 1.0, 1.0), (1.0, 0.4, 1.5), (1.0, 1.5, 0.5))
    return {
        "format": "offtake/1",
        "name": "every clause and every rule",
        "discount_rate": 0.08,
        "periods": PERIODS,
        "sites": [{"id": x, "service_class": "core"} for x in sites],
        "products": [{"id": x, "unit": "km"} for x in products],
        "suppliers": [
            {
                "id": x,
                "domestic": x != "abroad",
                "origin": "far" if x == "abroad" else "",
                "capacity": [{"product": p, "volume": [300.0] * 3} for p in products],
            }
            for x in makers
        ],
        "tariffs": [{"origin": "far", "rate": [0.0, 0.1, 0.1]}],
        "demand": [{"site": s, "product": p, "volume": [30.0, 35.0, 40.0]} for s in sites for p in products],
        "shortage": [{"product": p, "kind": "lost", "cost_per_unit": 80.0} for p in products],
        "storage": [{"site": "east", "product": "cable", "capacity": 15.0, "holding_cost": 1.0}],
        "transfers": [{"product": "cable", "from_site": "east", "to_site": "west", "cost": 1.0}],
        "spot": [{"id": f"spot-{p}", "product": p, "price": [28.0, 26.0, 33.0], "available": [50.0] * 3, "lead_periods": 0.25} for p in products],
        "indices": [{"id": "inputs", "level": [1.0, 1.1, 0.9]}],
        "currencies": [{"id": "EUR", "rate": [1.1, 1.2, 1.0]}],
        "offers": [_offer(i, makers[i % 3]) for i in range(4)],
        "risk": {"weight": 0.3, "tail": 0.4},
        "uncertainty": {
            "kind": "futures",
            "futures": [
                {
                    "id": f"f{i}",
                    "probability": (0.5, 0.3, 0.2)[i],
                    "demand_factor": list(swing),
                    "spot_price_factor": [1.0, 1.0 + 0.3 * i, 1.0],
                    "deliverability": [{"supplier": x, "share": [1.0, 1.0 - 0.2 * i, 1.0]} for x in makers],
                    "lateness": [{"supplier": "maker", "weeks": [0.0, 5.0 * i, 0.0]}],
                }
                for i, swing in enumerate(swings)
            ],
        },
        "solve": {"gap": 1e-3, "time_limit_seconds": 600.0},
    }


def _offer(i: int, supplier: str) -> Data:
    return {
        "id": f"deal-{i + 1}",
        "supplier": supplier,
        "products": ["cable", "tube"] if i < 2 else ["cable"] if i == 2 else ["tube"],
        "window": {"start": PERIODS[0], "periods": 3},
        "alternatives": [{"id": "base", "price": 18.0 + i, "volume_per_period": {"min": 5.0, "max": 50.0}, "profile": {"kind": "free"}}],
        "clauses": [],
        "signing_cost": 20.0,
        "delivery_cost": [{"site": "west", "cost": 0.5}],
        "currency": "EUR" if supplier == "abroad" else "USD",
    }
