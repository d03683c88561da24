"""The audit finds out what is wrong with a plan: mutated solutions, sabotaged models, tampered answers; and nothing is wrong with sound ones."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.errors import AuditMismatch
from models.options import SolveSettings
from models.scenario import Scenario
from optimizer import audit as auditing
from optimizer import engine
from optimizer.outcome import Outcome, read_outcome
from optimizer.solve import choice, extensive
from optimizer.solve.extensive import solve as solve_extensive
from optimizer.solve.highs import Answer
from optimizer.solve.problem import compile_problem
from optimizer.solve.stamping import stamp_extensive
from scenarios.files import scenario_from
from tests.models.edits import base, edited
from tests.optimizer.random_scenarios import random_scenario
from tests.optimizer.sabotage import Solved, Tamper, dropped, loosened, mutations, repriced, solved

SEEDS = range(40, 60)
SETTINGS = SolveSettings(gap=0.0, baselines=False)


def sound() -> list[Solved]:
    """The base scenario and the feasible ones of 20 random scenarios, solved."""
    found = [solved(scenario_from(base())), *(solved(random_scenario(seed)) for seed in SEEDS)]
    return [what for what in found if what is not None]


def test_mutated_solutions_are_found_out_and_sound_ones_are_not() -> None:
    """A plan with a volume, a signature or a penalty changed would be shown, or a sound plan withheld."""
    material = seen = exact = false_alarms = missed = 0
    for i, what in enumerate(sound()):
        assert what.audited(what.x)
        assert what.exact(what.x)
        for _, x in mutations(what, 40, seed=i):
            audited = what.audited(x)
            if what.possible(x):
                false_alarms += not audited
                continue
            passed = what.exact(x)
            material, seen, exact, missed = material + 1, seen + (not audited), exact + (not passed), missed + (audited and passed)
    assert material >= 500
    assert seen >= 0.99 * material
    assert exact >= 0.99 * material
    assert missed == 0
    assert false_alarms == 0


# what is done to the model -> what the message says
SABOTAGE: dict[str, tuple[Tamper, str]] = {
    "demand understated": (loosened("demand_is_served", 0.9), "balance of 'cable' at"),
    "no demand": (dropped("demand_is_served"), "balance of 'cable' at"),
    "spot volume from nowhere": (dropped("spot_is_received"), "spot market 'spot-us': receipts within arrivals"),
    "contract volume from nowhere": (dropped("all_taken_is_delivered"), "offer 'maker-long-term': deliveries against takes"),
    "no ceiling on takes": (dropped("take_within_band_above"), "offer 'importer-frame': volume_band"),
    "volume without signature": (dropped("committed_at_most"), "offer 'maker-long-term'"),
    "no profile": (dropped("volume_follows_shape"), "offer 'maker-long-term': volume profile"),
    "no capacity": (dropped("takes_within_capacity"), "takes within capacity at 2028.tight"),
    "rule forgotten": (dropped("spend_within_budget"), "rules[1] 2027.normal"),
    "credit beyond what was prepaid": (dropped("balance_runs_down"), "objective 1,053,720,868"),
    "credit beyond what is taken": (dropped("credit_within_take"), "objective 1,050,226,703"),
    "no tail": (dropped("cost_beyond_threshold"), "objective 1,053,590,760"),
    "spot too cheap": (repriced("order", 0.9), "objective 1,053,590,760"),
    "shortage too cheap": (repriced("unmet", 0.9), "objective 1,053,590,760"),
    "stock too cheap": (repriced("stock", 0.9), "objective 1,053,590,760"),
    "delivery too cheap": (repriced("deliver", 0.9), "objective 1,053,590,760"),
    "purchase too cheap": (repriced("take", 0.9), "objective 1,053,590,760"),
    "signing too cheap": (repriced("signed", 0.9), "objective 1,053,590,760"),
}


@pytest.mark.parametrize("name", SABOTAGE)
def test_engine_shows_no_plan_of_a_sabotaged_model(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of the model would give a plan that can't be carried out, or that costs something else."""
    tamper, said = SABOTAGE[name]
    monkeypatch.setattr(choice, "compile_problem", lambda kernel: tamper(compile_problem(kernel)))
    monkeypatch.setattr(choice, "stamp_extensive", lambda *figures: tamper(stamp_extensive(*figures)))
    with pytest.raises(AuditMismatch) as caught:
        engine.solve(scenario_from(base()), SETTINGS)
    assert str(caught.value).startswith("The audit disagrees with the model, so no plan is shown")
    assert said in str(caught.value)


