"""Many futures as a tree of few nodes: what every such tree must be, at any size and in the limits."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import InvalidScenario
from models.scenario import Scenario
from optimizer.engine import solve
from scenarios.files import scenario_from
from scenarios.reduction import reduce_paths, thin
from scenarios.reduction_clusters import clusters
from scenarios.tree import Floats, Paths, States, Tree, build_tree, grow, leaf_paths, paths_of
from tests.models.edits import edited
from tests.models.generated import generated
from tests.scenarios.nested_distance import nested_distance, transport
from tests.scenarios.test_tree import check_sound, future, with_futures

FIELDS = [field.name for field in fields(States)]


@pytest.fixture(scope="module")
def view() -> Scenario:
    """A market view with something in every table."""
    return scenario_from(generated(futures=300, tree=None))


@pytest.fixture(scope="module")
def many(view: Scenario) -> Paths:
    """Its 300 futures, not equally probable."""
    return paths_of(view)


def same(one: Tree, other: Tree) -> None:
    """Two trees are the same to the last bit."""
    for name in ("ids", "futures", "foresight"):
        assert getattr(one, name) == getattr(other, name)
    for name in ("parent", "period", "probability", "leaves"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    for name in FIELDS:
        assert np.array_equal(getattr(one.states, name), getattr(other.states, name)), name


def period_mean(tree: Tree, name: str, t: int) -> Floats:
    """Mean of the data of a period's nodes."""
    at = tree.period == t
    return np.asarray(np.tensordot(tree.probability[at], getattr(tree.states, name)[at], 1))


@pytest.mark.parametrize("branching", [(1,), (5,), (4, 3, 2), (1, 4), (3, 1, 3), (2, 2, 50)])
def test_a_tree_of_futures_is_a_sound_tree(view: Scenario, many: Paths, branching: tuple[int, ...]) -> None:
    """Probabilities would not sum to one, a node would have more children than asked for, or data would be on the wrong level."""
    tree = reduce_paths(view, many, branching, seed=1)
    check_sound(tree, 3)
    allowed = (*branching, 1, 1)
    for t in range(3):
        assert (tree.children_count()[tree.period == t - 1] <= allowed[t]).all()
    assert tree.period.tolist() == sorted(tree.period)
    assert (np.diff(tree.parent[1:]) >= 0).all()
    assert (tree.probability > 0).all()


@pytest.mark.parametrize("branching", [(6,), (4, 3, 2), (1, 8, 2)])
def test_means_are_kept_and_ranges_not_left(view: Scenario, many: Paths, branching: tuple[int, ...]) -> None:
    """Expected demand and prices would change with the number of nodes, or stretching would invent negative volumes and shares above one."""
    tree = reduce_paths(view, many, branching, seed=2)
    for name in FIELDS:
        for t in range(3):
            told = getattr(many.states, name)[:, t]
            assert period_mean(tree, name, t) == pytest.approx(np.tensordot(many.probability, told, 1), rel=1e-12, abs=1e-12), (name, t)
            found = getattr(tree.states, name)[tree.period == t]
            assert (found >= told.min(axis=0)).all() and (found <= told.max(axis=0)).all(), (name, t)  # noqa: PT018


def test_the_same_seed_makes_the_same_tree(view: Scenario, many: Paths) -> None:
    """A plan could not be reproduced."""
    tree = reduce_paths(view, many, (4, 3, 2), seed=5)
    same(tree, reduce_paths(view, many, (4, 3, 2), seed=5))
    assert not np.array_equal(tree.states.demand, reduce_paths(view, many, (4, 3, 2), seed=6).states.demand)


def test_as_many_children_as_futures_is_the_fan(view: Scenario, many: Paths) -> None:
    """The finest tree would lose something, so that no number of nodes would ever give the plan for all futures."""
    same(reduce_paths(view, many, (many.count,), seed=1), grow(view, many))
    same(reduce_paths(view, many, (many.count + 7, 1, 1), seed=3), grow(view, many))


STEPS = {0.6: 0.2, 0.9: 0.3, 1.1: 0.4, 1.7: 0.1}


def process(levels: dict[float, float] = STEPS) -> Scenario:
    """Demand and price take one of a few levels in every year, independently: all courses, with their probabilities."""
    futures = [
        future(f"{i}.{j}.{k}", levels[a] * levels[b] * levels[c], demand_factor=[a, a * b, a * b * c], spot_price_factor=[1, a, b])
        for i, a in enumerate(levels)
        for j, b in enumerate(levels)
        for k, c in enumerate(levels)
    ]
    return with_futures(*futures)


