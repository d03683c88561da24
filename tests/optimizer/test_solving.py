"""Solving: gaps and time limits are kept, runs can be stopped, progress is monotone, plans are repeatable, and doubtful or huge scenarios are refused."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from functools import cache
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from benchmarks import reference
from benchmarks.fuzz import compiled
from models.errors import Cancelled, Infeasible, InvalidScenario, NumericallyDoubtful, TimeLimit
from models.options import SolveSettings
from models.plan import Plan
from models.scenario import Scenario
from optimizer.engine import solve
from optimizer.progress import Progress
from optimizer.size import estimate_nonzeros
from optimizer.solve import extensive
from optimizer.solve import search as searching
from optimizer.solve.highs import Answer, solve_problem
from optimizer.solve.problem import Problem
from optimizer.solve.search import search, suits
from scenarios import library
from scenarios.files import scenario_from
from tests.models.edits import Edit, edited
from tests.optimizer.random_scenarios import random_scenario

OPTIMUM_5 = 2256365.7351101716  # of the reference problem with 5 futures


@cache
def reference_5() -> Scenario:
    """The reference problem with 5 futures: 20 binaries, solved by the search in about 15 relaxations."""
    return reference.scenario(5)


def settings(**changes: Any) -> SolveSettings:
    """Settings without baselines."""
    return SolveSettings(**{"gap": 0.0, "baselines": False, "detail": "summary", "time_limit_seconds": 120, **changes})


# the gap


@pytest.mark.parametrize("gap", [0.2, 0.02, 1e-4, 0.0])
def test_gap_is_honoured_by_the_search(gap: float) -> None:
    """The plan could be worse than was asked for, or its bound not proven."""
    plan = solve(reference_5(), settings(gap=gap))
    s = plan.summary
    assert (plan.status, plan.stop_reason) == ("optimal", "gap")
    assert s.gap == pytest.approx((s.objective - s.bound) / s.objective, abs=1e-12)
    assert s.gap <= gap + 1e-9
    assert s.bound <= OPTIMUM_5 * (1 + 1e-7)
    assert OPTIMUM_5 * (1 - 1e-7) <= s.objective <= OPTIMUM_5 * (1 + gap + 1e-7)


@pytest.mark.parametrize("seed", range(3, 40, 4))
def test_gap_is_honoured_whatever_the_method(seed: int) -> None:
    """Small scenarios go to HiGHS's own search, whose gap could be read wrongly."""
    scenario = random_scenario(seed)
    try:
        best = solve(scenario, settings()).summary.objective
    except Infeasible:
        with pytest.raises(Infeasible):
            solve(scenario, settings(gap=0.3))
        return
    s = solve(scenario, settings(gap=0.3)).summary
    tolerance = 1e-6 * max(1.0, abs(best))
    assert s.gap <= 0.3 + 1e-9
    assert s.bound <= best + tolerance
    assert s.objective >= best - tolerance


# time and stopping


def test_time_limit_without_a_plan_says_so() -> None:
    """A run out of time would end in a crash, or in a plan that is none."""
    with pytest.raises(TimeLimit) as caught:
        solve(reference.scenario(20), settings(time_limit_seconds=0.05))
    assert str(caught.value).startswith("No plan was found within")
    assert "`time_limit_seconds`" in str(caught.value)


