"""Small random scenarios, drawn by hypothesis: always the same ones, with most tables, clauses and rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.optimizer.build import Data, futures

Pick = Callable[..., Any]


def examples(count: int) -> Callable[[Any], Any]:
    """Decorator: a property is tried on this many examples, the same in every run."""
    return settings(max_examples=count, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


@st.composite
def any_scenario(draw: Callable[[Any], Any], kind: str = "futures", rules: bool = True) -> Data:
    """A small random scenario with most tables, clauses and rules. `kind` of uncertainty: futures or tree."""

    def pick(*options: Any) -> Any:
        return draw(st.sampled_from(options))

    periods = [str(2027 + t) for t in range(pick(2, 1, 3))]
    sites = ["east", "west"][: pick(1, 2)]
    products = ["cable", "tube"][: pick(1, 1, 2)]
    data: Data = {
        "format": "offtake/1",
        "name": "random",
        "discount_rate": pick(0.0, 0.1),
        "periods": periods,
        "sites": [{"id": x} for x in sites],
        "products": [{"id": x, "unit": "km"} for x in products],
        "suppliers": [
            {"id": "home", "domestic": True},
            {
                "id": "abroad",
                "capacity": [{"product": "cable", "volume": [60.0] * len(periods)}],
                "capacity_steps": [
                    {"id": "line", "volume": 30.0, "cost": 50.0, "build_periods": pick(0, 1), "opens_when": {"committed_volume_per_period": 40.0}}
                ],
            },
        ],
        "demand": [{"site": s, "product": p, "volume": [float(pick(40, 0, 25, 70)) for _ in periods]} for s in sites for p in products],
        "shortage": [_shortage(pick, p) for p in products],
        "storage": [
            {"site": sites[0], "product": "cable", "capacity": pick(None, 30.0), "holding_cost": 2.0, "initial": pick(0.0, 10.0), "spoilage": pick(0.0, 0.2)}
        ],
        "transfers": [{"product": "cable", "from_site": "east", "to_site": "west", "cost": 3.0}] if len(sites) > 1 else [],
        "substitutions": [{"product": "cable", "substitute": "tube", "cost": 4.0, "ratio": 1.5, "max_share": 0.5}] if len(products) > 1 else [],
        "spot": [_spot(pick, p, periods, sites) for p in products],
        "indices": [{"id": "inputs"}],
        "currencies": [{"id": "EUR", "rate": [1.1] * len(periods)}],
        "offers": [_offer(pick, f"offer-{i + 1}", periods, sites, products) for i in range(pick(2, 1, 3))],
        "risk": {"weight": pick(0.0, 0.4, 1.0), "tail": pick(0.3, 0.1, 0.6)},
    }
    data["rules"] = [_rule(pick, data) for _ in range(pick(0, 1, 2))] if rules else []
    if kind == "futures":
        chances = pick((0.5, 0.3, 0.2), (0.5, 0.5), (0.8, 0.2), (0.4, 0.3, 0.2, 0.1))
        rows = [{"probability": chance} | _state(pick, data, periods) for chance in chances]
        data["uncertainty"] = futures(rows, revealed=pick("by_data", "after_signing"))
    else:
        data["uncertainty"] = {"kind": "tree", "nodes": _nodes(pick, data, periods)}
    return data


def _shortage(pick: Pick, product: str) -> Data:
    row: Data = {"product": product, "kind": pick("lost", "delayed", "split"), "steps": pick([], [{"above_share": 0.4, "cost_factor": 1.5}])}
    if row["kind"] != "delayed":
        row["cost_per_unit"] = 60.0
    if row["kind"] != "lost":
        row |= {"cost_per_unit_year": 45.0, "terminal_cost_per_unit": 30.0}
    return row | ({"lost_share": 0.3} if row["kind"] == "split" else {})


def _spot(pick: Pick, product: str, periods: list[str], sites: list[str]) -> Data:
    return {
        "id": f"spot-{product}",
        "product": product,
        "price": [float(pick(20, 15, 30)) for _ in periods],
        "available": [float(pick(50, 20, 90)) for _ in periods],
        "blocks": pick([{"share": 1.0}], [{"share": 0.5}, {"share": 0.5, "price_factor": 1.4}]),
        "lead_periods": pick(0.0, 0.5, 1.0),
        "domestic": pick(False, True),
        "delivery_cost": [{"site": sites[0], "cost": 1.0}],
    }


def _offer(pick: Pick, name: str, periods: list[str], sites: list[str], products: list[str]) -> Data:
    first = pick(*range(len(periods)))
    tiers = [{"from_volume": 0.0, "to_volume": 30.0}, {"from_volume": 30.0, "discount": 0.1}]
    volume = [
        {"kind": "take_or_pay", "fraction": pick(0.7, 1.0), "price_share": pick(1.0, 0.5)},
        {"kind": "volume_band", "down": pick(0.2, 0.0, 1.0), "up": pick(0.0, 0.25)},
        {"kind": "minimum_order", "volume": 12.0},
        {"kind": "make_good", "cap": pick(0.2, 1.0), "price_share": pick(1.0, 0.5), "expiry_periods": pick(None, 1)},
        {"kind": "expedite", "cap": pick(0.2, 1.0), "premium": pick(0.3, 1.0)},
        {"kind": "late_delivery", "damages_per_week": 0.02, "cap": 0.15},
    ]
    money = [
        {"kind": "reservation", "fee_per_unit": 2.0},
        {"kind": "prepayment", "share_of_contract_value": 0.3, "credit_per_unit": pick(5.0, 9.0)},
        {"kind": "all_units_tiers", "tiers": tiers},
        {"kind": "incremental_tiers", "tiers": tiers},
        {"kind": "cumulative_rebate", "tiers": tiers},
        {"kind": "growth_rebate", "discount": 0.2, "base_volume": pick(None, 20.0)},
        {"kind": "bundle_discount", "discount": 0.15, "min_volume": 12.0, "across": pick("products", "sites")},
        {"kind": "payment_days", "days": pick(60.0, 180.0)},
        {"kind": "most_favoured", "spot": "spot-cable", "margin": pick(0.0, 0.1)},
        {"kind": "currency", "band": pick(0.0, 0.05), "supplier_share": pick(0.5, 1.0)},
    ]
    price = [
        {"kind": "escalator", "rate": 0.05},
        {"kind": "indexed_price", "index": "inputs", "weight": 0.5, "floor": -0.2, "cap": 0.2, "lag_periods": pick(0, 1)},
        {"kind": "price_review", "index": "inputs", "every_periods": pick(1, 2), "share": pick(1.0, 0.5), "floor": -0.1, "cap": 0.2},
    ]
    later = [
        {"kind": "make_up", "price_share": pick(0.0, 0.3), "expiry_periods": pick(None, 1)},
        {"kind": "carry_forward", "cap": pick(0.2, 1.0), "expiry_periods": pick(None, 1)},
    ]
    clauses = [pick(*group) for group in (volume, money, price) if pick(True, False)]
    kinds = {x["kind"] for x in clauses}
    if "incremental_tiers" not in kinds and pick(False, False, True):
        clauses.append({"kind": "early_termination", "fees": [{"after_periods": 1, "share": pick(0.3, 0.8)}], "notice_periods": pick(0, 1)})
    if pick(False, False, False, True):
        clauses.append({"kind": pick("force_majeure", "supplier_default")} | pick({"index": "inputs", "from_level": 1.3}, {"deliverable_below": 0.6}))
    if pick(False, False, True):
        clauses.append(
            pick(
                {"kind": "buffer_stock", "cap": 0.4, "fill_periods": pick(1, 2), "holding_fee": 1.0},
                {"kind": "expansion", "volume_share": 0.5, "payment_per_unit": 1.0, "priority": pick(0.0, 0.9)},
                {"kind": "step_in", "deliverable_below": 0.9, "cap": 0.8, "cost_per_unit": 16.0},
            )
        )
    if "take_or_pay" in kinds:
        clauses += pick(later[:0], later[:1], later[1:], later)
    profile = pick({"kind": "flat"}, {"kind": "free", "ramp": 0.5})
    alternatives = [{"id": "small", "price": float(pick(14, 11, 18)), "volume_per_period": {"min": pick(0.0, 15.0), "max": 45.0}, "profile": profile}]
    if pick(False, True) and "all_units_tiers" not in kinds:
        alternatives.append({"id": "large", "price": 10.0, "volume_per_period": {"min": 40.0, "max": 70.0}})
    return {
        "id": name,
        "supplier": pick("home", "abroad"),
        "products": pick(["cable"], products),
        "window": {"start": periods[first], "periods": len(periods) - first},
        "sign": pick("now", "now", periods[first]),
        "alternatives": alternatives,
        "clauses": clauses,
        "signing_cost": pick(0.0, 20.0),
        "sites": pick(None, sites[:1]),
        "delivery_cost": [{"site": sites[-1], "cost": 2.0}],
        "currency": "EUR" if "currency" in kinds else pick(None, "EUR"),
    }


def _rule(pick: Pick, data: Data) -> Data:
    """A rule that random scenarios may or may not be able to keep, so most are priced."""
    names = [x["id"] for x in data["offers"]]
    measured = {"in": pick("expected", "every_node", "every_future")}
    rules: list[Data] = [
        {"kind": "domestic_share", "min": 0.5} | measured,
        {"kind": "supplier_share", "supplier": "home", "max": 0.6} | measured,
        {"kind": "spot_share", "max": 0.3} | measured,
        {"kind": "fill_rate", "min": 0.9} | measured,
        {"kind": "budget", "max": 800.0} | measured,
        {"kind": "shortage_cvar", "max": 10.0, "tail": 0.4},
        {"kind": "shortage_probability", "max": 0.3, "above": 2.0},
        {"kind": "smallest_share", "min": 0.3} | measured,
        {"kind": "prepaid_exposure", "max": 20.0},
        {"kind": "capex_smoothing", "max": 150.0, "in": pick("expected", "every_node")},
        {"kind": "supplier_count", "min": 1, "max": 1},
        {"kind": "force", "offer": names[0]},
    ]
    if len(names) > 1:
        rules += [
            {"kind": "exclusive", "offers": names[:2]},
            {"kind": "all_or_none", "offers": names[:2]},
            {"kind": "requires", "offer": names[0], "needs": names[1]},
        ]
    rule = dict(pick(*rules))
    lenient = rule["kind"] in ("exclusive", "requires", "all_or_none", "spot_share", "supplier_share")
    return rule if lenient and pick(False, True) else rule | {"violation_price": 40.0}


def _state(pick: Pick, data: Data, periods: list[str] | None) -> Data:
    """What a future (periods given) or a node (None) changes."""

    def series(*options: float) -> Any:
        return pick(*options) if periods is None else [pick(*options) for _ in periods]

    state: Data = {"demand_factor": series(1.0, 0.6, 1.5), "spot_price_factor": series(1.0, 1.8), "index": {"inputs": series(1.0, 0.7, 1.3)}}
    if pick(False, True):
        state["deliverability"] = [{"supplier": "home", "share": series(1.0, 0.5)}]
        state["lateness"] = [{"offer": data["offers"][0]["id"], "weeks": series(0.0, 13.0)}]
    if pick(False, True):
        state["spot_available_factor"] = series(1.0, 0.4)
        state["spot_lead"] = [{"spot": "spot-cable", "lead_periods": series(0.0, 0.5, 1.0)}]
        state["fx"] = {"EUR": series(1.1, 0.9)}
    return state


def _nodes(pick: Pick, data: Data, periods: list[str]) -> list[Data]:
    """A tree: one or two children per node, with unequal probabilities."""
    nodes: list[Data] = []
    level: list[str | None] = [None]
    for period in periods:
        following = []
        for parent in level:
            for probability in pick([0.25, 0.75], [1.0]) if len(level) < 4 else [1.0]:
                name = f"n{len(nodes)}"
                nodes.append({"id": name, "parent": parent, "period": period, "probability": probability} | _state(pick, data, None))
                following.append(name)
        level = list(following)
    return nodes
