"""The whole trial of a plan: through the engine, against closed forms, and what it says in words."""

from __future__ import annotations

import threading

import pytest

from benchmarks.newsvendor import lognormal, one_period
from models.generator import Branching
from models.options import SolveSettings
from models.plan import Plan
from models.quality import Estimate, FigureEstimate, OutOfSample
from models.uncertainty import Generated
from optimizer.engine import solve
from optimizer.quality import Chosen, judge_plan
from optimizer.quality_judge import judge_of
from optimizer.quality_words import digits_for, plus_minus, sentences_of
from optimizer.trial import best_first_stage
from scenarios import library
from scenarios.tree import paths_of
from tests.optimizer.generated_scenarios import two_suppliers

FAST = SolveSettings(baselines=False, gap=1e-6)


@pytest.fixture(scope="module")
def plan() -> Plan:
    """A plan for few futures, tried as it is by default."""
    return solve(one_period(), FAST)


def test_generated_futures_are_tried_by_default(plan: Plan) -> None:
    """A plan for generated futures does not say what it costs on others, or not what it truly costs."""
    assert plan.quality is not None
    found = plan.quality.out_of_sample
    assert found is not None
    assert (found.futures, found.asked) == (2000, 2000)
    (award,) = plan.awards
    truth = lognormal(award.volumes[0].volume)
    for figure in found.figures:
        if figure.figure != "objective":
            half = max(figure.high - figure.value, figure.value - figure.low)
            assert abs(figure.value - truth[figure.figure]) <= 2 * half, figure.figure
    assert "quality" in [phase.name for phase in plan.provenance.phases]
    assert plan.decision[-1] == plan.quality.sentences[0]
    assert plan.quality.sentences[0].startswith("On 2,000 fresh futures the expected cost is USD ")


def test_trial_repeats_bit_for_bit(plan: Plan) -> None:
    """Two runs of the same scenario give different intervals."""
    again = solve(one_period(), FAST)
    assert again.quality == plan.quality


def test_given_futures_are_not_tried() -> None:
    """A plan for given futures pretends to have been tried on others, or fails where that was asked for."""
    scenario = library.load("quickstart")
    assert solve(scenario, FAST).quality is None
    asked = solve(scenario, FAST.model_copy(update={"out_of_sample": 100})).quality
    assert asked is not None
    assert asked.out_of_sample is None
    assert "there is nothing to draw others from" in asked.notes[0]


def test_nothing_asked_nothing_done() -> None:
    """A trial that was switched off takes its time all the same."""
    scenario = two_suppliers()
    assert solve(scenario, FAST.model_copy(update={"out_of_sample": 0})).quality is None


def test_everything_on_request() -> None:
    """A part that was asked for is missing, or contradicts the others."""
    settings = SolveSettings(out_of_sample=400, replications=4, replication_futures=30, rolling=12, stability=2)
    quality = solve(two_suppliers(), settings).quality
    assert quality is not None
    assert quality.out_of_sample is not None
    assert quality.replications is not None
    assert quality.rolling is not None
    assert quality.stability is not None
    assert (quality.replications.replications, quality.replications.futures, quality.rolling.paths) == (4, 30, 12)
    assert [x.runs for x in quality.stability.lines] == [2, 2, 2]
    assert 0 <= quality.replications.gap <= quality.replications.gap_high
    assert quality.rolling.clairvoyant.value <= quality.rolling.foresight.value <= quality.rolling.cost.value
    evpi, vss = quality.replications.evpi, quality.replications.vss
    assert evpi is not None
    assert vss is not None
    assert 0 <= evpi.low <= evpi.value <= evpi.high
    assert 0 <= vss.low <= vss.value <= vss.high
    assert len(quality.sentences) == 4
    assert quality.sentences[1].startswith("This award stays best within ")
    assert "runs with other draws of 40 futures" in quality.sentences[2]
    assert not [note for note in quality.notes if "left out" in note]


def test_stopping_keeps_the_plan() -> None:
    """A plan is lost because its trial was stopped."""
    scenario, stop = two_suppliers(), threading.Event()
    paths = paths_of(scenario)
    best = best_first_stage(scenario, paths, settings=FAST)
    chosen = Chosen(best.first, best.objective, best.cost, paths.probability)
    stop.set()
    settings = SolveSettings(replications=3, rolling=4, stability=2)
    found = judge_plan(scenario, settings, chosen, lambda: 60.0, stop)
    assert found is not None
    assert (found.out_of_sample, found.replications, found.rolling, found.stability, found.sentences) == (None, None, None, None, ())
    assert len(found.notes) >= 4
    out_of_time = judge_plan(scenario, settings, chosen, lambda: -1.0)
    assert out_of_time is not None
    assert out_of_time.out_of_sample is None


