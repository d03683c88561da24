"""Walk-away prices and price-volume curves against closed forms."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import InvalidScenario
from models.negotiation import Package, WalkAway
from models.scenario import Scenario
from optimizer.negotiation.curve import price_volume_curve
from optimizer.negotiation.desk import Desk
from optimizer.negotiation.walkaway import walk_away
from scenarios import library
from tests.optimizer.negotiation.deals import PAID_IN_FULL, deal, future, offer

FRAME = Package(offer="frame")


def found(scenario: Scenario, package: Package = FRAME, margin: float = 0.0) -> WalkAway:
    return walk_away(Desk(scenario), package, margin)


def middle(result: WalkAway) -> float:
    assert result.walk_away is not None
    assert result.walk_away.upper - result.walk_away.lower <= 1e-6 * max(1.0, result.walk_away.upper)
    return 0.5 * (result.walk_away.lower + result.walk_away.upper)


def tail_mean(values: list[float], probabilities: list[float], tail: float) -> float:
    """Mean of the worst `tail` of probability."""
    left, total = tail, 0.0
    for value, p in sorted(zip(values, probabilities, strict=True), reverse=True):
        part = min(p, left)
        total, left = total + part * value, left - part
    return total / tail


@settings(max_examples=25, deadline=None)
@given(
    spot=st.lists(st.floats(5.0, 60.0), min_size=2, max_size=5),
    weight=st.sampled_from([0.0, 0.1, 0.4, 0.7, 0.95]),
    tail=st.floats(0.1, 0.9),
    volume=st.floats(1.0, 100.0),
)
def test_the_risk_premium_of_full_take_or_pay(spot: list[float], weight: float, tail: float, volume: float) -> None:
    """If this fails, certainty is priced wrongly: with known demand and everything paid, a contract is worth (1 - weight) E[spot] + weight CVaR[spot] a unit,
    at every volume up to demand (Rockafellar & Uryasev 2002: CVaR moves with what is certain)."""
    share = 1.0 / len(spot)
    futures = [future(f"f{i}", share, spot=price / 20.0) for i, price in enumerate(spot)]
    scenario = deal([offer("frame", 10.0, (volume, volume), PAID_IN_FULL)], futures=futures, risk={"weight": weight, "tail": tail})
    premium = (1 - weight) * float(np.mean(spot)) + weight * tail_mean(spot, [share] * len(spot), tail)
    result = found(scenario)
    assert result.method == "two solves"
    assert middle(result) == pytest.approx(premium, rel=1e-6)


def test_a_competing_offer_is_the_walk_away_price() -> None:
    """If this fails, what the competition offers does not count: with the same volume on offer at 12, nothing is worth more than 12."""
    frame = offer("frame", 10.0, (100.0, 100.0), PAID_IN_FULL)
    assert middle(found(deal([frame]))) == pytest.approx(20.0)
    assert middle(found(deal([frame, offer("rival", 12.0, (0.0, 100.0))]))) == pytest.approx(12.0)


STEPS = [(50.0, 10.0), (50.0, 20.0)]


@pytest.mark.parametrize("name", ["quickstart", "clause-make_good", "clause-growth_rebate", "rule-smallest_share"])
def test_a_walk_away_price_is_the_same_with_one_thread_and_with_two(name: str) -> None:
    """If this fails, a price, or how many values it took, hangs on whether a price beyond it was found in time."""
    scenario = library.load(name)
    for x in scenario.offers:
        one, two = (walk_away(Desk(scenario, scenario.solve.model_copy(update={"threads": n})), Package(offer=x.id)) for n in (1, 2))
        assert one == two


@pytest.mark.parametrize(("holding", "method"), [(True, "plans held"), (False, "breakpoints")])
def test_where_nothing_need_be_committed_the_last_breakpoint_is_the_walk_away_price(holding: bool, method: str) -> None:
    """If this fails, a price is called the walk-away price at which the contract has long been worthless (Geoffrion & Nauss 1977: W flattens onto V0)."""
    result = walk_away(Desk(deal([offer("frame", 15.0)], blocks=STEPS)), FRAME, holding=holding)
    assert result.method == method
    assert middle(result) == pytest.approx(20.0)


def test_a_signing_cost_is_earned_back_in_the_price() -> None:
    """If this fails, the parametric value with integers is wrong: 50 units saved from 20 must bring the 200 of signing, so 16 is the most."""
    assert middle(found(deal([offer("frame", 15.0, signing_cost=200.0)], blocks=STEPS))) == pytest.approx(16.0)


def test_a_minimum_volume_drags_the_walk_away_price_down() -> None:
    """If this fails, a minimum commitment is not priced: 80 units at p against 30 x 10 + 50 x 20 saved give (300 + 1,000) / 80."""
    assert middle(found(deal([offer("frame", 15.0, (80.0, 100.0), PAID_IN_FULL)], blocks=STEPS))) == pytest.approx(1_300 / 80)


def test_the_curve_has_every_price_at_which_the_volume_changes() -> None:
    """If this fails, the price-volume curve of a concave cost misses a step: the buyer takes 100 below 10, 50 up to 20, nothing beyond."""
    curve = price_volume_curve(Desk(deal([offer("frame", 15.0)], blocks=STEPS)), FRAME, 1.0, 30.0)
    assert curve.exact
    assert [point.price for point in curve.points] == pytest.approx([1.0, 10.0, 20.0, 30.0])
    assert [point.cost.upper for point in curve.points] == pytest.approx([100.0, 1_000.0, 1_500.0, 1_500.0])
    assert [point.signed for point in curve.points] == [True, True, False, False]


def test_cost_that_is_not_concave_in_the_price_is_enclosed() -> None:
    """If this fails, a recursion for concave cost is used where the tail counts: 3 min(p, 10) and min(p, 50) in two futures have a maximum with a flat part."""
    futures = [future("busy", 0.5, demand=3.0, spot=0.5), future("dear", 0.5, demand=1.0, spot=2.5)]
    desk = Desk(deal([offer("frame", 30.0, (0.0, 3.0))], demand=3.0, futures=futures, risk={"weight": 1.0, "tail": 0.5}))
    cost = [desk.signed(Package(offer="frame", price=p)).upper for p in (5.0, 20.0, 30.0, 40.0)]
    assert cost == pytest.approx([15.0, 30.0, 30.0, 40.0])
    enclosed, result = walk_away(desk, FRAME, holding=False), walk_away(desk, FRAME)
    assert enclosed.method == "bracket"
    assert middle(enclosed) == pytest.approx(50.0, rel=1e-6)
    assert result.method in ("plans held", "bracket")  # on the flat part it is the basis that says whether a plan can be held
    assert middle(result) == pytest.approx(50.0, rel=1e-6)
    assert not price_volume_curve(desk, FRAME, 5.0, 60.0).exact


def test_a_budget_makes_cost_not_concave() -> None:
    """If this fails, a price that breaks a budget is taken for a price that merely costs more."""
    budget = {"kind": "budget", "period": "1", "max": 900.0}
    scenario = deal(
        [offer("frame", 5.0, (100.0, 100.0), PAID_IN_FULL)], rules=[budget], spot=[], shortage=[{"product": "cable", "kind": "lost", "cost_per_unit": 50.0}]
    )
    result = found(scenario)
    assert result.method == "bracket"
    assert middle(result) == pytest.approx(9.0, rel=1e-6)


def test_a_margin_is_kept() -> None:
    """If this fails, the buyer signs for less than the gain that was asked for."""
    assert middle(found(deal([offer("frame", 10.0, (100.0, 100.0), PAID_IN_FULL)]), margin=300.0)) == pytest.approx(17.0)


def test_what_is_worth_nothing_has_no_walk_away_price() -> None:
    """If this fails, a price is named for a contract that costs more than it brings even for nothing."""
    result = found(deal([offer("frame", 10.0, (100.0, 100.0), PAID_IN_FULL, signing_cost=2_500.0)]))
    assert result.walk_away is None
    assert "not worth signing at any price" in result.sentence


def test_just_below_the_walk_away_price_signing_is_worth_it() -> None:
    """If this fails, a gap that is left flips the decision near the walk-away price, where at 1e-4 a solver says "do not sign"."""
    desk = Desk(deal([offer("frame", 15.0, signing_cost=200.0)], blocks=STEPS))
    assert desk.gain(Package(offer="frame", price=16.0 - 1e-5)).lower > 0
    assert desk.gain(Package(offer="frame", price=16.0 + 1e-5)).upper < 0


@settings(max_examples=6, deadline=None)
@given(low=st.floats(0.0, 1.0), high=st.floats(0.0, 1.0), demand=st.floats(10.0, 90.0), weight=st.sampled_from([0.0, 0.5]))
def test_less_take_or_pay_never_lowers_the_walk_away_price(low: float, high: float, demand: float, weight: float) -> None:
    """If this fails, a term that only frees the buyer is priced as a burden."""
    futures = [future("weak", 0.4, demand=demand), future("strong", 0.6, demand=100.0)]
    scenario = deal([offer("frame", 10.0, (60.0, 60.0), {"kind": "take_or_pay", "fraction": 1.0})], futures=futures, risk={"weight": weight, "tail": 0.4})
    prices = [middle(found(scenario, Package(offer="frame", terms={"take_or_pay.fraction": x}))) for x in sorted((low, high))]
    assert prices[0] >= prices[1] - 1e-5


def test_unknown_offers_and_terms_are_refused() -> None:
    """If this fails, a typing error is answered with a number."""
    desk = Desk(deal([offer()]))
    for package, path in ((Package(offer="fram"), "offer"), (Package(offer="frame", terms={"take_or_pay.fraction": 1.5}), "terms.take_or_pay.fraction")):
        with pytest.raises(InvalidScenario) as refused:
            walk_away(desk, package)
        assert refused.value.findings[0].path == path


@pytest.mark.parametrize("price", [0.0, 15.0, 25.0, 100.0])
def test_the_walk_away_price_does_not_depend_on_what_is_asked(price: float) -> None:
    """If this fails, an offer that is too dear is called worth signing at nothing and more, because nobody knows what a unit costs where it is free."""
    desk = Desk(deal([offer("frame", max(price, 1.0))], blocks=STEPS))
    result = walk_away(desk, Package(offer="frame", price=price))
    assert not result.at_least
    assert middle(result) == pytest.approx(20.0)


def test_a_curve_may_begin_at_a_price_of_nothing() -> None:
    """If this fails, a curve from 0 is one straight line that is called exact."""
    curve = price_volume_curve(Desk(deal([offer("frame", 15.0)], blocks=STEPS)), FRAME, 0.0, 30.0)
    assert [point.price for point in curve.points] == pytest.approx([0.0, 10.0, 20.0, 30.0])


@pytest.mark.parametrize("holding", [True, False])
@pytest.mark.parametrize("price", [10.0, 15.0, 30.0])
def test_credits_of_a_share_of_the_price_make_cost_not_concave(price: float, holding: bool) -> None:
    """If this fails, a walk-away price is too high where a deposit of half the value comes back at 6 a unit: up to 12 all of it does, at p above it
    (1.5 p - 6) x 100 is paid, which is 2,000 at 17.33."""
    deposit = {"kind": "prepayment", "share_of_contract_value": 0.5, "credit_per_unit": 6.0}
    desk = Desk(deal([offer("frame", price, (0.0, 100.0), deposit)]))
    result = walk_away(desk, FRAME, holding=holding)
    assert holding or result.method == "bracket"
    assert middle(result) == pytest.approx(26.0 / 1.5, rel=1e-6)
    assert not price_volume_curve(desk, FRAME, 1.0, 30.0).exact


def test_a_price_that_breaks_a_hard_rule_still_has_a_walk_away_price() -> None:
    """If this fails, whoever asks how far to push an offer that is beyond the budget gets an error instead of the price that is not."""
    budget = {"kind": "budget", "period": "1", "max": 900.0}
    shortage = [{"product": "cable", "kind": "lost", "cost_per_unit": 50.0}]
    result = found(deal([offer("frame", 12.0, (100.0, 100.0), PAID_IN_FULL)], rules=[budget], spot=[], shortage=shortage))
    assert result.signed is None
    assert result.gain is None
    assert middle(result) == pytest.approx(9.0, rel=1e-6)


def test_where_the_rules_demand_the_offer_there_is_nothing_to_walk_away_to() -> None:
    """If this fails, an offer that can't be done without ends in an error that names everything but the reason."""
    fill = {"kind": "fill_rate", "min": 0.9}
    with pytest.raises(InvalidScenario) as refused:
        found(deal([offer("frame", 12.0)], rules=[fill], spot=[]))
    assert refused.value.findings[0].path == "offer"
    assert "without offer 'frame'" in refused.value.findings[0].message


