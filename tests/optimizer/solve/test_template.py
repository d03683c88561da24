"""One compiled future stands for all of them: each future in it is the future declared alone."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.instance import build_instance
from optimizer.ledger import NO_CASH
from optimizer.model import build_model
from optimizer.solve.problem import compile_problem
from optimizer.solve.template import make_template, node_of, paid, parts_of
from optimizer.varying import anywhere, by_node, largest, least, settled
from scenarios.files import scenario_from
from scenarios.tree import build_tree, grow, paths_of
from tests.optimizer.solve.fans import case_of, differences, fan_document


@pytest.mark.parametrize("seed", range(20, 45))
def test_every_future_of_a_template_is_that_future_declared_alone(seed: int) -> None:
    """Perfect foresight, trials and the decomposition would solve another future than they say."""
    scenario = scenario_from(fan_document(seed, apart=True))
    paths = paths_of(scenario)
    template = make_template(scenario, paths)
    for f in range(paths.count):
        instance = build_instance(scenario, grow(scenario, paths.pick(np.array([f]))))
        found = differences(compile_problem(build_model(instance)), template.future(f))
        assert not [name for _, name, *_ in found if ".prepayment." not in name]  # when credits come is spelled out where any future needs it


def test_futures_of_a_template_leave_out_what_ties_them_together() -> None:
    """A future alone would be held to a rule that is only measured on average."""
    scenario = scenario_from(fan_document(9, 3))
    assert any(getattr(rule, "in_", "") == "expected" for rule in scenario.rules)
    template = make_template(scenario, paths_of(scenario))
    parts = parts_of(template)
    assert len(parts.shared_rows)
    future = template.future(0)
    assert (future.row_node >= 0).all()
    assert (future.column_node >= 0).all()
    assert future.matrix.shape == (len(parts.first_rows) + len(parts.recourse_rows), len(parts.first) + len(parts.recourse))


@pytest.mark.parametrize("seed", range(0, 40, 8))
def test_parts_hold_every_row_and_column_once(seed: int) -> None:
    """A row or column would be left out of a problem taken apart, or counted twice."""
    template = case_of(fan_document(seed)).template
    parts = parts_of(template)
    for groups, size in (((parts.first, parts.shared, parts.recourse), 1), ((parts.first_rows, parts.shared_rows, parts.recourse_rows), 0)):
        assert sorted(np.concatenate(groups).tolist()) == list(range(template.problem.matrix.shape[size]))


@pytest.mark.parametrize("seed", range(0, 40, 8))
def test_largest_figures_are_those_of_some_future(seed: int) -> None:
    """Warnings about figures that lie far apart would look at figures that nobody has."""
    template = case_of(fan_document(seed, apart=True)).template
    alone = [template.future(f) for f in range(template.count)]
    most = np.abs([p.matrix.toarray() for p in alone]).max(axis=0)
    whole = template.largest()
    assert np.abs(whole.matrix.toarray()) == pytest.approx(most)
    assert whole.upper == pytest.approx(np.max([p.upper for p in alone], axis=0))
    assert whole.cash.toarray() == pytest.approx(np.max([np.abs(p.cash.toarray()) for p in alone], axis=0))


def test_cash_without_penalties_is_what_somebody_pays() -> None:
    """Cash figures of a trial would hold penalties, or lose invoices."""
    template = case_of(fan_document(3, apart=True)).template
    amounts = {(n, j): v for n, j, v in zip(*template.cash, strict=True)}
    penalties: dict[tuple[int, int], float] = {}
    column_of = {id(v): j for j, v in enumerate(template.problem.names[1])}
    for row in template.kernel.ledger.rows:
        if row.category in NO_CASH:
            for c, v in row.terms:
                key = (row.node, column_of[id(v)])
                penalties[key] = penalties.get(key, 0.0) + c * template.instance.discount[row.node]
    assert penalties
    known = {(n, j): v for n, j, v in zip(*paid(template), strict=True)}
    for key, amount in amounts.items():
        assert known.get(key, 0.0) + penalties.get(key, 0.0) == pytest.approx(amount)


def test_nodes_of_a_future_in_the_fan() -> None:
    """Rows and columns would be put at the nodes of another future."""
    scenario = scenario_from(fan_document(2, 4))
    tree = build_tree(scenario)
    for f, leaf in enumerate(tree.leaves):
        assert [int(node_of(n, f, 4)) for n in range(len(scenario.periods) + 1)] == tree.path(int(leaf))


def test_figures_side_by_side_are_treated_as_one_by_one() -> None:
    """A branch, a maximum or a minimum over data would be taken for all futures as it falls out for one."""
    a, b = np.array([1.0, 5.0]), np.array([3.0, 2.0])
    assert settled(np.array([2.0, 2.0])) == 2.0
    assert isinstance(settled(np.array([2.0, 2.0])), float)
    assert settled(a) is a
    assert largest([a, b, 2.5]).tolist() == [3.0, 5.0]
    assert (largest([]), largest([1.0, 4.0])) == (0.0, 4.0)
    assert least(a, b).tolist() == [1.0, 2.0]
    assert least(a, np.array([0.5, 0.5])) == 0.5
    assert anywhere(a > 4) is True
    assert anywhere(a > 5) is False
    assert by_node(np.array([1.0, 10.0]), np.array([[1.0, 2.0], [3.0, 4.0]])).tolist() == [[1.0, 2.0], [30.0, 40.0]]
    with pytest.raises(ValueError, match="ambiguous"):
        bool(a > 2)


def test_one_future_alone_keeps_its_rules_on_average() -> None:
    """With one future, a rule on average is a rule like any other; it was lost wherever that future was taken out of the template."""
    scenario = scenario_from(fan_document(21, 1))
    instance = build_instance(scenario, build_tree(scenario))
    assert not differences(compile_problem(build_model(instance)), make_template(scenario, paths_of(scenario)).future(0))
