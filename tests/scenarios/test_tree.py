"""Futures, given trees and the average future as one node-indexed tree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.scenario import Scenario
from optimizer.instance import build_instance
from scenarios.files import scenario_from
from scenarios.tree import Tree, average, build_tree
from tests.models.edits import Edit, edited

FLAT = [1.0, 1.0, 1.0]


def future(name: str, probability: float, **changes: Any) -> dict[str, Any]:
    """One future of the base scenario."""
    return {"id": name, "probability": probability, **changes}


def with_futures(*futures: dict[str, Any], edits: tuple[Edit, ...] = (), **settings: Any) -> Scenario:
    """The base scenario with these futures."""
    return scenario_from(edited(("uncertainty", {"kind": "futures", "futures": list(futures), **settings}), *edits))


def merged_pair(first_difference: int) -> Tree:
    """The tree of two futures whose demand differs from one period on."""
    factor = [1.0 if t < first_difference else 1.5 for t in range(3)]
    return build_tree(with_futures(future("calm", 0.25), future("wild", 0.75, demand_factor=factor)))


def check_sound(tree: Tree, periods: int) -> None:
    """What every tree must be, however it was made."""
    assert tree.ids[0] == "now"
    assert len(set(tree.ids)) == tree.size
    assert (tree.parent[1:] < np.arange(1, tree.size)).all()
    assert (tree.period[1:] == tree.period[tree.parent[1:]] + 1).all()
    assert (tree.period[tree.leaves] == periods - 1).all()
    assert set(tree.leaves) == set(range(1, tree.size)) - set(tree.parent.tolist())
    assert len(tree.futures) == len(tree.leaves)
    for t in range(-1, periods):
        assert tree.probability[tree.period == t].sum() == pytest.approx(1)
    for n in range(tree.size):
        children = np.flatnonzero(tree.parent == n)
        if len(children):
            assert tree.probability[children].sum() == pytest.approx(tree.probability[n])
    assert tree.states.demand.shape[0] == tree.size


@pytest.mark.parametrize(("difference", "nodes"), [(0, 7), (1, 6), (2, 5), (3, 4)])
def test_futures_share_nodes_while_their_data_are_the_same(difference: int, nodes: int) -> None:
    """The plan would see differences before they show, or be solved once per future for nothing."""
    tree = merged_pair(difference)
    assert tree.size == nodes
    check_sound(tree, 3)
    assert tree.futures == (("calm", "wild") if difference < 3 else ("calm and 1 alike",))
    assert tree.probability[tree.leaves] == pytest.approx([0.25, 0.75] if difference < 3 else [1.0])


def test_futures_that_meet_again_stay_apart() -> None:
    """A future would forget what happened in it: the same state after another history is another node."""
    tree = build_tree(with_futures(future("calm", 0.5), future("dip", 0.5, demand_factor=[0.5, 1.0, 1.0])))
    assert tree.size == 7
    assert tree.states.demand[3].tolist() == tree.states.demand[4].tolist()


def test_after_signing_tells_all_futures_apart() -> None:
    """The reference problem, which branches once, could not be stated."""
    twins = [future("one", 0.5), future("other", 0.5)]
    apart = build_tree(with_futures(*twins, revealed="after_signing"))
    assert apart.size == 7
    assert apart.futures == ("one", "other")
    assert apart.foresight == "which future has come true is known right after signing"
    together = build_tree(with_futures(*twins))
    assert together.size == 4
    assert together.futures == ("one and 1 alike",)
    assert together.foresight == "futures are told apart only once their data differ"


def test_node_ids_name_period_and_future() -> None:
    """Rows of a plan could not be traced to a period and future."""
    tree = merged_pair(1)
    assert tree.ids == ("now", "2027.calm", "2028.calm", "2028.wild", "2029.calm", "2029.wild")
    assert tree.path(5) == [0, 1, 3, 5]
    assert tree.children_count().tolist() == [1, 2, 1, 1, 0, 0]
    assert tree.ancestor_at(1).tolist() == [-1, -1, 2, 3, 2, 3]
    assert tree.ancestor_at(-1).tolist() == [0] * 6


def test_probabilities_are_made_to_sum_to_one() -> None:
    """Thirds written as 0.3333333 would make every expected value a little wrong."""
    tree = build_tree(with_futures(*(future(name, 0.3333333, demand_factor=[f, 1, 1]) for name, f in (("a", 1), ("b", 2), ("c", 3)))))
    assert tree.probability[tree.leaves] == pytest.approx([1 / 3] * 3, abs=1e-15)


def test_factors_come_first_then_full_rows() -> None:
    """A row given in full would be multiplied once more, or a factor would be lost."""
    changes = {
        "demand_factor": [2, 2, 2],
        "demand": [{"site": "ohio", "product": "cable", "volume": [1, 2, 3]}],
        "spot_price_factor": [3, 3, 3],
        "spot_price": [{"spot": "spot-us", "price": [7, 8, 9]}],
        "spot_available_factor": [0.5, 0.5, 0.5],
        "spot_lead": [{"spot": "spot-us", "lead_periods": [0, 0.5, 2]}],
        "index": {"inputs": [1.1, 1.2, 1.3]},
    }
    states = build_tree(with_futures(future("one", 1, **changes))).states
    assert states.demand[1:, 0].tolist() == [[1, 5000], [2, 8000], [3, 10400]]
    assert states.spot_price[1:, 0].tolist() == [7, 8, 9]
    assert states.spot_available[1:, 0].tolist() == [1750, 2500, 2500]
    assert states.spot_lead[1:, 0].tolist() == [0, 0.5, 2]
    assert states.index[:, 0].tolist() == [1, 1.1, 1.2, 1.3]


def test_an_offers_own_row_goes_before_its_suppliers() -> None:
    """The order of rows in the file would decide what is delivered."""
    own = {"offer": "maker-long-term", "share": [0.5, 0.5, 0.5]}
    whole = {"supplier": "maker", "share": [0.9, 0.9, 0.9]}
    late = [{"offer": "maker-long-term", "weeks": [1, 1, 1]}, {"supplier": "maker", "weeks": [9, 9, 9]}]
    for rows in ([own, whole], [whole, own]):
        states = build_tree(with_futures(future("one", 1, deliverability=rows, lateness=late))).states
        assert states.deliverable[1:].tolist() == [[0.5, 1.0]] * 3
        assert states.late_weeks[1:].tolist() == [[1.0, 0.0]] * 3


def test_signing_knows_only_what_is_known_today() -> None:
    """Contracts would be priced at signing with a rate of exchange or an index of the future."""
    euro = ("currencies", [{"id": "EUR", "rate": [1.2, 1.3, 1.4], "rate_now": 1.1}])
    tree = build_tree(with_futures(future("one", 1, fx={"EUR": [2, 3, 4]}, index={"inputs": [2, 2, 2]}), edits=(euro,)))
    assert tree.states.fx[:, 0].tolist() == [1.1, 2, 3, 4]
    assert tree.states.index[0, 0] == 1
    assert not tree.states.demand[0].any()
    without = ("currencies", [{"id": "EUR", "rate": [1.2, 1.3, 1.4]}])
    assert build_tree(with_futures(future("one", 1), edits=(without,))).states.fx[:, 0].tolist() == [1.2, 1.2, 1.3, 1.4]


def node(name: str, parent: str | None, period: str, probability: float, **changes: Any) -> dict[str, Any]:
    """One node of a given tree."""
    return {"id": name, "parent": parent, "period": period, "probability": probability, **changes}


GIVEN = [
    node("low", None, "2027", 0.4, demand_factor=0.5),
    node("high", None, "2027", 0.6, spot_price=[{"spot": "spot-us", "price": 99}]),
    node("low-on", "low", "2028", 1.0),
    node("high-up", "high", "2028", 0.5, demand=[{"site": "texas", "product": "cable", "volume": 1}]),
    node("high-down", "high", "2028", 0.5, lateness=[{"supplier": "maker", "weeks": 3}], index={"inputs": 2.0}),
    *(node(f"{name}-end", name, "2029", 1.0) for name in ("low-on", "high-up", "high-down")),
]


def test_given_tree_keeps_its_nodes() -> None:
    """A tree given node by node would be another tree than the one that was given."""
    tree = build_tree(scenario_from(edited(("uncertainty", {"kind": "tree", "nodes": GIVEN}))))
    check_sound(tree, 3)
    assert tree.ids == ("now", *(x["id"] for x in GIVEN))
    assert tree.futures == ("low-on-end", "high-up-end", "high-down-end")
    assert tree.probability.tolist() == pytest.approx([1, 0.4, 0.6, 0.4, 0.3, 0.3, 0.4, 0.3, 0.3])
    assert tree.states.demand[1, 0].tolist() == [1500, 1250]
    assert tree.states.spot_price[[1, 2, 3], 0].tolist() == [30000, 99, 31000]
    assert tree.states.demand[4, 0].tolist() == [5000, 1]
    assert tree.states.late_weeks[5].tolist() == [3, 0]
    assert tree.states.index[[4, 5, 8], 0].tolist() == [1, 2, 1]  # what a node does not give is the base value, not its parent's
    assert tree.foresight == "the tree as given: a node's data are known on arrival"


def test_certain_scenario_is_a_chain() -> None:
    """A scenario without uncertainty would need a form of its own."""
    tree = build_tree(scenario_from(edited(("uncertainty", {"kind": "certain"}))))
    assert tree.ids == ("now", "2027.certain", "2028.certain", "2029.certain")
    assert tree.parent.tolist() == [-1, 0, 1, 2]
    assert tree.foresight == "one future, known in advance"


def test_average_future_has_the_mean_of_every_period() -> None:
    """The value of the stochastic solution would compare with something else than the average future."""
    mean = average(build_tree(scenario_from(edited(("uncertainty", {"kind": "tree", "nodes": GIVEN})))))
    check_sound(mean, 3)
    assert mean.size == 4
    assert mean.states.demand[1, 0].tolist() == pytest.approx([0.4 * 1500 + 0.6 * 3000, 0.4 * 1250 + 0.6 * 2500])
    assert mean.states.demand[2, 0].tolist() == pytest.approx([5000, 0.7 * 4000 + 0.3 * 1])
    assert mean.states.late_weeks[2].tolist() == pytest.approx([0.9, 0])
    assert mean.futures == ("average",)


series = st.lists(st.sampled_from([0.5, 1.0, 2.0]), min_size=3, max_size=3)


@given(st.lists(st.tuples(series, st.integers(1, 9)), min_size=1, max_size=6), st.booleans())
def test_any_futures_make_a_sound_tree(drawn: list[tuple[list[float], int]], by_data: bool) -> None:
    """Some set of futures would make a tree with wrong probabilities, parents or leaves, or with other data than were given."""
    total = sum(weight for _, weight in drawn)
    futures = [future(f"f{i}", weight / total, demand_factor=factor) for i, (factor, weight) in enumerate(drawn)]
    tree = build_tree(with_futures(*futures, revealed="by_data" if by_data else "after_signing"))
    check_sound(tree, 3)
    distinct = {tuple(factor[: t + 1]) for factor, _ in drawn for t in range(3)}
    assert tree.size == 1 + (len(distinct) if by_data else 3 * len(drawn))
    found = {tuple((tree.states.demand[tree.path(int(leaf))[1:], 0, 0] / [3000, 5000, 4200]).tolist()) for leaf in tree.leaves}
    assert found == {tuple(factor) for factor, _ in drawn}
    asked = np.einsum("nps,n->ps", tree.states.demand[1:], tree.probability[1:])
    told = sum(weight / total * (np.array(factor) @ [[3000, 2500], [5000, 4000], [4200, 5200]]) for factor, weight in drawn)
    assert asked[0] == pytest.approx(told)


@given(st.lists(st.tuples(series, st.integers(1, 9)), min_size=2, max_size=5), st.randoms())
def test_order_of_futures_does_not_matter(drawn: list[tuple[list[float], int]], random: Any) -> None:
    """The same futures in another order would make another tree."""
    total = sum(weight for _, weight in drawn)
    futures = [future(f"f{i}", weight / total, demand_factor=factor) for i, (factor, weight) in enumerate(drawn)]
    shuffled = futures.copy()
    random.shuffle(shuffled)
    one, other = build_tree(with_futures(*futures)), build_tree(with_futures(*shuffled))

    def signature(tree: Tree) -> list[tuple[Any, ...]]:
        rows = [(int(tree.period[n]), round(float(tree.probability[n]), 12), *tree.states.demand[n].ravel().tolist()) for n in range(tree.size)]
        return sorted(rows)

    assert signature(one) == signature(other)


def test_splitting_a_future_into_twins_changes_nothing() -> None:
    """Giving the same course of events twice would change the tree and so the plan."""
    whole = with_futures(future("calm", 0.4), future("wild", 0.6, demand_factor=[1, 2, 2]))
    split = with_futures(future("calm", 0.4), future("wild", 0.2, demand_factor=[1, 2, 2]), future("twin", 0.4, demand_factor=[1, 2, 2]))
    one, two = build_tree(whole), build_tree(split)
    assert one.size == two.size
    assert two.probability == pytest.approx(one.probability)
    assert two.futures == ("calm", "wild and 1 alike")


@pytest.mark.parametrize(
    ("lead", "expected"),
    [
        (0.0, {1: [(1, 1.0)], 2: [(2, 1.0)], 3: [(3, 1.0)]}),
        (0.4, {1: [(1, 0.6)], 2: [(2, 0.6), (1, 0.4)], 3: [(3, 0.6), (2, 0.4)]}),
        (1.0, {1: [], 2: [(1, 1.0)], 3: [(2, 1.0)]}),
        (1.25, {1: [], 2: [(1, 0.75)], 3: [(2, 0.75), (1, 0.25)]}),
        (5.0, {1: [], 2: [], 3: []}),
    ],
)
def test_fractional_leads_arrive_in_two_parts(lead: float, expected: dict[int, list[tuple[int, float]]]) -> None:
    """Orders would arrive in the wrong period, twice, or not at all."""
    scenario = scenario_from(edited(("uncertainty", {"kind": "certain"})))
    instance = build_instance(scenario, build_tree(scenario))
    arrivals = instance.arrivals(np.full(instance.tree.size, lead))
    for n, pairs in expected.items():
        assert [(source, pytest.approx(share)) for source, share in pairs] == arrivals[n]


def test_orders_reach_every_branch() -> None:
    """An order placed before a branching would arrive in one future only, or be shared among them."""
    tree = merged_pair(1)
    scenario = with_futures(future("calm", 0.25), future("wild", 0.75, demand_factor=[1, 1.5, 1.5]))
    arrivals = build_instance(scenario, tree).arrivals(np.ones(tree.size))
    assert arrivals[2] == arrivals[3] == [(1, 1.0)]
    assert (arrivals[4], arrivals[5]) == ([(2, 1.0)], [(3, 1.0)])


def test_lateness_moves_weeks_over_period_length() -> None:
    """Six weeks late would weigh the same in a period of a year and of a quarter."""
    periods = [{"id": "2027", "years": 1}, {"id": "2028", "years": 0.25}, {"id": "2029", "years": 2}]
    late = [{"supplier": "maker", "weeks": [26, 26, 26]}]
    scenario = with_futures(future("one", 1, lateness=late), edits=(("periods", periods),))
    share = build_instance(scenario, build_tree(scenario)).late_share(0)
    assert share[1:].tolist() == [0.5, 2.0, 0.25]
