"""Whole futures: what was asked for comes out within sampling error, what is switched off leaves the rest alone, nothing leaves its range."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.scenario import Scenario
from models.uncertainty import Generated
from scenarios.files import scenario_from
from scenarios.sampling import LIMITS, draw, moving
from scenarios.sampling_regimes import chain_of
from scenarios.tree import Floats, Paths, States, base_states, build_tree, paths_of
from tests.models.edits import Edit
from tests.models.generated import generated
from tests.scenarios.sampling_error import agrees, correlation_agrees, means_agree

ROOT = Path(__file__).parents[2]
MANY = 6_000
U = "uncertainty"
QUIET: dict[str, Any] = {"demand": {}, "spot": [], "index": [], "fx": [], "disruptions": [], "rivals": [], "correlations": [], "tree": None}


def given(*edits: Edit, **changes: Any) -> tuple[Scenario, Generated]:
    """The scenario and its generator."""
    scenario = scenario_from(generated(*edits, **changes))
    assert isinstance(scenario.uncertainty, Generated)
    return scenario, scenario.uncertainty


def drawn(*edits: Edit, futures: int = MANY, seed: int = 5, **changes: Any) -> tuple[Paths, States]:
    """Futures and base values."""
    scenario, generator = given(*edits, **changes)
    return draw(scenario, generator, futures=futures, seed=seed), base_states(scenario)


def same(one: Paths, other: Paths, *names: str) -> bool:
    """Whether some data (all of it when nothing is named) are the same bit for bit."""
    return all((getattr(one.states, f.name) == getattr(other.states, f.name)).all() for f in fields(States) if not names or f.name in names)


def test_the_same_seed_gives_the_same_futures() -> None:
    """A plan could not be reproduced."""
    one, other = (drawn(futures=333)[0] for _ in range(2))
    assert same(one, other)
    assert one.regime is not None
    assert other.regime is not None
    assert (one.regime == other.regime).all()
    assert (one.probability == other.probability).all()
    another = drawn(futures=333, seed=6)[0]
    assert all((getattr(one.states, name) != getattr(another.states, name)).any() for name in ("demand", "spot_price", "deliverable", "index", "fx"))


def digest() -> str:
    """What forty futures come to, to the last bit."""
    states = drawn(futures=40)[0].states
    return hashlib.sha256(b"".join(getattr(states, f.name).tobytes() for f in fields(States))).hexdigest()


def test_another_process_gives_the_same_futures() -> None:
    """Something that differs between runs, like the order of a set, would decide on futures."""
    code = "from tests.scenarios.test_sampling import digest; print(digest())"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": "42"}, check=True, capture_output=True, text=True)
    assert told.stdout.strip() == digest()


def test_probabilities_and_names() -> None:
    """Futures would not share out all probability, or two would have one name."""
    for futures in (1, 2, 64, 1_000):
        found = drawn(futures=futures)[0]
        assert found.probability.sum() == pytest.approx(1, abs=1e-12)
        assert (found.probability > 0).all()
        assert len(set(found.ids)) == found.count == futures
        assert found.regimes == ("glut", "normal", "tight")


@pytest.mark.parametrize("stratified", [True, False])
@pytest.mark.parametrize("sampling", ["sobol", "monte_carlo", "antithetic"])
def test_regimes_come_as_often_as_the_chain_says(stratified: bool, sampling: str) -> None:
    """The market would be tighter or looser than its settings. Expected: the chain's distribution of every period, by powers of its matrix."""
    scenario, generator = given(stratified=stratified, sampling=sampling)
    paths = draw(scenario, generator, futures=MANY, seed=2)
    chain = chain_of(generator.regimes, 3)
    here, expected = chain.initial, []
    for _ in range(3):
        expected.append(here)
        here = here @ chain.moves
    assert paths.regime is not None
    assert agrees((paths.regime[:, :, None] == np.arange(3)).astype(float), np.array(expected), paths.probability)


def test_rare_regimes_are_never_missing() -> None:
    """Crisis and glut, of two per cent each, would be missing from most small samples."""
    rare = [{"id": name, "initial": float(name == "normal"), "moves": {"glut": 0.01, "normal": 0.98, "crisis": 0.01}} for name in ("glut", "normal", "crisis")]
    for seed in range(20):
        for stratified in (True, False):
            paths = drawn(futures=20, seed=seed, regimes=rare, stratified=stratified, **QUIET)[0]
            assert paths.regime is not None
            seen = set(np.unique(paths.regime))
            if stratified:
                assert seen == {0, 1, 2}
                touched = (paths.regime != 1).any(axis=1)
                assert paths.probability[touched].sum() == pytest.approx(1 - 0.98**2)


