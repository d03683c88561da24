"""Break-even probabilities against formulas, the value of the plan as a concave function of them, and doubt about probabilities.

One period, demand 50 or 150. A firm offer of exactly 100 at 10, paid whether taken or not; a spot market at 15 with as much as one wants.

    signing:   1,000 when demand is low, 1,000 + 50 x 15 = 1,750 when it is high      not signing:   750 and 2,250
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pytest

from models.stress import BreakEven, StressTest
from optimizer.stress import stress_test
from optimizer.stress_bench import Bench
from optimizer.stress_break_even import groups_of, weighted
from optimizer.stress_doubt import with_radius
from optimizer.stress_words import break_even_sentences, percent
from optimizer.tail import risk_adjusted
from scenarios.files import scenario_from
from scenarios.tree import paths_of
from tests.optimizer.build import PAY_ALL, Data, but, futures, offer, scenario, solved, spot


def newsvendor(high: float, **tables: Any) -> Data:
    """The problem above with a probability of high demand."""
    rows = [
        {"id": name, "probability": p, "demand": [{"site": "site", "product": "cable", "volume": [volume]}]}
        for name, p, volume in (("low", 1 - high, 50.0), ("high", high, 150.0))
    ]
    return scenario(0.0, offers=[offer("firm", 10, 100, PAY_ALL, low=100)], spot=[spot(15.0)], uncertainty=futures(rows), **tables)


def stressed(data: Data, **stress: Any) -> StressTest:
    """The plan of `data` under exact stress tests; the same question is answered once."""
    return _stressed(json.dumps(but(data, stress={"gap": 0.0} | stress)))


@cache
def _stressed(data: str) -> StressTest:
    found = scenario_from(json.loads(data))
    return stress_test(found, solved({name: table for name, table in json.loads(data).items() if name != "stress"}), found.solve)


def turn(data: Data, group: str, **stress: Any) -> BreakEven:
    """The break-even of one group."""
    return next(x for x in stressed(data, parts=["break_even"], **stress).break_even if x.group == group)


@pytest.mark.parametrize("high", [0.5, 0.9])
def test_neutral_buyer_by_formula(high: float) -> None:
    """If this fails, the break-even is wrong: 1,000 + 750 w = 750 + 1,500 w at w = 1/3, so that signing pays from a third of high demand on."""
    found = turn(newsvendor(high), "high")
    assert found.probability == pytest.approx(high)
    assert found.rises_to is None
    assert found.falls_to is not None
    assert found.falls_to.award == ()
    assert found.falls_to.probability == pytest.approx(1 / 3, abs=1e-6)
    assert found.falls_to.low <= 1 / 3 <= found.falls_to.high
    assert found.falls_to.high - found.falls_to.low <= 0.006
    assert found.proven
    assert found.complete
    other = turn(newsvendor(high), "low")
    assert other.falls_to is None
    assert other.rises_to is not None
    assert other.rises_to.probability == pytest.approx(2 / 3, abs=1e-6)


def test_verified_just_below_and_just_above() -> None:
    """If this fails, the award at the ends of the interval was not solved for."""
    found = turn(newsvendor(0.5), "high")
    assert found.falls_to is not None
    awards = {round(x.probability, 9): x.award for x in found.values}
    assert awards[round(found.falls_to.low, 9)] == ()
    assert awards[round(found.falls_to.high, 9)] == ("firm",)


def test_value_is_the_concave_minimum_of_lines() -> None:
    """If this fails, the value of the plan at another probability is not that of the best plan there."""
    found = turn(newsvendor(0.5), "high")
    at, value = np.array([(x.probability, x.objective) for x in found.values]).T
    np.testing.assert_allclose(value, np.minimum(1000 + 750 * at, 750 + 1500 * at), rtol=1e-9)
    slopes = np.diff(value) / np.diff(at)
    assert (np.diff(slopes) <= 1e-6).all()


def test_averse_buyer_by_formula() -> None:
    """If this fails, the CVaR is taken under other probabilities than the mean. With half the weight on the worst quarter, and w < 1/4 of high demand:
    signing costs 0.5 (1,000 + 750 w) + 0.5 (1,000 + 3,000 w), not signing 0.5 (750 + 1,500 w) + 0.5 (750 + 6,000 w): the same at w = 2/15."""
    found = turn(newsvendor(0.5, risk={"weight": 0.5, "tail": 0.25}), "high")
    assert found.falls_to is not None
    assert found.falls_to.probability == pytest.approx(2 / 15, abs=1e-6)
    assert found.falls_to.low <= 2 / 15 <= found.falls_to.high
    assert not found.proven


def test_a_gap_widens_the_interval() -> None:
    """If this fails, a plan that is only near the optimum gives a break-even that pretends to be exact. Near a third, 1 % of 1,250 is 1.7 points."""
    found = turn(newsvendor(0.5), "high", gap=0.01)
    assert found.falls_to is not None
    assert found.falls_to.probability == pytest.approx(1 / 3, abs=1e-6)
    assert found.falls_to.low < 1 / 3 - 0.01
    assert found.falls_to.high >= 1 / 3 - 1e-9


def test_an_award_that_never_changes_says_so() -> None:
    """If this fails, an offer that is cheaper in every future is said to depend on probabilities."""
    data = but(newsvendor(0.5), offers=[offer("firm", 5, 100, PAY_ALL, low=100)])
    found = turn(data, "high")
    assert (found.rises_to, found.falls_to) == (None, None)
    assert found.proven
    document = scenario_from(data)
    assert break_even_sentences(document, [found], ("firm",)) == [
        "However likely it is that future 'high' comes true (now 50 %), the award stays the same, whatever the probability."
    ]


def test_a_change_is_told_with_its_probability() -> None:
    """If this fails, the sentence about a break-even leaves out how likely, or to what."""
    found = turn(newsvendor(0.5), "high")
    said = break_even_sentences(scenario_from(newsvendor(0.5)), [found], ("firm",))
    assert len(said) == 1
    assert "(now 50 %) falls to about 33.3 %" in said[0]
    assert "signing nothing is better" in said[0]


@pytest.mark.parametrize("seed", range(3))
def test_against_all_awards_on_a_fine_grid(seed: int) -> None:
    """If this fails, a change is missed, or found where there is none. Three offers of fixed volumes leave eight awards, each with a cost per future:
    what is committed is paid, what lacks is bought at 15; the best of them is looked up at every five-hundredth of probability."""
    rng = np.random.default_rng(seed)
    demand, p = rng.integers(2, 40, 3) * 10.0, rng.dirichlet(np.ones(3)) * 0.97 + 0.01
    volumes, prices = rng.integers(2, 20, 3) * 10.0, rng.uniform(6.0, 14.0, 3).round(2)
    weight, tail = (0.0, 0.1) if seed % 2 else (0.6, 0.3)
    rows = [
        {"id": f"f{i}", "probability": float(x), "demand": [{"site": "site", "product": "cable", "volume": [float(v)]}]}
        for i, (x, v) in enumerate(zip(p, demand, strict=True))
    ]
    offers = [offer(f"o{i}", float(price), float(v), PAY_ALL, low=float(v)) for i, (price, v) in enumerate(zip(prices, volumes, strict=True))]
    data = scenario(0.0, offers=offers, spot=[spot(15.0)], uncertainty=futures(rows), risk={"weight": weight, "tail": tail})
    awards = [tuple(f"o{i}" for i in range(3) if code >> i & 1) for code in range(8)]
    costs = [
        sum(volumes[i] * prices[i] for i in range(3) if f"o{i}" in award)
        + 15.0 * np.maximum(demand - sum(volumes[i] for i in range(3) if f"o{i}" in award), 0.0)
        for award in awards
    ]
    paths = paths_of(scenario_from(data))

    def best(at: float, first: bool) -> tuple[str, ...]:
        q = weighted(paths, np.arange(3) == (0 if first else 2), at).probability
        return awards[int(np.argmin([risk_adjusted(np.asarray(c), q, weight=weight, tail=tail) for c in costs]))]

    for first, name in ((True, "f0"), (False, "f2")):
        found = turn(data, name, groups=[{"id": "f0", "futures": ["f0"]}, {"id": "f2", "futures": ["f2"]}])
        own = best(found.probability, first)
        for change, grid in ((found.rises_to, np.arange(found.probability, 0.999, 0.002)), (found.falls_to, np.arange(found.probability, 0.001, -0.002))):
            changed = [at for at in grid if best(float(at), first) != own]
            if change is None:
                assert not found.proven or not changed
            else:
                assert changed
                near = min(changed, key=lambda at: abs(at - found.probability))
                assert change.low - 0.0041 <= near <= change.high + 0.0041 or not found.proven


@pytest.mark.parametrize("asked", [4, 12, 22, 45])
def test_time_that_runs_out_leaves_what_was_found(asked: int) -> None:
    """If this fails, a search that is cut short ends in an error, or calls itself complete. Time is asked for twice a solve."""
    data = newsvendor(0.5)
    document = scenario_from(but(data, stress={"gap": 0.0, "parts": ["break_even"], "groups": [{"id": "high", "futures": ["high"]}]}))
    times = iter([60.0] * asked)
    found = stress_test(document, solved(data), document.solve, left=lambda: next(times, 0.0))
    for x in found.break_even:
        assert x.complete == (next(times, 0.0) > 0)
        if x.falls_to is not None:
            assert x.falls_to.low <= 1 / 3 + 1e-9
            assert x.falls_to.high >= 1 / 3 - 1e-9
        assert not x.proven or x.complete


def test_groups_move_together() -> None:
    """If this fails, the futures of a group do not keep their proportions. Low and middle demand together rise against high demand."""
    data = newsvendor(0.5)
    data["uncertainty"] = futures(
        [
            {"id": name, "probability": p, "demand": [{"site": "site", "product": "cable", "volume": [volume]}]}
            for name, p, volume in (("low", 0.1, 50.0), ("middle", 0.3, 90.0), ("high", 0.6, 150.0))
        ]
    )
    groups = [{"id": "calm", "name": "the market stays calm", "futures": ["low", "middle"]}]
    found = turn(data, "calm", groups=groups)
    # Calm: signing 1,000, not signing 0.25 x 750 + 0.75 x 1,350 = 1,200. High: 1,750 against 2,250. Signing is always better.
    assert (found.rises_to, found.falls_to) == (None, None)
    assert found.text == "the market stays calm"
    paths = paths_of(scenario_from(data))
    moved = weighted(paths, np.array([True, True, False]), 0.8)
    np.testing.assert_allclose(moved.probability, [0.2, 0.6, 0.2])


def test_regimes_are_groups() -> None:
    """If this fails, the regimes of a generator have no break-even, or one that every future visits is varied."""
    generator = {
        "kind": "generated",
        "futures": 32,
        "regimes": [
            {"id": "normal", "initial": 1.0, "moves": {"normal": 0.5, "crisis": 0.5}},
            {"id": "crisis", "moves": {"crisis": 1.0}, "spot": [{"price_factor": 3.0}]},
        ],
    }
    data = scenario(100.0, 100.0, offers=[offer("firm", 18, 100, PAY_ALL, start="2")], spot=[spot(15.0, 15.0)], uncertainty=generator)
    document = scenario_from(data)
    groups, note = groups_of(document, paths_of(document))
    assert [x.id for x in groups] == ["normal", "crisis"]
    assert "in most periods" in groups[0].text
    assert note == ""
    # 18 against 15 or 45 in the second period: the same at a tenth of crisis.
    found = turn(data, "crisis")
    assert found.probability == pytest.approx(0.5)
    assert found.falls_to is not None
    assert found.falls_to.probability == pytest.approx(0.1, abs=1e-6)


def test_one_future_has_nothing_to_vary() -> None:
    """If this fails, a scenario without uncertainty breaks the stress test."""
    found = stressed(scenario(100.0, spot=[spot(15.0)]))
    assert found.break_even == ()
    assert found.doubts == ()
    assert any("only one future" in x for x in found.notes)


@pytest.mark.parametrize(("radius", "worst", "protection", "price"), [(0.05, 1125.0, 0.0, 0.0), (0.2, 1350.0, 50.0, 100.0), (0.5, 1800.0, 275.0, 100.0)])
def test_price_of_robustness_by_hand(radius: float, worst: float, protection: float, price: float) -> None:
    """If this fails, guarding against wrong probabilities is worth or costs something else. High demand has a fifth: nothing is signed, which costs
    1,050; with w + r of high demand it costs 750 + 1,500 (w + r) and signing 1,000 + 750 (w + r); signing costs 1,150 if the fifth is right."""
    found = stressed(newsvendor(0.2), parts=["ambiguity"], radii=[radius])
    row = found.doubts[0]
    assert row.expected_cost == pytest.approx(1050.0)
    assert row.total_variation == pytest.approx(worst)
    assert row.protection == pytest.approx(protection, abs=1e-6)
    assert row.price == pytest.approx(price, abs=1e-6)
    assert row.robust_award == (("firm",) if price else ())
    assert row.expected_cost <= row.kullback_leibler <= row.total_variation
    assert row.chi_square <= row.total_variation
    assert row.wasserstein == pytest.approx(row.total_variation)  # two futures, 1 apart


def test_a_plan_that_guards_says_what_that_costs() -> None:
    """If this fails, a plan with an ambiguity of its own does not show the price of it."""
    found = stressed(newsvendor(0.2, risk={"ambiguity": {"radius": 0.2}}), parts=["ambiguity"], radii=[])
    assert [x.radius for x in found.doubts] == [0.2]
    assert found.doubts[0].price == pytest.approx(100.0)
    assert found.doubts[0].expected_cost == pytest.approx(1150.0)
    assert any("price of robustness" in x for x in found.sentences)
    document = scenario_from(newsvendor(0.2))
    assert with_radius(with_radius(document, 0.3), 0.0).risk == document.risk


def test_percentages_never_claim_certainty() -> None:
    """If this fails, 99.97 % is shown as 100 %."""
    assert [percent(x) for x in (0.0, 0.3333, 0.9999, 1.0)] == ["0 %", "33.3 %", "almost 100 %", "100 %"]


def test_the_bench_weighs_as_the_scenario_does() -> None:
    """If this fails, costs are compared under another risk than the plan's."""
    document = scenario_from(newsvendor(0.2, risk={"weight": 0.5, "tail": 0.25, "ambiguity": {"radius": 0.1}}))
    paths = paths_of(document)
    bench = Bench(document, paths, document.solve, lambda: 60.0)
    cost = np.array([750.0, 2250.0])
    assert bench.worth(cost, paths.probability) == pytest.approx(0.5 * (0.7 * 750 + 0.3 * 2250) + 0.5 * (0.05 * 750 + 0.2 * 2250) / 0.25)
