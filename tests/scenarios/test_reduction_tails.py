"""A tree keeps the tail of what a fixed plan costs: tried on all futures and on the tree's, with the solver, not with the yardstick that chose the tree.

The stated error: on the market view of these tests, 400 futures in a tree of 8, 5, 4 branches (about 110 leaves) keep P95 and P99 of total cost within 6 %
and its mean within 3 %, for the best plan and for buying on the spot market only; measured 0.3 to 4.9 % over three seeds. Figures on other trees are in
docs/scenario.md.
"""

from __future__ import annotations

import numpy as np
import pytest

import scenarios.reduction as reduction
from models.options import SolveSettings
from models.scenario import Scenario
from models.tree_report import Figures, Kept
from optimizer.trial import FirstStage, best_first_stage, try_out
from scenarios.files import scenario_from
from scenarios.reduction import reduce_paths, thin
from scenarios.reduction_report import figures_of, kept
from scenarios.tree import Paths, leaf_paths, paths_of
from tests.models.generated import generated

Plans = dict[str, tuple[FirstStage, Figures]]  # with what they cost over all futures


@pytest.fixture(scope="module")
def view() -> Scenario:
    return scenario_from(generated(futures=400, tree=None))


@pytest.fixture(scope="module")
def many(view: Scenario) -> Paths:
    return paths_of(view)


@pytest.fixture(scope="module")
def plans(view: Scenario, many: Paths) -> Plans:
    """Two fixed plans: the best for twenty representative futures, and no contract at all."""
    best = best_first_stage(view, thin(many, 20, seed=1), settings=SolveSettings(gap=1e-3)).first
    nothing = {name: dict.fromkeys(rows, 0.0) for name, rows in best.items()}
    return {name: (first, figures_of(try_out(view, first, many).cost, many.probability)) for name, first in (("best", best), ("spot only", nothing))}


def tried(view: Scenario, plan: tuple[FirstStage, Figures], leaves: Paths) -> Kept:
    """A plan's total cost over all futures, and over the leaves of a tree."""
    return Kept(name="total cost", period=None, futures=plan[1], tree=figures_of(try_out(view, plan[0], leaves).cost, leaves.probability))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", ["best", "spot only"])
def test_the_tail_of_a_fixed_plan_is_kept(view: Scenario, many: Paths, plans: Plans, name: str, seed: int) -> None:
    """Rare dear futures would be averaged away, and a plan made for the tree would look safer than it is."""
    found = tried(view, plans[name], leaf_paths(reduce_paths(view, many, (8, 5, 4), seed)))
    assert abs(found.difference("mean")) <= 0.03
    assert abs(found.difference("p95")) <= 0.06
    assert abs(found.difference("p99")) <= 0.06


def test_hardship_and_stretching_keep_tails_that_plain_clusters_lose(view: Scenario, many: Paths, plans: Plans, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is done beyond averaging clusters would be worth nothing."""

    def error(figure: str) -> float:
        leaves = leaf_paths(reduce_paths(view, many, (4, 3, 3), seed=1))
        return float(np.mean([abs(tried(view, plan, leaves).difference(figure)) for plan in plans.values()]))

    found = error("deviation"), error("p95")
    monkeypatch.setattr(reduction, "HARDSHIP", (0.0,))
    monkeypatch.setattr(reduction, "STRENGTH", (0.0,))
    plain = error("deviation"), error("p95")
    assert found[0] < 0.5 * plain[0]
    assert found[1] < 0.5 * plain[1]


def test_what_the_report_states_is_what_the_rough_plans_cost(view: Scenario, many: Paths) -> None:
    """The error stated in a plan would be another one than the report's."""
    tree = reduce_paths(view, many, (8, 5, 4), seed=1)
    costs = kept(view, many, tree).costs
    off = [max(abs(x.difference(figure)) for x in costs) for figure in ("p95", "p99")]
    assert tree.foresight.endswith("P95 and P99 of a rough total cost are kept within {:.1f} % and {:.1f} %".format(*(100 * x for x in off)))
    assert max(off) < 0.08


def test_representatives_find_nearly_the_best_plan(view: Scenario, many: Paths) -> None:
    """Twenty representatives would lead to a worse plan than all futures: their plan is tried on all of them."""
    some = many.pick(np.arange(0, many.count, 4))
    best = best_first_stage(view, some, settings=SolveSettings(gap=1e-3))
    plan = best_first_stage(view, thin(some, 20, seed=1), settings=SolveSettings(gap=1e-3)).first
    cost = try_out(view, plan, some).cost

    def worst_and_mean(values: np.ndarray) -> float:
        order = np.argsort(-values)
        share = np.minimum(np.cumsum(some.probability[order]), view.risk.tail)
        worst = float(np.diff(share, prepend=0.0) @ values[order]) / view.risk.tail
        return (1 - view.risk.weight) * float(values @ some.probability) + view.risk.weight * worst

    assert worst_and_mean(cost) <= 1.02 * best.objective
