"""What is said to be kept of the futures is what was kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.scenario import Scenario
from models.tree_report import Figures, Kept
from scenarios.files import scenario_from
from scenarios.reduction import reduce_paths
from scenarios.reduction_report import figures_of, kept
from scenarios.tree import Paths, grow, leaf_paths, paths_of
from tests.models.generated import generated
from tests.scenarios.test_tree import future, with_futures


@pytest.fixture(scope="module")
def view() -> Scenario:
    return scenario_from(generated(futures=200, tree=None))


@pytest.fixture(scope="module")
def many(view: Scenario) -> Paths:
    return paths_of(view)


def test_figures_by_hand() -> None:
    """Quantiles would be those of another definition, or would forget probabilities."""
    values, weight = np.array([30.0, 10.0, 20.0, 40.0]), np.array([0.04, 0.5, 0.45, 0.01])
    found = figures_of(values, weight)
    assert found.mean == pytest.approx(15.6)
    assert found.deviation == pytest.approx(np.sqrt(0.04 * 14.4**2 + 0.5 * 5.6**2 + 0.45 * 4.4**2 + 0.01 * 24.4**2))
    assert (found.p5, found.p50, found.p95, found.p99) == (10, 10, 20, 30)


def test_figures_are_those_of_futures_repeated() -> None:
    """A future with three times the probability would count otherwise than three futures."""
    rng = np.random.default_rng(1)
    values, times = rng.standard_normal(50), rng.integers(1, 5, 50)
    found, repeated = figures_of(values, times / times.sum()), np.repeat(values, times)
    assert found.mean == pytest.approx(repeated.mean())
    assert found.deviation == pytest.approx(repeated.std())
    assert [found.p5, found.p50, found.p95, found.p99] == np.quantile(repeated, [0.05, 0.5, 0.95, 0.99], method="inverted_cdf").tolist()


def test_a_difference_is_relative_to_what_there_is_to_miss() -> None:
    """A change from nearly nothing to nearly nothing would be the largest of all."""
    there = Figures(mean=0.0, deviation=2.0, p5=0.0, p50=0.001, p95=4.0, p99=5.0)
    here = Figures(mean=0.0, deviation=1.0, p5=0.0, p50=0.002, p95=3.0, p99=4.0)
    found = Kept(name="weeks late", period="2027", futures=there, tree=here)
    assert [found.difference(x) for x in ("mean", "deviation", "p50", "p95", "p99")] == pytest.approx([0, -0.5, 0.0005, -0.25, -0.2])
    nothing = Figures(mean=0.0, deviation=0.0, p5=0.0, p50=0.0, p95=0.0, p99=0.0)
    assert Kept(name="nothing", period=None, futures=nothing, tree=nothing).difference("p99") == 0


def test_the_fan_of_all_futures_has_lost_nothing(view: Scenario, many: Paths) -> None:
    """Differences would be reported where there are none."""
    report = kept(view, many, grow(view, many))
    assert report.nodes == (1, 200, 200, 200)
    assert all(x.futures == x.tree for x in (*report.drivers, *report.costs))
    assert all(x.futures == x.tree for x in report.correlations)
    assert "Means are kept in every period." in report.words
    assert any(words.startswith("Standard deviations are at least 100.0 % of the futures'") for words in report.words)


def test_drivers_and_correlations_are_those_of_the_data(view: Scenario, many: Paths) -> None:
    """The report would be about other data than the plan: one driver and one correlation are worked out from the arrays."""
    tree = reduce_paths(view, many, (4, 3, 2), seed=1)
    report, leaves = kept(view, many, tree), leaf_paths(tree)
    [demand] = [x for x in report.drivers if (x.name, x.period) == ("demand for cable", "2028")]
    volumes, prices = leaves.states.demand[:, 1, 0].sum(axis=1), leaves.states.spot_price[:, 1, 0]
    assert demand.tree.mean == pytest.approx(volumes @ leaves.probability)
    assert demand.futures.p95 == figures_of(many.states.demand[:, 1, 0].sum(axis=1), many.probability).p95
    [pair] = [x for x in report.correlations if (x.one, x.other, x.period) == ("demand for cable", "price of spot-us", "2028")]
    covariance = np.cov(volumes, prices, aweights=leaves.probability)
    assert pair.tree == pytest.approx(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]))
    assert {x.name for x in report.drivers} >= {"lead time of spot-us", "deliverable share of importer-frame", "weeks late of maker-long-term", "rate of EUR"}
    assert report.futures == 200
    assert report.nodes == (1, *(int((tree.period == t).sum()) for t in range(3)))
    assert max(abs(x.difference("mean")) for x in report.drivers) < 1e-9


def test_a_period_with_a_single_node_is_said_to_be_lost(view: Scenario, many: Paths) -> None:
    """A plan for the mean of a year would look like one that knows its spread."""
    report = kept(view, many, reduce_paths(view, many, (1, 5), seed=1))
    assert "There is a single node in 2027: how futures differ there is lost, and nothing is learnt." in report.words
    assert all(x.tree is None for x in report.correlations if x.period == "2027")
    assert all(x.tree is not None for x in report.correlations if x.period == "2029" and "fx" not in x.one + x.other)


def test_words_are_about_what_moved_most(view: Scenario, many: Paths) -> None:
    """The one sentence that is read would be about something harmless."""
    report = kept(view, many, reduce_paths(view, many, (3, 2), seed=1))
    assert report.words[0] == "200 futures became a tree of 1, 3, 6, 6 nodes: 6 courses of events are left."
    worst = min(report.drivers, key=lambda x: x.tree.deviation / x.futures.deviation)
    assert any(f"(least kept: {worst.name} in {worst.period})" in words for words in report.words)
    spot = report.costs[0]
    p95, p99 = (f"{100 * spot.difference(figure):+.1f} %" for figure in ("p95", "p99"))
    assert f"Rough total cost bought on the spot market only: P95 {p95}, P99 {p99} against the futures." in report.words


def test_identical_futures_lose_nothing(view: Scenario, many: Paths) -> None:
    """A report about nothing would fail on an empty list."""
    twins = replace(many.pick(np.array([4, 4])), ids=("a", "b"))
    report = kept(view, twins, reduce_paths(view, twins, (2,), seed=1))
    assert report.words == ("2 futures became a tree of 1, 1, 1, 1 nodes: one course of events is left.", "All futures are the same, so nothing was lost.")


def test_means_that_are_off_are_said_to_be() -> None:
    """A tree of chosen futures, whose means differ, would be praised like one of averages."""
    scenario = with_futures(future("calm", 0.5), future("wild", 0.5, demand_factor=[1, 2, 2]))
    paths = paths_of(scenario)
    report = kept(scenario, paths, grow(scenario, paths.pick(np.array([0, 1, 1]))))
    assert any(words.startswith("Means are off by up to 11.") for words in report.words)
