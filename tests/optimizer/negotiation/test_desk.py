"""Values of the desk against values of scenarios that are built as a whole, and one contract spliced in against the same."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from models.errors import Cancelled, InvalidScenario, TimeLimit
from models.negotiation import Package
from models.scenario import Scenario
from optimizer.halt import Halt
from optimizer.instance import build_instance, with_terms
from optimizer.model import build_model
from optimizer.negotiation.desk import Desk
from optimizer.negotiation.ledger import moved, moves_of
from optimizer.negotiation.levers import levers_of, packaged_among_others, with_offer
from optimizer.negotiation.places import key_of
from optimizer.negotiation.splice import Misfit, labels_of, make_base, make_slot, splice
from optimizer.solve.highs import Interrupted, Live
from optimizer.solve.problem import Problem, compile_problem
from optimizer.solve.search import Search
from scenarios import library
from scenarios.files import read_scenario
from scenarios.tree import build_tree
from tests.optimizer.negotiation.deals import deal, future, offer
from tests.optimizer.random_scenarios import random_scenario

LIBRARY = Path(__file__).parents[3] / "scenarios" / "library"


def some_packages(scenario: Scenario, offer: str, count: int, seed: int) -> list[Package]:
    """Packages with one to three levers moved."""
    draw = np.random.default_rng(seed)
    desk = Desk(scenario)
    moves = [move for line in levers_of(scenario, offer).levers for move in moves_of(desk, offer, line, True)]
    found = []
    for _ in range(count):
        package = Package(offer=offer)
        for i in draw.permutation(len(moves))[: draw.integers(1, 4)]:
            package = moved(package, moves[i].line.lever, moves[i].to)
        try:
            packaged_among_others(scenario, package)
        except InvalidScenario:
            continue
        found.append(package)
    return found


def canonical(problem: Problem) -> tuple[list[str], list[str], np.ndarray, list[np.ndarray]]:
    """A problem with its rows and columns in the order of their names."""
    rows, columns = (found if not found or isinstance(found[0], tuple) else labels_of(found) for found in problem.names)
    names = [f"{name}{index}" for name, index in columns]
    order = np.argsort(names)
    upper_only = [np.isfinite(high) and not np.isfinite(low) for low, high in zip(problem.row_lower, problem.row_upper, strict=True)]
    labels = [f"{name}{index} {'upper' if up else 'lower'}" for (name, index), up in zip(rows, upper_only, strict=True)]
    by = np.argsort(labels, kind="stable")
    vectors = [problem.row_lower[by], problem.row_upper[by], problem.cost[order], problem.lower[order], problem.upper[order]]
    return sorted(names), sorted(labels), problem.matrix[by][:, order].toarray(), [*vectors, problem.cash[:, order].toarray()]


@pytest.mark.parametrize("name", ["quickstart", "clause-late_delivery", "clause-all_units_tiers", "rule-budget", "rule-exclusive"])
def test_a_spliced_problem_is_the_problem_built_whole(name: str) -> None:
    """If this fails, packages are priced on a model that is not theirs: a coefficient of the old contract has stayed, or one of the new is missing."""
    scenario = read_scenario(LIBRARY / f"{name}.json")
    tree = build_tree(scenario)
    base = make_base(build_instance(scenario, tree))
    for o, x in enumerate(scenario.offers):
        slot = make_slot(base, o)
        for package in [Package(offer=x.id), *some_packages(scenario, x.id, 4, seed=o)]:
            offer = packaged_among_others(scenario, package)
            changed = scenario.model_copy(update={"offers": tuple(offer if y.id == offer.id else y for y in scenario.offers)})
            instance = build_instance(changed, tree)
            spliced, whole = canonical(splice(slot, instance.offers[o]).problem), canonical(compile_problem(build_model(instance)))
            assert spliced[:2] == whole[:2]
            np.testing.assert_allclose(spliced[2], whole[2], rtol=1e-9, atol=1e-9)
            for k in (0, 1, 2, 5):  # sides of rows, cost, cash
                np.testing.assert_allclose(spliced[3][k], whole[3][k], rtol=1e-9, atol=1e-6)
            slack = 1e-9 * (1.0 + np.abs(whole[3][4]))  # bounds may be wider: stocks are not limited by what the contract can bring
            assert (spliced[3][3] <= whole[3][3] + slack).all()
            assert (spliced[3][4] >= whole[3][4] - slack).all()


@pytest.mark.parametrize("seed", range(12))
def test_values_are_those_of_scenarios_built_whole(seed: int) -> None:
    """If this fails, a walk-away price rests on a value that the engine would not give: parts left by another search were wrong, or too few."""
    scenario = random_scenario(seed)
    desk = Desk(scenario)
    for x in scenario.offers[:2]:
        for package in [Package(offer=x.id), *some_packages(scenario, x.id, 3, seed)]:
            whole = desk._built(package)
            found = desk.signed(package)
            assert found.possible == whole.possible, key_of(package)
            if whole.possible:
                assert found.upper == pytest.approx(whole.upper, rel=1e-6, abs=1e-6)
                assert found.lower == pytest.approx(found.upper, rel=1e-6, abs=1e-6)


def test_no_deal_can_use_every_other_offer_and_not_this_one() -> None:
    """If this fails, the alternative to a deal is poorer or richer than what the buyer could really do without it."""
    desk = Desk(deal([offer("frame", 10.0), offer("rival", 12.0)]))
    assert desk.best().upper == pytest.approx(1_000.0)
    assert desk.no_deal("frame").upper == pytest.approx(1_200.0)
    assert desk.no_deal("rival").upper == pytest.approx(1_000.0)


def test_a_signed_package_is_signed_even_where_it_hurts() -> None:
    """If this fails, the desk quietly drops a bad package, and its gain looks like nothing instead of a loss."""
    desk = Desk(deal([offer("frame", 25.0, (100.0, 100.0), {"kind": "take_or_pay", "fraction": 1.0})]))
    assert desk.gain(Package(offer="frame")).upper == pytest.approx(-500.0)


def test_an_offer_that_is_signed_later_is_worth_the_right_to_sign_it() -> None:
    """If this fails, an offer that may be signed in a later period is taken for a duty to sign it in every future."""
    later = offer("frame", 10.0, (0.0, 100.0), sign="1", signing_cost=300.0)
    futures = [future("cheap", 0.5, spot=0.5), future("dear", 0.5, spot=2.0)]
    desk = Desk(deal([later], futures=futures))
    assert desk.signed(Package(offer="frame")).upper == pytest.approx(0.5 * 1_000 + 0.5 * 1_300)


def test_the_named_alternative_is_the_one_that_is_signed() -> None:
    """If this fails, the desk prices one alternative and answers with another."""
    both = offer("frame", 10.0)
    both["alternatives"] = [both["alternatives"][0], {"id": "firm", "price": 8.0, "volume_per_period": {"min": 100.0, "max": 100.0}}]
    desk = Desk(deal([both]))
    assert desk.signed(Package(offer="frame")).upper == pytest.approx(800.0)
    assert desk.signed(Package(offer="frame", alternative="base")).upper == pytest.approx(1_000.0)
    assert desk.signed(Package(offer="frame", alternative="base", price=9.0)).upper == pytest.approx(900.0)


def test_values_do_not_depend_on_what_was_asked_before() -> None:
    """If this fails, an answer depends on the order of questions, because a search began with another one's parts."""
    scenario = read_scenario(LIBRARY / "quickstart.json")
    packages = some_packages(scenario, "maker-long-term", 4, seed=3)
    one, other = Desk(scenario), Desk(scenario)
    forward = [one.signed(x).upper for x in packages]
    backward = [other.signed(x).upper for x in reversed(packages)]
    assert forward == pytest.approx(backward[::-1], rel=1e-9)


