"""Makes the bundled case `fibre`: a hyperscaler secures optical cable for eight campuses, 2027 to 2032.

`python -m benchmarks.fibre_scenario` writes `scenarios/library/fibre.json`. There is nothing random here. Every number says where it comes
from: "public" (company statements, filings, trade press), "derived" from such, or "assumed". Volumes are in thousand fibre-kilometres (k f-km),
money in USD; $28 per f-km is $28,000 per k f-km.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.fibre_market import WEEKS, YEARS, courses, future
from benchmarks.layout import save

TARGET = Path(__file__).parents[1] / "scenarios" / "library" / "fibre.json"
UNIT = "thousand fibre-km"

# --- Demand -----------------------------------------------------------------------------------------------------------------------------------
# Public: one gigawatt-class campus takes about 12.9M f-km. Assumed: a phase of a campus takes 2-13M f-km, spread 15/35/35/15 % over four years; the
# years and sizes (in k f-km) of the phases, chosen so that the portfolio asks for 22-35M f-km a year.
SPREAD = (0.15, 0.35, 0.35, 0.15)
CAMPUSES: dict[str, tuple[str, str, dict[int, int]]] = {
    "virginia": ("Virginia campus", "US-East", {2024: 6000, 2026: 7500, 2028: 9000, 2030: 9000}),
    "carolina": ("North Carolina campus", "US-East", {2025: 4000, 2027: 5500, 2030: 7000, 2032: 6000}),
    "ohio": ("Ohio campus", "US-Midwest", {2024: 5000, 2026: 8000, 2029: 11000, 2031: 9000}),
    "indiana": ("Indiana campus", "US-Midwest", {2025: 7000, 2027: 6500, 2029: 8000, 2032: 8000}),
    "abilene": ("Abilene campus", "US-South", {2025: 11000, 2027: 12500, 2029: 13000, 2031: 13000}),
    "louisiana": ("Louisiana campus", "US-South", {2026: 4500, 2028: 10500, 2030: 12000, 2032: 9000}),
    "arizona": ("Arizona campus", "US-West", {2024: 4500, 2026: 2000, 2028: 6000, 2030: 5000, 2031: 5000}),
    "oregon": ("Oregon campus", "US-West", {2024: 3500, 2027: 2500, 2028: 4000, 2030: 4000, 2031: 7000}),
}
OUTSIDE_SHARE = 0.7  # assumed: share of fibre in high-count outside plant cable; the rest is connectorised cable inside the halls
PRODUCTS = {"outside": "High-count outside plant cable", "inside": "Inside plant cable with connectors"}

# --- Demand, stock and shortage tables -------------------------------------------------------------------------------------------------------------


def campus_demand(phases: dict[int, int], product: str) -> list[int]:
    """Demand of one campus for one product per year, in k f-km, rounded to tens."""
    share = OUTSIDE_SHARE if product == "outside" else 1 - OUTSIDE_SHARE
    total = [sum(size * SPREAD[year - start] for start, size in phases.items() if 0 <= year - start < len(SPREAD)) for year in YEARS]
    return [round(share * volume / 10) * 10 for volume in total]


def portfolio(product: str) -> list[int]:
    """Demand of all campuses per year, in k f-km."""
    return [sum(year) for year in zip(*(campus_demand(phases, product) for _, _, phases in CAMPUSES.values()), strict=True)]


def tables() -> dict[str, Any]:
    """Sites, demand, shortage and storage."""
    # Derived: an idle campus costs $10B x 10 % a year over 12.9M f-km = $78 per f-km and year, about three times the price of the cable.
    # Assumed: beyond a quarter of a campus's demand whole halls stand still, half as dear again. A unit still missing at the end costs one more year.
    shortage = [
        {"product": p, "kind": "delayed", "cost_per_unit_year": 78_000, "terminal_cost_per_unit": 78_000, "steps": [{"above_share": 0.25, "cost_factor": 1.5}]}
        for p in PRODUCTS
    ]
    # Assumed: reels in a yard or a warehouse, room for about ten weeks of demand, 10 % of the price a year, and five weeks in stock today.
    storage = []
    for site, (_, _, phases) in CAMPUSES.items():
        for p, holding in (("outside", 2_800), ("inside", 4_500)):
            volumes = campus_demand(phases, p)
            room, stock = round(max(volumes) * 10 / WEEKS / 10) * 10, round(volumes[0] * 5 / WEEKS / 10) * 10
            storage.append({"site": site, "product": p, "capacity": room, "holding_cost": holding, "initial": min(room, stock)})
    return {
        "sites": [{"id": site, "name": name, "region": region} for site, (name, region, _) in CAMPUSES.items()],
        "products": [{"id": p, "name": name, "unit": UNIT} for p, name in PRODUCTS.items()],
        "demand": [{"site": s, "product": p, "volume": campus_demand(phases, p)} for s, (_, _, phases) in CAMPUSES.items() for p in PRODUCTS],
        "shortage": shortage,
        "storage": storage,
    }


# --- Supply ---------------------------------------------------------------------------------------------------------------------------------------
# Contract prices are not public: $28 outside plant, $45 inside plant (assumed; $17-18 in 2017-20 derived from two public contracts, $22-40 today).
# Second source +6 %, importer -12 % before a tariff of 15 % of the price (assumed).
OUTSIDE, INSIDE = 28_000, 45_000
SECOND, IMPORT, TARIFF = 1.06, 0.88, 0.15
# Freight to the regions in $ per k f-km; who has no row does not deliver there (assumed).
FREIGHT = {
    "maker": {"US-East": 200, "US-Midwest": 350, "US-South": 400, "US-West": 650},
    "second": {"US-East": 450, "US-Midwest": 300, "US-South": 250},
    "importer": {"US-East": 500, "US-South": 450, "US-West": 350},
    "spot": {"US-East": 500, "US-Midwest": 500, "US-South": 500, "US-West": 500},
}


def suppliers() -> list[dict[str, Any]]:
    """Capacity that each supplier would reserve for this buyer, per year in k f-km (assumed). New preform capacity takes 18 to 24 months (trade press)."""
    new_line = {"id": "preform-line", "product": "outside", "volume": 9_000, "build_periods": 2, "opens_when": {"committed_volume_per_period": 10_000}}
    return [
        {"id": "maker", "name": "Large domestic maker", "domestic": True,
         "capacity": [{"product": "outside", "volume": [13_000] * 6}, {"product": "inside", "volume": [8_000] * 6}], "capacity_steps": [new_line]},
        {"id": "second", "name": "Second source", "domestic": True,
         "capacity": [{"product": "outside", "volume": [6_000, 6_000, 9_000, 9_000, 9_000, 9_000]}, {"product": "inside", "volume": [3_000] * 6}]},
        {"id": "importer", "name": "Overseas maker", "domestic": False,
         "capacity": [{"product": "outside", "volume": [8_000] * 6}, {"product": "inside", "volume": [3_000] * 6}]},
    ]  # fmt: skip


def freight(supplier: str) -> list[dict[str, Any]]:
    """Delivery cost per site; imports pay the tariff on top, so per product."""
    costs = {site: FREIGHT[supplier][region] for site, (_, region, _) in CAMPUSES.items() if region in FREIGHT[supplier]}
    if supplier != "importer":
        return [{"site": site, "cost": cost} for site, cost in costs.items()]
    duty = {"outside": round(TARIFF * IMPORT * OUTSIDE), "inside": round(TARIFF * IMPORT * INSIDE)}
    return [{"site": site, "product": p, "cost": cost + duty[p]} for site, cost in costs.items() for p in PRODUCTS]


def spot() -> list[dict[str, Any]]:
    """One market per product. Assumed: the normal price lies 4 % above contract and rises 2 % a year; buying deep into what is on offer costs up to 20 %
    more. The base volume is the plan's demand; futures multiply it (`fibre_market`)."""
    blocks = [{"share": 0.4, "price_factor": 1.0}, {"share": 0.35, "price_factor": 1.08}, {"share": 0.25, "price_factor": 1.2}]
    return [
        {
            "id": f"spot-{p}", "product": p, "price": [round(1.04 * price * 1.02**t, -2) for t in range(len(YEARS))], "available": portfolio(p),
            "blocks": blocks, "delivery_cost": freight("spot"),
        }
        for p, price in (("outside", OUTSIDE), ("inside", INSIDE))
    ]  # fmt: skip


