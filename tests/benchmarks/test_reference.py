"""The reference problem as a scenario is the reference problem."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import reference
from benchmarks.reference_instance import make
from scenarios.tree import build_tree

SMALL = {"periods": 3, "sites": 2, "products": 2, "offers": 3}


def test_futures_branch_once_and_carry_the_arrays() -> None:
    """The engine would be compared with the known optima of another problem."""
    r, scenario = make(futures=4, **SMALL), reference.scenario(4, **SMALL)
    tree = build_tree(scenario)
    assert tree.size == 1 + 4 * 3
    nodes = np.array([tree.path(leaf)[1:] for leaf in tree.leaves])
    np.testing.assert_array_equal(tree.states.demand[nodes], r.demand)
    np.testing.assert_array_equal(tree.states.spot_price[nodes], r.spot_price)
    np.testing.assert_array_equal(tree.states.spot_available[nodes], r.available)
    np.testing.assert_array_equal(tree.states.deliverable[nodes], r.rho)
    assert (1 + scenario.discount_rate) ** -2 == pytest.approx(r.discount[2])


def test_known_optima_are_found_beside_the_script() -> None:
    """A clone would have nothing to compare with."""
    assert reference.known(1) == (2072847.7251634642, 2072847.7251634642)
    assert reference.known(200) == (2752727.617, 2755225.055)
    assert reference.known(7) is None


@pytest.mark.parametrize("futures", [1, 5])
def test_engine_reproduces_the_known_optimum(futures: int) -> None:
    """The engine would solve the kernel (bands, take-or-pay, storage, risk) to a wrong optimum."""
    result = reference.run(futures, gap=1e-3, time_limit=120)
    assert result.agrees, reference.report(result)


def test_report_says_when_the_optimum_is_missed() -> None:
    """A benchmark would print a wrong objective without remark."""
    wrong = reference.Result(20, 105.0, 104.9, 1e-3, (100.0, 100.0), 2.0, 1.0)
    assert wrong.agrees is False
    assert "DISAGREES" in reference.report(wrong)
    assert "ratio 2.00" in reference.report(wrong)