@pytest.mark.parametrize("seed", range(12))
def test_holding_plans_comes_to_the_same_price_as_enclosing_it(seed: int) -> None:
    """If this fails, a plan that is held hides a cheaper one, or a price is proven that isn't."""
    rng = np.random.default_rng(seed)
    least = float(rng.choice([0.0, 40.0]))
    frame = offer("frame", float(rng.uniform(8.0, 18.0)), (least, 100.0), signing_cost=float(rng.choice([0.0, 150.0])))
    rival = offer("rival", float(rng.uniform(9.0, 16.0)), (float(rng.choice([0.0, 60.0])), 100.0), signing_cost=float(rng.choice([0.0, 100.0])))
    scenario = deal([frame, rival], blocks=STEPS)
    ends = [walk_away(Desk(scenario), FRAME, holding=holding).walk_away for holding in (True, False)]
    assert (ends[0] is None) == (ends[1] is None)
    if ends[0] is not None and ends[1] is not None:
        assert ends[0].lower == pytest.approx(ends[1].lower, rel=1e-6)
        assert ends[0].upper == pytest.approx(ends[1].upper, rel=1e-6)


class LastFirst(ThreadPoolExecutor):
    """What is mapped is done in reverse order: as if the first thread were the slower one."""

    def map(self, fn: Any, *iterables: Any, **_: Any) -> Any:
        done = [fn(*arguments) for arguments in reversed(list(zip(*iterables, strict=False)))]
        return reversed(done)


@pytest.mark.parametrize("offer_id", ["maker-long-term", "importer-frame"])
def test_the_walk_away_price_is_the_same_whichever_thread_is_faster(offer_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs on one machine would name two prices."""
    scenario = library.load("quickstart")
    settled = scenario.solve.model_copy(update={"threads": 2})
    first = walk_away(Desk(scenario, settled), Package(offer=offer_id))
    monkeypatch.setattr("optimizer.negotiation.walkaway.ThreadPoolExecutor", LastFirst)
    assert walk_away(Desk(scenario, settled), Package(offer=offer_id)) == first
