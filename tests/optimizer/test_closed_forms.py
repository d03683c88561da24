"""Newsvendors and portfolios of options, whose answer is known: textbook formulas, each computed here without the engine.

Continuous demand becomes equally likely futures at the midpoints of its quantiles. Then the engine must find the exact optimum of that discrete problem
(found here by scipy on the cost formula), and its volume must lie within a step of demand of the formula's.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats

from tests.optimizer.build import FORWARD, PAY_ALL, Data, committed, cost, demands, futures, offer, same, scenario, solved, spot

Floats = np.ndarray[Any, np.dtype[np.float64]]
LAWS = {"uniform": stats.uniform(0, 100), "normal": stats.norm(60, 15)}


def sample(law: str, count: int = 100) -> Floats:
    """Midpoints of equally likely quantiles."""
    return np.asarray(LAWS[law].ppf((np.arange(count) + 0.5) / count))


def least(total: Callable[[float], float], high: float = 120.0) -> float:
    """Least value of a convex function of the volume."""
    return float(optimize.minimize_scalar(total, bounds=(0.0, high), method="bounded", options={"xatol": 1e-9}).fun)


def beyond(demand: Floats, volume: float) -> float:
    """E (D - V)+."""
    return float(np.maximum(demand - volume, 0.0).mean())


def worst(values: Floats, tail: float) -> float:
    """Mean of the worst `tail` share of equally likely values."""
    weights = np.clip(tail * len(values) - np.arange(len(values)), 0.0, 1.0)
    return float(np.sort(values)[::-1] @ weights / weights.sum())


def near(volume: float, formula: float, demand: Floats) -> bool:
    """Whether a volume is within one step of demand of a formula's."""
    i = int(np.clip(np.searchsorted(demand, formula), 1, len(demand) - 1))
    around = demand[max(i - 2, 0) : i + 2]
    return bool(around[0] - 1e-6 <= volume <= around[-1] + 1e-6)


# ------------------------------------------------------------------------------------------------------------------ newsvendors


@pytest.mark.parametrize("law", LAWS)
def test_newsvendor_orders_the_critical_fractile(law: str) -> None:
    """If this fails, the simplest trade-off of all, one commitment against random demand, is off.

    F(V) = (p - c) / p. Arrow, Harris & Marschak (1951), Optimal inventory policy, Econometrica 19(3); Edgeworth (1888).
    """
    price, short, demand = 30.5, 100.0, sample(law)
    plan = solved(scenario(0.0, short=short, offers=[offer("maker", price, 200.0, PAY_ALL)], uncertainty=demands(*demand)))
    assert near(committed(plan, "maker"), LAWS[law].ppf((short - price) / short), demand)
    assert same(plan.summary.objective, least(lambda v: price * v + short * beyond(demand, v)))


def test_newsvendor_value_of_information() -> None:
    """If this fails, perfect foresight or the average future's plan is not what Birge and Louveaux mean by it.

    Demand uniform on (0, b): RP = c b (1 - c / 2p), WS = c b / 2, and ordering the mean costs EEV = c b / 2 + p b / 8.
    Birge & Louveaux (2011), Introduction to Stochastic Programming, chapters 1 and 4.
    """
    price, short, b = 30.5, 100.0, 100.0
    plan = solved(scenario(0.0, short=short, offers=[offer("maker", price, 200.0, PAY_ALL)], uncertainty=demands(*sample("uniform", 400))), baselines=True)
    assert plan.summary.objective == pytest.approx(price * b * (1 - price / (2 * short)), rel=1e-4)
    assert plan.baselines.evpi == pytest.approx(price * b * (1 - price / (2 * short)) - price * b / 2, rel=1e-4)
    assert plan.baselines.vss == pytest.approx(price * b / 2 + short * b / 8 - price * b * (1 - price / (2 * short)), rel=1e-4)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(("weight", "tail", "price"), [(0.3, 0.25, 25.5), (1.0, 0.2, 40.5), (0.3, 0.25, 70.5)])