def test_time_limit_with_a_plan_gives_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found before the limit would be thrown away, or called optimal."""
    ticks = iter(range(10**9))
    monkeypatch.setattr(searching, "time", SimpleNamespace(monotonic=lambda: 10.0 * next(ticks)))  # ten seconds per relaxation
    plan = solve(reference_5(), settings(time_limit_seconds=60))
    assert (plan.status, plan.stop_reason) == ("feasible", "time")
    assert plan.audit.passed
    assert plan.summary.bound <= OPTIMUM_5 * (1 + 1e-7) <= plan.summary.objective * (1 + 2e-7)
    assert plan.summary.gap > 0


class Stopper:
    """Sets `stop` from a thread of its own as soon as a plan is known, and lets the solving thread go on only then."""

    def __init__(self) -> None:
        self.stop, self.seen = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        if self.seen.wait(60):
            self.stop.set()

    def note(self, incumbent: float | None) -> None:
        """Hear of the best plan so far."""
        if incumbent is not None and not self.seen.is_set():
            self.seen.set()
            self.thread.join(60)


def test_stop_from_another_thread_keeps_the_best_plan() -> None:
    """A user who has seen enough would lose the plan, or be told that it is optimal."""
    stopper = Stopper()
    plan = solve(reference_5(), settings(), on_progress=lambda event: stopper.note(event.incumbent), stop=stopper.stop)
    assert (plan.status, plan.stop_reason) == ("feasible", "user")
    assert plan.audit.passed
    assert plan.summary.bound <= OPTIMUM_5 * (1 + 1e-7)


def test_stop_before_any_plan_is_a_cancellation() -> None:
    """Stopping early would look like a failure of the solver."""
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        solve(reference_5(), settings(), stop=stop)


def test_stop_reaches_the_solvers_own_search() -> None:
    """A problem with many binaries could not be stopped, because it is HiGHS that searches."""
    stopper = Stopper()
    answer = solve_problem(knapsack(), seconds=60, on_best=lambda incumbent, _: stopper.note(incumbent), stop=stopper.stop)
    assert (answer.status, answer.stop_reason) == ("feasible", "user")
    assert answer.x is not None
    assert answer.bound <= answer.objective


def test_exception_in_a_listener_comes_back() -> None:
    """A fault in whoever listens to the progress would vanish inside the solver's callback."""

    def broken(incumbent: float | None, bound: float | None) -> None:  # noqa: ARG001
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        solve_problem(knapsack(), seconds=60, on_best=broken)


# progress


def check_monotone(heard: list[tuple[float | None, float | None]]) -> None:
    """Plans only get better, bounds only tighter, and no bound passes a plan."""
    plans = [plan for plan, _ in heard if plan is not None]
    bounds = [bound for _, bound in heard if bound is not None]
    slack = 1e-9 * max(1.0, abs(plans[-1]))
    assert all(later <= earlier + slack for earlier, later in pairwise(plans))
    assert all(later >= earlier - slack for earlier, later in pairwise(bounds))
    assert all(bound <= plan + slack for plan, bound in heard if plan is not None and bound is not None)


@pytest.mark.parametrize("gap", [0.0, 0.03])
def test_progress_is_monotone_and_ends_with_the_plan(gap: float) -> None:
    """A progress bar would run backwards, or end on other figures than the plan's."""
    events: list[Progress] = []
    plan = solve(reference_5(), settings(gap=gap), on_progress=events.append)
    check_monotone([(event.incumbent, event.bound) for event in events])
    assert [event.seconds for event in events] == sorted(event.seconds for event in events)
    assert list(dict.fromkeys(event.phase for event in events)) == ["read", "build", "solve", "baselines", "audit", "quality", "report"]
    last = events[-1]
    assert (last.incumbent, last.bound) == (plan.summary.objective, plan.summary.bound)
    assert last.gap == pytest.approx(plan.summary.gap, abs=1e-12)


def test_progress_of_the_solvers_own_search_is_monotone() -> None:
    """HiGHS's figures would be passed on with the wrong sign or scale."""
    heard: list[tuple[float | None, float | None]] = []
    problem = knapsack()
    answer = solve_problem(problem, seconds=1.5, on_best=lambda plan, bound: heard.append((plan, bound)))
    assert heard
    check_monotone([*heard, (answer.objective, answer.bound)])
    assert answer.objective == pytest.approx(float(problem.cost @ answer.x) + problem.offset)


# the same again


def bare(plan: Plan) -> dict[str, Any]:
    """A plan without its times."""
    found: dict[str, Any] = json.loads(plan.model_dump_json())
    found["provenance"].update(created="", phases=[])
    return found


