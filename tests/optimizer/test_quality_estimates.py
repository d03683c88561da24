"""Intervals on fresh futures against the newsvendor, about whom everything is known in closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from benchmarks.coverage import through_the_generator
from benchmarks.newsvendor import MEAN, SHORT, UNIT, Newsvendor, committing
from optimizer.quality_estimates import Sample, figures_of, mean_of, pool, quantile, student, weighed
from optimizer.quality_judge import BATCHES, seeds
from optimizer.quality_sample import out_of_sample, sizes_of, try_fresh
from optimizer.tail import tail_mean
from optimizer.trial import Trial

REPETITIONS = 200
VOLUME = 130.0


def sampled(newsvendor: Newsvendor, futures: int) -> Sample:
    """The newsvendor's commitment tried on fresh futures."""
    found = try_fresh(newsvendor.judge(), committing(VOLUME), futures)
    assert found is not None
    return found


def coverage(newsvendor: Newsvendor, futures: int) -> dict[str, float]:
    """How often each interval holds the true figure."""
    truth = newsvendor.truth(VOLUME)
    hits = dict.fromkeys(truth, 0)
    for r in range(REPETITIONS):
        for name, found in figures_of(sampled(newsvendor.repeated(r + 1), futures), newsvendor.risk_weight, newsvendor.tail).items():
            hits[name] += found.low <= truth[name] <= found.high
    return {name: count / REPETITIONS for name, count in hits.items()}


@pytest.mark.parametrize("stratified", [False, True])
def test_intervals_cover_with_independent_draws(stratified: bool) -> None:
    """A 95 % interval holds the true figure far less, or far more often than it says."""
    for name, share in coverage(Newsvendor(risk_weight=0.5, stratified=stratified), 1600).items():
        assert 0.9 <= share <= 0.99, name


@pytest.mark.parametrize("sampling", ["sobol", "antithetic"])
def test_intervals_cover_with_dependent_points(sampling: str) -> None:
    """Intervals take evenly spread points for independent ones, and are wrong."""
    found = coverage(Newsvendor(risk_weight=0.5, sampling=sampling), 1600)  # type: ignore[arg-type]
    for name in ("expected_cost", "cvar", "objective", "fill_rate"):
        assert 0.9 <= found[name] <= 0.99, name
    assert min(found.values()) >= 0.9  # what is counted may be known better than its rounding allows to say


def test_intervals_cover_with_the_generator_s_futures() -> None:
    """Intervals hold on samples made for the test, and not on those that plans are tried on."""
    for name, share in through_the_generator(REPETITIONS, 2000, engine=False).items():
        assert 0.9 <= share <= (0.99 if name in ("expected_cost", "cvar", "fill_rate") else 1.0), name


def test_more_futures_narrow_the_interval_as_one_over_root_n() -> None:
    """Intervals narrow too slowly or too fast with the number of futures."""
    counts = (400, 1600, 6400)

    def widths(seed: int, futures: int) -> list[float]:
        found = figures_of(sampled(Newsvendor(seed=seed), futures), 0.5, 0.1)
        return [x.high - x.low for name, x in found.items() if name != "cost_p99"]  # 4 of 400 futures lie beyond it

    width = [np.mean([widths(r, n) for r in range(1, 41)], axis=0) for n in counts]
    slopes = np.polyfit(np.log(counts), np.log(width), 1)[0]
    assert slopes == pytest.approx(-0.5, abs=0.06)


def test_sobol_points_narrow_it_further() -> None:
    """Evenly spread points are no better than independent ones, so that something is wrong with how they are drawn or judged."""
    plain, even = (mean_of(found, found.cost) for found in (sampled(Newsvendor(sampling=s), 1600) for s in ("monte_carlo", "sobol")))
    assert even.high - even.low < 0.4 * (plain.high - plain.low)


def test_cvar_is_the_tail_mean_of_all_futures() -> None:
    """The CVaR on fresh futures differs from the mean of their worst, or is biased by being taken batch by batch."""
    found = sampled(Newsvendor(stratified=True), 800)
    assert found.weight @ weighed(found, 1.0, 0.1) == pytest.approx(tail_mean(found.cost, found.weight, 0.1), rel=1e-12)
    assert found.weight @ weighed(found, 0.3, 0.1) == pytest.approx(0.7 * found.weight @ found.cost + 0.3 * tail_mean(found.cost, found.weight, 0.1))


def test_interval_of_a_mean_is_student_on_batch_means() -> None:
    """The interval of the expected cost is not the textbook one."""
    found = sampled(Newsvendor(), 1600)
    means = [found.cost[found.batch == k].mean() for k in range(found.batches)]
    interval = mean_of(found, found.cost)
    low, high = stats.t.interval(0.95, len(means) - 1, loc=np.mean(means), scale=stats.sem(means))
    assert (interval.low, interval.high) == (pytest.approx(low), pytest.approx(high))
    assert student(9, 0.975) == pytest.approx(2.2622, abs=1e-4)


def test_quantile_is_the_least_value_that_reaches_the_level() -> None:
    """A weighted quantile is off by one future."""
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([0.2, 0.5, 0.3])
    assert [quantile(values, weights, p) for p in (0.0, 0.5, 0.51, 0.8, 0.81, 1.0)] == [1, 1, 2, 2, 3, 3]


