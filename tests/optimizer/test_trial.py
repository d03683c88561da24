"""What a first stage costs in futures is what each future costs when it is planned alone with the first stage held."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from models.errors import Cancelled, Infeasible
from models.options import SolveSettings
from models.scenario import Scenario
from optimizer import engine, trial
from optimizer.bill import make_bill
from optimizer.contracts import build_contracts
from optimizer.first_stage import nothing_signed
from optimizer.instance import build_instance
from optimizer.outcome import read_outcome
from optimizer.solve import extensive
from optimizer.solve.choice import choose
from optimizer.solve.form_fan import FanForm
from optimizer.solve.form_whole import ExtensiveForm
from optimizer.solve.highs import Answer
from optimizer.trial import FirstStage, best_first_stage, try_out
from scenarios.files import scenario_from
from scenarios.library import load
from scenarios.tree import Paths, grow, paths_of
from tests.optimizer.build import Data, but
from tests.optimizer.solve.fans import fan_document, many

NEAR = 2e-6
EXACT = SolveSettings(gap=0.0, baselines=False)


def untied(document: Data) -> Data:
    """A document without rules that are measured over several futures; decisions after signing stay."""
    rules = [rule for rule in document["rules"] if rule["kind"] != "shortage_cvar" and rule.get("in") != "expected"]
    return document | {"rules": rules}


def form_of(scenario: Scenario, paths: Paths, method: str = "extensive", **changes: Any) -> ExtensiveForm | FanForm:
    found = choose(scenario, build_instance(scenario, grow(scenario, paths)), SolveSettings(**{"gap": 1e-7, "method": method} | changes))
    assert isinstance(found, ExtensiveForm | FanForm)
    return found


def chosen(scenario: Scenario, paths: Paths) -> FirstStage | None:
    """The best first stage, if there is any."""
    form = form_of(scenario, paths)
    answer = form.solve(EXACT, seconds=60.0)
    return None if answer.x is None else form.first_stage(answer.x)


def alone(scenario: Scenario, first: FirstStage, paths: Paths, f: int) -> Answer:
    """One future planned by itself, as compiled by Pyomo, with the first stage held."""
    one = form_of(scenario, paths.pick(np.array([f])))
    return one.held(first).solve(EXACT, seconds=60.0)


@pytest.mark.parametrize("seed", [*range(0, 20, 2), 24, 36])
def test_trials_cost_what_each_future_costs_alone(seed: int) -> None:
    """Figures on fresh futures would be those of another plan, or futures that break a hard rule pass for cheap ones."""
    scenario = scenario_from(untied(fan_document(seed, 4)))
    paths = paths_of(scenario)
    first = chosen(scenario, paths)
    for some in [None if first is None else first, None if first is None else {"signed": first["signed"], "volume": first["volume"], "opened": {}}]:
        if some is None:
            return
        found = try_out(scenario, some, paths, threads=1)
        for f in range(paths.count):
            answer = alone(scenario, some, paths, f)
            assert found.cost[f] == pytest.approx(answer.objective, rel=NEAR, abs=NEAR)
            assert np.isnan(found.cash[f]) == (answer.x is None)
            assert np.isnan(found.unmet[f]).all() == (answer.x is None)


@pytest.mark.parametrize("clauses", [
    [{"kind": "incremental_tiers", "tiers": [{"from_volume": 0, "to_volume": 10}, {"from_volume": 10, "discount": 0.2}]}],
    [{"kind": "prepayment", "share_of_contract_value": 0.2, "credit_per_unit": 5.0}, {"kind": "reservation", "fee_per_unit": 1.0}],
    [{"kind": "minimum_order", "volume": 12.0}],
])  # fmt: skip
def test_what_follows_from_a_first_stage_is_filled_in(clauses: list[Data]) -> None:
    """Discounts of tiers, prepayments and violations of rules on what is signed would be missing in a trial."""
    base = many(6)
    offers = [x | {"clauses": clauses} for x in base["offers"][:3]]
    rules = [{"kind": "force", "offer": "offer-0", "violation_price": 77.0}, {"kind": "supplier_count", "min": 3, "violation_price": 55.0}]
    scenario = scenario_from(but(base, offers=offers, rules=rules))
    paths = paths_of(scenario)
    for signed in (0.0, 1.0):
        keys = {(o, 0): signed * (o != 0) for o in range(3)}
        first = {"signed": keys, "volume": {(o, 0, 0, t): 20.0 * keys[o, 0] for o in range(3) for t in range(3)}, "opened": {}}
        found = try_out(scenario, first, paths)
        assert found.cost == pytest.approx([alone(scenario, first, paths, f).objective for f in range(6)], rel=NEAR)


def test_a_trial_is_billed_as_the_audit_bills() -> None:
    """Cash, unmet volume and cost of a trial would not belong together, or be other figures than the plan shows."""
    scenario = scenario_from(many(20))
    paths = paths_of(scenario)
    form = form_of(scenario, paths, "decomposition")
    answer = form.solve(SolveSettings(gap=1e-7), seconds=60.0)
    assert answer.x is not None
    found = try_out(scenario, form.first_stage(answer.x), paths)
    instance = form.instance
    contracts, tree = build_contracts(instance), instance.tree
    outcome = read_outcome(instance, contracts, form.values(answer.x))
    bill = make_bill(instance, contracts, outcome)
    cash, total = (instance.discount * x(tree.size) for x in (bill.cash, bill.total))
    ways = [tree.path(int(leaf)) for leaf in tree.leaves]
    assert found.cost == pytest.approx([total[way].sum() for way in ways], rel=NEAR)
    assert found.cash == pytest.approx([cash[way].sum() for way in ways], rel=1e-4)
    periods = np.array([0.0, 1.05**-1, 1.05**-2])
    assert found.cost - found.cash == pytest.approx(120.0 * (found.unmet[:, 0] @ periods), rel=NEAR, abs=1e-6)
    demand = np.array([[[sum(row.volume[t] for row in future.demand) for t in range(3)]] for future in scenario.uncertainty.futures])  # type: ignore[union-attr]
    assert found.demand == pytest.approx(demand)
    assert (found.unmet <= found.demand + 1e-9).all()


def test_carried_shortage_and_sites_are_added_up() -> None:
    """Unmet volume would be counted for one site, one step of its cost or one period only."""
    short = [
        {"product": "cable", "kind": "delayed", "cost_per_unit_year": 100.0, "terminal_cost_per_unit": 0.0, "steps": [{"above_share": 0.3, "cost_factor": 2.0}]}
    ]
    scenario = scenario_from(but(many(5), offers=[], suppliers=[], spot=[], storage=[], shortage=short, uncertainty=bare(5)))
    found = try_out(scenario, {"signed": {}, "volume": {}, "opened": {}}, paths_of(scenario))
    assert found.unmet == pytest.approx(np.cumsum(found.demand, axis=2))
    assert (found.cash == 0).all()


def bare(count: int) -> Data:
    """The futures without suppliers that fail and prices that move."""
    document = many(count)["uncertainty"]
    return document | {"futures": [{key: row[key] for key in ("id", "probability", "demand")} for row in document["futures"]]}


def test_futures_that_break_a_hard_rule_have_no_plan() -> None:
    """A rule that can't be kept would go unnoticed in fresh futures."""
    scenario = scenario_from(but(many(8), rules=[{"kind": "fill_rate", "min": 0.9, "in": "every_node"}]))
    paths = paths_of(scenario)
    nothing = {"signed": {(o, 0): 0.0 for o in range(5)}, "volume": {(o, 0, 0, t): 0.0 for o in range(5) for t in range(3)}, "opened": {}}
    found = try_out(scenario, nothing, paths)
    lost = np.isinf(found.cost)
    assert lost.sum() > 0
    assert [alone(scenario, nothing, paths, f).x is None for f in range(8)] == lost.tolist()
    assert np.isnan(found.cash[lost]).all()
    assert np.isnan(found.unmet[lost]).all()
    assert np.isfinite(found.demand).all()