# Terms (assumed, in line with deposits and take-or-pay contracts in filings): take-or-pay 80 %, up to 15 % more on call, 20 % of the first year prepaid and
# credited per f-km, 40 % of the price follows input costs a year later within a collar of 12 %, damages of 1 % a week up to 15 %.
TAKE_OR_PAY = {"kind": "take_or_pay", "fraction": 0.8}
BAND = {"kind": "volume_band", "up": 0.15}
INDEXED = {"kind": "indexed_price", "index": "inputs", "weight": 0.4, "lag_periods": 1, "floor": -0.12, "cap": 0.12, "reference": 1.0}
DAMAGES = {"kind": "late_delivery", "damages_per_week": 0.01, "cap": 0.15}
RESERVATION = {"kind": "reservation", "share_of_price": 0.08}


def prepayment(credit_per_unit: int) -> dict[str, Any]:
    """A fifth of the first year, given back per unit so that taking what is owed over the window returns about all of it."""
    return {"kind": "prepayment", "share_of_first_period": 0.2, "credit_per_unit": credit_per_unit}


def offer(name: str, title: str, start: int, periods: int, alternatives: list[Any], clauses: list[Any], **more: Any) -> dict[str, Any]:
    """One offer; the first two parts of its id name the supplier and the product. Signing costs $1M (legal work, qualification; assumed)."""
    first, second = name.split("-")[:2]
    supplier = {"import": "importer"}.get(first, first)
    sites = [site for site, (_, region, _) in CAMPUSES.items() if region in FREIGHT[supplier]]
    where = {"sites": sites} if len(sites) < len(CAMPUSES) else {}
    return {
        "id": name, "name": title, "supplier": supplier, "products": list(PRODUCTS) if second == "both" else [second],
        "window": {"start": str(start), "periods": periods}, **more, **where,
        "alternatives": alternatives, "clauses": clauses, "delivery_cost": freight(supplier), "signing_cost": 1_000_000,
    }  # fmt: skip