def test_branching_without_limit_is_the_tree_of_all_data() -> None:
    """Futures that are the same so far would be told apart, or different ones would be mixed although there is room."""
    scenario = process()
    full = grow(scenario, paths_of(scenario), merged=True)
    for branching in ((4, 4, 4), (9, 4, 64)):
        tree = reduce_paths(scenario, paths_of(scenario), branching, seed=1)
        same(replace(tree, foresight=""), replace(full, foresight=""))
        assert tree.foresight.startswith("a tree of 1, 4, 16, 64 nodes clustered from 64 futures; data become known period by period")


def test_one_future_and_identical_futures_are_a_chain(view: Scenario, many: Paths) -> None:
    """The simplest input would divide by a spread of nothing."""
    one = many.pick(np.array([7]))
    same(reduce_paths(view, one, (4, 3, 2), seed=1), grow(view, one))
    twins = replace(many.pick(np.array([7, 7, 7])), ids=("a", "b", "c"))
    tree = reduce_paths(view, twins, (2, 2, 2), seed=1)
    check_sound(tree, 3)
    assert tree.size == 4
    assert tree.futures == ("a and 2 like it",)
    for name in FIELDS:
        assert np.array_equal(getattr(tree.states, name)[1:], getattr(one.states, name)[0])


def test_drivers_that_do_not_move_stay_as_they_are() -> None:
    """A driver without spread would be divided by it, or would move in the tree."""
    scenario = process()
    tree = reduce_paths(scenario, paths_of(scenario), (2, 2, 2), seed=1)
    assert (tree.states.spot_available[1:] == paths_of(scenario).states.spot_available[0, tree.period[1:]]).all()
    assert (tree.states.deliverable[1:] == 1).all()
    assert np.isfinite(tree.states.demand).all()


two_values = st.lists(st.sampled_from([0.5, 1.0, 1.5]), min_size=3, max_size=3)