def test_fewer_futures_than_strata_are_drawn_plainly() -> None:
    """One or two futures of a market with three regimes would be an error."""
    for futures in (1, 2):
        paths = drawn(futures=futures)[0]
        assert paths.probability == pytest.approx(np.full(futures, 1 / futures))


def test_strata_leave_every_mean_unbiased() -> None:
    """What is oversampled would count twice. Every array's mean, period by period, against plain draws of another seed."""
    one, two = drawn(sampling="monte_carlo", least_share=0.33)[0], drawn(sampling="monte_carlo", stratified=False, futures=5 * MANY, seed=77)[0]
    assert one.probability.max() > 1.5 * one.probability.min()
    for f in fields(States):
        assert means_agree(getattr(one.states, f.name), one.probability, getattr(two.states, f.name), two.probability), f.name


def test_means_are_the_base_values() -> None:
    """A forecast that was entered would be shifted by being made uncertain. Without regimes, rivals and branches all means are the base values."""
    paths, base = drawn((f"{U}.demand.branches", []), (f"{U}.index[0].level.drift", 0), regimes=[], rivals=[], correlations=[], tree=None)
    for name in ("demand", "spot_price", "index", "fx"):
        assert agrees(getattr(paths.states, name), getattr(base, name)), name
    assert paths.regime is None
    assert paths.regimes == ()


def test_demand_is_the_product_of_its_factors() -> None:
    """Sites and products would move together, or not at all. Variance of the logarithm: the sum of the parts; covariance of two sites: the common part."""
    view = {"common": {"volatility": 0.1}, "sites": [{"volatility": 0.2}], "products": [{"volatility": 0.15}]}
    paths, base = drawn(**{**QUIET, "demand": view, "regimes": []})
    log = np.log(paths.states.demand / base.demand)[:, 0, 0]
    assert np.cov(log.T) == pytest.approx(np.array([[0.0725, 0.0325], [0.0325, 0.0725]]), rel=0.1)  # of 6,000 draws: 4.5 x 1.8 %, Sobol
    assert correlation_agrees(log[:, 0], log[:, 1], 0.0325 / 0.0725)


def test_branches_of_demand() -> None:
    """Booms would come too often, too early, or at once instead of step by step."""
    paths, base = drawn(**{**QUIET, "demand": generated()[U]["demand"] | {"common": {}, "sites": [], "products": []}})
    factor = np.round((paths.states.demand / base.demand)[:, :, 0, 0], 9)
    shapes, which = np.unique(factor, axis=0, return_inverse=True)
    assert shapes.tolist() == [[1.0, 0.6, 0.6], [1.0, 1.0, 1.0], [1.0, 1.4, 1.8]]
    assert agrees((which.ravel()[:, None] == np.arange(3)).astype(float), np.array([0.25, 0.5, 0.25]), paths.probability)


def test_regimes_drive_price_volume_lead_time_index_and_deliveries_together() -> None:
    """A tight market would have the price of a calm one. An own row goes before the row for all markets, an offer's before its supplier's."""
    paths, base = drawn(**QUIET)
    assert paths.regime is not None
    for regime, (price, available, lead, index, shares, weeks) in enumerate(
        [(0.65, 1.0, 0.0, 1.0, [1.0, 1.0], [0, 0]), (1.0, 1.0, 0.0, 1.0, [1.0, 1.0], [0, 0]), (1.6, 0.5, 0.4, 1.2, [0.9, 0.7], [2, 0])]
    ):
        here = paths.regime == regime
        assert here.any()
        of_base = {name: (getattr(paths.states, name) / getattr(base, name))[here] for name in ("spot_price", "spot_available", "index")}
        assert (of_base["spot_price"] == price).all()
        assert (of_base["spot_available"] == available).all()
        assert (of_base["index"] == index).all()
        assert (paths.states.spot_lead[here] == lead).all()
        assert (paths.states.deliverable[here] == shares).all()
        assert (paths.states.late_weeks[here] == weeks).all()


def test_an_offer_s_allocation_goes_before_its_supplier_s() -> None:
    """A buyer with priority would be allocated like everybody else."""
    row = [{"supplier": "maker", "deliverable_share": 0.5}, {"offer": "maker-long-term", "deliverable_share": 0.9}]
    paths, _ = drawn((f"{U}.regimes[1].allocation", row), **QUIET)
    assert paths.regime is not None
    assert (paths.states.deliverable[paths.regime == 1] == [0.9, 1.0]).all()