def test_same_settings_same_plan() -> None:
    """Two runs of one scenario would differ, and nobody could tell why."""
    scenario = library.load("quickstart")
    assert bare(solve(scenario)) == bare(solve(scenario))


def test_threads_do_not_change_the_plan() -> None:
    """A faster machine would give another plan."""
    scenario = library.load("quickstart")
    one, many = (bare(solve(scenario, scenario.solve.model_copy(update={"threads": threads}))) for threads in (1, 4))
    assert one == many


@pytest.mark.parametrize("name", ["quickstart", "rule-budget", "clause-minimum_order"])
def test_seeds_agree_within_the_gap(name: str) -> None:
    """The solver's luck would decide what a plan costs."""
    scenario = library.load(name)
    found = [solve(scenario, settings(seed=seed)).summary.objective for seed in (1, 2, 77)]
    assert found == pytest.approx([found[0]] * 3, rel=1e-6)


# the search against HiGHS's own


def of_numbers(rows: list[tuple[float, dict[int, float], float]], cost: Any, upper: Any, binaries: int) -> Problem:
    """A problem from rows (lower, coefficients, upper); the first columns are binaries, lower bounds are 0."""
    _, shell = compiled(scenario_from(edited(("uncertainty", {"kind": "certain"}))))
    columns = len(cost)
    where = [(i, j, value) for i, (_, terms, _) in enumerate(rows) for j, value in terms.items()]
    i, j, values = (np.array(x) for x in zip(*where, strict=True))
    return replace(
        shell,
        matrix=sparse.csr_matrix((values.astype(float), (i, j)), shape=(len(rows), columns)),
        row_lower=np.array([low for low, _, _ in rows], dtype=float),
        row_upper=np.array([high for _, _, high in rows], dtype=float),
        cost=np.asarray(cost, dtype=float),
        offset=0.0,
        lower=np.zeros(columns),
        upper=np.asarray(upper, dtype=float),
        integer=np.arange(columns) < binaries,
    )


