"""Small random scenarios that use everything a scenario can hold: all clauses and rules, sites, products, storage, transfers, substitution, lead
times, lateness, split shortage, capacity steps, late signing, currencies, futures and trees.

`random_scenario(seed)` always gives the same sound document for the same seed. Numbers are of ordinary size, with some zeros among them.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from models.scenario import Scenario
from scenarios.files import scenario_from

Row = dict[str, Any]


def random_scenario(seed: int) -> Scenario:
    """The scenario that belongs to `seed`."""
    return scenario_from(random_document(seed))


def random_document(seed: int) -> Row:
    """The same as a dictionary."""
    draw = Draw(seed)
    draw.suppliers()
    draw.sites()
    draw.markets()
    draw.offers()
    draw.rules()
    draw.uncertainty()
    later_rules(Random(f"{seed} later"), draw.data)
    latest_rules(Random(f"{seed} latest"), draw.data)
    return draw.data


def later_rules(r: Random, data: Row) -> None:
    """In one document out of three, a rule of a kind that came later: drawn apart, so that a seed goes on meaning what it meant."""
    product = r.choice([None, *(x["id"] for x in data["products"])])
    possible: list[Row] = [
        {"kind": "shortage_probability", "max": r.choice([0.0, 0.1, 0.4]), "above": r.choice([0.0, round(r.uniform(1, 40), 2)]), "product": product},
        {"kind": "smallest_share", "min": r.choice([0.1, 0.3]), "product": product, "in": r.choice(["expected", "every_future", "every_node"])},
        {"kind": "prepaid_exposure", "max": round(r.uniform(0, 300), 2), "supplier": r.choice([None, *(x["id"] for x in data["suppliers"])])},
        {"kind": "capex_smoothing", "max": round(r.uniform(100, 2_000), 2), "in": r.choice(["expected", "every_node"])},
    ]
    if r.random() < 0.2:
        far = r.choice([*data["suppliers"], *data["spot"]])
        far["origin"] = "far"
        data["tariffs"] = [{"origin": "far", "rate": [r.choice([0.0, 0.1, 0.4]) for _ in data["periods"]]}]
        possible.append({"kind": "origin_share", "origin": "far", "max": r.choice([0.3, 0.8]), "product": product, "in": r.choice(["expected", "every_node"])})
    rule, price, wanted = r.choice(possible), r.choice([0.5, 20.0, 300.0]), r.random()
    if wanted < 0.35:
        data["rules"].append(rule | ({"violation_price": price} if r.random() < 0.7 else {}))


def latest_rules(r: Random, data: Row) -> None:
    """In one document out of five, a rule about what a supplier is paid, when, or about leaving one; drawn apart for the same reason."""
    makers, periods = [x["id"] for x in data["suppliers"]], len(data["periods"])
    fees = {"per_supplier": round(r.uniform(0, 200), 2), "per_unit": round(r.uniform(0, 10), 2), "volume": [round(r.uniform(0, 60), 2) for _ in range(periods)]}
    spend = {
        "kind": "supplier_spend",
        "max": round(r.uniform(100, 3_000), 2),
        "supplier": r.choice([None, *makers]),
        "in": r.choice(["expected", "every_node"]),
    }
    leaving = {"kind": "switching_cost", "incumbents": [r.choice(makers)], "product": data["products"][0]["id"], **fees}
    late = {"kind": "payment_term", "min": r.choice([0.0, 15.0, 45.0]), "supplier": r.choice([None, *makers]), "in": r.choice(["expected", "every_node"])}
    rule = r.choice([spend, leaving, late])
    if r.random() < 0.2:
        data["rules"].append(rule | ({"violation_price": r.choice([0.1, 1.0, 20.0])} if r.random() < 0.6 else {}))


class Draw:
    """One document in the making."""

    def __init__(self, seed: int) -> None:
        r, self.later, self.events, self.prices = Random(seed), Random(f"later {seed}"), Random(f"events {seed}"), Random(f"prices {seed}")
        self.r, self.recent, self.seed = r, seed % 2 == 0, seed
        self.periods = [f"t{i}" for i in range(r.choice([1, 2, 2, 3, 3]))]
        self.places = ["north", "south"][: r.choice([1, 1, 2])]
        self.products = ["cable", "duct"][: r.choice([1, 1, 2])]
        self.makers = ["alpha", "beta", "gamma"][: r.choice([1, 2, 2, 3])]
        self.indexed = r.random() < 0.4
        self.foreign = r.random() < 0.3
        self.data: Row = {
            "format": "offtake/1",
            "name": f"random {seed}",
            "discount_rate": r.choice([0.0, 0.05, 0.12, -0.02]),
            "periods": [name if r.random() < 0.7 else {"id": name, "years": r.choice([0.25, 0.5, 2.0])} for name in self.periods],
            "sites": [{"id": name} for name in self.places],
            "products": [{"id": name, "unit": "km"} for name in self.products],
            "risk": r.choice([{}, {"weight": 0.3, "tail": 0.4}, {"weight": 0.7, "tail": 0.15}, {"weight": 1.0, "tail": 0.5}]),
            "solve": {"gap": 0.0, "time_limit_seconds": 60, "baselines": False, "seed": 1},
        }
        if self.indexed:
            self.data["indices"] = [{"id": "inputs", "level": self.some(lambda: round(r.uniform(0.7, 1.6), 2))}]
        if self.foreign:
            self.data["currencies"] = [
                {"id": "EUR", "rate": self.series(0.8, 1.4), "rate_now": 1.1} if r.random() < 0.5 else {"id": "EUR", "rate": self.series(0.8, 1.4)}
            ]

    def some(self, make: Callable[[], float]) -> list[float]:
        """A value per period."""
        return [make() for _ in self.periods]

    def series(self, low: float, high: float, zero: float = 0.0) -> list[float]:
        """A random value per period, 0 with the probability `zero`."""
        return self.some(lambda: 0.0 if self.r.random() < zero else round(self.r.uniform(low, high), 2))

    def number(self, low: float, high: float) -> float:
        return round(self.r.uniform(low, high), 2)

    def chance(self, probability: float) -> bool:
        return self.r.random() < probability

    def suppliers(self) -> None:
        """Suppliers, some with limited capacity and steps that open it."""
        rows: list[Row] = []
        for maker in self.makers:
            row: Row = {"id": maker, "domestic": self.chance(0.5)}
            if self.chance(0.4):
                row["capacity"] = [{"product": p, "volume": self.series(10, 80, zero=0.1)} for p in self.products if self.chance(0.8)]
            for p in [x["product"] for x in row.get("capacity", [])]:
                if self.chance(0.5):
                    when = self.r.choice([{}, {"committed_volume_per_period": self.number(5, 60)}, {"prepaid": self.number(50, 500)}])
                    step = {"id": f"{maker}-{p}", "product": p, "volume": self.number(10, 60), "opens_when": when}
                    row.setdefault("capacity_steps", []).append(
                        step | {"build_periods": self.r.choice([0, 0, 1]), "cost": self.r.choice([0.0, self.number(10, 300)])}
                    )
            rows.append(row)
        self.data["suppliers"] = rows

    def sites(self) -> None:
        """Demand, shortage, storage, transfers, substitution."""
        pairs = [(s, p) for s in self.places for p in self.products]
        self.data["demand"] = [{"site": s, "product": p, "volume": self.series(10, 90, zero=0.15)} for s, p in pairs if self.chance(0.9)]
        self.data["shortage"] = [self.shortage({"product": p}) for p in self.products]
        self.data["shortage"] += [self.shortage({"product": p, "site": s}) for s, p in pairs if self.chance(0.15)]
        self.data["storage"] = [
            {"site": s, "product": p, "capacity": self.r.choice([None, self.number(5, 60)]), "holding_cost": self.r.choice([0.0, self.number(0.5, 4)]),
             "spoilage": self.r.choice([0.0, 0.0, 0.1])} | ({"initial": 5.0} if self.chance(0.3) else {})
            for s, p in pairs if self.chance(0.4)
        ]  # fmt: skip
        if len(self.places) > 1:
            ways = [("north", "south"), ("south", "north")]
            self.data["transfers"] = [
                {"product": p, "from_site": a, "to_site": b, "cost": self.number(0, 6), "capacity": self.r.choice([None, self.number(5, 40)])}
                for a, b in ways for p in self.products if self.chance(0.4)
            ]  # fmt: skip
        if len(self.products) > 1 and self.chance(0.4):
            swap = {
                "product": "cable",
                "substitute": "duct",
                "ratio": self.r.choice([1.0, 1.5, 0.7]),
                "cost": self.number(0, 5),
                "max_share": self.r.choice([1.0, 0.3]),
            }
            self.data["substitutions"] = [swap | ({"sites": ["north"]} if self.chance(0.3) else {})]

    def shortage(self, row: Row) -> Row:
        """What unmet demand costs, in one of the three ways, perhaps in steps."""
        kind = self.r.choice(["lost", "delayed", "split"])
        row |= {"kind": kind}
        if kind in ("lost", "split"):
            row["cost_per_unit"] = self.number(30, 150)
        if kind in ("delayed", "split"):
            row["cost_per_unit_year"] = self.number(20, 120)
            if self.chance(0.5):
                row["terminal_cost_per_unit"] = self.number(40, 200)
        if kind == "split":
            row["lost_share"] = self.r.choice([0.2, 0.5, 0.8])
        if self.chance(0.3):
            row["steps"] = [{"above_share": 0.2, "cost_factor": 1.5}, {"above_share": 0.6, "cost_factor": 3.0}][: self.r.choice([1, 2])]
        return row

    def markets(self) -> None:
        """Spot markets, some with a ladder of prices and a lead time."""
        rows: list[Row] = []
        for p in self.products:
            for name in ("exchange", "broker")[: self.r.choice([0, 1, 1, 1, 2])]:
                row: Row = {
                    "id": f"{name}-{p}",
                    "product": p,
                    "price": self.series(15, 60),
                    "available": self.series(5, 80, zero=0.1),
                    "domestic": self.chance(0.5),
                }
                row["lead_periods"] = self.r.choice([0.0, 0.0, 0.4, 1.0, 1.25])
                if self.chance(0.5):
                    row["blocks"] = [{"share": 0.5}, {"share": 0.3, "price_factor": 1.2}, {"share": 0.2, "price_factor": 1.9}]
                if self.chance(0.3):
                    row["delivery_cost"] = [{"site": s, "cost": self.number(0.5, 5)} for s in self.places]
                rows.append(row)
        self.data["spot"] = rows

    def offers(self) -> None:
        """Offers with random alternatives, profiles and clauses."""
        self.data["offers"] = [self.offer(f"offer-{i}") for i in range(self.r.choice([1, 1, 2, 2, 3]))]

    def offer(self, name: str) -> Row:
        start = self.r.randrange(len(self.periods))
        products = self.r.sample(self.products, self.r.randint(1, len(self.products)))
        offer: Row = {
            "id": name, "supplier": self.r.choice(self.makers), "products": products,
            "window": {"start": self.periods[start], "periods": self.r.randint(1, len(self.periods) - start)},
            "sign": "now" if self.chance(0.7) else self.r.choice(self.periods[: start + 1]), "signing_cost": self.r.choice([0.0, self.number(5, 200)]),
        }  # fmt: skip
        offer["clauses"] = clauses = self.clauses(offer["window"]["periods"])
        clauses += self.latest_clauses(offer) if self.seed % 4 == 2 else []
        tiered = any(clause["kind"] == "all_units_tiers" for clause in clauses)
        offer["alternatives"] = [self.alternative(f"alt-{j}", products, offer["window"]["periods"], tiered) for j in range(self.r.choice([1, 1, 2]))]
        if self.chance(0.3):
            offer["sites"] = [self.r.choice(self.places)]
        if self.chance(0.4):
            offer["delivery_cost"] = [{"site": s, "cost": self.number(0, 5)} for s in self.places]
        if self.foreign and self.chance(0.5):
            offer["currency"] = "EUR"
            if self.recent and self.prices.random() < 0.5:
                reference = self.prices.choice([None, 1.1])
                clauses.append({"kind": "currency", "band": 0.1, "supplier_share": round(self.prices.uniform(0.2, 1), 2), "reference": reference})
        compared = [x["id"] for x in self.data["spot"] if x["product"] in products]
        if self.recent and compared and self.prices.random() < 0.2:
            clauses.append({"kind": "most_favoured", "spot": self.prices.choice(compared), "margin": self.prices.choice([0.0, 0.1])})
        return offer

    def alternative(self, name: str, products: list[str], window: int, tiered: bool) -> Row:
        def between() -> Row:
            low = self.r.choice([0.0, self.number(3, 20)])
            return {"min": low, "max": low + self.number(5, 60)}

        row: Row = {"id": name, "price": self.number(8, 40), "volume_per_period": between()}
        if self.chance(0.3):
            row["price"] = [{"product": p, "price": self.number(8, 40)} for p in products]
            row["volume_per_period"] = [{"product": p, **between()} for p in products]
        profiles: list[Row] = [{"kind": "flat"}, {"kind": "free"}, {"kind": "free", "ramp": self.number(0.1, 0.6)}]
        if not tiered:
            profiles.append({"kind": "shaped", "shape": [self.r.choice([0.0, 0.5, 1.0, 1.3]) for _ in range(window - 1)] + [1.0]})
        return row | {"profile": self.r.choice(profiles)}

    def clauses(self, window: int) -> list[Row]:
        tiers = [
            {"from_volume": 0, "to_volume": 15, "discount": self.r.choice([0.0, 0.02])},
            {"from_volume": 15, "to_volume": 30, "discount": 0.06},
            {"from_volume": 30, "discount": 0.1},
        ]
        prices: list[Row] = [{"kind": "fixed_price"}, {"kind": "escalator", "rate": self.r.choice([0.04, -0.03])}]
        if self.indexed:
            prices.append(
                {"kind": "indexed_price", "index": "inputs", "weight": self.number(0.1, 1), "lag_periods": self.r.choice([0, 0, 1]), "floor": -0.2,
                 "cap": self.r.choice([None, 0.15]), "reference": self.r.choice([1.0, 1.1])}
            )  # fmt: skip
        deposits = [{"amount": self.number(20, 400)}, {"share_of_first_period": self.number(0.05, 0.5)}, {"share_of_contract_value": self.number(0.05, 0.3)}]
        possible: list[tuple[float, Row]] = [
            (0.5, {"kind": "volume_band", "up": self.r.choice([0.0, 0.2]), "down": self.r.choice([1.0, 0.3, 0.0])}),
            (0.4, {"kind": "take_or_pay", "fraction": self.number(0.4, 1), "price_share": self.r.choice([1.0, 0.6, 1.2])}),
            (0.3, {"kind": "reservation"} | self.r.choice([{"fee_per_unit": self.number(0.5, 5)}, {"share_of_price": self.number(0.02, 0.2)}])),
            (0.6, self.r.choice(prices)),
            (0.25, {"kind": "all_units_tiers", "tiers": tiers}),
            (0.25, {"kind": "incremental_tiers", "tiers": tiers}),
            (0.35, {"kind": "prepayment", "credit_per_unit": self.r.choice([0.0, self.number(1, 10)])} | self.r.choice(deposits)),
            (0.25, {"kind": "minimum_order", "volume": self.number(3, 25)}),
            (0.3, {"kind": "late_delivery", "damages_per_week": self.number(0.005, 0.03), "cap": self.number(0.05, 0.3)}),
        ]
        chosen = [clause for probability, clause in possible if self.chance(probability)]
        return [*chosen, *self.later_clauses(chosen, window), *self.price_clauses(chosen)] if self.recent else chosen

    def price_clauses(self, given: list[Row]) -> list[Row]:
        """Clauses about what is paid that came later still, drawn apart again."""
        r = self.prices
        possible: list[tuple[float, Row]] = [
            (0.2, {"kind": "payment_days", "days": r.choice([30.0, 90.0])}),
            (0.2, {"kind": "expedite", "cap": round(r.uniform(0.1, 1), 2), "premium": round(r.uniform(0, 1), 2)}),
        ]
        possible.append((0.2, {"kind": "growth_rebate", "discount": round(r.uniform(0.02, 0.3), 2), "base_volume": r.choice([None, None, 15.0])}))
        bundle = {"kind": "bundle_discount", "across": r.choice(["products", "sites"]), "min_volume": r.choice([5.0, 20.0])}
        possible.append((0.2, bundle | {"discount": round(r.uniform(0.02, 0.3), 2)}))
        if self.indexed and not any(clause["kind"] in ("fixed_price", "escalator", "indexed_price") for clause in given):
            review = {"kind": "price_review", "index": "inputs", "every_periods": r.choice([1, 1, 2]), "share": r.choice([1.0, 0.4])}
            possible.append((0.5, review | r.choice([{}, {"floor": -0.1, "cap": 0.15}, {"reference": 1.2}])))
        return [clause for probability, clause in possible if r.random() < probability]

    def later_clauses(self, given: list[Row], window: int) -> list[Row]:
        """Clauses that came later, beside those given. Drawn apart, in documents of even seeds, so that the others go on meaning what they meant."""
        chosen = self.elections() if any(clause["kind"] == "take_or_pay" for clause in given) else []
        sliced = any(clause["kind"] == "incremental_tiers" for clause in given)
        if self.later.random() < 0.2 and not sliced:
            fees = [{"after_periods": t + 1, "share": round(self.later.uniform(0, 1), 2)} for t in range(self.later.randint(1, 2))]
            chosen.append({"kind": "early_termination", "fees": fees, "notice_periods": self.later.choice([0, 0, 1])})
        elif window > 1 and self.later.random() < 0.2 and not sliced:
            chosen.append(
                {"kind": "extension", "periods": 1, "notice_periods": self.later.choice([0, 1]), "price_factor": round(self.later.uniform(0.7, 1.2), 2)}
            )
        if self.later.random() < 0.2:
            ends = sorted(round(self.later.uniform(5, 80), 1) for _ in range(2))
            shares = [0.0, *(round(self.later.uniform(0, 0.2), 3) for _ in range(2))]
            starts = [0.0, *ends]
            tiers = [{"from_volume": a, "to_volume": b, "discount": share} for a, b, share in zip(starts, [*ends, None], shares, strict=True)]
            chosen.append({"kind": "cumulative_rebate", "tiers": tiers})
        if self.later.random() < 0.2:
            share, expiry = round(self.later.uniform(0.2, 1), 2), self.later.choice([None, 1])
            chosen.append({"kind": "make_good", "cap": round(self.later.uniform(0.1, 1), 2), "price_share": share, "expiry_periods": expiry})
        return chosen + self.events_of(given, {clause["kind"] for clause in chosen})

    def events_of(self, given: list[Row], later: set[str]) -> list[Row]:
        """Clauses about events and about volume on top, and sometimes a guarantee for a prepayment among the clauses given."""
        events, found = self.events, []
        for kind in ("force_majeure", "supplier_default"):
            if events.random() < 0.15:
                on_index = self.indexed and events.random() < 0.5
                event: Row = {"index": "inputs", "from_level": 1.2} if on_index else {"deliverable_below": round(events.uniform(0.3, 1.0), 2)}
                found.append({"kind": kind} | event)
        share, cost = round(events.uniform(0.1, 1.0), 2), round(events.uniform(0, 3), 2)
        extra: list[Row] = [
            {"kind": "buffer_stock", "cap": share, "fill_periods": events.choice([1, 1, 2]), "holding_fee": cost},
            {
                "kind": "expansion",
                "volume_share": share,
                "payment_per_unit": cost,
                "after_periods": events.choice([0, 1]),
                "priority": events.choice([0.0, 0.8]),
            },
            {"kind": "step_in", "deliverable_below": 0.9, "cap": share, "cost_per_unit": 10 * cost},
        ]
        found += [clause for clause in extra if events.random() < 0.15]
        if not later & {"early_termination", "extension"}:
            for clause in given:
                if clause["kind"] == "prepayment" and events.random() < 0.5:
                    clause |= {"guarantee_share": round(events.uniform(0, 1), 2), "guarantee_fee": 0.02}
        return found

    def latest_clauses(self, offer: Row) -> list[Row]:
        """Clauses that came after those, drawn apart again, in every fourth document."""
        r = Random(f"latest {self.data['name']} {offer['id']}")
        chosen: list[Row] = []
        supplier = next(x for x in self.data["suppliers"] if x["id"] == offer["supplier"])
        if set(offer["products"]) <= {row["product"] for row in supplier.get("capacity", [])} and r.random() < 0.6:
            chosen.append({"kind": "capacity_share", "share": round(r.uniform(0.05, 0.5), 2), "price_factor": r.choice([0.9, 1.0, 1.3])})
        if r.random() < 0.2:
            chosen.append({"kind": "requirements", "share": round(r.uniform(0.05, 0.4), 2)})
        if r.random() < 0.2:
            chosen.append({"kind": "exclusivity", "waiver_fee": round(r.uniform(10, 400), 1), "waivable": r.random() < 0.7})
        kinds = {clause["kind"] for clause in offer["clauses"]}
        for clause in offer["clauses"]:
            if clause["kind"] == "reservation":
                clause["deductible"] = r.choice([0.0, 0.4, 1.0])
        breaks = kinds & {"early_termination", "extension", "force_majeure", "supplier_default"}
        if r.random() < 0.25 and not breaks:
            band = {"down": round(r.uniform(0, 0.5), 2), "up": round(r.uniform(0, 0.5), 2)}
            chosen.append({"kind": "rolling_forecast", "periods_ahead": r.choice([1, 1, 2]), **band})
        elif not breaks and "incremental_tiers" not in kinds:
            if r.random() < 0.4:
                chosen.append({"kind": "deferral", "share": round(r.uniform(0.1, 1), 2), "fee_share": r.choice([0.0, 0.1])})
            if r.random() < 0.4:
                notices = [{"periods": k, "fee_share": round(r.uniform(0, 0.8), 2)} for k in range(min(2, offer["window"]["periods"]))]
                chosen.append({"kind": "cancellation", "share": round(r.uniform(0.1, 1), 2), "notices": notices})
        return chosen

    def elections(self) -> list[Row]:
        """What the buyer may choose where something is owed."""
        later = self.later
        found: list[Row] = [
            {"kind": "make_up", "price_share": round(later.uniform(0, 0.9), 2), "expiry_periods": later.choice([None, 1])},
            {"kind": "carry_forward", "cap": round(later.uniform(0.05, 1), 2), "expiry_periods": later.choice([None, 1])},
        ]
        return [clause for clause in found if later.random() < 0.35]

    def rules(self) -> None:
        """Up to three rules, hard or priced."""
        names = [offer["id"] for offer in self.data["offers"]]
        some = self.r.sample(names, min(len(names), 2))
        product = self.r.choice([None, *self.products])
        possible: list[Row] = [
            {"kind": "domestic_share", "min": self.number(0.1, 0.8), "product": product} | self.measured(),
            {
                "kind": "supplier_share",
                "supplier": self.r.choice(self.makers),
                "min": self.r.choice([0.0, 0.2]),
                "max": self.number(0.3, 0.9),
                "product": product,
            }
            | self.measured(),
            {"kind": "spot_share", "max": self.number(0.1, 0.8), "product": product} | self.measured(),
            {"kind": "supplier_count", "min": self.r.choice([0, 1, 2]), "max": self.r.choice([None, 2]), "product": product},
            {"kind": "budget", "max": self.number(500, 6_000)} | self.measured(),
            {"kind": "fill_rate", "min": self.number(0.3, 0.95), "product": product, "site": self.r.choice([None, *self.places])} | self.measured(),
            {"kind": "shortage_cvar", "max": self.number(5, 120), "tail": self.r.choice([0.2, 0.5, 1.0]), "product": product},
            {"kind": "force", "offer": self.r.choice(names), "signed": self.chance(0.6)},
        ]
        if len(some) > 1:
            possible += [
                {"kind": "exclusive", "offers": some},
                {"kind": "all_or_none", "offers": some},
                {"kind": "requires", "offer": some[0], "needs": some[1]},
            ]
        chosen = self.r.sample(possible, self.r.choice([0, 1, 1, 2, 3]))
        self.data["rules"] = [rule | ({"violation_price": self.r.choice([0.5, 20.0, 300.0])} if self.chance(0.5) else {}) for rule in chosen]

    def measured(self) -> Row:
        """Where a rule is measured."""
        period = self.r.choice([None, None, *self.periods])
        return {"period": period, "in": self.r.choice(["expected", "every_node"] if period else ["expected", "every_future", "every_node"])}

    def uncertainty(self) -> None:
        """Certain, futures, or a tree node by node."""
        kind = self.r.choice(["certain", "futures", "futures", "after_signing", "tree"])
        if kind == "tree":
            self.data["uncertainty"] = {"kind": "tree", "nodes": self.nodes()}
        elif kind != "certain":
            count = self.r.randint(2, 4)
            shares = self.shares(count)
            futures = [{"id": f"f{i}", "probability": shares[i], **self.changes(self.series)} for i in range(count)]
            self.data["uncertainty"] = {"kind": "futures", "futures": futures, "revealed": "after_signing" if kind == "after_signing" else "by_data"}

    def shares(self, count: int) -> list[float]:
        weights = [self.r.randint(1, 9) for _ in range(count)]
        return [weight / sum(weights) for weight in weights]

    def nodes(self) -> list[Row]:
        """A tree with one or two children per node."""
        found: list[Row] = []
        level: list[str | None] = [None]
        for period in self.periods:
            after: list[str | None] = []
            for parent in level:
                shares = self.shares(self.r.choice([1, 2]))
                for share in shares:
                    name = f"n{len(found)}"
                    found.append({"id": name, "parent": parent, "period": period, "probability": share, **self.changes(self.at_node)})
                    after.append(name)
            level = after
        return found

    def at_node(self, low: float, high: float, zero: float = 0.0) -> float:
        """A single value where a future would have a series."""
        return 0.0 if self.r.random() < zero else self.number(low, high)

    def changes(self, value: Callable[..., Any]) -> Row:
        """What a future or a node changes."""
        row: Row = {}
        for field, low, high in (("demand_factor", 0.5, 1.6), ("spot_price_factor", 0.6, 2.5), ("spot_available_factor", 0.2, 1.3)):
            if self.chance(0.6):
                row[field] = value(low, high)
        if self.chance(0.2):
            row["demand"] = [{"site": self.r.choice(self.places), "product": self.r.choice(self.products), "volume": value(0, 90, 0.2)}]
        for spot in self.data["spot"][:1]:
            if self.chance(0.2):
                row["spot_price"] = [{"spot": spot["id"], "price": value(5, 80, 0.05)}]
            if self.chance(0.2):
                row["spot_lead"] = [{"spot": spot["id"], "lead_periods": value(0, 1.5, 0.3)}]
        if self.chance(0.4):
            row["deliverability"] = [{"supplier": self.r.choice(self.makers), "share": value(0.3, 1.0, 0.1)}]
        if self.chance(0.4):
            row["lateness"] = [{"offer": self.r.choice(self.data["offers"])["id"], "weeks": value(0, 12, 0.3)}]
        if self.indexed and self.chance(0.5):
            row["index"] = {"inputs": value(0.6, 1.8)}
        if self.foreign and self.chance(0.5):
            row["fx"] = {"EUR": value(0.7, 1.5)}
        return row
