"""The gap, EVPI and VSS by replications against the newsvendor, whose true values are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.newsvendor import MEAN, UNIT, Newsvendor, committing
from models.errors import Cancelled
from models.quality import Replications
from optimizer.quality_judge import Judge
from optimizer.quality_replications import compare, replicate
from optimizer.trial import Best
from scenarios.tree import Paths

REPETITIONS = 200
FUTURES = 200


def replicated(judge: Judge, volume: float, count: int) -> Replications:
    """What `count` replications say about a commitment."""
    found = compare(judge, replicate(judge, committing(volume), committing(MEAN), count, FUTURES))
    assert found is not None
    return found


def foresight(newsvendor: Newsvendor) -> float:
    """True risk-adjusted cost with hindsight: demand times its price, whose tail mean is that of the exponential."""
    return (1.0 - newsvendor.risk_weight) * UNIT * MEAN + newsvendor.risk_weight * UNIT * MEAN * (1.0 - float(np.log(newsvendor.tail)))


@pytest.mark.parametrize(("risk_weight", "volume"), [(0.0, 60.0), (0.5, 120.0)])
def test_limit_of_the_gap_covers(risk_weight: float, volume: float) -> None:
    """A plan is said to be nearer to the best than it is, more often than the confidence allows."""
    newsvendor = Newsvendor(risk_weight=risk_weight)
    true = newsvendor.gap(volume)
    assert true > 0
    limits = [replicated(newsvendor.repeated(r).judge(), volume, 10).gap_high for r in range(1, REPETITIONS + 1)]
    assert 0.9 <= np.mean(np.array(limits) >= true) <= 0.99


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_replications_cover(count: int) -> None:
    """With one or two replications the limit rests on a spread that nobody can know."""
    newsvendor = Newsvendor(risk_weight=0.5)
    limits = [replicated(newsvendor.repeated(r).judge(), 90.0, count).gap_high for r in range(1, REPETITIONS + 1)]
    assert 0.88 <= np.mean(np.array(limits) >= newsvendor.gap(90.0)) <= 0.99


def test_best_plan_gets_a_small_gap() -> None:
    """The best plan there is gets a gap as large as a bad one's, so that the figure says nothing."""
    newsvendor = Newsvendor(risk_weight=0.5)
    best, poor = (replicated(newsvendor.judge(), x, 10) for x in (newsvendor.optimum(), 90.0))
    assert best.relative_gap_high is not None
    assert poor.relative_gap_high is not None
    assert 0 < best.relative_gap_high < 0.05 * poor.relative_gap_high


def test_gap_narrows_with_more_futures() -> None:
    """More futures per replication do not bring the limit nearer to the true gap."""
    newsvendor = Newsvendor()
    judge, volume = newsvendor.judge(), newsvendor.optimum()
    limits = []
    for futures in (50, 200, 800, 3200):
        found = compare(judge, replicate(judge, committing(volume), None, 20, futures))
        assert found is not None
        limits.append(found.gap_high)
    assert np.polyfit(np.log([50, 200, 800, 3200]), np.log(limits), 1)[0] == pytest.approx(-1.0, abs=0.25)  # the bias of a sample's optimum falls as 1/n


@pytest.mark.parametrize("risk_weight", [0.0, 0.5])
def test_intervals_of_evpi_and_vss_cover(risk_weight: float) -> None:
    """The worth of information or of planning for many futures is not in its interval as often as it says."""
    newsvendor = Newsvendor(risk_weight=risk_weight)
    best = newsvendor.truth(newsvendor.optimum())["objective"]
    evpi, vss = best - foresight(newsvendor), newsvendor.truth(MEAN)["objective"] - best
    hits = np.zeros(2)
    for r in range(1, REPETITIONS + 1):
        found = replicated(newsvendor.repeated(r).judge(), newsvendor.optimum(), 10)
        assert found.evpi is not None
        assert found.vss is not None
        hits += found.evpi.low <= evpi <= found.evpi.high, found.vss.low <= vss <= found.vss.high
    assert (hits / REPETITIONS >= 0.9).all()


def test_bounds_count_and_not_incumbents() -> None:
    """A search that stopped early makes the plan look nearer to the best than is proven."""
    newsvendor = Newsvendor()
    judge = newsvendor.judge()

    def unproven(paths: Paths) -> Best:
        found = newsvendor.best(paths)
        return replace(found, bound=found.bound - 100.0)

    assert replicated(replace(judge, rival=unproven), 120.0, 5).gap == pytest.approx(replicated(judge, 120.0, 5).gap + 100.0)


def test_same_futures_for_plan_and_best() -> None:
    """The plan and its rival meet different futures, so that luck decides."""
    newsvendor = Newsvendor()
    seen: list[Paths] = []

    def best(paths: Paths) -> Best:
        seen.append(paths)
        return newsvendor.best(paths)

    found = replicate(replace(newsvendor.judge(), rival=best), committing(80.0), None, 3, 50)
    for paths, each in zip(seen, found, strict=True):
        demand = paths.states.demand[:, 0, 0, 0]
        assert np.array_equal(each.cost, UNIT * 80.0 + 40.0 * np.maximum(demand - 80.0, 0.0))
        assert np.array_equal(each.weight, paths.probability)
    assert not np.array_equal(seen[0].states.demand, seen[1].states.demand)


def test_what_was_cut_short_is_left_out() -> None:
    """A replication without an answer counts as one, or ends the whole run."""
    newsvendor = Newsvendor()
    turns = iter(range(10))

    def best(paths: Paths) -> Best:
        if next(turns) % 2:
            raise Cancelled
        return newsvendor.best(paths)

    assert len(replicate(replace(newsvendor.judge(), rival=best), committing(80.0), None, 10, 50)) == 5
    assert replicate(replace(newsvendor.judge(), enough=lambda: True), committing(80.0), None, 10, 50) == []


def test_plan_that_breaks_a_rule_somewhere_has_no_gap() -> None:
    """A plan that some future does not allow gets a finite gap, or an infinite number in a document."""
    newsvendor = Newsvendor()
    found = replicate(newsvendor.judge(), committing(80.0), None, 3, 50)
    assert compare(newsvendor.judge(), []) is None
    assert compare(newsvendor.judge(), [replace(found[0], cost=np.append(found[0].cost[:-1], np.inf)), *found[1:]]) is None
    alone = compare(newsvendor.judge(), found)
    assert alone is not None
    assert alone.vss is None  # nobody said what the average future would sign
    assert alone.evpi is not None