def test_markets_follow_the_buyer_s_demand() -> None:
    """A market would not grow with a boom of demand, or grow when told not to."""
    for share in (0.0, 0.5, 1.0):
        paths, base = drawn(**{**QUIET, "regimes": [], "demand": {"common": {"volatility": 0.3}}, "spot": [{"follows_demand": share}]})
        ratio = paths.states.demand[:, :, 0].sum(axis=2) / base.demand[:, 0].sum(axis=1)
        assert paths.states.spot_available[:, :, 0] / base.spot_available[:, 0] == pytest.approx(ratio**share)


def shock(paths: Paths, base: States, name: str) -> Floats:
    """Normal shocks of a geometric process or random walk with volatility 0.2, back from the data. [F, T]"""
    data = {"demand": paths.states.demand[:, :, 0, 0] / base.demand[:, 0, 0], "spot": paths.states.spot_price[:, :, 0] / base.spot_price[:, 0],
            "index": paths.states.index[:, :, 0] / base.index[:, 0], "fx": paths.states.fx[:, :, 0] / base.fx[:, 0]}[name]  # fmt: skip
    found: Floats = (np.diff(np.log(data), axis=1, prepend=0.0) + 0.02) / 0.2
    return found


def test_correlations_are_those_that_were_asked_for() -> None:
    """Demand, prices and rates would rise together more or less than the user said, and risk be misjudged."""
    walk = {"kind": "geometric", "volatility": 0.2}
    pairs = {("demand", "spot:spot-us"): 0.7, ("spot:spot-us", "index:inputs"): 0.5, ("index:inputs", "fx:EUR"): -0.6}
    view = {
        "regimes": [], "demand": {"common": {"volatility": 0.2}}, "spot": [{"price": walk}], "index": [{"index": "inputs", "level": walk}],
        "fx": [{"currency": "EUR", "rate": walk}], "correlations": [{"between": list(pair), "value": value} for pair, value in pairs.items()],
    }  # fmt: skip
    paths, base = drawn(**{**QUIET, **view}, sampling="monte_carlo")
    z = {name: shock(paths, base, name.split(":")[0]) for name in ("demand", "spot:spot-us", "index:inputs", "fx:EUR")}
    names = list(z)
    for i, one in enumerate(names):
        assert agrees(z[one], 0.0)
        for other in names[:i]:
            assert correlation_agrees(z[one], z[other], pairs.get((other, one), pairs.get((one, other), 0.0)))
        assert correlation_agrees(z[one][:, :-1], z[one][:, 1:], 0.0)


def test_strata_and_branches_have_draws_of_their_own() -> None:
    """Two strata would live through the same shocks, or booms would come with the shocks they were drawn with, which nobody asked for."""
    view = {**QUIET, "demand": {"common": {"volatility": 0.2}, "branches": [{"id": "boom", "probability": 0.3, "factor": 8.0, "from_period": "2029"}]}}
    paths, base = drawn(**view, sampling="monte_carlo")
    z = shock(paths, base, "demand")
    assert len(np.unique(np.round(z[:, 0], 9))) == MANY
    boom = z[:, 2] > 5  # the factor of 8 is ten standard deviations
    for t in (0, 1):
        assert agrees(np.where(boom, z[:, t], 0.0), 0.0, paths.probability)
    assert agrees(np.where(boom, z[:, 2] - np.log(8.0) / 0.2, 0.0), 0.0, paths.probability)


@pytest.mark.parametrize("stratified", [True, False])
def test_demand_is_tied_to_the_tightness_of_the_market(stratified: bool) -> None:
    """A boom that makes the market tight could not be stated, or strata would undo it. Two regimes by coin: the mean shock in the tight one is
    correlation x E[z | z > 0] = correlation x sqrt(2 / pi)."""
    coin = [{"id": name, "initial": 0.5, "moves": {"loose": 0.5, "tight": 0.5}} for name in ("loose", "tight")]
    ties = [{"between": ["demand", "regime"], "value": 0.8}]
    view = {**QUIET, "regimes": coin, "demand": {"common": {"volatility": 0.2}}, "correlations": ties}
    paths, base = drawn(**view, sampling="monte_carlo", stratified=stratified, least_share=0.4)
    z, weight = shock(paths, base, "demand"), paths.probability
    assert paths.regime is not None
    assert agrees(np.where(paths.regime == 1, z, 0.0), 0.5 * 0.8 * np.sqrt(2 / np.pi), weight)
    assert agrees(np.where(paths.regime == 0, z, 0.0), -0.5 * 0.8 * np.sqrt(2 / np.pi), weight)
    assert agrees(z, 0.0, weight)
    assert agrees(z**2, 1.0, weight)