def test_what_never_happened_may_still_happen() -> None:
    """A plan without any shortage on the fresh futures is said to be safe for certain."""
    trial = Trial(np.ones(100), np.ones(100), np.zeros((100, 1, 1)), np.ones((100, 1, 1)))
    figures = figures_of(pool([trial] * 4, [np.full(100, 0.01)] * 4, np.ones(1)), 0.0, 0.1)
    assert (figures["shortage_probability"].value, figures["shortage_probability"].high) == (0.0, pytest.approx(3 / 400))
    assert (figures["fill_rate"].value, figures["fill_rate"].low) == (1.0, pytest.approx(1 - 3 / 400))


def test_backlog_is_asked_for_again() -> None:
    """The fill rate divides by new demand only, unlike the plan's own."""
    unmet = np.array([[[10.0, 4.0]]])
    trial = Trial(np.zeros(1), np.zeros(1), unmet, np.full((1, 1, 2), 50.0))
    found = pool([trial] * 3, [np.ones(1)] * 3, np.array([0.25]))
    assert figures_of(found, 0.0, 0.1)["fill_rate"].value == pytest.approx(1 - 14 / (100 + 0.75 * 10))
    assert "fill_rate" not in figures_of(pool([trial] * 3, [np.ones(1)] * 3, None), 0.0, 0.1)


def test_futures_without_recourse_are_counted_and_left_out() -> None:
    """A future in which a hard rule can't be kept makes every figure infinite, or vanishes without a word."""
    cost = np.array([1.0, np.inf, 3.0, 4.0])
    trial = Trial(cost, cost, np.where(np.isinf(cost), np.nan, 0.0)[:, None, None], np.ones((4, 1, 1)))
    weight = np.array([0.4, 0.1, 0.3, 0.2])
    found = pool([trial] * 3, [weight] * 3, np.ones(1))
    assert found.not_kept == pytest.approx(0.1)
    assert figures_of(found, 0.0, 0.1)["expected_cost"].value == pytest.approx((0.4 + 0.9 + 0.8) / 0.9)


def test_document_says_what_was_tried() -> None:
    """The plan reports another number of futures than were tried, or figures that are not finite."""
    newsvendor = Newsvendor(risk_weight=0.5)
    found = sampled(newsvendor, 1600)
    told = out_of_sample(newsvendor.judge(), found, 1600, (np.array([1.0, 2.0]), np.array([0.5, 0.5])))
    assert told is not None
    assert (told.futures, told.asked, told.batches, told.not_kept) == (1600, 1600, BATCHES, 0.0)
    assert [x.chosen for x in told.quantiles if x.level in (0.5, 0.99)] == [1.0, 2.0]
    ambiguous = out_of_sample(replace(newsvendor.judge(), plain=False), found, 1600, (np.ones(1), np.ones(1)))
    assert ambiguous is not None
    assert "objective" not in {x.figure for x in ambiguous.figures}


def test_time_ends_the_trial_between_batches() -> None:
    """A trial runs past its time limit, or gives an interval from two batches."""
    newsvendor = Newsvendor()
    calls: list[int] = []

    def slow(futures: int, seed: int) -> object:
        calls.append(futures)
        return newsvendor.fresh(futures, seed)

    judge = replace(newsvendor.judge(), fresh=slow, enough=lambda: len(calls) >= 8)  # type: ignore[arg-type]
    found = try_fresh(judge, committing(VOLUME), 2000)
    assert found is not None
    assert (found.batches, found.tried) == (10, 1000)
    assert try_fresh(replace(judge, enough=lambda: True), committing(VOLUME), 2000) is None


def test_batches_share_out_the_futures() -> None:
    """Futures are lost between batches, or there are too few batches for an interval."""
    assert sizes_of(2000, 16, 2) == [125] * 16
    assert sum(sizes_of(2001, 16, 2)) == 2001
    assert [len(sizes_of(n, 16, 2)) for n in (1, 6, 10, 31)] == [3, 3, 5, 15]


def test_seeds_are_never_those_of_the_plan() -> None:
    """A plan is tried on the very futures it was made for, or two trials on the same ones."""
    judge = Newsvendor(seed=7).judge()
    found = {purpose: list(seeds(judge, purpose, 50)) for purpose in ("fresh futures", "replications", "rolling")}
    everything = [x for each in found.values() for x in each]
    assert len(set(everything)) == 150
    assert all(0 <= x < 2**31 for x in everything)
    own = replace(judge, seed=7)
    assert list(seeds(own, "rolling", 50)) == found["rolling"]
    taken = found["rolling"][0]
    assert taken not in list(seeds(replace(judge, seed=taken), "rolling", 50))


def test_newsvendor_truths_agree_with_integration() -> None:
    """The closed forms that everything here is measured against are wrong."""
    newsvendor = Newsvendor(risk_weight=0.5)
    u = (np.arange(2_000_000) + 0.5) / 2_000_000
    cost = UNIT * VOLUME + SHORT * np.maximum(-MEAN * np.log1p(-u) - VOLUME, 0.0)
    truth = newsvendor.truth(VOLUME)
    assert truth["expected_cost"] == pytest.approx(cost.mean(), rel=1e-4)
    assert truth["cvar"] == pytest.approx(np.sort(cost)[-200_000:].mean(), rel=1e-4)
    assert truth["cost_p99"] == pytest.approx(np.quantile(cost, 0.99), rel=1e-4)
    best = newsvendor.optimum()
    assert newsvendor.gap(best) == pytest.approx(0.0, abs=1e-9)
    assert min(newsvendor.gap(best - 5), newsvendor.gap(best + 5)) > 0