@pytest.mark.parametrize(
    "rule", [{"kind": "spot_share", "max": 0.01}, {"kind": "shortage_cvar", "max": 0.0}, {"kind": "budget", "max": 1.0, "violation_price": 9.0}]
)
@pytest.mark.parametrize("count", [1, 4])
def test_rules_on_average_are_left_out(rule: Data, count: int) -> None:
    """A future alone would be held to what is only asked on average; one future in a chunk of its own would, or it would break the trial."""
    base = but(many(4), rules=[])
    paths = paths_of(scenario_from(base)).pick(np.arange(count))
    first = chosen(scenario_from(base), paths)
    assert first is not None
    free, tied = (try_out(scenario_from(but(base, rules=rules)), first, paths) for rules in ([], [rule]))
    assert tied.cost == pytest.approx(free.cost, rel=1e-9)
    assert tied.cash == pytest.approx(free.cash, rel=1e-9)


@pytest.mark.parametrize("late", [False, True])
def test_chunks_and_threads_change_nothing(late: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures would depend on how many futures are looked at together, or by how many threads."""
    base = many(5)
    offers = [x | ({"sign": "1"} if late else {}) for x in base["offers"][:2]]
    scenario = scenario_from(but(base, offers=offers))
    paths = paths_of(scenario)
    first = chosen(scenario, paths)
    assert first is not None
    assert first["signed"] == {} or not late
    one = try_out(scenario, first, paths, threads=1)
    four = try_out(scenario, first, paths, threads=4)
    for name in ("cost", "cash", "unmet", "demand"):
        assert np.array_equal(getattr(one, name), getattr(four, name))
    monkeypatch.setattr(trial, "CHUNK", 2)
    assert try_out(scenario, first, paths).cost == pytest.approx(one.cost, rel=NEAR)


def test_a_trial_can_be_stopped() -> None:
    """A trial of thousands of futures would go on after the user has called it off."""
    stop = threading.Event()
    stop.set()
    for offers in (many(3)["offers"], [x | {"sign": "1"} for x in many(3)["offers"]]):
        scenario = scenario_from(but(many(3), offers=offers))
        with pytest.raises(Cancelled):
            try_out(scenario, {"signed": {}, "volume": {}, "opened": {}}, paths_of(scenario), stop=stop)


@pytest.mark.parametrize("method", ["extensive", "decomposition"])
def test_the_best_first_stage_is_that_of_the_plan(method: str) -> None:
    """Replications would compare plans that are none, with bounds that belong to something else."""
    scenario = scenario_from(many(25))
    paths, settings = paths_of(scenario), SolveSettings(gap=1e-5, method=method, baselines=False)  # type: ignore[arg-type]
    found, plan = best_first_stage(scenario, paths, settings=settings), engine.solve(scenario, settings)
    assert found.objective == pytest.approx(plan.summary.objective, rel=1e-9)
    assert found.bound == pytest.approx(plan.summary.bound, rel=1e-9)
    assert {o for (o, _), y in found.first["signed"].items() if y > 0.5} == {int(award.offer[-1]) for award in plan.awards}
    assert found.cost == pytest.approx(try_out(scenario, found.first, paths).cost, rel=NEAR)
    assert found.cost == pytest.approx([line.cost for line in plan.futures], rel=NEAR)


def test_no_first_stage_is_said() -> None:
    """A sample without a plan would break the estimate instead of being told."""
    scenario = scenario_from(but(many(3), rules=[{"kind": "budget", "max": 1.0, "in": "every_future"}, {"kind": "fill_rate", "min": 1.0, "in": "every_node"}]))
    with pytest.raises(Infeasible):
        best_first_stage(scenario, paths_of(scenario), settings=EXACT)
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        best_first_stage(scenario_from(many(40)), paths_of(scenario_from(many(40))), settings=SolveSettings(), stop=stop)


def test_volumes_beyond_their_bounds_are_brought_back() -> None:
    """A first stage with the rounding of a solver in it would have no plan at all."""
    scenario = scenario_from(many(6))
    paths = paths_of(scenario)
    first = chosen(scenario, paths)
    assert first is not None
    shaken: FirstStage = {
        "signed": {key: y + 1e-8 for key, y in first["signed"].items()},
        "volume": {key: v * (1 + 1e-8) - 1e-9 for key, v in first["volume"].items()},
        "opened": {},
    }
    assert try_out(scenario, shaken, paths).cost == pytest.approx(try_out(scenario, first, paths).cost, rel=1e-5)


def test_a_part_of_the_first_stage_may_be_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not said would be taken for zero without the rest being brought in line with it."""
    scenario = scenario_from(many(6))
    paths = paths_of(scenario)
    asked: list[int] = []
    known = extensive.solve
    monkeypatch.setattr(trial, "solve", lambda problem, **rest: asked.append(1) or known(problem, **rest))
    first = chosen(scenario, paths)
    assert first is not None
    found = try_out(scenario, {**first, "volume": {}}, paths)
    assert asked
    assert np.isfinite(found.cost).all()


def test_nothing_signed_can_be_tried_on_large_volumes() -> None:
    """Spot only would have no figures where volumes are large: a tolerance on contracts that are not signed was worth money, and convicted the solver."""
    scenario = load("fibre-generated")
    found = try_out(scenario, nothing_signed(scenario), paths_of(scenario).pick(np.arange(2)))
    assert np.isfinite(found.cost).all()