def alternative(price: int, low: int, high: int, name: str = "base", **more: Any) -> dict[str, Any]:
    """One alternative: price per k f-km, committed volume per year from low to high."""
    return {"id": name, "price": price, "volume_per_period": {"min": low, "max": high}, **more}


def maker_offers() -> list[dict[str, Any]]:
    """What the large domestic maker offers. Ranges, tiers and the ramp of the first two years are assumed."""
    ramp = {"kind": "shaped", "shape": [0.7, 0.85, 1.0, 1.0, 1.0, 1.0]}
    long = [alternative(OUTSIDE, 3_000, 8_000, profile=ramp), alternative(round(0.97 * OUTSIDE), 8_000, 14_000, "anchor", profile=ramp)]
    short = [alternative(29_000, 2_000, 9_000)]
    inside = [alternative(INSIDE, 1_000, 8_000)]
    tiers = [{"from_volume": 0, "to_volume": 3_000}, {"from_volume": 3_000, "to_volume": 6_000, "discount": 0.02}, {"from_volume": 6_000, "discount": 0.04}]
    by_volume = {"kind": "all_units_tiers", "tiers": tiers}
    option = [alternative(30_000, 0, 9_000)]
    note = "Capacity held for a yearly fee; taken only when needed."
    return [
        offer("maker-outside-6y", "Maker, outside plant, six years", 2027, 6, long, [TAKE_OR_PAY, BAND, INDEXED, prepayment(850), DAMAGES]),
        offer("maker-outside-3y", "Maker, outside plant, three years", 2027, 3, short, [TAKE_OR_PAY, BAND, INDEXED, prepayment(2_300), DAMAGES]),
        offer("maker-inside-6y", "Maker, inside plant, six years", 2027, 6, inside, [TAKE_OR_PAY, BAND, INDEXED, prepayment(1_800), DAMAGES, by_volume]),
        offer("maker-outside-option", "Maker, outside plant, capacity option from 2029", 2029, 4, option, [RESERVATION, DAMAGES], note=note),
    ]


