"""Re-planning as time goes by, against policies worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from models.options import SolveSettings
from models.scenario import Scenario
from models.uncertainty import Generated
from optimizer.quality_chains import chains, hindsight, joined
from optimizer.quality_rolling import Walk, expectations, rolling, walk
from optimizer.trial import FirstStage, best_first_stage, try_out
from scenarios.sampling import draw
from scenarios.tree import Floats, Paths
from tests.optimizer.generated_scenarios import store_or_wait, two_suppliers

SETTINGS = SolveSettings(gap=1e-6)
NOTHING: FirstStage = {"signed": {}, "volume": {}, "opened": {}}


def fresh(scenario: Scenario, futures: int, seed: int) -> Paths:
    """Futures of a scenario's generator."""
    assert isinstance(scenario.uncertainty, Generated)
    return draw(scenario, scenario.uncertainty, futures=futures, seed=seed)


def walked(scenario: Scenario, paths: Paths, first: FirstStage = NOTHING) -> Floats:
    """What the policy costs in every future."""
    cost = walk(scenario, first, paths, fresh(scenario, 500, 99), SETTINGS, lambda: False)
    assert cost is not None
    return cost


@pytest.mark.parametrize(("chance", "stored"), [(0.5, True), (0.8, False)])
def test_store_or_wait_is_decided_on_the_mean(chance: float, stored: bool) -> None:
    """A policy peeks at the future, or does not act on what it expects.

    Waiting costs chance x 4 + (1 - chance) x 20 a unit on average, storing costs 10 + 1. With 0.5 the mean is 12, so everything is stored and each
    future costs 1,000 + 1,000 + 100; with 0.8 it is 7.2, and a glut costs 1,000 + 400, a crisis 1,000 + 2,000. Foresight: 1,400 and 2,100.
    """
    scenario = store_or_wait(moves={"glut": chance, "crisis": 1.0 - chance})
    paths = fresh(scenario, 20, 7)
    assert paths.regime is not None
    glut = paths.regime[:, 1] == 0
    assert glut.any()
    assert not glut.all()
    assert walked(scenario, paths) == pytest.approx(np.where(glut, 2100.0 if stored else 1400.0, 2100.0 if stored else 3000.0))
    assert try_out(scenario, NOTHING, paths).cost == pytest.approx(np.where(glut, 1400.0, 2100.0))


def test_what_the_present_says_of_the_future_is_used() -> None:
    """A policy ignores that the state of the market tells what comes next, and pays for information it has."""
    scenario = store_or_wait(moves={"glut": 0.5, "crisis": 0.5}, persistent=True)
    paths = fresh(scenario, 20, 7)
    assert walked(scenario, paths) == pytest.approx(try_out(scenario, NOTHING, paths).cost, rel=1e-6)


def test_clairvoyant_foresight_and_policy_are_in_order_in_every_future() -> None:
    """Knowing more costs more somewhere: decisions were forgotten, made twice, or changed afterwards."""
    scenario = two_suppliers()
    first = best_first_stage(scenario, fresh(scenario, 40, 3), settings=SETTINGS).first
    paths = fresh(scenario, 24, 11)
    policy, fan = walked(scenario, paths, first), try_out(scenario, first, paths).cost
    known, bound = hindsight(scenario, paths, SETTINGS)
    assert (known <= fan + 1e-4 * fan).all()
    assert (fan <= policy + 1e-5 * policy).all()
    assert (policy > fan + 1.0).any()
    assert (bound <= known + 1e-9 * known).all()


def test_a_certain_future_loses_nothing() -> None:
    """Re-planning without any uncertainty costs something, so that decisions of one period do not reach the next."""
    scenario = two_suppliers(uncertainty={"kind": "generated", "futures": 2, "seed": 1})
    first = best_first_stage(scenario, fresh(scenario, 2, 1), settings=SETTINGS).first
    paths = fresh(scenario, 4, 2)
    assert walked(scenario, paths, first) == pytest.approx(try_out(scenario, first, paths).cost, rel=1e-6)


