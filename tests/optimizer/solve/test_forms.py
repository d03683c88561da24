"""Which form a question takes, and that both forms answer alike whatever is held, left out or asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.errors import InvalidScenario
from models.options import SolveSettings
from models.plan import Plan
from models.scenario import Scenario
from optimizer import engine
from optimizer.instance import build_instance
from optimizer.solve.choice import choose
from optimizer.solve.form_fan import FanForm
from optimizer.solve.form_tree import TreeForm
from optimizer.solve.form_whole import ExtensiveForm
from optimizer.solve.forms import Form, better_of
from optimizer.solve.highs import Answer
from scenarios import library
from scenarios.files import scenario_from
from scenarios.tree import build_tree
from tests.optimizer.build import Data, but
from tests.optimizer.solve.fans import DECIDED_LATER, differences, fan_document, many, planned, tree_document, without_scope

NEAR = 2e-6
LARGE = ("fibre", "fibre-generated")


def settings(**changes: Any) -> SolveSettings:
    return SolveSettings(**{"gap": 1e-7, "baselines": False, "detail": "summary"} | changes)


def form_of(scenario: Scenario, method: str = "auto", **changes: Any) -> Form:
    return choose(scenario, build_instance(scenario, build_tree(scenario)), settings(method=method, **changes))


def solved(form: Form) -> Answer:
    answer = form.solve(settings(), seconds=60.0)
    assert answer.status == "optimal"
    return answer


# ------------------------------------------------------------------------------------------------------------------ both methods


@pytest.mark.parametrize("name", [name for name in library.names() if name not in LARGE])
def test_both_methods_agree_on_every_library_scenario(name: str) -> None:
    """The answer to a bundled question would depend on how it is solved, or a method be refused without a reason that helps."""
    scenario = library.load(name)
    whole, apart = planned(scenario, method="extensive", gap=1e-7), planned(scenario, method="decomposition", gap=1e-7)
    assert isinstance(whole, Plan)
    assert "as asked" in whole.provenance.method
    if isinstance(apart, InvalidScenario):
        (finding,) = apart.findings
        assert finding.path == "solve.method"
        assert '"decomposition" is not possible here, because ' in finding.message
        assert 'use "auto" or "extensive"' in finding.message
        return
    assert isinstance(apart, Plan)
    assert apart.provenance.method.startswith("decomposition (L-shaped method")
    size = max(1.0, abs(whole.summary.objective))
    assert apart.summary.objective == pytest.approx(whole.summary.objective, abs=NEAR * size)
    assert apart.summary.bound <= whole.summary.objective + NEAR * size
    assert apart.summary.objective >= whole.summary.bound - NEAR * size


def test_one_future_keeps_its_rules_on_average() -> None:
    """With one future, a rule on average is a rule like any other, and was lost on the way to the first stage."""
    data = many(1) | {"rules": [{"kind": "spot_share", "max": 0.02}, {"kind": "budget", "max": 6_000.0, "violation_price": 2.0}]}
    scenario = scenario_from(data)
    assert "measured on average" in reason(scenario)
    form = form_of(scenario)
    (alone,) = form.futures()
    best = solved(form).objective
    assert replace(form, problem=alone).solve(settings(), seconds=60.0).objective == pytest.approx(best, rel=NEAR)  # type: ignore[type-var]
    assert best > solved(form.without_rules([0, 1])).objective * (1 + 1e-3)


def test_library_scenarios_are_taken_apart_unless_something_ties_them() -> None:
    """The test above would pass by refusing everything, or a clause would have come to decide something after signing without anybody noticing."""
    refused = {}
    for name in library.names():
        if name not in LARGE:
            try:
                form_of(library.load(name), "decomposition")
            except InvalidScenario as error:
                refused[name] = str(error)
    later = {name for name, why in refused.items() if "yes-or-no decisions after" in why}
    assert later == {f"clause-{kind}" for kind in DECIDED_LATER}
    shares, others = (
        ("domestic", "origin", "smallest", "spot", "supplier"),
        ("capex_smoothing", "fill_rate", "shortage_cvar", "shortage_probability", "supplier_spend", "payment_term"),
    )
    tied = {"quickstart", *(f"rule-{kind}_share" for kind in shares), *(f"rule-{kind}" for kind in others)}
    assert refused.keys() - later == tied


def test_generated_futures_of_the_library_agree_within_the_gap() -> None:
    """The bundled market view would have another optimum when its futures are taken apart."""
    scenario = library.load("fibre-generated")
    few = scenario.model_copy(update={"uncertainty": scenario.uncertainty.model_copy(update={"futures": 12})})
    whole, apart = (planned(few, method=method, gap=2e-3) for method in ("extensive", "decomposition"))
    assert isinstance(whole, Plan)
    assert isinstance(apart, Plan)
    for a, b in ((whole.summary, apart.summary), (apart.summary, whole.summary)):
        assert a.bound <= b.objective * (1 + NEAR)
    assert abs(whole.summary.objective - apart.summary.objective) <= 2e-3 * abs(whole.summary.objective)


# ------------------------------------------------------------------------------------------------------------------ the choice


def reason(scenario: Scenario, **changes: Any) -> str:
    """Why a decomposition is refused."""
    with pytest.raises(InvalidScenario) as caught:
        form_of(scenario, "decomposition", **changes)
    assert [finding.path for finding in caught.value.findings] == ["solve.method"]
    return caught.value.findings[0].message


def test_what_can_not_be_taken_apart_says_why() -> None:
    """A user who asks for a decomposition would get something else, or an error that says nothing."""
    base = many(3)
    late = but(base, offers=[base["offers"][0] | {"sign": "1"}])
    lots = but(base, offers=[base["offers"][0] | {"clauses": [{"kind": "minimum_order", "volume": 5.0}]}])
    share = {"kind": "spot_share", "max": 0.5}
    assert "yes-or-no decisions after signing" in reason(scenario_from(late))
    assert "yes-or-no decisions after signing" in reason(scenario_from(lots))
    assert "a rule measured on average ties the futures together" in reason(scenario_from(but(base, rules=[share])))
    assert "`in: every_future`" in reason(scenario_from(but(base, rules=[share])))
    assert "ties" in reason(scenario_from(but(base, rules=[{"kind": "shortage_cvar", "max": 5.0}])))
    assert "other probabilities" in reason(scenario_from(but(base, risk={"ambiguity": {"radius": 0.1}})))
    assert "1e-07" in reason(scenario_from(base), gap=0.0)
    assert isinstance(form_of(scenario_from(but(base, rules=[share | {"in": "every_future"}])), "decomposition"), FanForm)


def test_trees_that_can_not_be_taken_apart_say_why() -> None:
    """As above, for trees that branch later."""
    tree = next(d for seed in range(40) if isinstance(plan := planned(scenario_from(d := tree_document(seed)), method="decomposition", gap=1e-3), Plan)
                and "subtree" in plan.provenance.method)  # fmt: skip
    assert "ties them together" in reason(scenario_from(but(tree, rules=[{"kind": "budget", "max": 1e5}])))
    assert "ties them together" in reason(scenario_from(but(tree, rules=[{"kind": "shortage_cvar", "max": 1e5}])))
    assert "other probabilities" in reason(scenario_from(but(tree, risk={"ambiguity": {"radius": 0.1}})))
    alone = but(tree, uncertainty={"kind": "tree", "nodes": [{"id": p, "parent": q, "period": p, "probability": 1.0} for p, q in chain(tree)]})
    assert isinstance(form_of(scenario_from(alone), "decomposition"), FanForm)


def chain(document: Data) -> list[tuple[str, str | None]]:
    """Periods and the ones before them."""
    names = [period if isinstance(period, str) else period["id"] for period in document["periods"]]
    return list(zip(names, [None, *names], strict=False))


def test_the_choice_is_made_and_explained() -> None:
    """Many futures would be solved the slow way, or few in a way that costs more than it brings, and nobody would know."""
    few, lots = scenario_from(many(5)), scenario_from(many(40))
    assert isinstance(form_of(few), ExtensiveForm)
    assert isinstance(form_of(lots), FanForm)
    assert isinstance(form_of(lots, "extensive"), ExtensiveForm)
    assert isinstance(form_of(few, "decomposition"), FanForm)
    assert "because there are many futures, their recourse is linear and no rule ties them together" in form_of(lots).method
    assert "40 futures" in form_of(lots).method
    assert "as asked" in form_of(few, "decomposition").method
    assert "as asked" in form_of(lots, "extensive").method
    tied = scenario_from(but(many(40), rules=[{"kind": "spot_share", "max": 0.9}]))
    assert "all futures in one problem, because a rule measured on average" in form_of(tied).method
    assert form_of(tied).tied
    assert not form_of(lots).tied
    assert isinstance(form_of(lots, gap=0.0), ExtensiveForm)
    assert "1e-07" in form_of(lots, gap=0.0).method


# ------------------------------------------------------------------------------------------------------------------ variants


PAIRS = {"fan": many(12), "random fan": fan_document(6, 5, apart=True), "tree": tree_document(0)}


@pytest.fixture(scope="module", params=PAIRS)
def pair(request: pytest.FixtureRequest) -> tuple[Form, Form]:
    """The same question in one problem and taken apart."""
    scenario = scenario_from(PAIRS[request.param])
    whole, apart = form_of(scenario, "extensive"), form_of(scenario, "decomposition")
    assert isinstance(apart, FanForm | TreeForm)
    return whole, apart


def test_variants_have_the_same_optimum(pair: tuple[Form, Form]) -> None:
    """Baselines would compare the plan with another question than they say."""
    whole, apart = pair
    answer = solved(whole)
    first = whole.first_stage(answer.x)
    half = {"volume": {key: 0.5 * value for key, value in first["volume"].items()}}
    one = {"signed": dict(list(first["signed"].items())[:1])}
    for vary in (lambda form: form, lambda form: form.unsigned(), lambda form: form.held(first), lambda form: form.held(half), lambda form: form.held(one),
                 lambda form: form.held(first, loosely=True), lambda form: form.held({}), lambda form: form.without_rules([0])):  # fmt: skip
        a, b = (vary(form).solve(settings(), seconds=60.0) for form in (whole, apart))
        assert a.status == b.status
        assert a.x is None or b.objective == pytest.approx(a.objective, rel=NEAR, abs=NEAR)


def test_answers_are_read_alike(pair: tuple[Form, Form]) -> None:
    """Decisions of an answer would be read from columns that are not theirs."""
    whole, apart = pair
    found = solved(apart)
    first, values = apart.first_stage(found.x), apart.values(found.x)
    assert apart.columns >= len(found.x)
    assert solved(whole.held(first, loosely=True)).objective == pytest.approx(found.objective, rel=NEAR, abs=NEAR)
    for name, amounts in first.items():
        index, here = values[name]
        known = {tuple(key[:-1]): value for key, value in zip(index.tolist(), here, strict=True) if key[-1] == 0}
        assert known == amounts
    problem, x = whole.whole(), np.zeros(whole.columns)
    for name, (index, columns) in problem.keys.items():
        known = {tuple(key): value for key, value in zip(values[name][0].tolist(), values[name][1], strict=True)}
        x[columns] = [known.get(tuple(key), 0.0) for key in index.tolist()]
    kernel = np.concatenate([columns for _, columns in problem.keys.values()])
    held = replace(problem.pinned(kernel, x[kernel]), integer=problem.integer & False)
    again = ExtensiveForm(whole.instance, held, "")  # type: ignore[attr-defined]
    assert solved(again).objective == pytest.approx(found.objective, rel=NEAR, abs=NEAR)


def test_what_is_checked_holds_every_row(pair: tuple[Form, Form]) -> None:
    """The exact check would look at half of an answer."""
    whole, apart = pair
    found = solved(apart)
    for problem, x in apart.checked(found.x):
        activity = problem.matrix @ x
        slack = 1e-6 * np.maximum(1.0, abs(problem.matrix) @ np.abs(x))
        assert (activity >= problem.row_lower - slack).all()
        assert (activity <= problem.row_upper + slack).all()
    names = {without_scope(problem.row_name(i)) for problem, _ in apart.checked(found.x) for i in range(problem.matrix.shape[0])}
    everything = whole.whole()
    wanted = np.flatnonzero((everything.row_node >= 0) & (np.diff(everything.matrix.indptr) > 0))
    assert {without_scope(everything.row_name(int(i))) for i in wanted} <= names


def test_the_whole_of_a_variant_is_that_variant(pair: tuple[Form, Form]) -> None:
    """Where cuts stall, another question would be solved in one problem than was taken apart."""
    whole, apart = pair
    first = whole.first_stage(solved(whole).x)
    assert not differences(whole.whole(), apart.whole())
    for vary in (lambda form: form.held(first), lambda form: form.unsigned(), lambda form: form.without_rules([0, 1])):
        a, b = vary(whole).whole(), vary(apart).whole()
        if isinstance(apart, TreeForm):
            a, b = whole.held({}).whole(), apart.held({}).whole()
        assert not differences(a, b)


def test_futures_with_hindsight_are_the_same(pair: tuple[Form, Form]) -> None:
    """Perfect foresight would depend on the method."""
    whole, apart = pair
    for a, b in zip(whole.futures(), apart.futures(), strict=True):
        form = ExtensiveForm(whole.instance, a, "")  # type: ignore[attr-defined]
        assert replace(form, problem=a).solve(settings(), seconds=60.0).objective == pytest.approx(
            replace(form, problem=b).solve(settings(), seconds=60.0).objective, rel=NEAR, abs=NEAR
        )


# ------------------------------------------------------------------------------------------------------------------ many futures


def test_baselines_of_many_futures() -> None:
    """Perfect foresight of many futures, which is looked at in another way than that of few, would fall over or lie above the plan."""
    plan = engine.solve(scenario_from(many(110)), settings(gap=1e-4, baselines=True))
    found = {line.name: line for line in plan.baselines.baselines}
    assert not plan.audit.suspect
    assert "lower bound" in found["perfect_foresight"].note
    assert found["perfect_foresight"].objective < plan.summary.objective < found["spot_only"].objective
    one = engine.solve(scenario_from(many(110)), settings(gap=1e-4, baselines=True, method="extensive"))
    exact = {line.name: line for line in one.baselines.baselines}
    assert found["perfect_foresight"].objective <= exact["perfect_foresight"].objective * (1 + NEAR)
    for name in ("spot_only", "average_future"):
        assert found[name].objective == pytest.approx(exact[name].objective, rel=1.1e-4)


@pytest.mark.parametrize(
    ("stalled", "whole", "expected"),
    [
        (("no_solution", "stalled", None, np.inf, 1.0), ("infeasible", "gap", None, np.inf, -np.inf), ("infeasible", "gap", np.inf)),
        (("no_solution", "stalled", None, np.inf, 1.0), ("feasible", "time", [5.0, 6.0, 7.0], 9.0, 0.5), ("feasible", "time", 9.0)),
        (("feasible", "stalled", [1.0, 2.0], 8.0, 1.0), ("feasible", "time", [5.0, 6.0, 7.0], 9.0, 2.0), ("feasible", "time", 8.0)),
        (("feasible", "stalled", [1.0, 2.0], 8.0, 7.0), ("optimal", "gap", [5.0, 6.0, 7.0], 8.1, 8.0), ("optimal", "gap", 8.0)),
        (("feasible", "stalled", [1.0, 2.0], 8.0, 7.0), ("no_solution", "user", None, np.inf, -np.inf), ("feasible", "user", 8.0)),
    ],
)
def test_what_two_searches_know_together(stalled: tuple[Any, ...], whole: tuple[Any, ...], expected: tuple[str, str, float]) -> None:
    """A plan or a bound would be lost between a decomposition that stalled and the search that took over."""
    a, b = (Answer(kind, why, None if x is None else np.array(x), value, bound, 0, 0.0) for kind, why, x, value, bound in (stalled, whole))
    found = better_of(a, b, 2)
    assert (found.status, found.stop_reason, found.objective) == expected
    assert found.bound == min(max(a.bound, b.bound), found.objective)
    assert (found.x is None) == (expected[2] == np.inf)
    assert found.x is None or len(found.x) == 2