@given(st.lists(st.tuples(two_values, st.integers(1, 9)), min_size=1, max_size=12), st.tuples(*[st.integers(2, 4)] * 3), st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_futures_that_are_the_same_so_far_share_a_node(drawn: list[tuple[list[float], int]], branching: tuple[int, ...], seed: int) -> None:
    """The plan would know in a period what only later periods tell."""
    total = sum(weight for _, weight in drawn)
    scenario = with_futures(*(future(f"f{i}", weight / total, demand_factor=factor) for i, (factor, weight) in enumerate(drawn)))
    tree = reduce_paths(scenario, paths_of(scenario), branching, seed)
    check_sound(tree, 3)
    for t in range(3):
        assert (tree.period == t).sum() <= len({tuple(factor[: t + 1]) for factor, _ in drawn})


def test_what_does_not_branch_again_is_told_apart_at_once() -> None:
    """A fan of few futures would be clustered by the first period alone, and mix what differs later."""
    scenario = with_futures(*(future(f"f{i}", 0.25, demand_factor=[1, 1, 0.5 + 0.5 * (i // 2) + 0.01 * (i % 2)]) for i in range(4)))
    fan = reduce_paths(scenario, paths_of(scenario), (2,), seed=1)
    assert fan.size == 7
    assert leaf_paths(fan).states.demand[:, 2, 0, 0] / 4200 == pytest.approx([0.505, 1.005], abs=0.01)
    assert reduce_paths(scenario, paths_of(scenario), (2, 1, 2), seed=1).size == 1 + 1 + 1 + 2


@pytest.mark.parametrize(
    ("branching", "words"),
    [
        ((3,), "a fan of 3 futures clustered from 300; which future has come true is known right after signing; P95 and P99 of a rough total cost are kept "),
        ((4, 2, 2), "a tree of {} nodes clustered from 300 futures; data become known period by period; P95 "),
        ((1, 4, 2), "a tree of {} nodes clustered from 300 futures; data become known where the tree branches, for all periods up to the next "),
        ((1,), "one future, known in advance: the mean of 300"),
    ],
)
def test_foresight_is_said_in_words(view: Scenario, many: Paths, branching: tuple[int, ...], words: str) -> None:
    """A reader of the plan could not tell what the plan assumes to be known when."""
    tree = reduce_paths(view, many, branching, seed=1)
    assert tree.foresight.startswith(words.format(", ".join(str(n) for n in np.bincount(tree.period + 1))))


@pytest.mark.parametrize("branching", [(), (0,), (2, 2, 2, 2)])
def test_impossible_branchings_are_refused(view: Scenario, many: Paths, branching: tuple[int, ...]) -> None:
    """A program that asks for stages that do not exist would get some other tree."""
    with pytest.raises(InvalidScenario, match=r"uncertainty\.tree\.branching: must be 1 to 3 whole numbers"):
        reduce_paths(view, many, branching, seed=1)


def test_documents_ask_for_a_tree() -> None:
    """`tree` in a scenario would be read and forgotten."""
    drawn = scenario_from(generated(futures=64))
    same(build_tree(drawn), reduce_paths(drawn, paths_of(drawn), (4, 2, 2), seed=1))
    listed = scenario_from(edited(("uncertainty.tree", {"branching": [1, 2]})))
    assert build_tree(listed).foresight.startswith("a tree of 1, 1, 2, 2 nodes clustered from 3 futures; ")
    with pytest.raises(InvalidScenario, match=r"makes 100 leaves of \d+ futures; branch less"):
        scenario_from(edited(("uncertainty.tree", {"branching": [10, 10]})))


def test_a_plan_says_which_tree_it_is_made_for() -> None:
    """A plan for a few nodes would look like a plan for all futures, and nobody could see what was lost."""
    plan = solve(scenario_from(generated(("solve.baselines", False), futures=40, tree={"branching": [3, 2]})))
    assert plan.provenance.foresight.startswith("a tree of 1, 3, 6, 6 nodes clustered from 40 futures")
    assert plan.provenance.nodes == 16
    assert plan.tree is not None
    assert plan.tree.nodes == (1, 3, 6, 6)
    assert plan.tree.words[0] == "40 futures became a tree of 1, 3, 6, 6 nodes: 6 courses of events are left."
    assert plan.audit.passed


# --- how good a tree is -------------------------------------------------------------------------------------------------------------------------


def table(tree: Tree) -> Floats:
    """Demand and price at every node, in units of their base values."""
    return np.column_stack([tree.states.demand[:, 0, 0] / 4000, tree.states.spot_price[:, 0] / 30000])


def test_more_branches_are_nearer_to_the_whole_tree() -> None:
    """Finer trees would not be better ones, in the distance that bounds the error of a multistage plan."""
    scenario = process()
    full = grow(scenario, paths_of(scenario), merged=True)
    found = []
    for n in (1, 2, 3, 4):
        trees = [reduce_paths(scenario, paths_of(scenario), (n, n, n), seed) for seed in range(2 if n in (2, 3) else 1)]
        found.append(np.mean([nested_distance(full, tree, table(full), table(tree)) for tree in trees]))
    assert found[0] > 1.2 * found[1] > 1.2 * 1.5 * found[2]
    assert found[3] == pytest.approx(0, abs=1e-12)


def test_more_futures_are_nearer_to_all_futures(view: Scenario, many: Paths) -> None:
    """More leaves, or more representative futures, would not stand for all of them better."""

    def flat(paths: Paths) -> Floats:
        return np.column_stack([paths.states.demand[:, :, 0].sum(axis=2) / 4000, paths.states.spot_price[:, :, 0] / 30000])

    def distance(some: Paths) -> float:
        costs = np.abs(flat(many)[:, None] - flat(some)).sum(axis=2)
        return transport(many.probability, some.probability, costs)

    leaves = [np.mean([distance(leaf_paths(reduce_paths(view, many, (n,), seed))) for seed in (1, 2)]) for n in (2, 8, 32)]
    chosen = [np.mean([distance(thin(many, n, seed)) for seed in (1, 2)]) for n in (2, 8, 32)]
    assert leaves[0] > 1.2 * leaves[1] > 1.2 * 1.2 * leaves[2]
    assert chosen[0] > 1.2 * chosen[1] > 1.2 * 1.2 * chosen[2]


def partitions(count: int, parts: int) -> list[list[int]]:
    """Every way to put `count` things into at most `parts` groups."""
    found: list[list[int]] = [[]]
    for _ in range(count):
        found = [[*one, k] for one in found for k in range(min(parts, max(one, default=-1) + 2))]
    return found


def within(points: Floats, weight: Floats, label: Any) -> float:
    """Weighted squared distance to the groups' means."""
    groups = [np.array(label) == k for k in set(label)]
    return float(sum(weight[g] @ ((points[g] - np.average(points[g], axis=0, weights=weight[g])) ** 2).sum(axis=1) for g in groups))


@pytest.mark.parametrize("case", range(6))
def test_clusters_are_nearly_the_best_there_are(case: int) -> None:
    """Futures would be gathered at random: all partitions of eight points into three groups are tried."""
    rng = np.random.default_rng(case)
    points, weight = rng.standard_normal((8, 2)), rng.random(8)
    least = min(within(points, weight, label) for label in partitions(8, 3))
    found = [within(points, weight, clusters(points, weight, 3, np.random.default_rng(seed)).tolist()) for seed in range(4)]
    assert min(found) == pytest.approx(least)
    assert np.mean(found) < 1.5 * least


def test_many_columns_are_clustered_like_few() -> None:
    """Scenarios with hundreds of sites would be clustered by noise: three groups far apart, in 500 columns."""
    rng = np.random.default_rng(1)
    group = np.arange(60) % 3
    points = 3 * rng.standard_normal((3, 500))[group] + 0.3 * rng.standard_normal((60, 500))
    assert clusters(points, np.ones(60), 3, rng).tolist() == group.tolist()


# --- representative futures ---------------------------------------------------------------------------------------------------------------------


def test_representatives_are_futures_with_the_weight_of_all(many: Paths) -> None:
    """Representatives would be invented, or would not add up to everything that can happen."""
    some = thin(many, 20, seed=3)
    assert some.count == 20
    assert some.probability.sum() == pytest.approx(1, abs=1e-15)
    where = np.array([many.ids.index(name) for name in some.ids])
    assert (np.diff(where) > 0).all()
    for name in FIELDS:
        assert np.array_equal(getattr(some.states, name), getattr(many.states, name)[where])
    assert some.regime is not None and np.array_equal(some.regime, many.regime[where])  # type: ignore[index]  # noqa: PT018
    again = thin(many, 20, seed=3)
    assert again.ids == some.ids
    assert np.array_equal(again.probability, some.probability)


def test_all_futures_stand_for_themselves(many: Paths) -> None:
    """Asking for more futures than there are would fail or change them."""
    assert thin(many, many.count, seed=1) is many
    assert thin(many, 10_000, seed=1) is many


def test_identical_futures_need_one_representative(many: Paths) -> None:
    """Futures would stand for nothing, with a probability of zero."""
    pair = many.pick(np.array([3, 3, 9, 9, 9]))
    some = thin(pair, 4, seed=1)
    assert some.count == 2
    assert some.probability == pytest.approx([pair.probability[:2].sum(), pair.probability[2:].sum()])


def test_representatives_beat_a_random_sample(many: Paths) -> None:
    """Choosing futures with care would be worth nothing: mean cost-like figures are compared over several seeds."""
    price = many.states.spot_price[:, :, 0].sum(axis=1) * many.states.demand.sum(axis=(1, 2, 3))

    def off(paths: Paths) -> float:
        values = paths.states.spot_price[:, :, 0].sum(axis=1) * paths.states.demand.sum(axis=(1, 2, 3))
        return abs(float(values @ paths.probability) / float(price @ many.probability) - 1)

    rng = np.random.default_rng(1)
    random = [many.pick(rng.choice(many.count, size=15, replace=False)) for _ in range(12)]
    chosen = [thin(many, 15, seed) for seed in range(4)]
    assert np.mean([off(x) for x in chosen]) < 0.5 * np.mean([off(x) for x in random])


def test_dear_futures_stand_for_themselves_where_costs_are_known(many: Paths) -> None:
    """A future that costs a hundred times the others would be represented by a cheap one: data do not tell them apart, costs do."""
    cost = np.ones(many.count)
    cost[[11, 200]] = 100.0
    some = thin(many, 12, seed=1, cost=cost)
    assert {many.ids[11], many.ids[200]} & set(some.ids)
    told = float(cost @ many.probability)
    found = float(cost[[many.ids.index(name) for name in some.ids]] @ some.probability)
    assert found == pytest.approx(told, rel=0.1)
