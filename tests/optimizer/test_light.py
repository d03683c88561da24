"""Contracts declared in light objects are what Pyomo makes of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from models.scenario import Scenario
from optimizer.algebra import pyo
from optimizer.clauses import CLAUSES, clauses_of
from optimizer.clauses.base import LimitsPrice
from optimizer.instance import build_instance
from optimizer.light import LightBlock
from optimizer.model import build_contracts_alone
from optimizer.negotiation.splice import alone, alone_at, by_itself, labels_of
from optimizer.rows import declare
from optimizer.solve.problem import compile_problem
from scenarios import library
from scenarios.files import scenario_from
from scenarios.tree import build_tree
from tests.optimizer.everything import everything
from tests.optimizer.random_contracts import Data, contracts

FIGURES = ("row_lower", "row_upper", "cost", "lower", "upper", "integer", "column_node", "row_node", "row_rule")


def assert_same(scenario: Scenario) -> None:
    instance = build_instance(scenario, build_tree(scenario))
    for offer in instance.offers:
        known = compile_problem(build_contracts_alone(by_itself(instance, offer), light=False), coupled=False)
        found = alone(instance, offer)
        for name in FIGURES:
            np.testing.assert_array_equal(getattr(found, name), getattr(known, name), err_msg=name)
        for mine, theirs in ((found.matrix, known.matrix), (found.cash, known.cash)):
            assert mine.shape == theirs.shape
            assert (mine != theirs).nnz == 0
        assert found.names == (labels_of(known.names[0]), labels_of(known.names[1]))
        assert found.keys.keys() == known.keys.keys()
        for name, (index, columns) in known.keys.items():
            np.testing.assert_array_equal(found.keys[name][0], index)
            np.testing.assert_array_equal(found.keys[name][1], columns)


def assert_both(scenario: Scenario) -> None:
    """Contracts declared at two prices at once against each price by itself."""
    instance = build_instance(scenario, build_tree(scenario))
    for offer in instance.offers:
        if any(isinstance(clause, LimitsPrice) for clause in clauses_of(offer.clauses)):
            continue
        for alternative in (None, offer.alternatives[-1].id if offer.alternatives else None):
            dearer = tuple(replace(a, price=a.price * (2.0 if alternative in (None, a.id) else 1.0)) for a in offer.alternatives)
            for found, known in zip(alone_at(instance, offer, alternative, 2.0), (offer, replace(offer, alternatives=dearer)), strict=True):
                whole = alone(instance, known)
                for name in FIGURES:
                    np.testing.assert_allclose(getattr(found, name), getattr(whole, name), rtol=1e-13, err_msg=name)
                for mine, theirs in ((found.matrix, whole.matrix), (found.cash, whole.cash)):
                    assert mine.shape == theirs.shape
                    assert abs(mine - theirs).max() <= 1e-13 * abs(theirs).max()
                assert found.names == whole.names


@pytest.mark.parametrize("name", library.names())
def test_two_prices_at_once(name: str) -> None:
    """A price beside the one that is negotiated would be billed as something else."""
    assert_both(library.load(name))


def test_two_prices_at_once_with_every_clause_there_is() -> None:
    """A clause would take a price for one figure, and a negotiation about its offer end in an error."""
    assert_both(scenario_from(everything()))


@settings(max_examples=60)
@given(contracts())
def test_two_prices_of_random_contracts_at_once(data: Data) -> None:
    """A combination of clauses would, with two prices, be declared in another order or with another bound."""
    assert_both(scenario_from(data))


@pytest.mark.parametrize("name", library.names())
def test_contracts_of_bundled_scenarios(name: str) -> None:
    """A contract at the negotiation desk would be another than the one that the engine signs."""
    assert_same(library.load(name))


def test_contracts_with_every_clause_there_is() -> None:
    """A clause would declare something that only Pyomo's objects can hold."""
    scenario = scenario_from(everything())
    assert {type(clause) for offer in scenario.offers for clause in offer.clauses} == {terms for terms, _ in CLAUSES}
    assert_same(scenario)


@settings(max_examples=60)
@given(contracts())
def test_random_contracts(data: Data) -> None:
    """A combination of clauses would be declared in another order, or with another bound."""
    assert_same(scenario_from(data))


def test_an_index_of_one_figure_is_found_both_ways() -> None:
    """A clause that works on Pyomo's variables would fail at the negotiation desk."""
    found = LightBlock().declare("x", {(3,): 1.0}, binary=False)
    assert found[3] is found[3,]
    assert 3 in found
    assert (3,) in found
    with pytest.raises(KeyError):
        found[4,]


def test_what_light_objects_can_not_hold_is_refused() -> None:
    """An integer would be relaxed, or one name stand for two variables, at the negotiation desk only."""
    block = LightBlock()
    with pytest.raises(TypeError, match="binaries"):
        declare(block, "x", {(1,): 5.0}, pyo.NonNegativeIntegers)
    declare(block, "x", {(1,): 5.0})
    with pytest.raises(ValueError, match="twice"):
        declare(block, "x", {(1,): 5.0})
    assert declare(block, "y", {(1,): 7.0}, pyo.Binary)[1].ub == 1.0