def test_mean_cvar_newsvendor_moves_the_fractile(law: str, weight: float, tail: float, price: float) -> None:
    """If this fails, risk aversion moves the commitment by the wrong amount, or CVaR averages over the wrong futures.

    Cost c V + p (D - V)+ rises with demand, so the first-order condition of (1 - w) E + w CVaR is c = p ((1 - w) P + w min(1, P / tail)), where P = P(D > V).
    Gotoh & Takano (2007), Newsvendor solutions via conditional value-at-risk minimization, EJOR 179(1); Jammernegg & Kischka (2007), Risk-averse and
    risk-taking newsvendors: a conditional expected value approach, Review of Managerial Science 1.
    """
    short, demand = 100.0, sample(law)
    risk = {"weight": weight, "tail": tail}
    plan = solved(scenario(0.0, short=short, offers=[offer("maker", price, 200.0, PAY_ALL)], uncertainty=demands(*demand), risk=risk))
    chance = price / short / (1 - weight + weight / tail)
    if chance > tail:
        chance = (price / short - weight) / (1 - weight)
    assert near(committed(plan, "maker"), LAWS[law].ppf(1 - chance), demand)

    def total(v: float) -> float:
        values = price * v + short * np.maximum(demand - v, 0.0)
        return (1 - weight) * float(values.mean()) + weight * worst(values, tail)

    assert same(plan.summary.objective, least(total))


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("tail", [0.3, 0.85])
def test_cvar_newsvendor_weighs_two_quantiles(law: str, tail: float) -> None:
    """If this fails, CVaR is wrong where bad futures lie on both sides: too much bought and too little.

    Minimising CVaR of e (V - D)+ + u (D - V)+ gives V = (e F^-1(u tail / (e + u)) + u F^-1(1 - e tail / (e + u))) / (e + u): Gotoh & Takano (2007), as above,
    with tail = 1 - beta. A second product, needed where the first is not and bought at e, takes out what demand itself costs, so that the total is
    e V + (e + u) (D - V)+ + e (K - D) = e K + e (V - D)+ + u (D - V)+.
    """
    excess, under, most, demand = 30.0, 70.0, 110.0, sample(law, 200)
    rows = [{"demand": [{"site": "site", "product": p, "volume": [v]} for p, v in (("cable", float(d)), ("mirror", most - float(d)))]} for d in demand]
    data = scenario(0.0, short=excess + under, offers=[offer("maker", excess, 200.0, PAY_ALL)], uncertainty=futures(rows), risk={"weight": 1.0, "tail": tail})
    data["products"].append({"id": "mirror", "unit": "km"})
    data["shortage"].append({"product": "mirror", "kind": "lost", "cost_per_unit": 1000.0})
    data["spot"] = [spot(excess, product="mirror")]
    plan = solved(data)
    at = LAWS[law].ppf
    formula = (excess * at(under * tail / (excess + under)) + under * at(1 - excess * tail / (excess + under))) / (excess + under)
    assert committed(plan, "maker") == pytest.approx(formula, abs=1.0)
    best = least(lambda v: worst(excess * np.maximum(v - demand, 0.0) + under * np.maximum(demand - v, 0.0), tail))
    assert same(plan.summary.objective, excess * most + best)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(("fraction", "share"), [(1.0, 0.6), (0.7, 1.0)])
def test_take_or_pay_newsvendor(law: str, fraction: float, share: float) -> None:
    """If this fails, what is owed under take-or-pay is not weighed rightly against what the spot market costs.

    (s - P) P(D > V) = theta tau P P(D < theta V); with theta = 1 the fractile is (s - P) / (s - P + tau P).
    Masten & Crocker (1985), Efficient adaptation in long-term contracts: take-or-pay provisions, American Economic Review 75(5).
    """
    price, market, demand = 20.0, 33.0, sample(law)
    clause = {"kind": "take_or_pay", "fraction": fraction, "price_share": share}
    plan = solved(scenario(0.0, short=500.0, offers=[offer("maker", price, 200.0, clause)], spot=[spot(market)], uncertainty=demands(*demand)))
    owed, f = fraction * share * price, LAWS[law].cdf
    formula = optimize.brentq(lambda v: (market - price) * (1 - f(v)) - owed * f(fraction * v), 1.0, 199.0)
    assert committed(plan, "maker") == pytest.approx(formula, abs=2.0)

    def total(v: float) -> float:
        return float(price * np.minimum(demand, v).mean()) + share * price * float(np.maximum(fraction * v - demand, 0.0).mean()) + market * beyond(demand, v)

    assert same(plan.summary.objective, least(total, 200.0))