def test_an_alternative_can_be_named_beside_an_offer_that_has_more_of_them() -> None:
    """If this fails, naming an alternative ends in an error as soon as some other offer has more alternatives than this one."""
    rival = offer("rival", 12.0)
    rival["alternatives"] = [{**rival["alternatives"][0], "id": f"r{i}", "price": 12.0 + i} for i in range(3)]
    desk = Desk(deal([offer("frame", 10.0), rival]))
    assert desk.signed(Package(offer="frame", alternative="base", price=11.0)).upper == pytest.approx(1_100.0)


def test_a_priced_budget_can_be_negotiated_under() -> None:
    """If this fails, the desk ends in an error where a rule that counts money has a price: 100 at 10 is 100 above the budget, at 2 each."""
    budget = {"kind": "budget", "period": "1", "max": 900.0, "violation_price": 2.0}
    desk = Desk(deal([offer("frame", 10.0)], rules=[budget]))
    assert desk.signed(Package(offer="frame")).upper == pytest.approx(1_200.0)
    assert desk.signed(Package(offer="frame", price=12.0)).upper == pytest.approx(1_200.0 + 2.0 * 300.0)


def test_what_rounding_leaves_of_old_money_is_no_coefficient() -> None:
    """If this fails, a package at a price of nothing is worth more than it can be: scaled up, what rounding left of the old price hid broken rows."""
    scenario = random_scenario(341)
    package = Package(offer="offer-1", price=0.0)
    whole = Desk(scenario)._built(package)
    assert Desk(scenario).signed(package).upper == pytest.approx(whole.upper, rel=1e-6)


def test_parts_of_another_alternative_are_not_taken_over() -> None:
    """If this fails, a search begins with parts in which the alternative it is about is never signed, and finds no plan or a poor one."""
    both = offer("frame", 10.0)
    both["alternatives"] = [both["alternatives"][0], {"id": "firm", "price": 8.0, "volume_per_period": {"min": 100.0, "max": 100.0}}]
    desk = Desk(deal([both]))
    near = Package(offer="frame", alternative="base", price=9.0)
    desk.signed(near)
    assert desk.signed(Package(offer="frame", alternative="firm", price=7.0), near).upper == pytest.approx(700.0)
    assert desk.signed(Package(offer="frame", price=9.5), near).upper == pytest.approx(760.0)