def with_answer(monkeypatch: pytest.MonkeyPatch, change: Callable[[Any, Answer], Answer]) -> pytest.ExceptionInfo[AuditMismatch]:
    """What the engine says of an answer that was changed on its way from the solver."""
    monkeypatch.setattr(extensive, "solve", lambda problem, **options: change(problem, solve_extensive(problem, **options)))
    with pytest.raises(AuditMismatch) as caught:
        engine.solve(scenario_from(base()), SETTINGS)
    return caught


@pytest.mark.parametrize("factor", [1 - 1e-5, 1 + 1e-5, 0.5])
def test_engine_believes_no_wrong_objective(factor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """The solver could claim a cost that the plan does not have."""
    caught = with_answer(monkeypatch, lambda _, answer: replace(answer, objective=answer.objective * factor))
    assert "by audit and" in str(caught.value)


def test_engine_believes_no_solution_that_breaks_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clause's own column, which no bill looks at, could be wrong: the exact check would not be asked."""

    def forged(problem: Any, answer: Answer) -> Answer:
        assert answer.x is not None
        x = answer.x.copy()
        j = next(j for j in range(len(x)) if "prepayment.balance" in problem.column_name(j))
        x[j] = problem.upper[j] - x[j]
        return replace(answer, x=x)

    caught = with_answer(monkeypatch, forged)
    assert str(caught.value).startswith("The solver's answer fails the exact check: violation")
    assert "offers[maker-long-term].prepayment.balance_runs_down" in str(caught.value)


def test_engine_believes_no_solution_that_is_not_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """NaN passes every comparison by which a violation is looked for."""

    def forged(problem: Any, answer: Answer) -> Answer:
        assert answer.x is not None
        x = answer.x.copy()
        x[problem.keys["move"][1][0]] = np.nan
        return replace(answer, x=x)

    with_answer(monkeypatch, forged)


def everything() -> Scenario:
    """A scenario with something of all that the audit looks at."""
    data = edited(
        ("products[+]", {"id": "kit", "unit": "thousand fibre-km"}),
        ("shortage[+]", {"product": "kit", "kind": "lost", "cost_per_unit": 50000}),
        ("demand[+]", {"site": "ohio", "product": "kit", "volume": [100, 100, 100]}),
        ("substitutions", [{"product": "kit", "substitute": "cable", "max_share": 0.5, "ratio": 2}]),
        ("transfers[0].capacity", 500),
        ("offers[1].sites", ["ohio"]),
        ("offers[1].alternatives[0].profile", {"kind": "free", "ramp": 0.1}),
        ("offers[1].clauses[+]", {"kind": "minimum_order", "volume": 100}),
    )
    return scenario_from(data)


def changed(array: Any, where: tuple[Any, ...], value: float) -> Any:
    """A copy of an array with one value set."""
    found = array.copy()
    found[where] = value
    return found


def one(arrays: tuple[Any, ...], i: int, where: tuple[Any, ...], value: float) -> tuple[Any, ...]:
    """The same for one array of several."""
    return tuple(changed(array, where, value) if k == i else array for k, array in enumerate(arrays))


NOW, FIRST, LAST = 0, 1, -1
BREACHES: dict[str, Callable[[Outcome], Outcome]] = {
    "offer 'maker-long-term': alternatives signed": lambda o: replace(o, signed=one(o.signed, 0, (slice(None), NOW), 1)),
    "offer 'maker-long-term': volume without signature": lambda o: replace(o, signed=one(o.signed, 0, (slice(None), NOW), 0)),
    "offer 'maker-long-term': volume range": lambda o: replace(o, volume=one(o.volume, 0, (0, slice(None), NOW), 9000)),
    "offer 'maker-long-term': volume profile": lambda o: replace(o, volume=one(o.volume, 0, (0, 1, NOW), 4500)),
    "offer 'importer-frame': ramp": lambda o: replace(o, volume=one(o.volume, 1, (0, 1, NOW), 0), signed=one(o.signed, 1, (0, NOW), 1)),
    "offer 'importer-frame': deliveries against takes": lambda o: replace(o, deliver=one(o.deliver, 1, (0, 0, LAST), 0)),
    "offer 'importer-frame': deliveries to sites it does not serve": lambda o: replace(o, deliver=one(o.deliver, 1, (0, 1, LAST), 700)),
    "offer 'importer-frame': takes outside its window": lambda o: replace(o, take=one(o.take, 1, (0, FIRST), 700)),
    "offer 'importer-frame': volume_band": lambda o: replace(o, take=one(o.take, 1, (0, LAST), 9000)),
    "offer 'importer-frame': minimum_order": lambda o: replace(o, take=one(o.take, 1, (0, LAST), 50)),
    "takes within capacity at 2027.normal": lambda o: replace(o, take=one(o.take, 0, (0, FIRST), 20000)),
    "commitments within capacity at 2027.normal": lambda o: replace(o, volume=one(o.volume, 0, (0, slice(None), NOW), 20000)),
    "capacity step 'new-line' opened twice": lambda o: replace(o, opened=changed(o.opened, (0, NOW), 2)),
    "capacity step 'new-line' opened without enough commitment": lambda o: replace(
        o, opened=changed(o.opened, (0, NOW), 1), volume=one(o.volume, 0, (0, slice(None), NOW), 2000)
    ),
    "spot market 'spot-us': orders within what is on offer": lambda o: replace(o, order=one(o.order, 0, (0, FIRST), 1e5)),
    "spot market 'spot-us': receipts within arrivals": lambda o: replace(o, receive=one(o.receive, 0, (0, FIRST), 1e5)),
    "transfer 0: capacity": lambda o: replace(o, move=changed(o.move, (0, FIRST), 501)),
    "substitution 0: share of demand": lambda o: replace(o, swap=changed(o.swap, (0, 0, FIRST), 51)),
    "stock within capacity": lambda o: replace(o, stock=changed(o.stock, (0, 0, FIRST), 801)),
    "balance of 'cable' at 'ohio'": lambda o: replace(o, unmet=changed(o.unmet, (0, 0, slice(None)), 0)),
    "balance of 'cable' at 'ohio': more unmet than asked for": lambda o: replace(o, unmet=changed(o.unmet, (0, 0, FIRST), 1e5)),
    "rules[0] on average": lambda o: replace(o, take=one(o.take, 1, (0, slice(2, None)), 1e5)),
}  # fmt: skip


def test_every_check_of_the_audit_is_triggered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check could be added, or die, without anybody noticing; each must name what is wrong."""
    what = solved(everything())
    assert what is not None
    outcome = read_outcome(what.instance, what.contracts, what.problem.values(what.x))
    seen: set[str] = set()
    lines: set[int] = set()
    see = auditing._Worst.see

    def noting(self: Any, *what: Any) -> None:
        alone = auditing._Worst()
        see(alone, *what)
        if alone.size > auditing.TOLERANCE:
            seen.add(alone.where)
            lines.add(sys._getframe(1).f_lineno)
        see(self, *what)

    monkeypatch.setattr(auditing._Worst, "see", noting)
    auditing.audit(what.instance, what.contracts, outcome)
    assert not seen
    for where, breach in BREACHES.items():
        seen.clear()
        found = auditing.audit(what.instance, what.contracts, breach(outcome))
        assert where in seen, (where, seen)
        assert not found.passed(what.objective)
    calls = [x for x in ast.walk(ast.parse(inspect.getsource(auditing))) if isinstance(x, ast.Call) and getattr(x.func, "attr", "") == "see"]
    silent = [x.lineno for x in calls if not any(x.lineno <= line <= (x.end_lineno or 0) for line in lines)]
    assert not silent, f"no breach triggers the checks in lines {silent} of optimizer/audit.py"


def test_largest_violation_is_the_one_that_is_named() -> None:
    """The message would send us to the wrong place."""
    worst = auditing._Worst()
    worst.see(2.0, 1000.0, "small")
    worst.see(np.array([0.1, 5.0]), np.array([1.0, 10.0]), "large")
    worst.see(3.0, 1000.0, "later")
    assert (worst.size, worst.where) == (0.5, "large")
    worst.see(np.array([0.0, np.nan]), 1.0, "not a number")
    worst.see(9.0, 1.0, "afterwards")
    assert (worst.size, worst.where) == (float("inf"), "not a number")
