"""Models read off are what Pyomo's own compiler makes of them."""

from __future__ import annotations

import numpy as np
import pytest
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from scipy import sparse

from optimizer.algebra import LinearExpression, pyo
from optimizer.instance import build_instance
from optimizer.model import build_model
from optimizer.rows import constrain
from optimizer.solve.compiling import Form, linear_form
from scenarios import library
from scenarios.tree import build_tree


def _assert_same(model: object, found: Form) -> None:
    known = LinearStandardFormCompiler().write(model, mixed_form=True)
    assert [id(v) for v in found.columns] == [id(v) for v in known.columns]
    assert [id(row) for row in found.rows] == [id(entry.constraint) for entry in known.rows]
    assert (abs(found.matrix - sparse.csr_matrix(known.A))).nnz == 0
    assert found.matrix.nnz == known.A.nnz
    assert found.matrix.has_sorted_indices
    np.testing.assert_array_equal(found.cost, sparse.csr_matrix(known.c).toarray().ravel())
    kind, rhs = np.array([entry.bound_type for entry in known.rows]), np.asarray(known.rhs, dtype=float)
    np.testing.assert_array_equal(found.row_lower, np.where(kind == 1, -np.inf, rhs))
    np.testing.assert_array_equal(found.row_upper, np.where(kind == -1, np.inf, rhs))


@pytest.mark.parametrize("name", library.names())
def test_bundled_scenarios_are_read_off_as_pyomo_compiles_them(name: str) -> None:
    """A row, a side or a coefficient would be another than the declared one, or the solver's path another than before."""
    scenario = library.load(name)
    model = build_model(build_instance(scenario, build_tree(scenario))).model
    _assert_same(model, linear_form(model))


def _declared(rows: dict[tuple[int, ...], tuple[float | None, list[tuple[float, int]], float | None]]) -> object:
    model = pyo.ConcreteModel()
    model.x = pyo.Var([0, 1, 2, 3], domain=pyo.NonNegativeReals)
    model.y = pyo.Var([0, 1])
    model.cost = pyo.Objective(expr=LinearExpression(constant=0, linear_coefs=[3.0, 1.0, -1.0], linear_vars=[model.y[1], model.x[2], model.x[0]]))
    constrain(model, "rows", {key: (low, [(c, model.x[j]) for c, j in terms], high) for key, (low, terms, high) in rows.items()})
    return model


def test_sides_duplicates_and_zeros_are_pyomos() -> None:
    """A range would be one row or lose a side, a variable named twice count once, or an empty row reach the solver."""
    rows = {
        (0,): (1.0, [(1.0, 0), (2.0, 1)], 5.0),
        (1,): (None, [(1.0, 1), (1.0, 1), (0.0, 2)], 4.0),
        (2,): (2.0, [(1.0, 2)], 2.0),
        (3,): (None, [(1.0, 0), (-1.0, 0)], 1.0),
        (4,): (-1.0, [(0.0, 1)], None),
        (5,): (0.5, [(1.0, 0), (1.0, 1), (-1.0, 0)], None),
    }
    model = _declared(rows)
    found = linear_form(model)
    _assert_same(model, found)
    assert found.matrix.shape == (5, 4)  # the range twice, rows 1, 2 and 5; x[3] and y[0] are named nowhere


def test_a_row_without_terms_that_does_not_hold_is_kept() -> None:
    """A contradiction would vanish, and a plan that breaks it be called optimal."""
    found = linear_form(_declared({(0,): (None, [(1.0, 0), (-1.0, 0)], -1.0)}))
    assert found.matrix.shape[0] == 1
    assert found.row_upper.tolist() == [-1.0]