def test_rules_over_all_futures_are_not_imposed_on_rivals() -> None:
    """The gap compares the plan with rivals that are bound by a rule which the trial could not impose."""
    bound = two_suppliers(rules=[{"kind": "fill_rate", "min": 0.999, "in": "expected"}], shortage=[{"product": "cable", "kind": "lost", "cost_per_unit": 31.0}])
    judge, paths = judge_of(bound, FAST, lambda: 60.0, None), paths_of(bound)
    assert judge is not None
    assert judge.rival(paths).objective < judge.best(paths).objective - 1.0
    best = judge.best(paths)
    notes = judge_plan(bound, SolveSettings(out_of_sample=50), Chosen(best.first, best.objective, best.cost, paths.probability), lambda: 60.0)
    assert notes is not None
    assert any("(fill_rate)" in note for note in notes.notes)


def test_bundled_futures_are_tried_and_the_difference_in_foresight_is_told() -> None:
    """A plan for a tree of several stages is not tried, or is said to know as little as the trial."""
    scenario = two_suppliers()
    assert isinstance(scenario.uncertainty, Generated)
    bundled = scenario.model_copy(update={"uncertainty": scenario.uncertainty.model_copy(update={"tree": Branching(branching=(3, 2, 2))})})
    quality = solve(bundled, FAST.model_copy(update={"out_of_sample": 100, "rolling": 6})).quality
    assert quality is not None
    assert quality.out_of_sample is not None
    assert quality.rolling is not None
    assert "step by step" in quality.notes[0]


def test_ambiguous_probabilities_have_no_figure_on_fresh_futures() -> None:
    """The worst probabilities around those of a sample are taken for a property of the market."""
    scenario = two_suppliers(risk={"weight": 0.0, "tail": 0.1, "ambiguity": {"radius": 0.1}})
    quality = solve(scenario, FAST.model_copy(update={"out_of_sample": 60, "replications": 2})).quality
    assert quality is not None
    assert quality.out_of_sample is not None
    assert "objective" not in {x.figure for x in quality.out_of_sample.figures}
    assert quality.replications is None
    assert len(quality.sentences) == 1
    assert "promises" not in quality.sentences[0]


@pytest.mark.parametrize(
    ("value", "half", "said"),
    [
        (412.34e6, 2.96e6, "USD 412.3 ± 3.0 million"),
        (7.1e9, 47e6, "USD 7.100 ± 0.047 billion"),
        (1234.0, 56.0, "USD 1,234 ± 56"),
        (5.0, 0.0, "USD 5.00 ± 0.00"),
    ],
)
def test_amounts_show_as_many_digits_as_are_known(value: float, half: float, said: str) -> None:
    """A figure is shown to the cent that is known to the million, or rounded to nothing."""
    assert plus_minus(Estimate(value=value, low=value - half, high=value + half), "USD") == said
    assert digits_for(half / 1e6) <= 4


def sampled(objective: float, short: float) -> OutOfSample:
    """A trial of 2,000 futures with an expected cost of 412 +- 3 million."""
    figures = {"expected_cost": (412e6, 3e6), "objective": (objective, 4e6), "shortage_probability": (short, 0.01)}
    found = tuple(FigureEstimate.model_validate({"figure": k, "value": v, "low": v - half, "high": v + half}) for k, (v, half) in figures.items())
    return OutOfSample(futures=2000, asked=2000, batches=20, confidence=0.95, figures=found, quantiles=(), not_kept=0.0, method="")


@pytest.mark.parametrize(
    ("objective", "short", "rest"),
    [
        (441e6, 0.0, ", in line with what the plan promises."),
        (462e6, 0.0, ", risk included 5 % more than the plan promises."),
        (1100e6, 0.0, ", risk included 150 % more than the plan promises."),
        (418e6, 0.0, ", risk included 5 % less than the plan promises."),
        (440e6, 0.021, ", in line with what the plan promises, and some demand stays unmet with a probability of 2.1 %."),
    ],
)
def test_page_one_says_what_was_found(objective: float, short: float, rest: str) -> None:
    """Page one says that the plan holds when it does not, or hides that demand stays unmet."""
    assert sentences_of("USD", 440e6, sampled(objective, short), None, None, None) == (
        f"On 2,000 fresh futures the expected cost is USD 412.0 ± 3.0 million{rest}",
    )


def test_unmet_demand_that_differs_between_sites_has_no_fill_rate() -> None:
    """A fill rate is made up where it can't be told how much is asked for again."""
    sites = [{"id": "campus"}, {"id": "annex"}]
    demand = [{"site": x["id"], "product": "cable", "volume": [500.0]} for x in sites]
    shortage = [
        {"product": "cable", "site": "campus", "kind": "lost", "cost_per_unit": 40.0},
        {"product": "cable", "kind": "delayed", "cost_per_unit_year": 40.0},
    ]
    judge = judge_of(one_period(sites=sites, demand=demand, shortage=shortage), FAST, lambda: 60.0, None)
    assert judge is not None
    assert judge.lost is None