def test_antithetic_futures_mirror_each_other() -> None:
    """Opposite pairs would be lost between the points and the data."""
    view = {**QUIET, "regimes": [], "demand": {"common": {"volatility": 0.2}}}
    paths, base = drawn(**view, sampling="antithetic", futures=100)
    z = shock(paths, base, "demand")
    assert z[0::2] == pytest.approx(-z[1::2])


def test_sobol_futures_know_expected_demand_better() -> None:
    """Sobol points would be lost between the points and the data: the error of expected demand at 512 futures must fall to a fifth."""
    errors = {}
    for sampling in ("sobol", "monte_carlo"):
        found = []
        for seed in range(20):
            paths, base = drawn(**{**QUIET, "regimes": [], "demand": {"common": {"volatility": 0.2}}}, sampling=sampling, futures=512, seed=seed)
            found.append(paths.probability @ paths.states.demand[:, 2, 0, 0] / base.demand[2, 0, 0] - 1)
        errors[sampling] = np.sqrt(np.mean(np.square(found)))
    assert errors["sobol"] < errors["monte_carlo"] / 5


def test_rivals_take_volume_and_raise_prices_and_lead_times() -> None:
    """Rivals would do nothing, or move what they don't touch. With and without them on the same futures."""
    without, _ = drawn(rivals=[])
    certain = {"id": "x", "probability": 1.0, "market_share": 0.4, "price_factor": 1.25, "added_lead_periods": 0.5, "periods": 2}
    locked, _ = drawn(rivals=[certain])
    assert locked.states.spot_available == pytest.approx(0.6 * without.states.spot_available)
    assert locked.states.spot_price == pytest.approx(1.25 * without.states.spot_price)
    assert locked.states.spot_lead == pytest.approx(0.5 + without.states.spot_lead)
    some, _ = drawn()
    assert (some.states.spot_available <= without.states.spot_available).all()
    assert (some.states.spot_price >= without.states.spot_price).all()
    hit = some.states.spot_available < without.states.spot_available
    assert 0.05 < hit.mean() < 0.4
    assert (hit == (some.states.spot_price > without.states.spot_price)).all()


@pytest.mark.parametrize(
    ("switched_off", "touches"),
    [
        (("rivals", []), ("spot_price", "spot_available", "spot_lead")),
        (("disruptions", []), ("deliverable", "late_weeks")),
        (("spot[0].price.jumps", None), ("spot_price",)),
    ],
)
def test_what_is_switched_off_leaves_the_rest_alone(switched_off: tuple[str, Any], touches: tuple[str, ...]) -> None:
    """With and without could not be compared future by future (common random numbers)."""
    one, other = drawn(futures=200)[0], drawn((f"{U}.{switched_off[0]}", switched_off[1]), futures=200)[0]
    rest = [f.name for f in fields(States) if f.name not in touches]
    assert same(one, other, *rest)
    assert not same(one, other)
    assert one.regime is not None
    assert other.regime is not None
    assert (one.regime == other.regime).all()


def test_one_rival_less_leaves_the_others_alone() -> None:
    """Rivals would share one stream, so that each moves all."""
    a, b = ({"id": name, "probability": 0.3, "market_share": 0.5, "spot": "spot-us"} for name in ("a", "b"))
    both, alone = drawn(rivals=[a, b], futures=200)[0], drawn(rivals=[b], futures=200)[0]
    ratio = np.round(both.states.spot_available / alone.states.spot_available, 9)
    assert set(np.unique(ratio)) == {0.5, 1.0}
    other = drawn(rivals=[a], futures=200)[0]
    assert (other.states.spot_available != alone.states.spot_available).any()


def test_disruptions_reduce_deliveries_and_delay_them() -> None:
    """Outages would hit the wrong offers, or not reduce what is delivered. Expected share: that of the alternating process (tested on its own)."""
    rows = [{"supplier": "maker", "rate_per_year": 12, "duration": "fixed", "mean_years": 50, "deliverable_share": 0.25, "weeks_late": 8}]
    paths, _ = drawn(**{**QUIET, "regimes": [], "disruptions": rows}, futures=100)
    assert paths.states.deliverable[:, 1:, 0] == pytest.approx(np.full((100, 2), 0.25))
    assert paths.states.late_weeks[:, 1:, 0] == pytest.approx(np.full((100, 2), 8.0))
    assert (paths.states.deliverable[:, :, 1] == 1).all()
    assert (paths.states.late_weeks[:, :, 1] == 0).all()
    twice, _ = drawn(**{**QUIET, "regimes": [], "disruptions": [*rows, {**rows[0], "supplier": None, "offer": "maker-long-term"}]}, futures=100)
    assert twice.states.deliverable[:, 1:, 0] == pytest.approx(np.full((100, 2), 0.0625))