def other_offers() -> list[dict[str, Any]]:
    """What the second source and the importer offer. Ranges, slices, ramp limit and escalator are assumed."""
    slices = {"kind": "incremental_tiers", "tiers": [{"from_volume": 0, "to_volume": 1_000}, {"from_volume": 1_000, "discount": 0.03}]}
    escalator = {"kind": "escalator", "rate": 0.02}
    outside = [alternative(round(SECOND * OUTSIDE), 2_500, 6_000, profile={"kind": "free", "ramp": 0.5})]
    inside = [alternative(round(SECOND * INSIDE), 1_500, 2_400)]
    later = [alternative(31_500, 1_000, 6_000)]
    imports = {
        "id": "base",
        "price": [{"product": "outside", "price": round(IMPORT * OUTSIDE)}, {"product": "inside", "price": round(IMPORT * INSIDE)}],
        "volume_per_period": [{"product": "outside", "min": 0, "max": 8_000}, {"product": "inside", "min": 0, "max": 3_000}],
    }
    wait, duty = "Can wait for what 2028 shows, at a price.", "The tariff is part of the delivery cost."
    return [
        offer("second-outside", "Second source, outside plant, four years", 2027, 4, outside, [TAKE_OR_PAY, BAND, DAMAGES]),
        offer("second-inside", "Second source, inside plant, six years", 2027, 6, inside, [TAKE_OR_PAY, BAND, escalator, slices, DAMAGES]),
        offer("second-outside-later", "Second source, outside plant, decided in 2028", 2029, 4, later, [TAKE_OR_PAY, BAND, DAMAGES], sign="2028", note=wait),
        offer("import-both", "Overseas maker, frame contract for both products", 2027, 6, [imports], [TAKE_OR_PAY, BAND, DAMAGES], note=duty),
    ]


# Assumed business rules: a policy of domestic content (by law only for grant-funded builds), no supplier above 70 %, service level priced rather than
# hard, cash for the first year capped.
RULES = [
    {"kind": "domestic_share", "name": "Domestic content policy", "min": 0.6, "violation_price": 1_500},
    {"kind": "supplier_share", "name": "Not all eggs in one basket", "supplier": "maker", "max": 0.7},
    {"kind": "fill_rate", "name": "Service level", "min": 0.98, "violation_price": 5_000_000},
    {"kind": "budget", "name": "Cash plan of 2027", "period": "2027", "max": 800_000_000, "in": "every_node"},
    {"kind": "exclusive", "name": "One outside plant contract with the maker", "offers": ["maker-outside-6y", "maker-outside-3y"]},
]
ABOUT = (
    "A hyperscaler secures optical cable for eight campuses in four regions, 2027 to 2032: 22 to 35 million fibre-km a year, three suppliers, "
    "a spot market that swings between glut and crisis, and demand that may fall to 0.6 or rise to 1.8 times the plan. "
    "Illustrative: public facts where there are any, assumptions elsewhere."
)


def data() -> dict[str, Any]:
    """The whole scenario as it stands in the file."""
    return {
        "format": "offtake/1",
        "name": "Optical fibre for eight data-centre campuses",
        "description": ABOUT,
        "currency": "USD",
        "discount_rate": 0.08,
        "periods": [str(year) for year in YEARS],
        **tables(),
        "suppliers": suppliers(),
        "spot": spot(),
        "indices": [{"id": "inputs", "name": "Input costs of fibre making (preform gases, energy), 2026 = 1"}],
        "offers": maker_offers() + other_offers(),
        "rules": RULES,
        "risk": {"weight": 0.4, "tail": 0.1},
        "uncertainty": {"kind": "futures", "futures": [future(course) for course in courses()]},
        "solve": {"gap": 0.0005, "time_limit_seconds": 300, "seed": 1},
    }


if __name__ == "__main__":
    save(data(), TARGET)
    print(f"{TARGET.name}: {len(courses())} futures, {TARGET.stat().st_size / 1000:,.0f} kB")