def test_quantity_flexibility_newsvendor() -> None:
    """If this fails, a volume band gives more or less freedom than it says.

    Take between (1 - d) V and (1 + u) V: (p - c) (1 + u) P(D > (1 + u) V) = c (1 - d) P(D < (1 - d) V), so with uniform demand on (0, b)
    V = b (p - c) (1 + u) / (c (1 - d)^2 + (p - c) (1 + u)^2).
    Tsay (1999), The quantity flexibility contract and supplier-customer incentives, Management Science 45(10).
    """
    price, short, b, down, up, demand = 30.0, 100.0, 100.0, 0.2, 0.25, sample("uniform")
    own = offer("maker", price, 200.0, {"kind": "volume_band", "down": down, "up": up})
    plan = solved(scenario(0.0, short=short, offers=[own], uncertainty=demands(*demand)))
    formula = b * (short - price) * (1 + up) / (price * (1 - down) ** 2 + (short - price) * (1 + up) ** 2)
    assert committed(plan, "maker") == pytest.approx(formula, abs=1.0)
    best = least(lambda v: price * float(np.clip(demand, (1 - down) * v, (1 + up) * v).mean()) + short * beyond(demand, (1 + up) * v))
    assert same(plan.summary.objective, best)


@pytest.mark.parametrize("tail", [0.2, 0.5])
def test_newsvendor_under_a_ceiling_on_the_worst_shortages(tail: float) -> None:
    """If this fails, the ceiling on the mean shortage of the worst futures averages over other futures than it says.

    Demand uniform on (0, b), the fractile below the tail: the worst futures' mean demand is b (1 - tail / 2), so V = b (1 - tail / 2) - m keeps their mean
    shortage at m. Rockafellar & Uryasev (2000), Optimization of conditional value-at-risk, Journal of Risk 2(3).
    """
    ceiling, price, short, b, demand = 15.0, 30.0, 40.0, 100.0, sample("uniform")
    rules = [{"kind": "shortage_cvar", "max": ceiling, "tail": tail}]
    volume = b * (1 - tail / 2) - ceiling
    if volume > b * (1 - tail):  # some of the worst futures have none: (b - V)^2 / (2 b tail) = m
        volume = b - (2 * b * tail * ceiling) ** 0.5
    plan = solved(scenario(0.0, short=short, offers=[offer("maker", price, 200.0, PAY_ALL)], uncertainty=demands(*demand), rules=rules))
    assert committed(plan, "maker") == pytest.approx(volume, abs=0.1)
    assert worst(np.maximum(demand - committed(plan, "maker"), 0.0), tail) == pytest.approx(ceiling)


@pytest.mark.parametrize(("good", "volume"), [(0.9, 100.0), (0.4, 200.0)])
def test_random_yield_inflates_the_order(good: float, volume: float) -> None:
    """If this fails, a supplier's deliverability does not scale what may be taken and what must be.

    Known demand D, all that is delivered is taken and paid; with probability `good` all of V arrives, else half. Ordering 2 D instead of D pays if
    p (1 - good) / 2 > c E[rho]. Yano & Lee (1995), Lot sizing with random yields: a review, Operations Research 43(2).
    """
    price, short, demand = 30.0, 120.0, 100.0
    rows = [{"probability": p, "deliverability": [{"offer": "maker", "share": [share]}]} for p, share in ((good, 1.0), (1 - good, 0.5))]
    plan = solved(scenario(demand, short=short, offers=[offer("maker", price, 500.0, FORWARD)], uncertainty=futures(rows)))
    assert committed(plan, "maker") == pytest.approx(volume)
    mean = good + (1 - good) / 2
    assert same(plan.summary.objective, min(price * mean * v + short * (1 - good) * max(demand - v / 2, 0.0) for v in (demand, 2 * demand)))