def test_no_view_however_wild_leaves_the_ranges() -> None:
    """A negative volume, a share above one or an infinite price would reach the solver."""
    wild = {"kind": "geometric", "volatility": 3.0, "drift": 1.0, "jumps": {"rate_per_year": 12, "mean": 2.0, "deviation": 1.0}}
    storm = {
        "regimes": [{"id": "x", "initial": 1.0, "moves": {"x": 1.0}, "spot": [{"price_factor": 1e4, "lead_periods": 120}], "index": {"inputs": 100.0},
                     "allocation": [{"supplier": "maker", "deliverable_share": 0.0, "weeks_late": 520}]}],
        "demand": {"common": {"volatility": 3.0}, "sites": [{"volatility": 3.0}], "products": [{"volatility": 3.0}],
                   "branches": [{"id": "x", "probability": 1.0, "factor": 1e4, "from_period": "2027"}]},
        "spot": [{"price": wild, "follows_demand": 1.0}], "index": [{"index": "inputs", "level": wild}], "fx": [{"currency": "EUR", "rate": wild}],
        "disruptions": [{"supplier": "maker", "rate_per_year": 6, "mean_years": 50.0, "weeks_late": 520}],
        "rivals": [{"id": "x", "probability": 1.0, "market_share": 1.0, "price_factor": 100.0, "added_lead_periods": 120}],
    }  # fmt: skip
    periods = [{"id": name, "years": 50} for name in ("2027", "2028", "2029")]
    paths, _ = drawn(("periods", periods), **{**QUIET, **storm}, futures=500)
    for name, (low, high) in LIMITS.items():
        data = getattr(paths.states, name)
        assert np.isfinite(data).all()
        assert low <= data.min()
        assert data.max() <= high
    assert (paths.states.spot_available == 0).all()


def test_drivers_come_in_the_order_in_which_they_matter() -> None:
    """What matters most would get the worst of the Sobol coordinates, or a driver that stands still would use some up."""
    assert moving(*given()) == ["demand", "spot:spot-us", "index:inputs", "fx:EUR", "product:cable", "site:ohio", "site:texas"]
    assert moving(*given(**QUIET)) == []


def test_a_scenario_s_own_futures_are_drawn_with_its_seed() -> None:
    """The plan would be made for other futures than the document says, or its futures be merged by chance."""
    scenario, generator = given(tree=None, futures=10, seed=4)
    paths = paths_of(scenario)
    assert same(paths, draw(scenario, generator, futures=10, seed=4))
    tree = build_tree(scenario)
    assert tree.size == 1 + 3 * 10
    assert tree.foresight == "which future has come true is known right after signing"
    assert tree.probability[tree.leaves] == pytest.approx(paths.probability)


def test_a_scenario_s_tree_branches_as_its_document_says() -> None:
    """`tree` would be accepted and ignored: at most 4, 8 and 16 nodes in the three periods, which share out all probability."""
    tree = build_tree(given()[0])
    counts = [int((tree.period == t).sum()) for t in range(3)]
    assert counts[0] <= 4
    assert counts[0] < counts[1] <= 8
    assert counts[1] < counts[2] <= 16
    assert tree.probability[tree.leaves].sum() == pytest.approx(1)


def test_a_plan_for_drawn_futures_passes_its_audit() -> None:
    """Drawn data would not fit the model, for instance lateness or lead times beyond the horizon."""
    from optimizer.engine import solve  # here, so that the process started above need not load it

    plan = solve(scenario_from(generated(tree=None, futures=8)))
    assert plan.status == "optimal"
    assert plan.audit.passed


def test_ten_thousand_futures_take_no_time() -> None:
    """Trying a plan on fresh futures would wait for the futures. (0.1 s measured; ten times that is allowed.)"""
    scenario, generator = given()
    draw(scenario, generator, futures=10, seed=1)
    begun = time.process_time()
    draw(scenario, generator, futures=10_000, seed=1)
    assert time.process_time() - begun < 1.0