@pytest.mark.parametrize("seed", [106, 133, 149])
def test_a_search_that_is_cut_short_proves_no_more_than_it_has_seen(seed: int) -> None:
    """If this fails, a value that ran out of time, or one that begins where it ended, claims a bound that parts never looked at don't bear out."""
    scenario = random_scenario(seed)
    problem = compile_problem(build_model(build_instance(scenario, build_tree(scenario))))
    first = Search(problem, 0.0, 60.0, 1, remember=True)
    first.run()
    binaries, cost = np.flatnonzero(problem.integer), problem.cost.copy()
    cost[binaries] += np.random.default_rng(seed).uniform(-0.5, 0.5, len(binaries)) * abs(first.value)  # other parts are best now
    changed = replace(problem, cost=cost)
    best = Search(changed, 0.0, 60.0, 1)
    best.run()
    for looks in range(1, 8):
        again = CutShort(changed, 0.0, 60.0, 1, begin=first.lesson(), remember=True)
        again.looks = looks
        assert again.run().bound <= best.value + 1e-6 * abs(best.value)
        later = Search(changed, 0.0, 60.0, 1, begin=replace(again.lesson(), close=True), remember=True).run()
        assert later.bound <= best.value + 1e-6 * abs(best.value)
        assert later.objective == pytest.approx(best.value, rel=1e-6)


@pytest.mark.parametrize(("why", "error"), [("time", TimeLimit), ("user", Cancelled)])
def test_a_plan_held_when_time_is_up_says_so(monkeypatch: pytest.MonkeyPatch, why: str, error: type[Exception]) -> None:
    """If this fails, a walk-away price that ran out of time, or was cancelled, is called an error of ours."""
    desk, package = Desk(deal([offer("frame", 10.0)])), Package(offer="frame", price=9.0)
    solved = desk.signed(package)

    def cut(*_: object, **__: object) -> None:
        raise Interrupted(why)

    monkeypatch.setattr(Live, "solve", cut)
    with pytest.raises(error):
        desk.held(package.model_copy(update={"price": 8.0}), solved)


def test_two_values_side_by_side_are_two_searches() -> None:
    """If this fails, a walk-away price of terms that are not the offered ones first waits for values that nobody asked for."""
    desk = Desk(deal([offer("frame", 10.0)]))
    desk.side_by_side(Package(offer="frame", price=9.0))
    assert desk.solves == 2


def test_what_is_found_aside_counts_once_it_is_kept() -> None:
    """If this fails, how many values an answer took hangs on which of two threads was faster."""
    desk, beyond = Desk(deal([offer("frame", 10.0)])), Package(offer="frame", price=30.0)
    plain = Package(offer="frame")
    desk.signed(plain)
    before, halt = desk.solves, Halt(desk.stop)
    found = desk.aside(beyond, plain, None, halt)
    assert desk.solves == before
    desk.keep(beyond, found)
    desk.keep(beyond, found)
    assert desk.solves == before + 1
    assert desk.signed(beyond) is found is desk.aside(beyond, plain, None, halt)
    halt.set()
    with pytest.raises(Cancelled):
        desk.aside(beyond.model_copy(update={"price": 31.0}), plain, None, halt)


def test_what_can_not_be_spliced_is_not_built_aside() -> None:
    """If this fails, a package that is built as a whole is counted twice, and nobody can stop it."""
    scenario = library.load("quickstart")
    desk, plain = Desk(scenario), Package(offer=scenario.offers[0].id)
    desk.signed(plain)
    before = desk.solves
    with pytest.raises(Misfit):
        desk.aside(plain.model_copy(update={"terms": {"window.periods": scenario.offers[0].window.periods - 1.0}}), plain, None, Halt(None))
    assert desk.solves == before


def same(one: object, other: object) -> bool:
    """Whether two values are the same, arrays and all that is in them."""
    if is_dataclass(one) and not isinstance(one, type):
        return type(one) is type(other) and all(same(getattr(one, x.name), getattr(other, x.name)) for x in fields(one))
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


@pytest.mark.parametrize("name", library.names())
def test_other_terms_of_an_offer_leave_the_rest_of_an_instance(name: str) -> None:
    """If this fails, a package is looked at in another world than a scenario with its terms."""
    scenario = library.load(name)
    tree = build_tree(scenario)
    instance = build_instance(scenario, tree)
    for o, x in enumerate(scenario.offers):
        for package in some_packages(scenario, x.id, 2, o):
            changed = with_offer(scenario, packaged_among_others(scenario, package))
            assert same(with_terms(instance, changed, o), build_instance(changed, tree))


class CutShort(Search):
    """A search that is out of time after some looks."""

    looks = 0

    def _left(self) -> float:
        self.looks -= 1
        if self.looks < 0:
            raise Interrupted("time")
        return 60.0


@pytest.mark.parametrize("name", ["rule-prepaid_exposure", "rule-capex_smoothing"])
def test_rules_about_some_charges_only_are_never_spliced(name: str) -> None:
    """If this fails, a contract put into a compiled scenario has all of its money counted by a rule that counts a part of it, or none: it had."""
    desk = Desk(library.load(name))
    assert desk.base is None
    assert desk.best().upper == pytest.approx(library.expected(name)["objective"])