# ------------------------------------------------------------------------------------------------------------------ options and portfolios


@pytest.mark.parametrize("law", LAWS)
def test_portfolio_of_capacity_options(law: str) -> None:
    """If this fails, several contracts are not combined into the cheapest portfolio, or an option above the efficient frontier is bought.

    Option i costs v_i reserved and w_i exercised, the spot market s: P(D > X_1) = (v_1 - v_2) / (w_2 - w_1), P(D > X_1 + X_2) = v_2 / (s - w_2); an option
    above the lower convex hull of (w, v) is never used. Martinez-de-Albeniz & Simchi-Levi (2005), A portfolio approach to procurement contracts, POM 14(1).
    """
    demand, market, fees = sample(law), 80.0, {"base": (12.0, 10.0), "peak": (4.05, 30.0), "costly": (9.5, 25.0)}
    offers = [offer(name, w, 200.0, {"kind": "reservation", "fee_per_unit": v}) for name, (v, w) in fees.items()]
    plan = solved(scenario(0.0, short=500.0, offers=offers, spot=[spot(market)], uncertainty=demands(*demand)))
    base, peak = committed(plan, "base"), committed(plan, "peak")
    assert near(base, LAWS[law].ppf(1 - (12.0 - 4.05) / (30.0 - 10.0)), demand)
    assert near(base + peak, LAWS[law].ppf(1 - 4.05 / (market - 30.0)), demand)
    assert committed(plan, "costly") == pytest.approx(0.0, abs=1e-6)

    def total(x: float, y: float) -> float:
        first, second = np.minimum(demand, x), np.clip(demand - x, 0.0, y)
        return 12.0 * x + 4.05 * y + float((10.0 * first + 30.0 * second + market * (demand - first - second)).mean())

    assert same(plan.summary.objective, min(total(x, z - x) for x, z in product(demand, demand) if z >= x))


@pytest.mark.parametrize(("fee", "signed"), [(7.4, True), (7.6, False)])
def test_a_capacity_option_is_worth_the_call_on_the_spot_price(fee: float, signed: bool) -> None:
    """If this fails, an option is exercised when the spot market is cheaper, or bought at the wrong fee.

    With known demand one unit reserved is worth E (S - w)+.
    Wu, Kleindorfer & Zhang (2002), Optimal bidding and contracting strategies for capital-intensive goods, EJOR 137(3).
    """
    chances, prices, strike = (0.2, 0.5, 0.3), (10.0, 20.0, 45.0), 20.0
    assert sum(p * max(s - strike, 0.0) for p, s in zip(chances, prices, strict=True)) == 7.5
    rows = [{"probability": p, "spot_price": [{"spot": "spot", "price": [s]}]} for p, s in zip(chances, prices, strict=True)]
    call = offer("call", strike, 100.0, {"kind": "reservation", "fee_per_unit": fee})
    plan = solved(scenario(100.0, short=500.0, offers=[call], spot=[spot(0.0)], uncertainty=futures(rows)))
    assert committed(plan, "call") == pytest.approx(100.0 if signed else 0.0, abs=1e-6)
    assert same(plan.summary.objective, 100.0 * (25.5 + min(fee - 7.5, 0.0)))