def test_decisions_are_found_by_what_and_when() -> None:
    """A stored volume is held in another period than it was decided in."""
    scenario = store_or_wait(moves={"glut": 0.5, "crisis": 0.5})
    (chain, *_) = chains(scenario, fresh(scenario, 4, 1))
    held = chain.holding({(0, ("stock", (0, 0))): 30.0, (1, ("order", (0, 0))): 70.0})
    changed = np.flatnonzero((held.lower != chain.problem.lower) | (held.upper != chain.problem.upper))
    assert sorted(changed) == sorted([chain.columns[0, ("stock", (0, 0))], chain.columns[1, ("order", (0, 0))]])
    assert held.lower[chain.columns[1, ("order", (0, 0))]] == pytest.approx(70.0, abs=1e-4)
    assert chain.read(np.arange(len(chain.problem.cost), dtype=float), 1)[1, ("order", (0, 0))] == chain.columns[1, ("order", (0, 0))]


def test_expectations_keep_the_past_and_are_means_of_the_rest() -> None:
    """The policy sees data that are not known yet, or expects something else than the mean.

    A walk of the logarithm without drift is expected to stay: E[D_s given D_t] = D_t x base_s / base_t.
    """
    generator = {"kind": "generated", "futures": 10, "seed": 1, "demand": {"common": {"volatility": 0.3, "persistence": 1.0}}, "sampling": "monte_carlo"}
    scenario = two_suppliers(periods=4, uncertainty=generator)
    pool, paths = fresh(scenario, 20_000, 1), fresh(scenario, 50, 2)
    for t, expected in enumerate(expectations(pool, paths)):
        own, seen = expected.states.demand[:, :, 0, 0], paths.states.demand[:, :, 0, 0]
        assert np.array_equal(own[:, : t + 1], seen[:, : t + 1])
        assert own[:, t + 1 :] == pytest.approx(np.repeat(seen[:, [t]], 3 - t, axis=1), rel=0.05)


def test_weights_of_strata_count_in_expectations() -> None:
    """Rare regimes that are drawn on purpose are expected as often as they are drawn."""
    scenario = store_or_wait(moves={"glut": 0.99, "crisis": 0.01})
    pool, paths = fresh(scenario, 400, 1), fresh(scenario, 10, 2)
    assert pool.regime is not None
    assert (pool.regime[:, 1] == 1).mean() > 0.03  # drawn on purpose
    assert expectations(pool, paths)[0].states.spot_price[:, 1, 0] == pytest.approx(0.99 * 4 + 0.01 * 20)


def test_time_ends_the_walk() -> None:
    """Re-planning runs past the time limit."""
    scenario = store_or_wait(moves={"glut": 0.5, "crisis": 0.5})
    assert walk(scenario, NOTHING, fresh(scenario, 4, 1), fresh(scenario, 50, 2), SETTINGS, lambda: True) is None


def test_figures_are_means_of_batches_and_differences_are_paired() -> None:
    """The loss is the difference of two noisy means, or a future in which the policy got stuck makes it infinite."""
    rng = np.random.default_rng(1)
    fan = [rng.normal(1000.0, 300.0, 5) for _ in range(8)]
    weight = [np.full(5, 0.2)] * 8
    found = rolling(Walk(weight, [x + 7.0 for x in fan], fan, [x - 5.0 for x in fan]))
    assert found is not None
    assert (found.lost.low, found.lost.value, found.lost.high) == (pytest.approx(7.0), pytest.approx(7.0), pytest.approx(7.0))
    assert found.cost.high - found.cost.low > 100.0
    assert (found.paths, found.stuck) == (40, 0.0)
    stuck = [x + 7.0 for x in fan]
    stuck[3] = np.append(stuck[3][:-1], np.inf)
    partly = rolling(Walk(weight, stuck, fan, fan))
    assert partly is not None
    assert partly.stuck == pytest.approx(1 / 40)
    assert partly.lost.value == pytest.approx(7.0)


def test_joined_draws_weigh_the_same() -> None:
    """A draw of few futures counts less than one of many."""
    scenario = store_or_wait(moves={"glut": 0.5, "crisis": 0.5})
    parts = [fresh(scenario, n, n) for n in (4, 12)]
    both = joined(parts)
    assert both.probability[:4].sum() == pytest.approx(0.5)
    assert both.count == len(set(both.ids)) == 16
    assert both.regime is not None
    assert np.array_equal(both.states.spot_price[4:], parts[1].states.spot_price)
