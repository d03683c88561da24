"""Price lists, prices over time, storing, waiting, transporting, farming: worked examples, each computed here without the engine."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from tests.optimizer.build import FORWARD, PAY_ALL, Data, committed, cost, futures, offer, same, scenario, solved, spot

# ------------------------------------------------------------------------------------------------------------------ price lists


def stairs(volume: float, price: float, tiers: list[tuple[float, float]]) -> float:
    """Invoice under all-units tiers of (from, discount)."""
    return volume * price * (1 - max(discount for start, discount in tiers if volume >= start))


def slices(volume: float, price: float, tiers: list[tuple[float, float]]) -> float:
    """Invoice under incremental tiers."""
    ends = [start for start, _ in tiers[1:]] + [float("inf")]
    return sum(price * (1 - discount) * max(min(volume, end) - start, 0.0) for (start, discount), end in zip(tiers, ends, strict=True))


def as_clause(kind: str, tiers: list[tuple[float, float]]) -> Data:
    ends: list[float | None] = [*(start for start, _ in tiers[1:]), None]
    return {"kind": kind, "tiers": [{"from_volume": start, "to_volume": end, "discount": d} for (start, d), end in zip(tiers, ends, strict=True)]}


@pytest.mark.parametrize("needed", [35.0, 58.0, 99.0, 150.0, 190.0])
@pytest.mark.parametrize(("kind", "invoice"), [("all_units_tiers", stairs), ("incremental_tiers", slices)])
def test_two_suppliers_with_quantity_discounts(kind: str, invoice: Callable[[float, float, list[tuple[float, float]]], float], needed: float) -> None:
    """If this fails, a price list is read wrongly, or the split between two suppliers with price breaks is not the cheapest.

    Every split between the suppliers in steps of 1 is tried (all breaks are whole numbers, and between breaks the cost is linear).
    Chaudhry, Forst & Zydiak (1993), Vendor selection with price breaks, EJOR 70(1); Hadley & Whitin (1963), Analysis of Inventory Systems, chapter 2.
    """
    first, second = [(0.0, 0.0), (60.0, 0.08), (100.0, 0.15)], [(0.0, 0.0), (40.0, 0.12)]
    offers = [offer("one", 10.0, 120.0, FORWARD, as_clause(kind, first)), offer("two", 9.6, 80.0, FORWARD, as_clause(kind, second))]
    tried = [invoice(a, 10.0, first) + invoice(b, 9.6, second) for a, b in product(range(121), range(81)) if a + b >= needed]
    assert same(cost(scenario(needed, offers=offers)), min(tried))


def test_take_or_pay_with_known_demand() -> None:
    """If this fails, a flat commitment against a growing demand is not set where the spot market's premium balances what would be paid for nothing.

    Cost per period P min(d, V) + P (theta V - d)+ + s (d - V)+ is piecewise linear in V, so the best V is one of d_t and d_t / theta.
    Masten & Crocker (1985), Efficient adaptation in long-term contracts: take-or-pay provisions, American Economic Review 75(5).
    """
    needs, price, market, fraction = (30.0, 60.0, 90.0, 110.0), 20.0, 29.0, 0.8
    data = scenario(*needs, offers=[offer("maker", price, 200.0, {"kind": "take_or_pay", "fraction": fraction}, periods=4)], spot=[spot(*[market] * 4)])

    def total(v: float) -> float:
        return sum(price * min(d, v) + price * max(fraction * v - d, 0.0) + market * max(d - v, 0.0) for d in needs)

    best = min((v for d in needs for v in (d, d / fraction)), key=total)
    plan = solved(data)
    assert same(plan.summary.objective, total(best))
    assert committed(plan, "maker") == pytest.approx(best)


def test_indexed_price_within_its_collar() -> None:
    """If this fails, an indexed price ignores its collar, its weight, its lag or its reference.

    By hand: base 40, weight 0.5, collar -10 % to +15 %, index 1.5, 1.1, 0.6 against a reference of 1.25: moves of +20 %, -12 % and -52 % count as
    +15 %, -10 % and -10 %; prices 43, 38, 38. Lagged by one period 40, 43, 38. At weight 1 and without a cap 48, 36, 36.
    Joskow (1988), Price adjustment in long-term contracts: the case of coal, Journal of Law and Economics 31(1).
    """
    clause = {"kind": "indexed_price", "index": "inputs", "weight": 0.5, "floor": -0.1, "cap": 0.15, "reference": 1.25}
    changes: list[tuple[Data, tuple[float, ...]]] = [
        ({}, (43.0, 38.0, 38.0)),
        ({"lag_periods": 1}, (40.0, 43.0, 38.0)),
        ({"weight": 1.0, "cap": None}, (48.0, 36.0, 36.0)),
    ]
    for change, prices in changes:
        own = offer("maker", 40.0, 10.0, FORWARD, clause | change, low=10.0, periods=3)
        data = scenario(10.0, 10.0, 10.0, short=500.0, offers=[own], indices=[{"id": "inputs", "level": [1.5, 1.1, 0.6]}])
        assert same(cost(data), 10.0 * sum(prices))


def test_escalated_price_over_periods_of_unequal_length() -> None:
    """If this fails, growth or discounting counts periods instead of years.

    By hand: price 100, 4 % a year, 5 % discount; periods of 0.5, 2 and 1 years begin after 0, 0.5 and 2.5 years, so they cost 100 (1.04 / 1.05)^t.
    Brealey, Myers & Allen (2011), Principles of Corporate Finance, chapter 2 (growing annuity).
    """
    own = offer("maker", 100.0, 1.0, FORWARD, {"kind": "escalator", "rate": 0.04}, low=1.0, periods=3)
    data = scenario(1.0, 1.0, 1.0, short=500.0, offers=[own], discount_rate=0.05)
    data["periods"] = [{"id": "1", "years": 0.5}, {"id": "2", "years": 2.0}, {"id": "3"}]
    assert same(cost(data), 100.0 * sum((1.04 / 1.05) ** t for t in (0.0, 0.5, 2.5)))


def test_prepayment_is_an_interest_free_loan() -> None:
    """If this fails, prepaid cash is charged at the wrong moment, or credited too early, too late or too much.

    By hand: 40 units a period at 30, 20 % of the contract (720) prepaid, 10 credited per unit: 400, then 320, then nothing. At 8 % a year the present value is
    720 + (1,200 - 400) + (1,200 - 320) / 1.08 + 1,200 / 1.08^2. Brealey, Myers & Allen (2011), Principles of Corporate Finance, chapter 2.
    """
    own = offer("maker", 30.0, 40.0, FORWARD, {"kind": "prepayment", "share_of_contract_value": 0.2, "credit_per_unit": 10.0}, low=40.0, periods=3)
    data = scenario(40.0, 40.0, 40.0, short=500.0, offers=[own], discount_rate=0.08)
    assert same(cost(data), 720.0 + 800.0 + 880.0 / 1.08 + 1200.0 / 1.08**2)


# ------------------------------------------------------------------------------------------------------------------ time and place


@pytest.mark.parametrize("holding", [0.0, 1.0, 4.0, 20.0])
@pytest.mark.parametrize("spoilage", [0.0, 0.2])
def test_forward_buying_against_rising_prices(holding: float, spoilage: float) -> None:
    """If this fails, stock is held when waiting is cheaper, or a bound keeps enough from being stored.

    Without set-up costs each period's demand is bought in the one period i <= t whose price, with holding, spoilage and discount, is least.
    Wagner & Whitin (1958), Dynamic version of the economic lot size model, Management Science 5(1).
    """
    needs, prices, rate = (20.0, 0.0, 50.0, 80.0), (10.0, 12.0, 18.0, 19.0), 0.05
    storage = [{"site": "site", "product": "cable", "holding_cost": holding, "spoilage": spoilage}]
    data = scenario(*needs, short=500.0, storage=storage, spot=[spot(*prices)], discount_rate=rate)

    def landed(i: int, t: int) -> float:
        """Present cost of a unit bought in i for use in t; what is held at the end of period k must still be a unit in t."""
        kept = 1 - spoilage
        held = sum(holding / (1 + rate) ** k / kept ** (t - k) for k in range(i, t))
        return prices[i] / (1 + rate) ** i / kept ** (t - i) + held

    assert same(cost(data), sum(need * min(landed(i, t) for i in range(t + 1)) for t, need in enumerate(needs)))


def test_spot_orders_with_a_lead_time() -> None:
    """If this fails, an order arrives in the wrong period, or is paid when it arrives instead of when it is placed.

    By hand. Lead of one period: what is needed in 2 and 3 is ordered in 1 and 2 at 10 and 50; what is needed in 1 can't be had. Lead of 0.4: 60 % of an order
    arrives at once, so 100 ordered in 1 serve 60 now and 40 in 2. Zipkin (2000), Foundations of Inventory Management, on order leadtimes.
    """
    late = scenario(5.0, 40.0, 30.0, short=200.0, spot=[spot(10.0, 50.0, 90.0, lead_periods=1.0)], discount_rate=0.25)
    assert same(cost(late), 5.0 * 200.0 + 40.0 * 10.0 + 30.0 * 50.0 / 1.25)
    partly = scenario(60.0, 40.0, short=200.0, spot=[spot(10.0, 50.0, lead_periods=0.4)])
    assert same(cost(partly), 100.0 * 10.0)


def test_delayed_demand_waits_as_long_as_that_is_cheaper() -> None:
    """If this fails, backlog is charged for the wrong time, or its end is forgotten.

    By hand: 10 units asked for in period 1, which lasts 2 years; waiting costs 3 a year. A unit bought at once costs p_1, in period 2 p_2 + 6, in 3 p_3 + 9,
    never 12 + the terminal cost; no discount. Zipkin (2000), Foundations of Inventory Management, on backorders.
    """
    for terminal, prices in ((8.0, (20.0, 13.0, 11.0)), (6.0, (20.0, 13.0, 11.0)), (8.0, (20.0, 13.0, 9.0)), (8.0, (17.0, 13.0, 11.0))):
        data = scenario(10.0, 0.0, 0.0, spot=[spot(*prices)])
        data["periods"][0] = {"id": "1", "years": 2.0}
        data["shortage"] = [{"product": "cable", "kind": "delayed", "cost_per_unit_year": 3.0, "terminal_cost_per_unit": terminal}]
        assert same(cost(data), 10.0 * min(prices[0], prices[1] + 6.0, prices[2] + 9.0, 12.0 + terminal))


def test_transportation_problem() -> None:
    """If this fails, deliveries to sites or suppliers' limits are wrong.

    Two canneries, three markets, freight of 0.09 per case and thousand miles: 153.675. Dantzig (1963), Linear Programming and Extensions, section 3-3.
    """
    miles = {"seattle": (350.0, (2.5, 1.7, 1.8)), "san-diego": (600.0, (2.5, 1.8, 1.4))}
    markets = {"new-york": 325.0, "chicago": 300.0, "topeka": 275.0}
    freight = {name: [{"site": s, "cost": 0.09 * d} for s, d in zip(markets, far, strict=True)] for name, (_, far) in miles.items()}
    data = scenario(0.0, offers=[offer(name, 0.0, most, delivery_cost=freight[name]) for name, (most, _) in miles.items()])
    data |= {"sites": [{"id": s} for s in markets], "demand": [{"site": s, "product": "cable", "volume": [v]} for s, v in markets.items()]}
    assert same(cost(data), 153.675)


def test_the_average_future_weighs_futures() -> None:
    """If this fails, the average future takes every future as equally likely.

    By hand: demand 0 (20 %) or 100 (80 %), all committed is paid at 30, a lost unit costs 100. Best: 100, so RP = 3,000. The average future asks for 80:
    EEV = 2,400 + 0.8 x 20 x 100 = 4,000 and VSS = 1,000. Birge & Louveaux (2011), Introduction to Stochastic Programming, chapter 4.
    """
    rows = [{"probability": p, "demand": [{"site": "site", "product": "cable", "volume": [v]}]} for p, v in ((0.2, 0.0), (0.8, 100.0))]
    plan = solved(scenario(0.0, offers=[offer("maker", 30.0, 200.0, PAY_ALL)], uncertainty=futures(rows)), baselines=True)
    assert same(plan.summary.objective, 3000.0)
    assert same(plan.baselines.vss, 1000.0)


def test_deliverability_of_suppliers_and_offers() -> None:
    """If this fails, a supplier's trouble reaches offers of others, or an offer's own row does not go before its supplier's.

    By hand: 40 committed in each of four offers; the first supplier can deliver half, its second offer nothing; the other one a quarter in its second offer.
    Supply 20 + 0 + 40 + 10 at 10, so 30 of 100 are lost at 100.
    """
    offers = [offer(name, 10.0, 40.0, supplier=name[0]) for name in ("a1", "a2", "b1", "b2")]
    rows: list[Data] = [{"supplier": "a", "share": [0.5]}, {"offer": "a2", "share": [0.0]}, {"offer": "b2", "share": [0.25]}]
    for given in (rows, rows[::-1]):
        assert same(cost(scenario(100.0, offers=offers, uncertainty=futures([{"deliverability": given}]))), 70.0 * 10.0 + 30.0 * 100.0)


def test_farmer() -> None:
    """If this fails, a two-stage problem with a known answer is solved wrongly, or VSS and EVPI are not the textbook's.

    500 acres of wheat, corn and sugar beets, three equally likely yields: profit 108,390 with 170, 80 and 250 acres, 115,406 with perfect information
    (EVPI 7,016), 107,240 with the plan for average yields (VSS 1,150). Birge & Louveaux (2011), Introduction to Stochastic Programming, section 1.1.

    Acres are commitments (a unit is an acre's best yield), yields are deliverability, what is not sold is a shortage at the sales price, and the land is a
    budget: 1 per acre is prepaid before the season, and credited again on the harvest, which has a price of 1.
    """
    best = {"wheat": 3.0, "corn": 3.6, "beets": 24.0}  # tons per acre
    sales = {("wheat", "farm"): (200.0, 238.0), ("wheat", "market"): (1500.0, 170.0), ("corn", "farm"): (240.0, 210.0), ("corn", "market"): (1800.0, 150.0),
             ("beets", "quota"): (6000.0, 36.0), ("beets", "market"): (12000.0, 10.0)}  # fmt: skip
    planting = {"wheat": 150.0, "corn": 230.0, "beets": 260.0}
    land = {"kind": "prepayment", "share_of_contract_value": 1.0, "credit_per_unit": 1.0}
    work = {crop: {"kind": "reservation", "fee_per_unit": price - 1.0} for crop, price in planting.items()}
    offers = [offer(crop, 1.0, 500.0, land, work[crop], start="harvest", products=[crop]) for crop in best]
    data = scenario(0.0, offers=offers, rules=[{"kind": "budget", "period": "season", "in": "every_node", "max": 500.0}])
    data |= {
        "periods": ["season", "harvest"],
        "sites": [{"id": x} for x in ("farm", "market", "quota")],
        "products": [{"id": crop, "unit": "acre"} for crop in best],
        "demand": [{"site": s, "product": p, "volume": [0.0, tons / best[p]]} for (p, s), (tons, _) in sales.items()],
        "shortage": [{"site": s, "product": p, "kind": "lost", "cost_per_unit": price * best[p]} for (p, s), (_, price) in sales.items()],
        "uncertainty": futures({"deliverability": [{"offer": crop, "share": [1.0, x / 1.2]} for crop in best]} for x in (1.2, 1.0, 0.8)),
    }
    plan = solved(data, baselines=True)
    all_sold = sum(tons * price for (_, s), (tons, price) in sales.items() if s != "farm")
    assert {crop: committed(plan, crop) for crop in best} == pytest.approx({"wheat": 170.0, "corn": 80.0, "beets": 250.0}, rel=1e-6)
    assert all_sold - plan.summary.objective == pytest.approx(108_390.0, rel=1e-6)
    assert plan.baselines.evpi == pytest.approx(7_015.56, abs=0.01)
    assert plan.baselines.vss == pytest.approx(1_150.0, abs=0.01)