@pytest.mark.parametrize(
    ("now", "later", "when", "expected"),
    [(20.0, 20.0, "later", 1000.0), (15.0, 29.0, "later", 1450.0), (15.0, 31.0, "now", 1500.0), (40.0, 36.0, "never", 1750.0)],
)
def test_waiting_is_an_option(now: float, later: float, when: str, expected: float) -> None:
    """If this fails, an offer that can be signed later is signed without what is known then, or in the wrong branch.

    100 units are needed with probability 1/2, or none; spot 35. Signed now: 100 p. Signed when it is known: 50 p'. Never: 1,750. All is paid in the second
    period, at 10 % a year. Two branches as in Dixit & Pindyck (1994), Investment under Uncertainty, chapter 2.
    """
    offers = [offer("now", now, 100.0, PAY_ALL, low=100.0, start="2"), offer("later", later, 100.0, PAY_ALL, low=100.0, start="2", sign="2")]
    data = scenario(0.0, 0.0, short=500.0, discount_rate=0.1, offers=offers, spot=[spot(35.0, 35.0)], uncertainty=demands([0.0, 100.0], [0.0, 0.0]))
    plan = solved(data)
    assert same(plan.summary.objective, expected / 1.1)
    assert [(a.offer, a.probability) for a in plan.awards] == {"later": [("later", 0.5)], "now": [("now", 1.0)], "never": []}[when]


@pytest.mark.parametrize("volume", [10.0, 60.0, 100.0])
def test_full_take_or_pay_is_worth_the_risk_adjusted_spot_price(volume: float) -> None:
    """If this fails, the premium that a risk-averse buyer pays for certainty is wrong, and with it every walk-away price.

    At full take-or-pay and known demand the price at which signing costs what not signing costs is (1 - w) E[S] + w CVaR[S], at every volume up to demand
    (Rockafellar & Uryasev 2002: CVaR is translation-equivariant and positively homogeneous).
    """
    chances, prices, weight, tail = (0.4, 0.3, 0.2, 0.1), (10.0, 18.0, 30.0, 60.0), 0.4, 0.25
    premium = 0.6 * (4.0 + 5.4 + 6.0 + 6.0) + 0.4 * (0.1 * 60.0 + 0.15 * 30.0) / 0.25
    rows = [{"probability": p, "spot_price": [{"spot": "spot", "price": [s]}]} for p, s in zip(chances, prices, strict=True)]

    def at(price: float, *rules: Data) -> Data:
        tables: Data = {"offers": [offer("firm", price, volume, PAY_ALL, low=volume)], "rules": list(rules), "risk": {"weight": weight, "tail": tail}}
        return scenario(100.0, short=500.0, spot=[spot(0.0)], uncertainty=futures(rows), **tables)

    assert same(cost(at(premium, {"kind": "force", "offer": "firm"})), 100.0 * premium)
    assert same(cost(at(premium, {"kind": "force", "offer": "firm", "signed": False})), 100.0 * premium)
    assert committed(solved(at(0.999 * premium)), "firm") == volume
    assert committed(solved(at(1.001 * premium)), "firm") == 0.0


@pytest.mark.parametrize("margin", [0.0, 0.1])
def test_a_most_favoured_customer_holds_a_put_on_the_market_price(margin: float) -> None:
    """If this fails, a best-price provision passes on another price than the market's, or in other futures than those in which it is lower.

    Whoever has to take D units at p and is refunded down to (1 + m) S pays D E min(p, (1 + m) S): the clause is worth D E (p - (1 + m) S)+.
    Butz (1990), Durable-good monopoly and best-price provisions, American Economic Review 80(5).
    """
    chances, prices, price = (0.2, 0.5, 0.3), (10.0, 20.0, 45.0), 25.0
    rows = [{"probability": p, "spot_price": [{"spot": "spot", "price": [s]}]} for p, s in zip(chances, prices, strict=True)]
    held = {"kind": "force", "offer": "frame", "signed": True}

    def paid(*clauses: Data) -> float:
        frame = offer("frame", price, 100.0, {"kind": "take_or_pay", "fraction": 1.0}, *clauses, low=100.0)
        return cost(scenario(100.0, short=500.0, offers=[frame], spot=[spot(0.0)], uncertainty=futures(rows), rules=[held]))

    put = sum(p * max(price - (1.0 + margin) * s, 0.0) for p, s in zip(chances, prices, strict=True))
    assert put > 0.0
    assert same(paid(), 100.0 * price)
    assert same(paid({"kind": "most_favoured", "spot": "spot", "margin": margin}), 100.0 * (price - put))
