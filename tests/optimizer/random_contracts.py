"""Small random contracts, drawn by hypothesis over all clauses there are: one offer that is signed, a spot market, demand that swings, a future or a few.

TERMS says for every kind of clause which terms it may have. Clauses that the documents refuse beside those drawn so far are left out, so what may stand
together is said in one place only, the documents' own checks.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import strategies as st

from models.errors import InvalidScenario
from scenarios.files import scenario_from

Data = dict[str, Any]
Pick = Callable[..., Any]
PERIODS = ["2027", "2028", "2029"]
TIERS = [{"from_volume": 0.0, "to_volume": 20.0}, {"from_volume": 20.0, "to_volume": 40.0, "discount": 0.05}, {"from_volume": 40.0, "discount": 0.12}]


def _deposit(pick: Pick) -> Data:
    return pick({"share_of_contract_value": 0.3}, {"amount": 150.0}, {"share_of_first_period": 0.5})


TERMS: dict[str, Callable[[Pick], Data]] = {
    "volume_band": lambda pick: {"down": pick(0.3, 0.0, 1.0), "up": pick(0.25, 0.0)},
    "take_or_pay": lambda pick: {"fraction": pick(0.8, 0.5, 1.0), "price_share": pick(1.0, 0.6)},
    "reservation": lambda pick: pick({"fee_per_unit": 1.5}, {"share_of_price": 0.08}) | {"deductible": pick(0.5, 0.0)},
    "fixed_price": lambda pick: {},  # noqa: ARG005
    "escalator": lambda pick: {"rate": pick(0.04, -0.03)},
    "indexed_price": lambda pick: {"index": "inputs", "weight": pick(0.6, 1.0), "lag_periods": pick(1, 0), "floor": -0.1, "cap": pick(0.2, None)},
    "all_units_tiers": lambda pick: {"tiers": TIERS},  # noqa: ARG005
    "incremental_tiers": lambda pick: {"tiers": TIERS},  # noqa: ARG005
    "prepayment": lambda pick: {"credit_per_unit": pick(4.0, 9.0, 0.0), **_deposit(pick), "guarantee_share": pick(0.0, 0.7), "guarantee_fee": 0.05},
    "minimum_order": lambda pick: {"volume": pick(12.0, 30.0)},
    "late_delivery": lambda pick: {"damages_per_week": pick(0.01, 0.03), "cap": pick(0.1, 0.25)},
    "make_up": lambda pick: {"price_share": pick(0.1, 0.6), "expiry_periods": pick(None, 1)},
    "carry_forward": lambda pick: {"cap": pick(0.5, 0.15), "expiry_periods": pick(None, 1)},
    "early_termination": lambda pick: {"fees": [{"after_periods": 1, "share": pick(0.02, 0.15)}], "notice_periods": pick(0, 1)},
    "extension": lambda pick: {"periods": 1, "notice_periods": pick(1, 0), "price_factor": pick(1.1, 0.9)},
    "cumulative_rebate": lambda pick: {"tiers": TIERS},  # noqa: ARG005
    "payment_days": lambda pick: {"days": pick(60.0, 120.0)},
    "currency": lambda pick: {"band": pick(0.05, 0.0), "supplier_share": pick(0.5, 1.0), "reference": pick(None, 1.0)},
    "price_review": lambda pick: {"index": "inputs", "every_periods": pick(1, 2), "share": pick(0.5, 1.0), "floor": -0.1, "cap": pick(0.15, None)},
    "growth_rebate": lambda pick: {"discount": pick(0.1, 0.3), "base_volume": pick(None, 15.0)},
    "bundle_discount": lambda pick: {"across": pick("products", "sites"), "discount": pick(0.08, 0.2), "min_volume": pick(12.0, 25.0, 0.0)},
    "most_favoured": lambda pick: {"spot": "spot-cable", "margin": pick(0.0, 0.1)},
    "expedite": lambda pick: {"cap": pick(0.3, 1.0), "premium": pick(0.2, 0.0)},
    "make_good": lambda pick: {"cap": pick(0.5, 1.0), "price_share": pick(0.6, 1.0), "expiry_periods": pick(None, 1)},
    "force_majeure": lambda pick: pick({"deliverable_below": 0.7}, {"index": "inputs", "from_level": 1.3}),
    "capacity_share": lambda pick: {"share": pick(0.1, 0.3), "price_factor": pick(1.1, 0.9)},
    "requirements": lambda pick: {"share": pick(0.3, 0.1)},
    "exclusivity": lambda pick: {"waiver_fee": pick(40.0, 300.0), "waivable": pick(True, True, False)},
    "deferral": lambda pick: {"share": pick(0.4, 1.0), "fee_share": pick(0.02, 0.1)},
    "cancellation": lambda pick: {
        "share": pick(0.5, 1.0),
        "notices": pick([{"periods": 1, "fee_share": 0.05}], [{"periods": 0, "fee_share": 0.3}, {"periods": 1, "fee_share": 0.05}]),
    },
    "rolling_forecast": lambda pick: {"periods_ahead": pick(1, 1, 2), "down": pick(0.2, 0.0), "up": pick(0.1, 0.4)},
    "supplier_default": lambda pick: pick({"index": "inputs", "from_level": 1.5}, {"deliverable_below": 0.6}),
    "buffer_stock": lambda pick: {"cap": pick(0.4, 0.8), "fill_periods": pick(1, 2), "holding_fee": pick(0.5, 0.0)},
    "expansion": lambda pick: {"volume_share": pick(0.5, 0.2), "payment_per_unit": pick(0.5, 2.0), "after_periods": pick(1, 0), "priority": pick(0.8, 0.0)},
    "step_in": lambda pick: {
        "cap": pick(0.6, 1.0),
        "cost_per_unit": pick(20.0, 12.0),
        **pick({"deliverable_below": 0.8}, {"index": "inputs", "from_level": 1.3}),
    },
}


def sound(data: Data) -> bool:
    """Whether the documents take it."""
    try:
        scenario_from(data)
    except InvalidScenario:
        return False
    return True


def contracts(first: str | None = None) -> st.SearchStrategy[Data]:
    """Scenarios about one random contract each; with the clause `first` in it, where one is named.

    Hypothesis draws the seed only: drawn choice by choice, its examples are too much alike to have every clause bite.
    """
    return st.integers(0, 2**32 - 1).map(lambda seed: contract(seed, first))


def contract(seed: int, first: str | None = None) -> Data:
    """The contract that belongs to a seed."""
    random = Random(f"{seed} {first}")

    def pick(*options: Any) -> Any:
        return random.choice(options)

    products = ["cable", "tube"][: pick(1, 1, 2)]
    data: Data = {
        "format": "offtake/1",
        "name": f"random contract {seed}",
        "discount_rate": pick(0.08, 0.0, -0.02),
        "periods": [*PERIODS[:2], {"id": PERIODS[2], "years": pick(1.0, 2.0)}],
        "sites": [{"id": "east"}],
        "products": [{"id": x, "unit": "km"} for x in products],
        "suppliers": [{"id": "maker", "origin": "far", "capacity": [{"product": x, "volume": [200.0, 180.0, 220.0]} for x in products]}],
        "tariffs": [{"origin": "far", "rate": [0.0, 0.1, pick(0.1, 0.0)]}],
        "demand": [{"site": "east", "product": x, "volume": [pick(40.0, 10.0, 25.0), pick(15.0, 45.0), pick(45.0, 20.0)]} for x in products],
        "shortage": [{"product": x, "kind": pick("lost", "lost", "delayed"), "terminal_cost_per_unit": None} for x in products],
        "storage": [{"site": "east", "product": "cable", "capacity": 10.0, "holding_cost": 1.0}] if pick(False, True) else [],
        "spot": [{"id": f"spot-{x}", "product": x, "price": [30.0, 22.0, 34.0], "available": [60.0] * 3, "lead_periods": pick(0.0, 0.5)} for x in products],
        "indices": [{"id": "inputs", "level": [1.0, 1.1, 0.8]}],
        "currencies": [{"id": "EUR", "rate": [1.1, 1.2, 1.0], "rate_now": 1.05}],
        "offers": [_offer(pick, products)],
        "rules": [{"kind": "force", "offer": "deal", "violation_price": 5e3}],  # signed, unless its terms forbid every volume
        "risk": {"weight": pick(0.0, 0.5), "tail": 0.4},
    }
    for row in data["shortage"]:
        row["cost_per_unit" if row["kind"] == "lost" else "cost_per_unit_year"] = 70.0
    if pick(False, False, True):
        data["rules"].append({"kind": "budget", "max": 1e5, "in": "every_node"})  # never binding, but it makes the timing of credits exact
    if pick(True, True, False):
        chances = pick((0.6, 0.4), (0.5, 0.3, 0.2))
        rows = [{"id": f"f{i}", "probability": chance, **_changes(pick, i)} for i, chance in enumerate(chances)]
        data["uncertainty"] = {"kind": "futures", "futures": rows, "revealed": pick("by_data", "after_signing")}
    _add_clauses(pick, data, first)
    return data


def _offer(pick: Pick, products: list[str]) -> Data:
    low = pick(15.0, 0.0)
    profile = pick({"kind": "flat"}, {"kind": "free", "ramp": 0.5}, {"kind": "free"})
    alternatives = [{"id": "base", "price": pick(18.0, 24.0), "volume_per_period": {"min": low, "max": 50.0}, "profile": profile}]
    if pick(False, True):
        alternatives.append({"id": "large", "price": 15.0, "volume_per_period": {"min": 30.0, "max": 60.0}})
    return {
        "id": "deal",
        "supplier": "maker",
        "products": products,
        "window": {"start": "2027", "periods": 3},
        "sign": pick("now", "now", "2027"),
        "alternatives": alternatives,
        "clauses": [],
        "signing_cost": 25.0,
        "delivery_cost": [{"site": "east", "cost": 0.5}],
        "currency": pick("USD", "EUR"),
    }


def _changes(pick: Pick, i: int) -> Data:
    """What a future changes; in the first period all of them may still look alike."""
    first = pick(1.0, 1.0 + 0.2 * i)
    return {
        "demand_factor": [first, pick(1.0, 0.3, 1.6), pick(1.5, 0.2, 1.0)],
        "spot_price_factor": [1.0, pick(1.0, 1.8), pick(1.7, 0.5)],
        "deliverability": [{"supplier": "maker", "share": [1.0, pick(1.0, 0.4), pick(1.0, 0.7)]}],
        "lateness": [{"offer": "deal", "weeks": [pick(0.0, 6.0), pick(8.0, 26.0, 0.0), pick(0.0, 4.0)]}],
        "index": {"inputs": [1.0, pick(1.3, 0.7), pick(1.0, 1.6)]},
        "fx": {"EUR": [1.1, pick(1.1, 1.3), pick(0.9, 1.1)]},
    }


def _add_clauses(pick: Pick, data: Data, first: str | None) -> None:
    """The clause `first`, with take-or-pay where it has no meaning without, and up to four more."""
    scenario_from(data)  # sound without clauses, so what is left out is left out for the clauses beside it
    kinds = sorted(TERMS)
    wanted = [first or pick(*kinds)] + [pick(*kinds) for _ in range(pick(2, 0, 1, 3, 4))]
    for kind in wanted:
        clauses = data["offers"][0]["clauses"]
        clause = {"kind": kind, **TERMS[kind](pick)}
        if any(x["kind"] == kind for x in clauses):
            continue
        owed = [] if any(x["kind"] == "take_or_pay" for x in clauses) else [{"kind": "take_or_pay", **TERMS["take_or_pay"](pick)}]
        for found in ([*clauses, clause], [*clauses, *owed, clause]):
            data["offers"][0]["clauses"] = found
            if sound(data):
                break
        else:
            data["offers"][0]["clauses"] = clauses