def knapsack(items: int = 70, rows: int = 6) -> Problem:
    """A multidimensional knapsack that takes HiGHS many seconds to prove."""
    r = np.random.default_rng(0)
    weight = r.integers(20, 100, (rows, items))
    limits = [(-np.inf, {j: float(w) for j, w in enumerate(row)}, float(row.sum() // 2)) for row in weight]
    return of_numbers(limits, -(weight.mean(axis=0) + r.integers(0, 20, items)), np.ones(items), items)


def contracts(seed: int) -> Problem:
    """Random contracts: a binary opens a volume between a floor and a ceiling in each period, at a fixed and a unit cost; shortage is dear."""
    r = np.random.default_rng(seed)
    offers, periods = int(r.integers(2, 11)), int(r.integers(1, 7))
    fixed, unit = r.integers(0, 300, offers), r.integers(1, 30, (offers, periods))
    low, high = r.integers(0, 20, offers), r.integers(20, 60, offers)
    demand, short = r.integers(10, 40 * offers, periods), r.integers(20, 90, periods)
    volume = lambda o, t: offers + o * periods + t  # noqa: E731
    unmet = lambda t: offers + offers * periods + t  # noqa: E731
    rows: list[tuple[float, dict[int, float], float]] = []
    for o in range(offers):
        for t in range(periods):
            rows.append((0.0, {volume(o, t): 1.0, o: -float(low[o])}, np.inf))
            rows.append((-np.inf, {volume(o, t): 1.0, o: -float(high[o])}, 0.0))
    rows += [(float(demand[t]), {**{volume(o, t): 1.0 for o in range(offers)}, unmet(t): 1.0}, np.inf) for t in range(periods)]
    if r.random() < 0.4:  # a rule on how many, sometimes one that can't be kept together with the next
        rows.append((float(r.integers(0, 3)), dict.fromkeys(range(offers), 1.0), float(r.integers(1, offers + 1))))
    if r.random() < 0.3:
        rows.append((-np.inf, {unmet(t): 1.0 for t in range(periods)}, float(r.integers(0, int(demand.sum())))))
    cost = np.concatenate([fixed, unit.ravel(), short])
    upper = np.concatenate([np.ones(offers), np.repeat(high, periods), demand])
    return of_numbers(rows, cost, upper, offers)


def check_same(mine: Answer, theirs: Answer) -> None:
    """Both proved the same optimum, or that there is none."""
    assert mine.status == theirs.status
    if theirs.status == "infeasible":
        return
    tolerance = 1e-6 * max(1.0, abs(theirs.objective))
    assert mine.objective == pytest.approx(theirs.objective, abs=tolerance)
    assert mine.bound == pytest.approx(theirs.objective, abs=tolerance)
    assert mine.bound <= mine.objective


@pytest.mark.parametrize("first", range(0, 120, 20))
def test_search_agrees_with_highs(first: int) -> None:
    """The search would miss an optimum, prove a wrong bound, or call a problem infeasible that is not."""
    kinds = set()
    for seed in range(first, first + 20):
        problem = contracts(seed)
        theirs = solve_problem(problem, gap=0.0)
        check_same(search(problem, gap=0.0, seconds=60), theirs)
        kinds.add(theirs.status)
    assert "optimal" in kinds


@pytest.mark.parametrize("seed", range(0, 60, 6))
def test_search_agrees_with_highs_on_scenarios(seed: int) -> None:
    """The same on the engine's own models, whatever their size."""
    _, problem = compiled(random_scenario(seed))
    check_same(search(problem, gap=0.0, seconds=60), solve_problem(problem, gap=0.0))


def test_search_gap_and_bound_hold_within_it() -> None:
    """With a gap allowed, the bound could be above the optimum: what is dropped within the gap must count."""
    for seed in range(40):
        problem = contracts(seed)
        best, loose = solve_problem(problem, gap=0.0), search(problem, gap=0.1, seconds=60)
        assert loose.status == best.status
        if best.status == "optimal":
            tolerance = 1e-6 * max(1.0, abs(best.objective))
            assert loose.bound <= best.objective + tolerance
            assert best.objective - tolerance <= loose.objective
            assert loose.objective - loose.bound <= 0.1 * abs(loose.objective) + tolerance


def test_search_hands_over_when_there_are_too_many_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A problem on which the search gets nowhere would never end, or lose what was found."""
    monkeypatch.setattr(searching, "MOST_SOLVES", 4)
    handed = 0
    for seed in range(30):
        problem = contracts(seed)
        mine = search(problem, gap=0.0, seconds=60)
        handed += mine.nodes > 4
        check_same(mine, solve_problem(problem, gap=0.0))
    assert handed > 3


def test_method_is_chosen_by_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan would name another method than the one that was used."""
    assert suits(compiled(reference_5())[1])
    assert not suits(knapsack(items=200))
    assert "branch and bound" in solve(reference_5(), settings(gap=0.1)).provenance.method
    small = random_scenario(1)
    monkeypatch.setattr(extensive, "search", None)  # would fail if it were called
    assert "mixed-integer program" in solve(small, settings()).provenance.method


# numbers no solver can be trusted with, and models too large


def future_edit(probability: float) -> list[Edit]:
    """The base scenario with a last future of this probability."""
    return [("uncertainty.futures[2].probability", probability), ("uncertainty.futures[0].probability", 0.7 - probability)]


def test_doubtful_numbers_are_warned_of_with_their_fields() -> None:
    """Whoever mixes units would get a plan without a word of doubt."""
    plan = solve(scenario_from(edited(*future_edit(1e-12))), settings())
    (warning, *_) = [text for text in plan.warnings if "coefficients spread" in text]
    assert warning.startswith("Numerically doubtful: coefficients spread over")
    assert "`uncertainty.futures[2].probability` = 1e-12" in warning
    assert "(in " in warning
    assert plan.numerics.warnings == plan.warnings[: len(plan.numerics.warnings)]
    low, high = plan.numerics.scaled_coefficient_range
    assert high / low >= 1e7


def test_hopeless_numbers_are_refused_with_their_fields() -> None:
    """A solver's answer would be shown that nobody could rely on."""
    least = ("offers[0].alternatives[0].volume_per_period.min", 1e-9)
    with pytest.raises(NumericallyDoubtful) as caught:
        solve(scenario_from(edited(least)), settings())
    assert "`offers[0].alternatives[0].volume_per_period.min` = 1e-09" in str(caught.value)
    assert "offers[maker-long-term].committed_at_least" in str(caught.value)


def volumes(factor: float) -> Scenario:
    """A spot market for one product whose volumes are of this size."""
    data = edited(("offers", []), ("rules", []), ("storage", []), ("uncertainty", {"kind": "certain"}))
    for row in (*data["demand"], *data["spot"]):
        for field in ("volume", "available"):
            if field in row:
                row[field] = [value / 5000 * factor for value in row[field]]
    return scenario_from(data)


@pytest.mark.parametrize(("size", "said"), [(0.01, "smaller unit"), (1.0, None), (1e6, None), (5e8, "larger unit")])
def test_size_of_volumes_is_warned_of(size: float, said: str | None) -> None:
    """Volumes near the solver's tolerance, or beyond its precision, would be wrong without a word."""
    warnings = [text for text in solve(volumes(size), settings()).warnings if "`demand`" in text]
    assert [said in text for text in warnings] == ([True] if said else [])


@pytest.mark.parametrize(("size", "said"), [(1e-6, "too small"), (1e11, "too large")])
def test_size_of_volumes_is_refused(size: float, said: str) -> None:
    """A plan for volumes below the solver's tolerance would be noise."""
    with pytest.raises(NumericallyDoubtful, match=f"volumes are {said} for a trustworthy answer: `demand`"):
        solve(volumes(size), settings())


def test_money_of_any_size_gives_the_same_plan() -> None:
    """Amounts in yen or in millions would change what is signed: with large money the tail used to be overlooked."""
    fields = {"price", "signing_cost", "holding_cost", "cost", "cost_per_unit_year", "fee_per_unit", "credit_per_unit", "violation_price"}

    def scaled(value: Any, factor: float) -> Any:
        if isinstance(value, dict):
            budget = value.get("kind") == "budget"
            money = lambda key: (key in fields and not (budget and key == "violation_price")) or (budget and key == "max")  # noqa: E731
            return {key: times(item, factor) if money(key) else scaled(item, factor) for key, item in value.items()}
        return [scaled(item, factor) for item in value] if isinstance(value, list) else value

    def times(value: Any, factor: float) -> Any:
        return [times(item, factor) for item in value] if isinstance(value, list) else value * factor

    plans = {factor: solve(scenario_from(scaled(edited(), factor)), settings()) for factor in (1e-6, 1.0, 1e5)}
    for factor, plan in plans.items():
        assert plan.summary.objective / factor == pytest.approx(plans[1.0].summary.objective, rel=1e-6)
        assert [award.offer for award in plan.awards] == [award.offer for award in plans[1.0].awards]


def test_too_large_a_scenario_is_refused_with_the_number() -> None:
    """Memory would run out while the model is built."""
    with pytest.raises(InvalidScenario) as caught:
        solve(reference_5(), settings(max_nonzeros=10_000))
    (finding,) = caught.value.findings
    assert "nonzeros, more than `solve.max_nonzeros` = 10,000" in finding.message


@pytest.mark.parametrize("name", ["fibre", "quickstart", "clause-prepayment", "rule-fill_rate"])
def test_estimated_size_is_of_the_right_order(name: str) -> None:
    """Scenarios would be refused that are small enough, or let through that are not."""
    instance, problem = compiled(library.load(name))
    assert problem.matrix.nnz / 4 <= estimate_nonzeros(instance) <= 4 * problem.matrix.nnz
