"""Where a large problem begins: the average future made of its matrix is the average future, and the answer does not depend on it."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import reference
from optimizer.instance import Instance, build_instance
from optimizer.model import build_model
from optimizer.solve import guess
from optimizer.solve.extensive import solve, solve_each
from optimizer.solve.form_whole import future_problem
from optimizer.solve.handover import Handover
from optimizer.solve.highs import solve_problem
from optimizer.solve.problem import Problem, compile_problem
from optimizer.solve.search import Search
from scenarios import library
from scenarios.tree import average, build_tree


@pytest.fixture(scope="module")
def fan() -> tuple[Instance, Problem]:
    """The reference problem with eight futures."""
    scenario = reference.scenario(futures=8)
    instance = build_instance(scenario, build_tree(scenario))
    return instance, compile_problem(build_model(instance))


@pytest.mark.parametrize("name", ["fibre", "reference"])
def test_the_average_of_the_matrix_is_the_average_future(name: str, fan: tuple[Instance, Problem]) -> None:
    """The guess would be the first stage of some other problem, and the search begin far from where it ends."""
    if name == "fibre":
        scenario = library.load("fibre")
        instance = build_instance(scenario, build_tree(scenario))
        problem = compile_problem(build_model(instance))
    else:
        instance, problem = fan
    declared = compile_problem(build_model(build_instance(instance.scenario, average(instance.tree))))
    relaxed = replace(declared, integer=np.zeros_like(declared.integer))
    made = guess._average(problem, instance.tree)
    assert made is not None
    assert solve_problem(made[0]).objective == pytest.approx(solve_problem(relaxed).objective, rel=0.02)


def test_a_guess_leads_to_the_same_optimum(fan: tuple[Instance, Problem], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the search begins would change what it finds."""
    instance, problem = fan
    plain = solve(problem, gap=1e-6, seconds=60, seed=1)
    monkeypatch.setattr(guess, "LARGE", 0)
    taken, _ = guess.first_guess(problem, instance.tree, seconds=60, seed=1)
    assert taken is not None
    guessed = solve(problem, gap=1e-6, seconds=60, seed=1, tree=instance.tree)
    assert guessed.status == plain.status == "optimal"
    assert guessed.objective == pytest.approx(plain.objective, rel=2e-6)
    assert guessed.bound <= plain.objective * (1 + 1e-9)


def test_an_impossible_guess_costs_nothing_but_time(fan: tuple[Instance, Problem]) -> None:
    """A first stage that the average future allows and the whole does not would end the search."""
    _, problem = fan
    signed = problem.keys["signed"][1]
    volume = problem.keys["volume"][1]
    impossible = np.concatenate([signed, volume]), np.concatenate([np.zeros(len(signed)), problem.upper[volume]])  # volumes of what is not signed
    run = Search(problem, 1e-4, 60.0, 1, guess=impossible)
    assert run.run().objective == pytest.approx(solve(problem, gap=1e-4, seconds=60, seed=1).objective, rel=2e-4)


def test_futures_that_differ_in_structure_have_no_average(fan: tuple[Instance, Problem]) -> None:
    """Columns of different meaning would be averaged."""
    instance, problem = fan
    node = problem.column_node.copy()
    node[int(np.flatnonzero(node == instance.tree.leaves[0])[0])] = instance.tree.leaves[1]
    assert guess._average(replace(problem, column_node=node), instance.tree) is None


def test_each_future_is_planned_as_if_alone(fan: tuple[Instance, Problem]) -> None:
    """What a neighbour decided would be taken for a future's own optimum."""
    instance, problem = fan
    futures = [future_problem(instance, problem, int(leaf)) for leaf in instance.tree.leaves]
    together = solve_each(futures, gap=1e-6, left=lambda: 60.0, seed=1)
    for future, answer in zip(futures, together, strict=True):
        alone = solve(future, gap=1e-6, seconds=60, seed=1)
        assert answer.objective == pytest.approx(alone.objective, rel=2e-6)
        assert answer.bound <= alone.objective * (1 + 1e-9)


def test_a_handover_is_waited_for_and_then_is_not() -> None:
    """A baseline would begin from nothing, or wait for a basis that is not to come."""
    handover = Handover()
    assert handover.take(60.0) is None  # nothing is expected
    handover.expect()
    threading.Timer(0.05, handover.give, ["basis"]).start()
    assert handover.take(60.0) == "basis"
    handover.expect()
    threading.Timer(0.05, handover.settle).start()
    assert handover.take(60.0) == "basis"  # the last one known
