"""Stamping the futures of one compiled template is the same as compiling all of them with Pyomo."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import reference
from models.scenario import Scenario
from optimizer.instance import build_instance
from optimizer.model import build_model
from optimizer.solve.forms import measure_of
from optimizer.solve.highs import solve_problem
from optimizer.solve.problem import Problem, compile_problem
from optimizer.solve.stamping import stamp_extensive
from optimizer.solve.template import make_template, obstacle
from scenarios import library
from scenarios.files import scenario_from
from scenarios.tree import build_tree, fan_paths
from tests.optimizer import build
from tests.optimizer.build import Data, but, demands, solved
from tests.optimizer.drawn import any_scenario, examples
from tests.optimizer.solve.fans import differences, fan_document

SMALL = [name for name in library.names() if not name.startswith("fibre")]


def both(scenario: Scenario) -> tuple[Problem, Problem]:
    """All futures compiled with Pyomo, and stamped, whatever stands in the way."""
    tree = build_tree(scenario)
    paths = fan_paths(tree)
    assert paths is not None
    instance = build_instance(scenario, tree)
    return compile_problem(build_model(instance)), stamp_extensive(make_template(scenario, paths), tree, measure_of(instance).weight, scenario.risk.tail)


def stamps(scenario: Scenario) -> bool:
    """Whether the engine would stamp a scenario."""
    paths = fan_paths(build_tree(scenario))
    return paths is not None and not obstacle(scenario, paths)


@pytest.mark.parametrize("name", [name for name in SMALL if stamps(library.load(name))])
def test_library_scenarios_are_stamped_as_compiled(name: str) -> None:
    """A clause or rule would be stamped with another row, bound or coefficient than Pyomo declares."""
    assert not differences(*both(library.load(name)))


def test_most_library_scenarios_can_be_stamped() -> None:
    """The test above would pass by looking at nothing."""
    assert sum(stamps(library.load(name)) for name in SMALL) >= 20


def test_reference_problem_is_stamped_as_compiled() -> None:
    """The problem on which speed is measured would be another one than the known optima belong to."""
    assert not differences(*both(reference.scenario(futures=5)))


@pytest.mark.parametrize("seed", range(60))
def test_random_fans_are_stamped_as_compiled(seed: int) -> None:
    """Some mixture of demand, prices, availability, lead times, shares, lateness, indices and rates, zero in some futures, would be stamped wrongly."""
    scenario = scenario_from(fan_document(seed))
    assert not stamps(scenario) or not differences(*both(scenario))


@examples(8)
@given(any_scenario(), st.booleans())
def test_drawn_fans_are_stamped_as_compiled(data: Data, alone: bool) -> None:
    """As above, with scenarios drawn in another way, and with a single future, where rules on average are like any other."""
    rows = data["uncertainty"]["futures"]
    kept = [rows[0] | {"probability": 1.0}] if alone else rows
    scenario = scenario_from(but(data, uncertainty={"kind": "futures", "revealed": "after_signing", "futures": kept}))
    assert not stamps(scenario) or not differences(*both(scenario))


def missed(kind: str, *rows: list[float], **fields: Any) -> Data:
    """Demand that nobody serves, and a priced rule about it; owed volume is carried over."""
    rule = ({"kind": "fill_rate", "min": 1.0, "in": "expected"} if kind == "fill_rate" else {"kind": "shortage_cvar", "max": 10.0, "tail": 0.5}) | fields
    return build.scenario(
        1.0,
        1.0,
        1.0,
        shortage=[{"product": "cable", "kind": "delayed", "cost_per_unit_year": 10.0}],
        rules=[rule | {"violation_price": 1.0}],
        uncertainty=demands(*rows, revealed="after_signing"),
    )


def test_violations_on_average_are_bounded_by_the_averaged_row() -> None:
    """With units that differ between futures, the average of the futures' bounds is too small a bound, and the model infeasible: it was."""
    data = missed("fill_rate", [100.0, 0.0, 0.0], [0.0, 0.0, 1.0])
    compiled, stamped = both(scenario_from(data))
    assert not differences(compiled, stamped)
    unmet, owed = 100 + 100 + 100 + 1, 101 / 2  # the first future's demand is owed in all three years
    by_hand = unmet / 2 * 10 + 0.5 * (100 + 1) * 10 + unmet / 2 / (owed / 100)
    assert solved(data).summary.objective == pytest.approx(by_hand)


def test_what_an_obstacle_keeps_from_stamping_would_be_stamped_wrongly() -> None:
    """Scenarios would be compiled slowly for no reason, or the reason would have gone and nobody noticed."""
    rows = [60.0, 0.0, 0.0], [30.0, 30.0, 0.0]
    for data in (missed("fill_rate", *rows, period="2"), missed("fill_rate", *rows, period="3"), missed("shortage_cvar", *rows)):
        scenario = scenario_from(data)
        assert not stamps(scenario)
        compiled, stamped = both(scenario)
        assert differences(compiled, stamped)
        assert abs(solve_problem(compiled).objective - solve_problem(stamped).objective) > 1


@pytest.mark.parametrize("fields", [{}, {"product": "cable"}, {"site": "site"}, {"period": "1"}])
def test_fill_rates_whose_unit_is_an_average_are_stamped(fields: Data) -> None:
    """Demand that is zero in some futures would keep scenarios from stamping although it is measured alike in all of them."""
    scenario = scenario_from(missed("fill_rate", [60.0, 0.0, 0.0], [30.0, 30.0, 0.0], **fields))
    assert stamps(scenario)
    assert not differences(*both(scenario))


def test_probabilities_that_are_not_alike_weigh_what_is_measured_on_average() -> None:
    """Rows on average would take all futures for equally likely."""
    data = missed("fill_rate", [100.0, 0.0, 0.0], [0.0, 0.0, 1.0])
    for future, probability in zip(data["uncertainty"]["futures"], (0.9, 0.1), strict=True):
        future["probability"] = probability
    compiled, stamped = both(scenario_from(data))
    assert not differences(compiled, stamped)
    assert solve_problem(stamped).objective == pytest.approx(solve_problem(compiled).objective, rel=1e-9)


def test_answers_to_stamped_problems_have_the_columns_of_compiled_ones() -> None:
    """Kernel variables would be read from columns that are not theirs."""
    compiled, stamped = both(scenario_from(fan_document(1)))
    x, y = np.arange(len(compiled.cost)) + 1.0, np.zeros(len(stamped.cost))
    where = {compiled.column_name(j): x[j] for j in range(len(x))}
    for j in range(len(y)):
        y[j] = where.get(stamped.column_name(j), 0.0)
    mine, theirs = compiled.values(x), stamped.values(y)
    for name, (keys, values) in mine.items():
        known = {tuple(key): value for key, value in zip(theirs[name][0].tolist(), theirs[name][1], strict=True) if value}
        assert {tuple(key): value for key, value in zip(keys.tolist(), values, strict=True)}.items() >= known.items()
        assert len(known) >= 0.9 * len(keys)
